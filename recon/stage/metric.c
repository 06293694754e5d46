/* SPDX-License-Identifier: BSD-3-Clause */
/* metric.c - how far one picture is from another */
#include "stage/metric.h"

#include <math.h>
#include "core/error.h"

/* --- sums over two pictures ------------------------------------------------------------------ */

typedef double pair_term(double a, double b);

static double sum_pairs(const array *a, const array *b, pair_term *term)
{
	double sum = 0;
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t y = 0; y < a->shape.y; y++) {
			const float *r = array_row(a, 0, p, y), *s = array_row(b, 0, p, y);
			double row = 0;
			for (int64_t x = 0; x < a->shape.x; x++)
				row += term((double)r[x], (double)s[x]);
			sum += row;
		}
	return sum;
}

static double squared_difference(double a, double b)
{
	return (a - b) * (a - b);
}

static double product(double a, double b)
{
	return a * b;
}

double metric_mse(const array *picture, const array *reference)
{
	return sum_pairs(picture, reference, squared_difference) / (double)shape_count(picture->shape);
}

double metric_psnr(double mse, double peak)
{
	return 10 * log10(peak * peak / mse);
}

double metric_nrmse(const array *picture, const array *reference)
{
	return sqrt(sum_pairs(picture, reference, squared_difference) /
		sum_pairs(reference, reference, product));
}

double metric_max_difference(const array *picture, const array *reference)
{
	double most = 0;
	for (int64_t p = 0; p < shape_planes(picture->shape); p++)
		for (int64_t y = 0; y < picture->shape.y; y++) {
			const float *r = array_row(picture, 0, p, y), *s = array_row(reference, 0, p, y);
			for (int64_t x = 0; x < picture->shape.x; x++)
				most = fmax(most, fabs((double)r[x] - (double)s[x]));
		}
	return most;
}

double metric_best_scale(const array *picture, const array *reference)
{
	double power = sum_pairs(picture, picture, product);
	return power > 0 ? sum_pairs(picture, reference, product) / power : 1;
}

/* --- shift ----------------------------------------------------------------------------------- */

/* Sums over the part where both are. */
typedef struct {
	double n, a, b, aa, bb, ab;
} moments;

static void add_row(moments *m, const double *a, const double *b, int64_t n)
{
	for (int64_t x = 0; x < n; x++) {
		m->a += a[x];
		m->b += b[x];
		m->aa += a[x] * a[x];
		m->bb += b[x] * b[x];
		m->ab += a[x] * b[x];
	}
	m->n += (double)n;
}

static double correlation(const moments *m)
{
	double va = m->aa - m->a * m->a / m->n, vb = m->bb - m->b * m->b / m->n;
	return va > 0 && vb > 0 ? (m->ab - m->a * m->b / m->n) / sqrt(va * vb) : -1;
}

/* One plane of doubles: all channels and planes added up. */
static double *flatten(const array *a)
{
	int64_t n = a->shape.y * a->shape.x;
	double *sum = g_try_new0(double, (gsize)n);
	for (int64_t p = 0; sum && p < shape_planes(a->shape); p++)
		for (int64_t i = 0; i < n; i++)
			sum[i] += (double)array_row(a, 0, p, i / a->shape.x)[i % a->shape.x];
	return sum;
}

static double shifted_correlation(const double *a, const double *b, shape s, int64_t dy, int64_t dx)
{
	moments m = { 0 };
	int64_t width = s.x - ABS(dx), first = MAX(0, -dx);
	for (int64_t y = MAX(0, -dy); y < s.y - MAX(0, dy); y++)
		add_row(&m, a + (y + dy) * s.x + first + dx, b + y * s.x + first, width);
	return correlation(&m);
}

void metric_best_shift(const array *picture, const array *reference, int64_t most, int64_t *dy,
	int64_t *dx)
{
	shape s = picture->shape;
	g_autofree double *a = flatten(picture), *b = flatten(reference);
	int64_t my = MIN(most, (s.y - 1) / 2), mx = MIN(most, (s.x - 1) / 2);
	*dy = *dx = 0;
	if (!a || !b)
		return;
	double best = shifted_correlation(a, b, s, 0, 0);
	for (int64_t y = -my; y <= my; y++)
		for (int64_t x = -mx; x <= mx; x++) {
			double found = shifted_correlation(a, b, s, y, x);
			if (found > best) {
				best = found;
				*dy = y;
				*dx = x;
			}
		}
}
