/* SPDX-License-Identifier: BSD-3-Clause */
/* planes.c - whether the pages of a TIFF bear out what its description says */
#include "io/planes.h"

#include <math.h>
#include <string.h>

struct plane_claim *plane_claim_new(void)
{
	struct plane_claim *k = g_new0(struct plane_claim, 1);
	k->scale = image_scale_new();
	k->runs = g_array_new(FALSE, FALSE, sizeof(struct plane_run));
	return k;
}

void plane_claim_free(struct plane_claim *k)
{
	image_scale_free(k->scale);
	g_free(k->name);
	g_free(k->objective);
	g_array_unref(k->runs);
	g_free(k);
}

/* --- numbers and units ------------------------------------------------------------------------ */

const double claim_voxel[2] = { 1e-3, 1e9 };            /* nm; see voxel_plausible */
const double claim_time[2] = { 1e-12, 1e10 };           /* s */
const double claim_aperture[2] = { 1e-4, 10 };
const double claim_refraction[2] = { 1, 5 };
const double claim_light[2] = { 1, 1e6 };               /* nm: X-rays to infrared */

struct unit { const char *name; double factor; };

/* (the micro sign and the letter mu look alike) */
static const struct unit lengths[] = {
	{ "\302\265m", 1e3 }, { "\316\274m", 1e3 }, { "um", 1e3 }, { "micron", 1e3 },
	{ "microns", 1e3 }, { "micrometer", 1e3 }, { "micrometers", 1e3 }, { "micrometre", 1e3 },
	{ "nm", 1 }, { "nanometer", 1 }, { "nanometers", 1 }, { "nanometre", 1 },
	{ "mm", 1e6 }, { "millimeter", 1e6 }, { "millimetre", 1e6 }, { "cm", 1e7 }, { "m", 1e9 },
	{ "meter", 1e9 }, { "pm", 1e-3 }, { "\303\205", 0.1 }, { "\342\204\253", 0.1 },
	{ "A", 0.1 }, { "angstrom", 0.1 }, { "in", 25.4e6 }, { "inch", 25.4e6 },
};
static const struct unit times[] = {
	{ "s", 1 }, { "sec", 1 }, { "second", 1 }, { "seconds", 1 }, { "ms", 1e-3 }, { "msec", 1e-3 },
	{ "\302\265s", 1e-6 }, { "\316\274s", 1e-6 }, { "us", 1e-6 }, { "ns", 1e-9 }, { "min", 60 },
	{ "h", 3600 }, { "hr", 3600 }, { "hour", 3600 }, { "d", 86400 },
};
static const char *const no_units[] = { "", "pixel", "pixels", "reference frame", "voxel", NULL };

static double factor_of(const char *name, const struct unit *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(table[i].name, name))
			return table[i].factor;
	return NAN;
}

double unit_nm(const char *unit)
{
	return factor_of(unit, lengths, G_N_ELEMENTS(lengths));
}

double unit_seconds(const char *unit)
{
	return factor_of(unit, times, G_N_ELEMENTS(times));
}

bool unit_is_none(const char *unit)
{
	return g_strv_contains(no_units, unit);
}

double claim_number(struct reading *r, const char *what, const char *text, double factor,
	const double range[2])
{
	char *rest = NULL;
	double value = text ? g_ascii_strtod(text, &rest) * factor : NAN;
	if (text && rest != text && !rest[strspn(rest, " \t\r")] && value >= range[0] &&
	    value <= range[1])
		return value;
	if (text && !isnan(factor)) {
		g_autofree char *part = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), 20));
		image_warn(r->im, "says %s = %s, which cannot be; it is ignored", what, part);
	}
	return NAN;
}

int64_t claim_count(const char *text, int64_t other)
{
	char *rest;
	int64_t n = text ? g_ascii_strtoll(text, &rest, 10) : other;
	return !text || (rest != text && !rest[strspn(rest, " \t\r")] && n > 0) ? n : 0;
}

bool claim_order(enum plane_axis order[PLANE_AXES], const char *text)
{
	static const char letters[] = "czt";
	int seen = 0;
	if (strlen(text) != PLANE_AXES)
		return false;
	for (int i = 0; i < PLANE_AXES; i++) {
		const char *at = strchr(letters, g_ascii_tolower(text[i]));
		if (!at)
			return false;
		order[i] = (enum plane_axis)(at - letters);
		seen |= 1 << order[i];
	}
	return seen == (1 << PLANE_AXES) - 1;
}

/*
 * 72, 300 or 1200 points an inch are for printing, and scanners reach 4800 (5.3 micrometres).
 * What is finer was written by a microscope.
 */
#define PRINTED_LEAST_NM 5000.0

double resolution_nm(double unit_in_nm, double resolution)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];
	double nm = unit_in_nm / resolution;
	if (!voxel_plausible(nm))
		return NAN;
	return g_ascii_strtod(g_ascii_formatd(digits, sizeof digits, "%.7g", nm), NULL);
}

void resolution_read(image_scale *s, const struct tiff_page *p)
{
	double unit = p->resolution_unit == RESUNIT_CENTIMETER ? unit_nm("cm") :
		p->resolution_unit == RESUNIT_INCH ? unit_nm("inch") : NAN;
	for (int i = 0; i < 2; i++) {
		double nm = resolution_nm(unit, p->resolution[i]);
		if (nm < PRINTED_LEAST_NM) {
			s->voxel[i] = nm;
			g_strlcpy(s->unit, p->resolution_unit == RESUNIT_INCH ? "inch" : "cm",
				sizeof s->unit);
		}
	}
}

/* --- where the pages belong ------------------------------------------------------------------- */

/* The place of plane number n in the claim's order: among all, ordered by t, then z, then c. */
static int64_t place_of(const struct plane_claim *k, int64_t n)
{
	int64_t at[PLANE_AXES];
	for (int i = 0; i < PLANE_AXES; i++) {
		at[k->order[i]] = n % k->size[k->order[i]];
		n /= k->size[k->order[i]];
	}
	return (at[AXIS_T] * k->size[AXIS_Z] + at[AXIS_Z]) * k->size[AXIS_C] + at[AXIS_C];
}

/* The inverse: which plane of the claim's order stands at run->at; -1: none does. */
static int64_t number_of(const struct plane_claim *k, const struct plane_run *run)
{
	int64_t n = 0;
	for (int i = PLANE_AXES - 1; i >= 0; i--) {
		enum plane_axis axis = k->order[i];
		if (run->at[axis] < 0 || run->at[axis] >= k->size[axis])
			return -1;
		n = n * k->size[axis] + run->at[axis];
	}
	return n;
}

struct placing {
	const struct plane_claim *claim;
	int64_t *place;
	bool *taken;            /* of each place */
	int64_t *page_of;       /* directory to page: directories count the thumbnails too; or -1 */
	int64_t n_planes, n_directories;
};

static void find_pages(struct placing *p, const GArray *pages)
{
	p->n_directories = g_array_index(pages, struct tiff_page, pages->len - 1).directory + 1;
	p->page_of = g_new(int64_t, p->n_directories);
	for (int64_t i = 0; i < p->n_directories; i++)
		p->page_of[i] = -1;
	for (guint i = 0; i < pages->len; i++)
		p->page_of[g_array_index(pages, struct tiff_page, i).directory] = i;
}

/* False: a page is not there, or a page or a plane comes twice. */
static bool place_run(struct placing *p, const struct plane_run *run)
{
	int64_t first = number_of(p->claim, run);
	int64_t count = run->count < 0 ? p->n_planes - first : run->count;
	if (first < 0 || run->page < 0 || count > p->n_planes - first ||
	    count > p->n_directories - run->page)
		return false;
	for (int64_t i = 0; i < count; i++) {
		int64_t page = p->page_of[run->page + i], place = place_of(p->claim, first + i);
		if (page < 0 || p->place[page] >= 0 || p->taken[place])
			return false;
		p->place[page] = place;
		p->taken[place] = true;
	}
	return true;
}

static bool place_runs(struct placing *p)
{
	const GArray *runs = p->claim->runs;
	for (guint i = 0; i < runs->len; i++)
		if (!place_run(p, &g_array_index(runs, struct plane_run, i)))
			return false;
	for (int64_t i = 0; i < p->n_planes; i++)
		if (!p->taken[i])
			return false;
	return true;
}

static bool place_all(const struct plane_claim *k, int64_t n_planes, struct page_list *list)
{
	bool runs = k->runs->len > 0;
	for (int64_t i = 0; i < list->pages->len; i++)
		list->place[i] = runs || i >= n_planes ? -1 : place_of(k, i);
	if (!runs)
		return true;
	struct placing p = { .claim = k, .place = list->place, .n_planes = n_planes };
	g_autofree bool *taken = g_new0(bool, n_planes);
	p.taken = taken;
	find_pages(&p, list->pages);
	bool done = place_runs(&p);
	g_free(p.page_of);
	return done;
}

static const struct tiff_page *first_page(struct page_list *list)
{
	list->first = 0;
	while (list->place[list->first] < 0)
		list->first++;
	return &g_array_index(list->pages, struct tiff_page, list->first);
}

/* Whether the pages can be what is claimed; then their places are filled in. */
static bool agrees(struct plane_claim *k, struct page_list *list, bool alone)
{
	int64_t n = list->pages->len;
	int64_t total = size_product(k->size[AXIS_C], k->size[AXIS_Z], k->size[AXIS_T], (int64_t)-1);
	if (k->elsewhere || total < 1 || total > n || (alone && total != n) ||
	    !place_all(k, total, list))
		return false;
	const struct tiff_page *p = first_page(list);
	return (k->width == 0 || k->width == p->width) && (k->height == 0 || k->height == p->height);
}

/* Samples of one page are channels too, and OME counts them: three of RGB, one page. */
static void count_pages(struct plane_claim *k, const struct page_list *list)
{
	const struct tiff_page *p = &g_array_index(list->pages, struct tiff_page, 0);
	if (k->width == 0 || p->samples == 1 || k->size[AXIS_C] % p->samples)
		return;
	k->size[AXIS_C] /= p->samples;
	for (guint i = 0; i < k->runs->len; i++)
		g_array_index(k->runs, struct plane_run, i).at[AXIS_C] /= p->samples;
}

/* (ImageJ writes stacks above 4 GB as one page, with the rest behind it and no directory.) */
static void warn_of_claim(struct reading *r, const struct plane_claim *k, int64_t n)
{
	bool imagej = k->width == 0;
	if (k->elsewhere)
		image_warn(r->im, "is one file of several; its %" G_GINT64_FORMAT " pages are taken as one "
			"stack", n);
	else if (imagej && size_product(k->size[0], k->size[1], k->size[2], (int64_t)-1) > n)
		image_warn(r->im, "ImageJ put %" G_GINT64_FORMAT " pages in it, but lists %"
			G_GINT64_FORMAT "; the others are not read",
			size_product(k->size[0], k->size[1], k->size[2], (int64_t)-1), n);
	else
		image_warn(r->im, "its description tells of %" G_GINT64_FORMAT " channels, %"
			G_GINT64_FORMAT " slices and %" G_GINT64_FORMAT " points of time of another size or "
			"number than its %" G_GINT64_FORMAT " pages, which are taken as one stack",
			k->size[AXIS_C], k->size[AXIS_Z], k->size[AXIS_T], n);
}

/* All pages in their order; of the scale only what cannot depend on how they are counted. */
static image_scale *one_stack(struct reading *r, GPtrArray *claims, struct page_list *list)
{
	int64_t n = list->pages->len;
	for (int64_t i = 0; i < n; i++)
		list->place[i] = i;
	list->first = 0;
	list->channels = 1;
	list->planes = n;
	const struct tiff_page *p = &g_array_index(list->pages, struct tiff_page, 0);
	const struct plane_claim *k = claims->len ? claims->pdata[0] : NULL;
	if (k)
		warn_of_claim(r, k, n);
	if (!k || (k->width && (k->width != p->width || k->height != p->height)))
		return image_scale_new();
	image_scale *s = image_scale_copy(k->scale);
	image_scale_set_channels(s, 0);
	return s;
}

static image_scale *as_claimed(const struct plane_claim *k, struct page_list *list)
{
	image_scale *s = image_scale_copy(k->scale);
	s->frames = k->size[AXIS_T];
	list->channels = k->size[AXIS_C];
	list->planes = k->size[AXIS_Z] * s->frames;
	s->planes_named = list->channels * s->frames > 1;
	return s;
}

/* Of several pictures, the one that was asked for. */
static bool is_wanted(const struct reading *r, guint i)
{
	guint64 number;
	return !r->member || (g_ascii_string_to_unsigned(r->member, 10, 1, G_MAXUINT, &number, NULL) &&
		number == (guint64)i + 1);
}

image_scale *planes_arrange(struct reading *r, GPtrArray *claims, struct page_list *list)
{
	list->place = g_new(int64_t, list->pages->len);
	for (guint i = 0; i < claims->len; i++) {
		struct plane_claim *k = claims->pdata[i];
		count_pages(k, list);
		if (!is_wanted(r, i) || !agrees(k, list, claims->len == 1))
			continue;
		if (claims->len > 1 && !r->member)
			image_warn(r->im, "holds %u pictures; number %u%s%.60s is read, another by FILE:NUMBER",
				claims->len, i + 1, k->name ? ", " : "", k->name ? k->name : "");
		return as_claimed(k, list);
	}
	return r->member ? NULL : one_stack(r, claims, list);
}
