/* SPDX-License-Identifier: BSD-3-Clause */
/* wave.h - waves and sums of them, in forms that become vectors */
#ifndef WAVE_H
#define WAVE_H

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

/* sum + a p + b q + c s + d t */
static inline float2 mix(float2 sum, float2 p, float2 q, float2 s, float2 t, float a, float b,
	float c, float d)
{
	return MAKE2((sum.x + a * p.x + b * q.x) + (c * s.x + d * t.x),
		(sum.y + a * p.y + b * q.y) + (c * s.y + d * t.y));
}

#endif
