/* SPDX-License-Identifier: BSD-3-Clause */
/* png.c - PNG by libpng: reading.  libpng leaves by longjmp: only `guarded` knows of it. */
#include <errno.h>
#include <math.h>
#include <png.h>
#include <string.h>
#include <unistd.h>
#include "io/format.h"
#include "io/png-guard.h"

#define SIDE_MOST 1000000               /* pixels */
#define CHUNK_MOST (8 << 20)            /* bytes, unpacked */
#define CHUNKS_MOST 64
#define DEFLATE_MOST 1040               /* deflate's limit is 1032:1 */
#define COLOURS_MOST 256

struct png_reading {
	struct png_guard guard;         /* first: libpng's callbacks see it */
	struct reading *r;
	png_infop info;
	int colour, depth, passes;
	uint8_t *row;
	float *index;                   /* one row of colour numbers */
	float colours[3 * COLOURS_MOST];
	struct palette palette;
};

static bool png_matches(const uint8_t *start, size_t size)
{
	return size >= 8 && !png_sig_cmp(start, 0, 8);
}

static bool damaged(struct png_reading *p, GError **err)
{
	return reading_refuse(p->r, err, "copy or save it again", "is damaged: %s",
		p->guard.message ? p->guard.message : "not a PNG file");
}

/* --- what libpng calls ---------------------------------------------------------------------- */

static void on_warning(png_structp png, png_const_charp text)
{
	struct png_reading *p = png_get_error_ptr(png);
	image_warn(p->r->im, "%s", text);
}

static void on_read(png_structp png, png_bytep to, size_t size)
{
	struct png_reading *p = png_get_io_ptr(png);
	while (size > 0) {
		ssize_t n = read(p->r->fd, to, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			png_error(png, n < 0 ? g_strerror(errno) : "the file ends early");
		to += n;
		size -= (size_t)n;
	}
}

/* --- steps inside the guard ----------------------------------------------------------------- */

/* Text can unpack to any size and is not wanted: those chunks are skipped as they are. */
static void step_header(png_structp png, void *data)
{
	static const png_byte skipped[] = "tEXt\0zTXt\0iTXt\0sPLT\0eXIf\0hIST\0pCAL";
	static const png_byte kept[] = "acTL";
	struct png_reading *p = data;
	png_set_read_fn(png, p, on_read);
	png_set_user_limits(png, SIDE_MOST, SIDE_MOST);
	png_set_chunk_malloc_max(png, CHUNK_MOST);
	png_set_chunk_cache_max(png, CHUNKS_MOST);
	png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
	png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, skipped, 7);
	png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, kept, 1);
	png_read_info(png, p->info);
}

static void step_start(png_structp png, void *data)
{
	struct png_reading *p = data;
	if (p->depth < 8)
		png_set_packing(png);
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
	if (p->depth == 16)
		png_set_swap(png);
#endif
	png_start_read_image(png);
}

static void step_row(png_structp png, void *data)
{
	struct png_reading *p = data;
	png_read_row(png, p->row, NULL);
}

static void step_end(png_structp png, void *data)
{
	(void)data;
	png_read_end(png, NULL);
}

/* --- what the header says ------------------------------------------------------------------- */

static void note_transfer(struct png_reading *p)
{
	png_structp png = p->guard.png;
	image *im = p->r->im;
	png_charp name;
	png_bytep profile;
	png_uint_32 size;
	int intent, method;
	double gamma;
	if (png_get_iCCP(png, p->info, &name, &method, &profile, &size) == PNG_INFO_iCCP)
		im->icc = g_bytes_new(profile, size);
	if (png_get_sRGB(png, p->info, &intent) == PNG_INFO_sRGB)
		im->transfer = g_strdup("sRGB");
	else if (im->icc)
		im->transfer = g_strdup("ICC profile");
	else if (png_get_gAMA(png, p->info, &gamma) == PNG_INFO_gAMA && fabs(gamma - 1) > 0.01)
		im->transfer = g_strdup_printf("gamma %.5f", gamma);
	if (im->transfer)
		image_warn(im, "its values follow a tone curve (%s), it says; they are taken as linear",
			im->transfer);
}

static void note_alpha(struct png_reading *p)
{
	image *im = p->r->im;
	bool key = png_get_valid(p->guard.png, p->info, PNG_INFO_tRNS) != 0;
	im->alpha = key || (p->colour & PNG_COLOR_MASK_ALPHA) != 0;
	if (im->alpha)
		image_warn(im, "the transparency of its pixels is dropped");
}

static bool note_palette(struct png_reading *p, GError **err)
{
	png_colorp colour;
	int n;
	if (png_get_PLTE(p->guard.png, p->info, &colour, &n) != PNG_INFO_PLTE || n < 1 ||
	    n > COLOURS_MOST)
		return reading_refuse(p->r, err, NULL, "has no palette for its colour numbers");
	for (int i = 0; i < n; i++) {
		p->colours[i] = colour[i].red;
		p->colours[n + i] = colour[i].green;
		p->colours[2 * n + i] = colour[i].blue;
	}
	p->palette = (struct palette){ p->colours, n };
	p->r->im->bits = 8;
	return true;
}

static bool note_header(struct png_reading *p, GError **err)
{
	png_structp png = p->guard.png;
	struct reading *r = p->r;
	png_unknown_chunkp extra;
	p->colour = png_get_color_type(png, p->info);
	p->depth = png_get_bit_depth(png, p->info);
	p->passes = png_get_interlace_type(png, p->info) == PNG_INTERLACE_NONE ? 1 :
		PNG_INTERLACE_ADAM7_PASSES;
	r->shape = (shape){ p->colour & PNG_COLOR_MASK_COLOR ? 3 : 1, 1,
		png_get_image_height(png, p->info), png_get_image_width(png, p->info) };
	r->im->kind = SAMPLE_UNSIGNED;
	r->im->bits = p->depth;
	note_transfer(p);
	note_alpha(p);
	if (png_get_unknown_chunks(png, p->info, &extra) > 0)
		image_warn(r->im, "an animation; only its still picture is read");
	json_object_set_new(r->facts, "compression", json_string("deflate"));
	json_object_set_new(r->facts, "interlaced", json_boolean(p->passes > 1));
	json_object_set_new(r->facts, "palette", json_boolean(p->colour == PNG_COLOR_TYPE_PALETTE));
	if (p->colour == PNG_COLOR_TYPE_PALETTE && !note_palette(p, err))
		return false;
	int64_t claim = size_product(r->shape.y, (int64_t)png_get_rowbytes(png, p->info), (int64_t)-1);
	if (claim / DEFLATE_MOST > r->file_bytes)
		return reading_refuse(r, err, NULL, "claims %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
			" pixels, which a file of %" G_GINT64_FORMAT " bytes cannot hold", r->shape.x,
			r->shape.y, r->file_bytes);
	return true;
}

/* --- pixels --------------------------------------------------------------------------------- */

/* n pixels, dx columns apart, from the row buffer. */
static bool put_row(struct png_reading *p, const struct layout *l, int64_t y, int64_t x, int64_t dx,
	int64_t n)
{
	sample_unpack *unpack = sample_unpacker(SAMPLE_UNSIGNED, MAX(p->depth, 8));
	float *first = layout_at(l, 0, 0, y, x);
	int64_t samples = png_get_channels(p->guard.png, p->info);
	if (p->palette.values) {
		unpack(p->index, 1, p->row, 0, 1, n);
		return palette_put(&p->palette, l, first, dx, p->index, n);
	}
	for (int64_t c = 0; c < p->r->shape.c; c++)
		unpack(first + c * l->dc, dx * l->dx, p->row, c, samples, n);
	return true;
}

/* Interlaced files hold seven coarser pictures, whose rows go where they belong. */
static bool read_pass(struct png_reading *p, const struct layout *l, int pass, GError **err)
{
	bool all = p->passes == 1;
	shape s = p->r->shape;
	int64_t x0 = all ? 0 : PNG_PASS_START_COL(pass), y0 = all ? 0 : PNG_PASS_START_ROW(pass);
	int64_t dx = all ? 1 : PNG_PASS_COL_OFFSET(pass), dy = all ? 1 : PNG_PASS_ROW_OFFSET(pass);
	int64_t n = s.x > x0 ? (s.x - x0 + dx - 1) / dx : 0;
	for (int64_t y = y0; n > 0 && y < s.y; y += dy) {
		if (!png_guarded(&p->guard, step_row, p))
			return damaged(p, err);
		if (!put_row(p, l, y, x0, dx, n))
			return reading_refuse(p->r, err, NULL, "row %" G_GINT64_FORMAT " has a colour number "
				"beyond its palette of %" G_GINT64_FORMAT, y, p->palette.n_colours);
	}
	return true;
}

static bool read_pixels(struct png_reading *p, GError **err)
{
	struct layout l;
	if (!reading_allocate(p->r, &l, err))
		return false;
	if (!png_guarded(&p->guard, step_start, p))
		return damaged(p, err);
	/* 8 bytes a pixel: the most there are */
	p->row = g_malloc0((gsize)p->r->shape.x * 8);
	p->index = g_new(float, p->r->shape.x);
	for (int pass = 0; pass < p->passes; pass++)
		if (!read_pass(p, &l, pass, err))
			return false;
	return png_guarded(&p->guard, step_end, p) || damaged(p, err);
}

static bool png_read(struct reading *r, GError **err)
{
	struct png_reading p = { .r = r };
	p.guard.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &p, png_guard_error, on_warning);
	p.info = p.guard.png ? png_create_info_struct(p.guard.png) : NULL;
	bool done = p.info && (png_guarded(&p.guard, step_header, &p) || damaged(&p, err)) &&
		note_header(&p, err) && (!r->dev || read_pixels(&p, err));
	if (!p.info)
		reading_refuse(r, err, NULL, "cannot be read: no memory");
	png_destroy_read_struct(&p.guard.png, &p.info, NULL);
	g_free(p.guard.message);
	g_free(p.row);
	g_free(p.index);
	return done;
}

static const char *const extensions[] = { ".png", NULL };

const struct format format_png = { "PNG", extensions, png_matches, png_read, png_write };
