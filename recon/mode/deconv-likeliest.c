/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-likeliest.c - how noisy a picture is beside its signal, from the picture alone */
#include <math.h>

#include "math/fft.h"
#include "math/vec.h"
#include "mode/deconv.h"

/*
 * The model of Orieux, Giovannelli and Rodet (J. Opt. Soc. Am. A 27, 2010): the picture's and the
 * noise's spectra are Gaussian, of precisions gx penalty and gn.  With r = gx / gn the power of the
 * data at one frequency has the mean v / gn, v = blur / (r penalty) + 1.  For each r the likeliest
 * 1 / gn is the mean of power / v, and what is left is a function of r alone, of which the fixed
 * points of expectation and maximisation are the stationary points: here it is searched for its
 * least value.
 */
typedef struct {
	const array *data, *blur, *penalty;     /* on the CPU; data: COMPLEX */
	int64_t width;                          /* of the picture: x of the whole transform */
	double ratio;
	double *sums;                           /* ROW_SUMS of each row */
} spectra;

enum { COUNT, POWER, LOG, ROW_SUMS };

static void sum_rows(int64_t first, int64_t end, void *data)
{
	const spectra *s = data;
	shape size = s->data->shape;
	for (int64_t row = first; row < end; row++) {
		double *sum = s->sums + ROW_SUMS * row;
		const float *real = array_row(s->data, 0, row / size.y, row % size.y);
		const float *imaginary = real + s->data->imag;
		const float *blur = array_row(s->blur, 0, row / size.y, row % size.y);
		const float *penalty = array_row(s->penalty, 0, row / size.y, row % size.y);
		sum[COUNT] = sum[POWER] = sum[LOG] = 0;
		for (int64_t x = 0; x < size.x; x++) {
			double twice = x == 0 || 2 * x == s->width ? 1 : 2;
			if (!(penalty[x] > 0))
				continue;
			double power = pow((double)real[x], 2) + pow((double)imaginary[x], 2);
			double v = (double)blur[x] / (s->ratio * (double)penalty[x]) + 1;
			sum[COUNT] += twice;
			sum[POWER] += twice * power / v;
			sum[LOG] += twice * log(v);
		}
	}
}

/* -2 log likelihood, over the number of frequencies, but for a constant */
static double unlikelihood(spectra *s, double log_ratio)
{
	double all[ROW_SUMS] = { 0 };
	int64_t rows = shape_planes(s->data->shape) * s->data->shape.y;
	s->ratio = exp(log_ratio);
	device_each(s->data->dev, rows, 1, sum_rows, s);
	for (int64_t i = 0; i < ROW_SUMS * rows; i++)
		all[i % ROW_SUMS] += s->sums[i];
	return all[COUNT] > 0 ? log(all[POWER] / all[COUNT]) + all[LOG] / all[COUNT] : NAN;
}

/* By golden section: Kiefer, Proc. Am. Math. Soc. 4 (1953). */
static double refine(spectra *s, double low, double high)
{
	enum { STEPS = 24 };
	const double share = (sqrt(5) - 1) / 2;
	double a = high - share * (high - low), b = low + share * (high - low);
	double at_a = unlikelihood(s, a), at_b = unlikelihood(s, b);
	for (int i = 0; i < STEPS; i++) {
		if (at_a < at_b) {
			high = b;
			b = a;
			at_b = at_a;
			a = high - share * (high - low);
			at_a = unlikelihood(s, a);
		} else {
			low = a;
			a = b;
			at_a = at_b;
			b = low + share * (high - low);
			at_b = unlikelihood(s, b);
		}
	}
	return (low + high) / 2;
}

/* The step of the first look; what a float leaves of blur and signal, in powers of e. */
#define STEP 1.5
#define LEAST (-30.0)
#define MOST 9.0

static double search(spectra *s)
{
	double best = MOST, least = INFINITY;
	for (double at = LEAST; at <= MOST; at += STEP) {
		double value = unlikelihood(s, at);
		if (value < least) {
			least = value;
			best = at;
		}
	}
	return isfinite(least) ? exp(refine(s, best - STEP, best + STEP)) : 1;
}

/* --- the picture's spectrum ------------------------------------------------------------------- */

/* Hann's window: edges that do not meet would look like noise. */
static double taper(int64_t i, int64_t n)
{
	return n == 1 ? 1 : pow(sin(G_PI * ((double)i + 0.5) / (double)n), 2);
}

typedef struct { double weight, square, light; } taper_sums;

/* to = (y - level) w where y is; to may be NULL. */
static taper_sums apply_taper(array *to, const array *y, double level)
{
	taper_sums sums = { 0 };
	shape s = y->shape;
	for (int64_t row = 0; row < s.z * s.y; row++) {
		const float *from = array_row(y, 0, row / s.y, row % s.y);
		double across = taper(row / s.y, s.z) * taper(row % s.y, s.y);
		for (int64_t x = 0; x < s.x; x++) {
			double w = across * taper(x, s.x);
			sums.weight += w;
			sums.square += w * w;
			sums.light += w * (double)from[x];
			if (to)
				array_row(to, 0, row / s.y, row % s.y)[x] = (float)(w * ((double)from[x] - level));
		}
	}
	return sums;
}

/* Of the tapered picture on a grid, |.|^2 as strong as white noise of the picture's variance. */
static array *spectrum_of(const task *t, const array *y, shape grid, int axes)
{
	g_autoptr(array) here = array_move(y, t->cpu);
	g_autoptr(array) tapered = array_new(t->cpu, REAL, grid);
	vec_fill(tapered, 0);
	if (!t->cpu->error) {
		taper_sums sums = apply_taper(NULL, here, 0);
		apply_taper(tapered, here, sums.light / sums.weight);
		vec_scale(tapered, (float)(1 / sqrt(sums.square)));
	}
	g_autoptr(array) there = array_move(tapered, y->dev);
	g_autoptr(fft) f = fft_new(y->dev, grid, axes);
	g_autoptr(array) spectrum = array_new(y->dev, COMPLEX, fft_spectrum_shape(grid));
	fft_forward(f, spectrum, there);
	return array_move(spectrum, t->cpu);
}

double deconv_likeliest(const task *t, const array *y, shape grid, const array *blur,
	const array *penalty)
{
	g_autoptr(array) data = spectrum_of(t, y, grid, grid.z > 1 ? 3 : 2);
	g_autoptr(array) blur_here = array_move(blur, t->cpu);
	g_autoptr(array) penalty_here = array_move(penalty, t->cpu);
	if (y->dev->error || t->cpu->error)
		return 1;
	g_autofree double *sums = g_new(double, ROW_SUMS * data->shape.z * data->shape.y);
	spectra s = { data, blur_here, penalty_here, grid.x, 1, sums };
	double ratio = search(&s);
	report_number(t->report, "noise_to_signal", ratio);
	return ratio;
}
