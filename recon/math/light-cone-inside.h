/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone-inside.h - resampling between time and its square, and the cone's tables; for
 * light-cone*.c alone */
#ifndef MATH_LIGHT_CONE_INSIDE_H
#define MATH_LIGHT_CONE_INSIDE_H

#include "math/light-cone.h"

/* A sparse matrix whose rows are runs: row i is the n numbers weight[at[i] ...] from column
 * first[i] on, n = at[i + 1] - at[i]. */
typedef struct {
	int64_t rows;
	int64_t *first, *at;
	float *weight;
} cone_runs;

/* What light of a bin is multiplied by: (time)^power, 1 at the end of the record. */
double cone_bin_weight(const light_cone_geometry *g, int64_t bin);

/* P, from bins to rows of v, and its transpose, both to be cleared. */
void cone_resampling(const light_cone_geometry *g, int64_t rows, cone_runs *spread,
	cone_runs *gather);
void cone_runs_clear(cone_runs *r);

/* Rows of v, and of the grid of transforms along it. */
int64_t cone_rows_of(const light_cone_geometry *g);
shape cone_grid(const light_cone_geometry *g, int64_t rows);

/*
 * The cone's spectrum along an axis of n points: the sum over i of (i pitch / length)^moment exp(-2
 * pi i (k i / n + kv zeta_i / grid.z)), over the root of n.  Axis 0, x: (1, 1, grid.z / 2 + 1, n /
 * 2 + 1), with the response of v's rows; axis 1, y: transposed and without it.  CPU.
 */
array *cone_table(device *cpu, const light_cone_geometry *g, int64_t rows, int axis, int moment);

/* What moments along an axis are measured by, m. */
double cone_length(const light_cone_geometry *g, int axis);

/* The published cone, h, as convolve_pass_lines() takes it. */
array *cone_published(device *dev, const light_cone_geometry *g, shape grid);

#endif
