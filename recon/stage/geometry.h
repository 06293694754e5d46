/* SPDX-License-Identifier: BSD-3-Clause */
/* geometry.h - flips, turns, crops and pads: pixels moved, never changed.  REAL, any device. */
#ifndef STAGE_GEOMETRY_H
#define STAGE_GEOMETRY_H

#include "core/array.h"

/* All give new arrays, never NULL; a failure sticks to the device. */

array *geometry_flip_y(const array *a);                 /* up-down */
array *geometry_flip_x(const array *a);                 /* left-right */

/* Counter-clockwise by 90 degrees `quarters` times; any integer. */
array *geometry_rotate(const array *a, int quarters);

/* The height x width part whose top left pixel is (y, x); it must lie inside. */
array *geometry_crop(const array *a, int64_t y, int64_t x, int64_t height, int64_t width);

/*
 * Around the centre to height x width: each axis is cropped or padded with zeros.  The part stands
 * at (larger - smaller) / 2, rounded down, so padding and then cropping gives the same back.
 */
array *geometry_centred(const array *a, int64_t height, int64_t width);

/* In a picture of zeros, with its top left pixel at (y, x). */
array *geometry_placed(const array *a, int64_t y, int64_t x, int64_t height, int64_t width);

/* The plane at every second pixel, from (y, x) in 0..1, of a picture of 2 x 2 cells. */
array *geometry_half(const array *a, int64_t y, int64_t x);

/* n more pixels on every side, mirrored about the first and last one; n < height, width, or n = 2. */
array *geometry_frame(const array *a, int64_t n);

/* Channels in reverse order: BGR to RGB and back. */
array *geometry_swap_channels(const array *a);

#endif
