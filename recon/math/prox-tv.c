/* SPDX-License-Identifier: BSD-3-Clause */
/* prox-tv.c - total variation: the step by fast gradient projection on its dual */
#include <math.h>
#include "math/group.h"
#include "math/op.h"
#include "math/prox.h"
#include "math/vec.h"

/*
 * argmin 1/2 |x - b|^2 + lambda TV(x), x in C, has the solution x = P_C(b - lambda Psi' p) where
 * p, of components (isotropic: lengths) at most 1, minimises the dual.  Its gradient step of
 * length 1 / (lambda |Psi|^2) is p + Psi x / (lambda |Psi|^2).
 */
struct tv {
	prox base;
	float weight;
	tv_settings set;
	linop *gradient;
	array *p, *old_p, *r;   /* dual variable, the one before, extrapolated */
	array *b, *old_x;
};

static void project_dual(const struct tv *s, array *p)
{
	if (s->set.isotropic)
		group_project(p, s->set.axes);
	else
		vec_clamp(p, -1, 1);
}

/* x = P_C(b - lambda Psi' r) */
static void image_of(const struct tv *s, array *x, const array *r, float lambda)
{
	linop_adjoint(s->gradient, x, r);
	vec_xpay(x, -lambda, s->b);
	if (s->set.nonnegative)
		vec_clamp(x, 0, INFINITY);
}

static bool settled(const struct tv *s, const array *x)
{
	if (s->set.tolerance <= 0)
		return false;
	vec_subtract(s->old_x, x);
	bool done = vec_norm(s->old_x) <= (double)s->set.tolerance * vec_norm(x);
	vec_copy(s->old_x, x);
	return done;
}

static void tv_step(prox *p, array *x, float t)
{
	struct tv *s = (struct tv *)p;
	float lambda = t * s->weight, m = 1;
	if (!(lambda > 0)) {
		if (s->set.nonnegative)
			vec_clamp(x, 0, INFINITY);
		return;
	}
	vec_copy(s->b, x);
	if (!s->set.warm)
		vec_fill(s->p, 0);
	vec_copy(s->r, s->p);
	vec_copy(s->old_x, x);
	for (int i = 0; i < s->set.iterations; i++) {
		float before = m;
		image_of(s, x, s->r, lambda);
		if (settled(s, x) && i > 0)     /* a cold start gives b again */
			break;
		vec_copy(s->old_p, s->p);
		linop_apply(s->gradient, s->p, x);
		vec_scale(s->p, 1 / (lambda * (float)s->gradient->norm2));
		vec_add(s->p, s->r);
		project_dual(s, s->p);
		m = 0.5f + sqrtf(0.25f + m * m);
		vec_extrapolate(s->r, s->p, s->old_p, (before - 1) / m);
	}
	image_of(s, x, s->p, lambda);
}

static double tv_weighted(prox *p, const array *x)
{
	const struct tv *s = (const struct tv *)p;
	return (double)s->weight * tv_value(s->gradient, x, s->set.axes, s->set.isotropic);
}

static void tv_free(prox *p)
{
	struct tv *s = (struct tv *)p;
	linop_free(s->gradient);
	array *all[] = { s->p, s->old_p, s->r, s->b, s->old_x };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
}

prox *prox_tv(device *dev, shape size, float weight, const tv_settings *settings)
{
	static const prox_class class = { "TV", tv_step, tv_weighted, tv_free };
	struct tv *s = prox_new(&class, sizeof(struct tv));
	s->weight = weight;
	s->set = *settings;
	s->gradient = linop_gradient(dev, size, settings->axes, settings->border,
		settings->apart);
	s->p = linop_new_range(s->gradient);
	s->old_p = linop_new_range(s->gradient);
	s->r = linop_new_range(s->gradient);
	s->b = linop_new_domain(s->gradient);
	s->old_x = linop_new_domain(s->gradient);
	vec_fill(s->p, 0);
	return &s->base;
}

double tv_value(const linop *gradient, const array *x, int axes, bool isotropic)
{
	g_autoptr(array) u = linop_new_range(gradient);
	linop_apply(gradient, u, x);
	return isotropic ? group_sum(u, axes) : vec_sum_abs(u);
}
