/* SPDX-License-Identifier: BSD-3-Clause */
/* solve-douglas-rachford.c - ADMM with one copy of x, where the data's step is known in closed form
 * (Lions and Mercier, SIAM J. Numer. Anal. 16, 1979; Eckstein and Bertsekas, Math. Program. 55,
 * 1992) */
#include <math.h>
#include "math/solve.h"
#include "math/vec.h"

bool solve_douglas_rachford(array *x, const inverse_problem *p, const data_step *data,
	const stop_rule *stop, GError **err)
{
	g_autoptr(array) old = array_like(x);
	g_autoptr(array) dual = array_like(x);
	g_autoptr(array) fit = array_like(x);   /* the other copy: near the data */
	bool more = true;
	vec_fill(dual, 0);
	for (int64_t k = 1; more && k <= stop->iterations && !x->dev->error; k++) {
		vec_copy(old, x);
		vec_subtract(x, dual);
		linop_apply(data->pull, fit, x);
		vec_add(fit, data->start);
		vec_copy(x, fit);
		vec_add(x, dual);
		vec_copy(dual, x);
		prox_step(p->g, x, (float)(1 / data->mu));
		vec_subtract(dual, x);
		double objective = watch_wants_objective(stop->watch) ? inverse_objective(p, x) : NAN;
		more = solver_goes_on(stop, k, objective, relative_change(old, x));
	}
	return device_ok(x->dev, err);
}
