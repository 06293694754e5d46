/* SPDX-License-Identifier: BSD-3-Clause */
/* metric.c - PSNR, SSIM, NRMSE against numbers that scikit-image 0.26.0 gave */
#include <glib.h>
#include <math.h>
#include "stage/metric.h"

enum { HEIGHT = 40, WIDTH = 50 };

static float value_a(int64_t y, int64_t x)
{
	return (float)((double)((7 * x + 13 * y + x * y % 11) % 97) / 100);
}

static float value_b(int64_t y, int64_t x)
{
	return (float)((double)value_a(y, x) + 0.1 * (double)((3 * x + 5 * y) % 7 - 3) / 3);
}

static array *plane(device *dev, float (*value)(int64_t y, int64_t x), int64_t dy, int64_t dx)
{
	array *a = array_new(dev, REAL, (shape){ 1, 1, HEIGHT, WIDTH });
	for (int64_t y = 0; y < HEIGHT; y++)
		for (int64_t x = 0; x < WIDTH; x++)
			array_row(a, 0, 0, y)[x] = value(y + dy, x + dx);
	return a;
}

static void near(double found, double expected)
{
	g_assert_true(fabs(found - expected) <= 2e-7);
}

static double ssim(const array *a, const array *b, double range, enum metric_window window)
{
	g_autoptr(GError) err = NULL;
	double s = metric_ssim(a, b, range, window, &err);
	g_assert_no_error(err);
	return s;
}

/* peak_signal_noise_ratio, structural_similarity, normalized_root_mse in float64 */
static void as_scikit_image(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) a = plane(dev, value_a, 0, 0), b = plane(dev, value_b, 0, 0);
	near(metric_psnr(metric_mse(a, b), 1), 23.5185686965);
	near(ssim(a, b, 1, METRIC_UNIFORM), 0.9725041578);
	near(ssim(a, b, 2, METRIC_UNIFORM), 0.9729479614);
	near(ssim(a, b, 1, METRIC_GAUSSIAN), 0.9672533408);
	near(metric_nrmse(a, b), 0.1198179872);
	near(metric_max_difference(a, b), 0.1000000238);
	near(metric_best_scale(a, b), 1.0013534050);
}

/* channel_axis=-1 of (a, b, ab) against (b, a, aa): the mean over channels */
static void colour_is_the_mean(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) p = array_new(dev, REAL, (shape){ 3, 1, HEIGHT, WIDTH });
	g_autoptr(array) q = array_like(p);
	for (int64_t y = 0; y < HEIGHT; y++)
		for (int64_t x = 0; x < WIDTH; x++) {
			float a = value_a(y, x), b = value_b(y, x);
			const float left[] = { a, b, a * b }, right[] = { b, a, a * a };
			for (int64_t c = 0; c < 3; c++) {
				array_row(p, c, 0, y)[x] = left[c];
				array_row(q, c, 0, y)[x] = right[c];
			}
		}
	near(ssim(p, q, 1, METRIC_UNIFORM), 0.9787375298);
	near(metric_psnr(metric_mse(p, q), 1), 24.6660907695);
}

static void equal_pictures(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) a = plane(dev, value_a, 0, 0);
	g_assert_true(isinf(metric_psnr(metric_mse(a, a), 1)));
	near(ssim(a, a, 1, METRIC_UNIFORM), 1);
	g_assert_cmpfloat(metric_nrmse(a, a), ==, 0);
}

static void smaller_than_the_window(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) a = array_new(dev, REAL, (shape){ 1, 1, 6, 50 });
	g_assert_true(isnan(ssim(a, a, 1, METRIC_UNIFORM)));
}

static float noise(int64_t y, int64_t x)
{
	return sinf((float)(y * y) * 0.37f + (float)x * 1.7f + (float)(x * y) * 0.11f);
}

static void shift_is_found(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	for (int64_t dy = -3; dy <= 3; dy += 3)
		for (int64_t dx = -2; dx <= 2; dx++) {
			g_autoptr(array) reference = plane(dev, noise, 0, 0);
			g_autoptr(array) picture = plane(dev, noise, -dy, -dx);
			int64_t y, x;
			metric_best_shift(picture, reference, 4, &y, &x);
			g_assert_cmpint(y, ==, dy);
			g_assert_cmpint(x, ==, dx);
		}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metric/scikit-image", as_scikit_image);
	g_test_add_func("/metric/colour", colour_is_the_mean);
	g_test_add_func("/metric/equal", equal_pictures);
	g_test_add_func("/metric/small", smaller_than_the_window);
	g_test_add_func("/metric/shift", shift_is_found);
	return g_test_run();
}
