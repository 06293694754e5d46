/* SPDX-License-Identifier: BSD-3-Clause */
/* chroma.h - colour noise taken out, brightness left as it is.  REAL arrays. */
#ifndef STAGE_CHROMA_H
#define STAGE_CHROMA_H

#include "core/array.h"

/*
 * In place: of (3, z, y, x), red, green and blue, the two colour differences of each plane lose
 * total variation (proximal operator of weight times isotropic TV); their sum stays.  What
 * becomes negative is 0.  weight: in the picture's units.
 */
void chroma_smooth(array *rgb, double weight);

/*
 * Standard deviation of the noise of one colour difference, as far as it is white: from the median
 * of |second differences| over both, which edges hardly move (Immerkaer, Comput. Vis. Image
 * Underst. 64, 1996, with a median for the mean).  0 for pictures of fewer than 3 x 3 pixels.  CPU.
 * NaN and *err without memory.
 */
double chroma_noise(const array *rgb, GError **err);

#endif
