/* SPDX-License-Identifier: BSD-3-Clause */
/* random.h - numbers that depend on a seed and a position alone */
#ifndef MATH_RANDOM_H
#define MATH_RANDOM_H

#include "core/array.h"

/* Number `i` of the sequence `seed`, uniform in [-1, 1): the same on every machine. */
float random_uniform(uint64_t seed, uint64_t i);

/* Element i of the array, in packed order, becomes random_uniform(seed, i). */
void array_fill_uniform(array *a, uint64_t seed);

#endif
