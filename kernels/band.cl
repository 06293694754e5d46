/* SPDX-License-Identifier: BSD-3-Clause */
/* band.cl - spectra cut off where a lens resolves nothing any more */
#include "kern.h"

/* Frequencies beyond an ellipse become 0, the rest times `scale`.  down, across: 1 over the
 * half-axes, for each step along y and x; rows: from plane to plane, of which `height` count. */
ROW_KERNEL(k_low_pass, OUT2(s), INT(pitch), INT(width), INT(rows), INT(height), NUM(down),
	NUM(across), NUM(scale))
{
	EACH_ROW(r) {
		idx y = r % rows;
		float v = (float)(2 * y < height ? y : height - y) * down;
		EACH_COLUMN(x, width) {
			float u = (float)x * across;
			float keep = u * u + v * v <= 1.0f ? scale : 0.0f;
			PUT2(s, r * pitch + x, scale2(GET2(s, r * pitch + x), keep));
		}
	}
}
