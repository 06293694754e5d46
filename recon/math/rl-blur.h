/* SPDX-License-Identifier: BSD-3-Clause */
/* rl-blur.h - where the estimate of Richardson-Lucy lives, and what its solver needs of a PSF */
#ifndef MATH_RL_BLUR_H
#define MATH_RL_BLUR_H

#include "core/array.h"
#include "math/op.h"

/*
 * Where the estimate lives.  Borders unknown: what the sensor sees through the PSF, beyond its own
 * edge too, so nothing wraps around (Bertero and Boccacci 2005).  Periodic: the sensor alone, which
 * repeats itself.
 */
enum rl_border { RL_BORDER_UNKNOWN, RL_BORDER_PERIODIC };

typedef struct {
	shape window;           /* of y: (1, z, y, x) */
	shape estimate;         /* of x */
	shape grid;             /* of the transforms: >= estimate */
	position at;            /* where y's first element stands in the estimate */
	enum rl_border border;
} rl_geometry;

/* psf: (1, z, y, x); centre: of the PSF, the element that a point comes to. */
rl_geometry rl_layout(shape window, shape psf, position centre, enum rl_border border);

/* One axis of a box sum: y(i) sees x(j) by h(i - j + centre). */
typedef struct { int64_t window, psf, centre, grid; } rl_reach;

/*
 * The solver lets the estimate begin where the window does, in the grid's first corner; what is
 * left of it stands at the grid's end, cyclically.
 */
typedef struct {
	rl_geometry geometry;
	array *factor;          /* the PSF's spectrum, over the grid's size; as convolve_pass_lines()
				 * takes it, folded where the PSF is its own mirror image */
	/*
	 * How much of each voxel's light the sensor sees, H'1, by adding up the PSF: box(k, l, x) is
	 * the sum of the PSF's first k planes and l rows, as far as the window sees them from column x.
	 */
	array *box;             /* (1, psf.z + 1, psf.y + 1, grid.x) */
	rl_reach z, y;
} rl_blur;

/*
 * For dev, where it is to run.  psf sums to 1, on the CPU, (1, z, y, x) as the geometry's.  NULL
 * and *err on failure; the caller's.  in_file: see array_new_in_file(); of stacks.
 */
rl_blur *rl_blur_new(device *dev, const array *psf, position centre, const rl_geometry *g,
	bool in_file, GError **err);
void rl_blur_free(rl_blur *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rl_blur, rl_blur_free)

/* How much the sensor sees of `rows` rows from (z, y) of the grid on, into the rows of `strip`. */
void rl_blur_seen(const rl_blur *b, array *strip, int64_t z, int64_t y, int64_t rows);

#endif
