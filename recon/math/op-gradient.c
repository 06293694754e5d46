/* SPDX-License-Identifier: BSD-3-Clause */
/* op-gradient.c - finite differences along two or three axes */
#include <assert.h>
#include "math/op.h"
#include "math/vec.h"
#include "gradient.cl"

struct gradient {
	linop base;
	int axes;
	enum border border;
	distances per;            /* 1 over the distances of neighbours */
};

static void gradient_apply(const linop *a, array *y, const array *v)
{
	const struct gradient *g = (const struct gradient *)a;
	int64_t c = v->shape.c;
	array along_y = channel_range(y, 0, c), along_x = channel_range(y, c, c);
	array_fill_halo(v, g->border);
	RUN(v, k_difference, &along_y, v, v->pitch, v->shape.x, -v->pitch,
		(float)g->per.y);
	RUN(v, k_difference, &along_x, v, v->pitch, v->shape.x, -1, (float)g->per.x);
	if (g->axes == 3) {
		array along_z = channel_range(y, 2 * c, c);
		RUN(v, k_difference_z, &along_z, v, v->pitch, v->shape.x, v->plane_rows, v->shape.z,
			g->border == BORDER_PERIODIC, (float)g->per.z);
	}
}

static void gradient_adjoint(const linop *a, array *x, const array *u)
{
	const struct gradient *g = (const struct gradient *)a;
	int64_t c = x->shape.c;
	bool around = g->border == BORDER_PERIODIC;
	float per_y = (float)g->per.y, per_x = (float)g->per.x;
	array along_y = channel_range(u, 0, c), along_x = channel_range(u, c, c);
	array_fill_halo(u, around ? BORDER_PERIODIC : BORDER_ZERO);
	vec_fill(x, 0);
	RUN(x, k_difference_adjoint, x, &along_y, x->pitch, x->shape.x, x->pitch, per_y);
	RUN(x, k_difference_adjoint, x, &along_x, x->pitch, x->shape.x, 1, per_x);
	if (!around) {
		RUN(x, k_first_column, x, &along_x, x->pitch, per_x);
		RUN_PART(x, 0, shape_planes(x->shape), k_first_row, x, &along_y, plane_stride(x),
			x->shape.x, per_y);
	}
	if (g->axes == 3) {
		array along_z = channel_range(u, 2 * c, c);
		RUN(x, k_difference_z_adjoint, x, &along_z, x->pitch, x->shape.x, x->plane_rows,
			x->shape.z, around, (float)g->per.z);
	}
}

linop *linop_gradient(device *dev, shape s, int axes, enum border border, const distances *d)
{
	static const linop_class class = { "gradient", gradient_apply, gradient_adjoint, NULL };
	assert((axes == 2 || axes == 3) && border != BORDER_ZERO);
	shape to = s;
	to.c *= axes;
	struct gradient *g = linop_new(&class, sizeof(struct gradient), dev, (space){ REAL, s },
		(space){ REAL, to });
	g->axes = axes;
	g->border = border;
	g->per = (distances){ 1 / distances_of(d).z, 1 / distances_of(d).y, 1 / distances_of(d).x };
	g->base.norm2 = gradient_steepest(axes, d);
	return &g->base;
}

/* |v[i - 1] - v[i]|^2 <= 2 v[i - 1]^2 + 2 v[i]^2 */
double gradient_steepest(int axes, const distances *d)
{
	distances s = distances_of(d);
	return 4 / (s.y * s.y) + 4 / (s.x * s.x) + (axes == 3 ? 4 / (s.z * s.z) : 0);
}
