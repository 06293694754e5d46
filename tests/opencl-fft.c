/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-fft.c - VkFFT's transforms against a direct sum in double, and there and back */
#include <complex.h>
#include <glib.h>
#include <math.h>
#include "core/array.h"
#include "core/error.h"
#include "math/fft-vk.h"
#include "math/vec.h"

static device *open_any(void)
{
	device *dev = device_new("opencl", 1, NULL, NULL);
	if (!dev)
		g_test_skip("no OpenCL device on this machine");
	return dev;
}

static shape halved(shape s)
{
	return (shape){ s.c, s.z, s.y, s.x / 2 + 1 };
}

static float *noise(shape s)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);
	float *values = g_new(float, shape_count(s));
	for (int64_t i = 0; i < shape_count(s); i++)
		values[i] = (float)g_rand_double_range(rand, -1, 1);
	return values;
}

/* One element of the spectrum of a (z, y, x) volume. */
static double complex direct(const float *image, shape v, int64_t kz, int64_t ky, int64_t kx)
{
	double complex sum = 0;
	for (int64_t z = 0; z < v.z; z++)
		for (int64_t y = 0; y < v.y; y++)
			for (int64_t x = 0; x < v.x; x++)
				sum += (double)image[(z * v.y + y) * v.x + x] * cexp(-2 * G_PI * I *
					((double)(kz * z) / (double)v.z + (double)(ky * y) / (double)v.y +
					(double)(kx * x) / (double)v.x));
	return sum;
}

static void compare(const float *spectrum, const float *image, shape s, int axes)
{
	shape v = { 1, axes == 3 ? s.z : 1, s.y, s.x }, h = halved(s);
	int64_t n = shape_count(h);
	for (int64_t i = 0; i < n; i++) {
		int64_t kx = i % h.x, ky = i / h.x % h.y, plane = i / h.x / h.y;
		const float *from = image + plane / v.z * shape_count(v);
		double complex expected = direct(from, v, plane % v.z, ky, kx);
		double complex found = (double)spectrum[2 * i] + I * (double)spectrum[2 * i + 1];
		double far = cabs(found - expected);
		g_assert_true(far <= 2e-6 * sqrt((double)shape_count(v)) * 3);
	}
}

/* Forward against the direct sum where that is asked for, then back. */
static void check_shape(device *dev, shape s, int axes, bool by_sum)
{
	g_autoptr(vkfft_plan) plan = vkfft_plan_new(dev, s, axes);
	g_assert_nonnull(plan);
	g_autofree float *image = noise(s), *back = g_new0(float, shape_count(s));
	g_autofree float *values = g_new0(float, 2 * shape_count(halved(s)));
	g_autoptr(array) a = array_new(dev, REAL, s), b = array_new(dev, REAL, s);
	g_autoptr(array) spectrum = array_new(dev, COMPLEX, halved(s));
	array_upload(a, image);
	g_assert_true(vkfft_forward(plan, spectrum, a));
	array_download(spectrum, values);
	if (by_sum)
		compare(values, image, s, axes);
	g_assert_true(vkfft_inverse(plan, b, spectrum));
	array_download(b, back);
	double n = (double)(s.x * s.y * (axes == 3 ? s.z : 1));
	for (int64_t i = 0; i < shape_count(s); i++)
		g_assert_true(fabs((double)back[i] / n - (double)image[i]) <= 2e-6);
	/* a view of the last channel alone, over what is there */
	array from = array_channel(a, 0), part = array_channel(spectrum, s.c - 1);
	g_assert_true(vkfft_forward(plan, &part, &from));
	array_download(&part, values);
	if (by_sum)
		compare(values, image, (shape){ 1, s.z, s.y, s.x }, axes);
	g_assert_true(device_ok(dev, NULL));
}

static void against_the_sum(void)
{
	static const struct {
		shape s;
		int axes;
	} cases[] = {
		{ { 1, 1, 4, 4 }, 2 }, { { 1, 1, 1, 16 }, 2 }, { { 3, 1, 12, 10 }, 2 },
		{ { 2, 3, 15, 14 }, 2 }, { { 1, 1, 22, 26 }, 2 }, { { 1, 4, 8, 6 }, 3 },
		{ { 2, 5, 9, 12 }, 3 }, { { 1, 1, 6, 8 }, 3 },
	};
	g_autoptr(device) dev = open_any();
	for (size_t i = 0; dev && i < G_N_ELEMENTS(cases); i++)
		check_shape(dev, cases[i].s, cases[i].axes, true);
}

static void there_and_back(void)
{
	g_autoptr(device) dev = open_any();
	if (!dev)
		return;
	check_shape(dev, (shape){ 1, 1, 600, 800 }, 2, false);
	check_shape(dev, (shape){ 1, 8, 60, 100 }, 3, false);
	g_assert_cmpint(dev->memory_used, ==, 0);
}

/* Sizes left to the CPU leave no error; a limit that is passed does. */
static void refusals(void)
{
	g_autoptr(device) dev = open_any();
	g_autoptr(device) cpu = device_new("cpu", 1, NULL, NULL);
	g_assert_null(vkfft_plan_new(cpu, (shape){ 1, 1, 8, 8 }, 2));
	if (!dev)
		return;
	g_assert_null(vkfft_plan_new(dev, (shape){ 1, 1, 8, 17 }, 2));
	g_assert_null(vkfft_plan_new(dev, (shape){ 1, 1, 8, 1 }, 2));
	g_assert_true(device_ok(dev, NULL));
	dev->memory_limit = 1000;
	g_assert_null(vkfft_plan_new(dev, (shape){ 1, 1, 64, 64 }, 2));
	g_autoptr(GError) err = NULL;
	g_assert_false(device_ok(dev, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_OVER_LIMIT);
	g_assert_cmpint(dev->memory_used, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/opencl-fft/against-the-sum", against_the_sum);
	g_test_add_func("/opencl-fft/there-and-back", there_and_back);
	g_test_add_func("/opencl-fft/refusals", refusals);
	return g_test_run();
}
