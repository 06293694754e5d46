/* SPDX-License-Identifier: BSD-3-Clause */
/* prox.cl - proximal operators, element by element or group by group */
#include "kern.h"

/* proximal operator of t |x|_1 together with x >= 0 */
KERNEL(k_soft_nonnegative, OUT(y), NUM(t))
{
	EACH(i)
		y[i] = pick_max(y[i] - t, 0.0f);
}

/* y = (y + t b) / (1 + t): proximal operator of t/2 |y - b|^2 */
KERNEL(k_towards, OUT(y), IN(b), NUM(t))
{
	EACH(i)
		y[i] = (y[i] + t * b[i]) / (1.0f + t);
}

/*
 * A group is the n elements `stride` apart, n 1 to 3: one pixel of the n components of a gradient.
 * The items are the pixels of the first component.  Not loops: those keep compilers from vectors.
 */
static inline float group_length(GLOBAL const float *u, idx i, idx n, idx stride)
{
	float sum = u[i] * u[i];
	if (n > 1)
		sum += u[i + stride] * u[i + stride];
	if (n > 2)
		sum += u[i + 2 * stride] * u[i + 2 * stride];
	return sqrt(sum);
}

static inline void group_scale(GLOBAL float *u, idx i, idx n, idx stride, float keep)
{
	u[i] *= keep;
	if (n > 1)
		u[i + stride] *= keep;
	if (n > 2)
		u[i + 2 * stride] *= keep;
}

KERNEL(k_group_length, OUT(y), IN(u), INT(n), INT(stride))
{
	EACH(i)
		y[i] = group_length(u, i, n, stride);
}

/* each group times its factor */
KERNEL(k_group_multiply, OUT(u), IN(factor), INT(n), INT(stride))
{
	EACH(i)
		group_scale(u, i, n, stride, factor[i]);
}

/* proximal operator of t times the sum of lengths: each group shortened by t */
KERNEL(k_group_shrink, OUT(u), INT(n), INT(stride), NUM(t))
{
	EACH(i) {
		float length = group_length(u, i, n, stride);
		group_scale(u, i, n, stride, length > t ? (length - t) / length : 0.0f);
	}
}

/* each group shortened to at most 1: projection on the unit ball */
KERNEL(k_group_project, OUT(u), INT(n), INT(stride))
{
	EACH(i) {
		float length = group_length(u, i, n, stride);
		group_scale(u, i, n, stride, length > 1.0f ? 1.0f / length : 1.0f);
	}
}
