/* SPDX-License-Identifier: BSD-3-Clause */
/* geometry.cl - pixels moved */
#include "kern.h"

/* y(r, x) = in at `from` + r step_y + x step_x: crops, flips, turns, every second pixel */
ROW_KERNEL(k_strided, OUT(y), IN(in), INT(pitch), INT(width), INT(from), INT(step_y), INT(step_x))
{
	EACH_ROW(r)
		EACH_COLUMN(x, width)
			y[r * pitch + x] = in[from + r * step_y + x * step_x];
}
