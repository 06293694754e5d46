/* SPDX-License-Identifier: BSD-3-Clause */
/* io.c - picture files: round trips, limits, real captures */
#include "io.h"

#include <stdlib.h>

static char *scratch;
static device *dev;

char *scratch_path(const char *name)
{
	return g_build_filename(scratch, name, NULL);
}

char *scratch_file(const char *name, const void *bytes, size_t size)
{
	char *path = scratch_path(name);
	g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
	return path;
}

device *test_device(void)
{
	return dev;
}

image *read_good(const char *path)
{
	g_autoptr(GError) err = NULL;
	image *im = image_read(dev, path, &err);
	g_assert_no_error(err);
	g_assert_nonnull(im);
	return im;
}

void expect_refused(const char *path, enum relumine_status status, const char *word)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(image) im = image_read(dev, path, &err);
	g_assert_null(im);
	g_assert_cmpint(relumine_exit_status(err), ==, status);
	if (!strstr(err->message, word))
		g_error("'%s' is not in: %s", word, err->message);
}

void assert_shape(const image *im, int64_t c, int64_t z, int64_t y, int64_t x)
{
	g_assert_cmpint(im->data->shape.c, ==, c);
	g_assert_cmpint(im->data->shape.z, ==, z);
	g_assert_cmpint(im->data->shape.y, ==, y);
	g_assert_cmpint(im->data->shape.x, ==, x);
}

void assert_warned(const image *im, const char *word)
{
	for (guint i = 0; i < im->warnings->len; i++)
		if (strstr(im->warnings->pdata[i], word))
			return;
	g_error("no warning holds '%s'", word);
}

image *numbered(int64_t c, int64_t z, int64_t y, int64_t x, float scale)
{
	image *im = image_new(array_new(dev, REAL, (shape){ c, z, y, x }));
	for (int64_t i = 0; i < c * z * y; i++)
		for (int64_t k = 0; k < x; k++)
			array_row(im->data, i / (z * y), i / y % z, i % y)[k] = scale *
				(float)(1000 * (i / (z * y)) + 100 * (i / y % z) + 10 * (i % y) + k);
	return im;
}

void assert_same(const image *a, const image *b, float tolerance)
{
	shape s = a->data->shape;
	g_assert_true(shape_equal(s, b->data->shape));
	for (int64_t i = 0; i < s.c * s.z * s.y; i++)
		for (int64_t x = 0; x < s.x; x++)
			g_assert_cmpfloat(fabsf(value_at(a, i / (s.z * s.y), i / s.y % s.z, i % s.y, x) -
				value_at(b, i / (s.z * s.y), i / s.y % s.z, i % s.y, x)), <=, tolerance);
}

/* --- round trips -------------------------------------------------------------------------- */

static void round_trips(void)
{
	static const struct { const char *name; shape s; float tolerance; } cases[] = {
		{ "gray.tif", { 1, 1, 5, 7 }, 0 }, { "rgb.tif", { 3, 1, 5, 7 }, 0 },
		{ "two.tiff", { 2, 1, 5, 7 }, 0 }, { "five.tif", { 5, 2, 5, 7 }, 0 },
		{ "stack.tif", { 1, 4, 5, 7 }, 0 }, { "colour-stack.TIF", { 3, 4, 5, 7 }, 0 },
		{ "one.tif", { 1, 1, 1, 1 }, 0 }, { "wide.tif", { 1, 1, 3, 40000 }, 0 },
		{ "gray.npy", { 1, 1, 5, 7 }, 0 }, { "rgb.npy", { 3, 1, 5, 7 }, 0 },
		{ "stack.npy", { 1, 4, 5, 7 }, 0 }, { "colour-stack.npy", { 3, 4, 5, 7 }, 0 },
		{ "one.npy", { 1, 1, 1, 1 }, 0 }, { "large.npy", { 3, 1, 301, 211 }, 0 },
		{ "gray.png", { 1, 1, 5, 7 }, 0.5f }, { "rgb.png", { 3, 1, 5, 7 }, 0.5f },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		shape s = cases[i].s;
		bool png = g_str_has_suffix(cases[i].name, ".png");
		g_autofree char *path = scratch_path(cases[i].name);
		g_autoptr(image) im = numbered(s.c, s.z, s.y, s.x, png ? 0.0004f : 0.1f);
		g_autoptr(GError) err = NULL;
		image_write(im, path, false, &err);
		g_assert_no_error(err);
		g_autoptr(image) expected = numbered(s.c, s.z, s.y, s.x, png ? 0.0004f * 65535 : 0.1f);
		g_autoptr(image) back = read_good(path);
		assert_same(back, expected, cases[i].tolerance);
		g_assert_cmpint(back->bits, ==, png ? 16 : 32);
		g_assert_true(back->has_z == (s.z > 1));
		g_assert_cmpint(back->warnings->len, ==, 0);
	}
}

static void memory_limit(void)
{
	g_autofree char *path = scratch_path("limit.npy");
	g_autoptr(image) im = numbered(1, 1, 600, 600, 1);
	g_assert_true(image_write(im, path, false, NULL));
	dev->memory_limit = dev->memory_used + (1 << 20);
	expect_refused(path, RELUMINE_OVER_LIMIT, "limit");
	dev->memory_limit = 0;
	g_autoptr(image) back = read_good(path);
	assert_same(im, back, 0);
}

/* --- other inputs --------------------------------------------------------------------------- */

static void not_pictures(void)
{
	g_autofree char *empty = scratch_file("empty.tif", "", 0);
	g_autofree char *text = scratch_file("text.tif", "this is text, not a picture", 27);
	g_autofree char *absent = scratch_path("absent.tif");
	expect_refused(empty, RELUMINE_BAD_INPUT, "is empty");
	expect_refused(text, RELUMINE_BAD_INPUT, "known format");
	expect_refused(absent, RELUMINE_BAD_INPUT, "No such file");
	expect_refused(scratch, RELUMINE_BAD_INPUT, "is a folder");
	expect_refused("/dev/null", RELUMINE_BAD_INPUT, "not an ordinary file");
}

static void real_captures(void)
{
	static const struct { const char *name; shape s; int bits; } cases[] = {
		{ "lensless/diffusercam_tutorial/psf_sample.tif", { 1, 1, 1200, 1600 }, 16 },
		{ "lensless/diffusercam_tutorial/rawdata_hand_sample.tif", { 1, 1, 1200, 1600 }, 16 },
		{ "lensless/mirflickr_pairs/diffuser/im157.npy", { 3, 1, 270, 480 }, 32 },
		{ "lensless/mirflickr_pairs/psf_estimated_270x480_f32.npy", { 1, 1, 270, 480 }, 32 },
		{ "lensless/diffusercam_3d_raw/example_raw.png", { 1, 1, 270, 320 }, 16 },
		{ "lensless/flatcam/rec_6.png", { 3, 1, 256, 256 }, 8 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		shape s = cases[i].s;
		g_autofree char *path = data_file(cases[i].name);
		if (!path) {
			g_test_skip("no folder of captures (set RELUMINE_DATA)");
			return;
		}
		g_autoptr(image) im = read_good(path);
		assert_shape(im, s.c, s.z, s.y, s.x);
		g_assert_cmpint(im->bits, ==, cases[i].bits);
	}
	g_autofree char *path = data_file(cases[0].name);
	g_autoptr(image) psf = read_good(path);
	double corner = 0;
	for (int64_t i = 0; i < 100; i++)
		corner += value_at(psf, 0, 0, 5 + i / 10, 5 + i % 10) / 100.0;
	g_assert_cmpfloat_with_epsilon(corner, 34.08, 0.01);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	scratch = g_dir_make_tmp("relumine-io-XXXXXX", NULL);
	dev = device_new("cpu", 1, NULL, NULL);
	g_test_add_func("/io/round-trips", round_trips);
	g_test_add_func("/io/memory-limit", memory_limit);
	add_npy_tests();
	add_png_tests();
	add_tiff_tests();
	add_write_tests();
	add_scale_tests();
	add_ome_tests();
	add_capture_tests();
	add_capture_own_tests();
	add_capture_bad_tests();
#ifdef HAVE_HDF5
	add_hdf5_tests();
#endif
	g_test_add_func("/io/not-pictures", not_pictures);
	g_test_add_func("/io/real-captures", real_captures);
	int status = g_test_run();
	device_free(dev);
	g_autofree char *remove = g_strdup_printf("rm -rf '%s'", scratch);
	g_free(scratch);
	return system(remove) == 0 ? status : 1;
}
