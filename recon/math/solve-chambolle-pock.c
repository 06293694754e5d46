/* SPDX-License-Identifier: BSD-3-Clause */
/* solve-chambolle-pock.c - primal and dual steps in turn, for any number of terms */
#include <math.h>
#include "math/solve.h"
#include "math/vec.h"

#define STABILITY 0.99          /* of the longest steps: tau sigma |K|^2 < 1 */

static GPtrArray *dual_variables(const saddle_problem *p)
{
	GPtrArray *y = g_ptr_array_new_with_free_func((GDestroyNotify)array_free);
	for (int i = 0; i < p->n_terms; i++) {
		array *part = linop_new_range(p->terms[i].k);
		vec_fill(part, 0);
		g_ptr_array_add(y, part);
	}
	return y;
}

/* y = step of f* (y + sigma K x) */
static void dual_step(const saddle_term *term, array *y, const array *x, float sigma)
{
	g_autoptr(array) k_x = array_like(y);
	linop_apply(term->k, k_x, x);
	vec_axpy(y, sigma, k_x);
	prox_conjugate_step(term->f, y, sigma);
}

/* x = x - tau K'y */
static void primal_step(const saddle_term *term, array *x, const array *y, float tau)
{
	g_autoptr(array) part = array_like(x);
	linop_adjoint(term->k, part, y);
	vec_axpy(x, -tau, part);
}

static double saddle_objective(const saddle_problem *p, const array *x, const stop_rule *stop)
{
	if (!watch_wants_objective(stop->watch))
		return NAN;
	double sum = prox_value(p->g, x);
	for (int i = 0; i < p->n_terms; i++) {
		g_autoptr(array) k_x = linop_new_range(p->terms[i].k);
		linop_apply(p->terms[i].k, k_x, x);
		sum += prox_value(p->terms[i].f, k_x);
	}
	return sum;
}

bool solve_chambolle_pock(array *x, const saddle_problem *p, const stop_rule *stop, GError **err)
{
	g_autoptr(GPtrArray) y = dual_variables(p);
	g_autoptr(array) old = array_like(x);
	g_autoptr(array) ahead = array_like(x);
	double norm2 = 0;
	for (int i = 0; i < p->n_terms; i++)
		norm2 += linop_norm2(p->terms[i].k);
	double step = STABILITY / sqrt(fmax(norm2, 1e-30)), ratio = sqrt(p->balance);
	float tau = (float)(step * ratio), sigma = (float)(step / ratio);
	bool more = true;
	vec_copy(ahead, x);
	for (int64_t k = 1; more && k <= stop->iterations && !x->dev->error; k++) {
		vec_copy(old, x);
		for (int i = 0; i < p->n_terms; i++) {
			dual_step(&p->terms[i], y->pdata[i], ahead, sigma);
			primal_step(&p->terms[i], x, y->pdata[i], tau);
		}
		prox_step(p->g, x, tau);
		vec_extrapolate(ahead, x, old, 1);
		more = solver_goes_on(stop, k, saddle_objective(p, x, stop), relative_change(old, x));
	}
	return device_ok(x->dev, err);
}
