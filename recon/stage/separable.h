/* SPDX-License-Identifier: BSD-3-Clause */
/* separable.h - masks whose pattern is a product of one of rows and one of columns.  REAL, CPU. */
#ifndef STAGE_SEPARABLE_H
#define STAGE_SEPARABLE_H

#include "core/array.h"

/*
 * Each plane less the means of its rows and less those of its columns, plus the mean of all: what
 * is left of P Y Q when P and Q take means out.  In double.
 */
void separable_take_means(array *a);

/* Each column less its mean: P L, for which P (L X R') Q = (P L) X (Q R)'. */
void separable_centre_columns(array *matrix);

/*
 * Row i, column j is element i + j of a maximum length sequence of +1 and -1 (Golomb, Shift
 * Register Sequences, 1967), its edges softened by diffraction: what the line i of a sensor sees
 * of the line j of a scene through one axis of the mask.  The same seed and axis, the same mask.
 * Never NULL; a failure sticks to the device.  rows + columns < 65536.
 */
array *separable_mask(device *dev, int64_t rows, int64_t columns, uint64_t seed, int axis);

/*
 * The scene (c, 1, y, x) through the mask whose openings are (1 + l r') / 2 (Asif et al.,
 * "FlatCam", IEEE Trans. Computational Imaging 3, 2017): (L X R' + the sum of X) / 2,
 * (c, 1, rows of L, rows of R).
 */
array *separable_capture(const array *scene, const array *left, const array *right);

#endif
