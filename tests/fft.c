/* SPDX-License-Identifier: BSD-3-Clause */
/* fft.c - transforms against FFTW at odd, even, prime and one-pixel sizes */
#include <complex.h>
#include <fftw3.h>
#include <glib.h>
#include <math.h>
#include <string.h>
#include "math/fft.h"

static void fill(float *x, int64_t n, uint32_t seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	for (int64_t i = 0; i < n; i++)
		x[i] = (float)g_rand_double_range(rand, -1, 1);
}

/* |a - b| / |b| */
static double distance(const float *a, const float *b, int64_t n)
{
	double d = 0, s = 0;
	for (int64_t i = 0; i < n; i++) {
		d += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
		s += (double)b[i] * (double)b[i];
	}
	return sqrt(d / (s + 1e-300));
}

static void fftw_forward(float *spectrum, float *image, shape s, int axes)
{
	int n[3] = { (int)s.z, (int)s.y, (int)s.x };
	int64_t volume = axes == 3 ? s.z * s.y : s.y;
	int howmany = (int)(axes == 3 ? s.c : s.c * s.z);
	fftwf_plan p = fftwf_plan_many_dft_r2c(axes, n + 3 - axes, howmany, image, NULL, 1,
		(int)(volume * s.x), (fftwf_complex *)spectrum, NULL, 1, (int)(volume * (s.x / 2 + 1)),
		FFTW_ESTIMATE);
	fftwf_execute(p);
	fftwf_destroy_plan(p);
}

static void compare(shape s, int axes, int threads)
{
	shape h = fft_spectrum_shape(s);
	int64_t n = shape_count(s), m = 2 * shape_count(h);
	g_autofree float *image = g_new(float, n), *back = g_new(float, n);
	g_autofree float *spectrum = g_new(float, m), *ours = g_new(float, m);
	fill(image, n, (uint32_t)n);
	memcpy(back, image, (size_t)n * sizeof(float));
	fftw_forward(spectrum, back, s, axes);
	g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
	g_autoptr(array) a = array_new(dev, REAL, s), b = array_new(dev, COMPLEX, h);
	g_autoptr(fft) f = fft_new(dev, s, axes);
	array_upload(a, image);
	fft_forward(f, b, a);
	array_download(b, ours);
	g_assert_cmpfloat(distance(ours, spectrum, m), <, 2e-6);
	fft_inverse(f, a, b);
	array_download(a, back);
	double scale = (double)(s.y * s.x * (axes == 3 ? s.z : 1));
	for (int64_t i = 0; i < n; i++)
		back[i] = (float)((double)back[i] / scale);
	g_assert_cmpfloat(distance(back, image, n), <, 2e-6);
	g_assert_cmpint(dev->fft_count, ==, 2 * (axes == 3 ? s.c : s.c * s.z));
	g_assert_true(device_ok(dev, NULL));
}

static void planes(void)
{
	static const int64_t sizes[] = { 1, 2, 3, 5, 8, 13, 31, 32, 33, 48, 60, 97, 100 };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(sizes); j++)
			compare((shape){ 1, 1, sizes[i], sizes[j] }, 2, 1 + (int)(i + j) % 3);
	compare((shape){ 3, 2, 45, 70 }, 2, 2);
	compare((shape){ 1, 1, 540, 960 }, 2, 2);
	compare((shape){ 1, 1, 1013, 14 }, 2, 2);
}

static void volumes(void)
{
	static const int64_t sizes[] = { 1, 2, 7, 16, 21 };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(sizes); j++)
			for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++)
				compare((shape){ 2, sizes[i], sizes[j], sizes[k] }, 3, 2);
}

/* Sizes whose only prime factors are 2, 3, 5 and 7, found here by counting up from one. */
static void good_sizes(void)
{
	for (int64_t n = 1; n < 3000; n++) {
		int64_t size = fft_good_size(n);
		g_assert_cmpint(size, >=, n);
		g_assert_cmpint(size % 2, ==, 0);
		for (int64_t p = 11; p <= size; p++)
			g_assert_false(size % p == 0 && (p % 2 && p % 3 && p % 5 && p % 7));
	}
	g_assert_cmpint(fft_good_size(599), ==, 600);
	g_assert_cmpint(fft_good_size(2399), ==, 2400);
}

static void same_for_any_threads(void)
{
	shape s = { 1, 1, 210, 331 }, h = fft_spectrum_shape(s);
	int64_t n = shape_count(s), m = 2 * shape_count(h);
	g_autofree float *image = g_new(float, n), *first = g_new(float, m), *now = g_new(float, m);
	fill(image, n, 1);
	for (int threads = 1; threads <= 8; threads++) {
		g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
		g_autoptr(array) a = array_new(dev, REAL, s), b = array_new(dev, COMPLEX, h);
		g_autoptr(fft) f = fft_new(dev, s, 2);
		array_upload(a, image);
		fft_forward(f, b, a);
		array_download(b, threads == 1 ? first : now);
		if (threads > 1)
			g_assert_true(!memcmp(now, first, (size_t)m * sizeof(float)));
	}
}

/* Rows outside the window are as zeros on the way in, and do not matter on the way out. */
static void check_window(shape s, int64_t rows)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(fft) whole = fft_new(dev, s, 2);
	g_autoptr(fft) part = fft_new(dev, s, 2);
	g_autoptr(array) image = array_new(dev, REAL, s);
	g_autoptr(array) other = array_new(dev, REAL, s);
	g_autoptr(array) a = array_new(dev, COMPLEX, fft_spectrum_shape(s));
	g_autoptr(array) b = array_new(dev, COMPLEX, fft_spectrum_shape(s));
	fft_window(part, rows);
	for (int64_t row = 0; row < s.z * s.y; row++) {
		float *v = array_row(image, 0, row / s.y, row % s.y);
		fill(v, s.x, (uint32_t)row);
		memcpy(array_row(other, 0, row / s.y, row % s.y), v, (size_t)s.x * sizeof(float));
		for (int64_t x = 0; x < s.x && row % s.y >= rows; x++) {
			array_row(other, 0, row / s.y, row % s.y)[x] = NAN;
			v[x] = 0;
		}
	}
	fft_forward(whole, a, image);
	fft_forward(part, b, other);
	for (int64_t i = 0; i < s.z * s.y * a->shape.x; i++) {
		const float *u = array_row(a, 0, i / a->shape.x / s.y, i / a->shape.x % s.y) + i % a->shape.x;
		const float *v = array_row(b, 0, i / a->shape.x / s.y, i / a->shape.x % s.y) + i % a->shape.x;
		g_assert_cmpfloat(fabsf(u[0] - v[0]) + fabsf(u[a->imag] - v[b->imag]), <, 1e-4);
	}
	fft_inverse(part, other, b);
	for (int64_t i = 0; i < s.z * rows * s.x; i++) {
		int64_t z = i / s.x / rows, y = i / s.x % rows;
		float u = array_row(image, 0, z, y)[i % s.x], v = array_row(other, 0, z, y)[i % s.x];
		g_assert_cmpfloat(fabsf(u - v / (float)(s.y * s.x)), <, 1e-5);
	}
}

static void window(void)
{
	check_window((shape){ 1, 3, 126, 126 }, 64);
	check_window((shape){ 1, 2, 64, 40 }, 32);
	check_window((shape){ 1, 3, 45, 30 }, 7);
	check_window((shape){ 1, 1, 2, 2 }, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fft/planes-as-fftw", planes);
	g_test_add_func("/fft/volumes-as-fftw", volumes);
	g_test_add_func("/fft/good-sizes", good_sizes);
	g_test_add_func("/fft/same-for-any-threads", same_for_any_threads);
	g_test_add_func("/fft/window", window);
	return g_test_run();
}
