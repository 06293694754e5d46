/* SPDX-License-Identifier: BSD-3-Clause */
/* power.cl - the proximal operator of a root's power, which favours zeros more than |x| does */
#include "kern.h"

/*
 * Each group y (as in prox.cl: n elements `stride` apart) becomes argmin over z of
 * 1/2 |z - y|^2 + t |z|^(1 - 1/root), root 2 or 3, | | lengths.  Up to a length `edge` that is 0;
 * beyond, |z| = s^root with the larger root s of s^(root + 1) - |y| s + c = 0, c = t (1 - 1/root).
 * That is convex, so Newton's steps from |y|^(1/root) or above come down to it.
 * unit = edge^(1/root); 1/3 = 1/4 + 1/16 + 1/48, and (1 + a)^(1/3) <= 1 + a/3.
 */
KERNEL(k_power_shrink, OUT(y), INT(n), INT(stride), INT(root), NUM(c), NUM(edge), NUM(unit))
{
	EACH(i) {
		float sum = 0.0f, p = 0.0f;
		for (idx a = 0; a < n; a++)
			sum += y[i + a * stride] * y[i + a * stride];
		float v = sqrt(sum), q = sqrt(sqrt(v / edge)), r = sqrt(sqrt(q));
		float s = root == 2 ? sqrt(v) : unit * q * r * (r + 2.0f) * (1.0f / 3.0f);
		for (idx k = 0; k < 6; k++) {
			p = root == 2 ? s * s : s * s * s;
			s -= (s * p - v * s + c) / ((float)(root + 1) * p - v);
		}
		p = root == 2 ? s * s : s * s * s;
		float keep = v > edge ? p / v : 0.0f;
		for (idx a = 0; a < n; a++)
			y[i + a * stride] *= keep;
	}
}

/* y = |group of x|^exponent */
KERNEL(k_length_power, OUT(y), IN(x), INT(n), INT(stride), NUM(exponent))
{
	EACH(i) {
		float sum = 0.0f;
		for (idx a = 0; a < n; a++)
			sum += x[i + a * stride] * x[i + a * stride];
		y[i] = pow(sum, 0.5f * exponent);
	}
}
