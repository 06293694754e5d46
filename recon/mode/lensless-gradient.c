/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-gradient.c - FISTA, momentum and plain gradient descent, for planes and volumes */
#include "mode/lensless-gradient.h"

#include <math.h>
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"
#include "mode/lensless-listen.h"

typedef bool solver(array *v, const inverse_problem *p, const stop_rule *stop, GError **err);

/* One channel on the device where it is solved: v on the whole grid, b in its upper left corner. */
typedef struct {
	linop *a, *crop;
	array *b, *v;
	prox *g;
} scene;

static void scene_clear(scene *s)
{
	linop_free(s->a);
	linop_free(s->crop);
	array_free(s->b);
	array_free(s->v);
	prox_free(s->g);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(scene, scene_clear)

/* A volume of one plane is a plane: one operator for both. */
static bool scene_load(scene *s, const task *t, const lensless_data *d, int64_t i, GError **err)
{
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
 * too much of it comes up, so volumes do without unless told.
 */
static void fit_background(const task *t, scene *s)
{
	const lensless_options *o = t->options;
	bool automatic = !o->compat && s->v->shape.z == 1;
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

static bool choose_tau(const task *t, const lensless_data *d, double *tau, GError **err)
{
	const lensless_options *o = t->options;
	double size;
	*tau = 0;
	if (isnan(o->tau) && isnan(o->tv_weight))
		return true;
	if (!data_size(t, d, &size, err))
		return false;
	*tau = !isnan(o->tau) ? o->tau : o->tv_weight * size;
	report_number(t->report, "tau", *tau);
	report_number(t->report, "tv_weight", size > 0 ? *tau / size : NAN);
	return true;
}

/* As the fused ADMM has it: differences wrap around the grid.  Few inner steps do, as each begins
 * where the last one ended. */
static prox *prior(const task *t, shape grid, double tau)
{
	const lensless_options *o = t->options;
	const tv_settings tv = {
		.axes = 2, .border = BORDER_PERIODIC, .isotropic = o->tv != 0, .nonnegative = true,
		.iterations = 10, .tolerance = 0, .warm = true
	};
	return tau > 0 ? prox_tv(t->dev, grid, (float)tau, &tv) : prox_nonnegative();
}

/* --- solving ---------------------------------------------------------------------------------- */

static bool solve_scene(scene *s, const task *t, solver *solve, listener *l, GError **err)
{
	const lensless_options *o = t->options;
	const inverse_problem p = { s->a, s->b, s->g };
	const stop_rule stop = { o->iterations > 0 ? o->iterations : 300, o->tolerance, &l->base };
	l->step = 1 / linop_norm2(s->a);
	vec_fill(s->v, 0);
	return solve(s->v, &p, &stop, err) &&
		listener_sound(l, s->v, err);
}

static bool reconstruct(task *t, const lensless_data *d, solver *solve, array *result, GError **err)
{
	double tau, objective = 0;
	int64_t most = 0;
	if (!choose_tau(t, d, &tau, err))
		return false;
	for (int64_t i = 0; i < d->b->shape.c; i++) {
		g_auto(scene) s = { 0 };
		listener l = listener_for(t, i, d->b->shape.c);
		if (!scene_load(&s, t, d, i, err))
			return false;
		fit_background(t, &s);
		s.g = prior(t, s.v->shape, tau);
		if (!solve_scene(&s, t, solve, &l, err))
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

static bool fista(array *v, const inverse_problem *p, const stop_rule *stop, GError **err)
{
	const fista_settings settings = { .restart = true };
	return solve_fista(v, p, &settings, stop, err);
}

static bool nesterov(array *v, const inverse_problem *p, const stop_rule *stop, GError **err)
{
	const double momentum = 0.9;    /* LenslessPiCam's */
	return solve_nesterov(v, p, 1 / linop_norm2(p->a), momentum, stop, err);
}

static bool descent(array *v, const inverse_problem *p, const stop_rule *stop, GError **err)
{
	return solve_gradient(v, p, 1 / linop_norm2(p->a), stop, err);
}

bool lensless_fista(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, fista, result, err);
}

bool lensless_nesterov(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, nesterov, result, err);
}

bool lensless_descent(task *t, const lensless_data *d, array *result, GError **err)
{
	return reconstruct(t, d, descent, result, err);
}
