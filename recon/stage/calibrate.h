/* SPDX-License-Identifier: BSD-3-Clause */
/* calibrate.h - what the sensor added to the light, taken away again.  REAL arrays. */
#ifndef STAGE_CALIBRATE_H
#define STAGE_CALIBRATE_H

#include "core/array.h"

/* --- dark level: measured on the CPU, subtracted on any device -------------------------------- */

/* Where an unlit corner is looked for: rows and columns [first, end) from the top left. */
typedef struct { int64_t first, end; } corner;
#define CORNER_TUTORIAL ((corner){ 5, 15 })     /* DiffuserCam tutorial: one mean, no clipping */
#define CORNER_LENSLESSPICAM ((corner){ 5, 25 })        /* each channel its own, clipped at 0 */

/*
 * The mean over the corner, in the picture's units: of channel c, or of all for c = -1, over all
 * depths.  A picture too small to have that corner has no dark level: 0.  CPU.
 */
double calibrate_corner(const array *a, int64_t c, corner where);

/*
 * The percentile (0..100) of all finite pixels, 0 if there are none; channel as before.  CPU.  NaN
 * and *err without memory.
 */
double calibrate_percentile(const array *a, int64_t c, double percent, GError **err);

/* a -= level; clip: what becomes negative is 0. */
void calibrate_subtract(array *a, double level, bool clip);

/*
 * Whether a frame can be used for every plane of `a`: the same rows and columns, and one channel
 * and depth or as many.  MISMATCH; what: "dark frame".
 */
bool calibrate_frame_fits(const array *a, const array *frame, const char *what, const char *path,
	GError **err);

/* Its plane for one of a's: a view. */
array calibrate_frame_plane(const array *frame, int64_t c, int64_t z);

/*
 * Subtract a frame taken in the dark: same rows and columns, and one channel and depth (used for
 * all) or as many as `a`; else MISMATCH.  path: the frame's file, for the message.
 */
bool calibrate_subtract_frame(array *a, const array *dark, bool clip, const char *path,
	GError **err);

/* --- flat field, dead and hot pixels, what is not a number: CPU ------------------------------- */

/*
 * Divide by a flat field (dark already subtracted; each plane is normalised to mean 1).  Pixels
 * where the flat is below a twentieth of its mean are dead and get the mean of their neighbours;
 * *repaired counts them.  Sizes as for the dark frame.  BAD_INPUT when the flat has no light.
 */
bool calibrate_flat(array *a, const array *flat, int64_t *repaired, const char *path, GError **err);

/*
 * NaN and infinities.  replace false: BAD_INPUT that says how many and where the first stands.
 * replace true: they get the mean of their neighbours; *count says how many.  BAD_INPUT when a
 * plane holds no finite pixel.
 */
bool calibrate_finite(array *a, bool replace, int64_t *count, const char *path, GError **err);

/*
 * Hot pixels stand above the brightest of their eight neighbours by `threshold` times the spread
 * of the plane, 1.4826 median |v - mean of the neighbours|; they get the mean of their neighbours.
 * Gives how many they were, or -1 and *err.
 */
int64_t calibrate_hot(array *a, double threshold, GError **err);

#endif
