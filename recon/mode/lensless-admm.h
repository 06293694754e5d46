/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-admm.h - the methods of `relumine lensless` */
#ifndef MODE_LENSLESS_ADMM_H
#define MODE_LENSLESS_ADMM_H

#include "math/admm.h"
#include "mode/lensless.h"

/* result: as d->b, on the CPU.  Channel after channel, each with its own PSF or all with one. */
bool lensless_admm(task *t, const lensless_data *d, array *result, GError **err);
bool lensless_wiener(task *t, const lensless_data *d, array *result, GError **err);

/* In units of the largest |M'C'b|. */
#define LENSLESS_TV_WEIGHT 1e-4

/*
 * Penalties of ADMM, as the options say or worked out, and reported.  level: the scene value that
 * would explain the mean of b; gain: the largest |H|^2.
 */
admm_penalties lensless_penalties(const task *t, double level, double gain, double tau);

#endif
