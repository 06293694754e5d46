/* SPDX-License-Identifier: BSD-3-Clause */
/* solve-cg.c - conjugate gradients (Hestenes, Stiefel 1952) */
#include <math.h>
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"

bool solve_cg(array *x, const linop *s, const array *b, const stop_rule *stop, GError **err)
{
	g_autoptr(array) r = array_like(x);
	g_autoptr(array) d = array_like(x);
	g_autoptr(array) s_d = array_like(x);
	double size = vec_norm(b);
	linop_apply(s, r, x);
	vec_scale(r, -1);
	vec_add(r, b);
	vec_copy(d, r);
	double rr = vec_dot(r, r);
	bool more = true;
	for (int64_t k = 1; more && rr > 0 && k <= stop->iterations && !x->dev->error; k++) {
		linop_apply(s, s_d, d);
		double curvature = vec_dot(d, s_d);
		if (!(curvature > 0))   /* d is in the null space, or rounding is all that is left */
			break;
		float step = (float)(rr / curvature);
		vec_axpy(x, step, d);
		vec_axpy(r, -step, s_d);
		double before = rr;
		rr = vec_dot(r, r);
		vec_xpay(d, (float)(rr / before), r);
		more = solver_goes_on(stop, k, NAN, sqrt(rr) / size);
	}
	return device_ok(x->dev, err);
}

bool solve_normal_equations(array *x, const inverse_problem *p, double ridge,
	const stop_rule *stop, GError **err)
{
	g_autoptr(array) b = array_like(x);
	g_autoptr(linop) s = linop_add(linop_normal(linop_ref(p->a)),
		linop_scale(linop_identity(x->dev, x->shape), (float)ridge));
	linop_adjoint(p->a, b, p->b);
	return solve_cg(x, s, b, stop, err);
}
