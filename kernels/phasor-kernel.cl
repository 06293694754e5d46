/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-kernel.cl - the Rayleigh-Sommerfeld kernel on a grid, and its cosine transforms */
#include "turn.h"

/*
 * One depth of the kernel exp(2 pi i ways f r) / r, n frequencies: plane k, rows and columns are
 * offsets on the wall from 0 on.  Phases are those beyond ways z, of which `start` and `turn` are
 * the turns at the first frequency and for each step, so that they stay small.
 */
ROW_KERNEL(k_phasor_samples, OUT2(y), INT(n), INT(height), INT(width), INT(pitch), NUM(dy), NUM(dx),
	NUM(z), NUM(first), NUM(step), NUM(start), NUM(turn))
{
	EACH_ROW(r) {
		float v = (float)r * dy;

		EACH_COLUMN(i, width) {
			float u = (float)i * dx, side = v * v + u * u, far = sqrt(z * z + side);
			float more = side / (far + z);
			float2 wave = scale2(turn2(first * more + start), 1.0f / far);
			float2 next = turn2(step * more + turn);
			for (idx k = 0; k < n; k++) {
				PUT2(y, (k * height + r) * pitch + i, wave);
				wave = mul2(wave, next);
			}
		}
	}
}

/*
 * Cosine transform along y, planes of `height` rows to planes of `out_height`: rows of y are in
 * fours.  c: a row an output, pairs of numbers each the same.
 */
ROW_KERNEL(k_phasor_cosine_y, OUT2(y), IN2(x), IN(c), INT(fours), INT(out_height), INT(height),
	INT(width), INT(pitch), INT(c_pitch))
{
	EACH_ROW(r) {
		idx plane = r / fours, row = r % fours * 4, from = plane * height * pitch;
		idx last = out_height - 1, r1 = row + 1 < last ? row + 1 : last;
		idx r2 = row + 2 < last ? row + 2 : last, r3 = row + 3 < last ? row + 3 : last;
		idx to = plane * out_height * pitch;

		EACH_COLUMN(i, width) {
			float2 s0 = MAKE2(0.0f, 0.0f), s1 = s0, s2 = s0, s3 = s0;
			for (idx j = 0; j < height; j++) {
				float2 v = GET2(x, from + j * pitch + i);
				s0 = add2(s0, scale2(v, c[row * c_pitch + j]));
				s1 = add2(s1, scale2(v, c[r1 * c_pitch + j]));
				s2 = add2(s2, scale2(v, c[r2 * c_pitch + j]));
				s3 = add2(s3, scale2(v, c[r3 * c_pitch + j]));
			}
			PUT2(y, to + row * pitch + i, s0);
			PUT2(y, to + r1 * pitch + i, s1);
			PUT2(y, to + r2 * pitch + i, s2);
			PUT2(y, to + r3 * pitch + i, s3);
		}
	}
}

/*
 * Cosine transform along x, `width` numbers to `out_width`, of planes of `height` rows; row v of
 * plane k goes to row v `stride` + at + k of y.  c: a row an input.  Rows of x are in fours.
 */
ROW_KERNEL(k_phasor_cosine_x, OUT2(y), IN2(x), IN(c), INT(fours), INT(height), INT(width),
	INT(from_pitch), INT(out_width), INT(pitch), INT(c_pitch), INT(stride), INT(at))
{
	EACH_ROW(r) {
		idx plane = r / fours, row = r % fours * 4, last = height - 1;
		idx r1 = row + 1 < last ? row + 1 : last, r2 = row + 2 < last ? row + 2 : last;
		idx r3 = row + 3 < last ? row + 3 : last, to = at + plane;
		idx f0 = (plane * height + row) * from_pitch, f1 = (plane * height + r1) * from_pitch;
		idx f2 = (plane * height + r2) * from_pitch, f3 = (plane * height + r3) * from_pitch;

		EACH_COLUMN(i, out_width) {
			float2 s0 = MAKE2(0.0f, 0.0f), s1 = s0, s2 = s0, s3 = s0;
			for (idx j = 0; j < width; j++) {
				float w = c[j * c_pitch + i];
				s0 = add2(s0, scale2(GET2(x, f0 + j), w));
				s1 = add2(s1, scale2(GET2(x, f1 + j), w));
				s2 = add2(s2, scale2(GET2(x, f2 + j), w));
				s3 = add2(s3, scale2(GET2(x, f3 + j), w));
			}
			PUT2(y, (row * stride + to) * pitch + i, s0);
			PUT2(y, (r1 * stride + to) * pitch + i, s1);
			PUT2(y, (r2 * stride + to) * pitch + i, s2);
			PUT2(y, (r3 * stride + to) * pitch + i, s3);
		}
	}
}
