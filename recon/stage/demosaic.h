/* SPDX-License-Identifier: BSD-3-Clause */
/* demosaic.h - colour from a sensor with a Bayer filter.  REAL, any device. */
#ifndef STAGE_DEMOSAIC_H
#define STAGE_DEMOSAIC_H

#include "core/array.h"

/* The colours of the top left 2 x 2 cell, row by row. */
enum bayer { BAYER_RGGB, BAYER_BGGR, BAYER_GRBG, BAYER_GBRG };
#define BAYER_WORDS "rggb|bggr|grbg|gbrg"

enum demosaic_method {
	DEMOSAIC_BILINEAR,
	DEMOSAIC_GRADIENT       /* Malvar, He and Cutler, ICASSP 2004 */
};

/*
 * (1, z, y, x) to (3, z, y, x).  Borders are mirrored, which keeps the pattern.  MISMATCH error
 * for more than one channel, BAD_INPUT for fewer than 2 rows or columns; where: the file.
 */
array *demosaic(const array *sensor, enum bayer pattern, enum demosaic_method method,
	const char *where, GError **err);

/*
 * (1, z, y, x) to (4, z, y / 2, x / 2): the planes red, green beside red, green beside blue, blue,
 * each pixel as it is.  Errors as above.
 */
array *demosaic_split(const array *sensor, enum bayer pattern, const char *where, GError **err);

/* Multiply the channels of a colour picture. */
void balance_apply(array *rgb, const double gains[3]);

/* Gains that make the three channels' means equal to green's ("gray world"); 1 where a mean <= 0. */
void balance_gray_world(const array *rgb, double gains[3]);

#endif
