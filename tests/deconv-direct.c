/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-direct.c - one division in the Fourier domain against closed forms and plain sums */
#include <glib.h>
#include <jansson.h>
#include <math.h>
#include "core/error.h"
#include "math/fft.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "tests/stage.h"

device *cpu;

/* --- a wave without blur ---------------------------------------------------------------------- */

enum { WIDE = 12 };

/* Three waves along x: the gradient's square is g = 2 - 2 cos(2 pi 3 / 12) = 2 times the wave. */
static double wave(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y;
	return 50 + 20 * cos(2 * G_PI * 3 * (double)x / WIDE);
}

static double one(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 1;
}

/*
 * What is left of the wave: 1 / (1 + balance R), R relative to the largest g, 4 an axis.  Where a
 * pixel is twice as wide as high the wave's g is a quarter, and so is x's part of the largest.
 */
static void waves(void)
{
	static const struct { int method; double wide, share; } rows[] = {
		{ DECONV_TIKHONOV, 1, 2.0 / 8 }, { DECONV_RIF, 1, 2.0 * 2.0 / (8 * 8) },
		{ DECONV_TIKHONOV, 2, 0.5 / 5 }, { DECONV_RIF, 2, 0.5 * 0.5 / (5 * 5) },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_autoptr(array) y = make((shape){ 1, 1, 5, WIDE }, wave);
		g_autoptr(array) x = array_like(y);
		g_autoptr(array) psf = make((shape){ 1, 1, 1, 1 }, one);
		deconv_options options = { .method = rows[i].method, .balance = 5 };
		deconv_spread spread = { .psf = psf };
		deconv_data d = { .y = y, .frames = 1, .spreads = &spread, .n_spreads = 1,
			.background = NAN, .scale = 1, .apart = { 1, 1, rows[i].wide } };
		task t = { .cpu = cpu, .dev = cpu, .options = &options, .report = report_new() };
		deconv_wiener(&t, &d, x, &err);
		g_assert_no_error(err);
		report_free(t.report);
		for (int64_t k = 0; k < WIDE; k++)
			g_assert_cmpfloat_with_epsilon(at(x, 0, 0, 2, k), 50 + (wave(0, 0, 0, k) - 50) /
				(1 + 5 * rows[i].share), 1e-3);
	}
}

/* --- the likeliest noise ---------------------------------------------------------------------- */

enum { TALL = 9, LONG = 11, GRID_Y = 10, GRID_X = 13 };

static double blurred(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 100 + 30 * sin((double)x * 0.5) * cos((double)y * 0.7) + scrambled(c, z, y, x) / 9000;
}

static double uneven(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return (double)(1 + y + 2 * x) / 36;
}

/* |sum of a exp(-2 pi i (k y / GRID_Y + l x / GRID_X))|^2 */
static double power_at(const array *a, int64_t k, int64_t l)
{
	double real = 0, imaginary = 0;
	for (int64_t y = 0; y < a->shape.y; y++)
		for (int64_t x = 0; x < a->shape.x; x++) {
			double turn = 2 * G_PI * ((double)(k * y) / GRID_Y + (double)(l * x) / GRID_X);
			real += at(a, 0, 0, y, x) * cos(turn);
			imaginary += at(a, 0, 0, y, x) * sin(turn);
		}
	return real * real + imaginary * imaginary;
}

static double window(int64_t i, int64_t n)
{
	return 0.5 - 0.5 * cos(2 * G_PI * ((double)i + 0.5) / (double)n);
}

typedef double plane[GRID_Y][GRID_X];
typedef struct { plane data, blur, laplace; } powers;

static void powers_of(powers *p, const array *y, const array *psf)
{
	g_autoptr(array) a = array_copy(y);
	double all = 0, light = 0, square = 0;
	for (int64_t i = 0; i < TALL * LONG; i++) {
		double w = window(i / LONG, TALL) * window(i % LONG, LONG);
		all += w;
		square += w * w;
		light += w * at(y, 0, 0, i / LONG, i % LONG);
	}
	for (int64_t i = 0; i < TALL * LONG; i++)
		array_row(a, 0, 0, i / LONG)[i % LONG] = (float)((at(y, 0, 0, i / LONG, i % LONG) -
			light / all) * window(i / LONG, TALL) * window(i % LONG, LONG) / sqrt(square));
	for (int64_t k = 0; k < GRID_Y; k++)
		for (int64_t l = 0; l < GRID_X; l++) {
			double g = 4 - 2 * cos(2 * G_PI * (double)k / GRID_Y) -
				2 * cos(2 * G_PI * (double)l / GRID_X);
			p->data[k][l] = power_at(a, k, l);
			p->blur[k][l] = power_at(psf, k, l);
			p->laplace[k][l] = g * g;
		}
}

/* The likelihood of all frequencies but 0, their variances gn^-1 (blur / (r laplace) + 1). */
static double likelihood(const powers *p, double r)
{
	double noise = 0, sum = 0, n = GRID_Y * GRID_X - 1;
	for (int64_t i = 1; i < GRID_Y * GRID_X; i++) {
		int64_t k = i / GRID_X, l = i % GRID_X;
		noise += p->data[k][l] / (p->blur[k][l] / (r * p->laplace[k][l]) + 1) / n;
	}
	for (int64_t i = 1; i < GRID_Y * GRID_X; i++) {
		int64_t k = i / GRID_X, l = i % GRID_X;
		double variance = noise * (p->blur[k][l] / (r * p->laplace[k][l]) + 1);
		sum -= log(variance) + p->data[k][l] / variance;
	}
	return sum;
}

static void likeliest(void)
{
	g_autoptr(array) y = make((shape){ 1, 1, TALL, LONG }, blurred);
	g_autoptr(array) psf = make((shape){ 1, 1, 3, 3 }, uneven);
	const shape grid = { 1, 1, GRID_Y, GRID_X };
	g_autoptr(linop) m = linop_convolve(cpu, grid, psf, (position){ 0, 1, 1 }, 2);
	g_autoptr(array) blur = linop_convolve_power(m);
	g_autoptr(array) penalty = gradient_spectrum(cpu, grid, 2, NULL);
	g_autofree powers *p = g_new(powers, 1);
	task t = { .cpu = cpu, .dev = cpu, .report = report_new() };
	vec_multiply(penalty, penalty);
	powers_of(p, y, psf);
	double r = deconv_likeliest(&t, y, grid, blur, penalty), most = likelihood(p, r);
	g_assert_cmpfloat(r, >, 1e-6);
	g_assert_cmpfloat(r, <, 10);
	g_assert_cmpfloat(json_number_value(json_object_get(report_metrics(t.report),
		"noise_to_signal")), ==, r);
	for (double other = 1e-8; other < 1e4; other *= 1.1)
		g_assert_cmpfloat(likelihood(p, other), <=, most + 1e-4);
	g_assert_cmpfloat(likelihood(p, r * 1.05), <, most);
	g_assert_cmpfloat(likelihood(p, r / 1.05), <, most);
	report_free(t.report);
}

/* --- doubt ------------------------------------------------------------------------------------ */

enum { LINE = 26, BOX = 5, MOST_LINE = 40 };

/* A box of light, and steps that no box of 5 pixels makes: what the mirror images are like. */
static double steps(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 20 + (x >= 8 && x < 15 ? 100 : 0) + (x > 20 ? 40 : 0) + scrambled(c, z, y, x) / 20000;
}

/* to = the convolution of from with the kernel whose transform is gain, real and even */
static void pass(double *to, const double *from, const double *gain, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		to[i] = 0;
		for (int64_t j = 0; j < n; j++)
			for (int64_t k = 0; k < n; k++)
				to[i] += gain[k] * from[j] * cos(2 * G_PI * (double)(k * (i - j) % n) / (double)n) /
					(double)n;
	}
}

/* x of the doubt q, cut off at 0; the squared misfit to y. */
static double doubted(double *x, const double *y, int64_t n, double weight, double q)
{
	double blur[MOST_LINE], gain[MOST_LINE] = { 0 }, again[MOST_LINE], misfit = 0;
	for (int64_t k = 0; k < n; k++) {
		double turn = 2 * G_PI * (double)k / (double)n;
		blur[k] = (1 + 2 * cos(turn) + 2 * cos(2 * turn)) / BOX;
		gain[k] = blur[k] / ((1 - q) * (blur[k] * blur[k] + weight * (2 - 2 * cos(turn))) + q);
	}
	pass(x, y, gain, n);
	for (int64_t i = 0; i < n; i++)
		x[i] = fmax(x[i], 0);
	pass(again, x, blur, n);
	for (int64_t i = 0; i < LINE; i++)
		misfit += pow(again[i] - y[i], 2);
	return misfit;
}

/* The picture and its mirror images on n elements. */
static void continued(double *wide, const array *y, int64_t n)
{
	int64_t more = n - LINE;
	g_assert_cmpint(n, <=, MOST_LINE);
	for (int64_t i = 0; i < n; i++)
		wide[i] = at(y, 0, 0, 0, i < LINE ? i : i - LINE < more / 2 ? 2 * LINE - 1 - i : n - 1 - i);
}

/* Of 0.1, that over the powers of the root of 10 down to 1e-5, and 0: the least that will do. */
static double least_doubt(const double *wide, int64_t n, double weight)
{
	double x[MOST_LINE], least = INFINITY, next = 0.1, taken = next;
	for (int i = 1; i <= 10; i++) {
		double misfit = doubted(x, wide, n, weight, next);
		if (misfit > 2 * least)
			break;
		least = fmin(least, misfit);
		taken = next;
		next = i <= 8 ? 0.1 * pow(10, -0.5 * i) : 0;
	}
	return taken;
}

static void doubt(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(array) y = make((shape){ 1, 1, 1, LINE }, steps), x = array_like(y);
	g_autoptr(array) psf = make((shape){ 1, 1, 1, BOX }, one);
	vec_scale(psf, 1.0f / BOX);
	deconv_options options = { .method = DECONV_TIKHONOV, .balance = 1e-5 };
	deconv_spread spread = { .psf = psf, .centre = { 0, 0, BOX / 2 } };
	deconv_data d = { .y = y, .frames = 1, .spreads = &spread, .n_spreads = 1,
		.background = NAN, .scale = 1, .apart = { 1, 1, 1 } };
	task t = { .cpu = cpu, .dev = cpu, .options = &options, .report = report_new() };
	deconv_wiener(&t, &d, x, &err);
	g_assert_no_error(err);

	double wide[MOST_LINE] = { 0 }, found[MOST_LINE] = { 0 }, weight = 1e-5 / 8;
	int64_t n = fft_good_size(LINE + BOX - 1);
	continued(wide, y, n);
	double q = least_doubt(wide, n, weight);
	g_test_message("doubt %g", q);
	g_assert_cmpfloat_with_epsilon(json_number_value(json_object_get(report_metrics(t.report),
		"doubt")), q, 1e-9);
	g_assert_cmpfloat(q, >, 0);
	g_assert_cmpfloat(q, <, 0.1);
	doubted(found, wide, n, weight, q);
	for (int64_t i = 0; i < LINE; i++)
		g_assert_cmpfloat_with_epsilon(at(x, 0, 0, 0, i), found[i], 2e-3);
	g_assert_cmpfloat(vec_norm(x), <, 2 * vec_norm(y));
	report_free(t.report);
}

static const stage_test tests[] = {
	{ "/deconv/direct/waves", waves },
	{ "/deconv/direct/doubt", doubt },
	{ "/deconv/direct/likeliest", likeliest },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
