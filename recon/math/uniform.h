/* SPDX-License-Identifier: BSD-3-Clause */
/* uniform.h - numbers that depend on a seed and a position alone */
#ifndef MATH_UNIFORM_H
#define MATH_UNIFORM_H

#include "core/array.h"

/* Number `i` of the sequence `seed`, uniform in [-1, 1): the same on every machine. */
float uniform_at(uint64_t seed, uint64_t i);

/* Element i of the array, in packed order, becomes uniform_at(seed, i). */
void array_fill_uniform(array *a, uint64_t seed);

#endif
