/* SPDX-License-Identifier: BSD-3-Clause */
/* stolt.h - waves at a wall taken back to the points they came from, in the frequency domain */
#ifndef MATH_STOLT_H
#define MATH_STOLT_H

#include "core/array.h"

/*
 * Light that every point of a scene sends out at time 0, at half its speed, arrives at the wall as
 * a capture of one spot for laser and detector has it.  So a wave of frequencies (k', y, x) at the
 * wall is one of (k, y, x) in space, k'^2 = k^2 + y^2 + x^2, times k / k' (Stolt, Geophysics 43,
 * 1978); the scene is where it was at time 0.  Planes z: moments, then depths.
 */
typedef struct {
	shape window;           /* of the data, (1, t, y, x), and of the scene */
	double pitch[2];        /* x, y: from point to point of the wall, in depths of a bin */
	double start;           /* time of bin 0, in bins */
	const double *weights;  /* of each bin, for counts before the root; NULL: 1 */
	bool field;             /* the data are waves: no root is taken */
	/*
	 * As published (Lindell, Wetzstein and O'Toole, ACM Trans. Graph. 38, 2019): grids of twice
	 * the window, frequencies between two of the grid linearly interpolated; bin 0 is at 0.  Sizes
	 * must be powers of two.  Else the wave is taken at the very frequency, and the ends of the
	 * spectrum are eased down, where noise and aliases are.
	 */
	bool published;
	bool in_file;           /* CPU: the spectrum, see array_new_in_file */
} stolt_setting;

typedef struct stolt stolt;

/* Grids are powers of two, so that zeros added to the data change nothing. */
shape stolt_grid(shape window);

/* Bytes that a plan takes, with what it works in. */
int64_t stolt_bytes(device *dev, shape window);

/* Never NULL; a failure sticks to the device. */
stolt *stolt_new(device *dev, const stolt_setting *s);
void stolt_free(stolt *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(stolt, stolt_free)

/* power = |wave at time 0|^2 of the data.  Both of the window's shape, on the plan's device; they
 * may be one array. */
void stolt_migrate(stolt *s, array *power, const array *data);

#endif
