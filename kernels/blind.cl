/* SPDX-License-Identifier: BSD-3-Clause */
/* blind.cl - steps of finding a blur from the blurred picture alone */
#include "kern.h"

/* Where the squared length of (u, v) is below `level` both become 0. */
KERNEL(k_keep_steep, OUT(u), OUT(v), NUM(level))
{
	EACH(i) {
		float keep = u[i] * u[i] + v[i] * v[i] < level ? 0.0f : 1.0f;
		u[i] *= keep;
		v[i] *= keep;
	}
}
