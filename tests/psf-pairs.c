/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-pairs.c - the PSF from pairs: against a simulated sensor, dense algebra and known truths */
#include <glib.h>
#include <math.h>
#include "math/op.h"
#include "math/vec.h"
#include "stage/pairs.h"
#include "stage/simulate.h"
#include "tests/dense.h"
#include "tests/stage.h"

device *cpu;

static double noise(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c, z + 1, y + 3, x + 7) / 65521;
}

/* Captures of planes, by the simulator, which convolves another way. */
static array *captures_of(const array *scenes, const array *psf)
{
	array *all = array_like(scenes);
	for (int64_t k = 0; k < scenes->shape.z; k++) {
		array scene = array_plane(scenes, 0, k), to = array_plane(all, 0, k);
		g_autoptr(array) one = simulate_capture(&scene, psf, scene.shape.y, scene.shape.x, NULL);
		vec_copy(&to, one);
	}
	return all;
}

static const shape sizes[] = {
	{ 1, 1, 6, 8 }, { 1, 3, 7, 5 }, { 1, 2, 13, 12 }, { 1, 4, 2, 9 }, { 1, 2, 31, 37 }
};

static void model_is_the_simulated_sensor(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autoptr(array) scenes = make(sizes[i], noise);
		g_autoptr(array) h = make((shape){ 1, 1, sizes[i].y, sizes[i].x }, noise);
		g_autoptr(array) expected = captures_of(scenes, h);
		g_autoptr(linop) model = pairs_model(scenes);
		g_autoptr(array) found = linop_new_range(model);
		linop_apply(model, found, h);
		vec_subtract(found, expected);
		g_assert_cmpfloat((double)vec_max_abs(found), <, 1e-5 * (double)vec_max_abs(expected));
		g_assert_cmpfloat(linop_adjoint_gap(model, 3), <, 1e-6);
	}
}

static pairs_fit estimate(array *h, const array *scenes, const array *captures, double sparsity,
	int64_t iterations)
{
	pairs_fit fit = { .sparsity = sparsity, .stop = { iterations, 0, NULL } };
	vec_fill(h, 0);
	g_assert_true(pairs_estimate(h, scenes, captures, &fit, NULL));
	return fit;
}

/* Without a prior, and where no pixel is near 0, the answer is that of the normal equations. */
static void normal_equations(void)
{
	const shape s = { 1, 4, 5, 6 };
	g_autoptr(array) scenes = make(s, scrambled);
	vec_scale(scenes, 1 / 65521.0f);
	g_autoptr(array) truth = make((shape){ 1, 1, 5, 6 }, noise);
	vec_shift(truth, 1);
	g_autoptr(array) captures = captures_of(scenes, truth);
	g_autoptr(array) disturbed = make(s, noise);
	vec_axpy(captures, 0.05f, disturbed);
	g_autoptr(linop) model = pairs_model(scenes);
	g_autoptr(linop) a = linop_chain(linop_gradient(cpu, s, 2, BORDER_REPLICATE, NULL),
		linop_ref(model));
	g_autoptr(array) b = linop_new_range(a);
	g_autoptr(linop) gradient = linop_gradient(cpu, s, 2, BORDER_REPLICATE, NULL);
	linop_apply(gradient, b, captures);
	g_autofree float *packed = g_new(float, shape_count(b->shape));
	array_download(b, packed);
	g_autofree double *dense = normal_solution(a, packed, 0);
	double furthest = 0;
	for (int i = 0; i < 30; i++) {
		g_assert_cmpfloat(dense[i], >, 0.1);
		furthest = fmax(furthest, fabs(dense[i] - at(truth, 0, 0, i / 6, i % 6)));
	}
	g_assert_cmpfloat(furthest, >, 1e-3);   /* the disturbance moved it */
	g_autoptr(array) h = array_like(truth);
	estimate(h, scenes, captures, 0, 20000);
	expect(h, dense, 2e-3);
}

/* A point of light that the sensor sees at one pixel is a PSF of one pixel. */
static void a_point_stays(void)
{
	static const struct { int64_t y, x; } places[] = { { 8, 10 }, { 3, 14 }, { 12, 2 }, { 0, 0 } };
	const shape s = { 1, 3, 15, 18 };
	g_autoptr(array) scenes = make(s, noise);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		g_autoptr(array) truth = array_new(cpu, REAL, (shape){ 1, 1, s.y, s.x });
		vec_fill(truth, 0);
		array_row(truth, 0, 0, places[i].y)[places[i].x] = 1;
		g_autoptr(array) captures = captures_of(scenes, truth);
		g_autoptr(array) h = array_like(truth);
		estimate(h, scenes, captures, 1e-4, 400);
		vec_subtract(h, truth);
		g_assert_cmpfloat((double)vec_max_abs(h), <, 0.01);
	}
}

/* What falls on every pixel of a capture alike is not looked at. */
static void constants_do_not_count(void)
{
	g_autoptr(array) scenes = make((shape){ 1, 2, 12, 14 }, noise);
	g_autoptr(array) captures = make(scenes->shape, noise);
	g_autoptr(array) h = array_new(cpu, REAL, (shape){ 1, 1, 12, 14 });
	g_autoptr(array) again = array_like(h);
	estimate(h, scenes, captures, 0.02, 50);
	g_assert_cmpfloat((double)vec_max_abs(h), >, 0);
	for (int64_t k = 0; k < 2; k++) {
		array plane = array_plane(captures, 0, k);
		vec_shift(&plane, 0.5f + (float)k);
	}
	estimate(again, scenes, captures, 0.02, 50);
	vec_subtract(again, h);
	g_assert_cmpfloat((double)vec_max_abs(again), <, 1e-4 * (double)vec_max_abs(h));
}

/* The conditions of a minimum: A'(A h - b) + lambda is 0 where h > 0, and nowhere negative. */
static void minimum(void)
{
	const shape s = { 1, 3, 12, 14 };
	g_autoptr(array) scenes = make(s, noise);
	g_autoptr(array) captures = make(s, scrambled);
	vec_scale(captures, 1 / 65521.0f);
	g_autoptr(array) h = array_new(cpu, REAL, (shape){ 1, 1, s.y, s.x });
	pairs_fit fit = estimate(h, scenes, captures, 0.1, 5000);
	g_autoptr(linop) a = linop_chain(linop_gradient(cpu, s, 2, BORDER_REPLICATE, NULL),
		pairs_model(scenes));
	g_autoptr(linop) gradient = linop_gradient(cpu, s, 2, BORDER_REPLICATE, NULL);
	g_autoptr(array) b = linop_new_range(a);
	g_autoptr(array) r = linop_new_range(a);
	g_autoptr(array) slope = array_like(h);
	linop_apply(gradient, b, captures);
	linop_apply(a, r, h);
	vec_subtract(r, b);
	linop_adjoint(a, slope, r);
	vec_shift(slope, (float)fit.lambda);
	int lit = 0;
	for (int64_t i = 0; i < s.y * s.x; i++) {
		double v = at(h, 0, 0, i / s.x, i % s.x), g = at(slope, 0, 0, i / s.x, i % s.x);
		g_assert_cmpfloat(v, >=, 0);
		g_assert_cmpfloat(v > 0 ? fabs(g) : -g, <, 1e-3 * fit.lambda);
		lit += v > 0;
	}
	g_assert_cmpint(lit, >, 0);
	g_assert_cmpint(lit, <, (int)(s.y * s.x));
}

/* Factors 1/2 and 3/2, whose mean is 1, were in the captures upside down. */
static void exposures(void)
{
	g_autoptr(array) scenes = make((shape){ 1, 2, 12, 14 }, noise);
	g_autoptr(array) h = make((shape){ 1, 1, 12, 14 }, noise);
	g_autoptr(array) expected = captures_of(scenes, h);
	g_autoptr(array) captures = array_copy(expected);
	const float factor[] = { 2, 2 / 3.0f };
	for (int64_t k = 0; k < 2; k++) {
		array plane = array_plane(captures, 0, k);
		vec_scale(&plane, factor[k]);
	}
	pairs_expose(captures, scenes, h);
	vec_subtract(captures, expected);
	g_assert_cmpfloat((double)vec_max_abs(captures), <, 1e-4 * (double)vec_max_abs(expected));
}

static void nothing_to_learn(void)
{
	g_autoptr(array) scenes = make((shape){ 1, 1, 8, 8 }, noise);
	g_autoptr(array) captures = array_like(scenes);
	g_autoptr(array) h = array_like(scenes);
	vec_fill(captures, 3);
	estimate(h, scenes, captures, 0.02, 10);
	g_assert_cmpfloat((double)vec_max_abs(h), ==, 0);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/psf-pairs/model", model_is_the_simulated_sensor },
		{ "/psf-pairs/normal-equations", normal_equations },
		{ "/psf-pairs/point", a_point_stays },
		{ "/psf-pairs/constant", constants_do_not_count },
		{ "/psf-pairs/minimum", minimum },
		{ "/psf-pairs/exposures", exposures },
		{ "/psf-pairs/nothing", nothing_to_learn },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
