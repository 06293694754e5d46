/* SPDX-License-Identifier: BSD-3-Clause */
/* tiff-write.c - TIFF by libtiff: float32 as it is, a page for each z, and what is known of it */
#include <errno.h>
#include <math.h>
#include <string.h>
#include "io/file.h"
#include "io/planes.h"

#define STRIP_BYTES ((int64_t)256 << 10)
#define CLASSIC_MOST ((int64_t)3900 << 20)      /* bytes; offsets of a classic TIFF have 32 bits */
#define PAGE_BYTES 1024                         /* for the directory of a page */

/*
 * A plain file is a page for each z with all channels in it, in strips, each followed by its
 * directory.  A described one has a page for each plane (channels fastest, then z), in one strip,
 * and all directories before all pixels: ImageJ wants the planes to follow each other.
 */
struct writing {
	struct tiff t;
	const image *im;
	char *description;      /* NULL: a plain file */
	int64_t pages, channels;        /* channels of one page */
	float *strip;
};

/* --- both kinds ------------------------------------------------------------------------------- */

static int64_t rows_per_strip(const struct writing *w)
{
	shape s = w->im->data->shape;
	if (w->description)
		return s.y;
	return CLAMP(STRIP_BYTES / (s.x * s.c * (int64_t)sizeof(float)), 1, s.y);
}

/* ImageJ reads the unit from its description; OME-XML says it all, but others look at the tags. */
static bool set_resolution(const struct writing *w)
{
	TIFF *tif = w->t.tif;
	const double *voxel = w->im->scale->voxel;
	bool ome = *w->description == '<', done = true;
	double unit = unit_nm(ome ? "cm" : "micron");
	if (isnan(voxel[0]) && isnan(voxel[1]))
		return true;
	if (!isnan(voxel[0]))
		done = TIFFSetField(tif, TIFFTAG_XRESOLUTION, unit / voxel[0]);
	if (!isnan(voxel[1]))
		done = done && TIFFSetField(tif, TIFFTAG_YRESOLUTION, unit / voxel[1]);
	return done && TIFFSetField(tif, TIFFTAG_RESOLUTIONUNIT,
		ome ? RESUNIT_CENTIMETER : RESUNIT_NONE);
}

/* What tells pages of a plain file from those of a described one. */
static bool set_page(const struct writing *w, int64_t page)
{
	TIFF *tif = w->t.tif;
	if (w->description)
		return set_resolution(w) && (page > 0 ||
			TIFFSetField(tif, TIFFTAG_IMAGEDESCRIPTION, w->description));
	return w->pages == 1 || (TIFFSetField(tif, TIFFTAG_SUBFILETYPE, (uint32_t)FILETYPE_PAGE) &&
		TIFFSetField(tif, TIFFTAG_PAGENUMBER, (int)(page & 0xffff), (int)(w->pages & 0xffff)));
}

/* A profile of colours means nothing to a page that holds one of them. */
static bool set_profile(const struct writing *w)
{
	gsize size;
	if (!w->im->icc || w->channels != w->im->data->shape.c)
		return true;
	const void *profile = g_bytes_get_data(w->im->icc, &size);
	return TIFFSetField(w->t.tif, TIFFTAG_ICCPROFILE, (uint32_t)size, profile) != 0;
}

/* The tags of a page; false: libtiff refused one. */
static bool start_page(const struct writing *w, int64_t page)
{
	TIFF *tif = w->t.tif;
	shape s = w->im->data->shape;
	int64_t c = w->channels;
	int n_extra = c == 3 ? 0 : (int)c - 1;
	bool done = TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, (uint32_t)s.x) &&
		TIFFSetField(tif, TIFFTAG_IMAGELENGTH, (uint32_t)s.y) &&
		TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 32) &&
		TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP) &&
		TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, (int)c) &&
		TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
		TIFFSetField(tif, TIFFTAG_COMPRESSION, COMPRESSION_NONE) &&
		TIFFSetField(tif, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT) &&
		TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, (uint32_t)rows_per_strip(w)) &&
		TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, c == 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
	if (n_extra > 0) {
		g_autofree uint16_t *types = g_new0(uint16_t, n_extra);     /* EXTRASAMPLE_UNSPECIFIED */
		done = done && TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, n_extra, types);
	}
	return done && set_page(w, page) && set_profile(w);
}

/* --- a plain file ----------------------------------------------------------------------------- */

static void fill_row(float *to, const array *a, int64_t z, int64_t y)
{
	shape s = a->shape;
	for (int64_t c = 0; c < s.c; c++) {
		const float *from = array_row(a, c, z, y);
		for (int64_t x = 0; x < s.x; x++)
			to[x * s.c + c] = from[x];
	}
}

static bool write_page(struct writing *w, int64_t z)
{
	shape s = w->im->data->shape;
	int64_t most = rows_per_strip(w), row = s.x * s.c;
	if (!start_page(w, z))
		return false;
	for (int64_t y = 0; y < s.y; y += most) {
		int64_t rows = MIN(most, s.y - y);
		for (int64_t i = 0; i < rows; i++)
			fill_row(w->strip + i * row, w->im->data, z, y + i);
		if (TIFFWriteEncodedStrip(w->t.tif, (uint32_t)(y / most), w->strip,
		    (tmsize_t)(rows * row * (int64_t)sizeof(float))) < 0)
			return false;
	}
	return TIFFWriteDirectory(w->t.tif) != 0;
}

static bool write_plain(struct writing *w)
{
	shape s = w->im->data->shape;
	g_autofree float *strip = w->strip = g_try_malloc_n(
		(gsize)(rows_per_strip(w) * s.x * s.c), sizeof(float));
	for (int64_t z = 0; strip && z < s.z; z++) {
		if (!write_page(w, z))
			return false;
		array_forget_all(w->im->data);
	}
	return strip != NULL;
}

/* --- a described file ------------------------------------------------------------------------- */

static bool write_plane(struct writing *w, int64_t c, int64_t z)
{
	shape s = w->im->data->shape;
	for (int64_t y = 0; y < s.y; y++) {
		memcpy(w->strip, array_row(w->im->data, c, z, y), (size_t)s.x * sizeof(float));
		if (TIFFWriteScanline(w->t.tif, w->strip, (uint32_t)y, 0) < 0)
			return false;
	}
	array_forget(w->im->data, c * s.z + z, 0, s.y);
	return TIFFFlushData(w->t.tif) && TIFFForceStrileArrayWriting(w->t.tif);
}

/* One strip has its offset in the directory itself, so nothing comes between the pixels. */
static bool write_described(struct writing *w)
{
	shape s = w->im->data->shape;
	TIFF *tif = w->t.tif;
	g_autofree float *row = g_new(float, s.x);
	w->strip = row;
	for (int64_t page = 0; page < w->pages; page++)
		if (!start_page(w, page) || !TIFFDeferStrileArrayWriting(tif) ||
		    !TIFFWriteCheck(tif, 0, "") || !TIFFWriteDirectory(tif))
			return false;
	for (int64_t page = 0; page < w->pages; page++)
		if (!(page ? TIFFReadDirectory(tif) : TIFFSetDirectory(tif, 0)) ||
		    !write_plane(w, page % s.c, page / s.c))
			return false;
	return true;
}

/*
 * A picture of one row: libtiff 4.5 does not know its own deferred strip again.  Page by page, with
 * directories between.
 */
static bool write_rows(const struct writing *w)
{
	shape s = w->im->data->shape;
	for (int64_t page = 0; page < w->pages; page++)
		if (!start_page(w, page) || TIFFWriteEncodedStrip(w->t.tif, 0, array_row(w->im->data,
		    page % s.c, page / s.c, 0), (tmsize_t)(s.x * (int64_t)sizeof(float))) < 0 ||
		    !TIFFWriteDirectory(w->t.tif))
			return false;
	return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool is_ome(const char *path)
{
	g_autofree char *name = g_ascii_strdown(path, -1);
	return g_str_has_suffix(name, ".ome.tif") || g_str_has_suffix(name, ".ome.tiff");
}

static bool write_all(struct writing *w, int fd)
{
	shape s = w->im->data->shape;
	int64_t bytes = shape_count(s) * (int64_t)sizeof(float) + w->pages * PAGE_BYTES +
		(w->im->icc ? w->pages * (int64_t)g_bytes_get_size(w->im->icc) : 0) +
		(w->description ? (int64_t)strlen(w->description) : 0);
	return tiff_open(&w->t, fd, bytes > CLASSIC_MOST ? "w8" : "w", 0) &&
		(!w->description ? write_plain(w) : s.y == 1 ? write_rows(w) : write_described(w)) &&
		!w->t.error;
}

bool tiff_write(const image *im, int fd, const char *path, GError **err)
{
	shape s = im->data->shape;
	struct writing w = { .im = im, .pages = s.z, .channels = s.c };
	g_autofree char *text = w.description = is_ome(path) ? ome_text(im) :
		image_scale_known(im->scale) ? imagej_text(im) : NULL;
	if (text) {
		w.pages = size_product(s.z, s.c, (int64_t)-1);
		w.channels = 1;
	}
	if (w.channels > UINT16_MAX || w.pages > PAGE_BYTES * 63) {
		error_set(err, RELUMINE_BAD_OUTPUT, path, "write a .npy", "a TIFF cannot hold %"
			G_GINT64_FORMAT " channels and %" G_GINT64_FORMAT " pages", s.c, s.z);
		return false;
	}
	bool done = write_all(&w, fd);
	if (!done && w.t.error_number)
		file_write_error(path, w.t.error_number, err);
	else if (!done)
		error_set(err, RELUMINE_BAD_OUTPUT, path, NULL, "cannot be written: %s",
			w.t.error ? w.t.error : "no memory");
	tiff_close(&w.t);
	return done;
}
