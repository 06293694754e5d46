/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-gradient.c - FISTA, momentum and plain gradient descent, for planes, volumes and
 * separable masks, and ADMM for the last two */
#include "mode/lensless-gradient.h"

#include <math.h>
#include "core/error.h"
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"
#include "mode/lensless-admm.h"
#include "mode/lensless-separable.h"
#include "mode/listener.h"

/* One channel on the device where it is solved: v on the whole grid, b in its upper left corner. */
typedef struct {
	const lensless_data *data;      /* borrowed */
	int64_t channel;
	linop *m, *window, *a, *crop;   /* a = window . m, and what takes means out where wanted */
	array *b, *v;
	double tau;
	prox *g;
} scene;

typedef bool solver(scene *s, const task *t, const stop_rule *stop, GError **err);

static void scene_clear(scene *s)
{
	linop *all[] = { s->m, s->window, s->a, s->crop };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		linop_free(all[i]);
	array_free(s->b);
	array_free(s->v);
	prox_free(s->g);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(scene, scene_clear)

static bool scene_load_separable(scene *s, const task *t, GError **err)
{
	const array *l = s->data->left, *r = s->data->right;
	array b = array_channel(s->data->b, s->channel);
	array left = array_channel(l, l->shape.c == 1 ? 0 : s->channel);
	array right = array_channel(r, r->shape.c == 1 ? 0 : s->channel);
	g_autoptr(array) left_moved = array_move(&left, t->dev);
	g_autoptr(array) right_moved = array_move(&right, t->dev);
	s->b = array_move(&b, t->dev);
	s->a = linop_separable(s->data->grid, left_moved, right_moved);
	s->a->norm2 = separable_gain(s->data, s->channel);
	s->v = linop_new_domain(s->a);
	s->crop = linop_identity(t->dev, s->data->grid);
	return device_ok(t->dev, err);
}

/* A volume of one plane is a plane: one operator for both. */
static bool scene_load(scene *s, const task *t, const lensless_data *d, int64_t i, GError **err)
{
	s->data = d;
	s->channel = i;
	if (d->left)
		return scene_load_separable(s, t, err);
	array b = array_channel(d->b, i);
	array psf = array_channel(d->psf, d->psf->shape.c == 1 ? 0 : i);
	g_autoptr(array) moved = array_move(&psf, t->dev);
	shape grid = { 1, psf.shape.z, d->grid.y, d->grid.x }, flat = { 1, 1, d->grid.y, d->grid.x };
	shape part = { 1, psf.shape.z, b.shape.y, b.shape.x };
	const position corner = { 0 };
	s->b = array_move(&b, t->dev);
	s->v = array_new(t->dev, REAL, grid);
	s->window = linop_crop(t->dev, b.shape, flat, corner);
	s->m = linop_convolve_sum(t->dev, grid, moved, psf_origin(psf.shape, grid));
	s->a = linop_chain(linop_ref(s->window), linop_ref(s->m));
	s->crop = linop_crop(t->dev, part, grid, corner);
	return device_ok(t->dev, err);
}

/*
 * The constant that explains most beside A v is the mean of b - A v: with P taking means out, the
 * misfit is then 1/2 |P A v - P b|^2.
 */
static void fit_background(scene *s)
{
	g_autoptr(array) b = s->b;
	linop *p = linop_without_mean(b->dev, b->shape);
	s->b = array_like(b);
	linop_apply(p, s->b, b);
	s->a = linop_chain(p, s->a);
}

/* --- weights ---------------------------------------------------------------------------------- */

/* The largest |M'C'b| of all channels, b as it came; see --tv-weight. */
static bool data_size(const task *t, const lensless_data *d, double *size, GError **err)
{
	*size = 0;
	for (int64_t i = 0; i < d->b->shape.c; i++) {
		g_auto(scene) s = { 0 };
		if (!scene_load(&s, t, d, i, err))
			return false;
		linop_adjoint(s.a, s.v, s.b);
		*size = MAX(*size, (double)vec_max_abs(s.v));
	}
	return device_ok(t->dev, err);
}

/* weight: where the options give none */
static bool choose_tau(const task *t, const lensless_data *d, double weight, double *tau,
	GError **err)
{
	const lensless_options *o = t->options;
	double size;
	*tau = 0;
	if (isnan(o->tau) && isnan(o->tv_weight) && weight == 0)
		return true;
	if (!data_size(t, d, &size, err))
		return false;
	*tau = !isnan(o->tau) ? o->tau : (!isnan(o->tv_weight) ? o->tv_weight : weight) * size;
	report_number(t->report, "tau", *tau);
	report_number(t->report, "tv_weight", size > 0 ? *tau / size : NAN);
	return true;
}

/*
 * As the fused ADMM has it: differences wrap around the grid, but not where the grid is the
 * picture.  Few inner steps do, as each begins where the last one ended.
 */
static prox *prior(const task *t, const scene *s, double tau)
{
	const lensless_options *o = t->options;
	const tv_settings tv = {
		.axes = 2, .border = s->data->left ? BORDER_REPLICATE : BORDER_PERIODIC,
		.isotropic = o->tv != 0, .nonnegative = true,
		.iterations = 10, .tolerance = 0, .warm = true
	};
	return tau > 0 ? prox_tv(t->dev, s->v->shape, (float)tau, &tv) : prox_nonnegative();
}

/* --- solving ---------------------------------------------------------------------------------- */

/* How a method goes about it. */
typedef struct {
	solver *solve;
	int64_t iterations;     /* where none were given */
	double weight;          /* of TV where none was given */
	bool splits;            /* TV is the solver's own affair, and no constant can be fitted */
	bool penalty;           /* it goes by a penalty, not by a step */
} approach;

static bool solve_scene(scene *s, const task *t, const approach *how, listener *l, GError **err)
{
	const lensless_options *o = t->options;
	const stop_rule stop = {
		o->iterations > 0 ? o->iterations : how->iterations, o->tolerance, &l->base
	};
	l->step = how->penalty ? separable_penalty(s->data) : 1 / linop_norm2(s->a);
	vec_fill(s->v, 0);
	return how->solve(s, t, &stop, err) && listener_sound(l, s->v, err);
}

static bool reconstruct(task *t, const lensless_data *d, const approach *how, array *result,
	GError **err)
{
	double tau, objective = 0;
	int64_t most = 0;
	if (!choose_tau(t, d, how->weight, &tau, err))
		return false;
	for (int64_t i = 0; i < d->b->shape.c; i++) {
		g_auto(scene) s = { 0 };
		listener l = listener_new(t->watch, i, d->b->shape.c);
		if (!scene_load(&s, t, d, i, err))
			return false;
		s.tau = tau;
		if (!how->splits) {
			if (lensless_fits_background(t, d))
				fit_background(&s);
			s.g = prior(t, &s, tau);
		}
		if (!solve_scene(&s, t, how, &l, err))
			return false;
		objective += how->splits ? l.objective :
			inverse_objective(&(inverse_problem){ s.a, s.b, s.g }, s.v);
		most = MAX(most, l.iterations);
		g_autoptr(array) part = linop_new_range(s.crop);
		array to = array_channel(result, i);
		linop_apply(s.crop, part, s.v);
		array_assign(&to, part);
	}
	report_integer(t->report, "iterations", most);
	report_number(t->report, "objective", objective);
	return device_ok(t->dev, err);
}

/* --- the methods ------------------------------------------------------------------------------ */

enum { ITERATIONS = 300, SPLIT_ITERATIONS = 50 };

/* Of TV for separable masks, in units of the largest |A'b|. */
#define SEPARABLE_TV_WEIGHT 0.003

static inverse_problem inverse_of(const scene *s)
{
	return (inverse_problem){ s->a, s->b, s->g };
}

static bool fista(scene *s, const task *t, const stop_rule *stop, GError **err)
{
	(void)t;
	const inverse_problem p = inverse_of(s);
	const fista_settings settings = { .restart = true };
	return solve_fista(s->v, &p, &settings, stop, err);
}

static bool nesterov(scene *s, const task *t, const stop_rule *stop, GError **err)
{
	(void)t;
	const inverse_problem p = inverse_of(s);
	const double momentum = 0.9;    /* LenslessPiCam's */
	return solve_nesterov(s->v, &p, 1 / linop_norm2(s->a), momentum, stop, err);
}

static bool descent(scene *s, const task *t, const stop_rule *stop, GError **err)
{
	(void)t;
	const inverse_problem p = inverse_of(s);
	return solve_gradient(s->v, &p, 1 / linop_norm2(s->a), stop, err);
}

/* Each 2-D frequency couples the depths by a matrix of rank one, which is inverted exactly. */
static bool admm(scene *s, const task *t, const stop_rule *stop, GError **err)
{
	const lensless_options *o = t->options;
	double gain = linop_norm2(s->m), light = fabs(vec_sum(s->b)) / (double)shape_count(s->b->shape);
	double level = gain > 0 ? light / sqrt(gain) : 0;
	const admm_penalties mu = lensless_penalties(t, level, gain, s->tau);
	double mu1 = (double)mu.mu1, mu2 = (double)mu.mu2, mu3 = (double)mu.mu3;
	g_autoptr(linop) gradient = linop_gradient(t->dev, s->v->shape, 2, BORDER_PERIODIC, NULL);
	g_autoptr(linop) inverse = linop_convolve_sum_inverse(s->m, mu1, mu2, mu3);
	const admm_problem p = {
		.m = s->m, .crop = s->window, .gradient = gradient, .b = s->b, .mu1 = mu1, .mu2 = mu2,
		.mu3 = mu3, .tau = s->tau, .isotropic = o->tv < 0 ? !o->compat : o->tv == 1,
		.nonnegative = true, .inverse = inverse,
		.order = o->compat == COMPAT_LENSLESSPICAM ? ADMM_LPC : ADMM_TUTORIAL
	};
	bool ok = admm_reference(s->v, &p, stop, err);
	vec_clamp(s->v, 0, INFINITY);
	return ok;
}

/* The data's step of a separable mask is known by its singular values. */
static bool douglas_rachford(scene *s, const task *t, const stop_rule *stop, GError **err)
{
	(void)t;
	g_auto(separable_split) parts = { 0 };
	const inverse_problem p = inverse_of(s);
	return separable_split_load(&parts, s->data, s->channel, s->v->dev, err) &&
		solve_douglas_rachford(s->v, &p, &parts.step, stop, err);
}

bool lensless_fista(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, &(approach){ .solve = fista, .iterations = ITERATIONS }, result, err);
}

bool lensless_nesterov(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, &(approach){ .solve = nesterov, .iterations = ITERATIONS }, result, err);
}

bool lensless_descent(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, &(approach){ .solve = descent, .iterations = ITERATIONS }, result, err);
}

bool lensless_stack(task *t, const lensless_data *d, array *result, GError **err)
{
	const lensless_options *o = t->options;
	if (o->background == BACKGROUND_FIT) {
		error_set(err, RELUMINE_BAD_USAGE, "--background", "use --method fista, or leave it out",
			"--method admm fits no constant beside a volume");
		return false;
	}
	const approach how = { admm, SPLIT_ITERATIONS, LENSLESS_TV_WEIGHT, true, false };
	return reconstruct(t, d, &how, result, err);
}

bool lensless_split(task *t, const lensless_data *d, array *result, GError **err)
{
	const approach how = { douglas_rachford, SPLIT_ITERATIONS, SEPARABLE_TV_WEIGHT, false, true };
	return reconstruct(t, d, &how, result, err);
}
