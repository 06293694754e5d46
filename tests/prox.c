/* SPDX-License-Identifier: BSD-3-Clause */
/* prox.c - proximal operators against closed forms and against every nearby point */
#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/array.h"
#include "math/op.h"
#include "math/prox.h"
#include "math/uniform.h"
#include "math/vec.h"

static array *line(device *dev, int64_t n, const float *values)
{
	array *a = array_new(dev, REAL, (shape){ 1, 1, 1, n });
	array_upload(a, values);
	return a;
}

static void expect(const array *a, const double *values, double tolerance)
{
	int64_t n = shape_count(a->shape);
	g_autofree float *got = g_new(float, n);
	array_download(a, got);
	for (int64_t i = 0; i < n; i++)
		g_assert_cmpfloat_with_epsilon((double)got[i], values[i], tolerance);
}

static void closed_forms(void)
{
	static const float x[] = { -3, -0.5f, 0, 0.75f, 4 };
	static const struct {
		int which;
		double expected[5], value;
	} rows[] = {            /* t = 0.5; weight 2 */
		{ 0, { -2, 0, 0, 0, 3 }, 2 * 8.25 },
		{ 1, { 0, 0, 0, 0, 3 }, 2 * 8.25 },
		{ 2, { -1, -0.5, 0, 0.75, 1 }, 0 },
		{ 3, { 0, 0, 0, 0.75, 4 }, 0 },
		{ 4, { -1, 0.25, 0.5, 0.875, 2.5 }, 16 + 2.25 + 1 + 0.0625 + 9 },
	};
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(array) ones = line(dev, 5, (float[]){ 1, 1, 1, 1, 1 });
	prox *all[] = {
		prox_soft(2), prox_soft_nonnegative(2), prox_box(-1, 1), prox_nonnegative(),
		prox_quadratic(ones, 2)
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(prox) p = all[rows[i].which];
		g_autoptr(array) y = line(dev, 5, x);
		g_assert_cmpfloat_with_epsilon(prox_value(p, y), rows[i].value, 1e-5);
		prox_step(p, y, 0.5f);
		expect(y, rows[i].expected, 1e-6);
	}
}

/* the conjugate of |x|_1 is the box [-1, 1], whatever the step; that of 0 is the point 0 */
static void conjugate(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(prox) soft = prox_soft(1);
	g_autoptr(array) y = line(dev, 4, (float[]){ -3, -0.5f, 0.25f, 7 });
	prox_conjugate_step(soft, y, 0.3f);
	expect(y, (double[]){ -1, -0.5, 0.25, 1 }, 1e-6);
	prox_conjugate_step(NULL, y, 0.3f);
	expect(y, (double[]){ 0, 0, 0, 0 }, 1e-30);
}

/* vectors (3, 4) and (0.3, 0.4) with t = 1: lengths 5 and 0.5 become 4 and 0 */
static void group(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) u = array_new(dev, REAL, (shape){ 2, 1, 1, 2 });
	g_autoptr(prox) p = prox_group(1, 2);
	array_upload(u, (float[]){ 3, 0.3f, 4, 0.4f });
	g_assert_cmpfloat_with_epsilon(prox_value(p, u), 5.5, 1e-6);
	prox_step(p, u, 1);
	expect(u, (double[]){ 2.4, 0, 3.2, 0 }, 1e-6);
}

/* --- optimality by trial: no small step in any direction lowers 1/2 |x - b|^2 + t g(x) ------- */

static double cost(prox *p, const array *x, const array *b, double t)
{
	g_autoptr(array) d = array_copy(x);
	vec_subtract(d, b);
	return vec_dot(d, d) / 2 + t * prox_value(p, x);
}

static void try_everything(prox *p, shape s, float t, bool nonnegative)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(array) b = array_new(dev, REAL, s);
	array_fill_uniform(b, 11);
	g_autoptr(array) x = array_copy(b);
	prox_step(p, x, t);
	double best = cost(p, x, b, (double)t);
	for (uint64_t i = 0; i < 300; i++) {
		g_autoptr(array) other = array_new(dev, REAL, s);
		array_fill_uniform(other, 100 + i);
		vec_scale(other, powf(10, -(float)(i % 4)));
		vec_add(other, x);
		if (nonnegative)
			vec_clamp(other, 0, INFINITY);
		g_assert_cmpfloat(cost(p, other, b, (double)t), >=, best * (1 - 1e-5));
	}
	g_assert_true(device_ok(dev, NULL));
}

static void simple_optimal(void)
{
	shape s = { 2, 1, 5, 4 };
	g_autoptr(prox) soft = prox_soft(1);
	g_autoptr(prox) both = prox_soft_nonnegative(1);
	g_autoptr(prox) lengths = prox_group(1, 2);
	g_autoptr(prox) haar = prox_haar(1, 0);
	g_autoptr(prox) haar2 = prox_haar(1, 2);
	try_everything(soft, s, 0.3f, false);
	try_everything(both, s, 0.3f, true);
	try_everything(lengths, s, 0.3f, false);
	try_everything(haar, s, 0.3f, false);
	try_everything(haar2, (shape){ 1, 2, 7, 5 }, 0.3f, false);
}

/* --- powers ----------------------------------------------------------------------------------- */

static double power_cost(double z, double v, double t, int root)
{
	return (z - v) * (z - v) / 2 + t * pow(fabs(z), 1 - 1 / (double)root);
}

/* The step for each length against the least of a fine grid, below, near and far above the edge. */
static void power_by_trial(void)
{
	enum { LENGTHS = 60, STEPS = 20000 };
	static const double steps[] = { 1e-4, 0.02, 1, 300 };
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	for (int i = 0; i < 8; i++) {
		int root = 2 + i % 2;
		double t = steps[i / 2], edge = power_edge(root, t);
		g_autoptr(prox) p = prox_power(2, root, 2);
		g_autoptr(array) u = array_new(dev, REAL, (shape){ 2, 1, 1, LENGTHS });
		float values[2 * LENGTHS], got[2 * LENGTHS];
		g_assert_cmpfloat_with_epsilon(power_step_for(root, edge) / t, 1, 1e-9);
		for (int k = 0; k < LENGTHS; k++) {
			double v = edge * (k < 30 ? 0.05 + 0.05 * k : pow(10, (k - 30) / 5.0));
			values[k] = (float)(0.6 * v);
			values[LENGTHS + k] = (float)(-0.8 * v);
		}
		array_upload(u, values);
		prox_step(p, u, (float)(t / 2));
		array_download(u, got);
		for (int k = 0; k < LENGTHS; k++) {
			double v = (double)values[k] / 0.6, z = (double)got[k] / 0.6, best = INFINITY;
			for (int j = 0; j <= STEPS; j++)
				best = fmin(best, power_cost(v * j / STEPS, v, t, root));
			/* a float's rounding of v and z */
			double slack = 1e-6 * best + 1e-13 * v * v;
			g_assert_cmpfloat(power_cost(z, v, t, root), <=, best + slack);
			g_assert_cmpfloat_with_epsilon((double)got[LENGTHS + k], -0.8 * z, 1e-5 * v);
			g_assert_true((z > 0) == (v > edge) || fabs(v / edge - 1) < 1e-5);
		}
	}
}

/* 27^(2/3) + 8^(2/3) + 0, (3, 4): 5^(1/2) */
static void power_values(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(prox) two_thirds = prox_power(2, 3, 1);
	g_autoptr(prox) half = prox_power(1, 2, 2);
	g_autoptr(array) x = line(dev, 3, (float[]){ 27, -8, 0 });
	g_autoptr(array) u = array_new(dev, REAL, (shape){ 2, 1, 1, 1 });
	array_upload(u, (float[]){ 3, -4 });
	g_assert_cmpfloat_with_epsilon(prox_value(two_thirds, x), 26, 1e-5);
	g_assert_cmpfloat_with_epsilon(prox_value(half, u), sqrt(5), 1e-6);
	prox_step(half, u, 0);
	expect(u, (double[]){ 3, -4 }, 1e-30);
}

/* --- total variation ------------------------------------------------------------------------- */

static prox *tv(device *dev, shape s, tv_settings set)
{
	set.axes = set.axes ? set.axes : 2;
	set.border = set.border ? set.border : BORDER_REPLICATE;
	set.iterations = set.iterations ? set.iterations : 3000;
	return prox_tv(dev, s, 1, &set);
}

/*
 * A step of height h over n and m pixels: each flat part moves by t / its length towards the
 * other until they meet.
 */
static void tv_step_edge(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	for (int isotropic = 0; isotropic < 2; isotropic++) {
		g_autoptr(prox) p = tv(dev, (shape){ 1, 1, 1, 5 }, (tv_settings){ .isotropic = isotropic });
		g_autoptr(array) x = line(dev, 5, (float[]){ 1, 1, 4, 4, 4 });
		prox_step(p, x, 0.6f);
		expect(x, (double[]){ 1.3, 1.3, 3.8, 3.8, 3.8 }, 1e-5);
		prox_step(p, x, 20);
		expect(x, (double[]){ 2.8, 2.8, 2.8, 2.8, 2.8 }, 1e-4);
	}
}

/* Between planes that are d apart an edge costs 1 / d of its height: it sinks by as much less. */
static void tv_planes_apart(void)
{
	static const distances apart = { 3, 1, 1 };
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	for (int isotropic = 0; isotropic < 2; isotropic++) {
		g_autoptr(prox) p = tv(dev, (shape){ 1, 5, 1, 1 },
			(tv_settings){ .axes = 3, .isotropic = isotropic, .apart = &apart });
		g_autoptr(array) x = array_new(dev, REAL, (shape){ 1, 5, 1, 1 });
		array_upload(x, (float[]){ 1, 1, 4, 4, 4 });
		g_assert_cmpfloat_with_epsilon(prox_value(p, x), 1, 1e-6);
		prox_step(p, x, 0.6f);
		expect(x, (double[]){ 1.1, 1.1, 4 - 0.2 / 3, 4 - 0.2 / 3, 4 - 0.2 / 3 }, 1e-5);
	}
}

/* a block on a ring has two edges, so it sinks by 2 t / its length */
static void tv_block_on_ring(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(prox) p = tv(dev, (shape){ 1, 1, 1, 6 }, (tv_settings){ .border = BORDER_PERIODIC });
	g_autoptr(array) x = line(dev, 6, (float[]){ 3, 0, 0, 0, 0, 3 });
	prox_step(p, x, 0.5f);
	expect(x, (double[]){ 2.5, 0.25, 0.25, 0.25, 0.25, 2.5 }, 1e-5);
}

/* with x >= 0 the low side stays at 0: the constraint takes part in the minimum */
static void tv_nonnegative(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(prox) p = tv(dev, (shape){ 1, 1, 1, 3 }, (tv_settings){ .nonnegative = true });
	g_autoptr(array) x = line(dev, 3, (float[]){ -2, -2, 3 });
	prox_step(p, x, 1);
	expect(x, (double[]){ 0, 0, 2 }, 1e-5);
	prox_step(p, x, 0);
	expect(x, (double[]){ 0, 0, 2 }, 1e-5);
}

static void tv_optimal(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	static const distances apart = { 2.5, 1.4, 1 };
	static const tv_settings kinds[] = {
		{ 2, BORDER_REPLICATE, false, false, 2000, 0, false, NULL },
		{ 2, BORDER_PERIODIC, true, false, 2000, 0, false, NULL },
		{ 2, BORDER_REPLICATE, true, true, 2000, 0, true, NULL },
		{ 3, BORDER_PERIODIC, true, false, 2000, 0, false, NULL },
		{ 3, BORDER_REPLICATE, false, true, 2000, 0, false, NULL },
		{ 3, BORDER_REPLICATE, true, false, 2000, 0, false, &apart },
		{ 3, BORDER_PERIODIC, true, true, 2000, 0, false, &apart },
	};
	shape s = { 2, 3, 5, 4 };
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_autoptr(prox) p = tv(dev, s, kinds[i]);
		try_everything(p, s, 0.1f, kinds[i].nonnegative);
	}
}

/* a second warm step of 3 iterations is nearer to the answer than a cold one */
static void tv_warm_start(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	shape s = { 1, 1, 9, 9 };
	g_autoptr(array) b = array_new(dev, REAL, s);
	array_fill_uniform(b, 4);
	g_autoptr(prox) exact = tv(dev, s, (tv_settings){ 0 });
	g_autoptr(array) truth = array_copy(b);
	prox_step(exact, truth, 0.5f);
	double error[2];
	for (int warm = 0; warm < 2; warm++) {
		g_autoptr(prox) p = tv(dev, s, (tv_settings){ .iterations = 6, .warm = warm });
		g_autoptr(array) x = array_like(b);
		for (int i = 0; i < 3; i++) {
			vec_copy(x, b);
			prox_step(p, x, 0.5f);
		}
		vec_subtract(x, truth);
		error[warm] = vec_norm(x);
	}
	g_assert_cmpfloat(error[1], <, 0.7 * error[0]);
}

static void tv_tolerance(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(prox) p = tv(dev, (shape){ 1, 1, 1, 5 },
		(tv_settings){ .iterations = INT32_MAX, .tolerance = 1e-5f });
	g_autoptr(array) x = line(dev, 5, (float[]){ 1, 1, 4, 4, 4 });
	prox_step(p, x, 0.6f);  /* ends */
	expect(x, (double[]){ 1.3, 1.3, 3.8, 3.8, 3.8 }, 1e-2);
}

/* --- wavelets -------------------------------------------------------------------------------- */

/* (9, 1, 2, 8): details 8/r, -6/r (r = sqrt 2), then 0; all but the mean 5 go at a large weight */
static void haar(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(prox) p = prox_haar(1, 0);
	g_autoptr(array) x = line(dev, 4, (float[]){ 9, 1, 2, 8 });
	g_assert_cmpfloat_with_epsilon(prox_value(p, x), 14 / sqrt(2), 1e-5);
	prox_step(p, x, (float)sqrt(2));        /* details 6/r, -4/r */
	expect(x, (double[]){ 8, 2, 3, 7 }, 1e-5);
	prox_step(p, x, 100);
	expect(x, (double[]){ 5, 5, 5, 5 }, 1e-5);
}

/*
 * Below the threshold of any pair each pixel becomes the mean of its pairs' means: (2 x + up +
 * down + left + right + 2 x) / 8.  Above it, each edge loses t on either side.
 */
static void haar_cycle(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(prox) p = prox_haar_cycle(1, BORDER_REPLICATE);
	g_autoptr(array) x = line(dev, 3, (float[]){ 8, 0, 16 });
	g_assert_cmpfloat_with_epsilon(prox_value(p, x), 24, 1e-5);
	prox_step(p, x, 100);
	expect(x, (double[]){ 7, 3, 14 }, 1e-5);
	array_upload(x, (float[]){ 8, 0, 16 });
	prox_step(p, x, 0.5f);
	expect(x, (double[]){ 7.5, 1, 15.5 }, 1e-5);
}

/* --- OpenCL ---------------------------------------------------------------------------------- */

static void opencl(void)
{
	static const distances apart = { 2.5, 1.4, 1 };
	static const tv_settings set = { 3, BORDER_REPLICATE, true, true, 20, 0, false, &apart };
	g_autoptr(device) cpu = device_new("cpu", 2, NULL, NULL);
	g_autoptr(device) dev = device_new("opencl", 1, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device on this machine");
		return;
	}
	shape s = { 2, 3, 13, 18 };
	enum { KINDS = 9 };
	prox *kinds[2][KINDS];
	for (int i = 0; i < 2; i++) {
		prox *made[KINDS] = {
			prox_soft(1), prox_soft_nonnegative(1), prox_box(-0.5f, 0.25f), prox_group(1, 2),
			prox_haar(1, 0), prox_haar_cycle(0.2f, BORDER_PERIODIC),
			prox_tv(i ? dev : cpu, s, 1, &set), prox_power(0.2f, 2, 1), prox_power(0.3f, 3, 2)
		};
		memcpy(kinds[i], made, sizeof(made));
	}
	for (int k = 0; k < KINDS; k++) {
		g_autoptr(prox) here = kinds[0][k];
		g_autoptr(prox) there = kinds[1][k];
		g_autoptr(array) x = array_new(cpu, REAL, s);
		array_fill_uniform(x, 3);
		g_autoptr(array) y = array_move(x, dev);
		g_assert_cmpfloat_with_epsilon(prox_value(here, x), prox_value(there, y), 1e-3);
		prox_step(here, x, 0.3f);
		prox_step(there, y, 0.3f);
		g_autoptr(array) back = array_move(y, cpu);
		vec_subtract(back, x);
		g_assert_cmpfloat((double)vec_max_abs(back), <=, 1e-5);
	}
	g_assert_true(device_ok(dev, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/prox/closed-forms", closed_forms);
	g_test_add_func("/prox/conjugate", conjugate);
	g_test_add_func("/prox/group", group);
	g_test_add_func("/prox/optimal", simple_optimal);
	g_test_add_func("/prox/power/by-trial", power_by_trial);
	g_test_add_func("/prox/power/values", power_values);
	g_test_add_func("/prox/tv/edge", tv_step_edge);
	g_test_add_func("/prox/tv/planes-apart", tv_planes_apart);
	g_test_add_func("/prox/tv/block-on-ring", tv_block_on_ring);
	g_test_add_func("/prox/tv/nonnegative", tv_nonnegative);
	g_test_add_func("/prox/tv/optimal", tv_optimal);
	g_test_add_func("/prox/tv/warm-start", tv_warm_start);
	g_test_add_func("/prox/tv/tolerance", tv_tolerance);
	g_test_add_func("/prox/haar", haar);
	g_test_add_func("/prox/haar-cycle", haar_cycle);
	g_test_add_func("/prox/opencl", opencl);
	return g_test_run();
}
