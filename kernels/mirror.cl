/* SPDX-License-Identifier: BSD-3-Clause */
/* mirror.cl - a picture continued by its mirror images: its periodic copies meet smoothly */
#include "kern.h"

/* Element i of an axis of `grid` elements, of which the first n are the picture. */
static inline idx mirrored(idx i, idx n, idx grid)
{
	idx beyond = i - n, back = grid - 1 - i;
	idx at = i < n ? i : beyond < back ? n - 1 - beyond : back;
	return at < 0 ? 0 : at < n ? at : n - 1;
}

/* Rows run over the large one; rows, from_rows: from plane to plane. */
ROW_KERNEL(k_mirror, OUT(y), IN(x), INT(pitch), INT(rows), INT(depth), INT(height), INT(width),
	INT(from_pitch), INT(from_rows), INT(from_depth), INT(from_height), INT(from_width))
{
	EACH_ROW(r) {
		idx plane = r / rows, row = mirrored(r % rows, from_height, height);
		idx z = mirrored(plane % depth, from_depth, depth);
		idx from = ((plane / depth * from_depth + z) * from_rows + row) * from_pitch;

		EACH_COLUMN(i, width)
			y[r * pitch + i] = x[from + mirrored(i, from_width, width)];
	}
}
