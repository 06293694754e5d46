/* SPDX-License-Identifier: BSD-3-Clause */
/* noise.c - how a camera's noise grows with its signal, told from one picture */
#include "stage/noise.h"

#include <math.h>
#include "core/error.h"
#include "stage/calibrate.h"
#include "stage/select.h"

enum { BINS = 24, LEAST_PIXELS = 100 };

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

/* Pixels whose surroundings are in [low, high): how many, and the variance of their noise. */
static int64_t variance_between(const array *a, double low, double high, float *scratch, double *v)
{
	int64_t n = 0;
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t y = 1; y + 1 < a->shape.y; y++)
			for (int64_t x = 1; x + 1 < a->shape.x; x++) {
				double mean = (double)around(a, p, y, x);
				if (mean >= low && mean < high)
					scratch[n++] = fine_detail(a, p, y, x);
			}
	if (n >= LEAST_PIXELS) {
		double deviation = (double)select_nth(scratch, n, n / 2) / 0.67448975;
		*v = deviation * deviation / 36;
	}
	return n;
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
	struct fit f = { 0 };
	for (int i = 0; i < BINS && high > low; i++) {
		double step = (high - low) / BINS, from = low + i * step, v = 0;
		int64_t n = variance_between(a, from, from + step, scratch, &v);
		if (n >= LEAST_PIXELS && v > 0)
			add_point(&f, from + step / 2, v, n);
	}
	double spread = f.w * f.xx - f.x * f.x;
	if (f.used < 4 || !(spread > 0))
		return NAN;
	double slope = (f.w * f.xy - f.x * f.y) / spread;
	return slope > least_slope ? 1 / slope : NAN;
}
