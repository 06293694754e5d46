/* SPDX-License-Identifier: BSD-3-Clause */
/* calibrate.c - dark levels, flat fields, bad pixels, colour noise, percentiles, random numbers */
#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/calibrate.h"
#include "stage/chroma.h"
#include "stage/random.h"
#include "stage/select.h"
#include "tests/stage.h"

device *cpu;

static double flat_colour(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z, (void)y, (void)x;
	return 10.0 * (double)(c + 1);
}

static double ramp(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return 3.0 * (double)y - 2.0 * (double)x + 100;
}

/* --- calibration ------------------------------------------------------------------------------ */

static void dark_levels(void)
{
	g_autoptr(array) a = make((shape){ 2, 1, 30, 40 }, scrambled);
	double sum[2] = { 0 };
	for (int64_t y = 5; y < 15; y++)
		for (int64_t x = 5; x < 15; x++) {
			sum[0] += scrambled(0, 0, y, x) / 100;
			sum[1] += scrambled(1, 0, y, x) / 100;
		}
	g_assert_cmpfloat_with_epsilon(calibrate_corner(a, 1, CORNER_TUTORIAL), sum[1], 1e-6);
	g_assert_cmpfloat_with_epsilon(calibrate_corner(a, -1, CORNER_TUTORIAL),
		(sum[0] + sum[1]) / 2, 1e-6);
	calibrate_subtract(a, 30000, true);
	for (int64_t i = 0; i < 1200; i++)
		g_assert_cmpfloat(at(a, 1, 0, i / 40, i % 40), ==,
			fmax(scrambled(1, 0, i / 40, i % 40) - 30000, 0));
	g_autoptr(array) small = make((shape){ 1, 1, 10, 10 }, scrambled);
	g_assert_cmpfloat(calibrate_corner(small, -1, CORNER_TUTORIAL), ==, 0);
}

static void dark_frames(void)
{
	g_autoptr(array) a = make((shape){ 3, 1, 4, 5 }, scrambled);
	g_autoptr(array) dark = make((shape){ 1, 1, 4, 5 }, ramp);
	g_autoptr(array) wrong = make((shape){ 1, 1, 5, 4 }, ramp);
	g_autoptr(GError) err = NULL;
	g_assert_false(calibrate_subtract_frame(a, wrong, false, "dark.tif", &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_MISMATCH);
	g_assert_cmpfloat(at(a, 2, 0, 3, 4), ==, scrambled(2, 0, 3, 4));
	g_assert_true(calibrate_subtract_frame(a, dark, false, "dark.tif", NULL));
	g_assert_cmpfloat(at(a, 2, 0, 3, 4), ==, scrambled(2, 0, 3, 4) - ramp(0, 0, 3, 4));
}

/* A flat ramp through which an even scene is seen; one pixel sees nothing. */
static double vignette(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return y == 3 && x == 2 ? 0 : 50 + 3 * (double)y + 2 * (double)x;
}

static void flat_field(void)
{
	g_autoptr(array) a = make((shape){ 1, 1, 9, 7 }, vignette);
	g_autoptr(array) flat = make((shape){ 1, 1, 9, 7 }, vignette);
	double mean = vec_sum(flat) / 63;
	int64_t repaired;
	g_assert_true(calibrate_flat(a, flat, &repaired, "flat.tif", NULL));
	g_assert_cmpint(repaired, ==, 1);
	for (int64_t i = 0; i < 63; i++)
		g_assert_cmpfloat_with_epsilon(at(a, 0, 0, i / 7, i % 7), mean, 1e-4);
	vec_fill(flat, 0);
	g_autoptr(GError) err = NULL;
	g_assert_false(calibrate_flat(a, flat, &repaired, "flat.tif", &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_INPUT);
}

static void not_a_number(void)
{
	g_autoptr(array) a = make((shape){ 2, 1, 9, 11 }, flat_colour);
	int64_t count;
	for (int64_t x = 2; x < 9; x++)
		for (int64_t y = 1; y < 8; y++)
			array_row(a, 1, 0, y)[x] = y == 4 ? INFINITY : NAN;
	g_autoptr(GError) err = NULL, all = NULL;
	g_assert_false(calibrate_finite(a, false, &count, "a.tif", &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_INPUT);
	g_assert_nonnull(strstr(err->message, "49 of 198"));
	g_assert_nonnull(strstr(err->message, "row 1, column 2 (channel 1"));
	g_assert_true(calibrate_finite(a, true, &count, "a.tif", NULL));
	g_assert_cmpint(count, ==, 49);
	for (int64_t i = 0; i < 99; i++)
		g_assert_cmpfloat(at(a, 1, 0, i / 11, i % 11), ==, 20);
	vec_fill(a, NAN);
	g_assert_false(calibrate_finite(a, true, &count, "a.tif", &all));
	g_assert_cmpint(relumine_exit_status(all), ==, RELUMINE_BAD_INPUT);
}

static double ripple(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return 100 + sin((double)(x + 7 * y));
}

static void hot_pixels(void)
{
	g_autoptr(array) a = make((shape){ 1, 1, 20, 20 }, ripple);
	array_row(a, 0, 0, 7)[8] = 5000;
	array_row(a, 0, 0, 19)[0] = 900;
	g_assert_cmpint(calibrate_hot(a, 30, NULL), ==, 2);
	double sum = -ripple(0, 0, 7, 8);
	for (int64_t i = 0; i < 9; i++)
		sum += ripple(0, 0, 6 + i / 3, 7 + i % 3);
	g_assert_cmpfloat_with_epsilon(at(a, 0, 0, 7, 8), sum / 8, 1e-4);
	g_assert_cmpint(calibrate_hot(a, 30, NULL), ==, 0);
}

static int by_value(const void *a, const void *b)
{
	float u = *(const float *)a, v = *(const float *)b;
	return u < v ? -1 : u > v;
}

static void select_against_sorting(void)
{
	for (uint64_t trial = 0; trial < 60; trial++) {
		float values[50], sorted[50];
		random_stream s = random_at(trial, 0, 0);
		int64_t n = 1 + random_word(&s) % 50;
		for (int64_t i = 0; i < n; i++)
			values[i] = (float)(random_word(&s) % (trial % 3 ? 1000 : 4));
		memcpy(sorted, values, sizeof(values));
		qsort(sorted, (size_t)n, sizeof(float), by_value);
		double rank = 0.37 * (double)(n - 1), low = floor(rank);
		double next = (double)sorted[MIN((int64_t)low + 1, n - 1)];
		double expected = (double)sorted[(int64_t)low];
		expected += (rank - low) * (next - expected);
		g_assert_cmpfloat_with_epsilon(select_percentile(values, n, 37), expected, 1e-9);
		g_assert_cmpfloat(select_nth(values, n, n / 2), ==, (double)sorted[n / 2]);
	}
}

/* --- random numbers --------------------------------------------------------------------------- */

/* Known answers published with Random123 (kat_vectors, philox4x32-10). */
static void philox_known_answers(void)
{
	static const uint32_t answers[][10] = {
		{ 0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 },
		{ ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd },
		{ 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
			0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		uint32_t out[4];
		random_philox(out, answers[i], answers[i] + 4);
		g_assert_cmpint(memcmp(out, answers[i] + 6, sizeof(out)), ==, 0);
	}
}

enum { DRAWS = 200000 };

/* Mean and variance within five standard errors, from the fourth moment of the distribution. */
static void check_moments(double (*draw)(random_stream *, double), double parameter, double mean,
	double variance, double fourth)
{
	double sum = 0, squares = 0;
	for (uint64_t i = 0; i < DRAWS; i++) {
		random_stream s = random_at(20240601, 3, i);
		double d = draw(&s, parameter) - mean;
		sum += d;
		squares += d * d;
	}
	g_assert_cmpfloat_with_epsilon(sum / DRAWS, 0, 5 * sqrt(variance / DRAWS));
	g_assert_cmpfloat_with_epsilon(squares / DRAWS, variance,
		5 * sqrt((fourth - variance * variance) / DRAWS));
}

static double draw_uniform(random_stream *s, double unused)
{
	(void)unused;
	double u = random_uniform(s);
	g_assert_true(u > 0 && u < 1);
	return u;
}

static double draw_gauss(random_stream *s, double unused)
{
	(void)unused;
	return random_gauss(s);
}

static void random_moments(void)
{
	static const double means[] = { 0.01, 0.7, 4, 9.99, 10, 33, 1000, 5e6 };
	check_moments(draw_uniform, 0, 0.5, 1.0 / 12, 1.0 / 80);
	check_moments(draw_gauss, 0, 0, 1, 3);
	for (size_t i = 0; i < G_N_ELEMENTS(means); i++) {
		double m = means[i];
		check_moments(random_poisson, m, m, m, m + 3 * m * m);
	}
	random_stream s = random_at(1, 1, 1);
	g_assert_cmpfloat(random_poisson(&s, 0), ==, 0);
	g_assert_cmpfloat(random_poisson(&s, -3), ==, 0);
}

/* Chi-squared of counts against the Poisson probabilities; 0.999 quantile of 40 degrees: 73.4. */
static void poisson_distribution(double mean)
{
	enum { CLASSES = 41 };
	double seen[CLASSES] = { 0 }, expected[CLASSES] = { 0 }, chi = 0;
	int64_t first = (int64_t)fmax(mean - 20, 0);
	for (uint64_t i = 0; i < DRAWS; i++) {
		random_stream s = random_at(7, 1, i);
		int64_t k = (int64_t)random_poisson(&s, mean) - first;
		seen[CLAMP(k, 0, CLASSES - 1)]++;
	}
	for (int64_t k = 0; k < 400; k++)
		expected[CLAMP(k - first, 0, CLASSES - 1)] +=
			DRAWS * exp((double)k * log(mean) - mean - lgamma((double)k + 1));
	for (int i = 0; i < CLASSES; i++)
		if (expected[i] > 5)
			chi += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
	g_assert_cmpfloat(chi, <, 73.4);
}

static void poisson_counts(void)
{
	poisson_distribution(3.5);
	poisson_distribution(12);
	poisson_distribution(60);
}

/* --- colour noise ----------------------------------------------------------------------------- */

/* Two halves that differ in red less blue alone: total variation pulls them together. */
static double two_halves(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z, (void)y;
	return 10 + (c == 1 ? 0 : (c == 0 ? 1 : -1) * (x < 8 ? 2 : 0));
}

/*
 * min 1/2 |x - y|^2 + w TV(x) for a step between two halves of a x b pixels each: TV is b times the
 * step, so each half moves by w b / (a b) = w / a towards the other until they meet.
 */
static void chroma_of_a_step(void)
{
	const double weights[] = { 0, 0.1, 0.2, 0.4 };
	for (size_t i = 0; i < G_N_ELEMENTS(weights); i++) {
		g_autoptr(array) a = make((shape){ 3, 1, 6, 16 }, two_halves);
		double high = 2 * sqrt(2), move = fmin(weights[i] / 8, high / 2);
		double left = (high - move) / sqrt(2), right = move / sqrt(2);
		chroma_smooth(a, weights[i]);
		for (int64_t x = 0; x < 16; x++) {
			double odd = x < 8 ? left : right;
			g_assert_cmpfloat_with_epsilon(at(a, 0, 0, 3, x), 10 + odd, 2e-2);
			g_assert_cmpfloat_with_epsilon(at(a, 1, 0, 3, x), 10, 1e-5);
			g_assert_cmpfloat_with_epsilon(at(a, 2, 0, 3, x), 10 - odd, 2e-2);
		}
	}
}

static double gray_noise(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	return scrambled(0, z, y, x) / 65521;
}

static void chroma_of_gray(void)
{
	g_autoptr(array) a = make((shape){ 3, 2, 20, 31 }, gray_noise);
	g_autoptr(array) b = array_copy(a);
	chroma_smooth(a, 0.3);
	vec_subtract(b, a);
	g_assert_cmpfloat((double)vec_max_abs(b), <, 1e-5);
}

/* Brightness stays, and nothing becomes negative. */
static void chroma_of_noise(void)
{
	g_autoptr(array) a = make((shape){ 3, 1, 20, 31 }, scrambled);
	g_autoptr(array) b = array_copy(a);
	vec_shift(a, 60000);
	vec_shift(b, 60000);
	chroma_smooth(a, 5000);
	for (int64_t i = 0; i < 20 * 31; i++) {
		double before = 0, after = 0;
		for (int64_t c = 0; c < 3; c++) {
			before += at(b, c, 0, i / 31, i % 31);
			after += at(a, c, 0, i / 31, i % 31);
		}
		g_assert_cmpfloat_with_epsilon(after, before, 0.5);
	}
	vec_subtract(b, a);
	g_assert_cmpfloat(vec_norm(b), >, 10000);
}

static double gauss_over_edges(int64_t c, int64_t z, int64_t y, int64_t x)
{
	random_stream s = random_at(7, 99, (uint64_t)((c * 3 + z) * 100000 + y * 300 + x));
	return 50 + 20 * (double)(c == 0 && x > 90) + 0.25 * random_gauss(&s);
}

/* Independent noise in r, g, b has the same deviation along each of the orthonormal axes. */
static void noise_of_chroma(void)
{
	g_autoptr(array) a = make((shape){ 3, 1, 150, 200 }, gauss_over_edges);
	g_autoptr(array) gray = make((shape){ 3, 1, 20, 31 }, gray_noise);
	g_autoptr(array) small = make((shape){ 3, 1, 2, 31 }, scrambled);
	g_assert_cmpfloat_with_epsilon(chroma_noise(a, NULL), 0.25, 0.01);
	g_assert_cmpfloat(chroma_noise(gray, NULL), <, 1e-6);
	g_assert_cmpfloat(chroma_noise(small, NULL), ==, 0);
}

static const stage_test tests[] = {
	{ "/calibrate/dark", dark_levels },
	{ "/calibrate/dark-frame", dark_frames },
	{ "/calibrate/flat", flat_field },
	{ "/calibrate/not-a-number", not_a_number },
	{ "/calibrate/hot", hot_pixels },
	{ "/select/sorting", select_against_sorting },
	{ "/random/philox", philox_known_answers },
	{ "/random/moments", random_moments },
	{ "/random/poisson", poisson_counts },
	{ "/chroma/step", chroma_of_a_step },
	{ "/chroma/gray", chroma_of_gray },
	{ "/chroma/measured", noise_of_chroma },
	{ "/chroma/noise", chroma_of_noise },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
