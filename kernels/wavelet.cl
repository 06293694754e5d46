/* SPDX-License-Identifier: BSD-3-Clause */
/* wavelet.cl - Haar wavelets in place, and their translation-invariant soft threshold */
#include "kern.h"

static inline float soft(float x, float t)
{
	return copysign(pick_max(fabs(x) - t, 0.0f), x);
}

/*
 * One pair with a neighbour, averaged and shrunk: mean + soft(difference) / 2.  Of all four pairs
 * of a pixel the mean; t is the threshold of the difference.  Reads the halo.
 */
ROW_KERNEL(k_haar_cycle, OUT(y), IN(x), INT(pitch), INT(width), NUM(t))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width) {
			idx at = r * pitch + i;
			float here = x[at], up = x[at - pitch], down = x[at + pitch];
			float left = x[at - 1], right = x[at + 1];
			float means = 4.0f * here + up + down + left + right;
			float details = soft(here - up, t) + soft(here - down, t) +
				soft(here - left, t) + soft(here - right, t);
			y[at] = 0.125f * (means + details);
		}
	}
}

/*
 * Pairs along a row of the lattice of every `step`-th pixel become (sum, difference) / sqrt 2;
 * its own inverse.  n_pairs along a row; rows off the lattice stay.
 */
ROW_KERNEL(k_haar_x, OUT(y), INT(pitch), INT(rows), INT(step), INT(n_pairs))
{
	EACH_ROW(r) {
		if (r % rows % step != 0)
			continue;
		EACH_COLUMN(k, n_pairs) {
			idx at = r * pitch + 2 * k * step;
			float a = y[at], b = y[at + step];
			y[at] = 0.70710678f * (a + b);
			y[at + step] = 0.70710678f * (a - b);
		}
	}
}

ROW_KERNEL(k_haar_y, OUT(y), INT(pitch), INT(rows), INT(height), INT(step), INT(n_columns))
{
	EACH_ROW(r) {
		if (r % rows % (2 * step) != 0 || r % rows + step >= height)
			continue;
		EACH_COLUMN(k, n_columns) {
			idx at = r * pitch + k * step, below = at + step * pitch;
			float a = y[at], b = y[below];
			y[at] = 0.70710678f * (a + b);
			y[below] = 0.70710678f * (a - b);
		}
	}
}

/* Soft threshold of all but the coarsest means, which stand on the lattice of `coarsest`. */
ROW_KERNEL(k_haar_soft, OUT(y), INT(pitch), INT(rows), INT(width), INT(coarsest), NUM(t))
{
	EACH_ROW(r) {
		float row_t = r % rows % coarsest == 0 ? 0.0f : t;
		EACH_COLUMN(i, width)
			y[r * pitch + i] = soft(y[r * pitch + i], i % coarsest == 0 ? row_t : t);
	}
}
