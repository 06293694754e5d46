/* SPDX-License-Identifier: BSD-3-Clause */
/* own.h - our own layout of captures in .npz: one table for reading and writing; for the files
 * of io only */
#ifndef IO_OWN_H
#define IO_OWN_H

#include <stddef.h>
#include "core/transient.h"

#define OWN_TRACES "transient"          /* (t, y, x), or (fixed, t, y, x) */

/* Numbers of a capture by name; NaN is left out. */
struct own_number {
	const char *name;
	size_t offset;
	int n;
};

/* Choices by name of array and words for 0, 1, 2; 0 is left out. */
struct own_word {
	const char *name;
	size_t offset;
	const char *words[3];
};

extern const struct own_number own_numbers[];   /* ended by a NULL name */
extern const struct own_word own_words[];

#define OWN_POINTS "points_m"           /* (y * x, 3), x faster */
#define OWN_NORMALS "normals"           /* the same */
#define OWN_FRAMES "frames"             /* captures, one after the other along t; left out: 1 */
#define OWN_FIXED "fixed_m"             /* (fixed, 3); of pairs (y * x, 3) */
#define OWN_FIXED_LIT "fixed_lit"       /* 0, 1; left out: 0 */
#define OWN_PAIRED "paired"             /* 0, 1; left out: 0 */
#define OWN_BOUNCE "first_bounce_s"     /* (y, x) */
#define OWN_CONFOCAL "confocal"         /* 0, 1 */
#define OWN_TAKEN "taken"               /* what no file said: texts, "; " between */

#endif
