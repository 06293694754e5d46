/* SPDX-License-Identifier: BSD-3-Clause */
/* solve.c - what solvers share */
#include "math/solve.h"

#include <math.h>
#include "math/vec.h"

double relative_change(array *old, const array *x)
{
	vec_subtract(old, x);
	double change = vec_norm(old), size = vec_norm(x);
	return change == 0 ? 0 : change / size;
}

double inverse_objective(const inverse_problem *p, const array *x)
{
	g_autoptr(array) r = array_like(p->b);
	linop_apply(p->a, r, x);
	vec_subtract(r, p->b);
	return vec_dot(r, r) / 2 + prox_value(p->g, x);
}

bool solver_goes_on(const stop_rule *stop, int64_t k, double objective, double measure)
{
	iteration_note note = {
		.iteration = k, .iterations = stop->iterations, .channels = 1, .objective = objective,
		.primal = measure, .dual = NAN, .mu1 = NAN, .mu2 = NAN, .mu3 = NAN
	};
	return watch_tick(stop->watch, &note) && !(measure <= stop->tolerance && stop->tolerance > 0);
}
