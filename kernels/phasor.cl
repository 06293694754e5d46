/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor.cl - waves of light's intensity, from a wall into the scene: the Rayleigh-Sommerfeld sum
 *
 * f: cycles in a metre of path; k counts frequencies, of which f = first + k step.
 */
#include "turn.h"

/*
 * Traces to waves: (row of y) x (column of the table), four frequencies a row; planes 2 k and
 * 2 k + 1 of y are real and imaginary part.  table: a row a frequency, pairs for bins from `bin`
 * on.  Rows run over rows of the wall and, within them, fours of frequencies.
 */
ROW_KERNEL(k_phasor_waves, OUT(y), IN(x), IN(table), INT(fours), INT(width), INT(bins),
	INT(pitch), INT(plane), INT(from_pitch), INT(from_plane), INT(table_pitch))
{
	EACH_ROW(r) {
		idx row = r / fours, k = r % fours * 4;
		idx to = 2 * k * plane + row * pitch, at = k * table_pitch, from = row * from_pitch;

		EACH_COLUMN(i, width) {
			float a0 = 0.0f, b0 = 0.0f, a1 = 0.0f, b1 = 0.0f;
			float a2 = 0.0f, b2 = 0.0f, a3 = 0.0f, b3 = 0.0f;
			for (idx m = 0; m < bins; m++) {
				float v = x[from + m * from_plane + i];
				idx t0 = at + 2 * m, t1 = t0 + table_pitch;
				idx t2 = t1 + table_pitch, t3 = t2 + table_pitch;
				a0 += v * table[t0];
				b0 += v * table[t0 + 1];
				a1 += v * table[t1];
				b1 += v * table[t1 + 1];
				a2 += v * table[t2];
				b2 += v * table[t2 + 1];
				a3 += v * table[t3];
				b3 += v * table[t3 + 1];
			}
			y[to + i] = a0;
			y[to + plane + i] = b0;
			y[to + 2 * plane + i] = a1;
			y[to + 3 * plane + i] = b1;
			y[to + 4 * plane + i] = a2;
			y[to + 5 * plane + i] = b2;
			y[to + 6 * plane + i] = a3;
			y[to + 7 * plane + i] = b3;
		}
	}
}

/*
 * Spectra of waves, put so that what belongs together stands together: rows of y are, for each row
 * v of the half spectrum and each k, rows v and -v of the real part's, v and -v of the imaginary.
 */
ROW_KERNEL(k_phasor_gather, OUT2(y), IN2(x), INT(n), INT(width), INT(pitch), INT(height),
	INT(from_pitch), INT(from_plane))
{
	EACH_ROW(r) {
		idx v = r / (4 * n), k = r % (4 * n) / 4, part = r % 4;
		idx row = part % 2 ? (height - v) % height : v;
		idx from = (2 * k + part / 2) * from_plane + row * from_pitch;

		EACH_COLUMN(i, width)
			PUT2(y, r * pitch + i, GET2(x, from + i));
	}
}

/*
 * Spectra of the scene: sum over n frequencies of kernel times wave, at `depth` depths; planes 2 z
 * and 2 z + 1 of y are those of the real and of the imaginary part.  h: h_rows for each row of the
 * half spectrum, from h_at on: depths and frequencies within them; x: as k_phasor_gather leaves it,
 * x_rows for each row of the half spectrum, x_step from depth to depth.  Rows v and -v share a row
 * of the kernel.  add 0: what was in y does not count.
 */
ROW_KERNEL(k_phasor_sum, OUT2(y), IN2(h), IN2(x), INT(depth), INT(n), INT(width), INT(height),
	INT(pitch), INT(plane), INT(h_pitch), INT(h_rows), INT(h_at), INT(x_rows), INT(x_step),
	INT(add))
{
	EACH_ROW(r) {
		idx mirror = (height - r) % height;

		for (idx z = 0; z < depth; z++) {
			idx at = (r * h_rows + h_at + z * n) * h_pitch, from = (r * x_rows + z * x_step) * h_pitch;
			idx up = 2 * z * plane + r * pitch, down = 2 * z * plane + mirror * pitch;

			EACH_COLUMN(i, width) {
				float2 a = MAKE2(0.0f, 0.0f), b = a, c = a, d = a;
				if (add) {
					a = GET2(y, up + i);
					b = GET2(y, down + i);
					c = GET2(y, up + plane + i);
					d = GET2(y, down + plane + i);
				}
				for (idx k = 0; k < n; k++) {
					float2 w = GET2(h, at + k * h_pitch + i);
					idx f = from + 4 * k * h_pitch + i;
					float2 p = GET2(x, f), q = GET2(x, f + h_pitch);
					float2 s = GET2(x, f + 2 * h_pitch), t = GET2(x, f + 3 * h_pitch);
					a = add2(a, add2(scale2(p, w.x), scale2(s, -w.y)));
					b = add2(b, add2(scale2(q, w.x), scale2(t, -w.y)));
					c = add2(c, add2(scale2(p, w.y), scale2(s, w.x)));
					d = add2(d, add2(scale2(q, w.y), scale2(t, w.x)));
				}
				PUT2(y, down + i, b);
				PUT2(y, up + i, a);
				PUT2(y, down + plane + i, d);
				PUT2(y, up + plane + i, c);
			}
		}
	}
}

/*
 * Planes of x, real and imaginary parts by turns, each times exp(2 pi i f far), far being the way
 * to a point at (u, v, w) from the voxel at (0, 0, z), added to a plane of y of either part.
 */
ROW_KERNEL(k_phasor_focus, OUT(y), IN(x), INT(n), INT(width), INT(pitch), INT(plane),
	INT(from_pitch), INT(from_plane), NUM(dy), NUM(dx), NUM(v), NUM(u), NUM(w), NUM(first), NUM(step))
{
	EACH_ROW(r) {
		float side = v + (float)r * dy;

		EACH_COLUMN(i, width) {
			float aside = u + (float)i * dx;
			float far = sqrt(side * side + aside * aside + w * w);
			float2 wave = turn2(first * far), next = turn2(step * far);
			float2 sum = MAKE2(y[r * pitch + i], y[plane + r * pitch + i]);
			for (idx k = 0; k < n; k++) {
				idx from = 2 * k * from_plane + r * from_pitch + i;
				sum = add2(sum, mul2(wave, MAKE2(x[from], x[from + from_plane])));
				wave = mul2(wave, next);
			}
			y[r * pitch + i] = sum.x;
			y[plane + r * pitch + i] = sum.y;
		}
	}
}

/* y = scale |x|^2, planes of x being real and imaginary parts by turns */
ROW_KERNEL(k_phasor_power, OUT(y), IN(x), INT(height), INT(width), INT(pitch), INT(plane),
	INT(from_pitch), INT(from_plane), NUM(scale))
{
	EACH_ROW(r) {
		idx z = r / height, row = r % height;
		idx from = 2 * z * from_plane + row * from_pitch, to = z * plane + row * pitch;

		EACH_COLUMN(i, width) {
			float a = x[from + i], b = x[from + from_plane + i];
			y[to + i] = scale * (a * a + b * b);
		}
	}
}
