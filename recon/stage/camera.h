/* SPDX-License-Identifier: BSD-3-Clause */
/* camera.h - what a camera made of light, pixel by pixel, and pixels not to be believed.  CPU. */
#ifndef STAGE_CAMERA_H
#define STAGE_CAMERA_H

#include "core/array.h"

/* One number for all pixels, or a map: one plane for all, or as many as the picture. */
typedef struct {
	double number;
	const array *map;       /* borrowed; NULL: the number */
	const char *path;       /* the map's file, for messages */
} pixel_value;

typedef struct {
	pixel_value offset;     /* counts without light */
	pixel_value gain;       /* electrons for one count; a number that is NaN: not known */
	pixel_value read_noise; /* electrons, root mean square */
	pixel_value mask;       /* 0 where a pixel is not to be believed */
	double white;           /* saturated from here on, in counts; infinity: nowhere */
	int64_t planes;         /* of one stack of the picture */
	const char *path;       /* of the picture, for messages */
} camera;

/* Pixels not believed, each counted once. */
typedef struct {
	int64_t holes;          /* NaN and infinities of the picture */
	int64_t masked;
	int64_t dead;           /* by the maps: not finite, no gain, a noise below 0 */
	int64_t saturated;
} camera_faults;

/*
 * In place: counts above the offset.  weights: as y; becomes 1, and 0 where y is not believed.
 * Such pixels get the mean of their neighbours, or of planes nearby, unless they are saturated.
 * MISMATCH where maps have other sizes, BAD_INPUT where no pixel of a stack is believed.
 */
bool camera_above_offset(const camera *c, array *y, array *weights, camera_faults *faults,
	GError **err);

/* Of the pixels that are believed: the mean of a value, and the least variance of reading one. */
double camera_mean(const pixel_value *v, const array *weights);
double camera_least_variance(const camera *c, const array *weights);

/*
 * In place, from counts above the offset: electrons, plus the variance of reading them, so that the
 * sum is nearly Poisson (Snyder, Hammoud and White, J. Opt. Soc. Am. A 10, 1993; pixel by pixel:
 * Huang and others, Nat. Methods 10, 2013); >= 0.  gain, variance: where the maps say nothing.
 * excess: as y, takes what a pixel's variance is above `variance`; or NULL.
 */
void camera_electrons(const camera *c, array *y, const array *weights, double gain, double variance,
	array *excess);

#endif
