/* SPDX-License-Identifier: BSD-3-Clause */
/* backproject.cl - traces onto the voxels that their light may have come from, and back
 *
 * The path to a voxel is ways r + far: r from the trace's point, far from the other end.  Numbers
 * of a trace between two bins are taken linearly; weights are w0 + w1 / r + w2 / r^2.
 */
#include "kern.h"

/*
 * Traces with time running fastest, weighted bin by bin, from column `skip` on: rows of y are
 * points from `first` on, `width` of them in a row of the wall.
 */
ROW_KERNEL(k_backproject_traces, OUT(y), IN(x), IN(weight), INT(first), INT(bins), INT(skip),
	INT(width), INT(pitch), INT(from_pitch), INT(from_plane))
{
	EACH_ROW(r) {
		idx from = (first + r) / width * from_pitch + (first + r) % width;

		EACH_COLUMN(m, bins)
			y[r * pitch + skip + m] = weight[m] * x[from + m * from_plane];
	}
}

/* How far voxels are from (px, py, pz), as seen from voxel (0, 0, 0); rows: of a plane. */
ROW_KERNEL(k_backproject_far, OUT(y), INT(rows), INT(width), INT(pitch), NUM(dx), NUM(dy), NUM(dz),
	NUM(px), NUM(py), NUM(pz))
{
	EACH_ROW(r) {
		float v = (float)(r % rows) * dy - py, w = (float)(r / rows) * dz - pz;
		float side = v * v + w * w;

		EACH_COLUMN(i, width) {
			float u = (float)i * dx - px;
			y[r * pitch + i] = sqrt(u * u + side);
		}
	}
}

/*
 * y += n traces of x, one a row.  places: a row for each of x, y, z of their points, as seen from
 * voxel (0, 0, 0); scale: bins in a metre; start: bins from path 0 to bin 0.
 */
ROW_KERNEL(k_backproject, OUT(y), IN(x), IN(far), IN(places), INT(n), INT(bins), INT(rows),
	INT(width), INT(pitch), INT(x_pitch), INT(place_pitch), NUM(dx), NUM(dy), NUM(dz), NUM(ways),
	NUM(scale), NUM(start), NUM(w0), NUM(w1), NUM(w2))
{
	EACH_ROW(r) {
		float last = (float)(bins - 1), dark = last - 0.0005f;

		for (idx k = 0; k < n; k++) {
			GLOBAL const float *trace = x + k * x_pitch;
			float px = places[k], v = (float)(r % rows) * dy - places[place_pitch + k];
			float w = (float)(r / rows) * dz - places[2 * place_pitch + k], side = v * v + w * w;

			EACH_COLUMN(i, width) {
				float u = (float)i * dx - px, square = u * u + side + 1e-12f, q = 1.0f / sqrt(square);
				float t = (ways * square * q + far[r * pitch + i]) * scale - start;
				float c = clamp_to(t, 0.0f, dark), weight = w0 + q * (w1 + q * w2);
				int j = (int)c;
				float a = c - (float)j, s = trace[j] + a * (trace[j + 1] - trace[j]);
				float early = t < 0.0f ? 0.0f : weight, late = t > last ? 0.0f : early;
				y[r * pitch + i] += late * s;
			}
		}
	}
}

/* The adjoint for one trace a row: y += what the voxels of x hold, in their bins. */
SUM_KERNEL(k_backproject_spread, OUT(y), IN(x), IN(far), IN(places), INT(bins), INT(height),
	INT(rows), INT(width), INT(voxel_rows), INT(pitch), INT(x_pitch), INT(place_pitch), NUM(dx),
	NUM(dy), NUM(dz), NUM(ways), NUM(scale), NUM(start), NUM(w0), NUM(w1), NUM(w2))
{
	EACH_ROW(k) {
		float last = (float)(bins - 1), dark = last - 0.0005f, px = places[k];

		for (idx r = 0; r < voxel_rows; r++) {
			float v = (float)(r % rows) * dy - places[place_pitch + k];
			float w = (float)(r / rows) * dz - places[2 * place_pitch + k], side = v * v + w * w;

			for (idx i = 0; i < (r % rows < height ? width : 0); i++) {
				float u = (float)i * dx - px, square = u * u + side + 1e-12f, q = 1.0f / sqrt(square);
				float t = (ways * square * q + far[r * x_pitch + i]) * scale - start;
				float c = clamp_to(t, 0.0f, dark), weight = w0 + q * (w1 + q * w2);
				int j = (int)c;
				float a = c - (float)j;
				float early = t < 0.0f ? 0.0f : weight, late = t > last ? 0.0f : early;
				float s = late * x[r * x_pitch + i];
				y[k * pitch + j] += s - a * s;
				y[k * pitch + j + 1] += a * s;
			}
		}
	}
}

/*
 * Five neighbours on each axis, weighted: taps at (dz, dy, dx) from -2 on; neighbours outside are
 * the nearest inside.
 */
ROW_KERNEL(k_backproject_filter, OUT(y), IN(x), IN(taps), INT(depth), INT(height), INT(width),
	INT(rows), INT(pitch))
{
	EACH_ROW(r) {
		idx z = r / rows, v = r % rows;

		if (v >= height)                /* halo rows */
			continue;
		EACH_COLUMN(i, width)
			y[r * pitch + i] = 0.0f;
		for (idx k = 0; k < 125; k++) {
			idx a = z + k / 25 - 2, b = v + k / 5 % 5 - 2, shift = k % 5 - 2;
			idx plane = a < 0 ? 0 : a < depth ? a : depth - 1;
			idx row = plane * rows + (b < 0 ? 0 : b < height ? b : height - 1);
			float weight = taps[k];
			EACH_COLUMN(i, width) {
				idx c = i + shift < width ? i + shift : width - 1, u = c < 0 ? 0 : c;
				y[r * pitch + i] += weight * x[row * pitch + u];
			}
		}
	}
}
