/* SPDX-License-Identifier: BSD-3-Clause */
/* spectrum.cl - products of spectra */
#include "kern.h"

/* sum += a b; over: a real array of the same shape */
KERNEL(k_add_product, OUT2(sum), IN2(a), IN2(b))
{
	EACH(i)
		PUT2(sum, i, add2(GET2(sum, i), mul2(GET2(a, i), GET2(b, i))));
}
