/* SPDX-License-Identifier: BSD-3-Clause */
/* png-write.c - PNG by libpng: 16-bit writing, and the guard against its jumps */
#include <errno.h>
#include <setjmp.h>
#include "core/error.h"
#include "io/file.h"
#include "io/png-guard.h"

#define CHANNELS_MOST 4
#define ZLIB_LEVEL 4            /* noise hardly packs better at more, only slower */

void png_guard_error(png_structp png, png_const_charp text)
{
	struct png_guard *g = png_get_error_ptr(png);
	char *message = g_strdup(text);
	g_free(g->message);
	g->message = message;
	png_longjmp(png, 1);
}

bool png_guarded(struct png_guard *g, void (*step)(png_structp png, void *data), void *data)
{
	if (setjmp(png_jmpbuf(g->png)))
		return false;
	step(g->png, data);
	return true;
}

struct png_writing {
	struct png_guard guard;
	const image *im;
	int fd;
	const char *path;
	GError *error;          /* of the file, not of libpng */
	png_infop info;
	uint8_t *row;
};

static void on_write(png_structp png, png_bytep from, size_t size)
{
	struct png_writing *w = png_get_io_ptr(png);
	if (!file_put(w->fd, from, size, w->path, &w->error))
		png_error(png, "cannot be written");
}

static void on_flush(png_structp png)
{
	(void)png;
}

static void on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void step_header(png_structp png, void *data)
{
	static const int colours[] = { PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
		PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA };
	struct png_writing *w = data;
	shape s = w->im->data->shape;
	png_set_write_fn(png, w, on_write, on_flush);
	png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
	png_set_IHDR(png, w->info, (png_uint_32)s.x, (png_uint_32)s.y, 16, colours[s.c - 1],
		PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (!g_strcmp0(w->im->transfer, "sRGB"))
		png_set_sRGB(png, w->info, PNG_sRGB_INTENT_PERCEPTUAL);
	png_set_compression_level(png, ZLIB_LEVEL);
	png_write_info(png, w->info);
}

static void step_row(png_structp png, void *data)
{
	struct png_writing *w = data;
	png_write_row(png, w->row);
}

static void step_end(png_structp png, void *data)
{
	struct png_writing *w = data;
	png_write_end(png, w->info);
}

/* 0..1 to 0..65535, the high byte first; NaN becomes 0. */
static void fill_row(uint8_t *row, const array *a, int64_t y)
{
	shape s = a->shape;
	for (int64_t c = 0; c < s.c; c++) {
		const float *from = array_row(a, c, 0, y);
		for (int64_t x = 0; x < s.x; x++) {
			float v = from[x] > 0 ? from[x] : 0;
			unsigned u = (unsigned)((v < 1 ? v : 1) * 65535 + 0.5f);
			row[2 * (x * s.c + c)] = (uint8_t)(u >> 8);
			row[2 * (x * s.c + c) + 1] = (uint8_t)u;
		}
	}
}

static bool write_all(struct png_writing *w)
{
	shape s = w->im->data->shape;
	if (!png_guarded(&w->guard, step_header, w))
		return false;
	for (int64_t y = 0; y < s.y; y++) {
		fill_row(w->row, w->im->data, y);
		if (!png_guarded(&w->guard, step_row, w))
			return false;
	}
	return png_guarded(&w->guard, step_end, w);
}

bool png_write(const image *im, int fd, const char *path, GError **err)
{
	struct png_writing w = { .im = im, .fd = fd, .path = path };
	shape s = im->data->shape;
	if (s.z != 1 || s.c > CHANNELS_MOST) {
		error_set(err, RELUMINE_BAD_OUTPUT, path, "write a .tif or .npy", "a PNG holds one page of "
			"at most 4 channels, not %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT, s.z, s.c);
		return false;
	}
	w.guard.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &w, png_guard_error, on_warning);
	w.info = w.guard.png ? png_create_info_struct(w.guard.png) : NULL;
	w.row = g_try_malloc_n((gsize)(s.x * s.c), 2);
	bool done = w.info && w.row && write_all(&w);
	if (!done && w.error)
		g_propagate_error(err, w.error);
	else if (!done)
		error_set(err, RELUMINE_BAD_OUTPUT, path, NULL, "cannot be written: %s",
			w.guard.message ? w.guard.message : "no memory");
	png_destroy_write_struct(&w.guard.png, &w.info);
	g_free(w.guard.message);
	g_free(w.row);
	return done;
}
