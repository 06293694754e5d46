/* SPDX-License-Identifier: BSD-3-Clause */
/* projections.h - a volume as one sees it: from the front, from above and from the side */
#ifndef STAGE_PROJECTIONS_H
#define STAGE_PROJECTIONS_H

#include "core/array.h"

/* The largest value along axis 0 (z), 1 (y) or 2 (x) of (1, z, y, x): (1, 1, y, x), (1, 1, z, x) or
 * (1, 1, y, z).  CPU, as all here; never NULL, a failure sticks to the device. */
array *projection_largest(const array *volume, int axis);

/*
 * One picture: the front (x to the right, y down); to its right the side (z to the right, y down);
 * below it the top (x to the right, z down).  step: of voxels along x, y, z, m: all three have one
 * scale, but depths are pressed together where they would take more than 1.5 times the front.
 */
array *projections_sheet(const array *volume, const double step[3]);

/* The fronts of `frames` volumes that follow each other along z, in rows of a sheet. */
array *projections_film(const array *volumes, int64_t frames);

/* Such a map of depths to look at: what is near is bright, where nothing is seen is black; as large
 * as a sheet's front, nearest voxel by nearest voxel.  step: x, y. */
array *projection_depth_shown(const array *depth, const double step[2]);

/*
 * How far away the brightest voxel of each column is, between voxels by a parabola: first + step z,
 * m; 0 where it is below `share` of the brightest of all.
 */
array *projection_depth(const array *volume, double first, double step, double share);

#endif
