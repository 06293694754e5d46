/* SPDX-License-Identifier: BSD-3-Clause */
/* io-capture-bad.c - captures that are cut off, contradict themselves, or are something else */
#include <jansson.h>
#include <sys/mman.h>
#include <unistd.h>
#include "arrays.h"
#include "io.h"

#define N(...) { __VA_ARGS__ }
#define SCALAR(name, x) { name, 'd', 2, N(1, 1), (const double[]){ x } }
#define ARRAY(name, type, rank, ...) { name, type, rank, N(__VA_ARGS__), NULL }

static const double places[] = { 0, 0, 0, 0, .2, 0, .1, 0, 0, .1, .2, 0, .2, 0, 0, .2, .2, 0 };
static const double moving[] = { 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0 };
static const double not_finite[] = { 0, 0, 0, 0, NAN, 0, .1, 0, 0, .1, .2, 0, .2, 0, 0, .2, .2, 0 };

/* --- contradictions --------------------------------------------------------------------------- */

static const struct bad_case {
	named_array arrays[8];
	const char *word;               /* of the message */
	const char *member;
} cases[] = {
	{ { ARRAY("rect_data", 'f', 2, 6, 4), SCALAR("width", 1) }, "has 2 axes (6 x 4), not 3", NULL },
	{ { ARRAY("rect_data", 'f', 3, 3, 2, 4), SCALAR("width", 0) }, "'width' is not above 0", NULL },
	{ { ARRAY("rect_data", 'f', 3, 3, 2, 4), SCALAR("width", -1) }, "not above 0", NULL },
	{ { ARRAY("rect_data", 'f', 3, 3, 2, 4), SCALAR("width", NAN) }, "one finite number", NULL },
	{ { ARRAY("rect_data", 'f', 3, 3, 2, 4), ARRAY("width", 'd', 1, 2) }, "one finite", NULL },
	{ { ARRAY("meas", 'f', 3, 3, 3, 4), ARRAY("tofgrid", 'd', 2, 2, 3) }, "'tofgrid'", NULL },
	{ { ARRAY("sig_in", 'f', 3, 3, 2, 4), SCALAR("width", 1), SCALAR("timeRes", 0) },
		"'timeRes' is not above 0", NULL },
	{ { ARRAY("rect_data", 'f', 3, 4, 3, 2), SCALAR("sampling_spacing", 0.01),
		{ "ts", 'd', 1, N(4), (const double[]){ 1, 2, 2.5, 4 } } }, "equal steps", NULL },
	{ { ARRAY("rect_data", 'f', 3, 4, 3, 2), SCALAR("sampling_spacing", 0.01),
		{ "ts", 'd', 1, N(4), (const double[]){ 4, 3, 2, 1 } } }, "do not rise", NULL },
	{ { ARRAY("rect_data", 'f', 3, 4, 3, 2), SCALAR("sampling_spacing", 0.01),
		{ "ts", 'd', 1, N(4), (const double[]){ 1, NAN, 3, 4 } } }, "do not rise", NULL },
	{ { ARRAY("rect_data", 'f', 3, 4, 3, 2), SCALAR("sampling_spacing", 0.01),
		{ "ts", 'd', 1, N(5), (const double[]){ 1, 2, 3, 4, 5 } } }, "5 times for 4 bins", NULL },
	{ { ARRAY("sub_Sig", 'f', 2, 6, 4), { "C_i", 'd', 2, N(6, 3), places } }, "C_i and C_d", NULL },
	{ { ARRAY("sub_Sig", 'f', 2, 6, 4), { "C_i", 'd', 2, N(6, 3), places },
		{ "C_d", 'd', 2, N(5, 3), moving } }, "5 places for 6 traces", NULL },
	{ { ARRAY("sub_Sig", 'f', 2, 5, 4), { "C_i", 'd', 2, N(6, 3), places },
		{ "C_d", 'd', 2, N(6, 3), places } }, "6 places for 5 traces", NULL },
	{ { ARRAY("sub_Sig", 'f', 2, 6, 4), { "C_i", 'd', 2, N(6, 3), not_finite },
		{ "C_d", 'd', 2, N(6, 3), places } }, "not finite", NULL },
	{ { ARRAY("sub_Sig", 'f', 2, 6, 4), { "C_i", 'd', 2, N(6, 2), places },
		{ "C_d", 'd', 2, N(6, 3), places } }, "three coordinates (6 x 2)", NULL },
	{ { ARRAY("H", 'f', 3, 4, 3, 2), SCALAR("H_format", 10), SCALAR("delta_t", 0.003) },
		"format 10", NULL },
	{ { ARRAY("H", 'f', 3, 4, 3, 2), SCALAR("H_format", 1), SCALAR("delta_t", 0.003) },
		"sensor_grid_xyz", NULL },
	{ { ARRAY("H", 'f', 3, 4, 3, 2), SCALAR("H_format", 1), SCALAR("delta_t", 0.003),
		{ "sensor_grid_xyz", 'd', 3, N(3, 2, 3), places },
		{ "laser_grid_xyz", 'd', 3, N(3, 1, 3), places } }, "3 points of the laser", NULL },
	{ { ARRAY("H", 'f', 3, 4, 2, 3), SCALAR("H_format", 1), SCALAR("delta_t", 0.003),
		{ "sensor_grid_xyz", 'd', 3, N(3, 2, 3), places } }, "6 places for 6 traces", NULL },
	{ { ARRAY("data", 'f', 5, 1, 4, 2, 3, 3), SCALAR("deltaT", 0.003), SCALAR("t0", 0),
		{ "cameraGridPositions", 'd', 3, N(3, 2, 3), places },
		{ "laserGridPositions", 'd', 3, N(3, 2, 3), places } }, "does not go with", NULL },
	{ { ARRAY("data", 'f', 2, 4, 3), SCALAR("tMin", 0), SCALAR("tDelta", 1) }, "2 axes", NULL },
	{ { ARRAY("data", 'f', 3, 4, 3, 2), SCALAR("tMin", 0), SCALAR("tDelta", 1) },
		"no two axes", NULL },
	{ { ARRAY("transient", 'f', 2, 4, 3) }, "has 2 axes", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), SCALAR("bin_s", 0) }, "'bin_s' is not above 0", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), SCALAR("extent", 1) }, "neither \"span\"", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), ARRAY("points_m", 'd', 2, 5, 3) },
		"5 places, not 6", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), ARRAY("first_bounce_s", 'd', 2, 5, 3) },
		"15 times", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), ARRAY("fixed_m", 'd', 2, 1, 3), SCALAR("confocal", 1) },
		"claims to be confocal", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), SCALAR("frames", 3) }, "'frames' is 3", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), SCALAR("frames", 0) }, "'frames' is 0", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), SCALAR("frames", -2) }, "'frames' is -2", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), SCALAR("frames", 0.5) }, "'frames' is 0.5", NULL },
	{ { ARRAY("transient", 'f', 3, 4, 3, 2), SCALAR("frames", 1e300) }, "'frames' is 1e+300", NULL },
	{ { ARRAY("clean", 'f', 3, 4, 3, 2), ARRAY("noisy", 'f', 3, 4, 3, 2), SCALAR("wall", 1),
		SCALAR("bin", 1) }, "choose one of clean, noisy", NULL },
};

static void expect_bad(const char *path, const char *word)
{
	expect_refused(path, RELUMINE_BAD_INPUT, word);
	g_autoptr(GError) err = NULL;
	g_assert_null(image_describe(path, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_INPUT);
}

static void contradictions(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		int n = 0;
		while (n < (int)G_N_ELEMENTS(cases[i].arrays) && cases[i].arrays[n].name)
			n++;
		for (int kind = 0; kind < KINDS; kind++) {
			g_autofree char *path = write_arrays(kind, "bad", cases[i].arrays, n);
			if (path)
				expect_bad(path, cases[i].word);
		}
	}
}

/* --- other arrays ----------------------------------------------------------------------------- */

/* First index slowest: number i of (2, 3, 4) is 1 + i. */
static void named_variables(void)
{
	const named_array a[] = { ARRAY("first", 'f', 3, 2, 3, 4), ARRAY("second", 'H', 2, 2, 3),
		ARRAY("wide", 'f', 5, 1, 2, 1, 2, 1) };
	for (int kind = 0; kind < KINDS; kind++) {
		g_autofree char *path = write_arrays(kind, "named", a, 3);
		if (!path)
			continue;
		bool matlab = kind <= MAT_OTHER_ORDER || kind == MAT_73;
		bool numpy = kind == NPZ_C || kind == NPZ_FORTRAN;
		g_autofree char *first = g_strconcat(path, ":first", NULL);
		g_autofree char *second = g_strconcat(path, ":second", NULL);
		g_autofree char *third = g_strconcat(path, ":third", NULL);
		g_autofree char *wide = g_strconcat(path, ":wide", NULL);
		g_autoptr(image) im = read_good(first);
		assert_shape(im, 1, matlab ? 4 : 2, 3, matlab ? 2 : 4);
		g_assert_null(im->scale->transient);
		for (int64_t i = 0; i < 24; i++)
			g_assert_cmpfloat(matlab ? value_at(im, 0, i % 4, i / 4 % 3, i / 12) :
				value_at(im, 0, i / 12, i / 4 % 3, i % 4), ==, (float)(i + 1));
		g_autoptr(image) flat = read_good(second);
		assert_shape(flat, 1, 1, 2, 3);
		g_assert_cmpfloat(value_at(flat, 0, 0, 1, 0), ==, 4);
		expect_bad(third, "first, second, wide");
		expect_bad(path, "first, second, wide");
		if (!numpy)
			expect_bad(wide, "5 axes");
	}
}

/* --- bytes ------------------------------------------------------------------------------------ */

static const named_array small[] = { ARRAY("rect_data", 'H', 3, 3, 2, 4), SCALAR("width", 0.35) };

/* Whatever is read: a picture, or an error, and nothing left behind. */
static void survive(const char *bytes, gsize size)
{
	int fd = memfd_create("damaged", 0);    /* thousands of them: no disk */
	g_assert_true(fd >= 0 && write(fd, bytes, size) == (gssize)size);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GError) err = NULL, described = NULL;
	g_autoptr(image) im = image_read(test_device(), path, &err);
	json_auto_t *facts = image_describe(path, &described);
	g_assert_true(!im == !!err && !facts == !!described);
	g_assert_true(!im || facts);
	close(fd);
}

/* libhdf5 has its own tests for damage within; here files of it are cut off only. */
static void damage(void)
{
	for (int kind = 0; kind < KINDS; kind++) {
		g_autofree char *path = write_arrays(kind, "whole", small, 2), *bytes = NULL;
		gsize size;
		if (!path || !g_file_get_contents(path, &bytes, &size, NULL))
			continue;
		for (gsize cut = 0; cut < size; cut += size > 2000 ? 97 : 1)
			survive(bytes, cut);
		for (gsize i = 0; i < size && kind <= NPZ_FORTRAN; i++) {
			char kept = bytes[i];
			bytes[i] = (char)(kept ^ (1 << i % 8));
			survive(bytes, size);
			bytes[i] = (char)0xff;
			survive(bytes, size);
			bytes[i] = kept;
		}
	}
}

static void cut_off(void)
{
	static const int kinds[] = { MAT_PLAIN, MAT_PACKED, HDF5_C, MAT_73 };
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autofree char *path = write_arrays(kinds[i], "whole", small, 2), *bytes = NULL;
		gsize size;
		if (!path)
			continue;
		g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
		g_autofree char *cut = scratch_file("cut.mat", bytes, size - 5);
		expect_bad(cut, "cut off");
	}
}

#define CLASS_AT 144    /* of the first variable of a plain MAT file: its class, then its flags */
#define DIMS_AT 160     /* the first size */

/* A plain MAT file of one array, with some bytes that are others. */
static char *patched(gsize at, const void *with, gsize n)
{
	const named_array one[] = { ARRAY("a", 'd', 3, 2, 3, 4) };
	g_autofree char *path = write_arrays(MAT_PLAIN, "one", one, 1), *bytes = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	memcpy(bytes + at, with, n);
	return scratch_file("patched.mat", bytes, size);
}

static void not_numbers(void)
{
	static const struct { const char *class, *word; } classes[] = {
		{ "\1", "cells" }, { "\3", "an object" }, { "\4", "text" }, { "\5", "a sparse matrix" },
		{ "\x11", "an object" }, { "\x10", "a function" }, { "\6\x08", "complex numbers" },
		{ "\x63", "something unknown" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(classes); i++) {
		g_autofree char *path = patched(CLASS_AT, classes[i].class, strlen(classes[i].class));
		g_autofree char *chosen = g_strconcat(path, ":a", NULL);
		expect_bad(chosen, classes[i].word);
		expect_bad(path, "holds no array of real numbers");
	}
}

/* Sizes that the numbers do not bear out are refused before anything is made for them. */
static void huge_sizes(void)
{
	static const int32_t sizes[][3] = {
		{ INT32_MAX, INT32_MAX, INT32_MAX }, { 1 << 20, 1 << 20, 1 }, { -1, 3, 4 }, { 2, 3, 5 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *path = patched(DIMS_AT, sizes[i], sizeof(sizes[i]));
		expect_bad(path, "is damaged");
	}
}

void add_capture_bad_tests(void)
{
	g_test_add_func("/io/capture-bad/contradictions", contradictions);
	g_test_add_func("/io/capture-bad/named", named_variables);
	g_test_add_func("/io/capture-bad/damage", damage);
	g_test_add_func("/io/capture-bad/cut-off", cut_off);
	g_test_add_func("/io/capture-bad/not-numbers", not_numbers);
	g_test_add_func("/io/capture-bad/huge", huge_sizes);
}
