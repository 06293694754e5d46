/* SPDX-License-Identifier: BSD-3-Clause */
/* tiff-write.c - TIFF by libtiff: float32 as it is, plain, a page for each z */
#include <errno.h>
#include "io/file.h"
#include "io/tiff-page.h"

#define STRIP_BYTES ((int64_t)256 << 10)
#define CLASSIC_MOST ((int64_t)3900 << 20)      /* bytes; offsets of a classic TIFF have 32 bits */
#define PAGE_BYTES 1024                         /* for the directory of a page */

static int64_t rows_per_strip(shape s)
{
	return CLAMP(STRIP_BYTES / (s.x * s.c * (int64_t)sizeof(float)), 1, s.y);
}

/* The tags of a page; false: libtiff refused one. */
static bool start_page(TIFF *tif, const image *im, int64_t z)
{
	shape s = im->data->shape;
	int n_extra = s.c == 3 ? 0 : (int)s.c - 1;
	bool done = TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, (uint32_t)s.x) &&
		TIFFSetField(tif, TIFFTAG_IMAGELENGTH, (uint32_t)s.y) &&
		TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 32) &&
		TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP) &&
		TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, (int)s.c) &&
		TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
		TIFFSetField(tif, TIFFTAG_COMPRESSION, COMPRESSION_NONE) &&
		TIFFSetField(tif, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
		TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, (uint32_t)rows_per_strip(s)) &&
		TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, s.c == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
	if (n_extra > 0) {
		g_autofree uint16_t *types = g_new0(uint16_t, n_extra);     /* EXTRASAMPLE_UNSPECIFIED */
		done = done && TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, n_extra, types);
	}
	if (s.z > 1)
		done = done && TIFFSetField(tif, TIFFTAG_SUBFILETYPE, (uint32_t)FILETYPE_PAGE) &&
			TIFFSetField(tif, TIFFTAG_PAGENUMBER, (int)(z & 0xffff), (int)(s.z & 0xffff));
	if (im->icc) {
		gsize size;
		const void *profile = g_bytes_get_data(im->icc, &size);
		done = done && TIFFSetField(tif, TIFFTAG_ICCPROFILE, (uint32_t)size, profile);
	}
	return done;
}

static void fill_row(float *to, const array *a, int64_t z, int64_t y)
{
	shape s = a->shape;
	for (int64_t c = 0; c < s.c; c++) {
		const float *from = array_row(a, c, z, y);
		for (int64_t x = 0; x < s.x; x++)
			to[x * s.c + c] = from[x];
	}
}

static bool write_page(TIFF *tif, const image *im, float *strip, int64_t z)
{
	shape s = im->data->shape;
	int64_t most = rows_per_strip(s), row = s.x * s.c;
	if (!start_page(tif, im, z))
		return false;
	for (int64_t y = 0; y < s.y; y += most) {
		int64_t rows = MIN(most, s.y - y);
		for (int64_t i = 0; i < rows; i++)
			fill_row(strip + i * row, im->data, z, y + i);
		if (TIFFWriteEncodedStrip(tif, (uint32_t)(y / most), strip,
		    (tmsize_t)(rows * row * (int64_t)sizeof(float))) < 0)
			return false;
	}
	return TIFFWriteDirectory(tif) != 0;
}

static bool write_pages(struct tiff *t, const image *im)
{
	shape s = im->data->shape;
	g_autofree float *strip = g_try_malloc_n((gsize)(rows_per_strip(s) * s.x * s.c), sizeof(float));
	for (int64_t z = 0; strip && z < s.z; z++)
		if (!write_page(t->tif, im, strip, z))
			return false;
	return strip && !t->error;
}

bool tiff_write(const image *im, int fd, const char *path, GError **err)
{
	shape s = im->data->shape;
	struct tiff t = { .tif = NULL };
	if (s.c > UINT16_MAX || s.z > PAGE_BYTES * 63) {
		error_set(err, RELUMINE_BAD_OUTPUT, path, "write a .npy", "a TIFF cannot hold %"
			G_GINT64_FORMAT " channels and %" G_GINT64_FORMAT " pages", s.c, s.z);
		return false;
	}
	int64_t bytes = shape_count(s) * (int64_t)sizeof(float) + s.z * PAGE_BYTES + (im->icc ?
		s.z * (int64_t)g_bytes_get_size(im->icc) : 0);
	bool done = tiff_open(&t, fd, bytes > CLASSIC_MOST ? "w8" : "w", 0) && write_pages(&t, im);
	if (!done && t.error_number)
		file_write_error(path, t.error_number, err);
	else if (!done)
		error_set(err, RELUMINE_BAD_OUTPUT, path, NULL, "cannot be written: %s",
			t.error ? t.error : "no memory");
	tiff_close(&t);
	return done;
}
