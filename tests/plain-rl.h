/* SPDX-License-Identifier: BSD-3-Clause */
/* plain-rl.h - Richardson-Lucy in plain loops and double precision, to test the fused solver by */
#ifndef TESTS_PLAIN_RL_H
#define TESTS_PLAIN_RL_H

#include <math.h>
#include <string.h>
#include "math/richardson-lucy.h"
#include "tests/stage.h"

typedef struct {
	shape window, psf;
	position centre;
	enum rl_border border;
	enum rl_acceleration acceleration;
	bool bold, weights, offset;
	double background;
	bool even;              /* the PSF is its own mirror image in x and y */
	double tv_weight;
} trial;

enum { ITERATIONS = 12 };
#define LEAST 0.01
#define START 40.0
#define SEEN 0.01
#define HELD 0.5
static const double spacing[3] = { 2.5, 1, 1.25 };      /* z, y, x */

typedef struct { shape s; double *v; } field;

static field field_new(shape s, double value)
{
	field f = { s, g_new(double, shape_count(s)) };
	for (int64_t i = 0; i < shape_count(s); i++)
		f.v[i] = value;
	return f;
}

static field field_of(const array *a)
{
	field f = field_new(a->shape, 0);
	for (int64_t i = 0; i < shape_count(a->shape); i++)
		f.v[i] = at(a, 0, i / (f.s.y * f.s.x), i / f.s.x % f.s.y, i % f.s.x);
	return f;
}

static int64_t wrap(int64_t i, int64_t n, bool periodic)
{
	return periodic ? (i % n + n) % n : i >= 0 && i < n ? i : -1;
}

/* Element of the estimate that PSF element j carries to element i of the window, or -1. */
static int64_t source(const trial *t, shape e, int64_t i, int64_t j)
{
	shape w = t->window, p = t->psf;
	bool periodic = t->border == RL_BORDER_PERIODIC;
	position off = { p.z - 1, p.y - 1, p.x - 1 };
	if (periodic)
		off = t->centre;
	int64_t z = i / (w.y * w.x) + off.z - j / (p.y * p.x);
	int64_t y = i / w.x % w.y + off.y - j / p.x % p.y, x = i % w.x + off.x - j % p.x;
	z = wrap(z, e.z, periodic);
	y = wrap(y, e.y, periodic);
	x = wrap(x, e.x, periodic);
	return (z * e.y + y) * e.x + x;
}

static void blur(const trial *t, field m, field x, field psf)
{
	for (int64_t i = 0; i < shape_count(m.s); i++) {
		m.v[i] = 0;
		for (int64_t j = 0; j < shape_count(psf.s); j++)
			m.v[i] += psf.v[j] * x.v[source(t, x.s, i, j)];
	}
}

static void blur_adjoint(const trial *t, field x, field m, field psf)
{
	memset(x.v, 0, (size_t)shape_count(x.s) * sizeof(double));
	for (int64_t i = 0; i < shape_count(m.s); i++)
		for (int64_t j = 0; j < shape_count(psf.s); j++)
			x.v[source(t, x.s, i, j)] += psf.v[j] * m.v[i];
}

typedef struct {
	field x, x_before, p, a, m, c, g, g_before;
	double square;
} plain;

static double divergence(const trial *t, field y, field m)
{
	double sum = 0;
	for (int64_t i = 0; i < shape_count(y.s); i++) {
		double model = fmax(m.v[i] + t->background, 1e-30);
		sum += model - y.v[i] + (y.v[i] > 0 ? y.v[i] * log(y.v[i] / model) : 0);
	}
	return sum;
}

/*
 * Element (z, y, x) off the estimate's first: it goes on around the grid, which is larger than the
 * estimate and holds the least value there.
 */
typedef struct { const field *f; rl_geometry g; } around;

static double value_at(const around *a, position p)
{
	shape e = a->f->s, g = a->g.grid;
	p = (position){ (p.z + g.z) % g.z, (p.y + g.y) % g.y, (p.x + g.x) % g.x };
	return p.z < e.z && p.y < e.y && p.x < e.x ? a->f->v[(p.z * e.y + p.y) * e.x + p.x] : LEAST;
}

static position step_along(position p, int axis, int64_t by)
{
	return (position){ p.z + (axis == 0) * by, p.y + (axis == 1) * by, p.x + (axis == 2) * by };
}

static double unit_gradient(const around *a, position p, int axis, double most)
{
	double square = 1e-12 * most * most, d[3];
	for (int i = 0; i < 3; i++) {
		d[i] = (value_at(a, step_along(p, i, 1)) - value_at(a, p)) / spacing[i];
		square += d[i] * d[i];
	}
	return d[axis] / sqrt(square);
}

/* 1 - weight div(grad x / |grad x|) */
static double smoothness(const trial *t, const field *x, int64_t i)
{
	const around a = { x, rl_layout(t->window, t->psf, t->centre, t->border) };
	const position p = { i / (x->s.y * x->s.x), i / x->s.x % x->s.y, i % x->s.x };
	double sum = 0, most = 0;
	for (int64_t k = 0; k < shape_count(x->s); k++)
		most = fmax(most, x->v[k]);
	for (int axis = 0; axis < 3; axis++)
		sum += (unit_gradient(&a, p, axis, most) -
			unit_gradient(&a, step_along(p, axis, -1), axis, most)) / spacing[axis];
	return fmax(1 - t->tv_weight * sum, 0.1);
}

static void plain_step(const trial *t, plain *s, int64_t since)
{
	g_autofree double *smooth = g_new(double, shape_count(s->x.s));
	for (int64_t i = 0; i < shape_count(s->x.s); i++)
		smooth[i] = t->tv_weight > 0 ? smoothness(t, &s->p, i) : 1;
	double product = 0, square = 0, momentum = 0;
	for (int64_t i = 0; i < shape_count(s->x.s); i++) {
		double q = fmax(s->c.v[i], 0) / fmax(s->a.v[i] * smooth[i], SEEN);
		double next = s->p.v[i] * q * (t->bold ? fmin(fmax(pow(q, 0.3125), 0.8), 1.25) : 1);
		next = s->a.v[i] > SEEN ? fmax(next, LEAST) : LEAST;
		s->x_before.v[i] = s->x.v[i];
		s->x.v[i] = next;
		s->g_before.v[i] = s->g.v[i];
		s->g.v[i] = next - s->p.v[i];
		product += s->g.v[i] * s->g_before.v[i];
		square += s->g.v[i] * s->g.v[i];
	}
	if (t->acceleration == RL_HEAVY_BALL)
		momentum = (double)since / (double)(since + 3);
	if (t->acceleration == RL_BIGGS_ANDREWS && s->square > 0 && since > 0)
		momentum = fmin(fmax(product / s->square, 0), 1);
	s->square = square;
	for (int64_t i = 0; i < shape_count(s->x.s); i++)
		s->p.v[i] = fmax(fmax(s->x.v[i] + momentum * (s->x.v[i] - s->x_before.v[i]),
			HELD * s->x.v[i]), LEAST);
}

static void plain_solve(const trial *t, plain *s, field y, field w, field offset, field psf)
{
	double before = NAN;
	int64_t since = 0;
	blur_adjoint(t, s->a, w, psf);
	for (int64_t i = 0; i < shape_count(s->x.s); i++)
		s->p.v[i] = s->x.v[i] = s->a.v[i] > SEEN ? START : LEAST;
	for (int k = 0; k < ITERATIONS; k++) {
		blur(t, s->m, s->p, psf);
		for (int64_t i = 0; i < shape_count(y.s); i++)
			s->m.v[i] += offset.v[i];
		double d = divergence(t, y, s->m);
		since = d > before ? 0 : since + 1;
		before = d;
		for (int64_t i = 0; i < shape_count(y.s); i++)
			s->m.v[i] = w.v[i] * y.v[i] / (s->m.v[i] + t->background);
		blur_adjoint(t, s->c, s->m, psf);
		plain_step(t, s, since);
	}
}

#endif
