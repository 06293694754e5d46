/* SPDX-License-Identifier: BSD-3-Clause */
/* constrained.cl - conjugate directions that do not leave x >= 0 */
#include "kern.h"

/* What of a gradient counts: nothing where x is 0 and would fall. */
KERNEL(k_free_slope, OUT(slope), IN(x))
{
	EACH(i)
		slope[i] = x[i] > 0.0f ? slope[i] : pick_min(slope[i], 0.0f);
}

/* d = beta d - slope where x may go there */
KERNEL(k_conjugate, OUT(d), IN(slope), IN(x), NUM(beta))
{
	EACH(i) {
		float v = beta * d[i] - slope[i];
		d[i] = x[i] > 0.0f ? v : slope[i] < 0.0f ? pick_max(v, 0.0f) : 0.0f;
	}
}

/* z = max(x + t d, 0), and the part of d that moves it */
KERNEL(k_follow, OUT(z), OUT(moves), IN(x), IN(d), NUM(t))
{
	EACH(i) {
		float v = x[i] + t * d[i];
		z[i] = pick_max(v, 0.0f);
		moves[i] = v > 0.0f ? d[i] : 0.0f;
	}
}
