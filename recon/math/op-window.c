/* SPDX-License-Identifier: BSD-3-Clause */
/* op-window.c - crop, pad and mask */
#include <assert.h>
#include <math.h>
#include "math/op.h"
#include "math/vec.h"
#include "window.cl"

struct window {
	linop base;
	position at;
};

static int64_t window_start(const struct window *w, const array *large)
{
	return w->at.z * plane_stride(large) + w->at.y * large->pitch + w->at.x;
}

static void crop_apply(const linop *a, array *y, const array *x)
{
	int64_t start = window_start((const struct window *)a, x);
	RUN(y, k_crop, y, x, y->pitch, y->plane_rows, y->shape.y, y->shape.x, y->shape.z, x->pitch,
		x->plane_rows, x->shape.z, start);
}

static void crop_adjoint(const linop *a, array *x, const array *y)
{
	int64_t start = window_start((const struct window *)a, x);
	vec_fill(x, 0);
	RUN(y, k_pad, x, y, y->pitch, y->plane_rows, y->shape.y, y->shape.x, y->shape.z, x->pitch,
		x->plane_rows, x->shape.z, start);
}

linop *linop_crop(device *dev, shape small, shape large, position at)
{
	static const linop_class class = { "crop", crop_apply, crop_adjoint, NULL };
	assert(small.c == large.c && at.z >= 0 && at.y >= 0 && at.x >= 0);
	assert(at.z + small.z <= large.z && at.y + small.y <= large.y && at.x + small.x <= large.x);
	struct window *w = linop_new(&class, sizeof(struct window), dev, (space){ REAL, large },
		(space){ REAL, small });
	w->at = at;
	w->base.norm2 = 1;
	return &w->base;
}

linop *linop_pad(device *dev, shape small, shape large, position at)
{
	return linop_transpose(linop_crop(dev, small, large, at));
}

position window_centre(shape small, shape large)
{
	return (position){
		(large.z - small.z) / 2, (large.y - small.y) / 2, (large.x - small.x) / 2
	};
}

/* --- mask ------------------------------------------------------------------------------------ */

struct mask {
	linop base;
	array *weights;
};

static void mask_apply(const linop *a, array *y, const array *x)
{
	const array *w = ((const struct mask *)a)->weights;
	for (int64_t c = 0; c < x->shape.c; c++) {
		array from = array_channel(x, c), to = array_channel(y, c);
		array weight = array_channel(w, w->shape.c == 1 ? 0 : c);
		RUN(&to, k_weigh, &to, &from, &weight);
	}
}

static void mask_free(linop *a)
{
	array_free(((struct mask *)a)->weights);
}

linop *linop_mask(array *weights, shape s)
{
	static const linop_class class = { "mask", mask_apply, mask_apply, mask_free };
	shape one = s;
	one.c = 1;
	assert(shape_equal(weights->shape, s) || shape_equal(weights->shape, one));
	struct mask *m = linop_new(&class, sizeof(struct mask), weights->dev, (space){ REAL, s },
		(space){ REAL, s });
	m->weights = weights;
	m->base.norm2 = pow((double)vec_max_abs(weights), 2);
	return &m->base;
}
