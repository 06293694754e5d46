/* SPDX-License-Identifier: BSD-3-Clause */
/* rows.cl - rows between arrays of different pitch */
#include "kern.h"

/* y = weight x */
ROW_KERNEL(k_rows_scale, OUT(y), INT(y_pitch), IN(x), INT(pitch), INT(width), NUM(weight))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] = weight * x[r * pitch + i];
	}
}
