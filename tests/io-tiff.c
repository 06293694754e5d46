/* SPDX-License-Identifier: BSD-3-Clause */
/* io-tiff.c - TIFF in its many ways, written by libtiff with the settings at hand, or by bytes */
#include "io.h"

#include <jansson.h>
#include <tiffio.h>

/* --- a writer of test files ----------------------------------------------------------------- */

enum { WIDTH = 37, HEIGHT = 21, TILE = 16 };

struct kind {
	const char *mode;
	int samples, bits, format, photometric, compression;
	bool separate, tiled;
};

/* Sample (y, x, s): small enough for the kind, different everywhere it can be. */
static int expected(const struct kind *k, int y, int x, int s)
{
	int v = y * WIDTH * 3 + x * 3 + s;
	return k->bits < 14 ? v % (1 << k->bits) : v;
}

/* One number at bit position `at` * bits, in the machine's order, packed highest bit first. */
static void store(uint8_t *row, int64_t at, const struct kind *k, int v)
{
	float f = (float)v;
	double d = v;
	int64_t i = v;
	size_t size = (size_t)k->bits / 8;
	if (k->bits % 8) {
		for (int b = 0; b < k->bits; b++) {
			int64_t bit = at * k->bits + b;
			row[bit / 8] |= (uint8_t)(((v >> (k->bits - 1 - b)) & 1) << (7 - bit % 8));
		}
		return;
	}
	if (k->format == SAMPLEFORMAT_IEEEFP)
		memcpy(row + (size_t)at * size, size == 4 ? (void *)&f : (void *)&d, size);
	else
		memcpy(row + (size_t)at * size, &i, size);      /* the low bytes; x86, ARM: first */
}

static void set_tags(TIFF *tif, const struct kind *k, int width, int height)
{
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, width);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, height);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, k->bits);
	TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, k->samples);
	TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, k->format);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, k->photometric);
	TIFFSetField(tif, TIFFTAG_COMPRESSION, k->compression);
	TIFFSetField(tif, TIFFTAG_PLANARCONFIG, k->separate ? PLANARCONFIG_SEPARATE :
		PLANARCONFIG_CONTIG);
	if (k->tiled) {
		TIFFSetField(tif, TIFFTAG_TILEWIDTH, TILE);
		TIFFSetField(tif, TIFFTAG_TILELENGTH, TILE);
	} else {
		TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, 5);
	}
}

/* Rows [y0, y0 + rows) x columns [x0, x0 + columns) of all samples or of one. */
static void fill(uint8_t *to, int64_t row_bytes, const struct kind *k, const int area[4],
	int sample)
{
	for (int y = 0; y < area[2]; y++) {
		for (int x = 0; x < area[3]; x++) {
			int n = k->separate ? 1 : k->samples;
			for (int s = 0; s < n; s++)
				store(to + y * row_bytes, x * n + s, k, expected(k, area[0] + y, area[1] + x,
					k->separate ? sample : s));
		}
	}
}

static void write_pixels(TIFF *tif, const struct kind *k)
{
	for (int s = 0; s < (k->separate ? k->samples : 1); s++) {
		for (int y = 0; y < HEIGHT; y += k->tiled ? TILE : 1) {
			for (int x = 0; x < (k->tiled ? WIDTH : 1); x += TILE) {
				g_autofree uint8_t *buffer = g_malloc0((gsize)(k->tiled ? TIFFTileSize(tif) :
					TIFFScanlineSize(tif)));
				fill(buffer, k->tiled ? TIFFTileRowSize(tif) : 0, k, (int[]){ y, x,
					k->tiled ? TILE : 1, k->tiled ? TILE : WIDTH }, s);
				if (k->tiled)
					g_assert_cmpint(TIFFWriteTile(tif, buffer, (uint32_t)x, (uint32_t)y, 0,
						(uint16_t)s), >, 0);
				else
					g_assert_cmpint(TIFFWriteScanline(tif, buffer, (uint32_t)y, (uint16_t)s), ==,
						1);
			}
		}
	}
}

static char *tiff_file(const char *name, const struct kind *k)
{
	char *path = scratch_path(name);
	TIFF *tif = TIFFOpen(path, k->mode);
	set_tags(tif, k, WIDTH, HEIGHT);
	write_pixels(tif, k);
	TIFFClose(tif);
	return path;
}

/* --- every kind ----------------------------------------------------------------------------- */

static void check_kind(const struct kind *k)
{
	g_autofree char *path = tiff_file("kind.tif", k);
	g_autoptr(image) im = read_good(path);
	assert_shape(im, k->samples, 1, HEIGHT, WIDTH);
	g_assert_cmpint(im->bits, ==, k->bits);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			for (int s = 0; s < k->samples; s++) {
				int v = expected(k, y, x, s);
				if (k->photometric == PHOTOMETRIC_MINISWHITE)
					v = (1 << k->bits) - 1 - v;
				g_assert_cmpfloat(value_at(im, s, 0, y, x), ==, (float)v);
			}
}

static void kinds(void)
{
	static const struct { int bits, format; } numbers[] = {
		{ 1, SAMPLEFORMAT_UINT }, { 2, SAMPLEFORMAT_UINT }, { 4, SAMPLEFORMAT_UINT },
		{ 8, SAMPLEFORMAT_UINT }, { 10, SAMPLEFORMAT_UINT }, { 12, SAMPLEFORMAT_UINT },
		{ 16, SAMPLEFORMAT_UINT }, { 32, SAMPLEFORMAT_UINT }, { 64, SAMPLEFORMAT_UINT },
		{ 16, SAMPLEFORMAT_INT }, { 32, SAMPLEFORMAT_INT }, { 64, SAMPLEFORMAT_INT },
		{ 32, SAMPLEFORMAT_IEEEFP }, { 64, SAMPLEFORMAT_IEEEFP },
	};
	static const char *const modes[] = { "wl", "wb", "w8l", "w8b" };
	int n = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		for (int way = 0; way < 8; way++) {
			struct kind k = { modes[n++ % 4], way & 1 ? 3 : 1, numbers[i].bits, numbers[i].format,
				way & 1 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE, way & 2,
				way & 4 };
			check_kind(&k);
		}
}

static void compressions(void)
{
	static const int all[] = { COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_PACKBITS,
		COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE, COMPRESSION_LZMA, COMPRESSION_ZSTD };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		for (int way = 0; way < 8 && TIFFIsCODECConfigured((uint16_t)all[i]); way++) {
			struct kind k = { way & 4 ? "wb" : "wl", 3, 16, SAMPLEFORMAT_UINT, PHOTOMETRIC_RGB,
				all[i], way & 1, way & 2 };
			check_kind(&k);
		}
}

static void fax_and_white(void)
{
	static const int all[] = { COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4,
		COMPRESSION_NONE };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		struct kind k = { "wl", 1, 1, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISWHITE, all[i], false,
			false };
		check_kind(&k);
	}
	struct kind wide = { "wb", 1, 8, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISWHITE, COMPRESSION_LZW,
		false, true };
	check_kind(&wide);
}

static void palette(void)
{
	uint16_t map[3][256];
	for (int i = 0; i < 256; i++)
		for (int c = 0; c < 3; c++)
			map[c][i] = (uint16_t)(i * (100 + c));
	for (int bits = 1; bits <= 8; bits *= 2) {
		struct kind k = { "wl", 1, bits, SAMPLEFORMAT_UINT, PHOTOMETRIC_PALETTE, COMPRESSION_NONE,
			false, bits == 4 };
		g_autofree char *path = scratch_path("palette.tif");
		TIFF *tif = TIFFOpen(path, "w");
		set_tags(tif, &k, WIDTH, HEIGHT);
		TIFFSetField(tif, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
		write_pixels(tif, &k);
		TIFFClose(tif);
		g_autoptr(image) im = read_good(path);
		assert_shape(im, 3, 1, HEIGHT, WIDTH);
		for (int i = 0; i < HEIGHT * WIDTH; i++)
			for (int c = 0; c < 3; c++)
				g_assert_cmpfloat(value_at(im, c, 0, i / WIDTH, i % WIDTH), ==,
					(float)(expected(&k, i / WIDTH, i % WIDTH, 0) * (100 + c)));
	}
}

static void alpha_goes_channels_stay(void)
{
	static const struct {
		int samples, photometric;
		uint16_t type;
		int kept;
		bool alpha;
	} cases[] = {
		{ 4, PHOTOMETRIC_RGB, EXTRASAMPLE_UNASSALPHA, 3, true },
		{ 4, PHOTOMETRIC_RGB, EXTRASAMPLE_UNSPECIFIED, 3, false },
		{ 2, PHOTOMETRIC_MINISBLACK, EXTRASAMPLE_ASSOCALPHA, 1, true },
		{ 2, PHOTOMETRIC_MINISBLACK, EXTRASAMPLE_UNSPECIFIED, 2, false },
	};
	for (size_t i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
		size_t n = i / 2;
		struct kind k = { "wl", cases[n].samples, 16, SAMPLEFORMAT_UINT, cases[n].photometric,
			COMPRESSION_NONE, i % 2, false };
		g_autofree char *path = scratch_path("alpha.tif");
		TIFF *tif = TIFFOpen(path, "w");
		set_tags(tif, &k, WIDTH, HEIGHT);
		TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, 1, &cases[n].type);
		write_pixels(tif, &k);
		TIFFClose(tif);
		g_autoptr(image) im = read_good(path);
		assert_shape(im, cases[n].kept, 1, HEIGHT, WIDTH);
		g_assert_cmpint(im->alpha, ==, cases[n].alpha);
		g_assert_cmpint(im->warnings->len, ==, cases[n].kept < cases[n].samples);
		for (int s = 0; s < cases[n].kept; s++)
			g_assert_cmpfloat(value_at(im, s, 0, 7, 11), ==, (float)expected(&k, 7, 11, s));
	}
}

/* --- orientation ---------------------------------------------------------------------------- */

/*
 * Stored: 1 2 3 / 4 5 6.  What one sees, from the definition of the tag (TIFF 6.0, page 36): where
 * the stored row 0 and column 0 lie.
 */
static void orientations(void)
{
	static const struct { int width; const char *seen; } cases[] = {
		{ 3, "123456" }, { 3, "321654" }, { 3, "654321" }, { 3, "456123" },
		{ 2, "142536" }, { 2, "415263" }, { 2, "635241" }, { 2, "362514" },
	};
	const struct kind k = { "w", 1, 8, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE,
		false, false };
	for (int o = 1; o <= 8; o++) {
		g_autofree char *path = scratch_path("turned.tif");
		TIFF *tif = TIFFOpen(path, k.mode);
		set_tags(tif, &k, 3, 2);
		TIFFSetField(tif, TIFFTAG_ORIENTATION, o);
		TIFFWriteScanline(tif, (uint8_t[]){ 1, 2, 3 }, 0, 0);
		TIFFWriteScanline(tif, (uint8_t[]){ 4, 5, 6 }, 1, 0);
		TIFFClose(tif);
		g_autoptr(image) im = read_good(path);
		int width = cases[o - 1].width;
		assert_shape(im, 1, 1, 6 / width, width);
		for (int i = 0; i < 6; i++)
			g_assert_cmpfloat(value_at(im, 0, 0, i / width, i % width), ==,
				(float)(cases[o - 1].seen[i] - '0'));
		json_auto_t *facts = image_describe(path, NULL);
		g_assert_cmpint(json_integer_value(json_object_get(facts, "width")), ==, width);
	}
}

/* --- pages ---------------------------------------------------------------------------------- */

static void add_page(TIFF *tif, int width, int value, int type)
{
	const struct kind k = { "w", 1, 8, SAMPLEFORMAT_UINT, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE,
		false, false };
	set_tags(tif, &k, width, 2);
	TIFFSetField(tif, TIFFTAG_SUBFILETYPE, type);
	for (uint32_t y = 0; y < 2; y++) {
		uint8_t row[16];
		memset(row, value, sizeof(row));
		TIFFWriteScanline(tif, row, y, 0);
	}
	TIFFWriteDirectory(tif);
}

static void pages(void)
{
	g_autofree char *path = scratch_path("pages.tif"), *bytes = NULL;
	TIFF *tif = TIFFOpen(path, "w");
	add_page(tif, 3, 99, FILETYPE_REDUCEDIMAGE);
	add_page(tif, 5, 1, FILETYPE_PAGE);
	add_page(tif, 2, 98, FILETYPE_REDUCEDIMAGE);
	add_page(tif, 5, 2, FILETYPE_PAGE);
	add_page(tif, 5, 97, FILETYPE_MASK);
	TIFFClose(tif);
	g_autoptr(image) im = read_good(path);
	assert_shape(im, 1, 2, 2, 5);
	g_assert_true(im->has_z);
	g_assert_cmpfloat(value_at(im, 0, 0, 1, 4), ==, 1);
	g_assert_cmpfloat(value_at(im, 0, 1, 1, 4), ==, 2);
	gsize size;
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	for (gsize cut = 1; cut < size; cut++) {        /* every part is refused */
		g_autofree char *part = scratch_file("part.tif", bytes, size - cut);
		g_autoptr(image) none = image_read(test_device(), part, NULL);
		g_assert_null(none);
	}
}

static void pages_refused(void)
{
	g_autofree char *path = scratch_path("unlike.tif"), *small = scratch_path("small.tif");
	TIFF *tif = TIFFOpen(path, "w");
	add_page(tif, 5, 1, FILETYPE_PAGE);
	add_page(tif, 4, 1, FILETYPE_PAGE);
	TIFFClose(tif);
	expect_refused(path, RELUMINE_BAD_INPUT, "page 2 is not like the first");
	tif = TIFFOpen(small, "w");
	add_page(tif, 4, 1, FILETYPE_REDUCEDIMAGE);
	TIFFClose(tif);
	expect_refused(small, RELUMINE_BAD_INPUT, "thumbnails only");
}

/* --- by bytes ------------------------------------------------------------------------------- */

struct entry { uint16_t tag, type; uint32_t count, value; };

/* A little-endian TIFF of one directory (at 8, linked to `next`), with `n_data` bytes behind it. */
static char *raw_tiff(const struct entry *e, int n, uint32_t next, int n_data)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	uint16_t count = (uint16_t)n;
	g_autofree uint8_t *data = g_malloc(n_data > 0 ? (gsize)n_data : 1);
	for (int i = 0; i < n_data; i++)
		data[i] = (uint8_t)i;
	g_byte_array_append(bytes, (const guint8 *)"II*\0\10\0\0", 8);
	g_byte_array_append(bytes, (const guint8 *)&count, 2);
	g_byte_array_append(bytes, (const guint8 *)e, (guint)n * 12);
	g_byte_array_append(bytes, (const guint8 *)&next, 4);
	g_byte_array_append(bytes, data, (guint)n_data);
	return scratch_file("raw.tif", bytes->data, bytes->len);
}

#define DATA_AT(n) (8 + 2 + 12 * (n) + 4)

static void lies(void)
{
	enum { W, H, BITS, COMP, PHOTO, OFFSETS, SAMPLES, ROWS, COUNTS, N };
	const struct entry good[N] = { { 256, 3, 1, 8 }, { 257, 3, 1, 4 }, { 258, 3, 1, 8 },
		{ 259, 3, 1, 1 }, { 262, 3, 1, 1 }, { 273, 4, 1, DATA_AT(N) }, { 277, 3, 1, 1 },
		{ 278, 3, 1, 4 }, { 279, 4, 1, 32 } };
	static const struct { int at; struct entry e; uint32_t next; int n_data; const char *word; }
	cases[] = {
		{ W, { 256, 4, 1, 60000 }, 0, 32, "cut off" },
		{ H, { 257, 4, 1, 0x7fffffff }, 0, 32, "" },
		{ H, { 257, 4, 1, 0 }, 0, 32, "" },
		{ W, { 256, 4, 1, 0xffffffff }, 0, 32, "" },
		{ BITS, { 258, 3, 1, 4 }, 0, 32, "BitsPerSample" },
		{ BITS, { 258, 3, 1, 128 }, 0, 32, "128 bits" },
		{ COMP, { 259, 3, 1, 34712 }, 0, 32, "compressed" },
		{ PHOTO, { 262, 3, 1, 8 }, 0, 32, "Photometric 8" },
		{ SAMPLES, { 277, 3, 1, 65535 }, 0, 32, "" },
		{ OFFSETS, { 273, 4, 1, 0x10000000 }, 0, 32, "" },
		{ COUNTS, { 279, 4, 1, 8 }, 0, 32, "" },
		{ COUNTS, { 279, 4, 1, 32 }, 0, 31, "" },
		{ COUNTS, { 279, 4, 1, 32 }, 8, 32, "page" },           /* its own next page */
		{ COUNTS, { 279, 4, 1, 32 }, 4000, 32, "page" },
	};
	g_autofree char *whole = raw_tiff(good, N, 0, 32);
	g_autoptr(image) im = read_good(whole);
	assert_shape(im, 1, 1, 4, 8);
	for (int i = 0; i < 32; i++)
		g_assert_cmpfloat(value_at(im, 0, 0, i / 8, i % 8), ==, (float)i);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct entry e[N];
		memcpy(e, good, sizeof(good));
		e[cases[i].at] = cases[i].e;
		g_autofree char *path = raw_tiff(e, N, cases[i].next, cases[i].n_data);
		expect_refused(path, RELUMINE_BAD_INPUT, cases[i].word);
	}
}

void add_tiff_tests(void)
{
	TIFFSetWarningHandler(NULL);    /* of the writing here */
	g_test_add_func("/io/tiff/kinds", kinds);
	g_test_add_func("/io/tiff/compressions", compressions);
	g_test_add_func("/io/tiff/fax-and-white", fax_and_white);
	g_test_add_func("/io/tiff/palette", palette);
	g_test_add_func("/io/tiff/alpha-and-channels", alpha_goes_channels_stay);
	g_test_add_func("/io/tiff/orientations", orientations);
	g_test_add_func("/io/tiff/pages", pages);
	g_test_add_func("/io/tiff/pages-refused", pages_refused);
	g_test_add_func("/io/tiff/lies", lies);
}
