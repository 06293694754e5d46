/* SPDX-License-Identifier: BSD-3-Clause */
/* halo.c - fill what stands just outside a plane */
#include "math/halo.h"

#include <assert.h>
#include "halo.cl"

void array_fill_halo(const array *a, enum border border)
{
	assert(a->type == REAL);
	array v = channel_range(a, 0, a->shape.c);
	bool around = border == BORDER_PERIODIC, keep = border != BORDER_ZERO;
	int64_t left = around ? v.shape.x - 1 : 0;
	int64_t top = around ? (v.shape.y - 1) * v.pitch : 0;
	RUN(&v, k_halo_columns, &v, v.pitch, v.shape.x, left, keep);
	RUN_PART(&v, 0, shape_planes(v.shape), k_halo_rows, &v, v.pitch, v.shape.x, plane_stride(&v),
		top, keep);
}
