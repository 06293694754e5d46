/* SPDX-License-Identifier: BSD-3-Clause */
/* resample.cl - means over area */
#include "kern.h"

/* mean of k x k blocks */
ROW_KERNEL(k_box, OUT(y), IN(in), INT(pitch), INT(width), INT(in_pitch), INT(k))
{
	EACH_ROW(r)
		EACH_COLUMN(x, width) {
			float sum = 0.0f;
			for (idx j = 0; j < k; j++)
				for (idx i = 0; i < k; i++)
					sum += in[(r * k + j) * in_pitch + x * k + i];
			y[r * pitch + x] = sum / (float)(k * k);
		}
}

/*
 * Mean over the area of an output pixel along one axis, from n to m pixels: in units where an
 * input pixel is m long and an output pixel n, all edges are whole numbers, so weights are exact.
 */
ROW_KERNEL(k_area_x, OUT(y), IN(in), INT(pitch), INT(in_pitch), INT(n), INT(m))
{
	EACH_ROW(r)
		EACH_COLUMN(x, m) {
			idx low = x * n, high = low + n;
			float sum = 0.0f;
			for (idx j = low / m; j * m < high; j++) {
				idx left = j * m > low ? j * m : low;
				idx right = (j + 1) * m < high ? (j + 1) * m : high;
				sum += (float)(right - left) * in[r * in_pitch + j];
			}
			y[r * pitch + x] = sum / (float)n;
		}
}

ROW_KERNEL(k_area_y, OUT(y), IN(in), INT(pitch), INT(width), INT(in_pitch), INT(n), INT(m))
{
	EACH_ROW(r) {
		idx low = r * n, high = low + n;
		EACH_COLUMN(x, width) {
			float sum = 0.0f;
			for (idx j = low / m; j * m < high; j++) {
				idx left = j * m > low ? j * m : low;
				idx right = (j + 1) * m < high ? (j + 1) * m : high;
				sum += (float)(right - left) * in[j * in_pitch + x];
			}
			y[r * pitch + x] = sum / (float)n;
		}
	}
}
