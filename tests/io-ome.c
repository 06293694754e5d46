/* SPDX-License-Identifier: BSD-3-Clause */
/* io-ome.c - OME-TIFF as others write it: orders, units, series, and what is damaged or hostile */
#include "io.h"

#include <tiffio.h>

enum { WIDTH = 5, HEIGHT = 4 };

/* Pages of WIDTH x HEIGHT bytes; page i is filled with i, and is `narrower[i]` pixels narrower. */
static char *ome_file(const char *text, int pages, const int *narrower)
{
	char *path = scratch_path("hand.ome.tif");
	TIFF *tif = TIFFOpen(path, "w");
	for (int page = 0; page < pages; page++) {
		uint8_t row[WIDTH];
		memset(row, page, sizeof row);
		TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, WIDTH - (narrower ? narrower[page] : 0));
		TIFFSetField(tif, TIFFTAG_IMAGELENGTH, HEIGHT);
		TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 8);
		TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, 1);
		TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
		if (page == 0)
			TIFFSetField(tif, TIFFTAG_IMAGEDESCRIPTION, text);
		for (uint32_t y = 0; y < HEIGHT; y++)
			TIFFWriteScanline(tif, row, y, 0);
		TIFFWriteDirectory(tif);
	}
	TIFFClose(tif);
	return path;
}

static image *read_ome(const char *text, int pages, const int *narrower)
{
	g_autofree char *path = ome_file(text, pages, narrower);
	return read_good(path);
}

/* --- orders ----------------------------------------------------------------------------------- */

/* Page numbers step by one along the first axis of the order, by its length along the next. */
static void orders(void)
{
	static const struct { const char *order; int c, z, t; } steps[] = {
		{ "XYCZT", 1, 2, 6 }, { "XYZCT", 3, 1, 6 }, { "XYCTZ", 1, 4, 2 },
		{ "XYTCZ", 2, 4, 1 }, { "XYZTC", 6, 1, 3 }, { "XYTZC", 6, 2, 1 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autofree char *text = g_strdup_printf("<OME><Image><Pixels DimensionOrder=\"%s\" "
			"SizeX=\"5\" SizeY=\"4\" SizeC=\"2\" SizeZ=\"3\" SizeT=\"2\"><TiffData/></Pixels>"
			"</Image></OME>", steps[i].order);
		g_autoptr(image) im = read_ome(text, 12, NULL);
		assert_shape(im, 2, 6, HEIGHT, WIDTH);
		g_assert_cmpint(im->scale->frames, ==, 2);
		for (int n = 0; n < 12; n++) {
			int c = n % 2, z = n / 2 % 3, t = n / 6;
			g_assert_cmpfloat(value_at(im, c, 3 * t + z, 2, 3), ==,
				(float)(c * steps[i].c + z * steps[i].z + t * steps[i].t));
		}
	}
}

/* Planes in any pages: the third slice stands first. */
static void planes_by_name(void)
{
	g_autoptr(image) im = read_ome("<OME><Image><Pixels DimensionOrder=\"XYZCT\" SizeX=\"5\" "
		"SizeY=\"4\" SizeC=\"1\" SizeZ=\"4\" SizeT=\"1\"><TiffData FirstZ=\"2\"/>"
		"<TiffData IFD=\"2\" FirstZ=\"1\" PlaneCount=\"1\"/><TiffData IFD=\"3\"/>"
		"</Pixels></Image></OME>", 4, NULL);
	/* (the first names two planes, in pages 0 and 1) */
	const float expected[4] = { 3, 2, 0, 1 };
	assert_shape(im, 1, 4, HEIGHT, WIDTH);
	for (int z = 0; z < 4; z++)
		g_assert_cmpfloat(value_at(im, 0, z, 0, 0), ==, expected[z]);
}

/* --- what is known ---------------------------------------------------------------------------- */

static void everything(void)
{
	g_autoptr(image) im = read_ome(
		"\357\273\277<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- Warning: this comment is an "
		"OME-XML metadata block -->\n<ome:OME xmlns:ome=\"o\" UUID=\"urn:uuid:1\">"
		"<ome:Instrument ID=\"I:0\"><ome:Objective ID=\"O:0\" LensNA=\"0.5\"/>"
		"<ome:Objective ID=\"O:1\" LensNA=\"1.4\"/></ome:Instrument>"
		"<ome:Image ID=\"Image:0\"><ome:ObjectiveSettings ID=\"O:1\" RefractiveIndex=\"1.518\"/>"
		"<ome:Pixels DimensionOrder=\"XYCZT\" SizeX=\"5\" SizeY=\"4\" SizeC=\"2\" SizeZ=\"1\" "
		"SizeT=\"2\" PhysicalSizeX=\"65\" PhysicalSizeXUnit=\"nm\" PhysicalSizeY=\"0.13\" "
		"PhysicalSizeZ=\"0.0002\" PhysicalSizeZUnit=\"mm\" TimeIncrement=\"1500\" "
		"TimeIncrementUnit=\"ms\"><ome:Channel Name=\"DAPI &amp; &#956;\" "
		"EmissionWavelength=\"461\" ExcitationWavelength=\"0.405\" "
		"ExcitationWavelengthUnit=\"&#181;m\"/><ome:Channel EmissionWavelength=\"5200\" "
		"EmissionWavelengthUnit=\"\303\205\"/><ome:TiffData IFD=\"0\" PlaneCount=\"4\">"
		"<ome:UUID FileName=\"a.ome.tif\"> urn:uuid:1 </ome:UUID></ome:TiffData></ome:Pixels>"
		"</ome:Image></ome:OME>", 4, NULL);
	const image_scale *s = im->scale;
	assert_shape(im, 2, 2, HEIGHT, WIDTH);
	g_assert_cmpint(im->warnings->len, ==, 0);
	g_assert_cmpint(s->frames, ==, 2);
	g_assert_cmpfloat_with_epsilon(s->voxel[0], 65, 1e-9);
	g_assert_cmpfloat_with_epsilon(s->voxel[1], 130, 1e-9);
	g_assert_cmpfloat_with_epsilon(s->voxel[2], 200, 1e-9);
	g_assert_cmpfloat_with_epsilon(s->interval, 1.5, 1e-12);
	g_assert_cmpfloat_with_epsilon(s->aperture, 1.4, 1e-12);
	g_assert_cmpfloat_with_epsilon(s->refraction, 1.518, 1e-12);
	g_assert_cmpstr(s->unit, ==, "nm");
	g_assert_cmpint(s->n_channels, ==, 2);
	g_assert_cmpstr(s->channels[0].name, ==, "DAPI & \316\274");
	g_assert_cmpfloat_with_epsilon(s->channels[0].emission, 461, 1e-9);
	g_assert_cmpfloat_with_epsilon(s->channels[0].excitation, 405, 1e-9);
	g_assert_cmpfloat_with_epsilon(s->channels[1].emission, 520, 1e-9);
	g_assert_true(isnan(s->channels[1].excitation));
}

/* An Image inside an annotation is no picture, nor is its Pixels one. */
static void annotations_are_passed_over(void)
{
	g_autoptr(image) im = read_ome("<OME><StructuredAnnotations><XMLAnnotation><Value><Image>"
		"<Pixels SizeX=\"9\" SizeZ=\"7\" PhysicalSizeX=\"7\"/></Image></Value></XMLAnnotation>"
		"</StructuredAnnotations><Image><Pixels SizeX=\"5\" SizeY=\"4\" SizeZ=\"2\" "
		"PhysicalSizeX=\"2\"/></Image></OME>", 2, NULL);
	g_assert_cmpint(im->warnings->len, ==, 0);
	g_assert_cmpfloat_with_epsilon(im->scale->voxel[0], 2000, 1e-9);
}

#define SERIES(name, width, z, first, count) "<Image Name=\"" name "\"><Pixels SizeX=\"" width \
	"\" SizeY=\"4\" SizeZ=\"" z "\" PhysicalSizeX=\"1." z "\"><TiffData IFD=\"" first \
	"\" PlaneCount=\"" count "\"/></Pixels></Image>"

/* The second picture is the first that agrees with its pages; the others are of other sizes. */
static void series(void)
{
	const int narrower[6] = { 2, 0, 0, 0, 1, 1 };
	g_autofree char *path = ome_file("<OME>" SERIES("label", "9", "1", "0", "1")
		SERIES("cells", "5", "3", "1", "3") SERIES("more", "4", "2", "4", "2") "</OME>", 6,
		narrower);
	g_autoptr(image) im = read_good(path);
	assert_shape(im, 1, 3, HEIGHT, WIDTH);
	for (int z = 0; z < 3; z++)
		g_assert_cmpfloat(value_at(im, 0, z, 3, 4), ==, (float)(z + 1));
	assert_warned(im, "number 2, cells is read");
	g_assert_cmpfloat_with_epsilon(im->scale->voxel[0], 1300, 1e-9);
	g_autofree char *third = g_strconcat(path, ":3", NULL), *fourth = g_strconcat(path, ":4", NULL);
	g_autoptr(image) other = read_good(third);
	assert_shape(other, 1, 2, HEIGHT, 4);
	g_assert_cmpfloat_with_epsilon(other->scale->voxel[0], 1200, 1e-9);
	g_assert_cmpint(other->warnings->len, ==, 0);
	expect_refused(fourth, RELUMINE_BAD_INPUT, "no picture 4");
}

/* --- lies ------------------------------------------------------------------------------------- */

#define PIXELS(attributes, inside) "<OME><Image><Pixels SizeX=\"5\" SizeY=\"4\" SizeZ=\"3\" " \
	attributes ">" inside "</Pixels></Image></OME>"

static const struct { const char *text, *warning; double x; } untrue[] = {
	{ PIXELS("PhysicalSizeX=\"0\"", ""), "PhysicalSizeX", NAN },
	{ PIXELS("PhysicalSizeX=\"-0.1\"", ""), "PhysicalSizeX", NAN },
	{ PIXELS("PhysicalSizeX=\"NaN\"", ""), "PhysicalSizeX", NAN },
	{ PIXELS("PhysicalSizeX=\"INF\"", ""), "PhysicalSizeX", NAN },
	{ PIXELS("PhysicalSizeX=\"1e9\"", ""), "PhysicalSizeX", NAN },
	{ PIXELS("PhysicalSizeX=\"0.1um\"", ""), "PhysicalSizeX", NAN },
	{ PIXELS("PhysicalSizeX=\"\"", ""), "PhysicalSizeX", NAN },
	{ PIXELS("PhysicalSizeX=\"1\" PhysicalSizeXUnit=\"parsec\"", ""), "parsec", NAN },
	{ PIXELS("PhysicalSizeX=\"1\" PhysicalSizeXUnit=\"pixel\"", ""), NULL, NAN },
	{ PIXELS("PhysicalSizeX=\"1\" SizeT=\"2\"", ""), "one stack", 1000 },
	{ PIXELS("PhysicalSizeX=\"1\" SizeC=\"0\"", ""), "one stack", 1000 },
	{ PIXELS("PhysicalSizeX=\"1\" SizeC=\"9223372036854775807\" SizeT=\"9\"", ""), "one stack",
		1000 },
	{ PIXELS("PhysicalSizeX=\"1\" DimensionOrder=\"XYZZT\"", ""), "means nothing", 1000 },
	{ PIXELS("PhysicalSizeX=\"1\"", "<TiffData IFD=\"1\" PlaneCount=\"3\"/>"), "one stack", 1000 },
	{ PIXELS("PhysicalSizeX=\"1\"", "<TiffData IFD=\"-1\" PlaneCount=\"3\"/>"), "one stack",
		1000 },
	{ PIXELS("PhysicalSizeX=\"1\"", "<TiffData FirstZ=\"-1\"/>"), "one stack", 1000 },
	{ PIXELS("PhysicalSizeX=\"1\"", "<TiffData FirstZ=\"9223372036854775807\"/>"), "one stack",
		1000 },
	{ PIXELS("PhysicalSizeX=\"1\"", "<TiffData IFD=\"0\"/><TiffData IFD=\"0\" FirstZ=\"1\"/>"
		"<TiffData IFD=\"2\" FirstZ=\"2\"/>"), "one stack", 1000 },
	{ PIXELS("PhysicalSizeX=\"1\"", "<TiffData IFD=\"0\"/><TiffData IFD=\"1\"/>"
		"<TiffData IFD=\"2\"/>"), "one stack", 1000 },
	{ "<OME UUID=\"a\"><Image><Pixels SizeX=\"5\" SizeY=\"4\" SizeZ=\"3\" PhysicalSizeX=\"1\">"
		"<TiffData><UUID>b</UUID></TiffData></Pixels></Image></OME>", "one file of several",
		1000 },
	{ "<OME><Image><Pixels SizeX=\"50\" SizeY=\"40\" SizeZ=\"3\" PhysicalSizeX=\"1\"/></Image>"
		"</OME>", "one stack", NAN },
	{ "<OME><Image><Pixels SizeX=\"-5\" SizeY=\"4\" SizeZ=\"3\" PhysicalSizeX=\"1\"/></Image>"
		"</OME>", "one stack", NAN },
	{ "<OME><Image/></OME>", "one stack", NAN },
	{ "<OME><Image><Pixels PhysicalSizeX=\"1\"", "damaged", NAN },
	{ "<OME><Image><Pixels PhysicalSizeX=\"1\"/></OME></Image>", "damaged", NAN },
	{ "<!DOCTYPE OME [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><OME><Image Name=\"&b;\"/>"
		"</OME>", "damaged", NAN },
	{ "<OME/>", NULL, NAN },
};

/* What cannot be is warned of and not believed; the pages are there all the same. */
static void lies(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(untrue); i++) {
		g_autoptr(image) im = read_ome(untrue[i].text, 3, NULL);
		assert_shape(im, 1, 3, HEIGHT, WIDTH);
		g_assert_cmpint(im->scale->frames, ==, 1);
		for (int z = 0; z < 3; z++)
			g_assert_cmpfloat(value_at(im, 0, z, 1, 1), ==, (float)z);
		if (isnan(untrue[i].x))
			g_assert_true(isnan(im->scale->voxel[0]));
		else
			g_assert_cmpfloat_with_epsilon(im->scale->voxel[0], untrue[i].x, 1e-9);
		if (untrue[i].warning)
			assert_warned(im, untrue[i].warning);
		else
			g_assert_cmpint(im->warnings->len, ==, 0);
	}
}

/* --- too much --------------------------------------------------------------------------------- */

static GString *repeated(const char *start, const char *part, int times, const char *end)
{
	GString *text = g_string_new(start);
	for (int i = 0; i < times; i++)
		g_string_append(text, part);
	g_string_append(text, end);
	return text;
}

/* Each costs no more than its own length, and the pixels are read all the same. */
static void too_much(void)
{
	static const struct { const char *start, *part; int times; const char *end, *warning; }
	cases[] = {
		{ "<OME>", "<a>", 300000, "", "damaged" },
		{ "<OME><Image Name=\"", "aaaaaaaaaa", 300000, "\"/></OME>", NULL },
		{ "<OME>", "<Image/>", 200000, "</OME>", "one stack" },
		{ "<OME><Image><Pixels SizeX=\"5\" SizeY=\"4\" SizeZ=\"3\">", "<Channel Name=\"a\"/>", 200000,
			"</Pixels></Image></OME>", NULL },
		{ "<OME><Image><Pixels SizeX=\"5\" SizeY=\"4\" SizeZ=\"3\">", "<TiffData IFD=\"0\"/>", 200000,
			"</Pixels></Image></OME>", "one stack" },
		{ "<OME><Instrument>", "<Objective ID=\"a\" LensNA=\"2\"/>", 100000, "</Instrument></OME>",
			NULL },
		{ "<OME ", "a=\"1\" ", 300000, "/>", NULL },
		{ "ImageJ=1\n", "a=\n", 300000, "slices=3\n", NULL },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) text = repeated(cases[i].start, cases[i].part, cases[i].times,
			cases[i].end);
		gint64 began = g_get_monotonic_time();
		g_autoptr(image) im = read_ome(text->str, 3, NULL);
		g_assert_cmpint(g_get_monotonic_time() - began, <, 20 * G_USEC_PER_SEC);
		assert_shape(im, 1, 3, HEIGHT, WIDTH);
		if (cases[i].warning)
			assert_warned(im, cases[i].warning);
	}
}

/* A description cut anywhere is damaged, or says less. */
static void cut_off(void)
{
	static const char whole[] = PIXELS("PhysicalSizeX=\"1\" PhysicalSizeXUnit=\"\302\265m\"",
		"<Channel Name=\"a\"/><TiffData IFD=\"0\" PlaneCount=\"3\"/>");
	for (size_t n = 0; n < sizeof whole; n++) {
		g_autofree char *part = g_strndup(whole, n);
		g_autoptr(image) im = read_ome(part, 3, NULL);
		assert_shape(im, 1, 3, HEIGHT, WIDTH);
		g_assert_true((n == sizeof whole - 1) == !isnan(im->scale->voxel[0]));
		g_assert_cmpint(im->warnings->len, ==, n >= 4 && n < sizeof whole - 1);
	}
}

/* --- smaller copies --------------------------------------------------------------------------- */

/* A page's SubIFD holds the same at half the size; only the page itself is read. */
static void smaller_copies(void)
{
	g_autofree char *path = scratch_path("pyramid.ome.tif");
	TIFF *tif = TIFFOpen(path, "w");
	uint64_t none[1] = { 0 };
	for (int page = 0; page < 4; page++) {
		int width = page % 2 ? 2 : 4;
		uint8_t row[4] = { (uint8_t)page, (uint8_t)page, (uint8_t)page, (uint8_t)page };
		TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, width);
		TIFFSetField(tif, TIFFTAG_IMAGELENGTH, 1);
		TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 8);
		TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
		if (page % 2 == 0)
			TIFFSetField(tif, TIFFTAG_SUBIFD, 1, none);
		else
			TIFFSetField(tif, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
		if (page == 0)
			TIFFSetField(tif, TIFFTAG_IMAGEDESCRIPTION, "<OME><Image><Pixels SizeX=\"4\" "
				"SizeY=\"1\" SizeT=\"2\" PhysicalSizeX=\"3\"/></Image></OME>");
		TIFFWriteScanline(tif, row, 0, 0);
		TIFFWriteDirectory(tif);
	}
	TIFFClose(tif);
	g_autoptr(image) im = read_good(path);
	assert_shape(im, 1, 2, 1, 4);
	g_assert_cmpfloat(value_at(im, 0, 1, 0, 3), ==, 2);
	g_assert_cmpint(im->scale->frames, ==, 2);
	g_assert_cmpfloat_with_epsilon(im->scale->voxel[0], 3000, 1e-9);
}

void add_ome_tests(void)
{
	g_test_add_func("/io/ome/orders", orders);
	g_test_add_func("/io/ome/planes-by-name", planes_by_name);
	g_test_add_func("/io/ome/everything", everything);
	g_test_add_func("/io/ome/annotations", annotations_are_passed_over);
	g_test_add_func("/io/ome/series", series);
	g_test_add_func("/io/ome/lies", lies);
	g_test_add_func("/io/ome/too-much", too_much);
	g_test_add_func("/io/ome/cut-off", cut_off);
	g_test_add_func("/io/ome/smaller-copies", smaller_copies);
}
