/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-radial.h - light that depends on the distance from the axis alone: tables, pixels, volumes */
#ifndef STAGE_PSF_RADIAL_H
#define STAGE_PSF_RADIAL_H

#include "stage/microscope.h"

/* Where the planes of a volume are looked at: `nodes` places in each. */
typedef struct {
	int64_t planes, nodes;
	bool mirrored;          /* plane 0 is the middle one; the other side is its mirror image */
	double *z_nm;           /* planes * nodes, counted from focus */
	double *weight;         /* nodes; they sum to 1 */
} slices;

slices *slices_new(const psf_grid *g, bool mirrored, double band_z);
void slices_free(slices *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(slices, slices_free)

/*
 * A table is an array (1, 1, rows, columns): row i is the distance i * step from the axis, a
 * column a place along it.
 */

/* Rows that the volume looks at. */
int64_t radial_rows(const psf_grid *g, double step_nm);

/* Intensities of a lens at the places of the slices, from z0_nm on.  NULL and *err. */
array *radial_table(device *dev, const lens *l, int64_t rows, double step_nm, const slices *s,
	double z0_nm, GError **err);

/* The first `rows` rows, each the mean over a disc of that radius around its distance. */
array *radial_averaged(const array *table, int64_t rows, double radius_rows, double band_rows);

/* Columns of one plane become one, weighted. */
array *radial_planes(const array *table, const slices *s);

/* A volume whose pixels look at the table of planes; `nodes` places a side in each pixel. */
array *radial_volume(const array *planes, const psf_grid *g, double step_nm, bool mirrored,
	int64_t nodes);

#endif
