/* SPDX-License-Identifier: BSD-3-Clause */
/* pnp.c - ADMM for a prior known by its step: closed forms, the published ADMM, a denoiser */
#include <glib.h>
#include <math.h>
#include "core/error.h"
#include "math/op.h"
#include "math/solve.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "mode/lensless-pnp.h"
#include "relumine.h"
#include "tests/stage.h"

device *cpu;

enum { H = 14, W = 16 };        /* of the sensor */

/* A cropped convolution with everything that solve_split borrows. */
typedef struct {
	linop *m, *crop, *k, *inverse;
	array *b, *v;
	prox *g;
	split_problem p;
} model;

static model model_new(const array *psf, shape grid, shape window, linop *k, prox *g)
{
	model a = {
		.m = linop_convolve(cpu, grid, psf, psf_origin(psf->shape, grid), 2),
		.crop = linop_crop(cpu, window, grid, (position){ 0 }), .k = k, .g = g,
		.b = array_new(cpu, REAL, window), .v = array_new(cpu, REAL, grid)
	};
	const double mu1 = 0.4, mu2 = 0.7, mu3 = 0.3;
	array_fill_uniform(a.b, 11);
	vec_shift(a.b, 0.2f);
	vec_fill(a.v, 0);
	a.inverse = k->range.shape.c > grid.c ? linop_convolve_inverse(a.m, mu1, mu2, mu3, NULL) :
		linop_convolve_inverse(a.m, mu1, 0, mu2 + mu3, NULL);
	a.p = (split_problem){ .m = a.m, .crop = a.crop, .k = k, .b = a.b, .g = g, .mu1 = mu1,
		.mu2 = mu2, .mu3 = mu3, .spread = { 1 / mu2, 1 / mu2 }, .inverse = a.inverse };
	return a;
}

static void model_clear(model *a)
{
	linop_free(a->m);
	linop_free(a->crop);
	linop_free(a->k);
	linop_free(a->inverse);
	array_free(a->b);
	array_free(a->v);
	prox_free(a->g);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(model, model_clear)

static double three_points(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return (y == 7 && x == 8) + 0.4 * (y == 10 && x == 6) + 0.3 * (y == 4 && x == 12);
}

static double one_point(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return y == H / 2 && x == W / 2;
}

/* --- with priors whose answer is known ------------------------------------------------------- */

/* With M = C = 1 every pixel stands alone: max(b - constant - weight, 0). */
static void expect_shrunk(const model *a, int64_t c, double weight, double constant)
{
	for (int64_t i = 0; i < H * W; i++) {
		double b = at(a->b, c, 0, i / W, i % W) - constant;
		g_assert_cmpfloat_with_epsilon(at(a->v, c, 0, i / W, i % W), fmax(b - weight, 0), 2e-5);
	}
}

static void closed_forms(void)
{
	const shape s = { 2, 1, H, W };
	const float weights[] = { 0, 0.3f };
	g_autoptr(array) psf = make((shape){ 1, 1, H, W }, one_point);
	for (size_t i = 0; i < G_N_ELEMENTS(weights); i++) {
		g_auto(model) a = model_new(psf, s, s, linop_identity(cpu, s),
			weights[i] > 0 ? prox_soft(weights[i]) : NULL);
		const stop_rule stop = { 400, 0, NULL };
		g_assert_true(solve_split(a.v, &a.p, &stop, NULL));
		for (int64_t c = 0; c < s.c; c++)
			expect_shrunk(&a, c, (double)weights[i], 0);
	}
}

/* What the best v leaves of channel c for a constant, on the mean. */
static double remainder_of(const model *a, int64_t c, double weight, double constant)
{
	double sum = 0;
	for (int64_t i = 0; i < H * W; i++) {
		double b = at(a->b, c, 0, i / W, i % W);
		sum += b - fmax(b - constant - weight, 0);
	}
	return sum / (H * W);
}

/* The best constant e is the mean of b - max(b - e - weight, 0), which grows slower than e. */
static double best_constant(const model *a, int64_t c, double weight)
{
	double low = -10, high = 10;
	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;
		if (remainder_of(a, c, weight, middle) > middle)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void constant_of_each_channel(void)
{
	const shape s = { 2, 1, H, W };
	const double weight = 0.25;
	g_autoptr(array) psf = make((shape){ 1, 1, H, W }, one_point);
	g_auto(model) a = model_new(psf, s, s, linop_identity(cpu, s), prox_soft((float)weight));
	array second = array_channel(a.b, 1);
	const stop_rule stop = { 1000, 0, NULL };
	vec_shift(&second, 0.5f);
	a.p.background = true;
	g_assert_true(solve_split(a.v, &a.p, &stop, NULL));
	for (int64_t c = 0; c < s.c; c++)
		expect_shrunk(&a, c, weight, best_constant(&a, c, weight));
	g_assert_cmpfloat(best_constant(&a, 1, weight) - best_constant(&a, 0, weight), >, 0.3);
}

/* With the gradient and its lengths it is the published ADMM, iteration by iteration. */
static void total_variation(void)
{
	const shape grid = { 1, 1, 2 * H, 2 * W }, window = { 1, 1, H, W };
	const double tau = 0.05;
	g_autoptr(array) psf = make(window, three_points);
	for (int64_t iterations = 1; iterations <= 60; iterations += 13) {
		g_auto(model) a = model_new(psf, grid, window,
			linop_gradient(cpu, grid, 2, BORDER_PERIODIC, NULL), prox_group((float)tau, 2));
		const admm_problem q = {
			.m = a.m, .crop = a.crop, .gradient = a.k, .b = a.b, .mu1 = a.p.mu1,
			.mu2 = a.p.mu2, .mu3 = a.p.mu3, .tau = tau, .isotropic = true, .nonnegative = true,
			.order = ADMM_LPC, .inverse = a.inverse
		};
		const stop_rule stop = { iterations, 0, NULL };
		g_autoptr(array) v = array_like(a.v);
		g_assert_true(solve_split(a.v, &a.p, &stop, NULL));
		g_assert_true(admm_reference(v, &q, &stop, NULL));
		vec_subtract(v, a.v);
		g_assert_cmpfloat(vec_norm(v), <, 1e-5 * vec_norm(a.v));
	}
}

/* --- the schedule ---------------------------------------------------------------------------- */

typedef struct {
	prox base;
	int calls;
	float t[8];
} diary;

static void write_down(prox *p, array *y, float t)
{
	diary *d = (diary *)p;
	(void)y;
	d->t[d->calls++] = t;
}

static double no_value(prox *p, const array *x)
{
	(void)p, (void)x;
	return 0;
}

static void falling_noise(void)
{
	static const prox_class class = { "diary", write_down, no_value, NULL };
	const shape s = { 1, 1, H, W };
	g_autoptr(array) psf = make(s, one_point);
	diary *d = prox_new(&class, sizeof(diary));
	g_auto(model) a = model_new(psf, s, s, linop_identity(cpu, s), &d->base);
	const stop_rule five = { 5, 0, NULL }, one = { 1, 0, NULL };
	a.p.spread[0] = 8;
	a.p.spread[1] = 0.5;
	g_assert_true(solve_split(a.v, &a.p, &five, NULL));
	g_assert_true(solve_split(a.v, &a.p, &one, NULL));
	g_assert_cmpint(d->calls, ==, 6);
	for (int i = 0; i < 5; i++)
		g_assert_cmpfloat_with_epsilon((double)d->t[i], 8 / pow(2, i), 1e-6);
	g_assert_cmpfloat((double)d->t[5], ==, 0.5);
}

/* --- the method ------------------------------------------------------------------------------ */

typedef struct {
	watch base;
	int64_t heard, stop_at, channels;
	double objective;
} counter;

static bool count(watch *w, const iteration_note *note)
{
	counter *c = (counter *)w;
	c->heard++;
	c->channels = note->channels;
	c->objective = note->objective;
	return c->heard != c->stop_at;
}

/* Three colours on `dev`; NULL with *err set when it failed. */
static array *reconstructed(device *dev, counter *c, GError **err)
{
	lensless_options o = { .iterations = 6, .noise = NAN, .mu1 = NAN, .mu2 = NAN, .mu3 = NAN };
	g_auto(lensless_data) d = {
		.b = make((shape){ 3, 1, H, W }, three_points),
		.psf = make((shape){ 1, 1, H, W }, three_points), .b_scale = 1, .psf_sum = 1,
		.grid = { 1, 1, 2 * H, 2 * W }
	};
	task t = { .cpu = cpu, .dev = dev, .options = &o, .report = report_new(), .watch = &c->base };
	g_autoptr(array) v = array_like(d.b);
	bool well = lensless_pnp(&t, &d, v, err);
	report_free(t.report);
	return well ? g_steal_pointer(&v) : NULL;
}

/* The capture is the PSF itself: the scene is a point in the middle. */
static void a_point(void)
{
	counter c = { .base = { .tick = count, .wants_objective = true } };
	GError *err = NULL;
	g_autoptr(array) v = reconstructed(cpu, &c, &err);
	g_assert_no_error(err);
	g_assert_cmpint(c.heard, ==, 6);
	g_assert_cmpint(c.channels, ==, 1);
	g_assert_true(isfinite(c.objective));
	for (int64_t i = 0; i < 3 * H * W; i++) {
		int64_t y = i / W % H, x = i % W;
		double value = at(v, i / (H * W), 0, y, x);
		if (y == H / 2 && x == W / 2)
			g_assert_cmpfloat(value, >, 0.5);
		else
			g_assert_cmpfloat(value, <, 0.15);
		g_assert_cmpfloat(value, >=, 0);
	}
}

static void machines(void)
{
	counter c = { .base = { .tick = count } };
	g_autoptr(array) v = reconstructed(cpu, &c, NULL);
	for (int threads = 1; threads <= 3; threads++) {
		g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
		g_autoptr(array) other = reconstructed(dev, &c, NULL);
		g_assert_true(same(v, other));
	}
	g_autoptr(device) gpu = device_new("opencl", 2, NULL, NULL);
	if (!gpu) {
		g_test_message("no OpenCL device");
		return;
	}
	g_autoptr(array) other = reconstructed(gpu, &c, NULL);
	vec_subtract(other, v);
	g_assert_cmpfloat(vec_norm(other), <, 1e-4 * vec_norm(v));
}

static void stopped(void)
{
	counter c = { .base = { .tick = count }, .stop_at = 4 };
	g_autoptr(GError) err = NULL;
	g_assert_null(reconstructed(cpu, &c, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_STOPPED);
	g_assert_cmpint(c.heard, ==, 4);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/pnp/closed-forms", closed_forms }, { "/pnp/total-variation", total_variation },
		{ "/pnp/constant-of-each-channel", constant_of_each_channel },
		{ "/pnp/falling-noise", falling_noise }, { "/pnp/a-point", a_point },
		{ "/pnp/machines", machines }, { "/pnp/stopped", stopped },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
