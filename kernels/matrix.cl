/* SPDX-License-Identifier: BSD-3-Clause */
/* matrix.cl - products of planes with small dense matrices */
#include "kern.h"

/*
 * Plane by plane Y = A B.  Rows run over Y; `inner` is the width of A and the height of B;
 * *_plane: elements from plane to plane, 0 where one matrix serves all.  Rows of B are added up,
 * four at a time, so that memory is read along rows and Y seldom.
 */
ROW_KERNEL(k_product, OUT(y), IN(a), IN(b), INT(pitch), INT(rows), INT(width), INT(inner),
	INT(a_pitch), INT(a_plane), INT(b_pitch), INT(b_plane))
{
	EACH_ROW(r) {
		idx plane = r / rows, row = r % rows;
		idx left = plane * a_plane + row * a_pitch, right = plane * b_plane, quads = inner / 4 * 4;

		if (row >= rows - 2)            /* halo rows */
			continue;
		EACH_COLUMN(i, width)
			y[r * pitch + i] = 0.0f;
		for (idx k = 0; k < quads; k += 4) {
			idx k0 = right + k * b_pitch, k1 = k0 + b_pitch, k2 = k1 + b_pitch, k3 = k2 + b_pitch;
			float a0 = a[left + k], a1 = a[left + k + 1], a2 = a[left + k + 2], a3 = a[left + k + 3];
			EACH_COLUMN(i, width)
				y[r * pitch + i] += (a0 * b[k0 + i] + a1 * b[k1 + i]) +
					(a2 * b[k2 + i] + a3 * b[k3 + i]);
		}
		for (idx k = quads; k < inner; k++) {
			idx k0 = right + k * b_pitch;
			float a0 = a[left + k];
			EACH_COLUMN(i, width)
				y[r * pitch + i] += a0 * b[k0 + i];
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
