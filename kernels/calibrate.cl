/* SPDX-License-Identifier: BSD-3-Clause */
/* calibrate.cl - the dark level taken away */
#include "kern.h"

/* y = max(y - level, least) */
KERNEL(k_subtract_level, OUT(y), NUM(level), NUM(least))
{
	EACH(i)
		y[i] = pick_max(y[i] - level, least);
}
