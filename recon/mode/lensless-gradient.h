/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-gradient.h - methods of `relumine lensless` made of general solvers */
#ifndef MODE_LENSLESS_GRADIENT_H
#define MODE_LENSLESS_GRADIENT_H

#include "mode/lensless.h"

/*
 * min 1/2 |A v - b|^2 + tau TV(v), v >= 0, where A is C M, or with z PSFs C sum over z of M_z v_z,
 * or with the matrices of a separable mask A v = L v R'; from v = 0 and with steps of
 * 1 / max |H|^2 or 1 / |A|^2; a constant is added to A v where --background says so.  TV is that of
 * each plane (y, x), and only where --tau or --tv-weight was given.
 * result: (c of d->b, z of d->psf, y and x of d->b), or (c of d->b, 1, d->grid), on the CPU.
 * Errors: what the device says; BAD_NUMBERS when v is not finite; STOPPED by the watch.
 */
bool lensless_fista(task *t, const lensless_data *d, array *result, GError **err);
bool lensless_nesterov(task *t, const lensless_data *d, array *result, GError **err);
bool lensless_descent(task *t, const lensless_data *d, array *result, GError **err);

/*
 * The same for many depths by ADMM, TV always in, without a constant; --background fit: BAD_USAGE.
 */
bool lensless_stack(task *t, const lensless_data *d, array *result, GError **err);

/*
 * The same minimum for the matrices of a separable mask, by ADMM with the data's step in closed
 * form; TV always.
 */
bool lensless_split(task *t, const lensless_data *d, array *result, GError **err);

#endif
