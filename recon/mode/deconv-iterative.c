/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-iterative.c - least squares with a prior or without, made of general solvers */
#include <math.h>

#include "math/solve.h"
#include "math/vec.h"
#include "mode/deconv-scene.h"

/* --- priors ----------------------------------------------------------------------------------- */

#define WAVELETS_OF_NOISE 0.1   /* as TV_OF_NOISE */

/* Few inner steps do, as each begins where the last one ended. */
static prox *prior_of(const task *t, const deconv_data *d, const deconv_scene *s, double noise)
{
	const deconv_options *o = t->options;
	if (o->method == DECONV_FISTA_WAVELET)
		return prox_haar((float)deconv_scene_weight(t, s, 1, WAVELETS_OF_NOISE * noise),
			WAVELET_LEVELS);
	double weight = o->method == DECONV_FISTA ? deconv_scene_weight(t, s, 1, TV_OF_NOISE * noise) : 0;
	const tv_settings tv = {
		.axes = s->g.estimate.z > 1 ? 3 : 2, .isotropic = true, .nonnegative = true,
		.border = o->border == RL_BORDER_PERIODIC ? BORDER_PERIODIC : BORDER_REPLICATE,
		.iterations = 10, .tolerance = 0, .warm = true, .apart = &d->apart
	};
	return weight > 0 ? prox_tv(t->dev, s->x->shape, (float)weight, &tv) : prox_nonnegative();
}

/* --- solving ---------------------------------------------------------------------------------- */

static bool fista(task *t, const deconv_data *d, deconv_stack *stack, void *tally, GError **err)
{
	deconv_tally *sum = tally;
	double noise;
	g_auto(deconv_scene) s = { 0 };
	if (!deconv_scene_load(&s, t, d, stack, err) || !deconv_scene_noise(&noise, t, &s, stack, err))
		return false;
	listener l = listener_new(t->watch, stack->number, stack->count);
	const stop_rule stop = deconv_stop_rule(t, &l);
	s.g_of_x = prior_of(t, d, &s, noise);
	l.step = 1 / linop_norm2(s.a);
	const inverse_problem p = { s.a, s.b, s.g_of_x };
	if (!solve_fista(s.x, &p, &(fista_settings){ .restart = true }, &stop, err) ||
	    !listener_sound(&l, s.x, err))
		return false;
	sum->objective += inverse_objective(&p, s.x);
	sum->iterations = MAX(sum->iterations, l.iterations);
	deconv_scene_take(&s, stack->result);
	return true;
}


/* --- iterative constrained Tikhonov-Miller ----------------------------------------------- */

/* y, the largest value that is believed in place of those that are not. */
static array *believed(const deconv_stack *stack)
{
	g_autoptr(array) instead = array_copy(stack->y);
	if (stack->weights)
		vec_multiply(instead, stack->weights);
	vec_fill(instead, vec_max_abs(instead));
	return deconv_where_believed(stack, instead);
}

/*
 * Of |Laplacian of x|^2: --balance as rif has it, else what makes the picture likeliest (see
 * deconv_likeliest).
 */
static double roughness_weight(const task *t, const deconv_data *d, const deconv_scene *s,
	const deconv_stack *stack)
{
	const deconv_options *o = t->options;
	g_autoptr(linop) m = deconv_spread_over(t->dev, &s->g, stack->psf, stack->centre);
	int axes = s->g.grid.z > 1 ? 3 : 2;
	if (!isnan(o->balance))
		return o->balance * m->norm2 / pow(gradient_steepest(axes, &d->apart), 2);
	g_autoptr(array) blur = linop_convolve_power(m);
	g_autoptr(array) penalty = gradient_spectrum(t->dev, s->g.grid, axes, &d->apart);
	vec_multiply(penalty, penalty);
	g_autoptr(array) y = believed(stack);
	return deconv_likeliest(t, y, s->g.grid, blur, penalty);
}

static bool ictm(task *t, const deconv_data *d, deconv_stack *stack, void *tally, GError **err)
{
	const deconv_options *o = t->options;
	deconv_tally *sum = tally;
	g_auto(deconv_scene) s = { 0 };
	if (!deconv_scene_load(&s, t, d, stack, err))
		return false;
	listener l = listener_new(t->watch, stack->number, stack->count);
	const stop_rule stop = deconv_stop_rule(t, &l);
	g_autoptr(linop) laplacian = linop_normal(linop_gradient(t->dev, s.domain, s.domain.z > 1 ? 3 : 2,
		o->border == RL_BORDER_PERIODIC ? BORDER_PERIODIC : BORDER_REPLICATE, &d->apart));
	const tikhonov_problem p = { s.a, laplacian, s.b, roughness_weight(t, d, &s, stack) };
	if (!solve_constrained(s.x, &p, &stop, err) || !listener_sound(&l, s.x, err))
		return false;
	sum->objective += l.objective;
	sum->iterations = MAX(sum->iterations, l.iterations);
	deconv_scene_take(&s, stack->result);
	return true;
}

bool deconv_fista(task *t, const deconv_data *d, array *result, GError **err)
{
	return deconv_run(t, d, result, fista, err);
}

bool deconv_ictm(task *t, const deconv_data *d, array *result, GError **err)
{
	return deconv_run(t, d, result, ictm, err);
}
