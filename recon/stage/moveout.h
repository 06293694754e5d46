/* SPDX-License-Identifier: BSD-3-Clause */
/* moveout.h - captures with laser and detector apart as if they shared the point halfway */
#ifndef STAGE_MOVEOUT_H
#define STAGE_MOVEOUT_H

#include "core/array.h"

/*
 * Normal moveout (Dix, Geophysics 20, 1955; for hidden scenes Lindell and others, ACM Trans. Graph.
 * 38, 2019).  Light by way of a point below the middle between laser and detector, 2 h apart, goes
 * as far as L = sqrt(L'^2 + 4 h^2), L' the way from the middle and back: each trace is read at L
 * where the new one has L', and belongs to the middle.  Points aside from the middle are a little
 * off, the more the larger h is against the depth.
 */
typedef struct moveout moveout;

/*
 * window: (1, t, y, x); points: its y * x places, x fastest, fixed: the place at the light's other
 * end, (x, y, z) in m; start: time of bin 0 in bins; bin: way of the light in a bin, m.
 * Never NULL; a failure sticks to the device.
 */
moveout *moveout_new(device *dev, shape window, const double *points, const double *fixed,
	double start, double bin);
void moveout_free(moveout *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(moveout, moveout_free)

/* On the plan's device; two arrays. */
void moveout_run(const moveout *m, array *confocal, const array *counts);

#endif
