/* SPDX-License-Identifier: BSD-3-Clause */
/* wall.h - the points of a wall that light goes by, and the frame in which a scene is seen */
#ifndef STAGE_WALL_H
#define STAGE_WALL_H

#include "core/array.h"

/*
 * Points in the wall's own frame: its middle at the origin, x along the rows, y down the columns, z
 * away from it.  Where the points are a regular grid the frame is turned so that z = 0 at all of
 * them; else places are as they were given.
 */
typedef struct {
	bool regular;
	double first[2], pitch[2];      /* x, y, m: of a regular grid */
	double *points;                 /* y * x places, m; the caller's */
	double origin[3], axes[3][3];   /* of the frame, in that of the places given */
} wall;

/* rows x columns points over size x, y m: from the first to the last, or in cells n to a side. */
wall wall_of_grid(const double size[2], bool cells, int64_t rows, int64_t columns);

/* The same from places, x fastest; regular if they are so to a hundredth of a pitch. */
wall wall_of_points(const double *places, int64_t rows, int64_t columns);

/*
 * An irregular wall whose points are a regular grid but for their depth, each left where it is
 * across to a tenth of a pitch, and in depth to a tenth of the wall's smaller side: the plane that
 * fits them best, regular; depths: how far each stands before it, m.  Else not regular, no points.
 */
wall wall_flattened(const wall *w, int64_t rows, int64_t columns, double *depths);

/* Other places in its frame; the caller's. */
double *wall_places(const wall *w, const double *places, int64_t n);

/*
 * (c, z, y, x) with axis i of the new array, of z, y, x, the old one's axis from[i].  Never NULL; a
 * failure sticks to the device, which is the CPU.
 */
array *wall_permute(const array *a, const int64_t from[3]);

#endif
