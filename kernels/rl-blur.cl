/* SPDX-License-Identifier: BSD-3-Clause */
/* rl-blur.cl - how much of each voxel's light reaches the sensor: differences of sums of the PSF
 * (Crow, SIGGRAPH 1984: summed-area tables) */
#include "kern.h"

/*
 * Rows y, y + 1, ... of one plane.  upper, lower: sums up to the last and before the first plane of
 * the PSF that the window sees from there; of their rows the same is looked up here, for the reach
 * (window, psf, centre, grid) of axis y: math/rl-blur.c, seen_from().
 */
ROW_KERNEL(k_rl_seen, OUT(a), INT(a_pitch), IN(upper), IN(lower), INT(pitch), INT(width), INT(y),
	INT(window), INT(psf), INT(centre), INT(grid))
{
	EACH_ROW(r) {
		idx at = y + r < window + centre ? y + r : y + r - grid;
		idx first = centre - at, end = window - at + centre;
		first = pitch * (first < 0 ? 0 : first > psf ? psf : first);
		end = pitch * (end < 0 ? 0 : end > psf ? psf : end);
		EACH_COLUMN(x, width)
			a[r * a_pitch + x] = upper[end + x] - upper[first + x] - lower[end + x] +
				lower[first + x];
	}
}

/*
 * Rows of a cyclic grid, from row y on counted from the PSF's first: its rows by `scale`, zeros
 * else.  Column 0 is the PSF's column `centre`.
 */
ROW_KERNEL(k_rl_place, OUT(to), INT(to_pitch), IN(psf), INT(pitch), INT(y), INT(grid_y), INT(psf_y),
	INT(centre), INT(width), INT(psf_x), NUM(scale))
{
	EACH_ROW(r) {
		idx row = (y + r) % grid_y;
		EACH_COLUMN(x, width) {
			idx column = x + centre < width ? x + centre : x + centre - width;
			int is_psf = row < psf_y && column < psf_x;
			to[r * to_pitch + x] = is_psf ? scale * psf[row * pitch + column] : 0.0f;
		}
	}
}
