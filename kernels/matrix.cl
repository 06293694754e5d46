/* SPDX-License-Identifier: BSD-3-Clause */
/* matrix.cl - products of planes with small dense matrices */
#include "kern.h"

/*
 * Plane by plane Y = A B.  Rows run over Y; `inner` is the width of A and the height of B;
 * *_plane: elements from plane to plane, 0 where one matrix serves all.
 */
ROW_KERNEL(k_product, OUT(y), IN(a), IN(b), INT(pitch), INT(rows), INT(width), INT(inner),
	INT(a_pitch), INT(a_plane), INT(b_pitch), INT(b_plane))
{
	EACH_ROW(r) {
		idx plane = r / rows, row = r % rows;
		idx left = plane * a_plane + row * a_pitch, right = plane * b_plane;

		if (row >= rows - 2)            /* halo rows */
			continue;
		EACH_COLUMN(i, width) {
			float sum = 0.0f;
			for (idx k = 0; k < inner; k++)
				sum += a[left + k] * b[right + k * b_pitch + i];
			y[r * pitch + i] = sum;
		}
	}
}

ROW_KERNEL(k_transpose, OUT(y), IN(x), INT(pitch), INT(rows), INT(width), INT(from_pitch),
	INT(from_plane))
{
	EACH_ROW(r) {
		idx from = r / rows * from_plane + r % rows;

		if (r % rows >= rows - 2)       /* halo rows */
			continue;
		EACH_COLUMN(i, width)
			y[r * pitch + i] = x[from + i * from_pitch];
	}
}
