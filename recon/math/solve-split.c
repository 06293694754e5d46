/* SPDX-License-Identifier: BSD-3-Clause */
/* solve-split.c - ADMM for a cropped convolution and a prior that is known by its step alone */
#include <math.h>
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"
#include "bounds.cl"

enum { DATA, PRIOR, POSITIVE, SPLITS };         /* z = x, u, w */
/* Before that the scene explains too little of b: all of it would count as constant. */
enum { CONSTANT_FROM = 3 };

/* A constraint z = K v with penalty mu; its dual variable divided by mu. */
typedef struct {
	linop *k;
	double mu;
	array *kv, *z, *dual, *old;
} split;

typedef struct {
	const split_problem *p;
	split s[SPLITS];
	array *r;               /* what b has beyond the model */
	float *constant;        /* of each channel, negative */
	array *rhs, *part;
} split_state;

static void state_clear(split_state *a)
{
	for (int i = 0; i < SPLITS; i++) {
		array *all[] = { a->s[i].kv, a->s[i].z, a->s[i].dual, a->s[i].old };
		linop_free(a->s[i].k);
		for (size_t j = 0; j < G_N_ELEMENTS(all); j++)
			array_free(all[j]);
	}
	g_free(a->constant);
	array_free(a->r);
	array_free(a->rhs);
	array_free(a->part);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(split_state, state_clear)

static split split_new(linop *k, double mu)
{
	split s = { k, mu, linop_new_range(k), linop_new_range(k), linop_new_range(k),
		linop_new_range(k) };
	vec_fill(s.z, 0);
	vec_fill(s.dual, 0);
	return s;
}

static void prepare(split_state *a, const array *v)
{
	const split_problem *p = a->p;
	a->s[DATA] = split_new(linop_ref(p->m), p->mu1);
	a->s[PRIOR] = split_new(linop_ref(p->k), p->mu2);
	a->s[POSITIVE] = split_new(linop_identity(v->dev, v->shape), p->mu3);
	a->constant = g_new0(float, p->b->shape.c);
	a->r = linop_new_range(p->crop);
	a->rhs = array_like(v);
	a->part = array_like(v);
	for (int i = 0; i < SPLITS; i++)
		linop_apply(a->s[i].k, a->s[i].kv, v);
}

/* r = b - C model - constant */
static void residual(const split_state *a, const array *model)
{
	linop_apply(a->p->crop, a->r, model);
	vec_xpay(a->r, -1, a->p->b);
	for (int64_t c = 0; c < a->r->shape.c; c++) {
		array channel = array_channel(a->r, c);
		vec_shift(&channel, a->constant[c]);
	}
}

/* The constants that explain most beside C M v. */
static void fit_constant(const split_state *a)
{
	double pixels = (double)(a->r->shape.y * a->r->shape.x);
	residual(a, a->s[DATA].kv);
	for (int64_t c = 0; c < a->r->shape.c; c++) {
		array channel = array_channel(a->r, c);
		a->constant[c] -= (float)(vec_sum(&channel) / pixels);
	}
}

/*
 * argmin 1/2 |C x - b|^2 + mu1/2 |x - q|^2: off q by r / (1 + mu1) inside the window, or as far as
 * a lower bound asks for
 */
static void fit_data(const split_state *a)
{
	const split *s = &a->s[DATA];
	const array *w = a->p->exact;
	float share = (float)(1 / (1 + s->mu));
	residual(a, s->z);
	if (w)
		RUN(a->r, k_short_of, a->r, w, share);
	linop_adjoint(a->p->crop, a->part, a->r);
	vec_axpy(s->z, w ? 1 : share, a->part);
}

static void update_z(const split_state *a, float spread)
{
	for (int i = 0; i < SPLITS; i++) {
		const split *s = &a->s[i];
		vec_copy(s->old, s->z);
		vec_copy(s->z, s->kv);
		vec_add(s->z, s->dual);
	}
	fit_data(a);
	prox_step(a->p->g, a->s[PRIOR].z, spread);
	vec_clamp(a->s[POSITIVE].z, 0, INFINITY);
}

/* (sum of mu K'K) v = sum of mu K'(z - dual) */
static void update_v(const split_state *a, array *v)
{
	vec_fill(a->rhs, 0);
	for (int i = 0; i < SPLITS; i++) {
		const split *s = &a->s[i];
		vec_copy(s->kv, s->z);
		vec_subtract(s->kv, s->dual);
		linop_adjoint(s->k, a->part, s->kv);
		vec_axpy(a->rhs, (float)s->mu, a->part);
	}
	linop_apply(a->p->inverse, v, a->rhs);
	for (int i = 0; i < SPLITS; i++) {
		const split *s = &a->s[i];
		linop_apply(s->k, s->kv, v);
		vec_add(s->dual, s->kv);
		vec_subtract(s->dual, s->z);
	}
}

static double split_objective(const split_state *a, const stop_rule *stop)
{
	if (!watch_wants_objective(stop->watch))
		return NAN;
	residual(a, a->s[DATA].kv);
	if (a->p->exact)
		RUN(a->r, k_short_of, a->r, a->p->exact, 1.0f);
	return vec_dot(a->r, a->r) / 2 + prox_value(a->p->g, a->s[PRIOR].kv);
}

static double largest_change(const split_state *a)
{
	double most = 0;
	for (int i = 0; i < SPLITS; i++)
		most = fmax(most, relative_change(a->s[i].old, a->s[i].z));
	return most;
}

bool solve_split(array *v, const split_problem *p, const stop_rule *stop, GError **err)
{
	g_auto(split_state) a = { .p = p };
	prepare(&a, v);
	bool more = true;
	for (int64_t k = 1; more && k <= stop->iterations && !v->dev->error; k++) {
		double along = stop->iterations > 1 ? (double)(k - 1) / (double)(stop->iterations - 1) : 1;
		double spread = p->spread[0] * pow(p->spread[1] / p->spread[0], along);
		update_z(&a, (float)spread);
		update_v(&a, v);
		if (p->background && k >= CONSTANT_FROM)
			fit_constant(&a);
		more = solver_goes_on(stop, k, split_objective(&a, stop), largest_change(&a));
	}
	return device_ok(v->dev, err);
}
