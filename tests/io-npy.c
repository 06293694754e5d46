/* SPDX-License-Identifier: BSD-3-Clause */
/* io-npy.c - arrays of NumPy, made byte by byte, and archives of them */
#include "io.h"

#include <zip.h>

/* --- NumPy ------------------------------------------------------------------------------------ */

/* A file of the format's own text: version 1.0, header padded by a line feed only. */
static char *npy_file(const char *name, const char *descr, const char *order, const char *dims,
	const void *numbers, size_t size)
{
	g_autofree char *text = g_strdup_printf(
		"{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n", descr, order, dims);
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	uint8_t length[2] = { (uint8_t)strlen(text), 0 };
	g_byte_array_append(bytes, (const guint8 *)"\x93NUMPY\1", 8);
	g_byte_array_append(bytes, length, 2);
	g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text));
	g_byte_array_append(bytes, numbers, (guint)size);
	return scratch_file(name, bytes->data, bytes->len);
}

/* The same two numbers, 3 and 250 (or -6, where there is a sign), in every type. */
static void npy_types(void)
{
	static const struct {
		const char *descr, *bytes;
		size_t size;
		float second;
		int bits;
	} cases[] = {
		{ "|b1", "\1\0", 2, 0, 8 }, { "|u1", "\3\xfa", 2, 250, 8 }, { "|i1", "\3\xfa", 2, -6, 8 },
		{ "<u2", "\3\0\xfa\0", 4, 250, 16 }, { ">u2", "\0\3\0\xfa", 4, 250, 16 },
		{ "<i2", "\3\0\xfa\xff", 4, -6, 16 }, { ">i2", "\0\3\xff\xfa", 4, -6, 16 },
		{ "<u4", "\3\0\0\0\xfa\0\0\0", 8, 250, 32 }, { ">u4", "\0\0\0\3\0\0\0\xfa", 8, 250, 32 },
		{ "<i4", "\3\0\0\0\xfa\xff\xff\xff", 8, -6, 32 },
		{ ">i8", "\0\0\0\0\0\0\0\3\xff\xff\xff\xff\xff\xff\xff\xfa", 16, -6, 64 },
		{ "<u8", "\3\0\0\0\0\0\0\0\xfa\0\0\0\0\0\0\0", 16, 250, 64 },
		{ "<f2", "\0\x42\xd0\x5b", 4, 250, 16 }, { ">f2", "\x42\0\x5b\xd0", 4, 250, 16 },
		{ "<f4", "\0\0\x40\x40\0\0\x7a\x43", 8, 250, 32 },
		{ ">f4", "\x40\x40\0\0\x43\x7a\0\0", 8, 250, 32 },
		{ ">f8", "\x40\x08\0\0\0\0\0\0\x40\x6f\x40\0\0\0\0\0", 16, 250, 64 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = npy_file("type.npy", cases[i].descr, "False", "1, 2",
			cases[i].bytes, cases[i].size);
		g_autoptr(image) im = read_good(path);
		assert_shape(im, 1, 1, 1, 2);
		g_assert_cmpfloat(value_at(im, 0, 0, 0, 0), ==, cases[i].descr[1] == 'b' ? 1 : 3);
		g_assert_cmpfloat(value_at(im, 0, 0, 0, 1), ==, cases[i].second);
		g_assert_cmpint(im->bits, ==, cases[i].bits);
	}
}

/* IEEE 754: largest, smallest subnormal, one third, infinity */
static void npy_half(void)
{
	g_autofree char *path = npy_file("half.npy", "<f2", "False", "5,",
		"\xff\x7b\1\0\x55\x35\0\xfc\1\x80", 10);
	g_autoptr(image) im = read_good(path);
	g_assert_cmpfloat(value_at(im, 0, 0, 0, 0), ==, 65504);
	g_assert_cmpfloat(value_at(im, 0, 0, 0, 1), ==, 0x1p-24f);
	g_assert_cmpfloat(value_at(im, 0, 0, 0, 2), ==, 0x1.554p-2f);
	g_assert_true(isinf(value_at(im, 0, 0, 0, 3)) && value_at(im, 0, 0, 0, 3) < 0);
	g_assert_cmpfloat(value_at(im, 0, 0, 0, 4), ==, -0x1p-24f);
}

static void npy_shapes(void)
{
	static const struct { const char *dims; shape s; bool has_z; } cases[] = {
		{ "", { 1, 1, 1, 1 }, false }, { "24,", { 1, 1, 1, 24 }, false },
		{ "4, 6", { 1, 1, 4, 6 }, false }, { "2, 3, 4", { 1, 2, 3, 4 }, true },
		{ "4, 3, 2", { 2, 1, 4, 3 }, false }, { "3, 2, 4", { 1, 3, 2, 4 }, true },
		{ "4, 6, 1", { 1, 1, 4, 6 }, false }, { "1, 4, 6", { 1, 1, 4, 6 }, true },
		{ "2, 3, 2, 2", { 2, 2, 3, 2 }, true }, { "1, 4, 2L, 3", { 3, 1, 4, 2 }, false },
	};
	uint8_t numbers[24];
	for (int i = 0; i < 24; i++)
		numbers[i] = (uint8_t)i;
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		shape s = cases[i].s;
		g_autofree char *path = npy_file("shape.npy", "|u1", "False", cases[i].dims, numbers,
			(size_t)shape_count(s));
		g_autoptr(image) im = read_good(path);
		assert_shape(im, s.c, s.z, s.y, s.x);
		g_assert_true(im->has_z == cases[i].has_z);
		for (int64_t k = 0; k < shape_count(s); k++)    /* stored as (z, y, x, c) */
			g_assert_cmpfloat(value_at(im, k % s.c, k / (s.c * s.x * s.y), k / (s.c * s.x) % s.y,
				k / s.c % s.x), ==, (float)k);
	}
}

/* Column-major: element (z, y, x, c) of shape (2, 3, 4, 5) is number z + 2 (y + 3 (x + 4 c)). */
static void npy_fortran(void)
{
	uint8_t numbers[120];
	for (int i = 0; i < 120; i++)
		numbers[i] = (uint8_t)i;
	g_autofree char *path = npy_file("fortran.npy", "|u1", "True", "2, 3, 4, 5", numbers, 120);
	g_autoptr(image) im = read_good(path);
	assert_shape(im, 5, 2, 3, 4);
	for (int64_t i = 0; i < 120; i++)
		g_assert_cmpfloat(value_at(im, i / 24, i % 2, i / 2 % 3, i / 6 % 4), ==, (float)i);
}

/* Lines longer than one block of reading, both orders. */
static void npy_long_lines(void)
{
	enum { N = 40000 };
	g_autofree float *numbers = g_new(float, 2 * N);
	for (int i = 0; i < 2 * N; i++)
		numbers[i] = (float)i;
	g_autofree char *c_path = npy_file("long.npy", "<f4", "False", "2, 40000", numbers, 8 * N);
	g_autofree char *f_path = npy_file("tall.npy", "<f4", "True", "40000, 2", numbers, 8 * N);
	g_autoptr(image) wide = read_good(c_path);
	g_autoptr(image) tall = read_good(f_path);
	for (int i = 0; i < 2 * N; i++) {
		g_assert_cmpfloat(value_at(wide, 0, 0, i / N, i % N), ==, (float)i);
		g_assert_cmpfloat(value_at(tall, 0, 0, i % N, i / N), ==, (float)i);
	}
}

static void npy_refused(void)
{
	static const struct { const char *descr, *dims; size_t size; enum relumine_status status;
		const char *word; } cases[] = {
		{ "<c8", "2, 2", 32, RELUMINE_BAD_INPUT, "np.abs" },
		{ "|O", "2, 2", 32, RELUMINE_BAD_INPUT, "Python objects" },
		{ "<f16", "2, 2", 64, RELUMINE_BAD_INPUT, "unknown type" },
		{ "<f4", "2, 2", 15, RELUMINE_BAD_INPUT, "cut off" },
		{ "<f4", "60000, 60000", 4096, RELUMINE_BAD_INPUT, "cut off" },
		{ "<f4", "4294967296, 4294967296, 4294967296", 64, RELUMINE_BAD_INPUT, "cut off" },
		{ "<f4", "0, 5", 0, RELUMINE_BAD_INPUT, "without elements" },
		{ "<f4", "-1, 5", 0, RELUMINE_BAD_INPUT, "understood" },
		{ "<f4", "1, 1, 1, 1, 1", 4, RELUMINE_BAD_INPUT, "5 axes" },
		{ "<f4", "99999999999999999999", 4, RELUMINE_BAD_INPUT, "understood" },
	};
	uint8_t numbers[4096] = { 0 };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = npy_file("bad.npy", cases[i].descr, "False", cases[i].dims, numbers,
			cases[i].size);
		expect_refused(path, cases[i].status, cases[i].word);
	}
	g_autofree char *path = npy_file("trailing.npy", "|u1", "False", "2, 2", numbers, 9);
	g_autoptr(image) im = read_good(path);
	g_assert_cmpint(im->warnings->len, ==, 1);
	g_assert_nonnull(strstr(im->warnings->pdata[0], "5 bytes"));
}

/* --- NPZ -------------------------------------------------------------------------------------- */

static void npz_add(zip_t *archive, const char *name, const char *path, int method)
{
	zip_source_t *source = zip_source_file(archive, path, 0, -1);
	zip_int64_t entry = zip_file_add(archive, name, source, ZIP_FL_OVERWRITE);
	g_assert_cmpint(entry, >=, 0);
	g_assert_cmpint(zip_set_file_compression(archive, (zip_uint64_t)entry, method, 0), ==, 0);
}

static void npz_members(void)
{
	g_autofree char *a = npy_file("a.npy", "|u1", "False", "1, 3", "\1\2\3", 3);
	g_autofree char *b = npy_file("b.npy", "|u1", "False", "2, 1", "\4\5", 2);
	g_autofree char *both = scratch_path("both.npz"), *single = scratch_path("single.npz");
	zip_t *archive = zip_open(both, ZIP_CREATE, NULL);
	npz_add(archive, "first.npy", a, ZIP_CM_STORE);
	npz_add(archive, "second.npy", b, ZIP_CM_DEFLATE);
	g_assert_cmpint(zip_close(archive), ==, 0);
	archive = zip_open(single, ZIP_CREATE, NULL);
	npz_add(archive, "arr_0.npy", a, ZIP_CM_DEFLATE);
	npz_add(archive, "notes.txt", b, ZIP_CM_STORE);
	g_assert_cmpint(zip_close(archive), ==, 0);

	expect_refused(both, RELUMINE_BAD_INPUT, "first, second");
	g_autofree char *chosen = g_strconcat(both, ":second", NULL);
	g_autofree char *absent = g_strconcat(both, ":third", NULL);
	g_autoptr(image) second = read_good(chosen);
	assert_shape(second, 1, 1, 2, 1);
	g_assert_cmpfloat(value_at(second, 0, 0, 1, 0), ==, 5);
	expect_refused(absent, RELUMINE_BAD_INPUT, "no array of that name");
	g_autoptr(image) only = read_good(single);
	g_assert_cmpstr(only->format, ==, "NPZ");
	g_assert_cmpfloat(value_at(only, 0, 0, 0, 2), ==, 3);
}

static void npz_damaged(void)
{
	g_autofree char *path = scratch_path("both.npz"), *bytes = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	char *third = memmem(bytes, size, "\1\2\3", 3);
	g_assert_nonnull(third);
	third[1] ^= 1;
	g_autofree char *bad = scratch_file("crc.npz", bytes, size);
	g_autofree char *chosen = g_strconcat(bad, ":first", NULL);
	expect_refused(chosen, RELUMINE_BAD_INPUT, "damaged");
	g_autofree char *cut = scratch_file("cut.npz", bytes, size - 30);
	expect_refused(cut, RELUMINE_BAD_INPUT, "archive");
}

void add_npy_tests(void)
{
	g_test_add_func("/io/npy/types", npy_types);
	g_test_add_func("/io/npy/half", npy_half);
	g_test_add_func("/io/npy/shapes", npy_shapes);
	g_test_add_func("/io/npy/fortran", npy_fortran);
	g_test_add_func("/io/npy/long-lines", npy_long_lines);
	g_test_add_func("/io/npy/refused", npy_refused);
	g_test_add_func("/io/npz/members", npz_members);
	g_test_add_func("/io/npz/damaged", npz_damaged);
}
