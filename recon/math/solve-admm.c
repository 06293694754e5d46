/* SPDX-License-Identifier: BSD-3-Clause */
/* solve-admm.c - ADMM for a cropped convolution with TV, step by step as published */
#include <math.h>
#include "math/group.h"
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"

enum { DATA, SMOOTH, POSITIVE, SPLITS };        /* z = x, u, w; K = M, Psi, 1 */
enum { INNER_ITERATIONS = 500 };
#define INNER_TOLERANCE 1e-7

typedef struct {
	const admm_problem *p;
	linop *k[SPLITS];
	array *kv[SPLITS], *old[SPLITS];        /* K v now and before; old NULL: nobody asks */
	array *z[SPLITS], *dual[SPLITS];
	double mu[SPLITS];
	array *back, *share;            /* C'b; 1 / (C'1 + mu1) */
	array *rhs;
	linop *normal;                  /* mu1 M'M + mu2 Psi'Psi + mu3 */
} admm_state;

static void admm_free(admm_state *s)
{
	for (int i = 0; i < SPLITS; i++) {
		linop_free(s->k[i]);
		array_free(s->kv[i]);
		array_free(s->old[i]);
		array_free(s->z[i]);
		array_free(s->dual[i]);
	}
	array_free(s->back);
	array_free(s->share);
	array_free(s->rhs);
	linop_free(s->normal);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(admm_state, admm_free)

static array *zeros(const linop *k)
{
	array *a = linop_new_range(k);
	vec_fill(a, 0);
	return a;
}

static linop *normal_operator(const admm_problem *p, shape s)
{
	linop *data = linop_scale(linop_normal(linop_ref(p->m)), (float)p->mu1);
	linop *smooth = linop_scale(linop_normal(linop_ref(p->gradient)), (float)p->mu2);
	linop *ridge = linop_scale(linop_identity(p->m->dev, s), (float)p->mu3);
	return linop_add(data, linop_add(smooth, ridge));
}

/* 1 / (C'C 1 + mu1), and C'b */
static void prepare_data(admm_state *s)
{
	const admm_problem *p = s->p;
	g_autoptr(array) ones = linop_new_range(p->crop);
	g_autoptr(array) weight = linop_new_domain(p->crop);
	s->back = linop_new_domain(p->crop);
	s->share = linop_new_domain(p->crop);
	linop_adjoint(p->crop, s->back, p->b);
	vec_fill(ones, 1);
	linop_adjoint(p->crop, weight, ones);
	vec_shift(weight, (float)p->mu1);
	vec_fill(s->share, 1);
	vec_divide(s->share, weight, 0);
}

static void prepare(admm_state *s, const array *v, bool measure)
{
	const admm_problem *p = s->p;
	linop *k[SPLITS] = {
		linop_ref(p->m), linop_ref(p->gradient), linop_identity(v->dev, v->shape)
	};
	const double mu[SPLITS] = { p->mu1, p->mu2, p->mu3 };
	for (int i = 0; i < SPLITS; i++) {
		s->k[i] = k[i];
		s->mu[i] = mu[i];
		s->kv[i] = zeros(k[i]);
		s->old[i] = measure ? zeros(k[i]) : NULL;
		s->z[i] = zeros(k[i]);
		s->dual[i] = zeros(k[i]);
	}
	s->rhs = array_like(v);
	s->normal = p->inverse ? NULL : normal_operator(p, v->shape);
	prepare_data(s);
}

/* z = K v + dual / mu */
static void lift(const admm_state *s, int i)
{
	vec_copy(s->z[i], s->kv[i]);
	vec_axpy(s->z[i], (float)(1 / s->mu[i]), s->dual[i]);
}

static void update_u(const admm_state *s)
{
	float t = (float)(s->p->tau / s->p->mu2);
	array *u = s->z[SMOOTH];
	lift(s, SMOOTH);
	if (s->p->isotropic)
		group_shrink(u, (int)(u->shape.c / s->rhs->shape.c), t);
	else
		vec_soft(u, t);
}

/* x = (xi + mu1 M v + C'b) / (C'1 + mu1) */
static void update_x(const admm_state *s)
{
	array *x = s->z[DATA];
	vec_copy(x, s->dual[DATA]);
	vec_axpy(x, (float)s->mu[DATA], s->kv[DATA]);
	vec_add(x, s->back);
	vec_multiply(x, s->share);
}

static void update_w(const admm_state *s)
{
	lift(s, POSITIVE);
	if (s->p->nonnegative)
		vec_clamp(s->z[POSITIVE], 0, INFINITY);
}

/* What the next v is worked out from; the order in which w comes after v has it already. */
static void update_from_v(const admm_state *s)
{
	update_u(s);
	update_x(s);
	if (s->p->order == ADMM_LPC)
		update_w(s);
}

/* (sum mu K'K) v = sum K'(mu z - dual) */
static void update_v(const admm_state *s, array *v)
{
	g_autoptr(array) part = array_like(v);
	vec_fill(s->rhs, 0);
	for (int i = 0; i < SPLITS; i++) {
		g_autoptr(array) pull = array_like(s->z[i]);
		vec_copy(pull, s->z[i]);
		vec_scale(pull, (float)s->mu[i]);
		vec_subtract(pull, s->dual[i]);
		linop_adjoint(s->k[i], part, pull);
		vec_add(s->rhs, part);
	}
	if (s->p->inverse) {
		linop_apply(s->p->inverse, v, s->rhs);
	} else {
		GError *err = NULL;
		const stop_rule inner = { INNER_ITERATIONS, INNER_TOLERANCE, NULL };
		if (!solve_cg(v, s->normal, s->rhs, &inner, &err))
			device_fail(v->dev, err);
	}
	for (int i = 0; i < SPLITS; i++)
		linop_apply(s->k[i], s->kv[i], v);
}

static void update_duals(const admm_state *s)
{
	for (int i = 0; i < SPLITS; i++) {
		vec_axpy(s->dual[i], (float)s->mu[i], s->kv[i]);
		vec_axpy(s->dual[i], (float)-s->mu[i], s->z[i]);
	}
}

/* |C M v - b| */
static double misfit(const admm_state *s)
{
	g_autoptr(array) r = linop_new_range(s->p->crop);
	linop_apply(s->p->crop, r, s->kv[DATA]);
	vec_subtract(r, s->p->b);
	return vec_norm(r);
}

/* |M v - x| in the window, |K v - z| */
static double gap(const admm_state *s, int i)
{
	g_autoptr(array) d = array_like(s->kv[i]);
	vec_copy(d, s->kv[i]);
	vec_subtract(d, s->z[i]);
	if (i != DATA)
		return vec_norm(d);
	g_autoptr(array) seen = linop_new_range(s->p->crop);
	linop_apply(s->p->crop, seen, d);
	return vec_norm(seen);
}

/* See math/admm.h; destroys `old`. */
static void find_residuals(const admm_state *s, double *primal, double *dual)
{
	double tau = s->p->tau * sqrt((double)shape_count(s->rhs->shape));
	const double duals[SPLITS] = { misfit(s), tau, sqrt(8) * tau };
	*primal = *dual = 0;
	for (int i = 0; i < SPLITS; i++) {
		double off = gap(s, i);
		*primal = fmax(*primal, off == 0 ? 0 : off / fmax(vec_norm(s->kv[i]), duals[i] / s->mu[i]));
		*dual = fmax(*dual, relative_change(s->old[i], s->kv[i]));
	}
}

static double admm_objective(const admm_state *s, const stop_rule *stop)
{
	if (!watch_wants_objective(stop->watch))
		return NAN;
	const array *u = s->kv[SMOOTH];
	double off = misfit(s);
	double tv = s->p->isotropic ? group_sum(u, (int)(u->shape.c / s->rhs->shape.c)) :
		vec_sum_abs(u);
	return off * off / 2 + s->p->tau * tv;
}

static bool goes_on(const admm_state *s, const stop_rule *stop, int64_t k)
{
	iteration_note note = {
		.iteration = k, .iterations = stop->iterations, .channels = 1,
		.objective = admm_objective(s, stop), .primal = NAN, .dual = NAN,
		.mu1 = s->mu[DATA], .mu2 = s->mu[SMOOTH], .mu3 = s->mu[POSITIVE]
	};
	if (s->old[DATA])
		find_residuals(s, &note.primal, &note.dual);
	return watch_tick(stop->watch, &note) && !(fmax(note.primal, note.dual) < stop->tolerance);
}

bool admm_reference(array *v, const admm_problem *p, const stop_rule *stop, GError **err)
{
	g_auto(admm_state) s = { .p = p };
	prepare(&s, v, stop->tolerance > 0 || watch_wants_objective(stop->watch));
	vec_fill(v, 0);
	update_from_v(&s);
	bool more = true;
	for (int64_t k = 1; more && k <= stop->iterations && !v->dev->error; k++) {
		for (int i = 0; i < SPLITS && s.old[i]; i++)
			vec_copy(s.old[i], s.kv[i]);
		update_v(&s, v);
		if (p->order == ADMM_TUTORIAL)
			update_w(&s);
		update_duals(&s);
		update_from_v(&s);
		more = goes_on(&s, stop, k);
	}
	return device_ok(v->dev, err);
}
