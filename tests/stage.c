/* SPDX-License-Identifier: BSD-3-Clause */
/* stage.c - calibration, resampling, Bayer planes, geometry, random numbers, rendering */
#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/array.h"
#include "core/error.h"
#include "math/vec.h"
#include "stage/calibrate.h"
#include "stage/demosaic.h"
#include "stage/geometry.h"
#include "stage/random.h"
#include "stage/render.h"
#include "stage/resample.h"
#include "stage/select.h"

static device *cpu;

typedef double recipe(int64_t c, int64_t z, int64_t y, int64_t x);

static array *make(shape s, recipe *f)
{
	array *a = array_new(cpu, REAL, s);
	for (int64_t p = 0; p < shape_planes(s); p++)
		for (int64_t i = 0; i < s.y * s.x; i++)
			array_row(a, 0, p, i / s.x)[i % s.x] = (float)f(p / s.z, p % s.z, i / s.x, i % s.x);
	return a;
}

static double at(const array *a, int64_t c, int64_t z, int64_t y, int64_t x)
{
	return (double)array_row(a, c, z, y)[x];
}

static double scrambled(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return (double)((c * 7919 + z * 104729 + y * 1299709 + x * 15485863) % 65521);
}

static bool same(const array *a, const array *b)
{
	bool equal = shape_equal(a->shape, b->shape);
	for (int64_t p = 0; equal && p < shape_planes(a->shape); p++)
		for (int64_t y = 0; y < a->shape.y; y++)
			equal = equal && !memcmp(array_row(a, 0, p, y), array_row(b, 0, p, y),
				(size_t)a->shape.x * sizeof(float));
	return equal;
}

/* --- resampling --------------------------------------------------------------------------------- */

static void box_is_the_plain_mean(void)
{
	g_autoptr(array) a = make((shape){ 2, 2, 23, 37 }, scrambled);
	for (int64_t k = 1; k <= 5; k++) {
		g_autoptr(array) b = resample_box(a, k);
		g_assert_cmpint(b->shape.y, ==, 23 / k);
		g_assert_cmpint(b->shape.x, ==, 37 / k);
		for (int64_t y = 0; y < 23 / k; y++)
			for (int64_t x = 0; x < 37 / k; x++) {
				double sum = 0;
				for (int64_t i = 0; i < k * k; i++)
					sum += scrambled(1, 1, y * k + i / k, x * k + i % k);
				g_assert_cmpfloat_with_epsilon(at(b, 1, 1, y, x), sum / (double)(k * k), 0.01);
			}
	}
}

/* Means of whole numbers by powers of two are exact in float. */
static void box_by_four_is_box_by_two_twice(void)
{
	g_autoptr(array) a = make((shape){ 1, 1, 48, 64 }, scrambled);
	g_autoptr(array) half = resample_box(a, 2);
	g_autoptr(array) quarter = resample_box(half, 2);
	g_autoptr(array) once = resample_box(a, 4);
	g_autoptr(array) area = resample_area(a, 12, 16);
	g_assert_true(same(quarter, once));
	for (int64_t i = 0; i < 12 * 16; i++)
		g_assert_cmpfloat_with_epsilon(at(area, 0, 0, i / 16, i % 16),
			at(once, 0, 0, i / 16, i % 16), 0.02);
}

static void area_keeps_the_mean(void)
{
	const int64_t sizes[][2] = { { 1, 1 }, { 7, 5 }, { 13, 31 }, { 29, 17 }, { 60, 91 } };
	g_autoptr(array) a = make((shape){ 1, 1, 29, 41 }, scrambled);
	double mean = vec_sum(a) / (29 * 41);
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		int64_t h = sizes[i][0], w = sizes[i][1];
		g_autoptr(array) b = resample_area(a, h, w);
		g_assert_cmpfloat_with_epsilon(vec_sum(b) / (double)(h * w), mean, 1e-5 * mean);
	}
}

/* A pixel of 1.5 input pixels, by hand. */
static double counting(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return (double)(c + z + y + (x + 1) * (x + 1));
}

static void area_weights_by_hand(void)
{
	g_autoptr(array) a = make((shape){ 1, 1, 1, 3 }, counting);
	g_autoptr(array) b = resample_area(a, 1, 2);
	g_assert_cmpfloat_with_epsilon(at(b, 0, 0, 0, 0), (1 + 0.5 * 4) / 1.5, 1e-6);
	g_assert_cmpfloat_with_epsilon(at(b, 0, 0, 0, 1), (0.5 * 4 + 9) / 1.5, 1e-6);
}

/* --- geometry ----------------------------------------------------------------------------------- */

static void geometry_undoes_itself(void)
{
	g_autoptr(array) a = make((shape){ 3, 2, 5, 8 }, scrambled);
	g_autoptr(array) up = geometry_flip_y(a);
	g_autoptr(array) up_up = geometry_flip_y(up);
	g_autoptr(array) left = geometry_flip_x(a);
	g_autoptr(array) left_left = geometry_flip_x(left);
	g_autoptr(array) both = geometry_flip_x(up);
	g_autoptr(array) half_turn = geometry_rotate(a, 2);
	g_autoptr(array) quarter = geometry_rotate(a, 1);
	g_autoptr(array) back = geometry_rotate(quarter, 3);
	g_autoptr(array) minus = geometry_rotate(half_turn, -1);
	g_autoptr(array) bgr = geometry_swap_channels(a);
	g_autoptr(array) rgb = geometry_swap_channels(bgr);
	g_assert_true(same(a, up_up) && same(a, left_left) && same(a, back) && same(a, rgb));
	g_assert_true(same(both, half_turn) && same(minus, quarter));
	g_assert_false(same(a, up) || same(a, left) || same(a, half_turn) || same(a, bgr));
	/* counter-clockwise: what was at the right is at the top now */
	g_assert_cmpfloat(at(quarter, 1, 1, 0, 4), ==, scrambled(1, 1, 4, 7));
	g_assert_cmpfloat(at(bgr, 0, 1, 2, 3), ==, scrambled(2, 1, 2, 3));
}

static void crop_and_pad(void)
{
	g_autoptr(array) a = make((shape){ 2, 1, 7, 6 }, scrambled);
	g_autoptr(array) part = geometry_crop(a, 2, 1, 3, 4);
	g_autoptr(array) padded = geometry_centred(a, 12, 13);
	g_autoptr(array) back = geometry_centred(padded, 7, 6);
	g_autoptr(array) mixed = geometry_centred(a, 3, 10);
	g_assert_cmpfloat(at(part, 1, 0, 2, 3), ==, scrambled(1, 0, 4, 4));
	g_assert_true(same(a, back));
	g_assert_cmpfloat(vec_sum(padded), ==, vec_sum(a));
	g_assert_cmpfloat(at(mixed, 0, 0, 0, 1), ==, 0);
	g_assert_cmpfloat(at(mixed, 0, 0, 0, 2), ==, scrambled(0, 0, 2, 0));
}

/* --- Bayer -------------------------------------------------------------------------------------- */

static const char *const cells[] = { "RGGB", "BGGR", "GRBG", "GBRG" };

/* What a sensor with this pattern sees of a colour picture. */
static array *mosaic(recipe *f, enum bayer pattern, shape s)
{
	array *a = array_new(cpu, REAL, s);
	for (int64_t i = 0; i < s.y * s.x; i++) {
		int64_t y = i / s.x, x = i % s.x;
		char letter = cells[pattern][y % 2 * 2 + x % 2];
		array_row(a, 0, 0, y)[x] = (float)f(letter == 'R' ? 0 : letter == 'G' ? 1 : 2, 0, y, x);
	}
	return a;
}

static double flat_colour(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z, (void)y, (void)x;
	return 10.0 * (double)(c + 1);
}

/* All colours alike: there the gradient correction vanishes, and both methods are exact. */
static double ramp(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return 3.0 * (double)y - 2.0 * (double)x + 100;
}

static void demosaic_reproduces(recipe *f, enum demosaic_method method, int64_t margin)
{
	for (int pattern = 0; pattern < 4; pattern++) {
		shape s = { 1, 1, 9, 12 };
		g_autoptr(array) sensor = mosaic(f, (enum bayer)pattern, s);
		g_autoptr(array) rgb = demosaic(sensor, (enum bayer)pattern, method, "x", NULL);
		for (int64_t c = 0; c < 3; c++)
			for (int64_t y = margin; y < s.y - margin; y++)
				for (int64_t x = margin; x < s.x - margin; x++)
					g_assert_cmpfloat_with_epsilon(at(rgb, c, 0, y, x), f(c, 0, y, x), 1e-4);
	}
}

static void demosaic_exact_cases(void)
{
	demosaic_reproduces(flat_colour, DEMOSAIC_BILINEAR, 0);
	demosaic_reproduces(flat_colour, DEMOSAIC_GRADIENT, 0);
	demosaic_reproduces(ramp, DEMOSAIC_BILINEAR, 2);
	demosaic_reproduces(ramp, DEMOSAIC_GRADIENT, 2);
}

/* The filters of Malvar, He and Cutler, figure 2, answer an impulse with their own coefficients. */
static void demosaic_coefficients(void)
{
	g_autoptr(array) sensor = array_new(cpu, REAL, (shape){ 1, 1, 12, 12 });
	vec_fill(sensor, 0);
	array_row(sensor, 0, 0, 6)[6] = 8;      /* a red pixel of RGGB */
	g_autoptr(array) rgb = demosaic(sensor, BAYER_RGGB, DEMOSAIC_GRADIENT, "x", NULL);
	const struct { int64_t c, y, x; double value; } expected[] = {
		{ 1, 6, 6, 4 }, { 1, 4, 6, -1 }, { 1, 6, 8, -1 }, { 2, 6, 6, 6 }, { 2, 8, 6, -1.5 },
		{ 0, 6, 7, 4 }, { 0, 7, 6, 4 }, { 0, 7, 7, 2 }, { 2, 6, 7, 0 }, { 0, 6, 6, 8 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
		g_assert_cmpfloat_with_epsilon(
			at(rgb, expected[i].c, 0, expected[i].y, expected[i].x), expected[i].value, 1e-5);
	vec_fill(sensor, 0);
	array_row(sensor, 0, 0, 6)[7] = 8;      /* green in a red row */
	g_autoptr(array) green = demosaic(sensor, BAYER_RGGB, DEMOSAIC_GRADIENT, "x", NULL);
	g_assert_cmpfloat_with_epsilon(at(green, 0, 0, 6, 7), 5, 1e-5);
	g_assert_cmpfloat_with_epsilon(at(green, 0, 0, 6, 9), -1, 1e-5);
	g_assert_cmpfloat_with_epsilon(at(green, 0, 0, 4, 7), 0.5, 1e-5);
	g_assert_cmpfloat_with_epsilon(at(green, 0, 0, 7, 8), -1, 1e-5);
	g_assert_cmpfloat_with_epsilon(at(green, 1, 0, 6, 6), 2, 1e-5);
}

static void split_planes(void)
{
	g_autoptr(array) sensor = make((shape){ 1, 1, 6, 10 }, scrambled);
	g_autoptr(array) four = demosaic_split(sensor, BAYER_BGGR, "x", NULL);
	g_assert_cmpint(four->shape.c, ==, 4);
	for (int64_t y = 0; y < 3; y++)
		for (int64_t x = 0; x < 5; x++) {
			g_assert_cmpfloat(at(four, 0, 0, y, x), ==, scrambled(0, 0, 2 * y + 1, 2 * x + 1));
			g_assert_cmpfloat(at(four, 1, 0, y, x), ==, scrambled(0, 0, 2 * y + 1, 2 * x));
			g_assert_cmpfloat(at(four, 2, 0, y, x), ==, scrambled(0, 0, 2 * y, 2 * x + 1));
			g_assert_cmpfloat(at(four, 3, 0, y, x), ==, scrambled(0, 0, 2 * y, 2 * x));
		}
}

static void bayer_refuses(void)
{
	g_autoptr(array) colour = make((shape){ 3, 1, 6, 6 }, scrambled);
	g_autoptr(array) line = make((shape){ 1, 1, 1, 6 }, scrambled);
	g_autoptr(array) cell = make((shape){ 1, 1, 2, 2 }, scrambled);
	g_autoptr(GError) a = NULL, b = NULL;
	g_assert_null(demosaic(colour, BAYER_RGGB, DEMOSAIC_GRADIENT, "c.tif", &a));
	g_assert_cmpint(relumine_exit_status(a), ==, RELUMINE_MISMATCH);
	g_assert_null(demosaic(line, BAYER_RGGB, DEMOSAIC_GRADIENT, "l.tif", &b));
	g_assert_cmpint(relumine_exit_status(b), ==, RELUMINE_BAD_INPUT);
	g_autoptr(array) rgb = demosaic(cell, BAYER_RGGB, DEMOSAIC_BILINEAR, "x", NULL);
	g_assert_cmpfloat(at(rgb, 0, 0, 1, 1), ==, scrambled(0, 0, 0, 0));
	g_assert_true(vec_finite(rgb));
}

static void gray_world(void)
{
	double gains[3];
	g_autoptr(array) a = make((shape){ 3, 1, 5, 5 }, flat_colour);
	balance_gray_world(a, gains);
	balance_apply(a, gains);
	for (int64_t c = 0; c < 3; c++)
		g_assert_cmpfloat_with_epsilon(at(a, c, 0, 2, 2), 20, 1e-5);
}

/* --- calibration -------------------------------------------------------------------------------- */

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
	g_assert_cmpfloat_with_epsilon(calibrate_corner(a, -1, CORNER_TUTORIAL), (sum[0] + sum[1]) / 2, 1e-6);
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

/* --- random numbers ----------------------------------------------------------------------------- */

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

/* --- rendering ---------------------------------------------------------------------------------- */

static const render_settings usual = { RENDER_SRGB, 0.1, 99.9, 2.2, false };

static double wave(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return sin((double)(x + 7 * y)) * (double)(c + 1) - 0.2 * (double)z;
}

static void render_keeps_order(void)
{
	for (int tone = RENDER_SRGB; tone <= RENDER_RAW; tone++) {
		render_settings s = usual;
		s.tone = tone;
		g_autoptr(array) a = make((shape){ 3, 2, 30, 40 }, wave);
		g_autoptr(array) shown = render_display(a, &s, NULL);
		g_assert_true(shape_equal(shown->shape, (shape){ 3, 1, 30, 40 }));
		for (int64_t i = 1; i < 1200; i++) {
			double before = at(a, 1, 0, (i - 1) / 40, (i - 1) % 40), here = at(a, 1, 0, i / 40, i % 40);
			double p = at(shown, 1, 0, (i - 1) / 40, (i - 1) % 40), q = at(shown, 1, 0, i / 40, i % 40);
			g_assert_true(p >= 0 && p <= 1 && (before < here ? p <= q : p >= q));
		}
	}
}

/* 0..1 over 1001 pixels: percentiles 0 and 100 stretch nothing, and the curve is the standard's. */
static double unit_ramp(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y;
	return (double)x / 1000;
}

static void render_is_srgb(void)
{
	render_settings s = usual;
	s.low = 0;
	s.high = 100;
	g_autoptr(array) a = make((shape){ 1, 1, 1, 1001 }, unit_ramp);
	g_autoptr(array) shown = render_display(a, &s, NULL);
	for (int64_t x = 0; x < 1001; x++) {
		double v = at(shown, 0, 0, 0, x);
		double linear = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
		g_assert_cmpfloat_with_epsilon(linear, unit_ramp(0, 0, 0, x), 1e-5);
	}
}

static void render_odd_pictures(void)
{
	const struct { float value, shown; } cases[] = { { 0, 0 }, { -3, 0 }, { 7, 1 } };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(array) a = array_new(cpu, REAL, (shape){ 5, 1, 3, 3 });
		vec_fill(a, cases[i].value);
		g_autoptr(array) shown = render_display(a, &usual, NULL);
		g_assert_cmpint(shown->shape.c, ==, 1);
		g_assert_cmpfloat_with_epsilon(at(shown, 0, 0, 1, 1), (double)cases[i].shown, 1e-6);
	}
	g_autoptr(array) star = array_new(cpu, REAL, (shape){ 1, 1, 100, 100 });
	vec_fill(star, 0);
	array_row(star, 0, 0, 50)[50] = 3;
	g_autoptr(array) seen = render_display(star, &usual, NULL);
	g_assert_cmpfloat_with_epsilon(at(seen, 0, 0, 50, 50), 1, 1e-6);
	g_assert_cmpfloat(at(seen, 0, 0, 50, 51), ==, 0);
}

static const struct { const char *path; void (*test)(void); } tests[] = {
	{ "/resample/box", box_is_the_plain_mean },
	{ "/resample/box-by-four", box_by_four_is_box_by_two_twice },
	{ "/resample/area-mean", area_keeps_the_mean },
	{ "/resample/area-by-hand", area_weights_by_hand },
	{ "/geometry/inverses", geometry_undoes_itself },
	{ "/geometry/crop-and-pad", crop_and_pad },
	{ "/bayer/exact", demosaic_exact_cases },
	{ "/bayer/coefficients", demosaic_coefficients },
	{ "/bayer/split", split_planes },
	{ "/bayer/refuses", bayer_refuses },
	{ "/bayer/gray-world", gray_world },
	{ "/calibrate/dark", dark_levels },
	{ "/calibrate/dark-frame", dark_frames },
	{ "/calibrate/flat", flat_field },
	{ "/calibrate/not-a-number", not_a_number },
	{ "/calibrate/hot", hot_pixels },
	{ "/select/sorting", select_against_sorting },
	{ "/random/philox", philox_known_answers },
	{ "/random/moments", random_moments },
	{ "/random/poisson", poisson_counts },
	{ "/render/order", render_keeps_order },
	{ "/render/srgb", render_is_srgb },
	{ "/render/odd", render_odd_pictures },
};

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	cpu = device_new("cpu", 2, NULL, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add_func(tests[i].path, tests[i].test);
	int failed = g_test_run();
	device_free(cpu);
	return failed;
}
