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

#endif
