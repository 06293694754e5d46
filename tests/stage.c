/* SPDX-License-Identifier: BSD-3-Clause */
/* stage.c - resampling, geometry, Bayer planes, rendering */
#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/demosaic.h"
#include "stage/geometry.h"
#include "stage/render.h"
#include "stage/resample.h"
#include "tests/stage.h"

device *cpu;

/* --- resampling ------------------------------------------------------------------------------- */

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

/* --- geometry --------------------------------------------------------------------------------- */

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

/* --- Bayer ------------------------------------------------------------------------------------ */

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

/* --- rendering -------------------------------------------------------------------------------- */

static const render_settings usual = { RENDER_SRGB, 0.1, 99.9, 2.2, false, 2 };

static double wave(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return sin((double)(x + 7 * y)) * (double)(c + 1) - 0.2 * (double)z;
}

static void render_keeps_order(void)
{
	for (int tone = RENDER_SRGB; tone <= RENDER_INPUT; tone++) {
		render_settings s = usual;
		s.tone = tone;
		g_autoptr(array) a = make((shape){ 3, 2, 30, 40 }, wave);
		g_autoptr(array) shown = render_display(a, &s, NULL);
		g_assert_true(shape_equal(shown->shape, (shape){ 3, 1, 30, 40 }));
		for (int64_t i = 1; i < 1200; i++) {
			double before = at(a, 1, 0, (i - 1) / 40, (i - 1) % 40);
			double here = at(a, 1, 0, i / 40, i % 40);
			double p = at(shown, 1, 0, (i - 1) / 40, (i - 1) % 40);
			double q = at(shown, 1, 0, i / 40, i % 40);
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

/* No percentile counts: what is half of the input's white is half of the file's. */
static void render_as_input(void)
{
	const render_settings s = { RENDER_INPUT, 5, 95, 2.2, false, 200 };
	g_autoptr(array) a = make((shape){ 3, 1, 1, 301 }, unit_ramp);
	vec_scale(a, 1000);
	vec_shift(a, -50);
	g_autoptr(array) shown = render_display(a, &s, NULL);
	for (int64_t x = 0; x < 301; x++)
		g_assert_cmpfloat_with_epsilon(at(shown, 1, 0, 0, x),
			CLAMP(((double)x - 50) / 200, 0, 1), 1e-6);
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

/* --- OpenCL ----------------------------------------------------------------------------------- */

static array *flipped(const array *a) { return geometry_flip_x(a); }
static array *turned(const array *a) { return geometry_rotate(a, 3); }
static array *centred(const array *a) { return geometry_centred(a, 9, 50); }
static array *framed(const array *a) { return geometry_frame(a, 2); }
static array *boxed(const array *a) { return resample_box(a, 3); }
static array *resized(const array *a) { return resample_area(a, 17, 29); }
static array *coloured(const array *a)
{
	return demosaic(a, BAYER_GRBG, DEMOSAIC_GRADIENT, "x", NULL);
}
static array *split(const array *a) { return demosaic_split(a, BAYER_GBRG, "x", NULL); }

/* What runs on any device gives the same there, but for the last bits. */
static void opencl_agrees(void)
{
	array *(*const steps[])(const array *) = {
		flipped, turned, centred, framed, boxed, resized, coloured, split,
	};
	g_autoptr(device) dev = device_new("opencl", 1, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device");
		return;
	}
	g_autoptr(array) here = make((shape){ 1, 2, 23, 37 }, scrambled);
	g_autoptr(array) there = array_move(here, dev);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(array) a = steps[i](here);
		g_autoptr(array) far = steps[i](there);
		g_autoptr(array) b = array_move(far, cpu);
		g_assert_true(shape_equal(a->shape, b->shape) && device_ok(dev, NULL));
		for (int64_t k = 0; k < shape_count(a->shape); k++) {
			int64_t x = k % a->shape.x, y = k / a->shape.x % a->shape.y;
			int64_t plane = k / a->shape.x / a->shape.y;
			g_assert_cmpfloat_with_epsilon(at(a, 0, plane, y, x), at(b, 0, plane, y, x), 0.1);
		}
	}
}

static const stage_test tests[] = {
	{ "/opencl/agrees", opencl_agrees },
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
	{ "/render/order", render_keeps_order },
	{ "/render/srgb", render_is_srgb },
	{ "/render/input", render_as_input },
	{ "/render/odd", render_odd_pictures },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
