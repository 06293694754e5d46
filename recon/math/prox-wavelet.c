/* SPDX-License-Identifier: BSD-3-Clause */
/* prox-wavelet.c - soft thresholds of Haar wavelets */
#include <math.h>
#include "math/op.h"
#include "math/prox.h"
#include "math/vec.h"
#include "wavelet.cl"

struct haar {
	prox base;
	float weight;
	int levels;
	enum border border;
};

/* --- orthonormal, in place: the means of level l stand at every 2^l-th pixel ----------------- */

static int64_t lattice(int64_t n, int64_t step)
{
	return (n + step - 1) / step;
}

static void level_x(array *y, int64_t step)
{
	RUN(y, k_haar_x, y, y->pitch, y->plane_rows, step, lattice(y->shape.x, step) / 2);
}

static void level_y(array *y, int64_t step)
{
	RUN(y, k_haar_y, y, y->pitch, y->plane_rows, y->shape.y, step, lattice(y->shape.x, step));
}

static int level_count(const struct haar *h, const array *y)
{
	int most = 0;
	while (((int64_t)1 << most) < MAX(y->shape.y, y->shape.x))
		most++;
	return h->levels > 0 ? MIN(h->levels, most) : most;
}

static void transform(array *y, int levels)
{
	for (int l = 0; l < levels; l++) {
		level_x(y, (int64_t)1 << l);
		level_y(y, (int64_t)1 << l);
	}
}

static void transform_back(array *y, int levels)
{
	for (int l = levels - 1; l >= 0; l--) {
		level_y(y, (int64_t)1 << l);
		level_x(y, (int64_t)1 << l);
	}
}

static void threshold(array *y, int levels, float t)
{
	RUN(y, k_haar_soft, y, y->pitch, y->plane_rows, y->shape.x, (int64_t)1 << levels, t);
}

static void haar_step(prox *p, array *y, float t)
{
	const struct haar *h = (const struct haar *)p;
	int levels = level_count(h, y);
	transform(y, levels);
	threshold(y, levels, t * h->weight);
	transform_back(y, levels);
}

/* |details|_1 = |all|_1 - |means|_1, and an endless threshold leaves the means alone */
static double haar_value(prox *p, const array *x)
{
	const struct haar *h = (const struct haar *)p;
	int levels = level_count(h, x);
	g_autoptr(array) y = array_like(x);
	vec_copy(y, x);
	transform(y, levels);
	double all = vec_sum_abs(y);
	threshold(y, levels, INFINITY);
	return (double)h->weight * (all - vec_sum_abs(y));
}

prox *prox_haar(float weight, int levels)
{
	static const prox_class class = { "Haar wavelets", haar_step, haar_value, NULL };
	struct haar *h = prox_new(&class, sizeof(struct haar));
	h->weight = weight;
	h->levels = levels;
	return &h->base;
}

/* --- all shifts of one level ----------------------------------------------------------------- */

static void cycle_step(prox *p, array *y, float t)
{
	const struct haar *h = (const struct haar *)p;
	enum { AXES = 2 };
	g_autoptr(array) x = array_like(y);
	vec_copy(x, y);
	array_fill_halo(x, h->border);
	/* sqrt(2) 2 D t on details (a - b) / sqrt 2 is 4 D t on differences */
	RUN(y, k_haar_cycle, y, x, y->pitch, y->shape.x, 4 * AXES * t * h->weight);
}

static double cycle_value(prox *p, const array *x)
{
	const struct haar *h = (const struct haar *)p;
	g_autoptr(linop) gradient = linop_gradient(x->dev, x->shape, 2, h->border, NULL);
	return (double)h->weight * tv_value(gradient, x, 2, false);
}

prox *prox_haar_cycle(float weight, enum border border)
{
	static const prox_class class = { "Haar wavelets, all shifts", cycle_step, cycle_value, NULL };
	struct haar *h = prox_new(&class, sizeof(struct haar));
	h->weight = weight;
	h->border = border;
	return &h->base;
}
