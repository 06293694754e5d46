/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-gradient.c - FISTA, momentum, plain descent, ADMM with one copy: planes and volumes */
#include "mode/lensless-gradient.h"

#include <math.h>
#include "core/error.h"
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"
#include "mode/lensless-separable.h"

/*
 * One channel on the device where it is solved: v on the whole grid, b in its upper left corner.
 */
typedef struct {
	const lensless_data *data;      /* borrowed */
	int64_t channel;
	linop *a, *crop;
	array *b, *v;
	prox *g;
} scene;

typedef struct {
	bool (*solve)(const scene *s, const inverse_problem *p, const stop_rule *stop, GError **err);
	double weight;          /* --tv-weight where there is none */
	int64_t iterations;     /* the same of --iterations */
	bool split;             /* goes by a penalty, not by a step */
} approach;

static void scene_clear(scene *s)
{
	linop_free(s->a);
	linop_free(s->crop);
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
	s->a = linop_chain(linop_crop(t->dev, b.shape, flat, corner),
		linop_convolve_sum(t->dev, grid, moved, psf_origin(psf.shape, grid)));
	s->crop = linop_crop(t->dev, part, grid, corner);
	return device_ok(t->dev, err);
}

/*
 * The constant that explains most beside A v is the mean of b - A v: with P taking means out, the
 * misfit is then 1/2 |P A v - P b|^2.  Even light in the scene then costs nothing: with many depths
 * too much of it comes up, so volumes do without unless told.  Separable masks have --means.
 */
static void fit_background(const task *t, scene *s)
{
	const lensless_options *o = t->options;
	bool automatic = !o->compat && s->v->shape.z == 1 && !s->data->left;
	if (o->background != 1 && (o->background != 0 || !automatic))
		return;
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

static bool choose_tau(const task *t, const lensless_data *d, double fallback, double *tau,
	GError **err)
{
	const lensless_options *o = t->options;
	double size;
	*tau = 0;
	double weight = isnan(o->tv_weight) ? fallback : o->tv_weight;
	if (isnan(o->tau) && weight <= 0)
		return true;
	if (!data_size(t, d, &size, err))
		return false;
	*tau = !isnan(o->tau) ? o->tau : weight * size;
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

/* Tells the task's watch of a solver that knows of no channels, and remembers what it heard. */
typedef struct {
	watch base;
	watch *outer;
	int64_t channel, channels, iterations;
	double step;
	bool stopped;
} listener;

static bool hear(watch *w, const iteration_note *note)
{
	listener *l = (listener *)w;
	iteration_note n = *note;
	n.channel = l->channel;
	n.channels = l->channels;
	n.mu1 = l->step;
	l->iterations = n.iteration;
	l->stopped = !watch_tick(l->outer, &n);
	return !l->stopped;
}

static bool sound(const scene *s, const listener *l, GError **err)
{
	if (l->stopped) {
		error_set(err, RELUMINE_STOPPED, NULL, NULL, "stopped at iteration %" G_GINT64_FORMAT,
			l->iterations);
		return false;
	}
	if (vec_finite(s->v))
		return true;
	error_set(err, RELUMINE_BAD_NUMBERS, NULL, "check the inputs with `relumine inspect`",
		"the reconstruction holds NaN or infinite numbers");
	return false;
}

static bool solve_scene(scene *s, const task *t, const approach *by, listener *l, GError **err)
{
	const lensless_options *o = t->options;
	const inverse_problem p = { s->a, s->b, s->g };
	const stop_rule stop = { o->iterations > 0 ? o->iterations : by->iterations, o->tolerance,
		&l->base };
	l->step = by->split ? separable_penalty(s->data) : 1 / linop_norm2(s->a);
	vec_fill(s->v, 0);
	return by->solve(s, &p, &stop, err) && sound(s, l, err);
}

static bool reconstruct(task *t, const lensless_data *d, const approach *by, array *result,
	GError **err)
{
	double tau, objective = 0;
	int64_t most = 0;
	if (!choose_tau(t, d, by->weight, &tau, err))
		return false;
	for (int64_t i = 0; i < d->b->shape.c; i++) {
		g_auto(scene) s = { 0 };
		listener l = { { .tick = hear, .wants_objective = watch_wants_objective(t->watch) },
			.outer = t->watch, .channel = i, .channels = d->b->shape.c };
		if (!scene_load(&s, t, d, i, err))
			return false;
		fit_background(t, &s);
		s.g = prior(t, &s, tau);
		if (!solve_scene(&s, t, by, &l, err))
			return false;
		objective += inverse_objective(&(inverse_problem){ s.a, s.b, s.g }, s.v);
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

/* In units of the largest |A'b|. */
#define SPLIT_TV_WEIGHT 0.003

static bool fista(const scene *s, const inverse_problem *p, const stop_rule *stop, GError **err)
{
	const fista_settings settings = { .restart = true };
	return solve_fista(s->v, p, &settings, stop, err);
}

static bool nesterov(const scene *s, const inverse_problem *p, const stop_rule *stop, GError **err)
{
	const double momentum = 0.9;    /* LenslessPiCam's */
	return solve_nesterov(s->v, p, 1 / linop_norm2(p->a), momentum, stop, err);
}

static bool descent(const scene *s, const inverse_problem *p, const stop_rule *stop, GError **err)
{
	return solve_gradient(s->v, p, 1 / linop_norm2(p->a), stop, err);
}

static bool split(const scene *s, const inverse_problem *p, const stop_rule *stop, GError **err)
{
	g_auto(separable_split) parts = { 0 };
	return separable_split_load(&parts, s->data, s->channel, s->v->dev, err) &&
		solve_split(s->v, p, &parts.step, stop, err);
}

bool lensless_fista(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, &(approach){ fista, 0, ITERATIONS, false }, result, err);
}

bool lensless_nesterov(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, &(approach){ nesterov, 0, ITERATIONS, false }, result, err);
}

bool lensless_descent(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, &(approach){ descent, 0, ITERATIONS, false }, result, err);
}

bool lensless_split(task *t, const lensless_data *d, array *result, GError **err)
{
	const approach by = { split, SPLIT_TV_WEIGHT, SPLIT_ITERATIONS, true };
	return reconstruct(t, d, &by, result, err);
}
