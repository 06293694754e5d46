/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-split.c - priors of the gradient by ADMM, with the mask apart from the blur */
#include <math.h>

#include "math/vec.h"
#include "mode/deconv-scene.h"
#include "stage/noise.h"

/* What ADMM splits A into; x lives on the whole grid, and differences wrap around. */
typedef struct {
	linop *m, *window, *gradient, *inverse;
	double mu1, mu2, mu3;
	int axes;
} splits;

static void splits_clear(splits *p)
{
	linop_free(p->m);
	linop_free(p->window);
	linop_free(p->gradient);
	linop_free(p->inverse);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(splits, splits_clear)

/*
 * In the data's own units (|H| is at most 1).  Of thirteen combinations, on simulated scenes of 100
 * and 3500 electrons a pixel, these came nearest to the minimum in 30 and in 100 iterations.
 */
#define TV_MU1 0.03
#define TV_STEP 0.2             /* of the mean: how much a step of TV takes off a gradient */
#define MU3 0.003

static void splits_load(splits *p, const task *t, const distances *apart, const deconv_scene *s,
	const deconv_stack *stack)
{
	p->axes = s->domain.z > 1 ? 3 : 2;
	p->m = deconv_spread_over(t->dev, &s->g, stack->psf, stack->centre);
	p->window = linop_crop(t->dev, s->g.window, s->domain, (position){ 0 });
	p->gradient = linop_gradient(t->dev, s->domain, p->axes, BORDER_PERIODIC, apart);
	p->inverse = linop_convolve_inverse(p->m, p->mu1, p->mu2, p->mu3, apart);
	report_number(t->report, "mu1", p->mu1);
	report_number(t->report, "mu2", p->mu2);
	report_number(t->report, "mu3", p->mu3);
}

/* A prior of `weight` whose steps on gradients are to be `step` long. */
static splits splits_for(double mu1, double weight, double step)
{
	return (splits){ .mu1 = mu1, .mu2 = weight > 0 && step > 0 ? weight / step : MU3, .mu3 = MU3 };
}

static bool admm(task *t, const deconv_data *d, deconv_stack *stack, void *tally, GError **err)
{
	deconv_tally *sum = tally;
	g_auto(deconv_scene) s = { 0 };
	double noise;
	if (!deconv_scene_load(&s, t, d, stack, err) || !deconv_scene_noise(&noise, t, &s, stack, err))
		return false;
	double tau = deconv_scene_weight(t, &s, 1, TV_OF_NOISE * noise);
	g_auto(splits) k = splits_for(TV_MU1, tau, TV_STEP * s.mean);
	listener l = listener_new(t->watch, stack->number, stack->count);
	const stop_rule stop = deconv_stop_rule(t, &l);
	splits_load(&k, t, &d->apart, &s, stack);
	/* W is 0 or 1: (W C)'W C is as diagonal as C'C, and the sum of its columns */
	if (stack->weights)
		k.window = linop_chain(linop_mask(array_copy(stack->weights), s.g.window), k.window);
	const admm_problem p = {
		.m = k.m, .crop = k.window, .gradient = k.gradient, .b = s.b, .tau = tau,
		.mu1 = k.mu1, .mu2 = k.mu2, .mu3 = k.mu3,
		.isotropic = true, .nonnegative = true, .order = ADMM_TUTORIAL, .inverse = k.inverse
	};
	if (!admm_reference(s.x, &p, &stop, err) || !listener_sound(&l, s.x, err))
		return false;
	deconv_scene_take(&s, stack->result);
	sum->objective += inverse_objective(&(inverse_problem){ s.a, s.b, NULL }, s.x) +
		tau * tv_value(k.gradient, s.x, k.axes, true);
	sum->iterations = MAX(sum->iterations, l.iterations);
	return true;
}


/* --- hyper-Laplacian -------------------------------------------------------------------------- */

/*
 * Krishnan and Fergus (Adv. Neural Inf. Process. Syst. 22, 2009): gradients of photographs are
 * spread as exp(-|g|^(2/3)) is.  They alternate the same two steps without the mask and the dual
 * variables.  The weight in units of the picture's mean and noise, and what is called no edge, were
 * the best for five photographs with Gaussian, disk and motion blur and noise of 0.5 to 7.5 in 255.
 * Less than the square of the noise, as the likeliest picture is flatter than photographs are.
 */
#define HYPER_WEIGHT 0.12
#define HYPER_NOISE 1.4         /* the power of the noise */
#define HYPER_FOUND 4           /* times as much with a kernel that was found, for its errors */
#define HYPER_EDGE 0.015        /* of the mean */
#define HYPER_MU1 0.05
#define LEAST_NOISE 1e-3        /* of the mean */

/* false: no memory */
static bool hyper_weight(double *weight, const task *t, const deconv_scene *s,
	const deconv_stack *stack, double exponent, GError **err)
{
	double noise = noise_deviation(&stack->y_here, stack->weights ? &stack->weights_here : NULL, err);
	double share = fmax(noise / fmax(s->mean, 1e-30), LEAST_NOISE);
	report_number(t->report, "noise", noise);
	*weight = deconv_scene_weight(t, s, 2 - exponent,
		HYPER_WEIGHT * (deconv_finds_kernel(t) ? HYPER_FOUND : 1) * pow(share, HYPER_NOISE) *
		pow(s->mean, 2 - exponent));
	return !isnan(noise);
}

/*
 * What there must be at least: y where it is saturated, less the background; no bound elsewhere.
 * Maps of the camera make the level vary.
 */
#define CLIPPED 0.9

static array *lower_bounds(const deconv_data *d, const deconv_stack *stack)
{
	array *bound = array_copy(stack->y);
	vec_cut_below(bound, (float)(CLIPPED * d->saturation));
	return bound;
}

/* y less the background, and the bound where y is not believed. */
static array *data_or_bounds(const deconv_data *d, const deconv_stack *stack, const array *bound)
{
	array *b = deconv_where_believed(stack, bound);
	if (!isnan(d->background))
		vec_shift(b, (float)-d->background);
	return b;
}

/* x at the mean, and highlights as bright as they are at least, or they would overshoot. */
static void begin_bright(const deconv_scene *s, const array *bound)
{
	g_autoptr(linop) seen = linop_crop(bound->dev, bound->shape, s->domain, s->g.at);
	g_autoptr(array) more = array_copy(bound);
	vec_shift(more, (float)-s->mean);
	vec_clamp(more, 0, INFINITY);
	linop_adjoint(seen, s->x, more);
	vec_shift(s->x, (float)s->mean);
}

static bool hyper_laplacian(task *t, const deconv_data *d, deconv_stack *stack, void *tally,
	GError **err)
{
	const deconv_options *o = t->options;
	deconv_tally *sum = tally;
	int root = o->exponent == EXPONENT_HALF ? 2 : 3;
	double weight;
	g_auto(deconv_scene) s = { 0 };
	if (!deconv_scene_load(&s, t, d, stack, err) ||
	    !hyper_weight(&weight, t, &s, stack, 1 - 1.0 / root, err))
		return false;
	g_auto(splits) k = splits_for(HYPER_MU1, weight, power_step_for(root, HYPER_EDGE * s.mean));
	listener l = listener_new(t->watch, stack->number, stack->count);
	const stop_rule stop = deconv_stop_rule(t, &l);
	splits_load(&k, t, &d->apart, &s, stack);
	g_autoptr(array) bound = lower_bounds(d, stack);
	g_autoptr(array) b = data_or_bounds(d, stack, bound);
	begin_bright(&s, bound);
	g_autoptr(prox) g = prox_power((float)weight, root, k.axes);
	const split_problem p = {
		.m = k.m, .crop = k.window, .k = k.gradient, .b = b, .exact = stack->weights, .g = g,
		.mu1 = k.mu1, .mu2 = k.mu2, .mu3 = k.mu3, .spread = { 1 / k.mu2, 1 / k.mu2 }, .inverse = k.inverse
	};
	if (!solve_split(s.x, &p, &stop, err) || !listener_sound(&l, s.x, err))
		return false;
	deconv_scene_take(&s, stack->result);
	g_autoptr(array) differences = linop_new_range(k.gradient);
	linop_apply(k.gradient, differences, s.x);
	sum->objective += inverse_objective(&(inverse_problem){ s.a, s.b, NULL }, s.x) +
		prox_value(g, differences);
	sum->iterations = MAX(sum->iterations, l.iterations);
	return true;
}

bool deconv_admm(task *t, const deconv_data *d, array *result, GError **err)
{
	return deconv_run(t, d, result, admm, err);
}

bool deconv_hyper_laplacian(task *t, const deconv_data *d, array *result, GError **err)
{
	return deconv_run(t, d, result, hyper_laplacian, err);
}
