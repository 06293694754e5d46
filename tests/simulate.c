/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate.c - point spread functions checked and measured, scenes, simulated captures */
#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "io/image.h"
#include "math/vec.h"
#include "stage/calibrate.h"
#include "stage/geometry.h"
#include "stage/optics.h"
#include "stage/psf.h"
#include "stage/random.h"
#include "stage/scene.h"
#include "stage/simulate.h"
#include "tests/data.h"
#include "tests/stage.h"

device *cpu;

/* --- is it a PSF? ----------------------------------------------------------------------------- */

static double blob(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double v = (double)y - 40, u = (double)x - 50;
	return (double)(c + 1) * exp(-0.5 * (u * u + v * v) / (4.0 * 4.0)) + 0 * (double)z;
}

static void refused(const array *psf, const char *why)
{
	g_autoptr(GError) err = NULL;
	g_assert_false(psf_check(psf, "p.tif", &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_INPUT);
	g_assert_true(g_str_has_prefix(err->message, "p.tif: "));
	g_test_message("%s", err->message);
	g_assert_nonnull(strstr(err->message, why));
	g_assert_nonnull(strstr(err->message, "\n  while: "));
	g_assert_nonnull(strstr(err->message, "\n  try:   "));
}

static void psf_refusals(void)
{
	g_autoptr(array) psf = make((shape){ 1, 1, 81, 101 }, blob);
	g_assert_true(psf_check(psf, "p.tif", NULL));
	vec_scale(psf, -1);
	refused(psf, "the PSF sums to -");
	vec_fill(psf, 0);
	refused(psf, "zero everywhere");
	array_row(psf, 0, 0, 3)[4] = 2;
	array_row(psf, 0, 0, 7)[8] = -2;
	refused(psf, "the PSF sums to 0");
	array_row(psf, 0, 0, 3)[4] = NAN;
	refused(psf, "NaN or infinity");
	array_row(psf, 0, 0, 3)[4] = -INFINITY;
	refused(psf, "NaN or infinity");
}

static void psf_norms(void)
{
	static const float scales[] = { 1, 1e-30f, 1e38f };     /* squares vanish or overflow */
	for (size_t i = 0; i < G_N_ELEMENTS(scales); i++) {
		g_autoptr(array) total = make((shape){ 3, 2, 81, 101 }, blob);
		vec_scale(total, scales[i]);
		g_autoptr(array) each = array_copy(total);
		g_autoptr(array) sum = array_copy(total);
		g_assert_true(psf_normalise(total, PSF_NORM_TOTAL, NULL, "p", NULL));
		g_assert_true(psf_normalise(each, PSF_NORM_CHANNEL, NULL, "p", NULL));
		g_assert_true(psf_normalise(sum, PSF_NORM_SUM, NULL, "p", NULL));
		g_assert_cmpfloat_with_epsilon(vec_norm(total), 1, 1e-5);
		for (int64_t c = 0; c < 3; c++) {
			array channel = array_channel(each, c), plane = array_plane(sum, c, 1);
			g_assert_cmpfloat_with_epsilon(vec_norm(&channel), 1, 1e-5);
			g_assert_cmpfloat_with_epsilon(vec_sum(&plane), 1, 1e-5);
		}
	}
	double factor;
	g_autoptr(array) a = make((shape){ 1, 1, 81, 101 }, blob);
	double norm = vec_norm(a);
	g_assert_true(psf_normalise(a, PSF_NORM_TOTAL, &factor, "p", NULL));
	g_assert_cmpfloat_with_epsilon(factor, 1 / norm, 1e-6 / norm);
	g_autoptr(array) half = make((shape){ 2, 1, 9, 9 }, blob);
	array dark = array_channel(half, 1);
	vec_fill(half, 1);
	vec_fill(&dark, 0);
	g_assert_true(psf_normalise(half, PSF_NORM_TOTAL, NULL, "p", NULL));
	g_assert_false(psf_normalise(half, PSF_NORM_CHANNEL, NULL, "p", NULL));
}

/* The faint part: light that falls off slowly, the same with noise over it, nothing at all. */
static void psf_faint_parts(void)
{
	g_autoptr(array) psf = make((shape){ 1, 1, 81, 101 }, blob);
	g_autoptr(array) noise = make((shape){ 1, 1, 81, 101 }, scrambled);
	g_autoptr(array) point = make((shape){ 1, 1, 81, 101 }, scrambled);
	vec_scale(psf, 1 / vec_max_abs(psf));
	g_assert_cmpfloat(psf_faint_correlation(psf, 0.05), >, 0.9);
	vec_axpy(psf, 0.045f / 65521, noise);
	g_assert_cmpfloat(fabs(psf_faint_correlation(psf, 0.05)), <, 0.4);
	vec_fill(point, 0);
	array_row(point, 0, 0, 40)[50] = 1;
	g_assert_true(isnan(psf_faint_correlation(point, 0.05)));
	g_autoptr(array) small = make((shape){ 1, 1, 3, 3 }, blob);
	g_assert_true(isnan(psf_faint_correlation(small, 0.05)));
}

/* --- what is it like? ------------------------------------------------------------------------- */

/* A Gaussian of sigma 4: its autocorrelation is one of sigma 4 sqrt(2). */
static void psf_of_a_gaussian(void)
{
	g_autoptr(array) psf = make((shape){ 1, 1, 91, 121 }, blob);
	psf_facts f;
	g_assert_true(psf_measure(psf, 0, &f, NULL));
	double width = 2 * sqrt(2 * log(2)) * 4 * sqrt(2);
	g_assert_cmpfloat_with_epsilon(f.width_y, width, 0.3);
	g_assert_cmpfloat_with_epsilon(f.width_x, width, 0.3);
	g_assert_cmpfloat_with_epsilon(f.offset_y, 40 - 45, 0.01);
	g_assert_cmpfloat_with_epsilon(f.offset_x, 50 - 60, 0.01);
	g_assert_cmpfloat(f.border_light, <, 1e-3);
	g_assert_cmpint(psf_faults(&f, psf->shape), ==, 0);
}

static double speckle(int64_t c, int64_t z, int64_t y, int64_t x)
{
	random_stream s = random_at(5, 9, (uint64_t)(((c * 9 + z) * 1000 + y) * 1000 + x));
	return floor(60000 * pow(random_uniform(&s), 4));
}

static int faults_of(const array *psf, double white)
{
	psf_facts f;
	g_assert_true(psf_measure(psf, white, &f, NULL));
	return psf_faults(&f, psf->shape);
}

static void psf_spoilt(void)
{
	g_autoptr(array) all = make((shape){ 1, 1, 200, 300 }, speckle);
	g_autoptr(array) middle = geometry_crop(all, 0, 0, 120, 180);
	g_autoptr(array) good = geometry_centred(middle, 200, 300);
	g_assert_cmpint(faults_of(good, 65535), ==, 0);
	g_assert_cmpint(faults_of(all, 65535), ==, PSF_CUT);
	g_autoptr(array) lifted = array_copy(good);
	vec_shift(lifted, 500);
	g_assert_cmpint(faults_of(lifted, 65535), ==, PSF_DARK);
	vec_clamp(good, 0, 30000);
	g_assert_cmpint(faults_of(good, 65535), ==, PSF_SATURATED);
	g_autofree char *words = psf_verdict(PSF_DARK | PSF_CUT), *none = psf_verdict(0);
	g_assert_cmpstr(words, ==, "dark level not subtracted, PSF cut by the border");
	g_assert_cmpstr(none, ==, "usable");
}

/* A single pixel: |H| = 1 but for the mean taken away, so the condition is near 1. */
static void psf_of_a_point(void)
{
	g_autoptr(array) psf = array_new(cpu, REAL, (shape){ 1, 1, 64, 64 });
	vec_fill(psf, 0);
	array_row(psf, 0, 0, 32)[32] = 1;
	psf_facts f;
	g_assert_true(psf_measure(psf, 0, &f, NULL));
	g_assert_cmpfloat(f.condition, <, 1.5);
	g_assert_cmpfloat_with_epsilon(f.width_x, 1, 0.05);
	g_assert_cmpfloat_with_epsilon(f.border_energy, 0, 1e-9);
}

/* The published PSF of the DiffuserCam tutorial: its dark level as the tutorial works it out. */
static void psf_of_the_tutorial(void)
{
	g_autofree char *path = data_file("lensless/diffusercam_tutorial/psf_sample.tif");
	if (!path) {
		g_test_skip("the folder of public captures is not there (RELUMINE_DATA)");
		return;
	}
	g_autoptr(image) im = image_read(cpu, path, NULL);
	g_assert_nonnull(im);
	g_assert_cmpfloat_with_epsilon(calibrate_corner(im->data, -1, CORNER_TUTORIAL), 34.08, 1e-9);
	g_assert_cmpint(faults_of(im->data, 65535), ==, PSF_DARK);
	calibrate_subtract(im->data, 34.08, true);
	g_assert_cmpint(faults_of(im->data, 65535), ==, 0);
}

/* --- made PSFs and scenes --------------------------------------------------------------------- */

/* How far the light is spread about the middle, root mean square. */
static double spread_of(const array *plane)
{
	double sum = 0, light = 0;
	shape s = plane->shape;
	for (int64_t i = 0; i < s.y * s.x; i++) {
		double v = at(plane, 0, 0, i / s.x, i % s.x);
		double y = (double)(i / s.x) - 0.5 * (double)s.y, x = (double)(i % s.x) - 0.5 * (double)s.x;
		light += v;
		sum += v * (x * x + y * y);
	}
	return sqrt(sum / light);
}

static void caustics(void)
{
	g_autoptr(array) a = optics_caustic(cpu, 90, 120, 3, 1);
	g_autoptr(array) other = optics_caustic(cpu, 90, 120, 3, 2);
	float least, most;
	vec_range(a, &least, &most);
	g_assert_cmpfloat(least, >=, 0);
	g_assert_cmpfloat_with_epsilon(most, 1, 1e-6);
	g_assert_false(same(a, other));
	array near = array_plane(a, 0, 0), far = array_plane(a, 0, 2);
	/* the far point's shadow is 3/4 as large, but for what the diffuser adds to both */
	g_assert_cmpfloat_with_epsilon(spread_of(&far) / spread_of(&near), 0.77, 0.04);
	for (int64_t side = 1; side < 12; side++) {
		g_autoptr(array) small = optics_caustic(cpu, side, 1, 1, 1);
		g_autoptr(array) mask = optics_mask(cpu, side, 13 - side);
		g_assert_true(psf_check(small, "caustic", NULL) && psf_check(mask, "mask", NULL));
	}
}

static void scenes(void)
{
	g_autoptr(array) card = scene_card(cpu, 60, 80);
	g_autoptr(array) points = scene_points(cpu, 60, 80, 3);
	g_autoptr(array) tilted = scene_tilt(card, 5);
	float least, most;
	vec_range(card, &least, &most);
	g_assert_true(least >= 0 && most <= 1 && most > 0.8f);
	vec_range(points, &least, &most);
	g_assert_true(least >= 0 && most <= 1 && most > 0.1f);
	g_assert_cmpfloat_with_epsilon(vec_sum(tilted), vec_sum(card), 1e-3);
	g_assert_cmpfloat(at(tilted, 1, 4, 30, 79), ==, at(card, 1, 0, 30, 79));
}

/* --- captures --------------------------------------------------------------------------------- */

static double texture(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c, z, y, x) / 65521;
}

/* The sum that defines the capture, for a scene that extends beyond the sensor. */
static double by_definition(const array *scene, const array *psf, const int64_t pixel[3],
	const int64_t origin[2])
{
	double sum = 0;
	shape s = scene->shape, p = psf->shape;
	for (int64_t i = 0; i < s.z * p.y * p.x; i++) {
		int64_t z = i / p.x / p.y, v = i / p.x % p.y, u = i % p.x;
		int64_t y = pixel[1] + origin[0] - (v - (p.y + 1) / 2);
		int64_t x = pixel[2] + origin[1] - (u - (p.x + 1) / 2);
		if (y >= 0 && x >= 0 && y < s.y && x < s.x)
			sum += at(scene, pixel[0], z, y, x) * at(psf, MIN(pixel[0], p.c - 1), z, v, u);
	}
	return sum;
}

static void capture_by_definition(void)
{
	static const struct { shape scene, psf; int64_t height, width; } cases[] = {
		{ { 1, 1, 8, 10 }, { 1, 1, 8, 10 }, 8, 10 },
		{ { 3, 1, 13, 17 }, { 1, 1, 7, 9 }, 7, 9 },
		{ { 2, 3, 11, 6 }, { 2, 3, 5, 12 }, 10, 5 },
		{ { 1, 1, 1, 7 }, { 1, 1, 1, 1 }, 1, 7 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(array) scene = make(cases[i].scene, texture);
		g_autoptr(array) psf = make(cases[i].psf, scrambled);
		int64_t h = cases[i].height, w = cases[i].width;
		int64_t origin[2] = { (cases[i].scene.y - h) / 2, (cases[i].scene.x - w) / 2 };
		g_autoptr(array) capture = simulate_capture(scene, psf, h, w, NULL);
		g_assert_nonnull(capture);
		double scale = (double)vec_max_abs(capture);
		for (int64_t k = 0; k < cases[i].scene.c * h * w; k++) {
			int64_t pixel[3] = { k / w / h, k / w % h, k % w };
			double expected = by_definition(scene, psf, pixel, origin);
			g_assert_cmpfloat_with_epsilon(at(capture, pixel[0], 0, pixel[1], pixel[2]), expected,
				1e-5 * scale + 1e-9);
		}
	}
}

static void capture_refuses(void)
{
	g_autoptr(array) scene = make((shape){ 3, 1, 8, 8 }, texture);
	g_autoptr(array) two = make((shape){ 2, 1, 8, 8 }, texture);
	g_autoptr(array) deep = make((shape){ 1, 4, 8, 8 }, texture);
	g_autoptr(GError) a = NULL, b = NULL, c = NULL;
	g_assert_null(simulate_capture(scene, two, 8, 8, &a));
	g_assert_null(simulate_capture(scene, deep, 8, 8, &b));
	g_assert_null(simulate_capture(scene, scene, 9, 8, &c));
	g_assert_cmpint(relumine_exit_status(a), ==, RELUMINE_MISMATCH);
	g_assert_cmpint(relumine_exit_status(b), ==, RELUMINE_MISMATCH);
	g_assert_cmpint(relumine_exit_status(c), ==, RELUMINE_MISMATCH);
}

static void sensor_noise(void)
{
	sensor s = { 200, 4, 0, 30, 11 };
	g_autoptr(array) a = array_new(cpu, REAL, (shape){ 1, 1, 400, 500 });
	vec_fill(a, 0.37f);
	g_assert_cmpfloat(simulate_sensor(a, &s), ==, 0);
	double n = 200000, mean = vec_sum(a) / n;
	vec_shift(a, -230);
	double variance = vec_dot(a, a) / n - (mean - 230) * (mean - 230), expected = 200 + 16;
	g_assert_cmpfloat_with_epsilon(mean, 230, 5 * sqrt(expected / n));
	/* the variance of a variance: (mu4 - sigma^4) / n, with mu4 = 3 sigma^4 + 200 (Poisson) */
	g_assert_cmpfloat_with_epsilon(variance, expected,
		5 * sqrt((2 * expected * expected + 200) / n));
}

static void sensor_steps(void)
{
	sensor s = { 0, 0, 10, 7, 1 }, loud = { 4, 0, 8, 0, 1 };
	g_autoptr(array) a = make((shape){ 1, 1, 20, 30 }, texture);
	g_autoptr(array) light = array_copy(a);
	double peak = (double)vec_max_abs(a);
	simulate_sensor(a, &s);
	for (int64_t i = 0; i < 600; i++) {
		double v = at(light, 0, 0, i / 30, i % 30) / peak * 0.9 * 1023 + 7;
		g_assert_cmpfloat_with_epsilon(at(a, 0, 0, i / 30, i % 30), v, 0.5001);
		g_assert_cmpfloat(at(a, 0, 0, i / 30, i % 30), ==, floor(at(a, 0, 0, i / 30, i % 30)));
	}
	double clipped = simulate_sensor(light, &loud);
	float least, most;
	vec_range(light, &least, &most);
	g_assert_cmpfloat(most, ==, 255);
	g_assert_cmpfloat(least, ==, 0);
	g_assert_true(clipped > 0 && clipped < 0.5);
}

static array *whole_simulation(int threads)
{
	g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
	g_autoptr(array) card = scene_card(dev, 61, 83);
	g_autoptr(array) scene = scene_tilt(card, 2);
	g_autoptr(array) psf = optics_caustic(dev, 61, 83, 2, 4);
	g_autoptr(array) capture = simulate_capture(scene, psf, 61, 83, NULL);
	simulate_sensor(capture, &(sensor){ 300, 2, 12, 64, 4 });
	return array_move(capture, cpu);
}

static void same_for_any_threads(void)
{
	g_autoptr(array) one = whole_simulation(1);
	for (int threads = 2; threads <= 8; threads += 3) {
		g_autoptr(array) many = whole_simulation(threads);
		g_assert_true(same(one, many));
	}
}

static const stage_test tests[] = {
	{ "/psf/refusals", psf_refusals },
	{ "/psf/norms", psf_norms },
	{ "/psf/faint", psf_faint_parts },
	{ "/psf/gaussian", psf_of_a_gaussian },
	{ "/psf/spoilt", psf_spoilt },
	{ "/psf/point", psf_of_a_point },
	{ "/psf/tutorial", psf_of_the_tutorial },
	{ "/simulate/caustics", caustics },
	{ "/simulate/scenes", scenes },
	{ "/simulate/definition", capture_by_definition },
	{ "/simulate/refuses", capture_refuses },
	{ "/simulate/noise", sensor_noise },
	{ "/simulate/steps", sensor_steps },
	{ "/simulate/threads", same_for_any_threads },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
