/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-admm.h - the methods of `relumine lensless` */
#ifndef MODE_LENSLESS_ADMM_H
#define MODE_LENSLESS_ADMM_H

#include "mode/lensless.h"

/* result: as d->b, on the CPU.  Channel after channel, each with its own PSF or all with one. */
bool lensless_admm(task *t, const lensless_data *d, array *result, GError **err);
bool lensless_wiener(task *t, const lensless_data *d, array *result, GError **err);

#endif
