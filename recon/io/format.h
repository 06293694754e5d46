/* SPDX-License-Identifier: BSD-3-Clause */
/* format.h - what one file format does, and what the formats share; for the files of io only */
#ifndef IO_FORMAT_H
#define IO_FORMAT_H

#include <jansson.h>
#include "core/error.h"
#include "io/image.h"
#include "io/sample.h"

/* A file being read.  A format fills in `im`, `shape`, `orientation`, `facts`, then the pixels. */
struct reading {
	const char *path;       /* as the user wrote it, for messages */
	int fd;                 /* open for reading, at its start; stays the caller's */
	const char *member;     /* which array of an NPZ, MAT or HDF5 file (NULL: the only one), or
				 * picture of a TIFF, counted from 1 (NULL: the first) */
	int64_t file_bytes;
	device *dev;            /* NULL: the header only */
	image *im;
	shape shape;            /* as stored, before the orientation is applied */
	int orientation;        /* TIFF's numbers, 1 to 8; 1: row 0 is the top, column 0 the left */
	json_t *facts;          /* what image_describe tells beyond the fields of `im` */
};

struct format {
	const char *name;
	const char *const *extensions;  /* with the dot, ended by NULL */
	bool (*matches)(const uint8_t *start, size_t size);
	bool (*read)(struct reading *r, GError **err);
	/* NULL: not written.  fd: at the start of an empty file; stays the caller's. */
	bool (*write)(const image *im, int fd, const char *path, GError **err);
};

extern const struct format format_tiff, format_png, format_npy, format_npz, format_mat,
	format_mat73, format_hdf5;

/* Open r->path, tell its format and read it; r->facts is there.  NULL and *err: unreadable. */
image *image_read_any(struct reading *r, GError **err);

/* The shape as one sees it. */
static inline shape reading_upright(const struct reading *r)
{
	shape s = r->shape;
	return r->orientation < 5 ? s : (shape){ s.c, s.z, s.x, s.y };
}

#define FORMAT_START_BYTES 16   /* how many bytes `matches` sees, at most */

/* Set *err (BAD_INPUT, where = the file) and return false. */
bool reading_refuse(const struct reading *r, GError **err, const char *remedy, const char *format,
	...) G_GNUC_PRINTF(4, 5);

/* A warning for the user; the same one twice, and more than a handful, are dropped. */
void image_warn(image *im, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Sample (c, z, y, x), as stored, belongs at origin[c * dc + z * dz + y * dy + x * dx]. */
struct layout {
	float *origin;
	int64_t dc, dz, dy, dx;
};

/*
 * Make im->data for the shape and orientation found, after asking whether this is plausible for
 * the file's size and fits the device's limit.
 */
bool reading_allocate(struct reading *r, struct layout *l, GError **err);

static inline float *layout_at(const struct layout *l, int64_t c, int64_t z, int64_t y, int64_t x)
{
	return l->origin + c * l->dc + z * l->dz + y * l->dy + x * l->dx;
}

/* A colour table: 3 x n_colours values. */
struct palette {
	const float *values;
	int64_t n_colours;
};

/* n colour numbers to three channels, x_step columns apart.  False: there is no such colour. */
bool palette_put(const struct palette *p, const struct layout *to, float *first, int64_t x_step,
	const float *index, int64_t n);

/* a * b * ..., or INT64_MAX when that is too large; ended by -1. */
int64_t size_product(int64_t first, ...);

/* Decode an NPY stream; both .npy and the members of .npz. */
struct npy_source {
	/* Bytes read, less than size at the end; -1 on failure, with *err set. */
	int64_t (*read)(void *handle, void *to, int64_t size, GError **err);
	void *handle;
	int64_t bytes;          /* of the whole stream, header included */
};
bool npy_read_stream(struct reading *r, const struct npy_source *source, GError **err);
bool npy_matches(const uint8_t *start, size_t size);

#endif
