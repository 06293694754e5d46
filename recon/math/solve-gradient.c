/* SPDX-License-Identifier: BSD-3-Clause */
/* solve-gradient.c - gradient descent, with momentum, and FISTA */
#include <math.h>
#include "math/solve.h"
#include "math/vec.h"

static double objective_of(const inverse_problem *p, const array *x, const stop_rule *stop)
{
	return watch_wants_objective(stop->watch) ? inverse_objective(p, x) : NAN;
}

/* gradient = A'(A x - b); r: scratch in the range of A */
static void gradient_at(const inverse_problem *p, array *gradient, array *r, const array *x)
{
	linop_apply(p->a, r, x);
	vec_subtract(r, p->b);
	linop_adjoint(p->a, gradient, r);
}

bool solve_gradient(array *x, const inverse_problem *p, double step, const stop_rule *stop,
	GError **err)
{
	g_autoptr(array) gradient = array_like(x);
	g_autoptr(array) old = array_like(x);
	g_autoptr(array) r = array_like(p->b);
	bool more = true;
	for (int64_t k = 1; more && k <= stop->iterations && !x->dev->error; k++) {
		vec_copy(old, x);
		gradient_at(p, gradient, r, x);
		vec_axpy(x, (float)-step, gradient);
		prox_step(p->g, x, (float)step);
		more = solver_goes_on(stop, k, objective_of(p, x, stop), relative_change(old, x));
	}
	return device_ok(x->dev, err);
}

bool solve_nesterov(array *x, const inverse_problem *p, double step, double momentum,
	const stop_rule *stop, GError **err)
{
	g_autoptr(array) gradient = array_like(x);
	g_autoptr(array) old = array_like(x);
	g_autoptr(array) q = array_like(x);
	g_autoptr(array) r = array_like(p->b);
	float m = (float)momentum;
	bool more = true;
	vec_fill(q, 0);
	for (int64_t k = 1; more && k <= stop->iterations && !x->dev->error; k++) {
		vec_copy(old, x);
		gradient_at(p, gradient, r, x);
		vec_axpy(x, -m, q);
		vec_scale(q, m);
		vec_axpy(q, (float)-step, gradient);
		vec_axpy(x, 1 + m, q);
		/* at rest q = -step A'(A x - b) / (1 - m): g takes as long a step */
		prox_step(p->g, x, (float)step / (1 - m));
		more = solver_goes_on(stop, k, objective_of(p, x, stop), relative_change(old, x));
	}
	return device_ok(x->dev, err);
}

/* --- FISTA ----------------------------------------------------------------------------------- */

/* The residual of the extrapolated point follows from those of its two parents, as A is linear. */
typedef struct {
	const inverse_problem *p;
	array *x, *old_x, *y;           /* y: the extrapolated point */
	array *r, *old_r, *r_y;         /* their residuals A . - b */
	array *gradient;
	double lipschitz, t, objective;
} fista_state;

static void fista_free(fista_state *f)
{
	array *mine[] = { f->old_x, f->y, f->r, f->old_r, f->r_y, f->gradient };
	for (size_t i = 0; i < G_N_ELEMENTS(mine); i++)
		array_free(mine[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(fista_state, fista_free)

static void residual(const fista_state *f)
{
	linop_apply(f->p->a, f->r, f->x);
	vec_subtract(f->r, f->p->b);
}

/* x = step of g (y - gradient / L) and its residual */
static void descend(const fista_state *f)
{
	float step = (float)(1 / f->lipschitz);
	vec_copy(f->x, f->y);
	vec_axpy(f->x, -step, f->gradient);
	prox_step(f->p->g, f->x, step);
	residual(f);
}

/*
 * The quadratic bound of Beck and Teboulle, which for least squares says |A d|^2 <= L |d|^2,
 * d = x - y, with room for rounding.  A d from d itself: the difference of two residuals drowns in
 * rounding near the end, and L would double without need.
 */
static bool bound_holds(const fista_state *f)
{
	g_autoptr(array) d = array_like(f->x);
	g_autoptr(array) a_d = array_like(f->r);
	vec_copy(d, f->x);
	vec_subtract(d, f->y);
	linop_apply(f->p->a, a_d, d);
	return vec_dot(a_d, a_d) <= 1.0001 * f->lipschitz * vec_dot(d, d);
}

static void extrapolate(fista_state *f)
{
	double before = f->t;
	f->t = (1 + sqrt(1 + 4 * f->t * f->t)) / 2;
	float m = (float)((before - 1) / f->t);
	vec_extrapolate(f->y, f->x, f->old_x, m);
	vec_extrapolate(f->r_y, f->r, f->old_r, m);
}

static void fista_iterate(fista_state *f, const fista_settings *settings)
{
	enum { DOUBLINGS = 60 };
	linop_adjoint(f->p->a, f->gradient, f->r_y);
	vec_copy(f->old_x, f->x);
	vec_copy(f->old_r, f->r);
	descend(f);
	for (int i = 0; settings->backtrack && i < DOUBLINGS && !bound_holds(f); i++) {
		f->lipschitz *= 2;
		descend(f);
	}
	double before = f->objective;
	f->objective = vec_dot(f->r, f->r) / 2 + prox_value(f->p->g, f->x);
	if (settings->restart && f->objective > before)
		f->t = 1;
	extrapolate(f);
}

bool solve_fista(array *x, const inverse_problem *p, const fista_settings *settings,
	const stop_rule *stop, GError **err)
{
	g_auto(fista_state) f = {
		.p = p, .x = x, .old_x = array_like(x), .y = array_like(x), .r = array_like(p->b),
		.old_r = array_like(p->b), .r_y = array_like(p->b), .gradient = array_like(x),
		.t = 1, .objective = INFINITY
	};
	f.lipschitz = settings->step > 0 ? 1 / settings->step : linop_norm2(p->a);
	residual(&f);
	vec_copy(f.y, x);
	vec_copy(f.r_y, f.r);
	bool more = true;
	for (int64_t k = 1; more && k <= stop->iterations && !x->dev->error; k++) {
		fista_iterate(&f, settings);
		more = solver_goes_on(stop, k, f.objective, relative_change(f.old_x, x));
	}
	return device_ok(x->dev, err);
}
