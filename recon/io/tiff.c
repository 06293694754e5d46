/* SPDX-License-Identifier: BSD-3-Clause */
/* tiff.c - TIFF by libtiff: reading pages straight into the array */
#include <math.h>
#include <string.h>
#include <unistd.h>
#include "io/planes.h"

#define MEMORY_SPARE ((int64_t)64 << 20)        /* bytes at once, beyond those of the file */
#define TILE_MOST ((int64_t)256 << 20)          /* bytes */
#define TEXT_MOST 1000                          /* letters of a tag told by describe */

static bool tiff_matches(const uint8_t *start, size_t size)
{
	static const char *const signatures[] = { "II*\0", "MM\0*", "II+\0", "MM\0+" };
	for (size_t i = 0; i < G_N_ELEMENTS(signatures); i++)
		if (size >= 4 && !memcmp(start, signatures[i], 4))
			return true;
	return false;
}

/* --- pixels --------------------------------------------------------------------------------- */

struct target {
	const struct tiff_page *page;
	struct layout l;
	int64_t z, c;           /* where the page belongs; c: its first channel */
	sample_unpack *unpack;
	struct palette palette;
	float *index;           /* one row of colour numbers */
	uint8_t *buffer;        /* one row or tile, as stored */
};

/* Gray where 0 is white is turned round, so that brighter is larger in every picture. */
static void invert(const struct target *g, float *to, int64_t n)
{
	float white = (float)(ldexp(1, g->page->bits) - 1);
	if (g->page->photometric == PHOTOMETRIC_MINISWHITE && g->page->kind == SAMPLE_UNSIGNED)
		for (int64_t i = 0; i < n; i++)
			to[i * g->l.dx] = white - to[i * g->l.dx];
}

/* n pixels at (y, x) of sample `sample` (separate planes) or of all (chunky). */
static bool put(const struct target *g, const uint8_t *row, const int64_t at[2], int sample,
	int64_t n)
{
	const struct tiff_page *p = g->page;
	float *first = layout_at(&g->l, g->c + sample, g->z, at[0], at[1]);
	if (g->palette.values) {
		g->unpack(g->index, 1, row, 0, p->separate ? 1 : p->samples, n);
		return palette_put(&g->palette, &g->l, first, 1, g->index, n);
	}
	for (int c = 0; c < (p->separate ? 1 : p->channels); c++) {
		float *to = first + c * g->l.dc;
		g->unpack(to, g->l.dx, row, c, p->separate ? 1 : p->samples, n);
		invert(g, to, n);
	}
	return true;
}

static bool read_strips(struct tiff *t, const struct target *g, int sample)
{
	for (int64_t y = 0; y < g->page->height; y++)
		if (TIFFReadScanline(t->tif, g->buffer, (uint32_t)y, (uint16_t)sample) < 0 ||
		    !put(g, g->buffer, (int64_t[]){ y, 0 }, sample, g->page->width))
			return false;
	return true;
}

static bool read_tile(struct tiff *t, const struct target *g, int64_t y0, int64_t x0, int sample)
{
	const struct tiff_page *p = g->page;
	int64_t row_bytes = TIFFTileRowSize(t->tif);
	if (TIFFReadTile(t->tif, g->buffer, (uint32_t)x0, (uint32_t)y0, 0, (uint16_t)sample) < 0)
		return false;
	for (int64_t y = y0; y < MIN(y0 + p->tile_height, p->height); y++)
		if (!put(g, g->buffer + (y - y0) * row_bytes, (int64_t[]){ y, x0 }, sample,
		    MIN(p->tile_width, p->width - x0)))
			return false;
	return true;
}

static bool read_tiles(struct tiff *t, const struct target *g, int sample)
{
	const struct tiff_page *p = g->page;
	for (int64_t y = 0; y < p->height; y += p->tile_height)
		for (int64_t x = 0; x < p->width; x += p->tile_width)
			if (!read_tile(t, g, y, x, sample))
				return false;
	return true;
}

static bool read_page(struct tiff *t, const struct target *g, GError **err)
{
	const struct tiff_page *p = g->page;
	bool done = true;
	g_clear_pointer(&t->warning, g_free);
	t->decoding = true;
	for (int s = 0; done && s < (p->separate ? p->channels : 1); s++)
		done = p->tile_width ? read_tiles(t, g, s) : read_strips(t, g, s);
	t->decoding = false;
	if (!done && !t->error)
		return reading_refuse(t->r, err, NULL, "has a colour number beyond its palette");
	if (!done || t->error || (p->codec->patches && t->warning))
		return tiff_damaged(t, err, "its pixels are damaged or cut off");
	return true;
}

static float *load_palette(struct tiff *t, const struct tiff_page *p, GError **err)
{
	uint16_t *map[3];
	if (!TIFFGetField(t->tif, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
		return reading_refuse(t->r, err, NULL, "has no palette for its colour numbers"), NULL;
	int n = 1 << p->bits;
	float *values = g_new(float, 3 * n);
	for (int i = 0; i < 3 * n; i++)
		values[i] = map[i / n][i % n];
	return values;
}

/* Buffers are made anew for each page: pages may be stored in different ways. */
static bool read_page_into(struct tiff *t, struct target *g, GError **err)
{
	const struct tiff_page *p = g->page;
	int64_t bytes = p->tile_width ? TIFFTileSize(t->tif) : TIFFScanlineSize(t->tif);
	if (bytes < 1 || (p->tile_width && bytes > TILE_MOST))
		return reading_refuse(t->r, err, "save it with smaller tiles", "has tiles of %"
			G_GINT64_FORMAT " bytes", bytes);
	g_autofree uint8_t *buffer = g_try_malloc0((gsize)bytes);
	g_autofree float *index = NULL, *colours = NULL;
	if (!buffer)
		return reading_refuse(t->r, err, NULL, "no memory for a row of %" G_GINT64_FORMAT " bytes",
			bytes);
	g->buffer = buffer;
	g->unpack = sample_unpacker(p->kind, p->bits);
	g->palette.values = NULL;
	if (p->photometric == PHOTOMETRIC_PALETTE) {
		if (!(colours = load_palette(t, p, err)))
			return false;
		g->index = index = g_new(float, p->width);
		g->palette = (struct palette){ colours, (int64_t)1 << p->bits };
	}
	return read_page(t, g, err);
}

static bool read_pixels(struct tiff *t, const struct page_list *list, GError **err)
{
	struct tiff_page page;
	struct target g = { .page = &page };
	if (!reading_allocate(t->r, &g.l, err))
		return false;
	t->strips = t->claim = 0;
	if (!TIFFSetDirectory(t->tif, 0))
		return tiff_damaged(t, err, "the first page cannot be read again");
	for (guint i = 0; i < list->pages->len; i++) {
		int found = tiff_next_page(t, i == 0, err);
		if (found == 0)
			return tiff_damaged(t, err, "a page is missing");
		tiff_forgive(t);
		if (found < 0 || !tiff_page_read(t, &page, err))
			return false;
		g.z = list->place[i] / list->channels;
		g.c = list->place[i] % list->channels * tiff_page_channels(&page);
		if (list->place[i] >= 0 && !read_page_into(t, &g, err))
			return false;
		array_forget_all(t->r->im->data);
	}
	return true;
}

/* --- what the file says of itself ------------------------------------------------------------ */

static void note_text(struct tiff *t, uint32_t tag, const char *name)
{
	char *text;
	if (!TIFFGetField(t->tif, tag, &text) || !text)
		return;
	g_autofree char *part = g_strndup(text, TEXT_MOST);
	g_autofree char *valid = g_utf8_make_valid(part, -1);
	json_object_set_new(t->r->facts, name, json_string(valid));
}

static void note_first_page(struct tiff *t)
{
	static const struct { uint32_t tag; const char *name; } texts[] = {
		{ TIFFTAG_IMAGEDESCRIPTION, "description" }, { TIFFTAG_SOFTWARE, "software" },
		{ TIFFTAG_DATETIME, "date" }, { TIFFTAG_MAKE, "make" }, { TIFFTAG_MODEL, "model" },
	};
	uint32_t size;
	void *profile;
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		note_text(t, texts[i].tag, texts[i].name);
	if (TIFFGetField(t->tif, TIFFTAG_ICCPROFILE, &size, &profile) && size > 0)
		t->r->im->icc = g_bytes_new(profile, size);
}

/* As one sees it: rows that are stored as columns have the columns' size. */
static void turn_voxel(const struct reading *r)
{
	double *voxel = r->im->scale->voxel, x = voxel[0];
	if (r->orientation < 5)
		return;
	voxel[0] = voxel[1];
	voxel[1] = x;
}

static void note_facts(struct tiff *t, const struct tiff_page *p)
{
	struct reading *r = t->r;
	r->orientation = p->orientation;
	r->im->kind = p->kind;
	r->im->bits = p->photometric == PHOTOMETRIC_PALETTE ? 16 : p->bits;
	r->im->alpha = p->alpha;
	if (p->photometric == PHOTOMETRIC_MINISWHITE && p->kind != SAMPLE_UNSIGNED)
		image_warn(r->im, "says that 0 is white, which means nothing for %s samples; taken as "
			"they are", sample_kind_name(p->kind));
	json_object_set_new(r->facts, "compression", json_string(p->codec->name));
	json_object_set_new(r->facts, "big_endian", json_boolean(TIFFIsBigEndian(t->tif)));
	json_object_set_new(r->facts, "tiled", json_boolean(p->tile_width > 0));
	json_object_set_new(r->facts, "planar", json_boolean(p->separate));
	json_object_set_new(r->facts, "palette",
		json_boolean(p->photometric == PHOTOMETRIC_PALETTE));
	turn_voxel(r);
}

static bool read_all(struct tiff *t, GError **err)
{
	struct page_list list = { .channels = 1 };
	tiff_forgive(t);
	note_first_page(t);
	bool done = tiff_pages_read(t, &list, err);
	if (done) {
		note_facts(t, &g_array_index(list.pages, struct tiff_page, list.first));
		done = !t->r->dev || read_pixels(t, &list, err);
	}
	tiff_pages_clear(&list);
	return done;
}

static bool tiff_read(struct reading *r, GError **err)
{
	struct tiff t = { .r = r };
	bool done = lseek(r->fd, 0, SEEK_SET) == 0 &&
		(tiff_open(&t, r->fd, "rm", r->file_bytes + MEMORY_SPARE) ||
		 tiff_damaged(&t, err, "is not a whole TIFF file")) && read_all(&t, err);
	tiff_close(&t);
	return done;
}

static const char *const extensions[] = { ".tif", ".tiff", NULL };

const struct format format_tiff = { "TIFF", extensions, tiff_matches, tiff_read, tiff_write };
