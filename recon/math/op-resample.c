/* SPDX-License-Identifier: BSD-3-Clause */
/* op-resample.c - means over areas, and sums over depth */
#include <assert.h>
#include "math/op.h"
#include "area.cl"

struct area {
	linop base;
	array *between;         /* columns resampled, rows not yet */
};

static float one_over(int64_t n)
{
	return 1.0f / (float)n;
}

static void area_apply(const linop *a, array *y, const array *x)
{
	array *t = ((const struct area *)a)->between;
	RUN(t, k_overlap_x, t, x, t->pitch, x->pitch, t->shape.x, x->shape.x, one_over(x->shape.x));
	RUN(y, k_overlap_y, y, t, y->pitch, y->shape.x, y->plane_rows, t->plane_rows, y->shape.y,
		t->shape.y, one_over(t->shape.y));
}

static void area_adjoint(const linop *a, array *x, const array *y)
{
	array *t = ((const struct area *)a)->between;
	RUN(t, k_overlap_y, t, y, t->pitch, t->shape.x, t->plane_rows, y->plane_rows, t->shape.y,
		y->shape.y, one_over(t->shape.y));
	RUN(x, k_overlap_x, x, t, x->pitch, t->pitch, x->shape.x, t->shape.x, one_over(x->shape.x));
}

static void area_free(linop *a)
{
	array_free(((struct area *)a)->between);
}

linop *linop_area(device *dev, shape s, int64_t y, int64_t x)
{
	static const linop_class class = { "area means", area_apply, area_adjoint, area_free };
	shape to = { s.c, s.z, y, x };
	struct area *a = linop_new(&class, sizeof(struct area), dev, (space){ REAL, s },
		(space){ REAL, to });
	a->between = array_new(dev, REAL, (shape){ s.c, s.z, s.y, x });
	/* rows of the weights sum to 1, columns to out / in: |W|^2 <= |W|_1 |W|_inf */
	a->base.norm2 = (double)y / (double)s.y * (double)x / (double)s.x;
	return &a->base;
}

linop *linop_downsample(device *dev, shape s, int64_t k)
{
	assert(k >= 1 && s.y >= k && s.x >= k);
	shape whole = { s.c, s.z, s.y / k * k, s.x / k * k };
	linop *mean = linop_area(dev, whole, s.y / k, s.x / k);
	if (shape_equal(whole, s))
		return mean;
	return linop_chain(mean, linop_crop(dev, whole, s, (position){ 0, 0, 0 }));
}

/* --- sum over depth -------------------------------------------------------------------------- */

static void sum_apply(const linop *a, array *y, const array *x)
{
	(void)a;
	RUN(y, k_sum_depth, y, x, x->pitch, x->shape.x, x->plane_rows, x->shape.z);
}

static void sum_adjoint(const linop *a, array *x, const array *y)
{
	(void)a;
	RUN(x, k_spread_depth, x, y, x->pitch, x->shape.x, x->plane_rows, x->shape.z);
}

linop *linop_sum_depth(device *dev, shape s)
{
	static const linop_class class = { "sum over depth", sum_apply, sum_adjoint, NULL };
	linop *a = linop_new(&class, sizeof(linop), dev, (space){ REAL, s },
		(space){ REAL, { s.c, 1, s.y, s.x } });
	a->norm2 = (double)s.z;
	return a;
}
