/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-kernel.cl - the Rayleigh-Sommerfeld kernel on a grid, and its cosine transforms */
#include "wave.h"

/*
 * One depth of the kernel exp(2 pi i ways f r) / r, n frequencies: plane k, rows and columns are
 * offsets on the wall from 0 on.  Phases are those beyond ways z, of which `start` and `turn` are
 * the turns at the first frequency and for each step, so that they stay small.  next: a plane of
 * the same size to work in.
 */
ROW_KERNEL(k_phasor_samples, OUT2(y), OUT2(next), INT(n), INT(height), INT(width), INT(pitch),
	NUM(dy), NUM(dx), NUM(z), NUM(first), NUM(step), NUM(start), NUM(turn))
{
	EACH_ROW(r) {
		float v = (float)r * dy;

		EACH_COLUMN(i, width) {
			float u = (float)i * dx, side = v * v + u * u, far = sqrt(z * z + side);
			float more = side / (far + z);
			PUT2(y, r * pitch + i, scale2(turn2(first * more + start), 1.0f / far));
			PUT2(next, r * pitch + i, turn2(step * more + turn));
		}
		for (idx k = 1; k < n; k++) {
			idx from = ((k - 1) * height + r) * pitch, to = from + height * pitch;
			EACH_COLUMN(i, width)
				PUT2(y, to + i, mul2(GET2(y, from + i), GET2(next, r * pitch + i)));
		}
	}
}

/*
 * Cosine transform along y of planes of `height` rows, a multiple of four, to planes of 4 `fours`
 * rows, four of them at a time.  c: a row an output.
 */
ROW_KERNEL(k_phasor_cosine_y, OUT2(y), IN2(x), IN(c), INT(fours), INT(height), INT(width),
	INT(pitch), INT(c_pitch))
{
	EACH_ROW(r) {
		idx y0 = 4 * r * pitch, y1 = y0 + pitch, y2 = y1 + pitch, y3 = y2 + pitch;
		idx from = r / fours * height, row = r % fours * 4;

		EACH_COLUMN(i, width) {
			PUT2(y, y0 + i, MAKE2(0.0f, 0.0f));
			PUT2(y, y1 + i, MAKE2(0.0f, 0.0f));
			PUT2(y, y2 + i, MAKE2(0.0f, 0.0f));
			PUT2(y, y3 + i, MAKE2(0.0f, 0.0f));
		}
		for (idx j = 0; j < height; j += 4) {
			idx x0 = (from + j) * pitch, x1 = x0 + pitch, x2 = x1 + pitch, x3 = x2 + pitch;
			idx c0 = row * c_pitch + j, c1 = c0 + c_pitch, c2 = c1 + c_pitch, c3 = c2 + c_pitch;
			float a0 = c[c0], a1 = c[c0 + 1], a2 = c[c0 + 2], a3 = c[c0 + 3];
			float b0 = c[c1], b1 = c[c1 + 1], b2 = c[c1 + 2], b3 = c[c1 + 3];
			float d0 = c[c2], d1 = c[c2 + 1], d2 = c[c2 + 2], d3 = c[c2 + 3];
			float e0 = c[c3], e1 = c[c3 + 1], e2 = c[c3 + 2], e3 = c[c3 + 3];
			EACH_COLUMN(i, width) {
				float2 p = GET2(x, x0 + i), q = GET2(x, x1 + i);
				float2 s = GET2(x, x2 + i), t = GET2(x, x3 + i);
				PUT2(y, y0 + i, mix(GET2(y, y0 + i), p, q, s, t, a0, a1, a2, a3));
				PUT2(y, y1 + i, mix(GET2(y, y1 + i), p, q, s, t, b0, b1, b2, b3));
				PUT2(y, y2 + i, mix(GET2(y, y2 + i), p, q, s, t, d0, d1, d2, d3));
				PUT2(y, y3 + i, mix(GET2(y, y3 + i), p, q, s, t, e0, e1, e2, e3));
			}
		}
	}
}

/* s + a p + b q + c u + d v, numbers p .. v being real */
static inline float2 mix_real(float2 s, float p, float q, float u, float v, float2 a, float2 b,
	float2 c, float2 d)
{
	return MAKE2((s.x + a.x * p + b.x * q) + (c.x * u + d.x * v),
		(s.y + a.y * p + b.y * q) + (c.y * u + d.y * v));
}

/*
 * The same along x, `width` numbers to out_width, both of rows as long as multiples of four; row v
 * of plane k goes to row v `stride` + at + k of y.  c: a row an input.
 */
ROW_KERNEL(k_phasor_cosine_x, OUT2(y), IN2(x), IN(c), INT(fours), INT(width), INT(from_pitch),
	INT(out_width), INT(pitch), INT(c_pitch), INT(stride), INT(at))
{
	EACH_ROW(r) {
		idx y0 = (r % fours * 4 * stride + at + r / fours) * pitch, down = stride * pitch;
		idx y1 = y0 + down, y2 = y1 + down, y3 = y2 + down;

		EACH_COLUMN(i, out_width) {
			PUT2(y, y0 + i, MAKE2(0.0f, 0.0f));
			PUT2(y, y1 + i, MAKE2(0.0f, 0.0f));
			PUT2(y, y2 + i, MAKE2(0.0f, 0.0f));
			PUT2(y, y3 + i, MAKE2(0.0f, 0.0f));
		}
		for (idx j = 0; j < width; j += 4) {
			idx c0 = j * c_pitch, c1 = c0 + c_pitch, c2 = c1 + c_pitch, c3 = c2 + c_pitch;
			idx x0 = 4 * r * from_pitch + j, x1 = x0 + from_pitch;
			idx x2 = x1 + from_pitch, x3 = x2 + from_pitch;
			float2 a0 = GET2(x, x0), a1 = GET2(x, x0 + 1), a2 = GET2(x, x0 + 2), a3 = GET2(x, x0 + 3);
			float2 b0 = GET2(x, x1), b1 = GET2(x, x1 + 1), b2 = GET2(x, x1 + 2), b3 = GET2(x, x1 + 3);
			float2 d0 = GET2(x, x2), d1 = GET2(x, x2 + 1), d2 = GET2(x, x2 + 2), d3 = GET2(x, x2 + 3);
			float2 e0 = GET2(x, x3), e1 = GET2(x, x3 + 1), e2 = GET2(x, x3 + 2), e3 = GET2(x, x3 + 3);
			EACH_COLUMN(i, out_width) {
				float p = c[c0 + i], q = c[c1 + i], u = c[c2 + i], v = c[c3 + i];
				PUT2(y, y0 + i, mix_real(GET2(y, y0 + i), p, q, u, v, a0, a1, a2, a3));
				PUT2(y, y1 + i, mix_real(GET2(y, y1 + i), p, q, u, v, b0, b1, b2, b3));
				PUT2(y, y2 + i, mix_real(GET2(y, y2 + i), p, q, u, v, d0, d1, d2, d3));
				PUT2(y, y3 + i, mix_real(GET2(y, y3 + i), p, q, u, v, e0, e1, e2, e3));
			}
		}
	}
}
