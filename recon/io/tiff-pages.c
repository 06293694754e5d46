/* SPDX-License-Identifier: BSD-3-Clause */
/* tiff-pages.c - which pages a TIFF has, and where each belongs by its description */
#include <string.h>
#include <unistd.h>
#include "io/planes.h"

#define DESCRIPTION_MOST ((size_t)16 << 20)     /* bytes; longer ones are not looked at */

bool tiff_damaged(struct tiff *t, GError **err, const char *what)
{
	return reading_refuse(t->r, err, "copy or save it again", "%s: %s", what,
		t->error ? t->error : t->warning ? t->warning : "the reason is not known");
}

void tiff_forgive(struct tiff *t)
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

int tiff_next_page(struct tiff *t, bool first, GError **err)
{
	for (bool at_one = first;; at_one = true) {
		if (at_one && !tiff_page_is_extra(t->tif))
			return 1;
		if (TIFFLastDirectory(t->tif) && link_is_whole(t))
			return 0;
		t->sizes_guessed = false;
		if (!TIFFReadDirectory(t->tif)) {
			tiff_damaged(t, err, "a page is missing or damaged");
			return -1;
		}
		tiff_forgive(t);
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

/* All pages into the list. */
static bool survey(struct tiff *t, GArray *pages, GError **err)
{
	struct tiff_page p;
	int found;
	while ((found = tiff_next_page(t, pages->len == 0, err)) > 0) {
		if (!tiff_page_read(t, &p, err))
			return false;
		g_array_append_val(pages, p);
	}
	if (found < 0)
		return false;
	return pages->len > 0 || reading_refuse(t->r, err, "develop it first, if it is a camera's raw "
		"file", "holds thumbnails only");
}

/* The pages that are read make one stack, so they must be of one kind. */
static bool all_alike(const struct reading *r, const struct page_list *list, GError **err)
{
	const struct tiff_page *pages = (const struct tiff_page *)(void *)list->pages->data;
	const struct tiff_page *first = pages + list->first;
	for (guint i = 0; i < list->pages->len; i++) {
		const struct tiff_page *p = pages + i;
		if (list->place[i] < 0 || same_kind(p, first))
			continue;
		return reading_refuse(r, err, "save its pages as files of their own",
			"page %u is not like the first (%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ", %d "
			"channels of %d bits; the first: %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ", %d of "
			"%d)", i + 1, p->width, p->height, p->channels, p->bits, first->width,
			first->height, first->channels, first->bits);
	}
	return true;
}

/* --- the description -------------------------------------------------------------------------- */

/* Bytes above 127 that are no UTF-8 are Latin-1: Java's writers have used both. */
static char *as_utf8(const char *text)
{
	if (g_utf8_validate(text, -1, NULL))
		return g_strdup(text);
	GString *all = g_string_new(NULL);
	for (; *text; text++)
		g_string_append_unichar(all, (guchar)*text);
	return g_string_free(all, FALSE);
}

/* Of the first directory; NULL: none that is of use. */
static char *description(struct tiff *t)
{
	char *text = NULL;
	if (!TIFFGetField(t->tif, TIFFTAG_IMAGEDESCRIPTION, &text) || !text)
		return NULL;
	if (strlen(text) <= DESCRIPTION_MOST)
		return as_utf8(text);
	image_warn(t->r->im, "its description is too long to be looked at");
	return NULL;
}

static image_scale *arrange(struct reading *r, const char *text, struct page_list *list)
{
	const struct tiff_page *p = &g_array_index(list->pages, struct tiff_page, 0);
	g_autoptr(GPtrArray) claims =
		g_ptr_array_new_with_free_func((GDestroyNotify)plane_claim_free);
	struct plane_claim *k = text ? imagej_read(r, text, p) : NULL;
	if (k)
		g_ptr_array_add(claims, k);
	bool described = k || (text && ome_read(r, text, claims));
	image_scale *s = planes_arrange(r, claims, list);
	if (s && !described)
		resolution_read(s, p);
	return s;
}

bool tiff_pages_read(struct tiff *t, struct page_list *list, GError **err)
{
	struct reading *r = t->r;
	g_autofree char *text = description(t);
	list->pages = g_array_new(FALSE, FALSE, sizeof(struct tiff_page));
	if (!survey(t, list->pages, err))
		return false;
	image_scale_free(r->im->scale);
	r->im->scale = arrange(r, text, list);
	if (!r->im->scale)
		return reading_refuse(r, err, "`relumine inspect FILE` says how many pictures it holds",
			"holds no picture %s", r->member);
	if (!all_alike(r, list, err))
		return false;
	const struct tiff_page *p = &g_array_index(list->pages, struct tiff_page, list->first);
	r->shape = (shape){ list->channels * tiff_page_channels(p), list->planes, p->height, p->width };
	if (r->im->scale->n_channels != r->shape.c)
		image_scale_set_channels(r->im->scale, 0);
	return true;
}

void tiff_pages_clear(struct page_list *list)
{
	g_array_unref(list->pages);
	g_free(list->place);
}
