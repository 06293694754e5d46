/* SPDX-License-Identifier: BSD-3-Clause */
/* imagej.c - ImageJ's description of a TIFF: lines of a Java properties file (ij.io.FileSaver) */
#include <math.h>
#include <string.h>
#include "io/planes.h"

/* What ImageJ has no words for goes in lines of our own, which it passes over. */
#define KEY_APERTURE "numerical_aperture"
#define KEY_REFRACTION "refractive_index"
static const char *const key_name = "channel_%" G_GINT64_FORMAT "_name";
static const char *const key_emission = "channel_%" G_GINT64_FORMAT "_emission_nm";
static const char *const key_excitation = "channel_%" G_GINT64_FORMAT "_excitation_nm";

/* --- reading ---------------------------------------------------------------------------------- */

static gunichar hex_letter(const char *digits)
{
	gunichar letter = 0;
	for (int i = 0; i < 4; i++) {
		int digit = g_ascii_xdigit_value(digits[i]);
		if (digit < 0)
			return 0;
		letter = letter << 4 | (gunichar)digit;
	}
	return g_unichar_validate(letter) ? letter : 0;
}

/* "\u00B5m" of a properties file is the micro sign and m. */
static char *unescaped(const char *text)
{
	GString *plain = g_string_new(NULL);
	while (*text) {
		gunichar letter = text[0] == '\\' && text[1] == 'u' ? hex_letter(text + 2) : 0;
		if (letter) {
			g_string_append_unichar(plain, letter);
			text += 6;
		} else {
			text += text[0] == '\\' && text[1] ? 1 : 0;
			g_string_append_c(plain, *text++);
		}
	}
	return g_strstrip(g_string_free(plain, FALSE));
}

static GHashTable *properties(const char *text)
{
	GHashTable *all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	while (*text) {
		size_t length = strcspn(text, "\r\n");
		const char *equals = memchr(text, '=', length);
		if (equals) {
			g_autofree char *value = g_strndup(equals + 1, (gsize)(text + length - equals - 1));
			g_hash_table_replace(all, g_strndup(text, (gsize)(equals - text)), unescaped(value));
		}
		text += length;
		text += strspn(text, "\r\n");
	}
	return all;
}

/* nm of the unit under `key`; of `other` where it is not given. */
static double unit_under(struct reading *r, GHashTable *all, const char *key, double other)
{
	const char *unit = g_hash_table_lookup(all, key);
	double nm = unit ? unit_nm(unit) : other;
	if (unit && isnan(nm) && !unit_is_none(unit))
		image_warn(r->im, "its unit of length, '%.20s', is not known here", unit);
	return nm;
}

static void read_voxel(struct reading *r, GHashTable *all, image_scale *s,
	const struct tiff_page *p)
{
	double unit = unit_under(r, all, "unit", NAN);
	double units[3] = { unit, unit_under(r, all, "yunit", unit), unit_under(r, all, "zunit", unit) };
	const char *spacing = g_hash_table_lookup(all, "spacing");
	if (isnan(unit))
		resolution_read(s, p);
	/* "um" beside a resolution in pixels a centimetre: ImageJ takes the tag at its word */
	else if (p->resolution_unit == RESUNIT_CENTIMETER &&
	    !strcmp(g_hash_table_lookup(all, "unit"), "um"))
		units[0] = units[1] = unit_nm("cm");
	for (int i = 0; i < 2; i++)
		if (!isnan(units[i]))
			s->voxel[i] = resolution_nm(units[i], p->resolution[i]);
	/* ImageJ drops the sign, which only tells of the order of the slices */
	if (spacing && !isnan(units[2]))
		s->voxel[2] = claim_number(r, "spacing", spacing + (*spacing == '-'), units[2],
			claim_voxel);
	if (!isnan(unit))
		g_strlcpy(s->unit, g_hash_table_lookup(all, "unit"), sizeof s->unit);
}

static void read_channels(struct reading *r, GHashTable *all, image_scale *s, int64_t n)
{
	static const char *const *const keys[] = { &key_name, &key_emission, &key_excitation };
	const char *found[G_N_ELEMENTS(keys)];
	for (int64_t c = 0; c < n; c++) {
		bool any = false;
		for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
			g_autofree char *key = g_strdup_printf(*keys[i], c + 1);
			found[i] = g_hash_table_lookup(all, key);
			any = any || found[i];
		}
		if (any && s->n_channels == 0)
			image_scale_set_channels(s, n);
		if (!any)
			continue;
		s->channels[c] = (channel_light){ g_strdup(found[0]),
			claim_number(r, "an emission", found[1], 1, claim_light),
			claim_number(r, "an excitation", found[2], 1, claim_light) };
	}
}

/* Without sizes the pages are slices, as in ImageJ. */
static void read_sizes(struct reading *r, GHashTable *all, struct plane_claim *k)
{
	static const char *const keys[PLANE_AXES] = { "channels", "slices", "frames" };
	const char *order = g_hash_table_lookup(all, "order");
	bool any = false;
	for (int i = 0; i < PLANE_AXES; i++) {
		any = any || g_hash_table_contains(all, keys[i]);
		k->size[i] = claim_count(g_hash_table_lookup(all, keys[i]), 1);
	}
	if (!any)
		k->size[AXIS_Z] = claim_count(g_hash_table_lookup(all, "images"), 1);
	claim_order(k->order, "czt");
	if (order && !claim_order(k->order, order)) {
		image_warn(r->im, "orders its planes by '%.20s', which means nothing", order);
		k->size[AXIS_C] = 0;
	}
}

struct plane_claim *imagej_read(struct reading *r, const char *text, const struct tiff_page *p)
{
	if (!g_str_has_prefix(text, "ImageJ="))
		return NULL;
	g_autoptr(GHashTable) all = properties(text);
	struct plane_claim *k = plane_claim_new();
	image_scale *s = k->scale;
	const char *time = g_hash_table_lookup(all, "tunit");
	read_voxel(r, all, s, p);
	read_sizes(r, all, k);
	if (k->size[AXIS_C] <= PAGES_MOST)
		read_channels(r, all, s, k->size[AXIS_C]);
	s->interval = claim_number(r, "finterval", g_hash_table_lookup(all, "finterval"),
		time ? unit_seconds(time) : 1, claim_time);
	s->aperture = claim_number(r, KEY_APERTURE, g_hash_table_lookup(all, KEY_APERTURE), 1,
		claim_aperture);
	s->refraction = claim_number(r, KEY_REFRACTION, g_hash_table_lookup(all, KEY_REFRACTION), 1,
		claim_refraction);
	return k;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void add_number(GString *to, const char *key, double value)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	if (!isnan(value))
		g_string_append_printf(to, "%s=%s\n", key,
			g_ascii_formatd(digits, sizeof digits, "%.10g", value));
}

/* In ASCII, without ends of lines. */
static void add_text(GString *to, const char *key, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_string_append_printf(to, "%s=", key);
	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar letter = g_utf8_get_char(at);
		if (letter == '\\')
			g_string_append(to, "\\\\");
		else if (letter >= ' ' && letter < 127)
			g_string_append_c(to, (char)letter);
		else if (letter < 0x10000)
			g_string_append_printf(to, "\\u%04X", letter);
	}
	g_string_append_c(to, '\n');
}

static void add_channels(GString *to, const image_scale *s)
{
	for (int64_t c = 0; c < s->n_channels; c++) {
		g_autofree char *name = g_strdup_printf(key_name, c + 1);
		g_autofree char *emission = g_strdup_printf(key_emission, c + 1);
		g_autofree char *excitation = g_strdup_printf(key_excitation, c + 1);
		if (s->channels[c].name)
			add_text(to, name, s->channels[c].name);
		add_number(to, emission, s->channels[c].emission);
		add_number(to, excitation, s->channels[c].excitation);
	}
}

/*
 * "images" tells ImageJ that all planes follow each other without a gap, so that it reads the
 * first directory alone (ij.io.TiffDecoder).
 */
char *imagej_text(const image *im)
{
	const image_scale *s = im->scale;
	shape d = im->data->shape;
	int64_t slices = image_scale_slices(s, d.z), frames = d.z / slices;
	GString *text = g_string_new("ImageJ=1.11a\n");
	if (d.c * d.z > 1)
		g_string_append_printf(text, "images=%" G_GINT64_FORMAT "\n", d.c * d.z);
	if (d.c > 1)
		g_string_append_printf(text, "channels=%" G_GINT64_FORMAT "\n", d.c);
	if (slices > 1)
		g_string_append_printf(text, "slices=%" G_GINT64_FORMAT "\n", slices);
	if (frames > 1)
		g_string_append_printf(text, "frames=%" G_GINT64_FORMAT "\n", frames);
	if (d.c * d.z > 1)
		g_string_append_printf(text, "hyperstack=true\nmode=%s\n", d.c > 1 ? "composite" :
			"grayscale");
	if (!isnan(s->voxel[0]) || !isnan(s->voxel[1]))
		g_string_append(text, "unit=micron\n");
	else if (!isnan(s->voxel[2]))
		g_string_append(text, "zunit=micron\n");
	add_number(text, "spacing", s->voxel[2] / unit_nm("micron"));
	add_number(text, "finterval", s->interval);
	add_number(text, KEY_APERTURE, s->aperture);
	add_number(text, KEY_REFRACTION, s->refraction);
	if (s->n_channels == d.c)
		add_channels(text, s);
	g_string_append(text, "loop=false\n");
	return g_string_free(text, FALSE);
}
