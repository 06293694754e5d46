/* SPDX-License-Identifier: BSD-3-Clause */
/* numbers.h - X,Y,Z as options get them */
#ifndef MODE_NUMBERS_H
#define MODE_NUMBERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* One to three numbers; y is x where it is missing, z stays as it was.  BAD_USAGE. */
bool numbers_parse(const char *option, const char *text, double least, double most, double to[3],
	GError **err);

/* The same for numbers of voxels, 1 to PSF_SIDE_MOST. */
bool numbers_parse_counts(const char *option, const char *text, int64_t to[3], GError **err);

/* HEIGHTxWIDTH, or one number for both, each 1 to `most`.  BAD_USAGE. */
bool numbers_parse_size(const char *option, const char *text, int64_t most, int64_t *height,
	int64_t *width, GError **err);

#endif
