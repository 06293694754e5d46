/* SPDX-License-Identifier: BSD-3-Clause */
/* repair.h - pixels without a value get one from their neighbours */
#ifndef STAGE_REPAIR_H
#define STAGE_REPAIR_H

#include "core/array.h"

/*
 * plane: one plane on the CPU.  bad: shape.y * shape.x bytes, 1 where the pixel has no value; left
 * as zeros.  Each gets the mean of its neighbours (of eight) that have one; wider holes are filled
 * from the rim inwards.  OVER_LIMIT without memory, BAD_INPUT when all pixels are bad.
 */
bool repair_plane(array *plane, uint8_t *bad, const char *path, GError **err);

/* The mean of the good ones of the eight neighbours; *n: how many there are. */
float repair_mean(const array *plane, const uint8_t *bad, int64_t y, int64_t x, int *n);

#endif
