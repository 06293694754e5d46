/* SPDX-License-Identifier: BSD-3-Clause */
/* halo.cl - the ring of pixels around each plane, so that stencils need no test at the border */
#include "kern.h"

/* Columns -1 and width of every row.  left: the column that -1 repeats; keep 0 makes zeros. */
ROW_KERNEL(k_halo_columns, OUT(y), INT(pitch), INT(width), INT(left), INT(keep))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, 1) {
			y[r * pitch - 1] = keep ? y[r * pitch + left] : 0.0f;
			y[r * pitch + width] = keep ? y[r * pitch + width - 1 - left] : 0.0f;
		}
	}
}

/*
 * Rows -1 and height of every plane (the items are planes), their corners included: after
 * k_halo_columns.  plane: elements from plane to plane; top: elements to the row that -1 repeats.
 */
ROW_KERNEL(k_halo_rows, OUT(y), INT(pitch), INT(width), INT(plane), INT(top), INT(keep))
{
	EACH_ROW(p) {
		idx first = p * plane - pitch;
		idx last = (p + 1) * plane - 2 * pitch;
		idx above = p * plane + top;
		idx below = p * plane + (plane - 3 * pitch) - top;

		EACH_COLUMN(x, width) {
			y[first + x] = keep ? y[above + x] : 0.0f;
			y[last + x] = keep ? y[below + x] : 0.0f;
		}
		EACH_COLUMN(x, 1) {
			y[first - 1] = keep ? y[above - 1] : 0.0f;
			y[first + width] = keep ? y[above + width] : 0.0f;
			y[last - 1] = keep ? y[below - 1] : 0.0f;
			y[last + width] = keep ? y[below + width] : 0.0f;
		}
	}
}
