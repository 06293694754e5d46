/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-fused.c - the fused ADMM against the published one, and its stopping rule */
#include <glib.h>
#include <math.h>
#include "math/fourier.h"
#include "math/op.h"
#include "math/solve.h"
#include "math/uniform.h"
#include "math/vec.h"

/* the fused solver's problem, whose window is the upper left corner of the grid */
typedef struct {
	device *dev;
	shape window, grid;
	array *psf, *b, *h, *v, *plain, *fused;
	linop *m, *crop, *gradient, *inverse;
} corner;

static void corner_clear(corner *c)
{
	linop *operators[] = { c->m, c->crop, c->gradient, c->inverse };
	array *arrays[] = { c->psf, c->b, c->h, c->v, c->plain, c->fused };
	for (size_t i = 0; i < G_N_ELEMENTS(operators); i++)
		linop_free(operators[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
		array_free(arrays[i]);
	device_free(c->dev);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(corner, corner_clear)

static corner corner_new(device *dev)
{
	corner c = { .dev = dev, .window = { 1, 1, 13, 10 }, .grid = { 1, 1, 28, 20 } };
	c.psf = array_new(dev, REAL, c.window);
	c.b = array_new(dev, REAL, c.window);
	c.v = array_new(dev, REAL, c.grid);
	c.plain = array_new(dev, REAL, c.window);
	c.fused = array_new(dev, REAL, c.window);
	array_fill_uniform(c.psf, 5);
	array_fill_uniform(c.b, 6);
	c.h = psf_spectrum(c.psf, c.grid, NULL);
	c.m = linop_convolve(dev, c.grid, c.psf, psf_origin(c.window, c.grid), 2);
	c.crop = linop_crop(dev, c.window, c.grid, (position){ 0, 0, 0 });
	c.gradient = linop_gradient(dev, c.grid, 2, BORDER_PERIODIC, NULL);
	c.inverse = linop_convolve_inverse(c.m, 0.5, 0.1, 0.2, NULL);
	return c;
}

/* kind: bit 0 isotropic, bit 1 order */
static admm_problem corner_problem(const corner *c, int kind)
{
	return (admm_problem){
		.m = c->m, .crop = c->crop, .gradient = c->gradient, .b = c->b, .mu1 = 0.5, .mu2 = 0.1,
		.mu3 = 0.2, .inverse = c->inverse, .tau = 0.3, .isotropic = kind & 1, .nonnegative = true,
		.order = kind & 2 ? ADMM_LPC : ADMM_TUTORIAL
	};
}

static admm_settings corner_settings(int kind, int64_t iterations)
{
	return (admm_settings){
		.tau = 0.3f, .isotropic = kind & 1, .order = kind & 2 ? ADMM_LPC : ADMM_TUTORIAL,
		.mu = { 0.5f, 0.1f, 0.2f }, .iterations = iterations, .channels = 1
	};
}

/* in both orders and norms */
static void fused_is_plain(void)
{
	g_auto(corner) c = corner_new(device_new("cpu", 2, NULL, NULL));
	const stop_rule stop = { 25, 0, NULL };
	for (int kind = 0; kind < 4; kind++) {
		admm_problem p = corner_problem(&c, kind);
		g_assert_true(admm_reference(c.v, &p, &stop, NULL));
		linop_apply(c.crop, c.plain, c.v);
		vec_clamp(c.plain, 0, INFINITY);
		const admm_settings set = corner_settings(kind, stop.iterations);
		admm_outcome outcome;
		g_assert_true(admm_tv(c.fused, c.b, c.h, c.grid, &set, NULL, &outcome, NULL));
		g_assert_cmpfloat(relative_change(c.fused, c.plain), <, 1e-5);
	}
}

/* the first notes that a solver left */
typedef struct {
	watch base;
	iteration_note notes[40];
	int64_t last;
} notebook;

static bool write_down(watch *w, const iteration_note *note)
{
	notebook *n = (notebook *)w;
	n->last = note->iteration;
	if (note->iteration <= 40)
		n->notes[note->iteration - 1] = *note;
	return true;
}

static notebook notebook_new(void)
{
	return (notebook){ .base = { .tick = write_down, .wants_objective = true } };
}

static void expect_close(double a, double b)
{
	g_assert_true(isfinite(b));
	g_assert_cmpfloat(fabs(a - b), <, 1e-4 * fabs(b) + 1e-6);
}

/* objective and residuals are those of the plain form, though the fused one never has u, w or M v
 * whole; tau / mu2 = 3 is more than the gradient, 0.003 is less */
static void residuals_on(device *dev)
{
	const double taus[] = { 0.3, 3e-4 };
	g_auto(corner) c = corner_new(dev);
	for (int kind = 0; kind < 8; kind++) {
		notebook plain = notebook_new(), fused = notebook_new();
		const stop_rule stop = { 40, 0, &plain.base };
		admm_problem p = corner_problem(&c, kind);
		admm_settings set = corner_settings(kind, stop.iterations);
		p.tau = taus[kind / 4];
		set.tau = (float)p.tau;
		admm_outcome outcome;
		g_assert_true(admm_reference(c.v, &p, &stop, NULL));
		g_assert_true(admm_tv(c.fused, c.b, c.h, c.grid, &set, &fused.base, &outcome, NULL));
		for (int k = 0; k < 40; k++) {
			expect_close(fused.notes[k].objective, plain.notes[k].objective);
			expect_close(fused.notes[k].primal, plain.notes[k].primal);
			expect_close(fused.notes[k].dual, plain.notes[k].dual);
		}
	}
}

static void residuals(void)
{
	residuals_on(device_new("cpu", 2, NULL, NULL));
}

/*
 * The constant is fitted with the scene: FISTA, which takes means out so that a constant costs
 * nothing, reaches the same least value of the same sum.
 */
static void background_on(device *dev)
{
	g_auto(corner) c = corner_new(dev);
	vec_shift(c.b, 0.7f);
	notebook n = notebook_new();
	admm_settings set = corner_settings(1, 3000);
	set.background = true;
	admm_outcome outcome;
	g_assert_true(admm_tv(c.fused, c.b, c.h, c.grid, &set, &n.base, &outcome, NULL));
	linop *p = linop_without_mean(dev, c.window);
	g_autoptr(linop) a = linop_chain(linop_ref(p), linop_chain(linop_ref(c.crop), linop_ref(c.m)));
	g_autoptr(array) level = array_like(c.b);
	linop_apply(p, level, c.b);
	linop_free(p);
	const tv_settings tv = { .axes = 2, .border = BORDER_PERIODIC, .isotropic = true,
		.nonnegative = true, .iterations = 40, .warm = true };
	g_autoptr(prox) g = prox_tv(dev, c.grid, 0.3f, &tv);
	const inverse_problem joint = { a, level, g };
	const fista_settings fista = { .restart = true };
	const stop_rule stop = { 2000, 0, NULL };
	vec_fill(c.v, 0);
	g_assert_true(solve_fista(c.v, &joint, &fista, &stop, NULL));
	g_assert_cmpfloat_with_epsilon(outcome.objective / inverse_objective(&joint, c.v), 1, 1e-3);
	linop *model = linop_chain(linop_ref(c.crop), linop_ref(c.m));
	linop_apply(model, c.plain, c.v);
	linop_free(model);
	double rest = (vec_sum(c.b) - vec_sum(c.plain)) / (double)shape_count(c.window);
	g_assert_cmpfloat(rest, >, 0.1);        /* or there would be nothing to fit */
	g_assert_cmpfloat_with_epsilon(outcome.background, rest, 0.1 * rest);
}

static void background(void)
{
	background_on(device_new("cpu", 2, NULL, NULL));
}

static device *opencl_device(void)
{
	device *dev = device_new("opencl", 1, NULL, NULL);
	if (!dev)
		g_test_skip("no OpenCL device on this machine");
	return dev;
}

static void residuals_opencl(void)
{
	device *dev = opencl_device();
	if (dev)
		residuals_on(dev);
}

/* Ends early, one iteration after all residuals were below, with a picture to show for it. */
static void fused_stops(void)
{
	for (int kind = 0; kind < 4; kind++) {
		g_auto(corner) c = corner_new(device_new("cpu", 2, NULL, NULL));
		notebook n = notebook_new();
		admm_settings set = corner_settings(kind, 100000), fixed = set;
		admm_outcome outcome;
		set.tolerance = 1e-4;
		g_assert_true(admm_tv(c.fused, c.b, c.h, c.grid, &set, &n.base, &outcome, NULL));
		g_assert_true(outcome.converged);
		g_assert_cmpint(outcome.iterations, ==, n.last);
		g_assert_cmpint(n.last, <, 100000);
		fixed.iterations = outcome.iterations;
		g_assert_true(admm_tv(c.plain, c.b, c.h, c.grid, &fixed, NULL, &outcome, NULL));
		g_assert_cmpfloat(relative_change(c.plain, c.fused), ==, 0);
		fixed.iterations = 5000;
		g_assert_true(admm_tv(c.plain, c.b, c.h, c.grid, &fixed, NULL, &outcome, NULL));
		g_assert_cmpfloat(relative_change(c.plain, c.fused), <, 2e-2);
	}
}

/* the fused form on OpenCL = on the CPU, in both orders and norms */
static void fused_opencl(void)
{
	for (int kind = 0; kind < 4; kind++) {
		device *dev = opencl_device();
		if (!dev)
			return;
		g_auto(corner) here = corner_new(device_new("cpu", 2, NULL, NULL)), there = corner_new(dev);
		admm_settings set = corner_settings(kind, 100);
		admm_outcome outcome;
		set.background = kind & 1;
		g_assert_true(admm_tv(here.fused, here.b, here.h, here.grid, &set, NULL, &outcome, NULL));
		g_assert_true(admm_tv(there.fused, there.b, there.h, there.grid, &set, NULL, &outcome, NULL));
		g_autoptr(array) moved = array_move(there.fused, here.dev);
		g_assert_cmpfloat(relative_change(moved, here.fused), <, 1e-4);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/admm-fused/is-plain", fused_is_plain);
	g_test_add_func("/admm-fused/residuals", residuals);
	g_test_add_func("/admm-fused/residuals-opencl", residuals_opencl);
	g_test_add_func("/admm-fused/background", background);
	g_test_add_func("/admm-fused/stops", fused_stops);
	g_test_add_func("/admm-fused/opencl", fused_opencl);
	return g_test_run();
}
