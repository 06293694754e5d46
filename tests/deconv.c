/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv.c - `relumine deconv` from pictures to pictures: light, borders, stopping, wrong input */
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "relumine.h"
#include "stage/random.h"
#include "stage/simulate.h"
#include "tests/stage.h"

device *cpu;

enum { SIDE = 72, BEYOND = 24, WHOLE = SIDE + 2 * BEYOND, PSF = 15 };

/* --- a scene, a blur, and counts -------------------------------------------------------------- */

/* Bars, dots and a ramp, also beyond what the sensor sees. */
static double scene(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	double bars = y < WHOLE / 2 && x / 5 % 3 == 0 ? 0.8 : 0.05;
	bool dot = y >= WHOLE / 2 && y % 12 == 5 && x % 14 == 6;
	return dot ? 4 : bars + (y >= WHOLE / 2 ? 0.3 * (double)x / WHOLE : 0);
}

static double blur(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	double v = (double)(y - PSF / 2), u = (double)(x - PSF / 2);
	return exp(-(u * u + v * v) / (2 * 1.8 * 1.8));
}

static array *psf_new(void)
{
	array *psf = make((shape){ 1, 1, PSF, PSF }, blur);
	vec_scale(psf, (float)(1 / vec_sum(psf)));
	return psf;
}

/* What the sensor sees of the blurred scene, in photons, by plain loops. */
static array *counts_new(double photons, uint64_t seed)
{
	g_autoptr(array) psf = psf_new();
	array *y = array_new(cpu, REAL, (shape){ 1, 1, SIDE, SIDE });
	for (int64_t i = 0; i < SIDE * SIDE; i++) {
		double light = 0;
		for (int64_t j = 0; j < PSF * PSF; j++)
			light += at(psf, 0, 0, j / PSF, j % PSF) * scene(0, 0, i / SIDE + BEYOND + PSF / 2 - j / PSF,
				i % SIDE + BEYOND + PSF / 2 - j % PSF);
		random_stream r = random_at(seed, RANDOM_PHOTONS, (uint64_t)i);
		double n = photons * light;
		array_row(y, 0, 0, i / SIDE)[i % SIDE] = (float)(seed ? random_poisson(&r, n) : n);
	}
	return y;
}

/* --- the command ------------------------------------------------------------------------------ */

static relumine_image *image_of(const array *a)
{
	g_autofree float *values = g_new(float, shape_count(a->shape));
	array_download(a, values);
	return relumine_image_new(a->shape.z, a->shape.y, a->shape.x, a->shape.c, values, NULL);
}

/* options: name, value, ..., NULL */
static relumine_job *job_of(const array *y, const array *psf, const char *const *options)
{
	relumine_job *job = relumine_job_new("deconv", NULL);
	relumine_image *picture = image_of(y), *spread = image_of(psf);
	g_assert_true(relumine_job_set_image(job, NULL, picture, NULL));
	g_assert_true(relumine_job_set_image(job, "psf", spread, NULL));
	g_assert_true(relumine_job_set(job, "device", "cpu", NULL));
	for (int i = 0; options[i]; i += 2)
		g_assert_true(relumine_job_set(job, options[i], options[i + 1], NULL));
	relumine_image_free(picture);
	relumine_image_free(spread);
	return job;
}

static array *result_of(const relumine_job *job)
{
	relumine_image *picture = relumine_job_result(job);
	int64_t s[4];
	relumine_image_size(picture, s);
	array *a = array_new(cpu, REAL, (shape){ s[3], s[0], s[1], s[2] });
	g_autofree float *values = g_new(float, s[0] * s[1] * s[2] * s[3]);
	relumine_image_values(picture, values);
	g_assert_cmpint(s[3], ==, 1);
	array_upload(a, values);
	relumine_image_free(picture);
	return a;
}

static array *sharp(const array *y, const array *psf, const char *const *options)
{
	relumine_job *job = job_of(y, psf, options);
	g_autoptr(GError) err = NULL;
	relumine_job_run(job, &err);
	g_assert_no_error(err);
	array *x = result_of(job);
	relumine_job_free(job);
	return x;
}

/* Difference from the scene, as seen through a Gaussian of 0.85 pixels; mirrored at the edge. */
static double smooth_at(const array *a, int64_t y, int64_t x)
{
	double sum = 0, all = 0;
	for (int64_t v = -3; v <= 3; v++)
		for (int64_t u = -3; u <= 3; u++) {
			double w = exp(-(double)(u * u + v * v) / (2 * 0.85 * 0.85));
			int64_t r = ABS(y + v), c = ABS(x + u);
			sum += w * at(a, 0, 0, r < SIDE ? r : 2 * SIDE - 1 - r, c < SIDE ? c : 2 * SIDE - 1 - c);
			all += w;
		}
	return sum / all;
}

/*
 * |G x - G t| / |G t|, G that Gaussian and t the truth: without it the finest noise would count
 * most, which no eye sees.  Rows and columns `margin` from the edge.
 */
static double error_of(const array *x, double photons, int64_t margin)
{
	g_autoptr(array) truth = array_like(x);
	double wrong = 0, all = 0;
	for (int64_t i = 0; i < SIDE * SIDE; i++)
		array_row(truth, 0, 0, i / SIDE)[i % SIDE] =
			(float)(photons * scene(0, 0, i / SIDE + BEYOND, i % SIDE + BEYOND));
	for (int64_t r = margin; r < SIDE - margin; r++)
		for (int64_t c = margin; c < SIDE - margin; c++) {
			double t = smooth_at(truth, r, c), d = smooth_at(x, r, c) - t;
			wrong += d * d;
			all += t * t;
		}
	return sqrt(wrong / all);
}

/* --- what it promises ------------------------------------------------------------------------- */

/* As good as the best number of iterations, to 3 %, from little light to much. */
static void stops_in_time(void)
{
	static const double photons[] = { 300, 1000, 10000 };
	g_autoptr(array) psf = psf_new();
	for (size_t i = 0; i < G_N_ELEMENTS(photons); i++) {
		g_autoptr(array) y = counts_new(photons[i], 5);
		static const char *const automatic[] = { "stop", "auto", "iterations", "400", NULL };
		g_autoptr(array) chosen = sharp(y, psf, automatic);
		double best = INFINITY;
		int64_t when = 0;
		for (int64_t n = 1; n <= 400; n += 1 + n / 10) {
			g_autofree char *count = g_strdup_printf("%d", (int)n);
			const char *const fixed[] = { "stop", "fixed", "iterations", count, NULL };
			g_autoptr(array) x = sharp(y, psf, fixed);
			double e = error_of(x, photons[i], 0);
			when = e < best ? n : when;
			best = fmin(best, e);
		}
		g_test_message("%g photons: %g, best %g after %d", photons[i],
			error_of(chosen, photons[i], 0), best, (int)when);
		g_assert_cmpfloat(error_of(chosen, photons[i], 0), <, 1.03 * best);
	}
}

/* Objects cross the border, and it does not ring. */
static void borders(void)
{
	static const char *const methods[] = { "rl", "ictm", "hyper-laplacian" };
	g_autoptr(array) psf = psf_new();
	g_autoptr(array) y = counts_new(1000, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const options[] = { "method", methods[i], "stop", "fixed", "iterations", "60",
			NULL };
		g_autoptr(array) x = sharp(y, psf, options);
		double all = error_of(x, 1000, 0), inside = error_of(x, 1000, 8);
		double n = SIDE * SIDE, m = (SIDE - 16) * (SIDE - 16);
		/* of the ring of eight pixels alone, both relative to about the same brightness */
		double ring = sqrt((all * all * n - inside * inside * m) / (n - m));
		g_test_message("%s: ring %g, inside %g", methods[i], ring, inside);
		g_assert_cmpfloat(ring, <, 1.3 * inside);
	}
}

/* Each comes nearer to the scene than the blurred picture, fista as near as any. */
static void methods(void)
{
	static const char *const names[] = { "fista", "wiener", "tikhonov", "rl", "rl-tv", "nnls",
		"fista-wavelet", "admm", "rif", "unsupervised", "ictm", "hyper-laplacian" };
	static const double photons[] = { 300, 1000, 10000 };
	g_autoptr(array) psf = psf_new();
	for (size_t i = 0; i < G_N_ELEMENTS(photons); i++) {
		g_autoptr(array) y = counts_new(photons[i], 5);
		double blurred = error_of(y, photons[i], 0), best = 0;
		g_test_message("%g photons: blurred %g", photons[i], blurred);
		for (size_t k = 0; k < G_N_ELEMENTS(names); k++) {
			const char *const options[] = { "method", names[k], NULL };
			g_autoptr(array) x = sharp(y, psf, options);
			double e = error_of(x, photons[i], 0);
			g_test_message("%s %g", names[k], e);
			best = k == 0 ? e : best;
			g_assert_cmpfloat(e, <, blurred);
			g_assert_cmpfloat(e, >, 0.95 * best);
		}
	}
}

static const stage_test tests[] = {
	{ "/deconv/stop", stops_in_time },
	{ "/deconv/borders", borders },
	{ "/deconv/methods", methods },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
