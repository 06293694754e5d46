/* SPDX-License-Identifier: BSD-3-Clause */
/* tiff-page.h - one TIFF file open by libtiff, and what one of its pages is; for tiff*.c only */
#ifndef IO_TIFF_PAGE_H
#define IO_TIFF_PAGE_H

#include <tiffio.h>
#include "io/format.h"

#define PAGES_MOST 65000

struct tiff {
	TIFF *tif;
	struct reading *r;      /* NULL while writing */
	char *error;            /* the first since it was last cleared; owned */
	int error_number;       /* errno at that time */
	char *warning;          /* the last one; owned */
	bool decoding;          /* warnings now tell of damaged pixels */
	bool sizes_guessed;     /* libtiff replaced wrong strip sizes by guesses of its own */
	int64_t strips, claim;  /* of all pages so far: how many, and the least bytes they must take */
};

/* fd stays the caller's.  mode: as for TIFFOpen; memory: most bytes of one allocation, 0: any. */
bool tiff_open(struct tiff *t, int fd, const char *mode, int64_t memory);
void tiff_close(struct tiff *t);

struct tiff_codec {
	uint16_t number;
	const char *name;
	int expansion_most;     /* decoded bytes a stored byte */
	bool patches;           /* fills in what is damaged, and only warns */
};

struct tiff_page {
	int64_t directory;      /* its number in the file, thumbnails counted */
	int64_t width, height;
	double resolution[2];   /* pixels a unit along x and y; NaN: not said */
	int resolution_unit;    /* RESUNIT_... */
	int64_t tile_width, tile_height;        /* 0: strips */
	int samples;            /* stored a pixel */
	int channels;           /* kept of these */
	int bits;
	enum sample_kind kind;
	int photometric, orientation;
	bool separate;          /* samples in planes of their own */
	bool alpha;
	const struct tiff_codec *codec;
};

/* Channels that the page gives: a palette gives colours. */
static inline int64_t tiff_page_channels(const struct tiff_page *p)
{
	return p->photometric == PHOTOMETRIC_PALETTE ? 3 : p->channels;
}

/* The directory that libtiff stands at.  False with *err: not to be read by us. */
bool tiff_page_read(struct tiff *t, struct tiff_page *p, GError **err);

/* A thumbnail or mask, not a picture of its own. */
bool tiff_page_is_extra(TIFF *tif);

/* Refuse the file as damaged in `what`, in libtiff's words. */
bool tiff_damaged(struct tiff *t, GError **err, const char *what);

/* Errors that libtiff went on after are worth a warning. */
void tiff_forgive(struct tiff *t);

/* To the next page that counts.  1: there; 0: no more; -1: *err is set. */
int tiff_next_page(struct tiff *t, bool first, GError **err);

struct page_list;

/*
 * Walk all pages, from the first directory on, and arrange them by what the description says:
 * fills in r->shape, im->scale and the list, which tiff_pages_clear frees.
 */
bool tiff_pages_read(struct tiff *t, struct page_list *list, GError **err);
void tiff_pages_clear(struct page_list *list);

/* See struct format. */
bool tiff_write(const image *im, int fd, const char *path, GError **err);

#endif
