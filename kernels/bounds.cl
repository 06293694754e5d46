/* SPDX-License-Identifier: BSD-3-Clause */
/* bounds.cl - data of which some are lower bounds */
#include "kern.h"

/* r = b - model: `share` of it, or of a lower bound (w 0) what the model falls short */
KERNEL(k_short_of, OUT(r), IN(w), NUM(share))
{
	EACH(i)
		r[i] = w[i] > 0.0f ? share * r[i] : pick_max(r[i], 0.0f);
}
