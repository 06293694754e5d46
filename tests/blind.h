/* SPDX-License-Identifier: BSD-3-Clause */
/* blind.h - what the tests of unknown blurs share: a scene, a shake, how alike two kernels are */
#ifndef TESTS_BLIND_H
#define TESTS_BLIND_H

#include <math.h>
#include "math/vec.h"
#include "stage/geometry.h"
#include "stage/kernel.h"
#include "stage/microscope.h"
#include "stage/random.h"
#include "stage/simulate.h"
#include "tests/stage.h"

enum { KERNEL = 13 };

/* A shake that turns a corner and slows down, as pixels see it: nothing about it is symmetric. */
static inline double shake(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	double sum = 0;
	for (int i = 0; i < 60; i++) {
		double t = i / 10.0, v = t < 4 ? 4 + 0.4 * t : 5.6 + 2.2 * (t - 4);
		double u = t < 4 ? 2 + 1.6 * t : 8.4;
		v -= (double)y;
		u -= (double)x;
		sum += (1 + 0.15 * t) * exp(-(v * v + u * u) / (2 * 0.6 * 0.6));
	}
	return sum < 0.3 ? 0 : sum;
}

static inline array *of_sum_one(array *k)
{
	vec_scale(k, (float)(1 / vec_sum(k)));
	return k;
}

static inline array *shake_new(void)
{
	g_autoptr(array) k = of_sum_one(make((shape){ 1, 1, KERNEL, KERNEL }, shake));
	return kernel_centred(k);
}

static inline void add_noise(array *a, double deviation)
{
	for (int64_t y = 0; y < a->shape.y; y++) {
		random_stream r = random_at(7, RANDOM_READ_NOISE, (uint64_t)y);
		for (int64_t x = 0; x < a->shape.x; x++)
			array_row(a, 0, 0, y)[x] += (float)(deviation * random_gauss(&r));
	}
}

/* What a sensor sees of a scene that is larger. */
static inline array *seen_through(const array *scene, const array *k, double noise)
{
	shape s = scene->shape;
	array *y = simulate_capture(scene, k, s.y - 2 * k->shape.y, s.x - 2 * k->shape.x, NULL);
	add_noise(y, noise);
	return y;
}

/* Through a Gaussian of 1 pixel: sub-pixel shifts spread thin lines, and are no fault. */
static inline array *softened(const array *k)
{
	g_autoptr(array) small = psf_gaussian(cpu, (const double[3]){ 1, 1, 0 },
		(const int64_t[3]){ 7, 7, 1 }, NULL);
	g_autoptr(array) wide = geometry_centred(k, 2 * KERNEL + 7, 2 * KERNEL + 7);
	return simulate_capture(wide, small, 2 * KERNEL - 1, 2 * KERNEL - 1, NULL);
}

/* Correlation of two kernels, the one moved up to 2 pixels. */
static inline double likeness(const array *found, const array *k)
{
	g_autoptr(array) b = softened(k);
	g_autoptr(array) c = softened(found);
	int64_t n = b->shape.x;
	double best = 0;
	for (int64_t i = 0; i < 25; i++) {
		double sum = 0;
		for (int64_t j = 0; j < n * n; j++) {
			int64_t y = j / n + i / 5 - 2, x = j % n + i % 5 - 2;
			if (y >= 0 && y < n && x >= 0 && x < n)
				sum += at(b, 0, 0, j / n, j % n) * at(c, 0, 0, y, x);
		}
		best = fmax(best, sum / (vec_norm(c) * vec_norm(b)));
	}
	return best;
}

static inline array *kernel_of(int64_t n, const float *values)
{
	array *k = array_new(cpu, REAL, (shape){ 1, 1, n, n });
	array_upload(k, values);
	return k;
}

static inline double steps(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return (x / 16 + y / 16) % 2 ? 0.9 : 0.2;
}

#endif
