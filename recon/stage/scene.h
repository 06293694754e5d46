/* SPDX-License-Identifier: BSD-3-Clause */
/* scene.h - scenes of known content.  (3, 1, y, x), linear light 0..1, on the CPU. */
#ifndef STAGE_SCENE_H
#define STAGE_SCENE_H

#include "core/array.h"

/* All give new arrays, never NULL; a failure sticks to the device. */

/*
 * A test card: letters, spheres with soft shading, a Siemens star, line groups, patches of colour,
 * a gray wedge; fitted into the middle of any aspect.
 */
array *scene_card(device *dev, int64_t height, int64_t width);

/* Points of light of many colours and strengths on black, a dozen for each 100 x 100 pixels. */
array *scene_points(device *dev, int64_t height, int64_t width, uint64_t seed);

/*
 * (c, 1, y, x) to (c, depths, y, x): the picture on a tilted plane, its left end in the first
 * depth and its right end in the last.
 */
array *scene_tilt(const array *a, int64_t depths);

#endif
