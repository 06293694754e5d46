/* SPDX-License-Identifier: BSD-3-Clause */
/* optics.h - point spread functions of cameras without a lens.  (1, z, y, x), largest value 1, CPU. */
#ifndef STAGE_OPTICS_H
#define STAGE_OPTICS_H

#include "core/array.h"

/* Both give new arrays, never NULL; a failure sticks to the device. */

/*
 * Light of one point through a bumpy, transparent diffuser: rays from an even grid are bent by the
 * slope of a smooth random surface, and where they meet on the sensor is the caustic.  depths > 1:
 * the point further away from plane to plane, so the pattern shrinks (shadow magnification).
 */
array *optics_caustic(device *dev, int64_t height, int64_t width, int64_t depths, uint64_t seed);

/*
 * The shadow of a coded mask: a modified uniformly redundant array (Gottesman and Fenimore, Applied
 * Optics 28, 1989), its edges softened by diffraction.
 */
array *optics_mask(device *dev, int64_t height, int64_t width);

#endif
