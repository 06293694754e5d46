/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-zero.c - when light is at the wall: what the time of traces is counted from */
#include <math.h>

#include "core/error.h"
#include "mode/nlos-calibrate.h"
#include "stage/transient.h"

static double distance(const double *a, const double *b)
{
	return hypot(hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
}

/* What light needs from the laser to the wall and from the wall to the detector, s, every trace. */
static double *device_delays(const transient *f, const nlos_capture *c)
{
	shape s = c->counts->shape;
	int64_t points = s.y * s.x;
	double *delay = g_new(double, s.c * points);
	for (int64_t i = 0; i < s.c * points; i++) {
		const double *scanned = f->points + 3 * (i % points);
		const double *fixed = f->n_fixed ? f->fixed + 3 * (f->paired ? i : i / points) : scanned;
		const double *lit = f->fixed_lit ? fixed : scanned, *seen = f->fixed_lit ? scanned : fixed;
		delay[i] = (distance(f->laser, lit) + distance(seen, f->camera)) / c->speed;
	}
	return delay;
}

/* delay: s, taken: time is counted from there, in every trace; the least of them in `start`. */
static void count_from(nlos_calibration *k, nlos_capture *c, double *delay, int64_t n)
{
	double least = INFINITY;
	for (int64_t i = 0; i < n; i++)
		least = fmin(least, delay[i]);
	for (int64_t i = 0; i < n; i++)
		delay[i] = (least - delay[i]) / c->bin;
	c->start -= least;
	k->later = delay;
	k->n_later = n;
}

static bool first_bounces(const task *t, nlos_calibration *k, const transient *f, nlos_capture *c,
	GError **err)
{
	const input *file = task_picture(t, "first-bounce");
	int64_t points = c->counts->shape.y * c->counts->shape.x;
	shape s = file ? file->data->shape : (shape){ 1, 1, 1, f->n_bounce };
	bool in_order = !file || s.x == c->counts->shape.x || s.y == 1 || s.x == 1;
	int64_t n = shape_count(s);
	if (n != points || shape_planes(s) != 1 || !in_order) {
		error_set(err, RELUMINE_MISMATCH, file ? file->path : t->inputs[0].path,
			"save a time for each point, an array (y, x), as --first-bounce FILE",
			"has %d times of first light (%d x %d) for %d points (%d x %d)", (int)n, (int)s.y,
			(int)s.x, (int)points, (int)c->counts->shape.y, (int)c->counts->shape.x);
		return false;
	}
	double *delay = g_new(double, points);
	for (int64_t i = 0; i < points; i++)
		delay[i] = !file ? f->first_bounce[i] :
			1e-12 * (double)array_row(file->data, 0, 0, i / s.x)[i % s.x];
	count_from(k, c, delay, points);
	return true;
}

/* The wall's own light is this many times what comes later, and stands on a surface this well. */
#define BOUNCE_ABOVE 4
#define BOUNCE_SHARE 0.8
#define BOUNCE_RESIDUAL 3       /* bins */

/* Whether the traces' largest light is the wall's own: it is well above all that comes later. */
static bool stands_out(const array *counts, const double *at, const double *strength, double width)
{
	double first = 0, later = 0;
	for (int64_t i = 0; i < transient_traces(counts); i++) {
		const float *trace = transient_trace(counts, i);
		double most = 0;
		for (int64_t m = (int64_t)(at[i] + width); m < counts->shape.z; m++)
			most = fmax(most, (double)trace[m * transient_stride(counts)]);
		first += strength[i];
		later += most;
	}
	return first > BOUNCE_ABOVE * later && first > 0;
}

/*
 * Time zero where the wall is seen, if it is; else the first bin's.  A file without a layout is
 * more likely to hold a scene alone, whose own first light might be taken for the wall's.
 */
static void find_zero(nlos_calibration *k, transient *taken, nlos_capture *c)
{
	shape s = c->counts->shape;
	int64_t n = transient_traces(c->counts);
	g_autofree double *at = g_new(double, n), *strength = g_new(double, n);
	transient_surface_fit fit;
	transient_find_bounce(c->counts, MARK_PEAK, at, strength);
	bool found = s.c == 1 && stands_out(c->counts, at, strength, BOUNCE_WIDTH / c->bin) &&
		transient_fit_surface(s.y, s.x, at, strength, &fit) && fit.used > BOUNCE_SHARE &&
		fit.residual < BOUNCE_RESIDUAL;
	c->start = 0;
	if (!found || !taken->layout) {
		transient_take(taken, "the first bin at time 0 (--start)");
		return;
	}
	double *delay = g_new(double, n), middle = 0;
	for (int64_t i = 0; i < n; i++) {
		delay[i] = transient_surface_at(&fit, s.y, s.x, i / s.x, i % s.x) * c->bin;
		middle += delay[i] / (double)n;
	}
	transient_take(taken, "time 0 where the wall's own light is, %.0f ps after the first bin on "
		"average (--start)", middle * 1e12);
	count_from(k, c, delay, n);
}

/* Light of the scene comes after time zero, and not before it can be at the fixed points. */
static bool possible_times(const task *t, const nlos_capture *c, GError **err)
{
	shape s = c->counts->shape;
	double end = c->start + c->bin * (double)s.z, needed = INFINITY;
	if (!(end > 0)) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "check --start, --clock, --first-bounce and "
			"--bins", "its record ends %.4g ps before light is at the wall", -end * 1e12);
		return false;
	}
	if (!c->fixed)
		return true;
	for (int64_t i = 0; i < s.c * s.y * s.x; i++)
		needed = fmin(needed, distance(c->fixed + 3 * (c->paired ? i : i / (s.y * s.x)),
			c->points + 3 * (i % (s.y * s.x))));
	if (needed < c->speed * end)
		return true;
	error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "check --detector and --start, or the "
		"positions", "the fixed point is %.3g m from the nearest other, and light has gone %.3g m "
		"when the record ends", needed, c->speed * end);
	return false;
}

/* Points before the plane see what is straight ahead that much too early, there and back. */
static void straighten(nlos_calibration *k, const nlos_capture *c)
{
	int64_t n = transient_traces(c->counts);
	if (!c->depths)
		return;
	if (!k->later)
		k->later = g_new0(double, n);
	k->n_later = n;
	for (int64_t i = 0; i < n; i++)
		k->later[i] += 2 * c->depths[i] / (c->speed * c->bin);
}

bool nlos_choose_zero(const task *t, nlos_calibration *k, transient *f, nlos_capture *c,
	GError **err)
{
	if (task_picture(t, "first-bounce") || f->n_bounce) {
		c->start = isnan(c->start) ? 0 : c->start;
		if (!first_bounces(t, k, f, c, err))
			return false;
	} else if (f->clock == CLOCK_AT_DEVICES) {
		c->start = isnan(c->start) ? 0 : c->start;
		count_from(k, c, device_delays(f, c), transient_traces(c->counts));
	} else if (isnan(c->start)) {
		find_zero(k, f, c);
	}
	straighten(k, c);
	c->start += (double)k->first * c->bin;  /* up to here that of the file's first bin */
	return possible_times(t, c, err);
}
