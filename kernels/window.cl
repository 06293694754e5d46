/* SPDX-License-Identifier: BSD-3-Clause */
/* window.cl - a part of every volume, and weights */
#include "kern.h"

/*
 * Rows run over the window.  *_depth: planes of a volume; *_rows: rows from plane to plane;
 * start: the window's first element in the large volume.
 */
ROW_KERNEL(k_crop, OUT(y), IN(x), INT(pitch), INT(rows), INT(height), INT(width), INT(depth),
	INT(large_pitch), INT(large_rows), INT(large_depth), INT(start))
{
	EACH_ROW(r) {
		idx plane = r / rows, row = r % rows;
		idx from = ((plane / depth * large_depth + plane % depth) * large_rows + row) *
			large_pitch + start;

		if (row >= height)
			continue;
		EACH_COLUMN(i, width)
			y[r * pitch + i] = x[from + i];
	}
}

ROW_KERNEL(k_pad, OUT(x), IN(y), INT(pitch), INT(rows), INT(height), INT(width), INT(depth),
	INT(large_pitch), INT(large_rows), INT(large_depth), INT(start))
{
	EACH_ROW(r) {
		idx plane = r / rows, row = r % rows;
		idx to = ((plane / depth * large_depth + plane % depth) * large_rows + row) *
			large_pitch + start;

		if (row >= height)
			continue;
		EACH_COLUMN(i, width)
			x[to + i] = y[r * pitch + i];
	}
}

KERNEL(k_weigh, OUT(y), IN(x), IN(w))
{
	EACH(i)
		y[i] = w[i] * x[i];
}
