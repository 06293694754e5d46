/* SPDX-License-Identifier: BSD-3-Clause */
/* backproject.cl - traces onto the voxels that their light may have come from, and back
 *
 * The path to a voxel is ways r + far: r from the trace's point, far from the other end.  Numbers
 * of a trace between two bins are taken linearly; weights are w0 + w1 / r + w2 / r^2.
 */
#include "kern.h"

/* What a trace holds at time t, in bins, times a weight; last: its last bin. */
static inline float look_up(GLOBAL const float *trace, float t, float last, float weight)
{
	float c = clamp_to(t, 0.0f, last);
	int top = (int)last - 1, at = (int)c, j = at < top ? at : top;
	float a = c - (float)j, s = trace[j] + a * (trace[j + 1] - trace[j]);
	float early = t < 0.0f ? 0.0f : weight;
	return (t > last ? 0.0f : early) * s;
}

/* The adjoint: that much light into the trace. */
static inline void put_down(GLOBAL float *trace, float t, float last, float light)
{
	float c = clamp_to(t, 0.0f, last);
	int top = (int)last - 1, at = (int)c, j = at < top ? at : top;
	float early = t < 0.0f ? 0.0f : light, late = t > last ? 0.0f : early, a = c - (float)j;
	trace[j] += late - a * late;
	trace[j + 1] += a * late;
}

/* u^2, and not quite 0: of what it comes to one over the root is taken. */
static inline float squares(float u, float side)
{
	return u * u + side + 1e-12f;
}

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
		float last = (float)(bins - 1);

		for (idx k = 0; k < n; k++) {
			GLOBAL const float *trace = x + k * x_pitch;
			float px = places[k], v = (float)(r % rows) * dy - places[place_pitch + k];
			float w = (float)(r / rows) * dz - places[2 * place_pitch + k], side = v * v + w * w;

			EACH_COLUMN(i, width) {
				float square = squares((float)i * dx - px, side), q = 1.0f / sqrt(square);
				float t = (ways * square * q + far[r * pitch + i]) * scale - start;
				y[r * pitch + i] += look_up(trace, t, last, w0 + q * (w1 + q * w2));
			}
		}
	}
}

/* The same with another end for each trace: others as places. */
ROW_KERNEL(k_backproject_pairs, OUT(y), IN(x), IN(places), IN(others), INT(n), INT(bins), INT(rows),
	INT(width), INT(pitch), INT(x_pitch), INT(place_pitch), NUM(dx), NUM(dy), NUM(dz), NUM(scale),
	NUM(start), NUM(w0), NUM(w1), NUM(w2))
{
	EACH_ROW(r) {
		float last = (float)(bins - 1), down = (float)(r % rows) * dy, deep = (float)(r / rows) * dz;

		for (idx k = 0; k < n; k++) {
			GLOBAL const float *trace = x + k * x_pitch;
			idx at_y = place_pitch + k, at_z = 2 * place_pitch + k;
			float px = places[k], v = down - places[at_y], w = deep - places[at_z];
			float ox = others[k], ov = down - others[at_y], ow = deep - others[at_z];
			float side = v * v + w * w, other_side = ov * ov + ow * ow;

			EACH_COLUMN(i, width) {
				float square = squares((float)i * dx - px, side), q = 1.0f / sqrt(square);
				float back = sqrt(squares((float)i * dx - ox, other_side));
				float t = (square * q + back) * scale - start;
				y[r * pitch + i] += look_up(trace, t, last, w0 + q * (w1 + q * w2));
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
		float last = (float)(bins - 1), px = places[k];

		for (idx r = 0; r < voxel_rows; r++) {
			float v = (float)(r % rows) * dy - places[place_pitch + k];
			float w = (float)(r / rows) * dz - places[2 * place_pitch + k], side = v * v + w * w;

			for (idx i = 0; i < (r % rows < height ? width : 0); i++) {
				float square = squares((float)i * dx - px, side), q = 1.0f / sqrt(square);
				float t = (ways * square * q + far[r * x_pitch + i]) * scale - start;
				put_down(y + k * pitch, t, last, x[r * x_pitch + i] * (w0 + q * (w1 + q * w2)));
			}
		}
	}
}

/* The adjoint of k_backproject_pairs. */
SUM_KERNEL(k_backproject_spread_pairs, OUT(y), IN(x), IN(places), IN(others), INT(bins),
	INT(height), INT(rows), INT(width), INT(voxel_rows), INT(pitch), INT(x_pitch),
	INT(place_pitch), NUM(dx), NUM(dy), NUM(dz), NUM(scale), NUM(start), NUM(w0), NUM(w1), NUM(w2))
{
	EACH_ROW(k) {
		float last = (float)(bins - 1), px = places[k], ox = others[k];
		idx at_y = place_pitch + k, at_z = 2 * place_pitch + k;

		for (idx r = 0; r < voxel_rows; r++) {
			float down = (float)(r % rows) * dy, deep = (float)(r / rows) * dz;
			float v = down - places[at_y], w = deep - places[at_z], side = v * v + w * w;
			float ov = down - others[at_y], ow = deep - others[at_z], other_side = ov * ov + ow * ow;

			for (idx i = 0; i < (r % rows < height ? width : 0); i++) {
				float square = squares((float)i * dx - px, side), q = 1.0f / sqrt(square);
				float back = sqrt(squares((float)i * dx - ox, other_side));
				float t = (square * q + back) * scale - start;
				put_down(y + k * pitch, t, last, x[r * x_pitch + i] * (w0 + q * (w1 + q * w2)));
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
