/* SPDX-License-Identifier: BSD-3-Clause */
/* op-compose.c - operators made of operators */
#include <assert.h>
#include <math.h>
#include "math/halo.h"
#include "math/linop.h"
#include "math/op.h"
#include "math/vec.h"

/* `second` and `scratch` are NULL where there is no need of them. */
struct pair {
	linop base;
	linop *first, *second;
	array *scratch;
	float factor;
};

static void pair_free(linop *a)
{
	struct pair *p = (struct pair *)a;
	linop_free(p->first);
	linop_free(p->second);
	array_free(p->scratch);
}

static struct pair *pair_new(const linop_class *class, linop *first, linop *second, space domain,
	space range)
{
	struct pair *p = linop_new(class, sizeof(struct pair), first->dev, domain, range);
	p->first = first;
	p->second = second;
	return p;
}

static bool both_known(const linop *a, const linop *b)
{
	return a->norm2 >= 0 && b->norm2 >= 0;
}

/* --- chain: first is the inner one ----------------------------------------------------------- */

static void chain_apply(const linop *a, array *y, const array *x)
{
	const struct pair *p = (const struct pair *)a;
	linop_apply(p->first, p->scratch, x);
	linop_apply(p->second, y, p->scratch);
}

static void chain_adjoint(const linop *a, array *x, const array *y)
{
	const struct pair *p = (const struct pair *)a;
	linop_adjoint(p->second, p->scratch, y);
	linop_adjoint(p->first, x, p->scratch);
}

linop *linop_chain(linop *outer, linop *inner)
{
	static const linop_class class = { "chain", chain_apply, chain_adjoint, pair_free };
	assert(space_equal(outer->domain, inner->range));
	struct pair *p = pair_new(&class, inner, outer, inner->domain, outer->range);
	p->scratch = linop_new_range(inner);
	if (both_known(outer, inner))
		p->base.norm2 = outer->norm2 * inner->norm2;
	return &p->base;
}

/* --- sum ------------------------------------------------------------------------------------- */

static void add_apply(const linop *a, array *y, const array *x)
{
	const struct pair *p = (const struct pair *)a;
	g_autoptr(array) part = array_like(y);
	linop_apply(p->first, y, x);
	linop_apply(p->second, part, x);
	vec_add(y, part);
}

static void add_adjoint(const linop *a, array *x, const array *y)
{
	const struct pair *p = (const struct pair *)a;
	g_autoptr(array) part = array_like(x);
	linop_adjoint(p->first, x, y);
	linop_adjoint(p->second, part, y);
	vec_add(x, part);
}

linop *linop_add(linop *a, linop *b)
{
	static const linop_class class = { "sum", add_apply, add_adjoint, pair_free };
	assert(space_equal(a->domain, b->domain) && space_equal(a->range, b->range));
	struct pair *p = pair_new(&class, a, b, a->domain, a->range);
	if (both_known(a, b))
		p->base.norm2 = pow(sqrt(a->norm2) + sqrt(b->norm2), 2);
	return &p->base;
}

/* --- scale ----------------------------------------------------------------------------------- */

static void scale_apply(const linop *a, array *y, const array *x)
{
	const struct pair *p = (const struct pair *)a;
	linop_apply(p->first, y, x);
	vec_scale(y, p->factor);
}

static void scale_adjoint(const linop *a, array *x, const array *y)
{
	const struct pair *p = (const struct pair *)a;
	linop_adjoint(p->first, x, y);
	vec_scale(x, p->factor);
}

linop *linop_scale(linop *a, float factor)
{
	static const linop_class class = { "scale", scale_apply, scale_adjoint, pair_free };
	struct pair *p = pair_new(&class, a, NULL, a->domain, a->range);
	p->factor = factor;
	if (a->norm2 >= 0)
		p->base.norm2 = a->norm2 * (double)factor * (double)factor;
	return &p->base;
}

/* --- transpose ------------------------------------------------------------------------------- */

static void transpose_apply(const linop *a, array *y, const array *x)
{
	linop_adjoint(((const struct pair *)a)->first, y, x);
}

static void transpose_adjoint(const linop *a, array *x, const array *y)
{
	linop_apply(((const struct pair *)a)->first, x, y);
}

linop *linop_transpose(linop *a)
{
	static const linop_class class = {
		"transpose", transpose_apply, transpose_adjoint, pair_free
	};
	struct pair *p = pair_new(&class, a, NULL, a->range, a->domain);
	p->base.norm2 = a->norm2;
	return &p->base;
}

linop *linop_normal(linop *a)
{
	return linop_chain(linop_transpose(linop_ref(a)), a);
}

/* --- stack ----------------------------------------------------------------------------------- */

static void stack_apply(const linop *a, array *y, const array *x)
{
	const struct pair *p = (const struct pair *)a;
	int64_t n = p->first->range.shape.c, m = p->second->range.shape.c;
	array upper = channel_range(y, 0, n), lower = channel_range(y, n, m);
	linop_apply(p->first, &upper, x);
	linop_apply(p->second, &lower, x);
}

static void stack_adjoint(const linop *a, array *x, const array *y)
{
	const struct pair *p = (const struct pair *)a;
	int64_t n = p->first->range.shape.c, m = p->second->range.shape.c;
	array upper = channel_range(y, 0, n), lower = channel_range(y, n, m);
	g_autoptr(array) part = array_like(x);
	linop_adjoint(p->first, x, &upper);
	linop_adjoint(p->second, part, &lower);
	vec_add(x, part);
}

linop *linop_stack(linop *a, linop *b)
{
	static const linop_class class = { "stack", stack_apply, stack_adjoint, pair_free };
	shape s = a->range.shape, t = b->range.shape;
	assert(space_equal(a->domain, b->domain) && s.z == t.z && s.y == t.y && s.x == t.x);
	assert(a->range.type == REAL && b->range.type == REAL);
	s.c += t.c;
	struct pair *p = pair_new(&class, a, b, a->domain, (space){ REAL, s });
	if (both_known(a, b))
		p->base.norm2 = a->norm2 + b->norm2;
	return &p->base;
}

/* --- identity -------------------------------------------------------------------------------- */

static void copy(const linop *a, array *y, const array *x)
{
	(void)a;
	vec_copy(y, x);
}

linop *linop_identity(device *dev, shape s)
{
	static const linop_class class = { "identity", copy, copy, NULL };
	linop *a = linop_new(&class, sizeof(linop), dev, (space){ REAL, s }, (space){ REAL, s });
	a->norm2 = 1;
	return a;
}
