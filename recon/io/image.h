/* SPDX-License-Identifier: BSD-3-Clause */
/* image.h - picture files: one table of formats, one way in, one way out */
#ifndef IO_IMAGE_H
#define IO_IMAGE_H

#include "core/array.h"

enum sample_kind { SAMPLE_UNSIGNED, SAMPLE_SIGNED, SAMPLE_FLOAT };

typedef struct image {
	array *data;            /* REAL, on a CPU device; values as stored, not scaled; owned */
	enum sample_kind kind;
	int bits;               /* of one stored sample: 1..64 */
	const char *format;     /* "TIFF", "PNG", "NPY", "NPZ"; static */
	int alpha;              /* 1: an alpha channel was there and has been dropped */
	bool has_z;             /* more than one page, or an array of rank 3 taken as a stack */
	char *transfer;         /* what the file says of its tone curve: "sRGB", "gamma 0.45"; NULL */
	GBytes *icc;            /* colour profile, or NULL */
	GPtrArray *warnings;    /* char *, owned; never NULL */
} image;

/*
 * Read a picture of any known format.  dev: a CPU device, whose memory limit counts.
 * Orientation tags are honoured.  Shapes: gray (1, 1, y, x); colour (c, 1, y, x); pages and rank-3
 * arrays (1, z, y, x), but a rank-3 array whose last axis is 2..4 (and first is longer) is colour;
 * rank 4: (z, y, x, c).  Errors: BAD_INPUT, OVER_LIMIT.  Free with image_free.
 */
image *image_read(device *dev, const char *path, GError **err);
void image_free(image *im);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(image, image_free)

/* Takes `data`. */
image *image_new(array *data);

/*
 * Write to `path`, by its extension: .tif .tiff (float32 as it is; multi-page; BigTIFF when
 * needed), .npy (float32), .png (values 0..1 to 16 bit, clipped; 1, 2, 3 or 4 channels; z = 1).
 * The file appears under its name only when complete (written beside it, flushed, renamed).
 * An existing file is replaced only with `overwrite`.  Errors: BAD_USAGE (unknown extension),
 * BAD_OUTPUT.
 */
bool image_write(const image *im, const char *path, bool overwrite, GError **err);

/* Whether image_write could write there: extension known, folder there, overwrite rule; BAD_... */
bool image_writable(const char *path, bool overwrite, GError **err);

/* Write any bytes the same careful way (for sidecars and traces). */
bool file_write_whole(const char *path, const void *bytes, size_t size, bool overwrite,
	GError **err);

/* What the header says, as a jansson object: format, shape, sample kind, bits, pages,
 * compression, colour profile, tags worth knowing.  NULL and *err when unreadable.  The pixels are
 * not read.  The caller owns the reference. */
void *image_describe(const char *path, GError **err);

#endif
