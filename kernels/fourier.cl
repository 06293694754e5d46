/* SPDX-License-Identifier: BSD-3-Clause */
/* fourier.cl - pictures onto grids and back, and products of spectra */
#include "kern.h"

/* x (x_width wide) onto a cleared grid, moved by (down, right) and wrapped around. */
ROW_KERNEL(k_place, OUT(y), INT(y_pitch), INT(height), INT(width), IN(x), INT(pitch),
	INT(x_width), INT(down), INT(right))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, x_width)
			y[(r + down) % height * y_pitch + (i + right) % width] = x[r * pitch + i];
	}
}

/* The grid's upper left corner. */
ROW_KERNEL(k_take, OUT(y), INT(y_pitch), IN(x), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] = x[r * pitch + i];
	}
}

/* y = conj(h) y scale / (weight |h|^2 + floor) */
ROW_KERNEL(k_wiener, OUT2(y), IN2(h), INT(pitch), INT(width), NUM(scale), NUM(weight),
	NUM(floor_value))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x;
			float2 k = GET2(h, i);
			float gain = scale / (weight * norm2(k) + floor_value);
			PUT2(y, i, scale2(conj_mul2(k, GET2(y, i)), gain));
		}
	}
}

SUM_KERNEL(k_largest_norm, OUT(result), IN2(h), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float most = 0.0f;
		MAX_COLUMN(x, width, most)
			most = pick_max(norm2(GET2(h, r * pitch + x)), most);
		result[r] = most;
	}
}
