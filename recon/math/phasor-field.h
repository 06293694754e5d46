/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-field.h - virtual waves from a scanned wall into the scene, by Rayleigh-Sommerfeld sums */
#ifndef MATH_PHASOR_FIELD_H
#define MATH_PHASOR_FIELD_H

#include "core/array.h"
#include "core/watch.h"

/*
 * A capture of time of flight is the scene's answer to a flash, from each point x of a wall; so its
 * answer to any pulse is known (Liu et al., Nature 572:620, 2019; Nature Communications 11:1645,
 * 2020).  The pulse is a wave of length `wavelength` under a Gaussian envelope; in frequency
 *   w(f) = exp(-1/2 (2 pi s (f - 1 / wavelength))^2),  s = cycles wavelength / 6,
 * lowered so that it ends at zero, f in cycles in a metre of path.  Focused on voxel v at depth z,
 *   V(v) = sum over f of w(f) sum over x of H(x, f) z exp(2 pi i f L) / |x - v|,
 * with L = 2 |x - v|, or |x - v| + |s - v| for a fixed point s; waves of several fixed points add
 * up.  The points are a grid, the voxels the same grid at each depth.  The sums over x are exact:
 * convolutions with the kernel at the true distances, with room for both.
 */
typedef struct {
	int64_t n[2];                   /* points along x and y */
	double pitch[2];                /* m */
	int64_t bins;
	double bin, start;              /* m of path: the middle of bin m is at start + m bin */
	double depth, step;             /* m, > 0: the first plane, and how far planes are apart */
	int64_t depths;
	double wavelength, cycles;      /* m; 1 */
	double power;                   /* counts are weighted by (path / 1 m)^power */
	int64_t n_fixed;                /* 0: confocal */
	const double *fixed;            /* places relative to point (0, 0), x, y, z, m; borrowed */
} phasor_setup;

typedef struct phasor_field phasor_field;

/*
 * Never NULL; a failure sticks to the device.  Kernels are made anew for each capture, or from the
 * second one on kept, in up to `keep` bytes.
 */
phasor_field *phasor_field_new(device *dev, const phasor_setup *s, int64_t keep);
void phasor_field_free(phasor_field *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(phasor_field, phasor_field_free)

/*
 * volume = |V|^2, shape (1, depths, y, x).  counts: (fixed points or 1, bins, y, x).  Both on any
 * device.  False with no error set: the watch said so.
 */
bool phasor_field_run(phasor_field *f, const array *counts, array *volume, watch *w, GError **err);

/* Frequencies times depths: how much work it is. */
int64_t phasor_field_kernels(const phasor_field *f);

#endif
