/* SPDX-License-Identifier: BSD-3-Clause */
/* linop.c - linear operators: life, size and the test of the adjoint */
#include "math/linop.h"

#include <assert.h>
#include <math.h>
#include "math/uniform.h"
#include "math/vec.h"

enum { POWER_ITERATIONS = 60 };

void *linop_new(const linop_class *class, size_t size, device *dev, space domain, space range)
{
	linop *a = g_malloc0(size);
	a->class = class;
	a->dev = dev;
	a->domain = domain;
	a->range = range;
	a->norm2 = -1;
	a->refs = 1;
	return a;
}

linop *linop_ref(linop *a)
{
	a->refs++;
	return a;
}

void linop_free(linop *a)
{
	if (!a || --a->refs > 0)
		return;
	if (a->class->free)
		a->class->free(a);
	g_free(a);
}

bool space_equal(space a, space b)
{
	return a.type == b.type && shape_equal(a.shape, b.shape);
}

static bool lives_in(const array *x, space s)
{
	return space_equal((space){ x->type, x->shape }, s);
}

void linop_apply(const linop *a, array *y, const array *x)
{
	assert(lives_in(x, a->domain) && lives_in(y, a->range));
	if (!a->dev->error)
		a->class->apply(a, y, x);
}

void linop_adjoint(const linop *a, array *x, const array *y)
{
	assert(lives_in(x, a->domain) && lives_in(y, a->range));
	if (!a->dev->error)
		a->class->adjoint(a, x, y);
}

array *linop_new_domain(const linop *a)
{
	return array_new(a->dev, a->domain.type, a->domain.shape);
}

array *linop_new_range(const linop *a)
{
	return array_new(a->dev, a->range.type, a->range.shape);
}

double linop_norm2(linop *a)
{
	if (a->norm2 >= 0)
		return a->norm2;
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	double estimate = 0;
	array_fill_uniform(x, 1);
	for (int i = 0; i < POWER_ITERATIONS; i++) {
		double length = vec_norm(x);
		if (!(length > 0))
			break;
		vec_scale(x, (float)(1 / length));
		linop_apply(a, y, x);
		estimate = fmax(estimate, vec_dot(y, y));
		linop_adjoint(a, x, y);
	}
	a->norm2 = 1.02 * estimate;
	return a->norm2;
}

double linop_adjoint_gap(const linop *a, uint32_t seed)
{
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	g_autoptr(array) ax = linop_new_range(a);
	g_autoptr(array) aty = linop_new_domain(a);
	array_fill_uniform(x, 2 * (uint64_t)seed);
	array_fill_uniform(y, 2 * (uint64_t)seed + 1);
	linop_apply(a, ax, x);
	linop_adjoint(a, aty, y);
	double difference = fabs(vec_dot(ax, y) - vec_dot(x, aty));
	double size = vec_norm(ax) * vec_norm(y) + vec_norm(x) * vec_norm(aty);
	return difference == 0 ? 0 : difference / size;
}
