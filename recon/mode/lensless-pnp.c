/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-pnp.c - plug and play: ADMM in which non-local means stand for the prior */
#include "mode/lensless-pnp.h"

#include <math.h>
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"
#include "mode/listener.h"

/*
 * What is taken out at last, in units of the scene's level, and at first, in units of that; and
 * penalties, in units of the largest |H|^2 times mu1.  The best of about ten combinations on five
 * real captures of photographs; simulated ones of little light ask for more noise.
 */
#define DEFAULT_NOISE 0.2
#define NOISE_FALLS 5
#define MU1 0.316
#define MU2 0.005
#define MU3 0.01

/* The radii and the strength that Buades, Coll and Morel (Image Process. On Line 1, 2011) give for
 * colour and little noise, but of the search: 5 in place of 10, a fourth of the time. */
static const nlm_settings means = { 1, 5, 0.55f, BORDER_PERIODIC };

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

static bool scene_load(scene *s, const task *t, const lensless_data *d, GError **err)
{
	g_autoptr(array) psf = array_move(d->psf, t->dev);
	shape grid = { d->b->shape.c, 1, d->grid.y, d->grid.x };
	s->b = array_move(d->b, t->dev);
	s->v = array_new(t->dev, REAL, grid);
	s->m = linop_convolve(t->dev, grid, psf, psf_origin(psf->shape, grid), 2);
	s->crop = linop_crop(t->dev, s->b->shape, grid, (position){ 0 });
	s->identity = linop_identity(t->dev, grid);
	s->denoiser = prox_nlm(&means);
	if (!device_ok(t->dev, err))
		return false;
	s->gain = linop_norm2(s->m);
	s->level = vec_sum_abs(d->b) / (double)shape_count(d->b->shape) / sqrt(s->gain);
	return true;
}

static double given_or(double given, double automatic)
{
	return isnan(given) ? automatic : given;
}

static split_problem problem_for(const task *t, const lensless_data *d, scene *s)
{
	const lensless_options *o = t->options;
	double sigma = given_or(o->noise, DEFAULT_NOISE) * s->level;
	double mu1 = given_or(o->mu1, MU1), unit = mu1 * s->gain;
	split_problem p = {
		.m = s->m, .crop = s->crop, .k = s->identity, .b = s->b, .g = s->denoiser,
		.mu1 = mu1, .mu2 = given_or(o->mu2, MU2 * unit), .mu3 = given_or(o->mu3, MU3 * unit),
		.spread = { NOISE_FALLS * NOISE_FALLS * sigma * sigma, sigma * sigma },
		.background = lensless_fits_background(t, d)
	};
	s->inverse = linop_convolve_inverse(s->m, p.mu1, 0, p.mu2 + p.mu3, NULL);
	p.inverse = s->inverse;
	report_number(t->report, "noise", s->level > 0 ? sigma / s->level : NAN);
	report_number(t->report, "mu1", p.mu1);
	report_number(t->report, "mu2", p.mu2);
	report_number(t->report, "mu3", p.mu3);
	return p;
}

bool lensless_pnp(task *t, const lensless_data *d, array *result, GError **err)
{
	const lensless_options *o = t->options;
	g_auto(scene) s = { 0 };
	listener l = listener_new(t->watch, 0, 1);
	if (!scene_load(&s, t, d, err))
		return false;
	if (!(s.level > 0)) {           /* darkness */
		vec_fill(result, 0);
		return true;
	}
	const split_problem p = problem_for(t, d, &s);
	const stop_rule stop = {
		o->iterations > 0 ? o->iterations : d->noisy ? 20 : 60, o->tolerance, &l.base
	};
	vec_fill(s.v, 0);
	if (!solve_split(s.v, &p, &stop, err) || !listener_sound(&l, s.v, err))
		return false;
	vec_clamp(s.v, 0, INFINITY);
	g_autoptr(array) part = linop_new_range(s.crop);
	linop_apply(s.crop, part, s.v);
	array_assign(result, part);
	report_integer(t->report, "iterations", l.iterations);
	return device_ok(t->dev, err);
}
