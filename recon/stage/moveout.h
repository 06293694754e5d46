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
typedef struct {
	shape window;           /* of the captures, (1, t, y, x) */
	shape out;              /* of what is made of them, as many t; 0 where there is no trace */
	int64_t x0, y0;         /* where in it the traces stand */
	const double *points, *fixed;   /* y * x places, x fastest; one place at the light's other end */
	double start;           /* time of bin 0, in bins */
	double bin;             /* way of the light in a bin, in the unit of the places */
} moveout_setting;

typedef struct moveout moveout;

/* Never NULL; a failure sticks to the device. */
moveout *moveout_new(device *dev, const moveout_setting *s);
void moveout_free(moveout *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(moveout, moveout_free)

/* On the plan's device; two arrays. */
void moveout_run(const moveout *m, array *confocal, const array *counts);

#endif
