/* SPDX-License-Identifier: BSD-3-Clause */
/* moveout.cl - traces read where light that goes further is, linearly between bins */
#include "kern.h"

/*
 * Row r of bin z: the traces' rows from y0 on, columns from x0 on, nothing around them; stride:
 * from bin to bin of the counts; apart: squared distance of the ends, in bins.
 */
ROW_KERNEL(k_moveout, OUT(y), INT(y_pitch), INT(width), INT(z), INT(y0), INT(x0), IN(counts),
	IN(apart), INT(stride), INT(pitch), INT(bins), INT(rows), INT(columns), NUM(start))
{
	float t = (float)z + start;

	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx row = r - y0, column = x - x0;
			idx seen = row >= 0 && row < rows && column >= 0 && column < columns && t >= 0.0f;
			idx i = seen ? row * pitch + column : 0;
			float at = pick_max(sqrt(t * t + apart[i]) - start, 0.0f);
			float below = pick_min(floor(at), (float)(bins - 1)), part = at - below;
			idx m = (idx)below, next = m + 1 < bins ? m + 1 : bins - 1;

			y[r * y_pitch + x] = !seen || at > (float)(bins - 1) ? 0.0f :
				(1.0f - part) * counts[m * stride + i] + part * counts[next * stride + i];
		}
	}
}
