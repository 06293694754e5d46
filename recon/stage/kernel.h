/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel.h - the blur of a photograph, from the photograph alone.  REAL arrays. */
#ifndef STAGE_KERNEL_H
#define STAGE_KERNEL_H

#include "core/array.h"
#include "core/watch.h"

/*
 * A kernel is square, of odd size, not negative, sums to 1, stands with its centre of mass in the
 * middle, and lives on the CPU, where it is small.
 */

enum { KERNEL_SIDE_LEAST = 3, KERNEL_SIDE_MOST = 255, KERNEL_PICTURE_LEAST = 64 };

typedef struct {
	const array *picture;   /* (1, 1, y, x), on the device where to compute */
	const array *believed;  /* as it, 1 or 0: pixels that say what they saw; or NULL */
	device *cpu;
	watch *watch;           /* hears of each level; may be NULL */
} kernel_problem;

/*
 * The kernel of at most size x size pixels under which the picture is a blurred one of few steep
 * edges, coarse to fine (Xu, Zheng and Jia, CVPR 2013; Pan, Hu, Su and Yang, CVPR 2014).
 * size: odd, at most a quarter of the sides.  The caller's; NULL and *err when there are no
 * edges to tell it by (BAD_INPUT), or the device failed.
 */
array *kernel_estimate(const kernel_problem *p, int64_t size, GError **err);

/*
 * The same where nobody knows the size: larger and larger boxes, until what is found leaves their
 * rims empty.  limit: the largest.
 */
array *kernel_find(const kernel_problem *p, int64_t limit, GError **err);

/* The share of the light in the outermost two rings: a kernel cut off has some. */
double kernel_rim(const array *k);
#define KERNEL_RIM_EMPTY 0.01

/* How far values above 0 reach from the middle, the farther of left and right, up and down. */
void kernel_reach(const array *k, int64_t *y, int64_t *x);

/* --- its parts -------------------------------------------------------------------------------- */

/*
 * argmin over x of |k * x - y|^2 + weight (number of pixels with a gradient), nearly: by half
 * quadratic splitting.  y: on a grid where nothing jumps at the ends; the caller's.
 */
array *kernel_sharpen(const array *y, const array *k, double weight);

/*
 * argmin over k of |k * steep gradients of x - gradients of y|^2 + ridge |k|^2, of size x size
 * pixels, by conjugate gradients.  steep: longer than `least`, where believed.  x: the picture in
 * the upper left corner of y's grid.
 */
array *kernel_fit(const kernel_problem *p, const array *x, int64_t size, double least,
	GError **err);

/* Ridge: weight of |k|^2, picture values being 0 to 1. */
#define KERNEL_RIDGE 2

/* Faint values and specks become 0, and the sum 1; false: nothing is left. */
bool kernel_tidy(array *k);

/* Moved by whole pixels until the centre of mass is in the middle one; the caller's. */
array *kernel_centred(const array *k);

/* Values at `ratio` times as many pixels, linear between them, in size x size; the caller's. */
array *kernel_enlarged(const array *k, int64_t size, double ratio);

#endif
