/* SPDX-License-Identifier: BSD-3-Clause */
/* moveout.cl - traces read where light that goes further is, linearly between bins */
#include "kern.h"

/* Row r of bin z; stride: from bin to bin; apart: squared distance of the ends, in bins. */
ROW_KERNEL(k_moveout, OUT(y), IN(counts), IN(apart), INT(pitch), INT(width), INT(stride),
	INT(bins), INT(z), NUM(start))
{
	float t = (float)z + start;

	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x;
			float at = pick_max(sqrt(t * t + apart[i]) - start, 0.0f);
			float below = pick_min(floor(at), (float)(bins - 1)), part = at - below;
			idx m = (idx)below, next = m + 1 < bins ? m + 1 : bins - 1;

			y[i] = at > (float)(bins - 1) || t < 0.0f ? 0.0f :
				(1.0f - part) * counts[m * stride + i] + part * counts[next * stride + i];
		}
	}
}
