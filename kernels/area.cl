/* SPDX-License-Identifier: BSD-3-Clause */
/* area.cl - means over areas, and sums over depth */
#include "kern.h"

/*
 * A line of n samples and one of m share a length of n m.  There, sample t of n covers
 * [t m, (t + 1) m): overlaps are whole numbers.  y[t] = scale * sum over f of overlap x[f]; the
 * overlap is symmetric, so the same kernel is its own adjoint.
 */
ROW_KERNEL(k_overlap_x, OUT(y), IN(x), INT(to_pitch), INT(from_pitch), INT(n_to), INT(n_from),
	NUM(scale))
{
	EACH_ROW(r) {
		EACH_COLUMN(t, n_to) {
			idx low = t * n_from, high = low + n_from;
			float sum = 0.0f;

			for (idx f = low / n_to; f * n_to < high; f++) {
				idx start = f * n_to > low ? f * n_to : low;
				idx end = (f + 1) * n_to < high ? (f + 1) * n_to : high;
				sum += (float)(end - start) * x[r * from_pitch + f];
			}
			y[r * to_pitch + t] = scale * sum;
		}
	}
}

ROW_KERNEL(k_overlap_y, OUT(y), IN(x), INT(pitch), INT(width), INT(to_rows), INT(from_rows),
	INT(n_to), INT(n_from), NUM(scale))
{
	EACH_ROW(r) {
		idx low = r % to_rows * n_from, high = low + n_from, plane = r / to_rows * from_rows;

		if (r % to_rows >= n_to)
			continue;
		EACH_COLUMN(i, width) {
			float sum = 0.0f;

			for (idx f = low / n_to; f * n_to < high; f++) {
				idx start = f * n_to > low ? f * n_to : low;
				idx end = (f + 1) * n_to < high ? (f + 1) * n_to : high;
				sum += (float)(end - start) * x[(plane + f) * pitch + i];
			}
			y[r * pitch + i] = scale * sum;
		}
	}
}

/* y: one plane a channel, x: depth planes a channel, of the same size */
ROW_KERNEL(k_sum_depth, OUT(y), IN(x), INT(pitch), INT(width), INT(rows), INT(depth))
{
	EACH_ROW(r) {
		idx from = r / rows * depth * rows + r % rows;

		EACH_COLUMN(i, width) {
			float sum = 0.0f;
			for (idx z = 0; z < depth; z++)
				sum += x[(from + z * rows) * pitch + i];
			y[r * pitch + i] = sum;
		}
	}
}

ROW_KERNEL(k_spread_depth, OUT(x), IN(y), INT(pitch), INT(width), INT(rows), INT(depth))
{
	EACH_ROW(r) {
		idx from = r / (rows * depth) * rows + r % rows;

		EACH_COLUMN(i, width)
			x[r * pitch + i] = y[from * pitch + i];
	}
}
