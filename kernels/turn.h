/* SPDX-License-Identifier: BSD-3-Clause */
/* turn.h - exp(2 pi i t), for kernels: by a series, so that loops of it become vectors */
#ifndef TURN_H
#define TURN_H

#include "kern.h"

/* sin(2 pi u) for |u| <= 1/4: Taylor's series, whose next term is 6e-8 */
static inline float sine(float u)
{
	float x = u * 6.283185307179586f, x2 = x * x;
	float s = -2.50521083854417e-8f;
	s = s * x2 + 2.75573192239859e-6f;
	s = s * x2 - 1.98412698412698e-4f;
	s = s * x2 + 8.33333333333333e-3f;
	s = s * x2 - 1.66666666666667e-1f;
	return x + x * x2 * s;
}

/* exp(2 pi i t) */
static inline float2 turn2(float t)
{
	float u = t - floor(t + 0.5f), a = fabs(u);
	return MAKE2(sine(0.25f - a), copysign(sine(a > 0.25f ? 0.5f - a : a), u));
}

#endif
