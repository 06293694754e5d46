/* SPDX-License-Identifier: BSD-3-Clause */
/* psf.cl - spectra of point spread functions */
#include "kern.h"

/* the power of each frequency, in place of the spectrum and by itself */
KERNEL(k_power, OUT2(spectrum), OUT(power))
{
	EACH(i) {
		float p = norm2(GET2(spectrum, i));
		PUT2(spectrum, i, MAKE2(p, 0.0f));
		power[i] = p;
	}
}
