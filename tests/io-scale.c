/* SPDX-License-Identifier: BSD-3-Clause */
/* io-scale.c - voxel sizes, channels and time of TIFFs: written and read, by hand, and lies */
#include "io.h"

#include <jansson.h>
#include <tiffio.h>

enum { WIDTH = 5, HEIGHT = 4 };

/* --- files by hand ---------------------------------------------------------------------------- */

struct by_hand {
	const char *text;       /* ImageDescription, or NULL */
	double x, y;            /* XResolution and YResolution; 0: none */
	int unit, orientation;
	int pages;              /* page i is filled with i */
	int small;              /* the last page is so many pixels smaller */
};

static char *file_of(const struct by_hand *h)
{
	char *path = scratch_path("by-hand.tif");
	TIFF *tif = TIFFOpen(path, "w");
	for (int page = 0; page < h->pages; page++) {
		int width = WIDTH - (page == h->pages - 1 ? h->small : 0);
		uint8_t row[WIDTH];
		memset(row, page, sizeof row);
		TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, width);
		TIFFSetField(tif, TIFFTAG_IMAGELENGTH, HEIGHT);
		TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 8);
		TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, 1);
		TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
		TIFFSetField(tif, TIFFTAG_ORIENTATION, h->orientation ? h->orientation : 1);
		if (h->text && page == 0)
			TIFFSetField(tif, TIFFTAG_IMAGEDESCRIPTION, h->text);
		if (h->x > 0)
			TIFFSetField(tif, TIFFTAG_XRESOLUTION, h->x);
		if (h->y > 0)
			TIFFSetField(tif, TIFFTAG_YRESOLUTION, h->y);
		if (h->unit)
			TIFFSetField(tif, TIFFTAG_RESOLUTIONUNIT, h->unit);
		for (uint32_t y = 0; y < HEIGHT; y++)
			TIFFWriteScanline(tif, row, y, 0);
		TIFFWriteDirectory(tif);
	}
	TIFFClose(tif);
	return path;
}

static image *read_by_hand(const struct by_hand *h)
{
	g_autofree char *path = file_of(h);
	return read_good(path);
}

/* Equal to the precision of a TIFF's resolution, or both unknown. */
static void assert_near(double found, double expected)
{
	if (isnan(expected))
		g_assert_true(isnan(found));
	else
		g_assert_cmpfloat_with_epsilon(found, expected, 1e-6 * expected);
}

static void assert_voxel(const image *im, double x, double y, double z)
{
	assert_near(im->scale->voxel[0], x);
	assert_near(im->scale->voxel[1], y);
	assert_near(im->scale->voxel[2], z);
}

/* --- ImageJ ----------------------------------------------------------------------------------- */

static void imagej_units(void)
{
	static const struct { struct by_hand h; double x, y, z; const char *warning; } cases[] = {
		{ { "ImageJ=1.53\nunit=micron\n", 10, 5, 1, 0, 1, 0 }, 100, 200, NAN, NULL },
		{ { "ImageJ=1.53\nunit=um\nspacing=0.3\n", 10, 10, 1, 0, 1, 0 }, 100, 100, 300, NULL },
		{ { "ImageJ=1.53\nunit=\\u00B5m\nspacing=0.3\n", 10, 10, 1, 0, 1, 0 }, 100, 100, 300, NULL },
		{ { "ImageJ=1.53\nunit=\302\265m\n", 10, 10, 1, 0, 1, 0 }, 100, 100, NAN, NULL },
		{ { "ImageJ=1.53\nunit=\265m\n", 10, 10, 1, 0, 1, 0 }, 100, 100, NAN, NULL },
		{ { "ImageJ=1.53\nunit=nm\nspacing=300.0\n", 0.01, 0.02, 1, 0, 1, 0 }, 100, 50, 300, NULL },
		{ { "ImageJ=1.53\nunit=mm\nspacing=-0.002\n", 1000, 1000, 1, 0, 1, 0 }, 1000, 1000, 2000,
			NULL },
		{ { "ImageJ=1.53\r\nunit=cm\r\nspacing=1\r\n", 1e5, 1e5, 3, 0, 1, 0 }, 100, 100, 1e7, NULL },
		{ { "ImageJ=1.53\nunit=um\nspacing=0.3\n", 1e5, 1e5, 3, 0, 1, 0 }, 100, 100, 300, NULL },
		{ { "ImageJ=1.53\nunit=inch\n", 254000, 254000, 2, 0, 1, 0 }, 100, 100, NAN, NULL },
		{ { "ImageJ=1.53\nunit=um\nzunit=nm\nyunit=nm\nspacing=250\n", 10, 0.01, 1, 0, 1, 0 }, 100,
			100, 250, NULL },
		{ { "ImageJ=1.53\nunit=micron\n", 10, 5, 1, 6, 1, 0 }, 200, 100, NAN, NULL },
		{ { "ImageJ=1.53\nunit=pixel\nspacing=3\n", 1, 1, 1, 0, 1, 0 }, NAN, NAN, NAN, NULL },
		{ { "ImageJ=1.53\nspacing=3\n", 10, 10, 1, 0, 1, 0 }, NAN, NAN, NAN, NULL },
		{ { "ImageJ=1.53\nunit=micron\n", 0, 0, 0, 0, 1, 0 }, NAN, NAN, NAN, NULL },
		{ { "ImageJ=1.53\nunit=furlong\n", 10, 10, 1, 0, 1, 0 }, NAN, NAN, NAN, "furlong" },
		{ { "ImageJ=1.53\nunit=um\nspacing=1e9\n", 10, 10, 1, 0, 1, 0 }, 100, 100, NAN, "spacing" },
		{ { "ImageJ=1.53\nunit=um\nspacing=nan\n", 10, 10, 1, 0, 1, 0 }, 100, 100, NAN, "spacing" },
		{ { "ImageJ=1.53\nunit=um\nspacing=0\n", 10, 10, 1, 0, 1, 0 }, 100, 100, NAN, "spacing" },
		{ { "ImageJ=1.53\nunit=um\nspacing=0,3\n", 10, 10, 1, 0, 1, 0 }, 100, 100, NAN, "spacing" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(image) im = read_by_hand(&cases[i].h);
		assert_voxel(im, cases[i].x, cases[i].y, cases[i].z);
		if (cases[i].warning)
			assert_warned(im, cases[i].warning);
		else
			g_assert_cmpint(im->warnings->len, ==, 0);
	}
}

/* Pages run through channels first, then slices, then points of time. */
static void imagej_hyperstack(void)
{
	const struct by_hand h = { "ImageJ=1.53\nimages=24\nchannels=2\nslices=4\nframes=3\n"
		"hyperstack=true\nunit=micron\nspacing=0.5\nfinterval=2.5\n"
		"channel_2_name=a\\u00DC \\\\ b\nchannel_2_emission_nm=520\nnumerical_aperture=1.4\n", 4, 4,
		1, 0, 24, 0 };
	g_autoptr(image) im = read_by_hand(&h);
	assert_shape(im, 2, 12, HEIGHT, WIDTH);
	g_assert_cmpint(im->scale->frames, ==, 3);
	for (int64_t t = 0; t < 3; t++)
		for (int64_t z = 0; z < 4; z++)
			for (int64_t c = 0; c < 2; c++)
				g_assert_cmpfloat(value_at(im, c, t * 4 + z, 3, 4), ==,
					(float)(c + 2 * z + 8 * t));
	assert_voxel(im, 250, 250, 500);
	assert_near(im->scale->interval, 2.5);
	assert_near(im->scale->aperture, 1.4);
	g_assert_cmpint(im->scale->n_channels, ==, 2);
	g_assert_cmpstr(im->scale->channels[1].name, ==, "a\303\234 \\ b");
	assert_near(im->scale->channels[1].emission, 520);
	assert_near(im->scale->channels[0].emission, NAN);
	g_assert_cmpint(im->warnings->len, ==, 0);
}

static void imagej_counts(void)
{
	static const struct { struct by_hand h; int64_t c, z, frames; const char *warning; } cases[] = {
		{ { "ImageJ=1.5\nimages=6\n", 0, 0, 0, 0, 6, 0 }, 1, 6, 1, NULL },
		{ { "ImageJ=1.5\nimages=6\nframes=6\n", 0, 0, 0, 0, 6, 0 }, 1, 6, 6, NULL },
		{ { "ImageJ=1.5\nimages=6\nchannels=2\nframes=3\norder=tcz\n", 0, 0, 0, 0, 6, 0 }, 2, 3, 3,
			NULL },
		{ { "ImageJ=1.5\nimages=6\nchannels=2\nframes=2\n", 0, 0, 0, 0, 6, 0 }, 1, 6, 1, "one stack" },
		{ { "ImageJ=1.5\nimages=6\nchannels=0\nslices=6\n", 0, 0, 0, 0, 6, 0 }, 1, 6, 1, "one stack" },
		{ { "ImageJ=1.5\nimages=6\nslices=-6\n", 0, 0, 0, 0, 6, 0 }, 1, 6, 1, "one stack" },
		{ { "ImageJ=1.5\nimages=6\nslices=6\norder=xyz\n", 0, 0, 0, 0, 6, 0 }, 1, 6, 1, "means" },
		{ { "ImageJ=1.5\nimages=6\nslices=6\norder=zzz\n", 0, 0, 0, 0, 6, 0 }, 1, 6, 1, "means" },
		{ { "ImageJ=1.5\nchannels=4000000000\nslices=4000000000\nframes=4000000000\n", 0, 0, 0, 0, 6,
			0 }, 1, 6, 1, "ImageJ put" },
		{ { "ImageJ=1.5\nimages=600\nslices=600\n", 0, 0, 0, 0, 1, 0 }, 1, 1, 1, "ImageJ put 600" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(image) im = read_by_hand(&cases[i].h);
		assert_shape(im, cases[i].c, cases[i].z, HEIGHT, WIDTH);
		g_assert_cmpint(im->scale->frames, ==, cases[i].frames);
		if (cases[i].warning)
			assert_warned(im, cases[i].warning);
		else
			g_assert_cmpint(im->warnings->len, ==, 0);
	}
}

/* --- resolution alone ------------------------------------------------------------------------- */

static void resolution_tags(void)
{
	static const struct { struct by_hand h; double x, y; } cases[] = {
		{ { NULL, 234670, 234670, RESUNIT_CENTIMETER, 0, 1, 0 }, 1e7 / 234670, 1e7 / 234670 },
		{ { "made by hand", 254000, 127000, RESUNIT_INCH, 0, 1, 0 }, 100, 200 },
		{ { NULL, 254000, 127000, RESUNIT_INCH, 8, 1, 0 }, 200, 100 },
		{ { NULL, 72, 72, RESUNIT_INCH, 0, 1, 0 }, NAN, NAN },
		{ { NULL, 4800, 4800, RESUNIT_INCH, 0, 1, 0 }, NAN, NAN },
		{ { NULL, 300, 300, RESUNIT_CENTIMETER, 0, 1, 0 }, NAN, NAN },
		{ { NULL, 100000, 100000, RESUNIT_NONE, 0, 1, 0 }, NAN, NAN },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(image) im = read_by_hand(&cases[i].h);
		assert_voxel(im, cases[i].x, cases[i].y, NAN);
		g_assert_cmpint(im->warnings->len, ==, 0);
	}
}

/* --- written and read again ------------------------------------------------------------------- */

/* 2 channels, 2 slices, 3 points of time, with all that can be known. */
static image *all_known(void)
{
	image *im = numbered(2, 6, 4, 3, 0.5f);
	image_scale *s = im->scale;
	memcpy(s->voxel, (double[]){ 64.5, 129, 200.25 }, sizeof s->voxel);
	s->interval = 0.125;
	s->aperture = 1.45;
	s->refraction = 1.515;
	s->frames = 3;
	s->planes_named = true;
	image_scale_set_channels(s, 2);
	s->channels[0] = (channel_light){ g_strdup("\316\261 <&\"'\\u00B5>\n="), 461, 405 };
	s->channels[1].excitation = 488.5;
	return im;
}

static void assert_same_scale(const image_scale *a, const image_scale *b)
{
	for (int i = 0; i < 3; i++)
		assert_near(a->voxel[i], b->voxel[i]);
	assert_near(a->interval, b->interval);
	assert_near(a->aperture, b->aperture);
	assert_near(a->refraction, b->refraction);
	g_assert_cmpint(a->frames, ==, b->frames);
	g_assert_cmpint(a->planes_named, ==, b->planes_named);
	g_assert_cmpint(a->n_channels, ==, b->n_channels);
	for (int64_t c = 0; c < a->n_channels; c++) {
		assert_near(a->channels[c].emission, b->channels[c].emission);
		assert_near(a->channels[c].excitation, b->channels[c].excitation);
	}
}

/* ImageJ reads the first directory and takes what follows its pixels for the other planes. */
static void assert_no_gaps(const char *path, int64_t plane_bytes)
{
	TIFF *tif = TIFFOpen(path, "r");
	uint64_t at = TIFFGetStrileOffset(tif, 0);
	do {
		g_assert_cmpuint(TIFFNumberOfStrips(tif), ==, 1);
		g_assert_cmpuint(TIFFGetStrileOffset(tif, 0), ==, at);
		at += (uint64_t)plane_bytes;
	} while (TIFFReadDirectory(tif));
	TIFFClose(tif);
}

static void round_trips(void)
{
	static const char *const names[] = { "known.tif", "known.ome.tif", "KNOWN.OME.TIFF" };
	static const char *const text[] = { "\316\261 <&\"'\\u00B5>\n=", "\316\261 <&\"'\\u00B5> =" };
	g_autoptr(image) im = all_known();
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = scratch_path(names[i]);
		g_autoptr(GError) err = NULL;
		image_write(im, path, false, &err);
		g_assert_no_error(err);
		g_autoptr(image) back = read_good(path);
		assert_same(back, im, 0);
		assert_same_scale(back->scale, im->scale);
		g_assert_cmpstr(back->scale->channels[0].name, ==, text[i > 0]);
		g_assert_null(back->scale->channels[1].name);
		g_assert_cmpint(back->warnings->len, ==, 0);
		assert_no_gaps(path, 4 * 3 * 4);
		json_auto_t *facts = image_describe(path, NULL);
		g_assert_cmpint(json_integer_value(json_object_get(facts, "slices")), ==, 2);
	}
}

/* What is partly known comes back as it was; nothing known leaves no trace. */
static void partly_known(void)
{
	static const char *const names[] = { "some.tif", "some.ome.tif" };
	for (int known = 0; known < 6; known++)
		for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
			g_autofree char *path = scratch_path(names[i]);
			g_autoptr(image) im = numbered(known == 5 ? 3 : 1, 4, 4, 3, 1);
			if (known < 3)
				im->scale->voxel[known] = 123;
			else if (known == 3)
				im->scale->frames = 4;
			im->scale->planes_named = known == 3 || known == 5;
			g_assert_true(image_write(im, path, true, NULL));
			g_autoptr(image) back = read_good(path);
			assert_same(back, im, 0);
			assert_same_scale(back->scale, im->scale);
			json_auto_t *facts = image_describe(path, NULL);
			g_assert_true((known == 4 && i == 0) == !json_object_get(facts, "description"));
		}
}

/* Pictures of one row, of which libtiff has its own opinion. */
static void one_row(void)
{
	for (int64_t slices = 1; slices <= 3; slices += 2)
		for (int64_t width = 1; width <= 7; width += 6) {
			g_autofree char *path = scratch_path("row.tif");
			g_autoptr(image) im = numbered(2, slices, 1, width, 0.5f);
			im->scale->voxel[0] = 100;
			im->scale->planes_named = true;
			g_assert_true(image_write(im, path, true, NULL));
			g_autoptr(image) back = read_good(path);
			assert_same(back, im, 0);
			assert_same_scale(back->scale, im->scale);
		}
}

/* What ImageJ and tifffile wrote; the sizes are those that the files' authors tell of. */
static void real_stacks(void)
{
	static const struct { const char *name; double x, y, z; } cases[] = {
		{ "deconv/sdeconv_celegans2d.tif", 1e3 / 23.466652, 1e3 / 23.466652, NAN },
		{ "deconv/redlionfish_psf_measured.tif", 1e6 / 3333, 1e6 / 3333, 300 },
		{ "deconv/syn_crop_image.tif", 100, 100, 200 },
		{ "deconv/sdeconv_pollen_truth.tif", NAN, NAN, NAN },
		{ "deconv/pycudadecon_bead_psf.tif", NAN, NAN, NAN },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = data_file(cases[i].name);
		if (!path) {
			g_test_skip("no folder of stacks (set RELUMINE_DATA)");
			return;
		}
		g_autoptr(image) im = read_good(path);
		assert_voxel(im, cases[i].x, cases[i].y, cases[i].z);
		g_assert_cmpint(im->warnings->len, ==, 0);
	}
}

void add_scale_tests(void)
{
	g_test_add_func("/io/scale/real-stacks", real_stacks);
	g_test_add_func("/io/scale/imagej-units", imagej_units);
	g_test_add_func("/io/scale/imagej-hyperstack", imagej_hyperstack);
	g_test_add_func("/io/scale/imagej-counts", imagej_counts);
	g_test_add_func("/io/scale/resolution", resolution_tags);
	g_test_add_func("/io/scale/round-trips", round_trips);
	g_test_add_func("/io/scale/partly-known", partly_known);
	g_test_add_func("/io/scale/one-row", one_row);
}
