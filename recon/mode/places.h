/* SPDX-License-Identifier: BSD-3-Clause */
/* places.h - places from files */
#ifndef MODE_PLACES_H
#define MODE_PLACES_H

#include "mode/modality.h"

/* Rows X, Y, Z of a picture of numbers; the caller's.  NULL and BAD_INPUT: it is no such thing. */
double *input_places(const input *in, int64_t *n, GError **err);

#endif
