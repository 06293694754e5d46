/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-direct.h - the phasor field of points anywhere, sum by sum in time */
#ifndef MATH_PHASOR_DIRECT_H
#define MATH_PHASOR_DIRECT_H

#include "core/watch.h"
#include "math/backproject.h"

/* What phasor-field.h says, with a plain Gaussian, for any points and voxels. */
typedef struct {
	backproject_setup wall;
	double wavelength, cycles, power;
} phasor_direct_setup;

/* counts: (fixed points or 1, bins, y, x), y x points; volume: (1, z, y, x); both on `dev`. */
bool phasor_direct_run(device *dev, const phasor_direct_setup *s, const array *counts,
	array *volume, watch *w, GError **err);

#endif
