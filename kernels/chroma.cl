/* SPDX-License-Identifier: BSD-3-Clause */
/* chroma.cl - colour as brightness and two differences, and back: an orthonormal change of axes */
#include "kern.h"

/* (r, g, b) becomes (r + g + b) / sqrt(3), (r - b) / sqrt(2), (r - 2 g + b) / sqrt(6) */
KERNEL(k_opponent, OUT(r), OUT(g), OUT(b))
{
	EACH(i) {
		float sum = r[i] + b[i], green = g[i], difference = r[i] - b[i];
		r[i] = 0.57735027f * (sum + green);
		g[i] = 0.70710678f * difference;
		b[i] = 0.40824829f * (sum - 2.0f * green);
	}
}

/* the transpose, which is the inverse */
KERNEL(k_opponent_back, OUT(r), OUT(g), OUT(b))
{
	EACH(i) {
		float even = 0.57735027f * r[i] + 0.40824829f * b[i], odd = 0.70710678f * g[i];
		g[i] = 0.57735027f * r[i] - 0.81649658f * b[i];
		r[i] = even + odd;
		b[i] = even - odd;
	}
}
