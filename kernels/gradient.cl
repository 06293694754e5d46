/* SPDX-License-Identifier: BSD-3-Clause */
/* gradient.cl - differences between neighbours, and the adjoint of that */
#include "kern.h"

/* In all of these `per` is 1 over the distance of neighbours. */

/* u = per (v[before] - v), `before` elements away: -1 or -pitch.  Reads the halo of v. */
ROW_KERNEL(k_difference, OUT(u), IN(v), INT(pitch), INT(width), INT(before), NUM(per))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width)
			u[r * pitch + x] = per * (v[r * pitch + x + before] - v[r * pitch + x]);
	}
}

/* y += per (u[after] - u).  Reads the halo of u: zeros there make the non-periodic adjoint, but for
 * k_first_column and k_first_row. */
ROW_KERNEL(k_difference_adjoint, OUT(y), IN(u), INT(pitch), INT(width), INT(after), NUM(per))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width)
			y[r * pitch + x] += per * (u[r * pitch + x + after] - u[r * pitch + x]);
	}
}

/* Not periodic: the difference at the first element is 0 whatever u says, so take it back. */
ROW_KERNEL(k_first_column, OUT(y), IN(u), INT(pitch), NUM(per))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, 1)
			y[r * pitch] += per * u[r * pitch];
	}
}

/* the same for row 0 of every plane: the items are planes */
ROW_KERNEL(k_first_row, OUT(y), IN(u), INT(plane), INT(width), NUM(per))
{
	EACH_ROW(p) {
		EACH_COLUMN(x, width)
			y[p * plane + x] += per * u[p * plane + x];
	}
}

/* Along z: depth planes a volume; `around`: the plane before the first is the last, else itself. */
ROW_KERNEL(k_difference_z, OUT(u), IN(v), INT(pitch), INT(width), INT(rows), INT(depth),
	INT(around), NUM(per))
{
	EACH_ROW(r) {
		idx z = r / rows % depth;
		idx before = r - (z > 0 ? rows : around ? (1 - depth) * rows : 0);

		EACH_COLUMN(x, width)
			u[r * pitch + x] = per * (v[before * pitch + x] - v[r * pitch + x]);
	}
}

ROW_KERNEL(k_difference_z_adjoint, OUT(y), IN(u), INT(pitch), INT(width), INT(rows), INT(depth),
	INT(around), NUM(per))
{
	EACH_ROW(r) {
		idx z = r / rows % depth, last = z == depth - 1;
		idx after = r + (last ? (1 - depth) * rows : rows);
		float own = around || z > 0 ? per : 0.0f, next = around || !last ? per : 0.0f;

		EACH_COLUMN(x, width)
			y[r * pitch + x] += next * u[after * pitch + x] - own * u[r * pitch + x];
	}
}
