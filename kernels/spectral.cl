/* SPDX-License-Identifier: BSD-3-Clause */
/* spectral.cl - products of spectra, and a PSF laid out around element 0 */
#include "kern.h"

/*
 * A small picture into a large one of zeros, moved so that its element (z0, y0, x0) comes to
 * (0, 0, 0) and what stands before it wraps to the far side.  Rows run over the large one;
 * *_depth and *_height and *_width: of one volume, from_rows: rows from plane to plane.
 */
ROW_KERNEL(k_wrap, OUT(y), IN(x), INT(pitch), INT(rows), INT(depth), INT(height), INT(width),
	INT(from_pitch), INT(from_rows), INT(from_depth), INT(from_height), INT(from_width), INT(z0),
	INT(y0), INT(x0))
{
	EACH_ROW(r) {
		idx plane = r / rows, row = (r % rows + y0) % height;
		idx z = (plane % depth + z0) % depth;
		idx from = ((plane / depth * from_depth + z) * from_rows + row) * from_pitch;

		EACH_COLUMN(i, width) {
			idx column = (i + x0) % width;
			y[r * pitch + i] = z < from_depth && row < from_height && column < from_width ?
				x[from + column] : 0.0f;
		}
	}
}

/* y = h y; h repeats every `period` rows: one channel of it may serve all */
ROW_KERNEL(k_spectrum_multiply, OUT2(y), IN2(h), INT(pitch), INT(width), INT(period))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x, k = r % period * pitch + x;
			PUT2(y, i, mul2(GET2(h, k), GET2(y, i)));
		}
	}
}

/* y = conj(h) y */
ROW_KERNEL(k_spectrum_multiply_conj, OUT2(y), IN2(h), INT(pitch), INT(width), INT(period))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x, k = r % period * pitch + x;
			PUT2(y, i, conj_mul2(GET2(h, k), GET2(y, i)));
		}
	}
}

/* y = sum over z of h x: one plane a channel, from `depth`.  *_channel: rows from channel to
 * channel; h_channel 0: one for all */
ROW_KERNEL(k_spectrum_sum, OUT2(y), IN2(x), IN2(h), INT(pitch), INT(width), INT(rows), INT(depth),
	INT(h_channel))
{
	EACH_ROW(r) {
		idx channel = r / rows, row = r % rows;
		idx from = (channel * depth * rows + row) * pitch;
		idx factor = (channel * h_channel + row) * pitch;

		EACH_COLUMN(i, width) {
			float2 sum = MAKE2(0.0f, 0.0f);
			for (idx z = 0; z < depth; z++) {
				idx at = z * rows * pitch + i;
				sum = add2(sum, mul2(GET2(h, factor + at), GET2(x, from + at)));
			}
			PUT2(y, r * pitch + i, sum);
		}
	}
}

/* the adjoint: x = conj(h) y in every plane z */
ROW_KERNEL(k_spectrum_spread, OUT2(x), IN2(y), IN2(h), INT(pitch), INT(width), INT(rows),
	INT(depth), INT(h_channel))
{
	EACH_ROW(r) {
		idx channel = r / (rows * depth), row = r % (rows * depth);
		idx from = (channel * rows + r % rows) * pitch;
		idx factor = (channel * h_channel + row) * pitch;

		EACH_COLUMN(i, width)
			PUT2(x, r * pitch + i, conj_mul2(GET2(h, factor + i), GET2(y, from + i)));
	}
}

/* p = |h|^2 */
ROW_KERNEL(k_spectrum_power, OUT(p), IN2(h), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width)
			p[r * pitch + x] = norm2(GET2(h, r * pitch + x));
	}
}

/* y = scale / (data p + smooth l + ridge), real; l repeats every `period` rows */
ROW_KERNEL(k_spectrum_inverse, OUT2(y), IN(p), IN(l), INT(pitch), INT(width), INT(period),
	NUM(scale), NUM(data), NUM(smooth), NUM(ridge))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x, k = r % period * pitch + x;
			float d = data * p[i] + smooth * l[k] + ridge;
			PUT2(y, i, MAKE2(scale / d, 0.0f));
		}
	}
}

/*
 * y = scale (d + data a a')^-1 y along z, a = conj(h), d = smooth l + ridge (Sherman and Morrison,
 * Ann. Math. Stat. 21, 1950).  Rows run over one plane of each channel.
 */
ROW_KERNEL(k_depth_inverse, OUT2(y), IN2(h), IN(l), INT(pitch), INT(width), INT(rows), INT(depth),
	INT(h_channel), NUM(scale), NUM(data), NUM(smooth), NUM(ridge))
{
	EACH_ROW(r) {
		idx channel = r / rows, row = r % rows;
		idx from = (channel * depth * rows + row) * pitch;
		idx factor = (channel * h_channel + row) * pitch;

		EACH_COLUMN(i, width) {
			float2 sum = MAKE2(0.0f, 0.0f);
			float d = smooth * l[row * pitch + i] + ridge, power = 0.0f;
			for (idx z = 0; z < depth; z++) {
				idx at = z * rows * pitch + i;
				float2 a = GET2(h, factor + at);
				sum = add2(sum, mul2(a, GET2(y, from + at)));
				power += norm2(a);
			}
			sum = scale2(sum, -data / (d + data * power));
			for (idx z = 0; z < depth; z++) {
				idx at = z * rows * pitch + i;
				float2 part = conj_mul2(GET2(h, factor + at), sum);
				PUT2(y, from + at, scale2(add2(GET2(y, from + at), part), scale / d));
			}
		}
	}
}
