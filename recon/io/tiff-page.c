/* SPDX-License-Identifier: BSD-3-Clause */
/* tiff-page.c - what one page of a TIFF is, and whether its claims can be true */
#include "io/tiff-page.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* --- libtiff's messages, caught for each file on its own ------------------------------------- */

/* Some of libtiff's texts begin with the file's name, which it was not told: ": Bad value". */
static char *words_of(const char *format, va_list args)
{
	g_autofree char *text = g_strdup_vprintf(format, args);
	return g_strdup(text + strspn(text, ": "));
}

static int on_error(TIFF *tif, void *data, const char *module, const char *format, va_list args)
{
	struct tiff *t = data;
	(void)tif;
	(void)module;
	if (!t->error) {
		t->error_number = errno;
		t->error = words_of(format, args);
	}
	return 1;
}

/* Private tags and careless texts are normal, and no matter of the pixels. */
static const char *const harmless[] = { "Unknown field", "ASCII value",
	"Invalid TIFF directory; tags are not sorted", NULL };
static const char *const guesses[] = { "Bogus \"Strip", "Bogus \"Tile", NULL };

static bool starts_with_any(const char *text, const char *const *starts)
{
	for (; *starts; starts++)
		if (g_str_has_prefix(text, *starts))
			return true;
	return false;
}

static int on_warning(TIFF *tif, void *data, const char *module, const char *format, va_list args)
{
	struct tiff *t = data;
	(void)tif;
	(void)module;
	g_free(t->warning);
	t->warning = words_of(format, args);
	if (starts_with_any(t->warning, guesses))
		t->sizes_guessed = true;
	if (t->r && !t->decoding && !starts_with_any(t->warning, harmless))
		image_warn(t->r->im, "%s", t->warning);
	return 1;
}

bool tiff_open(struct tiff *t, int fd, const char *mode, int64_t memory)
{
	int own = dup(fd);
	TIFFOpenOptions *options = own < 0 ? NULL : TIFFOpenOptionsAlloc();
	if (options) {
		TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, t);
		TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, t);
		TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)memory);
		t->tif = TIFFFdOpenExt(own, "", mode, options);
		TIFFOpenOptionsFree(options);
	}
	if (!t->tif && own >= 0)
		close(own);
	return t->tif != NULL;
}

void tiff_close(struct tiff *t)
{
	if (t->tif)
		TIFFClose(t->tif);
	t->tif = NULL;
	g_clear_pointer(&t->error, g_free);
	g_clear_pointer(&t->warning, g_free);
}

/* --- compression ---------------------------------------------------------------------------- */

/* expansion_most: what the method can reach, rounded up; fax and Zstandard hardly have a limit */
static const struct tiff_codec codecs[] = {
	{ COMPRESSION_NONE, "none", 1, false },
	{ COMPRESSION_LZW, "LZW", 2800, false },
	{ COMPRESSION_ADOBE_DEFLATE, "deflate", 1040, false },
	{ COMPRESSION_DEFLATE, "deflate", 1040, false },
	{ COMPRESSION_PACKBITS, "PackBits", 65, true },
	{ COMPRESSION_LZMA, "LZMA", 16384, false },
	{ COMPRESSION_ZSTD, "Zstandard", 65536, false },
	{ COMPRESSION_JPEG, "JPEG", 1024, true },
	{ COMPRESSION_CCITTRLE, "CCITT RLE", 65536, true },
	{ COMPRESSION_CCITTRLEW, "CCITT RLE", 65536, true },
	{ COMPRESSION_CCITTFAX3, "CCITT fax 3", 65536, true },
	{ COMPRESSION_CCITTFAX4, "CCITT fax 4", 65536, true },
};

static bool find_codec(struct tiff *t, struct tiff_page *p, GError **err)
{
	uint16_t number = COMPRESSION_NONE;
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_COMPRESSION, &number);
	for (size_t i = 0; i < G_N_ELEMENTS(codecs); i++)
		if (codecs[i].number == number)
			p->codec = &codecs[i];
	if (!p->codec || !TIFFIsCODECConfigured(number))
		return reading_refuse(t->r, err, "save it with LZW, deflate or no compression",
			"is compressed in a way that is not known here (%d%s%s)", number,
			p->codec ? ", " : "", p->codec ? p->codec->name : "");
	return true;
}

/* --- samples -------------------------------------------------------------------------------- */

static bool find_samples(struct tiff *t, struct tiff_page *p, GError **err)
{
	static const enum sample_kind kinds[] = { [SAMPLEFORMAT_UINT] = SAMPLE_UNSIGNED,
		[SAMPLEFORMAT_INT] = SAMPLE_SIGNED, [SAMPLEFORMAT_IEEEFP] = SAMPLE_FLOAT,
		[SAMPLEFORMAT_VOID] = SAMPLE_UNSIGNED };
	uint16_t bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, planar = PLANARCONFIG_CONTIG;
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_BITSPERSAMPLE, &bits);
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_SAMPLESPERPIXEL, &samples);
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_SAMPLEFORMAT, &format);
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_PLANARCONFIG, &planar);
	if (format == SAMPLEFORMAT_COMPLEXIEEEFP || format == SAMPLEFORMAT_COMPLEXINT)
		return reading_refuse(t->r, err, "save the magnitude as float32", "holds complex numbers");
	if (format < SAMPLEFORMAT_UINT || format > SAMPLEFORMAT_VOID)
		return reading_refuse(t->r, err, NULL, "has samples of an unknown kind (SampleFormat %d)",
			format);
	p->kind = kinds[format];
	p->bits = bits;
	p->samples = samples;
	p->separate = planar == PLANARCONFIG_SEPARATE && samples > 1;
	if (samples < 1 || !sample_unpacker(p->kind, bits))
		return reading_refuse(t->r, err, "save it with 8, 16 or 32 bits a sample",
			"has %d %s samples of %d bits a pixel, which is not known here", samples,
			sample_kind_name(p->kind), bits);
	return true;
}

/* Samples beyond the colours: transparency goes, more measured channels of a gray picture stay. */
static bool find_channels(struct tiff *t, struct tiff_page *p, int colours, GError **err)
{
	uint16_t n = 0, *types = NULL;
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_EXTRASAMPLES, &n, &types);
	for (int i = 0; i < n && types; i++)
		p->alpha = p->alpha || types[i] != EXTRASAMPLE_UNSPECIFIED;
	p->channels = colours;
	if (p->samples < colours)
		return reading_refuse(t->r, err, NULL, "has %d samples a pixel where %d are needed",
			p->samples, colours);
	if (p->photometric <= PHOTOMETRIC_MINISBLACK)
		while (p->channels < p->samples &&
		    (n == 0 || !types || types[MIN(p->channels - 1, n - 1)] == EXTRASAMPLE_UNSPECIFIED))
			p->channels++;
	if (p->channels < p->samples)
		image_warn(t->r->im, "%d of %d samples a pixel are dropped (%s)",
			p->samples - p->channels, p->samples, p->alpha ? "transparency" : "no colour");
	return true;
}

static bool find_photometric(struct tiff *t, struct tiff_page *p, GError **err)
{
	uint16_t number;
	if (!TIFFGetField(t->tif, TIFFTAG_PHOTOMETRIC, &number)) {
		number = p->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
		image_warn(t->r->im, "does not say what its samples mean; taken as %s",
			number == PHOTOMETRIC_RGB ? "RGB" : "gray");
	}
	if (number == PHOTOMETRIC_CFA && p->samples == 1) {
		number = PHOTOMETRIC_MINISBLACK;
		image_warn(t->r->im, "a mosaic of colour filters, read as gray");
	}
	if (number == PHOTOMETRIC_YCBCR && p->codec->number == COMPRESSION_JPEG) {
		TIFFSetField(t->tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
		number = PHOTOMETRIC_RGB;
	}
	p->photometric = number;
	if (number == PHOTOMETRIC_PALETTE && (p->kind != SAMPLE_UNSIGNED || p->bits > 16))
		return reading_refuse(t->r, err, NULL, "has a palette for %d-bit %s samples", p->bits,
			sample_kind_name(p->kind));
	if (number <= PHOTOMETRIC_PALETTE)
		return find_channels(t, p, number == PHOTOMETRIC_RGB ? 3 : 1, err);
	return reading_refuse(t->r, err, "convert it to gray or RGB",
		"has colours of a kind that is not known here (Photometric %d)", number);
}

/* --- sizes ---------------------------------------------------------------------------------- */

static void find_resolution(struct tiff *t, struct tiff_page *p)
{
	float x = 0, y = 0;
	uint16_t unit = RESUNIT_INCH;
	TIFFGetField(t->tif, TIFFTAG_XRESOLUTION, &x);
	TIFFGetField(t->tif, TIFFTAG_YRESOLUTION, &y);
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_RESOLUTIONUNIT, &unit);
	p->resolution[0] = isfinite(x) && x > 0 ? (double)x : NAN;
	p->resolution[1] = isfinite(y) && y > 0 ? (double)y : NAN;
	p->resolution_unit = unit;
}

static bool find_size(struct tiff *t, struct tiff_page *p, GError **err)
{
	uint32_t width = 0, height = 0, tile_width = 0, tile_height = 0;
	uint16_t orientation = ORIENTATION_TOPLEFT;
	TIFFGetField(t->tif, TIFFTAG_IMAGEWIDTH, &width);
	TIFFGetField(t->tif, TIFFTAG_IMAGELENGTH, &height);
	TIFFGetFieldDefaulted(t->tif, TIFFTAG_ORIENTATION, &orientation);
	p->width = width;
	p->height = height;
	p->orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
	if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX)
		return reading_refuse(t->r, err, NULL, "claims %u x %u pixels", width, height);
	if (!TIFFIsTiled(t->tif))
		return true;
	TIFFGetField(t->tif, TIFFTAG_TILEWIDTH, &tile_width);
	TIFFGetField(t->tif, TIFFTAG_TILELENGTH, &tile_height);
	p->tile_width = tile_width;
	p->tile_height = tile_height;
	if (tile_width < 1 || tile_height < 1 || tile_width > INT32_MAX || tile_height > INT32_MAX)
		return reading_refuse(t->r, err, NULL, "claims tiles of %u x %u", tile_width, tile_height);
	return true;
}

/* Bytes of all strips or tiles when unpacked, saturated; 0: libtiff does not know either. */
static int64_t unpacked_bytes(struct tiff *t, const struct tiff_page *p)
{
	if (p->tile_width)
		return size_product((int64_t)TIFFNumberOfTiles(t->tif),
			(int64_t)MIN(TIFFTileSize64(t->tif), INT64_MAX), (int64_t)-1);
	return size_product(p->height, (int64_t)MIN(TIFFScanlineSize64(t->tif), INT64_MAX),
		(int64_t)(p->separate ? p->samples : 1), (int64_t)-1);
}

/* Some writers declare the bits that count, but store a whole 8 or 16 for each sample. */
static bool bits_are_true(struct tiff *t, const struct tiff_page *p, int64_t stored, GError **err)
{
	int container = p->bits > 8 ? 16 : 8;
	int64_t loose = size_product(p->width, p->height, (int64_t)p->samples, (int64_t)(container / 8),
		(int64_t)-1);
	if (p->bits % 8 == 0 || p->codec->number != COMPRESSION_NONE || p->tile_width ||
	    stored != loose || stored <= unpacked_bytes(t, p))
		return true;
	return reading_refuse(t->r, err, "correct the tag BitsPerSample",
		"says %d bits a sample, but its strips have the size of %d", p->bits, container);
}

static bool sizes_are_true(struct tiff *t, const struct tiff_page *p, GError **err)
{
	int64_t n = p->tile_width ? TIFFNumberOfTiles(t->tif) : TIFFNumberOfStrips(t->tif), stored = 0;
	int64_t unpacked = unpacked_bytes(t, p);
	t->strips += n;
	if (n < 1 || unpacked < 1 || t->strips > t->r->file_bytes)
		return reading_refuse(t->r, err, NULL, "claims %" G_GINT64_FORMAT " strips or tiles in %"
			G_GINT64_FORMAT " bytes", t->strips, t->r->file_bytes);
	if (__builtin_add_overflow(t->claim, unpacked / p->codec->expansion_most, &t->claim) ||
	    t->claim > t->r->file_bytes)
		return reading_refuse(t->r, err, "copy or save it again", "is cut off, or its header is "
			"wrong: %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " pixels cannot be in %"
			G_GINT64_FORMAT " bytes", p->width, p->height, t->r->file_bytes);
	if (t->sizes_guessed)
		return reading_refuse(t->r, err, "copy or save it again", "its strips lack some rows");
	for (int64_t i = 0; i < n; i++)
		stored += (int64_t)MIN(TIFFGetStrileByteCount(t->tif, (uint32_t)i),
			(uint64_t)t->r->file_bytes);
	return bits_are_true(t, p, stored, err);
}

bool tiff_page_is_extra(TIFF *tif)
{
	uint32_t type = 0;
	uint16_t old_type = 0;
	TIFFGetField(tif, TIFFTAG_SUBFILETYPE, &type);
	TIFFGetField(tif, TIFFTAG_OSUBFILETYPE, &old_type);
	return (type & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) || old_type == OFILETYPE_REDUCEDIMAGE;
}

bool tiff_page_read(struct tiff *t, struct tiff_page *p, GError **err)
{
	*p = (struct tiff_page){ .directory = TIFFCurrentDirectory(t->tif) };
	uint8_t *dng;
	if (TIFFGetField(t->tif, TIFFTAG_DNGVERSION, &dng))
		return reading_refuse(t->r, err, "develop it to a linear 16-bit TIFF first",
			"is a camera's raw file (DNG), not a finished picture");
	find_resolution(t, p);
	return find_size(t, p, err) && find_codec(t, p, err) && find_samples(t, p, err) &&
		find_photometric(t, p, err) && sizes_are_true(t, p, err);
}
