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
 * A group is the n elements `stride` apart: one pixel of the n components of a gradient.  The
 * items are the pixels of the first component.
 */
KERNEL(k_group_length, OUT(y), IN(u), INT(n), INT(stride))
{
	EACH(i) {
		float sum = 0.0f;
		for (idx a = 0; a < n; a++)
			sum += u[i + a * stride] * u[i + a * stride];
		y[i] = sqrt(sum);
	}
}

/* proximal operator of t times the sum of lengths: each group shortened by t */
KERNEL(k_group_shrink, OUT(u), INT(n), INT(stride), NUM(t))
{
	EACH(i) {
		float sum = 0.0f;
		for (idx a = 0; a < n; a++)
			sum += u[i + a * stride] * u[i + a * stride];
		float length = sqrt(sum);
		float keep = length > t ? (length - t) / length : 0.0f;
		for (idx a = 0; a < n; a++)
			u[i + a * stride] *= keep;
	}
}

/* each group shortened to at most 1: projection on the unit ball */
KERNEL(k_group_project, OUT(u), INT(n), INT(stride))
{
	EACH(i) {
		float sum = 0.0f;
		for (idx a = 0; a < n; a++)
			sum += u[i + a * stride] * u[i + a * stride];
		float keep = sum > 1.0f ? 1.0f / sqrt(sum) : 1.0f;
		for (idx a = 0; a < n; a++)
			u[i + a * stride] *= keep;
	}
}
