/* SPDX-License-Identifier: BSD-3-Clause */
/* pairs.h - known scenes as operators on the PSF that a camera without a lens has */
#ifndef STAGE_PAIRS_H
#define STAGE_PAIRS_H

#include "math/linop.h"
#include "math/solve.h"

/*
 * h -> (C (L_k * h)) for k scenes: what the sensor sees of each, were h the PSF.  Sensor, scenes
 * and h have one size and stand in one place; beyond their edges scenes are dark.  The PSF's
 * origin is where the reconstruction has it (see simulate_capture).
 * scenes: (1, k, y, x), any device; borrowed.  (1, 1, y, x) -> (1, k, y, x).  Transforms of an
 * application: k + 1.
 */
linop *pairs_model(const array *scenes);

typedef struct {
	double sparsity;        /* lambda, relative to the largest A'b */
	stop_rule stop;
	double step;            /* 1 / |A|^2; 0: is found, and filled in */
	double lambda;          /* filled in */
	double objective;       /* filled in */
	double residual;        /* filled in: |C (L_k * h) - d_k| / |d_k|, each less its mean */
} pairs_fit;

/*
 * h = argmin over h >= 0 of sum over k of 1/2 |grad (C (L_k * h) - d_k)|^2 + lambda |h|_1, by
 * FISTA from the h given.  Differences of neighbouring pixels in place of their values,
 * because scenes are smooth and their spectra fall: all frequencies then converge alike fast, and a
 * constant in a capture does not count.
 * captures: as the scenes.  False with *err set when the device failed; h is 0 when no pixel of
 * a PSF explains anything.
 */
bool pairs_estimate(array *h, const array *scenes, const array *captures, pairs_fit *fit,
	GError **err);

/*
 * Captures of one camera with exposures of their own: each is multiplied by what brings it nearest
 * to what h says of its scene, their mean factor being 1.
 */
void pairs_expose(array *captures, const array *scenes, const array *h);

#endif
