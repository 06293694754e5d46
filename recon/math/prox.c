/* SPDX-License-Identifier: BSD-3-Clause */
/* prox.c - proximal operators in closed form */
#include "math/prox.h"

#include <assert.h>
#include <math.h>
#include "math/group.h"
#include "math/vec.h"
#include "prox.cl"

void *prox_new(const prox_class *class, size_t size)
{
	prox *p = g_malloc0(size);
	p->class = class;
	return p;
}

void prox_free(prox *p)
{
	if (p && p->class->free)
		p->class->free(p);
	g_free(p);
}

void prox_step(prox *p, array *y, float t)
{
	if (p && !y->dev->error)
		p->class->step(p, y, t);
}

double prox_value(prox *p, const array *x)
{
	return p && !x->dev->error ? p->class->value(p, x) : 0;
}

void prox_conjugate_step(prox *p, array *y, float t)
{
	if (!p) {
		vec_fill(y, 0);         /* g = 0: its conjugate lets only 0 pass */
		return;
	}
	g_autoptr(array) part = array_like(y);
	vec_copy(part, y);
	vec_scale(part, 1 / t);
	prox_step(p, part, 1 / t);
	vec_axpy(y, -t, part);
}

/* --- element by element ---------------------------------------------------------------------- */

struct simple {
	prox base;
	float weight, low, high;
	const array *target;
	int n;
};

static struct simple *simple_new(const prox_class *class, float weight)
{
	struct simple *s = prox_new(class, sizeof(struct simple));
	s->weight = weight;
	return s;
}

static const struct simple *simple_of(const prox *p)
{
	return (const struct simple *)p;
}

static double nothing(prox *p, const array *x)
{
	(void)p;
	(void)x;
	return 0;
}

static double soft_value(prox *p, const array *x)
{
	return (double)simple_of(p)->weight * vec_sum_abs(x);
}

static void soft_step(prox *p, array *y, float t)
{
	vec_soft(y, t * simple_of(p)->weight);
}

prox *prox_soft(float weight)
{
	static const prox_class class = { "L1", soft_step, soft_value, NULL };
	return &simple_new(&class, weight)->base;
}

static void soft_nonnegative_step(prox *p, array *y, float t)
{
	RUN(y, k_soft_nonnegative, y, t * simple_of(p)->weight);
}

prox *prox_soft_nonnegative(float weight)
{
	static const prox_class class = {
		"L1 and non-negative", soft_nonnegative_step, soft_value, NULL
	};
	return &simple_new(&class, weight)->base;
}

static void box_step(prox *p, array *y, float t)
{
	(void)t;
	vec_clamp(y, simple_of(p)->low, simple_of(p)->high);
}

prox *prox_box(float low, float high)
{
	static const prox_class class = { "box", box_step, nothing, NULL };
	struct simple *s = simple_new(&class, 0);
	s->low = low;
	s->high = high;
	return &s->base;
}

prox *prox_nonnegative(void)
{
	return prox_box(0, INFINITY);
}

static void quadratic_step(prox *p, array *y, float t)
{
	RUN(y, k_towards, y, simple_of(p)->target, t * simple_of(p)->weight);
}

static double quadratic_value(prox *p, const array *x)
{
	g_autoptr(array) r = array_like(x);
	vec_copy(r, x);
	vec_subtract(r, simple_of(p)->target);
	return (double)simple_of(p)->weight / 2 * vec_dot(r, r);
}

prox *prox_quadratic(const array *b, float weight)
{
	static const prox_class class = { "squares", quadratic_step, quadratic_value, NULL };
	struct simple *s = simple_new(&class, weight);
	s->target = b;
	return &s->base;
}

/* --- groups ---------------------------------------------------------------------------------- */

static array first_part(const array *u, int n)
{
	assert(n >= 1 && n <= 3 && u->shape.c % n == 0);
	return channel_range(u, 0, u->shape.c / n);
}

void group_project(array *u, int n)
{
	array first = first_part(u, n);
	RUN(&first, k_group_project, u, n, first.shape.c * channel_stride(u));
}

void group_shrink(array *u, int n, float t)
{
	array first = first_part(u, n);
	RUN(&first, k_group_shrink, u, n, first.shape.c * channel_stride(u), t);
}

void group_multiply(array *u, const array *factors, int n)
{
	array first = first_part(u, n);
	RUN(&first, k_group_multiply, u, factors, n, first.shape.c * channel_stride(u));
}

array *group_lengths(const array *u, int n)
{
	array first = first_part(u, n);
	array *lengths = array_like(&first);
	RUN(lengths, k_group_length, lengths, u, n, first.shape.c * channel_stride(u));
	return lengths;
}

double group_sum(const array *u, int n)
{
	g_autoptr(array) lengths = group_lengths(u, n);
	return vec_sum(lengths);
}

static void group_step(prox *p, array *y, float t)
{
	group_shrink(y, simple_of(p)->n, t * simple_of(p)->weight);
}

static double group_value(prox *p, const array *x)
{
	return (double)simple_of(p)->weight * group_sum(x, simple_of(p)->n);
}

prox *prox_group(float weight, int n)
{
	static const prox_class class = { "lengths", group_step, group_value, NULL };
	struct simple *s = simple_new(&class, weight);
	s->n = n;
	return &s->base;
}

/* --- a prox and a slope ----------------------------------------------------------------------- */

struct tilt {
	prox base;
	prox *inner;
	float weight;
};

/* 1/2 |z - y|^2 + t (g(z) + w sum z) is, but for a constant, 1/2 |z - (y - t w)|^2 + t g(z). */
static void tilt_step(prox *p, array *y, float t)
{
	const struct tilt *s = (const struct tilt *)p;
	vec_shift(y, -t * s->weight);
	prox_step(s->inner, y, t);
}

static double tilt_value(prox *p, const array *x)
{
	const struct tilt *s = (const struct tilt *)p;
	return prox_value(s->inner, x) + (double)s->weight * vec_sum(x);
}

static void tilt_free(prox *p)
{
	prox_free(((struct tilt *)p)->inner);
}

prox *prox_tilt(prox *inner, float weight)
{
	static const prox_class class = { "tilt", tilt_step, tilt_value, tilt_free };
	struct tilt *s = prox_new(&class, sizeof(*s));
	s->inner = inner;
	s->weight = weight;
	return &s->base;
}
