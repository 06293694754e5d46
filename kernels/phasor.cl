/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor.cl - waves of light's intensity, from a wall into the scene: the Rayleigh-Sommerfeld sum
 *
 * f: cycles in a metre of path; k counts frequencies, of which f = first + k step.
 */
#include "wave.h"

/*
 * Traces to waves: (row of y) x (column of the table), four frequencies a row; planes 2 k and
 * 2 k + 1 of y are real and imaginary part.  table: a row a frequency, a pair a bin, zeros up to a
 * multiple of four.  Rows run over rows of the wall and, within them, fours of frequencies.
 */
ROW_KERNEL(k_phasor_waves, OUT(y), IN(x), IN(table), INT(fours), INT(width), INT(bins),
	INT(pitch), INT(plane), INT(from_pitch), INT(from_plane), INT(table_pitch))
{
	EACH_ROW(r) {
		idx row = r / fours, k = r % fours * 4, from = row * from_pitch;
		idx y0 = 2 * k * plane + row * pitch;

		for (idx part = 0; part < 8; part++) {
			EACH_COLUMN(i, width)
				y[y0 + part * plane + i] = 0.0f;
		}
		for (idx m = 0; m < bins; m += 4) {
			idx x0 = from + m * from_plane, end = from + (bins - 1) * from_plane;
			idx x1 = x0 + from_plane < end ? x0 + from_plane : end;
			idx x2 = x1 + from_plane < end ? x1 + from_plane : end;
			idx x3 = x2 + from_plane < end ? x2 + from_plane : end;
			for (idx part = 0; part < 8; part += 2) {
				idx t = (k + part / 2) * table_pitch + 2 * m, up = y0 + part * plane, down = up + plane;
				float a0 = table[t], a1 = table[t + 2], a2 = table[t + 4], a3 = table[t + 6];
				float b0 = table[t + 1], b1 = table[t + 3], b2 = table[t + 5], b3 = table[t + 7];
				EACH_COLUMN(i, width) {
					float p = x[x0 + i], q = x[x1 + i], u = x[x2 + i], v = x[x3 + i];
					y[up + i] += (p * a0 + q * a1) + (u * a2 + v * a3);
					y[down + i] += (p * b0 + q * b1) + (u * b2 + v * b3);
				}
			}
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
 * Spectra of the scene: sum over n frequencies, an even number, of kernel times wave, at `depth`
 * depths; planes 2 z and 2 z + 1 of y are those of the real and of the imaginary part.  h: h_rows
 * for each row of the half spectrum, depths and frequencies within them; x: as k_phasor_gather
 * leaves it, x_rows for each row of the half spectrum.  Rows v and -v share a row of the kernel.
 * add 0: what was in y does not count.
 */
ROW_KERNEL(k_phasor_sum, OUT2(y), IN2(h), IN2(x), INT(depth), INT(n), INT(width), INT(height),
	INT(pitch), INT(plane), INT(h_pitch), INT(h_rows), INT(x_rows), INT(add))
{
	EACH_ROW(r) {
		idx mirror = (height - r) % height;

		for (idx z = 0; z < depth; z++) {
			idx up = 2 * z * plane + r * pitch, down = 2 * z * plane + mirror * pitch;

			EACH_COLUMN(i, add ? 0 : width) {
				PUT2(y, up + i, MAKE2(0.0f, 0.0f));
				PUT2(y, down + i, MAKE2(0.0f, 0.0f));
				PUT2(y, up + plane + i, MAKE2(0.0f, 0.0f));
				PUT2(y, down + plane + i, MAKE2(0.0f, 0.0f));
			}
			for (idx k = 0; k < n; k += 2) {
				idx h0 = (r * h_rows + z * n + k) * h_pitch, h1 = h0 + h_pitch;
				idx x0 = (r * x_rows + 4 * k) * h_pitch, x1 = x0 + 4 * h_pitch;
				EACH_COLUMN(i, width) {
					float2 v = GET2(h, h0 + i), w = GET2(h, h1 + i);
					float2 p = GET2(x, x0 + i), q = GET2(x, x1 + i);
					float2 s = GET2(x, x0 + 2 * h_pitch + i), t = GET2(x, x1 + 2 * h_pitch + i);
					float2 a = mix(GET2(y, up + i), p, q, s, t, v.x, w.x, -v.y, -w.y);
					float2 b = mix(GET2(y, up + plane + i), p, q, s, t, v.y, w.y, v.x, w.x);
					p = GET2(x, x0 + h_pitch + i);
					q = GET2(x, x1 + h_pitch + i);
					s = GET2(x, x0 + 3 * h_pitch + i);
					t = GET2(x, x1 + 3 * h_pitch + i);
					float2 c = mix(GET2(y, down + i), p, q, s, t, v.x, w.x, -v.y, -w.y);
					float2 d = mix(GET2(y, down + plane + i), p, q, s, t, v.y, w.y, v.x, w.x);
					PUT2(y, down + i, c);
					PUT2(y, up + i, a);
					PUT2(y, down + plane + i, d);
					PUT2(y, up + plane + i, b);
				}
			}
		}
	}
}

/*
 * The same without a sum: each of n frequencies at one depth has planes of its own in y.  h: from
 * row h_at on of each h_rows.
 */
ROW_KERNEL(k_phasor_products, OUT2(y), IN2(h), IN2(x), INT(n), INT(width), INT(height),
	INT(pitch), INT(plane), INT(h_pitch), INT(h_rows), INT(h_at), INT(x_rows))
{
	EACH_ROW(r) {
		for (idx k = 0; k < n; k++) {
			idx up = 2 * k * plane + r * pitch, down = 2 * k * plane + (height - r) % height * pitch;
			idx at = (r * h_rows + h_at + k) * h_pitch, from = (r * x_rows + 4 * k) * h_pitch;

			EACH_COLUMN(i, width) {
				float2 w = GET2(h, at + i), p = GET2(x, from + i), q = GET2(x, from + h_pitch + i);
				float2 s = GET2(x, from + 2 * h_pitch + i), t = GET2(x, from + 3 * h_pitch + i);
				PUT2(y, down + i, add2(scale2(q, w.x), scale2(t, -w.y)));
				PUT2(y, up + i, add2(scale2(p, w.x), scale2(s, -w.y)));
				PUT2(y, down + plane + i, add2(scale2(q, w.y), scale2(t, w.x)));
				PUT2(y, up + plane + i, add2(scale2(p, w.y), scale2(s, w.x)));
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

/* y = scale |z x|^2, planes of x being real and imaginary parts by turns, z = depth, + step .. */
ROW_KERNEL(k_phasor_power, OUT(y), IN(x), INT(height), INT(width), INT(pitch), INT(plane),
	INT(from_pitch), INT(from_plane), NUM(scale), NUM(depth), NUM(step))
{
	EACH_ROW(r) {
		idx z = r / height, row = r % height;
		idx from = 2 * z * from_plane + row * from_pitch, to = z * plane + row * pitch;
		float far = depth + (float)z * step, size = scale * far * far;

		EACH_COLUMN(i, width) {
			float a = x[from + i], b = x[from + from_plane + i];
			y[to + i] = size * (a * a + b * b);
		}
	}
}
