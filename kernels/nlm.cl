/* SPDX-License-Identifier: BSD-3-Clause */
/* nlm.cl - non-local means: a picture as the mean of its like-looking neighbourhoods */
#include "kern.h"

/*
 * All planes but the result have one pitch and a margin on each side that holds what a patch can
 * reach: nothing here tests a border.  `shift` is the way in elements from a pixel to the other.
 * A row of these kernels counts columns from `first` on.
 */

/* y inside its margins is x; outside x goes on around (periodic), or with its last pixels. */
ROW_KERNEL(k_nlm_extend, OUT(y), IN(x), INT(pitch), INT(rows), INT(x_pitch), INT(x_rows),
	INT(height), INT(width), INT(margin), INT(periodic))
{
	EACH_ROW(r) {
		idx j = r % rows - margin, wrapped = (j % height + height) % height;
		idx clamped = j < 0 ? 0 : j < height ? j : height - 1;
		idx from = (r / rows * x_rows + (periodic ? wrapped : clamped)) * x_pitch;

		if (r % rows >= height + 2 * margin)
			continue;
		EACH_COLUMN(i, width + 2 * margin) {
			idx k = i - margin, around = (k % width + width) % width;
			idx last = k < 0 ? 0 : k < width ? k : width - 1;
			y[r * pitch + i] = x[from + (periodic ? around : last)];
		}
	}
}

/*
 * Squared difference to the shifted picture, summed over the channels, `stride` apart.  (Columns
 * are the inner loop, as compilers vectorise no other.)
 */
ROW_KERNEL(k_nlm_difference, OUT(d), IN(x), INT(pitch), INT(first), INT(width), INT(shift),
	INT(channels), INT(stride))
{
	EACH_ROW(r) {
		idx at = r * pitch + first;

		EACH_COLUMN(k, width) {
			float e = x[at + k + shift] - x[at + k];
			d[at + k] = e * e;
		}
		for (idx c = 1; c < channels; c++) {
			idx from = at + c * stride;
			EACH_COLUMN(k, width) {
				float e = x[from + k + shift] - x[from + k];
				d[at + k] += e * e;
			}
		}
	}
}

/* Sums of 2 radius + 1 along the row. */
ROW_KERNEL(k_nlm_box, OUT(y), IN(x), INT(pitch), INT(first), INT(width), INT(radius))
{
	EACH_ROW(r) {
		idx at = r * pitch + first;

		EACH_COLUMN(k, width)
			y[at + k] = x[at + k];
		for (idx a = 1; a <= radius; a++)
			EACH_COLUMN(k, width)
				y[at + k] += x[at + k - a] + x[at + k + a];
	}
}

/*
 * e^-u for u >= 0 to 1e-6, absolute: the series of e^(-u/16) to the sixth power, squared four
 * times; 0 from 16 on.  (C compilers do not vectorise exp.)
 */
static inline float decay(float u)
{
	float z = pick_min(u, 16.0f) * 0.0625f;
	float e = 1.0f - z * (1.0f - z * (0.5f - z * (0.16666667f - z * (0.041666667f -
		z * (0.0083333333f - z * 0.0013888889f)))));
	e *= e;
	e *= e;
	e *= e;
	e *= e;
	return u < 16.0f ? e : 0.0f;
}

/* w = exp(-max(scale sum - free, 0)), sum down the column of the patch */
ROW_KERNEL(k_nlm_weight, OUT(w), IN(x), INT(pitch), INT(first), INT(width), INT(radius),
	NUM(scale), NUM(free))
{
	EACH_ROW(r) {
		idx at = r * pitch + first;

		EACH_COLUMN(k, width)
			w[at + k] = x[at + k];
		for (idx a = 1; a <= radius; a++)
			EACH_COLUMN(k, width)
				w[at + k] += x[at + k - a * pitch] + x[at + k + a * pitch];
		EACH_COLUMN(k, width)
			w[at + k] = decay(pick_max(scale * w[at + k] - free, 0.0f));
	}
}

/* The weight of a pair counts for both: for i with i + shift, and for i with i - shift. */
ROW_KERNEL(k_nlm_gather, OUT(sum), IN(w), IN(x), INT(pitch), INT(rows), INT(first), INT(width),
	INT(shift))
{
	EACH_ROW(r) {
		EACH_COLUMN(k, width) {
			idx i = r * pitch + first + k, j = r % rows * pitch + first + k;
			sum[i] += w[j] * x[i + shift] + w[j - shift] * x[i - shift];
		}
	}
}

/* y = sum / weights, back without the margin; `corner` is the first pixel's element */
ROW_KERNEL(k_nlm_mean, OUT(y), IN(sum), IN(weights), INT(y_pitch), INT(y_rows), INT(pitch),
	INT(rows), INT(width), INT(corner))
{
	EACH_ROW(r) {
		idx from = corner + r % y_rows * pitch, plane = r / y_rows * rows * pitch;

		EACH_COLUMN(k, width)
			y[r * y_pitch + k] = sum[plane + from + k] / weights[from + k];
	}
}
