/* SPDX-License-Identifier: BSD-3-Clause */
/* ome-write.c - writing OME-XML for a float32 TIFF with a page for each plane (schema 2016-06) */
#include <math.h>
#include "io/planes.h"

#define SCHEMA "http://www.openmicroscopy.org/Schemas/OME/2016-06"

/* name="text", in ASCII: letters beyond it, the micro sign among them, by their numbers. */
static void add_text(GString *to, const char *name, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_string_append_printf(to, " %s=\"", name);
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar letter = g_utf8_get_char(at);
		if (letter < ' ')
			g_string_append_c(to, ' ');
		else if (letter >= 127 || letter == '"' || letter == '&' || letter == '<' || letter == '>')
			g_string_append_printf(to, "&#%u;", letter);
		else
			g_string_append_c(to, (char)letter);
	}
	g_string_append_c(to, '"');
}

/* name="value" and, with a unit, nameUnit="unit"; nothing where the value is not known. */
static void add_number(GString *to, const char *name, double value, const char *unit)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	if (isnan(value))
		return;
	g_string_append_printf(to, " %s=\"%s\"", name,
		g_ascii_formatd(digits, sizeof digits, "%.10g", value));
	if (unit) {
		g_autofree char *key = g_strconcat(name, "Unit", NULL);
		add_text(to, key, unit);
	}
}

static void add_count(GString *to, const char *name, int64_t n)
{
	g_string_append_printf(to, " %s=\"%" G_GINT64_FORMAT "\"", name, n);
}

static bool has_objective(const image_scale *s)
{
	return !isnan(s->aperture) || !isnan(s->refraction);
}

static void add_objective(GString *to, const image_scale *s)
{
	g_string_append(to, "<Instrument ID=\"Instrument:0\"><Objective ID=\"Objective:0:0\"");
	add_number(to, "LensNA", s->aperture, NULL);
	g_string_append(to, "/></Instrument>\n");
}

static void add_settings(GString *to, const image_scale *s)
{
	g_string_append(to, "<InstrumentRef ID=\"Instrument:0\"/>"
		"<ObjectiveSettings ID=\"Objective:0:0\"");
	add_number(to, "RefractiveIndex", s->refraction, NULL);
	g_string_append(to, "/>\n");
}

static void add_channel(GString *to, int64_t c, const channel_light *light)
{
	g_string_append_printf(to, "<Channel ID=\"Channel:0:%" G_GINT64_FORMAT "\" "
		"SamplesPerPixel=\"1\"", c);
	if (light && light->name)
		add_text(to, "Name", light->name);
	if (light) {
		add_number(to, "EmissionWavelength", light->emission, "nm");
		add_number(to, "ExcitationWavelength", light->excitation, "nm");
	}
	g_string_append(to, "/>\n");
}

static void add_pixels(GString *to, const image *im)
{
	static const char *const voxel[3] = { "PhysicalSizeX", "PhysicalSizeY", "PhysicalSizeZ" };
	const image_scale *s = im->scale;
	shape d = im->data->shape;
	int64_t slices = image_scale_slices(s, d.z);
	g_string_append(to, "<Pixels ID=\"Pixels:0\" DimensionOrder=\"XYCZT\" Type=\"float\"");
	add_count(to, "SizeX", d.x);
	add_count(to, "SizeY", d.y);
	add_count(to, "SizeC", d.c);
	add_count(to, "SizeZ", slices);
	add_count(to, "SizeT", d.z / slices);
	for (int i = 0; i < 3; i++)
		add_number(to, voxel[i], s->voxel[i] / unit_nm("um"), "\302\265m");
	add_number(to, "TimeIncrement", s->interval, "s");
	g_string_append(to, ">\n");
	for (int64_t c = 0; c < d.c; c++)
		add_channel(to, c, s->n_channels == d.c ? &s->channels[c] : NULL);
	g_string_append(to, "<TiffData IFD=\"0\"");
	add_count(to, "PlaneCount", d.c * d.z);
	g_string_append(to, "/>\n</Pixels>\n");
}

char *ome_text(const image *im)
{
	bool objective = has_objective(im->scale);
	GString *text = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OME xmlns=\"" SCHEMA
		"\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"" SCHEMA
		" " SCHEMA "/ome.xsd\">\n");
	if (objective)
		add_objective(text, im->scale);
	g_string_append(text, "<Image ID=\"Image:0\">\n");
	if (objective)
		add_settings(text, im->scale);
	add_pixels(text, im);
	g_string_append(text, "</Image>\n</OME>\n");
	return g_string_free(text, FALSE);
}
