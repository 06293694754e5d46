/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-pnp.c - plug and play: ADMM in which non-local means stand for the prior */
#include "mode/lensless-pnp.h"

#include <math.h>
#include <stdlib.h>
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"
#include "mode/lensless-listen.h"

/* On the device where it is solved: v on the whole grid, b in its upper left corner. */
typedef struct {
	linop *m, *crop, *identity, *inverse;
	array *b, *v;
	prox *denoiser;
	double gain, level;     /* largest |H|^2; scene value that would explain the mean of b */
} scene;

static void scene_clear(scene *s)
{
	linop_free(s->m);
	linop_free(s->crop);
	linop_free(s->identity);
	linop_free(s->inverse);
	array_free(s->b);
	array_free(s->v);
	prox_free(s->denoiser);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(scene, scene_clear)

static double knob(const char *name, double normal)
{
	const char *e = getenv(name);
	return e ? atof(e) : normal;
}

static bool scene_load(scene *s, const task *t, const lensless_data *d, GError **err)
{
	g_autoptr(array) psf = array_move(d->psf, t->dev);
	shape grid = { d->b->shape.c, 1, d->grid.y, d->grid.x };
	const nlm_settings nlm = { (int)knob("PATCH", 1), (int)knob("SEARCH", 5), (float)knob("STRENGTH", 0.55), BORDER_PERIODIC };
	s->b = array_move(d->b, t->dev);
	s->v = array_new(t->dev, REAL, grid);
	s->m = linop_convolve(t->dev, grid, psf, psf_origin(psf->shape, grid), 2);
	s->crop = linop_crop(t->dev, s->b->shape, grid, (position){ 0 });
	s->identity = linop_identity(t->dev, grid);
	s->denoiser = prox_nlm(&nlm);
	if (!device_ok(t->dev, err))
		return false;
	s->gain = linop_norm2(s->m);
	s->level = fabs(vec_sum(d->b)) / (double)shape_count(d->b->shape) / sqrt(s->gain);
	return true;
}

static split_problem problem_for(const task *t, scene *s)
{
	const lensless_options *o = t->options;
	double n0 = knob("N0", 1), n1 = knob("N1", 0.1);
	double sigma = (isnan(o->noise) ? 1 : o->noise) * s->level;
	double mu1 = knob("MU1", 0.316), unit = mu1 * s->gain;
	split_problem p = {
		.m = s->m, .crop = s->crop, .k = s->identity, .b = s->b, .g = s->denoiser,
		.mu1 = mu1, .mu2 = knob("MU2", 0.01) * unit, .mu3 = knob("MU3", 0.01) * unit,
		.spread = { n0 * n0 * sigma * sigma, n1 * n1 * sigma * sigma },
		.background = o->background != 2
	};
	s->inverse = linop_convolve_inverse(s->m, p.mu1, 0, p.mu2 + p.mu3);
	p.inverse = s->inverse;
	return p;
}

bool lensless_pnp(task *t, const lensless_data *d, array *result, GError **err)
{
	const lensless_options *o = t->options;
	g_auto(scene) s = { 0 };
	listener l = listener_for(t, 0, 1);
	if (!scene_load(&s, t, d, err))
		return false;
	const split_problem p = problem_for(t, &s);
	const stop_rule stop = { o->iterations > 0 ? o->iterations : 20, o->tolerance, &l.base };
	if (!solve_split(s.v, &p, &stop, err) || !listener_sound(&l, s.v, err))
		return false;
	if (knob("FINAL", 0) > 0)
		prox_step(s.denoiser, s.v, (float)(knob("FINAL",0)*p.spread[1]));
	vec_clamp(s.v, 0, INFINITY);
	g_autoptr(array) part = linop_new_range(s.crop);
	linop_apply(s.crop, part, s.v);
	array_assign(result, part);
	report_integer(t->report, "iterations", l.iterations);
	report_number(t->report, "noise", sqrt(p.spread[1]));
	report_number(t->report, "mu1", p.mu1);
	report_number(t->report, "mu2", p.mu2);
	report_number(t->report, "mu3", p.mu3);
	return device_ok(t->dev, err);
}
