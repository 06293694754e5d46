/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-simulate.c - what a time-of-flight scan of a wall records of a hidden scene */
#include "stage/transient-simulate.h"

#include <math.h>
#include "stage/hidden.h"
#include "stage/random.h"

/* --- the pulse -------------------------------------------------------------------------------- */

/*
 * Integral of a Gaussian, from a table: cubic between knots of the function and its derivative, off
 * by less than 1e-9.  Beyond five deviations it is 0 or 1.
 */
enum { KNOTS = 64, REACH = 5, TABLE = 2 * REACH * KNOTS };      /* KNOTS: in a deviation */

typedef struct {
	double deviation;       /* bins */
	double integral[TABLE + 1], slope[TABLE + 1];   /* slope: for a step of one knot */
} pulse;

#define FWHM_TO_SIGMA 0.42466090014400953       /* 1 / (2 sqrt(2 ln 2)) */
#define NO_WIDTH 1e-9                           /* bins: no pulse is shorter */

static void pulse_prepare(pulse *p, const scanner *s)
{
	p->deviation = fmax(s->jitter * FWHM_TO_SIGMA / s->bin, NO_WIDTH);
	for (int i = 0; i <= TABLE; i++) {
		double u = (double)i / KNOTS - REACH;
		p->integral[i] = 0.5 * erfc(-u * M_SQRT1_2);
		p->slope[i] = exp(-0.5 * u * u) / sqrt(2 * M_PI) / KNOTS;
	}
}

/* How much of the pulse is over at `at` bins after its middle. */
static double pulse_until(const pulse *p, double at)
{
	double u = (at / p->deviation + REACH) * KNOTS;
	if (!(u > 0))
		return 0;
	if (u >= TABLE)
		return 1;
	int i = (int)u;
	double t = u - i, rest = 1 - t;
	return rest * rest * ((1 + 2 * t) * p->integral[i] + t * p->slope[i]) +
		t * t * ((1 + 2 * rest) * p->integral[i + 1] - rest * p->slope[i + 1]);
}

/* Bin m counts what comes from m - 1/2 to m + 1/2; `at` is the middle of the pulse. */
static void pulse_add(const pulse *p, double *trace, int64_t n, double at, double light)
{
	double reach = REACH * p->deviation, most = (double)n;
	if (!(light > 0) || !(at + reach > -0.5 && at - reach < most - 0.5))
		return;
	int64_t first = (int64_t)fmax(ceil(at - reach - 0.5), 0);
	int64_t last = (int64_t)fmin(floor(at + reach + 0.5), most - 1);
	double before = pulse_until(p, (double)first - 0.5 - at);
	for (int64_t m = first; m <= last; m++) {
		double after = pulse_until(p, (double)m + 0.5 - at);
		trace[m] += light * (after - before);
		before = after;
	}
}

/* --- one piece, one trace --------------------------------------------------------------------- */

typedef struct { double length, light; } way;

typedef struct { const float *value[PIECE_NUMBERS]; } columns;

static double square(double v)
{
	return v * v;
}

/* From a place on the wall to the piece: how far, and what arrives there of a light of 1. */
static way leg(const columns *c, int64_t i, const double from[3], const scanner *s)
{
	double x = from[0] - (double)c->value[PIECE_X][i], y = from[1] - (double)c->value[PIECE_Y][i];
	double z = from[2] - (double)c->value[PIECE_Z][i];
	double squared = x * x + y * y + z * z, r = sqrt(squared), light = 1 / squared;
	if (!(r > 0))           /* a piece of the wall's own point sends nothing there */
		return (way){ 0, 0 };
	if (!s->lambert)
		return (way){ r, light };
	double nx = (double)c->value[PIECE_NX][i], ny = (double)c->value[PIECE_NY][i];
	double nz = (double)c->value[PIECE_NZ][i];
	bool faces = nx != 0 || ny != 0 || nz != 0;
	double there = faces ? (nx * x + ny * y + nz * z) / r : 1, wall = -z / r;
	return (way){ r, there > 0 && wall > 0 ? light * there * wall : 0 };
}

/* The place at the other end; NULL: the same. */
static const double *other_end(const scanner *s, int64_t trace)
{
	return s->fixed ? s->fixed + (s->paired ? 3 * trace : 0) : NULL;
}

static way there_and_back(const columns *c, int64_t i, int64_t trace, const scanner *s)
{
	way to = leg(c, i, s->scanned + 3 * trace, s);
	double light = (double)c->value[PIECE_LIGHT][i] * to.light;
	if (s->retroreflective)
		return (way){ 2 * to.length, light };
	const double *other = other_end(s, trace);
	way from = other ? leg(c, i, other, s) : to;
	return (way){ to.length + from.length, light * from.light };
}

static double between(const double a[3], const double b[3])
{
	return sqrt(square(a[0] - b[0]) + square(a[1] - b[1]) + square(a[2] - b[2]));
}

/* Where in a trace light stands that was under way for no time between wall and wall; bins. */
static double time_zero(const scanner *s, int64_t trace)
{
	const double *lit = s->scanned + 3 * trace, *other = other_end(s, trace);
	const double *seen = other ? other : lit;
	double outside = s->laser ? between(s->laser, lit) + between(seen, s->camera) : 0;
	return (s->later - s->start + outside / s->speed) / s->bin;
}

/* --- all of them ------------------------------------------------------------------------------ */

typedef struct {
	array *traces;
	const array *pieces;
	const scanner *s;
	double bounce;          /* light of the wall itself */
	double *sent;           /* light of each trace at any time, or NULL */
	pulse p;
} exposure;

static void add_pieces(exposure *e, int64_t i, double *trace)
{
	columns c;
	double zero = time_zero(e->s, i), each = 1 / (e->s->speed * e->s->bin);
	for (int64_t k = 0; k < PIECE_NUMBERS; k++)
		c.value[k] = array_row(e->pieces, k, 0, 0);
	for (int64_t j = 0; j < e->pieces->shape.x; j++) {
		way w = there_and_back(&c, j, i, e->s);
		pulse_add(&e->p, trace, e->traces->shape.z, zero + w.length * each, w.light);
		e->sent[i] += w.light;
	}
}

static void expose_traces(int64_t first, int64_t end, void *data)
{
	exposure *e = data;
	shape k = e->traces->shape;
	g_autofree double *trace = g_new(double, (gsize)k.z);
	for (int64_t i = first; i < end; i++) {
		for (int64_t m = 0; m < k.z; m++)
			trace[m] = 0;
		if (e->pieces)
			add_pieces(e, i, trace);
		else
			pulse_add(&e->p, trace, k.z, time_zero(e->s, i), e->bounce);
		for (int64_t m = 0; m < k.z; m++)
			array_row(e->traces, 0, m, i / k.x)[i % k.x] += (float)trace[m];
	}
}

double transient_expose(array *traces, const array *pieces, const scanner *s)
{
	int64_t n = traces->shape.y * traces->shape.x;
	g_autofree double *sent = g_new0(double, (gsize)n);
	exposure e = { .traces = traces, .pieces = pieces, .s = s, .sent = sent };
	double sum = 0;
	pulse_prepare(&e.p, s);
	if (traces->mem && pieces->mem)
		device_each(traces->dev, n, 4, expose_traces, &e);
	for (int64_t i = 0; i < n; i++)
		sum += sent[i];
	return sum;
}

void transient_add_bounce(array *traces, const scanner *s, double light)
{
	exposure e = { .traces = traces, .s = s, .bounce = light };
	pulse_prepare(&e.p, s);
	if (traces->mem)
		device_each(traces->dev, traces->shape.y * traces->shape.x, 16, expose_traces, &e);
}

typedef struct { array *traces; uint64_t seed; } counting;

static void count_rows(int64_t first, int64_t end, void *data)
{
	const counting *c = data;
	shape k = c->traces->shape;
	for (int64_t r = first; r < end; r++) {
		float *row = array_row(c->traces, 0, r / k.y, r % k.y);
		for (int64_t x = 0; x < k.x; x++) {
			random_stream s = random_at(c->seed, RANDOM_PHOTONS, (uint64_t)(r * k.x + x));
			row[x] = (float)random_poisson(&s, (double)row[x]);
		}
	}
}

void transient_count(array *traces, uint64_t seed)
{
	counting c = { traces, seed };
	if (traces->mem)
		device_each(traces->dev, shape_planes(traces->shape) * traces->shape.y, 8, count_rows, &c);
}
