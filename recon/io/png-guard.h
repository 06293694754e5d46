/* SPDX-License-Identifier: BSD-3-Clause */
/* png-guard.h - calls of libpng that end in an error instead of a jump; for png*.c only */
#ifndef IO_PNG_GUARD_H
#define IO_PNG_GUARD_H

#include <png.h>
#include "io/image.h"

/* The error pointer given to libpng must point at this. */
struct png_guard {
	png_structp png;
	char *message;          /* of the last error; owned */
};

/* To be given to png_create_*_struct. */
void png_guard_error(png_structp png, png_const_charp text) G_GNUC_NORETURN;

/* Call step(png, data).  False: libpng reported an error.  `step` must own nothing. */
bool png_guarded(struct png_guard *g, void (*step)(png_structp png, void *data), void *data);

/* See struct format. */
bool png_write(const image *im, int fd, const char *path, GError **err);

#endif
