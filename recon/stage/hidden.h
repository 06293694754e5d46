/* SPDX-License-Identifier: BSD-3-Clause */
/* hidden.h - scenes around a corner, as many small pieces of surface.  CPU. */
#ifndef STAGE_HIDDEN_H
#define STAGE_HIDDEN_H

#include "core/array.h"

/*
 * The wall is the plane z = 0, x goes right and y down on it, z into the scene; metres.  Pieces are
 * an array (PIECE_NUMBERS, 1, 1, n): channel PIECE_X of piece i is column i.
 */
enum {
	PIECE_X, PIECE_Y, PIECE_Z,
	PIECE_NX, PIECE_NY, PIECE_NZ,   /* unit normal; 0, 0, 0: a point that looks alike from all sides */
	PIECE_LIGHT,                    /* albedo times area, m2; of a point: a number */
	PIECE_NUMBERS
};

/*
 * A scene we know, or NULL if there is none of that name: "letters", "points", "bars", "plane",
 * "sphere", "figure".  It is seen through a square window of `size` m, the middle of the wall's, in
 * cells x cells; its nearest part is `distance` m away.  A failure sticks to the device.
 */
array *hidden_scene(device *dev, const char *name, double distance, double size, int64_t cells);

/*
 * A scene from pictures (1, 1, y, x) of one size: how far it is, m (0: nothing is there), and
 * its albedo (0: black).  The longer side is `size` m.  Never NULL.
 */
array *hidden_from_maps(const array *depth, const array *albedo, double size);

/* Whether any piece has a normal. */
bool hidden_faces(const array *pieces);

/* Every piece is moved by so many m along x, y and z. */
void hidden_move(array *pieces, const double by[3]);

/* Where pictures of the truth have their points: index i of an axis is at first + i step, m. */
typedef struct { double first[3], step[3]; } hidden_grid;

/* Adds the pieces' light to a volume (1, z, y, x), shared among the eight nearest voxels. */
void hidden_add_to_volume(const array *pieces, const hidden_grid *g, array *volume);

/* Depth of the nearest piece in each cell of a picture (1, 1, y, x), m; 0: nothing there. */
void hidden_depth_map(const array *pieces, const hidden_grid *g, array *map);

#endif
