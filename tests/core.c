/* SPDX-License-Identifier: BSD-3-Clause */
/* core.c - errors, threads, arrays, and the sums over them */
#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/array.h"
#include "core/error.h"
#include "math/vec.h"

static void error_has_four_parts(void)
{
	g_autoptr(GError) err = NULL;
	error_set(&err, RELUMINE_BAD_INPUT, "psf.tif", "look at it", "sums to %d", 0);
	error_while(&err, "normalising");
	error_while(&err, "something further out");
	g_assert_cmpstr(err->message, ==,
		"psf.tif: sums to 0\n  while: normalising\n  try:   look at it");
	g_assert_cmpint(relumine_exit_status(err), ==, 3);
}

static void nearest_word(void)
{
	const char *known[] = { "iterations", "tolerance", "threads" };
	g_assert_cmpstr(error_nearest("itertions", known, 3), ==, "iterations");
	g_assert_cmpstr(error_nearest("thraeds", known, 3), ==, "threads");
	g_assert_null(error_nearest("banana", known, 3));
}

static void count(int64_t first, int64_t end, void *data)
{
	for (int64_t i = first; i < end; i++)
		((int *)data)[i]++;
}

static void each_item_once(void)
{
	for (int threads = 1; threads <= 8; threads++) {
		g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
		for (int64_t n = 0; n < 40; n++) {
			int seen[40] = { 0 };
			device_each(dev, n, 3, count, seen);
			for (int64_t i = 0; i < 40; i++)
				g_assert_cmpint(seen[i], ==, i < n);
		}
	}
}

/* The second point of time of channel 1: two channels, two points of time, three slices. */
static void slices_are_part_of_it(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	const shape s = { 2, 6, 2, 3 };
	float packed[72], part[18];
	for (int i = 0; i < 72; i++)
		packed[i] = (float)i;
	{
		g_autoptr(array) a = array_new(dev, REAL, s);
		array_upload(a, packed);
		array slices = array_slices(a, 1, 3, 3);
		array_download(&slices, part);
		g_assert_cmpint(slices.shape.z, ==, 3);
	}
	for (int i = 0; i < 18; i++)
		g_assert_cmpfloat(part[i], ==, (float)((1 * 6 + 3) * 6 + i));
}

static void upload_and_sums(void)
{
	shape s = { 2, 3, 5, 7 };
	g_autofree float *values = g_new(float, 2 * 210);
	for (int i = 0; i < 420; i++)
		values[i] = (float)(i - 100);
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(array) real = array_new(dev, REAL, s);
	array_upload(real, values);
	g_assert_cmpfloat(vec_sum(real), ==, 210 * 209 / 2 - 100 * 210);
	float least, most;
	vec_range(real, &least, &most);
	g_assert_cmpfloat(least, ==, -100);
	g_assert_cmpfloat(most, ==, 109);
	g_autoptr(array) complex_numbers = array_new(dev, COMPLEX, s);
	array_upload(complex_numbers, values);
	vec_scale(complex_numbers, 2);
	g_assert_cmpfloat(vec_sum(complex_numbers), ==, 2 * (420 * 419 / 2 - 100 * 420));
	float back[420];
	array_download(complex_numbers, back);
	for (int i = 0; i < 420; i++)
		g_assert_cmpfloat(back[i], ==, 2 * values[i]);
	g_assert_true(vec_finite(real));
	values[209] = NAN;
	array_upload(real, values);
	g_assert_false(vec_finite(real));
	g_assert_true(device_ok(dev, NULL));
}

/* Rows short and long, the odd one in the first vector or in the last. */
static void finite_or_not(void)
{
	const float odd[] = { NAN, INFINITY, -INFINITY };
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	for (int64_t width = 1; width < 200; width += 33)
		for (int i = 0; i < 6; i++) {
			g_autoptr(array) x = array_new(dev, REAL, (shape){ 2, 1, 3, width });
			vec_fill(x, 3);
			g_assert_true(vec_finite(x));
			array_row(x, 1, 0, 2)[i % 2 ? width - 1 : 0] = odd[i / 2];
			g_assert_false(vec_finite(x));
		}
}

/* The widest sum that the contract wants the same for any thread count. */
static void same_sum_for_any_threads(void)
{
	double first = 0;
	for (int threads = 1; threads <= 8; threads++) {
		g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
		g_autoptr(array) x = array_new(dev, REAL, (shape){ 1, 1, 331, 257 });
		for (int64_t y = 0; y < 331; y++)
			for (int64_t i = 0; i < 257; i++)
				array_row(x, 0, 0, y)[i] = sinf((float)(y * 257 + i));
		double sum = vec_dot(x, x);
		first = threads == 1 ? sum : first;
		g_assert_true(sum == first);
	}
}

static void limit_is_kept(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	dev->memory_limit = 1 << 20;
	g_autoptr(array) small = array_new(dev, REAL, (shape){ 1, 1, 100, 100 });
	g_assert_cmpint(small->bytes, >=, 40000);
	g_assert_true(device_ok(dev, NULL));
	g_autoptr(array) large = array_new(dev, REAL, (shape){ 1, 1, 1000, 1000 });
	vec_fill(large, 1);     /* no effect */
	g_autoptr(GError) err = NULL;
	g_assert_false(device_ok(dev, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, 6);
	g_autoptr(array) absurd = array_new(dev, REAL, (shape){ 1, INT32_MAX, INT32_MAX, INT32_MAX });
	g_assert_cmpint(absurd->bytes, ==, 0);
	g_assert_false(device_ok(dev, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/error/four-parts", error_has_four_parts);
	g_test_add_func("/error/nearest", nearest_word);
	g_test_add_func("/pool/each-item-once", each_item_once);
	g_test_add_func("/array/upload-and-sums", upload_and_sums);
	g_test_add_func("/array/slices", slices_are_part_of_it);
	g_test_add_func("/array/finite", finite_or_not);
	g_test_add_func("/array/same-sum-for-any-threads", same_sum_for_any_threads);
	g_test_add_func("/array/limit", limit_is_kept);
	return g_test_run();
}
