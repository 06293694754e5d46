/* SPDX-License-Identifier: BSD-3-Clause */
/* vec.c - arithmetic of whole arrays */
#include "math/vec.h"

#include <assert.h>
#include <math.h>
#include "vec.cl"

void vec_fill(array *y, float value)
{
	RUN(y, k_fill, y, value);
}

void vec_copy(array *y, const array *x)
{
	RUN(y, k_copy, y, x);
}

void vec_scale(array *y, float a)
{
	RUN(y, k_scale, y, a);
}

void vec_shift(array *y, float a)
{
	RUN(y, k_shift, y, a);
}

void vec_add(array *y, const array *x)
{
	RUN(y, k_add, y, x);
}

void vec_subtract(array *y, const array *x)
{
	RUN(y, k_subtract, y, x);
}

void vec_multiply(array *y, const array *x)
{
	RUN(y, k_multiply, y, x);
}

void vec_divide(array *y, const array *x, float floor_value)
{
	RUN(y, k_divide, y, x, floor_value);
}

void vec_axpy(array *y, float a, const array *x)
{
	RUN(y, k_axpy, y, a, x);
}

void vec_xpay(array *y, float a, const array *x)
{
	RUN(y, k_xpay, y, a, x);
}

void vec_extrapolate(array *y, const array *a, const array *b, float m)
{
	RUN(y, k_extrapolate, y, a, b, m);
}

void vec_clamp(array *y, float low, float high)
{
	RUN(y, k_clamp, y, low, high);
}

void vec_cut_below(array *y, float level)
{
	RUN(y, k_cut_below, y, level);
}

void vec_soft(array *y, float t)
{
	RUN(y, k_soft, y, t);
}

/* --- sums ----------------------------------------------------------------------------------- */

/*
 * One number a row, on the host.  A complex array shows itself as real ones: its two sets of
 * planes on the CPU, one set of twice the width in OpenCL.
 */
typedef struct {
	array part[2];
	int n_parts;
	int64_t width, pitch;
} real_parts;

static real_parts as_real(const array *x)
{
	bool interleaved = x->type == COMPLEX && x->dev->opencl;
	real_parts r = { .n_parts = 1, .width = x->shape.x, .pitch = x->pitch };
	r.part[0] = *x;
	if (x->type == COMPLEX && !interleaved) {
		r.part[0].type = REAL;
		r.part[1] = r.part[0];
		r.part[1].mem = x->mem ? x->mem + x->imag : NULL;
		r.n_parts = 2;
	}
	if (interleaved) {
		r.width *= 2;
		r.pitch *= 2;
	}
	return r;
}

/* Row results to the host, without those of halo rows; free with g_free.  NULL after a failure. */
static float *fetch_rows(const array *x, const array *result)
{
	array_forget_all(x);
	if (x->dev->error)
		return NULL;
	g_autofree float *all = g_new(float, result->shape.x);
	array_download(result, all);
	if (x->dev->error)
		return NULL;
	int64_t n = 0;
	for (int64_t r = 0; r < result->shape.x; r++)
		if (r % x->plane_rows < x->shape.y)
			all[n++] = all[r];
	return g_steal_pointer(&all);
}

static array *row_results(const array *x)
{
	return array_new(x->dev, REAL, (shape){ 1, 1, 1, array_rows(x) });
}

static double add_rows(const array *x, const array *result)
{
	g_autofree float *rows = fetch_rows(x, result);
	double sum = 0;
	for (int64_t r = 0; rows && r < shape_planes(x->shape) * x->shape.y; r++)
		sum += (double)rows[r];
	return sum;
}

double vec_dot(const array *x, const array *y)
{
	g_autoptr(array) result = row_results(x);
	real_parts a = as_real(x), b = as_real(y);
	double sum = 0;
	for (int i = 0; i < a.n_parts; i++) {
		RUN(&a.part[i], k_dot, result, &a.part[i], &b.part[i], a.pitch, a.width);
		sum += add_rows(x, result);
	}
	return sum;
}

double vec_norm(const array *x)
{
	return sqrt(vec_dot(x, x));
}

double vec_sum(const array *x)
{
	g_autoptr(array) result = row_results(x);
	real_parts a = as_real(x);
	double sum = 0;
	for (int i = 0; i < a.n_parts; i++) {
		RUN(&a.part[i], k_sum, result, &a.part[i], a.pitch, a.width);
		sum += add_rows(x, result);
	}
	return sum;
}

double vec_sum_abs(const array *x)
{
	g_autoptr(array) result = row_results(x);
	real_parts a = as_real(x);
	double sum = 0;
	for (int i = 0; i < a.n_parts; i++) {
		RUN(&a.part[i], k_sum_abs, result, &a.part[i], a.pitch, a.width);
		sum += add_rows(x, result);
	}
	return sum;
}

/* max of s x */
static float largest(const array *x, float s)
{
	g_autoptr(array) result = row_results(x);
	real_parts a = as_real(x);
	float most = -INFINITY;
	for (int i = 0; i < a.n_parts; i++) {
		RUN(&a.part[i], k_max, result, &a.part[i], s, a.pitch, a.width);
		g_autofree float *rows = fetch_rows(x, result);
		for (int64_t r = 0; rows && r < shape_planes(x->shape) * x->shape.y; r++)
			most = rows[r] > most ? rows[r] : most;
	}
	return most;
}

void vec_range(const array *x, float *least, float *most)
{
	*least = -largest(x, -1.0f);
	*most = largest(x, 1.0f);
}

float vec_max_abs(const array *x)
{
	float least, most;
	vec_range(x, &least, &most);
	return most > -least ? most : -least;
}

bool vec_finite(const array *x)
{
	g_autoptr(array) result = row_results(x);
	real_parts a = as_real(x);
	double sum = 0;
	for (int i = 0; i < a.n_parts; i++) {
		RUN(&a.part[i], k_finite, result, &a.part[i], a.pitch, a.width);
		sum += add_rows(x, result);
	}
	return sum == 0;
}
