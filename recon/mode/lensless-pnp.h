/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-pnp.h - `relumine lensless --prior nlm`: a denoiser in the place of a prior */
#ifndef MODE_LENSLESS_PNP_H
#define MODE_LENSLESS_PNP_H

#include "mode/lensless.h"

/*
 * All channels at once, as the denoiser sees colours.  result: as d->b, on the CPU.
 * Errors: what the device says; BAD_NUMBERS when the result is not finite; STOPPED by the watch.
 */
bool lensless_pnp(task *t, const lensless_data *d, array *result, GError **err);

#endif
