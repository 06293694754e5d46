/* SPDX-License-Identifier: BSD-3-Clause */
/* backproject.h - traces onto the voxels that their light may have come from, anywhere */
#ifndef MATH_BACKPROJECT_H
#define MATH_BACKPROJECT_H

#include "math/linop.h"

/*
 * V(v) = sum over points x and fixed points s of w tau(x, s; |x - v| + |s - v|), or without fixed
 * points of w tau(x; 2 |x - v|); taken linearly between the bins, w = 1 / |x - v|^falloff.  Paired:
 * each point has its own s, and there is one set of traces.
 */
typedef struct {
	int64_t n_points, n_fixed;      /* n_fixed 0: confocal */
	const double *points, *fixed;   /* places x, y, z, m; borrowed while the operator is made */
	bool paired;                    /* n_fixed is n_points */
	int64_t bins;
	double bin, start;              /* m of path: the middle of bin m is at start + m bin */
	double first[3], step[3];       /* x, y, z, m: voxel (i, j, k) is at first + index step */
	int64_t n[3];
	int falloff;                    /* 0, 1, 2 */
} backproject_setup;

/*
 * From traces (fixed points, or 1; 1; points; bins) to voxels (1, z, y, x).  The adjoint makes
 * traces of voxels.  Never NULL; a failure sticks to the device.
 */
linop *linop_backproject(device *dev, const backproject_setup *s);

/* y += what n traces of fixed point `fixed` from point `first` on give; traces: one a row. */
void backproject_add(const linop *a, array *y, const array *traces, int64_t fixed, int64_t first,
	int64_t n);

/*
 * Traces with time running fastest, of n points of the wall from `first` on: counts (c, t, y, x)
 * of fixed point `fixed` to rows of `traces`, from column `skip` on.  weights: REAL, a row, one
 * for each bin.
 */
void backproject_traces(array *traces, const array *counts, const array *weights, int64_t fixed,
	int64_t first, int64_t n, int64_t skip);

/*
 * volume = minus its Laplacian after a Gaussian of a voxel, on 5^3 neighbours, what is negative
 * cut off: edges of light stand out of the haze that backprojection leaves.
 */
void backproject_filter(array *volume);

#endif
