/* SPDX-License-Identifier: BSD-3-Clause */
/* resample.h - other pixel sizes, or one channel, by averages.  REAL, any device. */
#ifndef STAGE_RESAMPLE_H
#define STAGE_RESAMPLE_H

#include "core/array.h"

/* All give new arrays, never NULL; a failure sticks to the device. */

/*
 * Means of k x k blocks, k >= 1, from the top left corner.  Rows and columns at the bottom and the
 * right that do not fill a block are left out; a picture smaller than a block gives one pixel of
 * what there is.  For k = 4 the same as the mean of 2 x 2 blocks, twice.
 */
array *resample_box(const array *a, int64_t k);

/*
 * To height x width >= 1, each pixel the mean of the input over its own area; the mean of the
 * picture stays.  For whole ratios the same as resample_box.
 */
array *resample_area(const array *a, int64_t height, int64_t width);

/* One channel: the mean of all. */
array *resample_gray(const array *a);

#endif
