/* SPDX-License-Identifier: BSD-3-Clause */
/* image.h - picture files: one table of formats, one way in, one way out */
#ifndef IO_IMAGE_H
#define IO_IMAGE_H

#include "core/array.h"
#include "core/scale.h"

enum sample_kind { SAMPLE_UNSIGNED, SAMPLE_SIGNED, SAMPLE_FLOAT };

typedef struct image {
	array *data;            /* REAL, on a CPU device; values as stored, not scaled; owned */
	enum sample_kind kind;
	int bits;               /* of one stored sample: 1..64 */
	const char *format;     /* "TIFF", "PNG", "NPY", "NPZ", "MAT", "MAT 7.3", "HDF5"; static */
	int alpha;              /* 1: an alpha channel was there and has been dropped */
	bool has_z;             /* more than one page, or an array of rank 3 taken as a stack */
	char *transfer;         /* its tone curve, as the file says ("sRGB", "gamma 0.45455"); or NULL */
	GBytes *icc;            /* colour profile, or NULL */
	image_scale *scale;     /* owned; never NULL */
	GPtrArray *warnings;    /* char *, owned; never NULL */
} image;

/*
 * Read a picture of any known format, told by its content.  dev: a CPU device, whose memory limit
 * counts.  "FILE.npz:NAME" names one array of an NPZ, MAT or HDF5 file, "FILE.tif:2" the second
 * picture of a TIFF that describes several.
 * Shapes: gray (1, 1, y, x); colour (c, 1, y, x); pages (c, z, y, x).  Arrays: rank 0 and 1 are one
 * row; rank 2 (y, x); rank 3 (z, y, x), or colour (y, x, c) where the last axis is 1..4 and both
 * others are longer; rank 4 (z, y, x, c).
 * Time-of-flight captures of known layouts: (c, t, y, x), with image_scale.transient.
 * Pages whose description (ImageJ's, OME-XML) says so become channels, slices and points of time:
 * see image_scale.  What the pages do not bear out is not believed, with a warning.
 * Values are those stored, rounded to float (integers above 2^24 lose their last bits), but
 * palettes are looked up (8 or 16 bits), gray where 0 is white is turned round, orientation tags
 * are honoured, and transparency is dropped with a warning.
 * Damaged, cut off and implausibly large files are refused; never is a part of the pixels given.
 * Errors: BAD_INPUT, OVER_LIMIT.  Free with image_free.
 */
image *image_read(device *dev, const char *path, GError **err);
void image_free(image *im);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(image, image_free)

/* Takes `data`. */
image *image_new(array *data);

/* Copies the scale; NULL: that of the picture stays. */
void image_set_scale(image *im, const image_scale *scale);

/*
 * Write to `path`, by its extension: .tif .tiff (float32 as it is; multi-page; BigTIFF when
 * needed; with ImageJ's description and a page for each channel where the scale is known; with
 * OME-XML when the name ends in .ome.tif or .ome.tiff), .npy (float32), .png (values 0..1 to
 * 16 bit, clipped; 1, 2, 3 or 4 channels; z = 1), .npz (our own layout) and .hdf5 .h5 (tal's) of
 * captures: BAD_USAGE where the scale has no transient.
 * The file appears under its name only when complete (written beside it, flushed, renamed).
 * An existing file is replaced only with `overwrite`, and keeps its permissions; a symbolic link
 * stays, and what it points at is replaced.  Errors: BAD_USAGE (unknown extension),
 * BAD_OUTPUT.
 */
bool image_write(const image *im, const char *path, bool overwrite, GError **err);

/* Whether image_write could write there: extension known, folder there, overwrite rule; BAD_... */
bool image_writable(const char *path, bool overwrite, GError **err);

/* Write any bytes the same careful way (for sidecars and traces). */
bool file_write_whole(const char *path, const void *bytes, size_t size, bool overwrite,
	GError **err);

/*
 * What the header says, as a jansson object: format, shape ([z,] y, x[, c]), width, height, pages,
 * channels, samples ("unsigned", "signed", "float"), bits, alpha, transfer, icc_bytes, orientation,
 * file_bytes, slices, frames, voxel_nm (x, y, z), unit, interval_s, numerical_aperture,
 * refractive_index, channel_names, emission_nm, excitation_nm, of captures what describe_capture
 * adds, warnings, and what the format has besides (compression, description, dtype ...).
 * NULL and *err when unreadable.  The pixels are not read.  The caller owns the reference.
 */
void *image_describe(const char *path, GError **err);

/* [[z,] y, x[, c]] as a jansson array; the caller's. */
void *image_shape_json(shape s, bool has_z);

#endif
