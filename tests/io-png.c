/* SPDX-License-Identifier: BSD-3-Clause */
/* io-png.c - PNG, written by libpng in its many ways */
#include "io.h"

#include <jansson.h>
#include <png.h>
#include <stdio.h>

/* --- PNG -------------------------------------------------------------------------------------- */

/* Samples i = 0, 1, 2, ... modulo 2^depth of an 11 x 9 picture, written by libpng. */
static char *png_file(const char *name, int colour, int depth, int interlace, double gamma)
{
	char *path = scratch_path(name);
	FILE *f = fopen(path, "wb");
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_init_io(png, f);
	png_set_IHDR(png, info, 11, 9, depth, colour, interlace, 0, 0);
	if (gamma > 0)
		png_set_gAMA(png, info, gamma);
	png_color colours[16];
	for (int i = 0; i < 16; i++)
		colours[i] = (png_color){ (png_byte)(i * 3), (png_byte)(i * 5), (png_byte)(i * 7) };
	if (colour == PNG_COLOR_TYPE_PALETTE)
		png_set_PLTE(png, info, colours, 16);
	png_write_info(png, info);
	png_set_packing(png);
	int samples = png_get_channels(png, info);
	uint8_t rows[9][11 * 4 * 2] = { { 0 } }, *pointers[9];
	for (int i = 0; i < 9 * 11 * samples; i++) {
		int v = i % (1 << depth), y = i / (11 * samples), k = i % (11 * samples);
		pointers[y] = rows[y];
		rows[y][depth == 16 ? 2 * k + 1 : k] = (uint8_t)v;
		if (depth == 16)
			rows[y][2 * k] = (uint8_t)(v >> 8);
	}
	png_write_image(png, pointers);
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	fclose(f);
	return path;
}

static void png_kinds(void)
{
	static const struct { int colour, depth, samples, kept; } cases[] = {
		{ PNG_COLOR_TYPE_GRAY, 1, 1, 1 }, { PNG_COLOR_TYPE_GRAY, 2, 1, 1 },
		{ PNG_COLOR_TYPE_GRAY, 4, 1, 1 }, { PNG_COLOR_TYPE_GRAY, 8, 1, 1 },
		{ PNG_COLOR_TYPE_GRAY, 16, 1, 1 }, { PNG_COLOR_TYPE_RGB, 8, 3, 3 },
		{ PNG_COLOR_TYPE_RGB, 16, 3, 3 }, { PNG_COLOR_TYPE_GRAY_ALPHA, 8, 2, 1 },
		{ PNG_COLOR_TYPE_RGB_ALPHA, 16, 4, 3 },
	};
	for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		size_t k = i / 2;
		g_autofree char *path = png_file("kind.png", cases[k].colour, cases[k].depth, (int)(i % 2),
			0);
		g_autoptr(image) im = read_good(path);
		assert_shape(im, cases[k].kept, 1, 9, 11);
		g_assert_cmpint(im->bits, ==, cases[k].depth);
		g_assert_cmpint(im->alpha, ==, cases[k].samples != cases[k].kept);
		for (int n = 0; n < 99 * cases[k].kept; n++) {
			int c = n % cases[k].kept, p = n / cases[k].kept;
			g_assert_cmpfloat(value_at(im, c, 0, p / 11, p % 11), ==,
				(float)((p * cases[k].samples + c) % (1 << cases[k].depth)));
		}
	}
}

static void png_palette_and_tone(void)
{
	g_autofree char *path = png_file("palette.png", PNG_COLOR_TYPE_PALETTE, 4, 1, 0.45455);
	g_autoptr(image) im = read_good(path);
	assert_shape(im, 3, 1, 9, 11);
	for (int i = 0; i < 99; i++)
		for (int c = 0; c < 3; c++)
			g_assert_cmpfloat(value_at(im, c, 0, i / 11, i % 11), ==,
				(float)(i % 16 * (3 + 2 * c)));
	g_assert_cmpstr(im->transfer, ==, "gamma 0.45455");
	g_assert_cmpint(im->warnings->len, ==, 1);
	json_auto_t *facts = image_describe(path, NULL);
	g_assert_cmpint(json_integer_value(json_object_get(facts, "width")), ==, 11);
	g_assert_true(json_is_true(json_object_get(facts, "interlaced")));
}

static void png_damaged(void)
{
	g_autofree char *path = png_file("whole.png", PNG_COLOR_TYPE_RGB, 8, 0, 0), *bytes = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	for (gsize cut = 1; cut < size; cut++) {
		g_autofree char *part = scratch_file("part.png", bytes, size - cut);
		g_autoptr(image) im = image_read(test_device(), part, NULL);
		g_assert_null(im);
	}
	for (gsize i = 8; i < size; i++) {      /* each byte is under a check sum, or is one */
		bytes[i] ^= 16;
		g_autofree char *changed = scratch_file("changed.png", bytes, size);
		g_autoptr(image) im = image_read(test_device(), changed, NULL);
		g_assert_null(im);
		bytes[i] ^= 16;
	}
}

/* A square of zeros, of which `rows` rows are there. */
static char *zeros(const char *name, int colour, int depth, int side, int rows)
{
	char *path = scratch_path(name);
	FILE *f = fopen(path, "wb");
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	png_init_io(png, f);
	png_set_IHDR(png, info, (png_uint_32)side, (png_uint_32)side, depth, colour, 0, 0, 0);
	png_set_compression_buffer_size(png, 64);       /* so that few rows make a chunk */
	png_write_info(png, info);
	g_autofree uint8_t *row = g_malloc0(png_get_rowbytes(png, info));
	for (int y = 0; y < rows; y++)
		png_write_row(png, row);
	png_write_flush(png);
	if (rows == side)
		png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	fclose(f);
	return path;
}

static void png_bombs(void)
{
	g_autofree char *claim = zeros("claim.png", PNG_COLOR_TYPE_RGB, 16, 60000, 1);
	g_autofree char *bomb = zeros("bomb.png", PNG_COLOR_TYPE_GRAY, 1, 16000, 16000);
	g_autofree char *blank = zeros("blank.png", PNG_COLOR_TYPE_GRAY, 8, 3000, 3000);
	expect_refused(claim, RELUMINE_BAD_INPUT, "cannot hold");
	expect_refused(bomb, RELUMINE_OVER_LIMIT, "claims 16000 x 16000");
	g_autoptr(image) im = read_good(blank);
	g_assert_cmpfloat(value_at(im, 0, 0, 2999, 2999), ==, 0);
}

static void png_clips(void)
{
	g_autofree char *path = scratch_path("clip.png");
	g_autoptr(image) im = numbered(1, 1, 1, 4, 1);
	const float values[] = { -1, NAN, 2, 0.5f };
	memcpy(array_row(im->data, 0, 0, 0), values, sizeof(values));
	im->transfer = g_strdup("sRGB");
	g_assert_true(image_write(im, path, false, NULL));
	g_autoptr(image) back = read_good(path);
	const float expected[] = { 0, 0, 65535, 32768 };
	for (int x = 0; x < 4; x++)
		g_assert_cmpfloat(value_at(back, 0, 0, 0, x), ==, expected[x]);
	g_assert_cmpstr(back->transfer, ==, "sRGB");
	g_autoptr(image) stack = numbered(1, 2, 1, 4, 1);
	g_autofree char *other = scratch_path("stack.png");
	g_autoptr(GError) err = NULL;
	g_assert_false(image_write(stack, other, false, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_OUTPUT);
	g_assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
}

void add_png_tests(void)
{
	g_test_add_func("/io/png/kinds", png_kinds);
	g_test_add_func("/io/png/palette-and-tone", png_palette_and_tone);
	g_test_add_func("/io/png/damaged", png_damaged);
	g_test_add_func("/io/png/bombs", png_bombs);
	g_test_add_func("/io/png/clips", png_clips);
}
