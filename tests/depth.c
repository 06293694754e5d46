/* SPDX-License-Identifier: BSD-3-Clause */
/* depth.c - many depths on one plane: the inverse that ADMM needs, and ADMM against FISTA */
#include <glib.h>
#include <math.h>
#include "math/op.h"
#include "math/solve.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "tests/stage.h"

device *cpu;

/* data M'M + smooth Psi'Psi + ridge, by operators that know nothing of the inverse */
static linop *normal_matrix(linop *m, shape s, float data, float smooth, float ridge)
{
	linop *gradient = linop_gradient(m->dev, s, 2, BORDER_PERIODIC, NULL);
	return linop_add(linop_scale(linop_normal(linop_ref(m)), data),
		linop_add(linop_scale(linop_normal(gradient), smooth),
			linop_scale(linop_identity(m->dev, s), ridge)));
}

static void check_depth_inverse(device *dev)
{
	static const shape sizes[][2] = {
		{ { 1, 3, 12, 10 }, { 1, 3, 5, 7 } }, { { 2, 4, 9, 15 }, { 2, 4, 9, 15 } },
		{ { 3, 2, 6, 7 }, { 1, 2, 3, 2 } }, { { 1, 1, 8, 8 }, { 1, 1, 8, 8 } }
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		shape s = sizes[i][0];
		g_autoptr(array) psf = array_new(dev, REAL, sizes[i][1]);
		g_autoptr(array) x = array_new(dev, REAL, s);
		array_fill_uniform(psf, 3);
		array_fill_uniform(x, 4);
		g_autoptr(linop) m = linop_convolve_sum(dev, s, psf, (position){ 0, 1, 1 });
		g_autoptr(linop) inverse = linop_convolve_sum_inverse(m, 0.3, 0.7, 0.5);
		g_autoptr(linop) matrix = normal_matrix(m, s, 0.3f, 0.7f, 0.5f);
		g_autoptr(array) solved = array_like(x);
		g_autoptr(array) again = array_like(x);
		linop_apply(inverse, solved, x);
		linop_apply(matrix, again, solved);
		vec_subtract(again, x);
		g_assert_cmpfloat((double)vec_max_abs(again), <, 1e-4);
		g_assert_cmpfloat(linop_adjoint_gap(inverse, 5), <, 1e-6);
		g_assert_true(device_ok(dev, NULL));
	}
}

static void inverse(void)
{
	check_depth_inverse(cpu);
}

static void inverse_on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (dev)
		check_depth_inverse(dev);
	else
		g_test_skip("no OpenCL device");
}

/* --- a volume seen through a window: two solvers with no step in common ----------------------- */

static const shape GRID = { 1, 3, 14, 18 }, FLAT = { 1, 1, 14, 18 }, WINDOW = { 1, 1, 7, 9 };
static const double TAU = 0.02;

typedef struct {
	linop *m, *crop, *gradient;
	array *b, *v;
} volume;

static void volume_clear(volume *s)
{
	linop_free(s->m);
	linop_free(s->crop);
	linop_free(s->gradient);
	array_free(s->b);
	array_free(s->v);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(volume, volume_clear)

static volume volume_new(void)
{
	g_autoptr(array) psf = array_new(cpu, REAL, (shape){ 1, 3, 4, 5 });
	array_fill_uniform(psf, 8);
	volume s = {
		linop_convolve_sum(cpu, GRID, psf, (position){ 0, 2, 2 }),
		linop_crop(cpu, WINDOW, FLAT, (position){ 0 }),
		linop_gradient(cpu, GRID, 2, BORDER_PERIODIC, NULL),
		array_new(cpu, REAL, WINDOW), array_new(cpu, REAL, GRID)
	};
	array_fill_uniform(s.b, 9);
	vec_fill(s.v, 0);
	return s;
}

static double objective(const volume *s)
{
	g_autoptr(linop) a = linop_chain(linop_ref(s->crop), linop_ref(s->m));
	const inverse_problem p = { a, s->b, NULL };
	return inverse_objective(&p, s->v) + TAU * tv_value(s->gradient, s->v, 2, false);
}

static double by_fista(void)
{
	g_auto(volume) s = volume_new();
	const tv_settings tv = { .axes = 2, .border = BORDER_PERIODIC, .nonnegative = true,
		.iterations = 30, .warm = true };
	g_autoptr(prox) g = prox_tv(cpu, GRID, (float)TAU, &tv);
	g_autoptr(linop) a = linop_chain(linop_ref(s.crop), linop_ref(s.m));
	const inverse_problem p = { a, s.b, g };
	const fista_settings settings = { .restart = true };
	const stop_rule stop = { 2000, 0, NULL };
	g_assert_true(solve_fista(s.v, &p, &settings, &stop, NULL));
	return objective(&s);
}

static double by_admm(void)
{
	g_auto(volume) s = volume_new();
	const double mu = 0.3;
	g_autoptr(linop) exact = linop_convolve_sum_inverse(s.m, mu, mu, mu);
	const admm_problem p = { .m = s.m, .crop = s.crop, .gradient = s.gradient, .b = s.b, .mu1 = mu,
		.mu2 = mu, .mu3 = mu, .tau = TAU, .nonnegative = true, .inverse = exact };
	const stop_rule stop = { 2000, 0, NULL };
	g_assert_true(admm_reference(s.v, &p, &stop, NULL));
	vec_clamp(s.v, 0, INFINITY);
	return objective(&s);
}

static void admm_and_fista_agree(void)
{
	double admm = by_admm(), fista = by_fista();
	g_test_message("ADMM %.7g, FISTA %.7g", admm, fista);
	g_assert_cmpfloat_with_epsilon(admm, fista, 1e-3 * fista);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/depth/inverse", inverse },
		{ "/depth/inverse-opencl", inverse_on_opencl },
		{ "/depth/admm-fista", admm_and_fista_agree },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
