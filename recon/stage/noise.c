/* SPDX-License-Identifier: BSD-3-Clause */
/* noise.c - how a camera's noise grows with its signal, told from one picture */
#include "stage/noise.h"

#include <math.h>
#include "core/error.h"
#include "stage/calibrate.h"
#include "stage/select.h"

enum { BINS = 24, LEAST_PIXELS = 100 };

/* The median of |Gaussian noise|, in deviations; what fine_detail multiplies a deviation by. */
#define MEDIAN 0.67448975
#define WEIGHTS 6.0

/* Second difference in both directions: zero on planes and saddles, squared weights add to 36. */
static float fine_detail(const array *a, int64_t z, int64_t y, int64_t x)
{
	const float *u = array_row(a, 0, z, y - 1) + x, *m = array_row(a, 0, z, y) + x;
	const float *d = array_row(a, 0, z, y + 1) + x;
	return fabsf(u[-1] - 2 * u[0] + u[1] - 2 * (m[-1] - 2 * m[0] + m[1]) + d[-1] - 2 * d[0] + d[1]);
}

static float around(const array *a, int64_t z, int64_t y, int64_t x)
{
	float sum = 0;
	for (int64_t v = -1; v <= 1; v++)
		for (int64_t u = -1; u <= 1; u++)
			sum += array_row(a, 0, z, y + v)[x + u];
	return sum / 9;
}

/* Pixels by how bright their surroundings are. */
typedef struct {
	double low, step;
	int64_t first[BINS + 1];        /* in `detail`: where each bin begins */
	float *detail;
} brightness_bins;

/* -1: darker or brighter than all bins. */
static int bin_of(const brightness_bins *b, double mean)
{
	double at = floor((mean - b->low) / b->step);
	return at >= 0 && at < BINS ? (int)at : -1;
}

/* Once to count them (detail NULL), and once to put their details in order. */
static void sort_pixels(const array *a, const brightness_bins *b, int64_t at[BINS], float *detail)
{
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t y = 1; y + 1 < a->shape.y; y++)
			for (int64_t x = 1; x + 1 < a->shape.x; x++) {
				int bin = bin_of(b, (double)around(a, p, y, x));
				if (bin < 0)
					continue;
				if (detail)
					detail[at[bin]] = fine_detail(a, p, y, x);
				at[bin]++;
			}
}

static void fill_bins(const array *a, brightness_bins *b)
{
	int64_t count[BINS] = { 0 }, at[BINS];
	sort_pixels(a, b, count, NULL);
	b->first[0] = 0;
	for (int i = 0; i < BINS; i++) {
		at[i] = b->first[i];
		b->first[i + 1] = b->first[i] + count[i];
	}
	sort_pixels(a, b, at, b->detail);
}

/* Of the noise of a bin's pixels, and their number; reorders them. */
static double variance_of(const brightness_bins *b, int bin, int64_t *n)
{
	*n = b->first[bin + 1] - b->first[bin];
	if (*n < LEAST_PIXELS)
		return 0;
	double deviation = (double)select_nth(b->detail + b->first[bin], *n, *n / 2) / MEDIAN / WEIGHTS;
	return deviation * deviation;
}

/* Sums for a line through (mean, variance), weighted by what each variance is worth. */
struct fit { double w, x, y, xx, xy; int used; };

static void add_point(struct fit *f, double x, double y, int64_t n)
{
	double w = (double)n / (y * y);
	*f = (struct fit){ f->w + w, f->x + w * x, f->y + w * y, f->xx + w * x * x, f->xy + w * x * y,
		f->used + 1 };
}

double noise_gain(const array *a, GError **err)
{
	const double least_slope = 1e-6;
	int64_t most = shape_count(a->shape);
	g_autoptr(array) list = array_new_list(a->dev, most);
	float *scratch = list->mem;
	if (!device_ok(a->dev, err))
		return NAN;
	double low = calibrate_percentile(a, -1, 0.5, err), high = NAN;
	if (!isnan(low))
		high = calibrate_percentile(a, -1, 99.5, err);
	if (!(high > low))
		return NAN;
	struct fit f = { 0 };
	brightness_bins b = { .low = low, .step = (high - low) / BINS, .detail = scratch };
	fill_bins(a, &b);
	for (int i = 0; i < BINS; i++) {
		int64_t n;
		double v = variance_of(&b, i, &n);
		if (v > 0)
			add_point(&f, low + (i + 0.5) * b.step, v, n);
	}
	double spread = f.w * f.xx - f.x * f.x;
	if (f.used < 4 || !(spread > 0))
		return NAN;
	double slope = (f.w * f.xy - f.x * f.y) / spread;
	return slope > least_slope ? 1 / slope : NAN;
}

double noise_deviation(const array *a, const array *weights, GError **err)
{
	g_autoptr(array) list = array_new_list(a->dev, shape_count(a->shape));
	float *scratch = list->mem;
	if (!device_ok(a->dev, err))
		return NAN;
	int64_t n = 0;
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t y = 1; y + 1 < a->shape.y; y++)
			for (int64_t x = 1; x + 1 < a->shape.x; x++) {
				scratch[n] = fine_detail(a, p, y, x);
				n += scratch[n] > 0 && !(weights && around(weights, p, y, x) < 1);
			}
	return n > 0 ? (double)select_nth(scratch, n, n / 2) / MEDIAN / WEIGHTS : 0;
}
