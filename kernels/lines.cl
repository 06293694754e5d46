/* SPDX-License-Identifier: BSD-3-Clause */
/* lines.cl - products of spectra, sixteen lines at a time, between arrays of different pitch */
#include "kern.h"

/* y = h y */
ROW_KERNEL(k_lines_multiply, OUT2(y), INT(y_pitch), IN2(h), INT(pitch))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, 16)
			PUT2(y, r * y_pitch + x, mul2(GET2(h, r * pitch + x), GET2(y, r * y_pitch + x)));
	}
}

/* y = conj(h) y */
ROW_KERNEL(k_lines_multiply_conj, OUT2(y), INT(y_pitch), IN2(h), INT(pitch))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, 16)
			PUT2(y, r * y_pitch + x, conj_mul2(GET2(h, r * pitch + x), GET2(y, r * y_pitch + x)));
	}
}

/* y = h y, h real */
ROW_KERNEL(k_lines_scale, OUT2(y), INT(y_pitch), IN(h), INT(pitch))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, 16)
			PUT2(y, r * y_pitch + x, scale2(GET2(y, r * y_pitch + x), h[r * pitch + x]));
	}
}

/* the products for whole spectra of one shape */
KERNEL(k_lines_all, OUT2(y), IN2(h))
{
	EACH(i)
		PUT2(y, i, mul2(GET2(h, i), GET2(y, i)));
}

KERNEL(k_lines_conj_all, OUT2(y), IN2(h))
{
	EACH(i)
		PUT2(y, i, conj_mul2(GET2(h, i), GET2(y, i)));
}

/* nothing outside the upper left corner */
ROW_KERNEL(k_lines_keep, OUT(y), INT(pitch), INT(grid_width), INT(height), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, grid_width) {
			if (r >= height || x >= width)
				y[r * pitch + x] = 0.0f;
		}
	}
}
