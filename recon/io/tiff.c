/* SPDX-License-Identifier: BSD-3-Clause */
/* tiff.c - TIFF by libtiff: reading pages straight into the array */
#include <math.h>
#include <string.h>
#include <unistd.h>
#include "io/tiff-page.h"

#define PAGES_MOST 65000
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

static bool damaged(struct tiff *t, GError **err, const char *what)
{
	return reading_refuse(t->r, err, "copy or save it again", "%s: %s", what,
		t->error ? t->error : t->warning ? t->warning : "the reason is not known");
}

/* Errors that libtiff went on after are worth a warning. */
static void forgive(struct tiff *t)
{
	if (t->error)
		image_warn(t->r->im, "%s", t->error);
	g_clear_pointer(&t->error, g_free);
}

/* --- walking the pages ---------------------------------------------------------------------- */

/* libtiff takes a file that is cut in the link to the next page for the end of the list. */
static bool link_is_whole(const struct tiff *t)
{
	int64_t at = (int64_t)TIFFCurrentDirOffset(t->tif);
	bool big = TIFFIsBigTIFF(t->tif) != 0;
	uint8_t count[8];
	int size = big ? 8 : 2;
	if (pread(t->r->fd, count, (size_t)size, at) != size)
		return false;
	int64_t n = 0;
	for (int i = 0; i < size; i++)
		n = n << 8 | count[TIFFIsBigEndian(t->tif) ? i : size - 1 - i];
	return at + size + n * (big ? 20 : 12) + (big ? 8 : 4) <= t->r->file_bytes;
}

/* To the next page that counts.  1: there; 0: no more; -1: *err is set. */
static int next_page(struct tiff *t, bool first, GError **err)
{
	for (bool at_one = first;; at_one = true) {
		if (at_one && !tiff_page_is_extra(t->tif))
			return 1;
		if (TIFFLastDirectory(t->tif) && link_is_whole(t))
			return 0;
		t->sizes_guessed = false;
		if (!TIFFReadDirectory(t->tif)) {
			damaged(t, err, "a page is missing or damaged");
			return -1;
		}
		forgive(t);
		if (TIFFCurrentDirectory(t->tif) >= PAGES_MOST) {
			reading_refuse(t->r, err, NULL, "has more than %d pages", PAGES_MOST);
			return -1;
		}
	}
}

static bool same_kind(const struct tiff_page *a, const struct tiff_page *b)
{
	return a->width == b->width && a->height == b->height && a->channels == b->channels &&
		a->bits == b->bits && a->kind == b->kind && a->orientation == b->orientation &&
		a->photometric == b->photometric;
}

/* All pages make one stack, so they must be of one kind. */
static bool survey(struct tiff *t, struct tiff_page *first, GError **err)
{
	struct tiff_page p;
	int found;
	int64_t pages = 0;
	while ((found = next_page(t, pages == 0, err)) > 0) {
		if (!tiff_page_read(t, pages ? &p : first, err))
			return false;
		if (pages && !same_kind(&p, first))
			return reading_refuse(t->r, err, "save its pages as files of their own",
				"page %" G_GINT64_FORMAT " is not like the first (%" G_GINT64_FORMAT " x %"
				G_GINT64_FORMAT ", %d channels of %d bits; the first: %" G_GINT64_FORMAT " x %"
				G_GINT64_FORMAT ", %d of %d)", pages + 1, p.width, p.height, p.channels, p.bits,
				first->width, first->height, first->channels, first->bits);
		pages++;
	}
	if (found < 0)
		return false;
	if (pages == 0)
		return reading_refuse(t->r, err, "develop it first, if it is a camera's raw file",
			"holds thumbnails only");
	int64_t channels = first->photometric == PHOTOMETRIC_PALETTE ? 3 : first->channels;
	t->r->shape = (shape){ channels, pages, first->height, first->width };
	return true;
}

/* --- pixels --------------------------------------------------------------------------------- */

struct target {
	const struct tiff_page *page;
	struct layout l;
	int64_t z;
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
	float *first = layout_at(&g->l, sample, g->z, at[0], at[1]);
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
		return damaged(t, err, "its pixels are damaged or cut off");
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

static bool read_pixels(struct tiff *t, GError **err)
{
	struct tiff_page page;
	struct target g = { .page = &page };
	if (!reading_allocate(t->r, &g.l, err))
		return false;
	t->strips = t->claim = 0;
	if (!TIFFSetDirectory(t->tif, 0))
		return damaged(t, err, "the first page cannot be read again");
	for (g.z = 0; g.z < t->r->shape.z; g.z++) {
		int found = next_page(t, g.z == 0, err);
		if (found == 0)
			return damaged(t, err, "a page is missing");
		forgive(t);
		if (found < 0 || !tiff_page_read(t, &page, err) || !read_page_into(t, &g, err))
			return false;
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

/* ImageJ writes stacks above 4 GB as one page, with the rest behind it and no directory. */
static void note_imagej(struct tiff *t)
{
	const char *text = json_string_value(json_object_get(t->r->facts, "description"));
	bool imagej = text && g_str_has_prefix(text, "ImageJ=");
	const char *images = imagej ? strstr(text, "\nimages=") : NULL;
	int64_t n = images ? g_ascii_strtoll(images + strlen("\nimages="), NULL, 10) : 0;
	if (n > t->r->shape.z)
		image_warn(t->r->im, "ImageJ put %" G_GINT64_FORMAT " pages in it, but lists %"
			G_GINT64_FORMAT "; the others are not read", n, t->r->shape.z);
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
	note_imagej(t);
}

static bool read_all(struct tiff *t, GError **err)
{
	struct tiff_page first;
	forgive(t);
	note_first_page(t);
	if (!survey(t, &first, err))
		return false;
	note_facts(t, &first);
	return !t->r->dev || read_pixels(t, err);
}

static bool tiff_read(struct reading *r, GError **err)
{
	struct tiff t = { .r = r };
	bool done = lseek(r->fd, 0, SEEK_SET) == 0 &&
		(tiff_open(&t, r->fd, "rm", r->file_bytes + MEMORY_SPARE) ||
		 damaged(&t, err, "is not a whole TIFF file")) && read_all(&t, err);
	tiff_close(&t);
	return done;
}

static const char *const extensions[] = { ".tif", ".tiff", NULL };

const struct format format_tiff = { "TIFF", extensions, tiff_matches, tiff_read, tiff_write };
