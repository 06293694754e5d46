/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-tv.c - the fused ADMM-TV: its loop, stopping rule and penalties */
#include <math.h>

#include "core/error.h"
#include "math/admm-inside.h"
#include "math/vec.h"

/* Eigenvalues of the periodic second difference: 2 - 2 cos(2 pi k / n), k < count */
static array *eigenvalues(device *dev, int64_t n, int64_t count)
{
	g_autofree float *values = g_new(float, count);
	for (int64_t k = 0; k < count; k++)
		values[k] = (float)(2 - 2 * cos(2 * G_PI * (double)k / (double)n));
	array *a = array_new(dev, REAL, (shape){ 1, 1, 1, count });
	array_upload(a, values);
	return a;
}

/* Spectrum of `length` ones among n, k < count: sum over j of exp(-2 pi i j k / n) */
static array *window_spectrum(device *dev, int64_t n, int64_t length, int64_t count)
{
	g_autofree float *values = g_new(float, 2 * count);
	for (int64_t k = 0; k < count; k++) {
		double half = G_PI * (double)k / (double)n, turn = -half * (double)(length - 1);
		double size = k == 0 ? (double)length : sin(half * (double)length) / sin(half);
		values[2 * k] = (float)(size * cos(turn));
		values[2 * k + 1] = (float)(size * sin(turn));
	}
	array *a = array_new(dev, COMPLEX, (shape){ 1, 1, 1, count });
	array_upload(a, values);
	return a;
}

static void release(struct admm *s)
{
	array *all[] = {
		s->v_spectrum, s->drive, s->e, s->d0, s->d1, s->m, s->xi, s->lx, s->ly, s->window_x,
		s->window_y, s->sums, s->spectral
	};
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
}

static void allocate(struct admm *s, const struct admm_schedule *schedule)
{
	device *dev = s->dev;
	shape g = s->grid, half = fft_spectrum_shape(g), e = half;
	if (!dev->opencl && s->window.y <= g.y / 2)
		e.y = g.y / 2;
	shape duals = { 1, 1, g.y + schedule->spare_rows(dev, g) + 1, g.x };
	s->v_spectrum = array_new(dev, COMPLEX, half);
	s->drive = array_new(dev, COMPLEX, half);
	s->e = array_new(dev, COMPLEX, e);
	s->d0 = array_new(dev, REAL, duals);
	s->d1 = array_new(dev, REAL, duals);
	s->m = array_new(dev, REAL, g);
	s->xi = array_new(dev, REAL, s->window);
	s->lx = eigenvalues(dev, g.x, half.x);
	s->ly = eigenvalues(dev, g.y, g.y);
	s->window_x = window_spectrum(dev, g.x, s->window.x, half.x);
	s->window_y = window_spectrum(dev, g.y, s->window.y, g.y);
	s->sums = array_new(dev, REAL, (shape){ 1, 1, SUMS, g.y });
	int64_t blocks = (half.x + FFT_LANES - 1) / FFT_LANES;
	if (s->wants_sums)
		s->spectral = array_new(dev, REAL, (shape){ 1, 1, SPECTRAL_SUMS * blocks, g.y });
	array *cleared[] = {
		s->v_spectrum, s->drive, s->e, s->d0, s->d1, s->m, s->xi, s->sums, s->spectral
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cleared); i++)
		if (cleared[i])
			vec_fill(cleared[i], 0);
}

/* The rows of `a`, which repeat every `kinds`, added up kind by kind */
static void add_rows(const array *a, int kinds, double *sum)
{
	int64_t n = a->shape.x;
	g_autofree float *rows = g_new0(float, shape_count(a->shape));
	array_download(a, rows);
	for (int kind = 0; kind < kinds; kind++)
		sum[kind] = 0;
	for (int64_t row = 0; row < a->shape.y; row++)
		for (int64_t x = 0; x < n; x++)
			sum[row % kinds] += (double)rows[row * n + x];
}

/* Before that the scene explains too little of the data: most of it would count as background, and
 * twenty iterations would not be enough to come back from there. */
enum { BACKGROUND_FROM = 8 };

/*
 * Light c on every pixel alike: 1/2 |x + c - b|^2 + mu1/2 |C M v - x + xi/mu1|^2 over x and c
 * together, with a = C M v + xi/mu1.  For a given c, x = (mu1 a + b - c) / (1 + mu1), and what is
 * left is mu1 / (1 + mu1) / 2 |a + c - b|^2: c is the mean of b - a.  Then the mean of x is that
 * of a, and e = mu1 (x - C M v) - xi = mu1 (x - a) has mean 0.  So the pass need not know c
 * beforehand: with c' instead, e and with it mu1 x are off by one number for all pixels, mu1 (c -
 * c') / (1 + mu1), which is the mean of e.  It is taken out of e's spectrum, and put into xi -
 * mu1 x in the next pass.
 */
static void fit_even_light(struct admm *s, int64_t k)
{
	double sum[SUMS], mu1 = (double)s->mu.mu1;
	if (!s->settings->background || k < BACKGROUND_FROM)
		return;
	add_rows(s->sums, SUMS, sum);
	double mean = sum[SUM_DRIVE] / (double)shape_count(s->window);
	s->mean = (float)mean;
	s->even += (float)(mean * (1 + mu1) / mu1);
}

static double share(double part, double whole)
{
	return part == 0 ? 0 : sqrt(part / whole);
}

/*
 * See admm_settings.tolerance; the dual ones follow by Parseval from what v's spectrum changed
 * by.
 */
static void find_residuals(const struct admm *s, const double sum[SUMS], admm_outcome *o)
{
	double pixels = (double)shape_count(s->grid), change[SPECTRAL_SUMS];
	double tau = (double)s->settings->tau;
	const double mu[CHANGES] = { (double)s->mu.mu1, (double)s->mu.mu2, (double)s->mu.mu3 };
	const double dual[CHANGES] = { sum[SUM_MISFIT] / pixels, tau * tau, 8 * tau * tau };
	add_rows(s->spectral, SPECTRAL_SUMS, change);
	o->primal = o->dual = 0;
	for (int i = 0; i < CHANGES; i++) {
		double size = change[CHANGES + i], gap = sum[SUM_GAP + i] / pixels;
		o->primal = fmax(o->primal, share(gap, fmax(size, dual[i] / (mu[i] * mu[i]))));
		o->dual = fmax(o->dual, share(change[i], size));
	}
}

/* |C M v + c - b|^2, c being what makes it least: the mean of b - C M v, or 0 */
static double least_misfit(const struct admm *s, const double sum[SUMS], float even)
{
	double n = (double)shape_count(s->window), off = sum[SUM_REMAINDER] / n - (double)even;
	return s->settings->background ? sum[SUM_MISFIT] - n * off * off : sum[SUM_MISFIT];
}

/* Objective and residuals of the v that the last pass went over, with `even` in hand. */
static void take_stock(const struct admm *s, float even, admm_outcome *o)
{
	double sum[SUMS];
	if (!s->wants_sums)
		return;
	add_rows(s->sums, SUMS, sum);
	sum[SUM_MISFIT] = least_misfit(s, sum, even);
	o->objective = sum[SUM_MISFIT] / 2 + (double)s->settings->tau * sum[SUM_TV];
	find_residuals(s, sum, o);
}

/* Over the pixels in iteration k. */
static void pixels(struct admm *s, const struct admm_schedule *schedule, void *p, admm_outcome *o)
{
	float even = s->even;
	schedule->pixels(p);
	take_stock(s, even, o);
	fit_even_light(s, o->iterations);
}

static bool tick(struct admm *s, int64_t k, watch *w, admm_outcome *o, GError **err)
{
	const admm_settings *t = s->settings;
	iteration_note note = {
		.iteration = k, .iterations = t->iterations, .channel = t->channel, .channels = t->channels,
		.objective = o->objective, .primal = o->primal, .dual = o->dual,
		.mu1 = (double)s->mu.mu1, .mu2 = (double)s->mu.mu2, .mu3 = (double)s->mu.mu3
	};
	if (s->dev->error)
		return device_ok(s->dev, err);
	if (s->wants_sums && !isfinite(o->objective)) {
		error_set(err, RELUMINE_BAD_NUMBERS, NULL, "check the inputs with `relumine inspect`, and "
			"the penalties if you set them", "the numbers became infinite at iteration %"
			G_GINT64_FORMAT, k);
		return false;
	}
	if (!watch_tick(w, &note)) {
		error_set(err, RELUMINE_STOPPED, NULL, NULL, "stopped at iteration %" G_GINT64_FORMAT, k);
		return false;
	}
	return true;
}

static bool iterate(struct admm *s, const struct admm_schedule *schedule, void *p, array *result,
	watch *w, admm_outcome *o, GError **err)
{
	const admm_settings *t = s->settings;
	int64_t transforms = s->dev->fft_count;
	bool last = false;
	schedule->begin(p);
	for (int64_t k = 1; !last; k++) {
		last = k == t->iterations || o->converged;      /* the pixel pass spoils the result */
		schedule->spectrum(p);
		if (last)
			schedule->result(p, result);
		o->iterations = k;
		if (!last || s->wants_sums)
			pixels(s, schedule, p, o);
		if (!tick(s, k, w, o, err))
			return false;
		o->converged |= MAX(o->primal, o->dual) < t->tolerance;
	}
	o->background = (double)s->even;
	o->fft_per_iteration = (double)(s->dev->fft_count - transforms) / (double)o->iterations;
	return device_ok(s->dev, err);
}

bool admm_tv(array *result, const array *b, const array *h, shape grid,
	const admm_settings *settings, watch *w, admm_outcome *outcome, GError **err)
{
	device *dev = b->dev;
	const struct admm_schedule *schedule = dev->opencl ? &admm_on_opencl : &admm_on_cpu;
	struct admm s = {
		.dev = dev, .grid = { 1, 1, grid.y, grid.x }, .window = { 1, 1, b->shape.y, b->shape.x },
		.settings = settings, .b = b, .h = h, .mu = settings->mu,
		.wants_sums = watch_wants_objective(w) || settings->tolerance > 0
	};
	*outcome = (admm_outcome){ .objective = NAN, .primal = NAN, .dual = NAN };
	allocate(&s, schedule);
	bool ok = device_ok(dev, err);
	if (ok) {
		void *p = schedule->make(&s);
		ok = device_ok(dev, err) && iterate(&s, schedule, p, result, w, outcome, err);
		schedule->free(p);
	}
	release(&s);
	if (ok && !vec_finite(result)) {
		error_set(err, RELUMINE_BAD_NUMBERS, NULL, "check the inputs with `relumine inspect`",
			"the reconstruction holds NaN or infinite numbers");
		ok = false;
	}
	return ok;
}
