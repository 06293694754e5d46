/* SPDX-License-Identifier: BSD-3-Clause */
/* op-separable.c - Y = L X R', the model of a separable mask (FlatCam, Asif 2017) */
#include <assert.h>
#include "math/op.h"
#include "math/vec.h"
#include "matrix.cl"

struct separable {
	linop base;
	array *left, *left_t, *right, *right_t;
	array *between;         /* L X */
};

/* 0 where one matrix serves all planes */
static int64_t step(const array *m)
{
	return m->shape.c * m->shape.z == 1 ? 0 : plane_stride(m);
}

static void product(array *y, const array *a, const array *b)
{
	RUN(y, k_product, y, a, b, y->pitch, y->plane_rows, y->shape.x, a->shape.x, a->pitch, step(a),
		b->pitch, step(b));
}

static void separable_apply(const linop *a, array *y, const array *x)
{
	const struct separable *s = (const struct separable *)a;
	product(s->between, s->left, x);
	product(y, s->between, s->right_t);
}

static void separable_adjoint(const linop *a, array *x, const array *y)
{
	const struct separable *s = (const struct separable *)a;
	product(s->between, y, s->right);
	product(x, s->left_t, s->between);
}

static void separable_free(linop *a)
{
	struct separable *s = (struct separable *)a;
	array_free(s->left);
	array_free(s->left_t);
	array_free(s->right);
	array_free(s->right_t);
	array_free(s->between);
}

static array *transposed(const array *m)
{
	array *t = array_new(m->dev, REAL, (shape){ m->shape.c, m->shape.z, m->shape.x, m->shape.y });
	RUN(t, k_transpose, t, m, t->pitch, t->plane_rows, t->shape.x, m->pitch, plane_stride(m));
	return t;
}

linop *linop_separable(shape s, const array *left, const array *right)
{
	static const linop_class class = {
		"separable", separable_apply, separable_adjoint, separable_free
	};
	shape l = left->shape, r = right->shape;
	assert(l.z == 1 && r.z == 1 && l.x == s.y && r.x == s.x);
	assert((l.c == 1 || (l.c == s.c && s.z == 1)) && (r.c == 1 || (r.c == s.c && s.z == 1)));
	struct separable *a = linop_new(&class, sizeof(struct separable), left->dev,
		(space){ REAL, s }, (space){ REAL, { s.c, s.z, l.y, r.y } });
	a->left = array_new(left->dev, REAL, l);
	a->right = array_new(left->dev, REAL, r);
	vec_copy(a->left, left);
	vec_copy(a->right, right);
	a->left_t = transposed(left);
	a->right_t = transposed(right);
	a->between = array_new(left->dev, REAL, (shape){ s.c, s.z, l.y, s.x });
	return &a->base;
}
