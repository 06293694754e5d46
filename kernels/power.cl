/* SPDX-License-Identifier: BSD-3-Clause */
/* power.cl - the proximal operator of a root's power, which favours zeros more than |x| does */
#include "kern.h"

/* s^3, or with square = 1 s^2.  Neither branches nor loops: those keep compilers from vectors. */
static inline float power_of(float s, float square)
{
	return s * s * (square + (1.0f - square) * s);
}

/* Newton's step for s power_of(s) - v s + c = 0 */
static inline float power_root(float s, float v, float c, float square)
{
	float p = power_of(s, square);
	return s - (s * p - v * s + c) / ((4.0f - square) * p - v);
}

/*
 * For a length v, y becomes z / v with z = argmin 1/2 (z - v)^2 + t z^(1 - 1/root), root 2 or 3.
 * Up to v = edge that is 0; beyond, z = s^root with the larger root s of
 * s^(root + 1) - v s + c = 0, c = t (1 - 1/root).  That is convex, so Newton's steps from
 * v^(1/root) or above come down to it.  square: 1 for root 2, else 0; unit = edge^(1/root);
 * 1/3 = 1/4 + 1/16 + 1/48, and (1 + a)^(1/3) <= 1 + a/3.
 */
KERNEL(k_power_keep, OUT(y), NUM(square), NUM(c), NUM(edge), NUM(unit))
{
	EACH(i) {
		float v = y[i], q = sqrt(sqrt(v / edge)), r = sqrt(sqrt(q));
		float cube = unit * q * r * (r + 2.0f) * (1.0f / 3.0f);
		float s = square * sqrt(v) + (1.0f - square) * cube;
		s = power_root(s, v, c, square);
		s = power_root(s, v, c, square);
		s = power_root(s, v, c, square);
		s = power_root(s, v, c, square);
		s = power_root(s, v, c, square);
		s = power_root(s, v, c, square);
		y[i] = v > edge ? power_of(s, square) / v : 0.0f;
	}
}

/* y = y^exponent, y >= 0 */
KERNEL(k_power_up, OUT(y), NUM(exponent))
{
	EACH(i)
		y[i] = pow(y[i], exponent);
}
