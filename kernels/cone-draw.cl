/* SPDX-License-Identifier: BSD-3-Clause */
/* cone-draw.cl - the light cone as its authors draw it */
#include "kern.h"

/* 1 where a whole number is z, else 0 */
ROW_KERNEL(k_cone_draw, OUT(y), INT(y_pitch), IN(x), INT(x_pitch), INT(width), NUM(z))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] = fabs(x[r * x_pitch + i] - z) < 0.5f ? 1.0f : 0.0f;
	}
}
