/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-priors.c - ictm and hyper-laplacian against dense solutions and closed forms */
#include <glib.h>
#include <math.h>
#include "core/error.h"
#include "math/solve.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/noise.h"
#include "stage/random.h"
#include "tests/dense.h"
#include "tests/stage.h"

device *cpu;

static double rough(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 80 * scrambled(c, z, y, x) / 65521;
}

static double spot(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	return (z == 1 && y == 1 && x == 2 ? 6 : 0.2 + scrambled(1, z, y, x) / 65521) / 30;
}

static double one(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 1;
}

static double step_up(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y;
	return x < 4 ? 10 : 30;
}

/* --- a stack by hand -------------------------------------------------------------------------- */

typedef struct {
	deconv_options options;
	deconv_spread spread;
	deconv_data data;
	array *result;
} trial;

static void trial_clear(trial *s)
{
	array_free(s->data.y);
	array_free(s->data.weights);
	array_free(s->spread.psf);
	array_free(s->result);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(trial, trial_clear)

static void trial_begin(trial *s, array *y, array *psf)
{
	shape p = psf->shape;
	vec_scale(psf, (float)(1 / vec_sum(psf)));
	s->options = (deconv_options){ .iterations = 600, .stop = STOP_FIXED,
		.balance = NAN, .tv_weight = NAN };
	s->spread = (deconv_spread){ psf, { p.z / 2, p.y / 2, p.x / 2 }, p, NULL };
	s->data = (deconv_data){ .y = y, .frames = 1, .spreads = &s->spread, .n_spreads = 1,
		.background = NAN, .scale = 1, .apart = { 1, 1, 1 }, .saturation = INFINITY };
	s->result = array_like(y);
}

static void trial_run(trial *s, bool (*m)(task *, const deconv_data *, array *, GError **))
{
	g_autoptr(GError) err = NULL;
	g_autoptr(report) told = report_new();
	task t = { .cpu = cpu, .dev = cpu, .options = &s->options, .report = told };
	m(&t, &s->data, s->result, &err);
	g_assert_no_error(err);
}

/* --- ictm ------------------------------------------------------------------------------------- */

/* s += weight m'm, n columns */
static void add_normal(double *s, int64_t n, const linop *a, double weight)
{
	int64_t rows = shape_count(a->range.shape);
	g_autofree double *m = matrix_of(a);
	for (int64_t k = 0; k < rows; k++)
		for (int64_t i = 0; i < n; i++)
			for (int64_t j = 0; j < n && m[k * n + i] != 0; j++)
				s[i * n + j] += weight * m[k * n + i] * m[k * n + j];
}

/* argmin over x >= 0 of 1/2 x's x - b'x, element after element until nothing moves. */
static void descend(const double *s, const double *b, double *x, int64_t n)
{
	double moved = 1;
	for (int round = 0; round < 20000 && moved > 1e-9; round++) {
		moved = 0;
		for (int64_t i = 0; i < n; i++) {
			double slope = -b[i], before = x[i];
			for (int64_t j = 0; j < n; j++)
				slope += s[i * n + j] * x[j];
			x[i] = fmax(x[i] - slope / s[i * n + i], 0);
			moved = fmax(moved, fabs(x[i] - before));
		}
	}
	g_assert_cmpfloat(moved, <=, 1e-9);
}

/* The minimum in plain matrices, weight that of half the square of the Laplacian. */
static double *dense_minimum(const trial *s, const rl_geometry *g, double weight)
{
	enum border border = s->options.border == RL_BORDER_PERIODIC ? BORDER_PERIODIC : BORDER_REPLICATE;
	linop *model = deconv_model(cpu, g, s->spread.psf, s->spread.centre);
	g_autoptr(linop) a = linop_chain(linop_mask(array_copy(s->data.weights), g->window), model);
	g_autoptr(linop) laplacian = linop_normal(linop_gradient(cpu, g->estimate,
		g->estimate.z > 1 ? 3 : 2, border, &s->data.apart));
	g_autoptr(array) back = linop_new_domain(a);
	int64_t n = shape_count(g->estimate);
	g_autofree double *normal = g_new0(double, n * n), *b = g_new(double, n);
	g_autofree float *packed = g_new(float, n);
	double *x = g_new0(double, n);
	add_normal(normal, n, a, 1);
	add_normal(normal, n, laplacian, weight);
	linop_adjoint(a, back, s->data.y);      /* weights are 0 or 1 */
	array_download(back, packed);
	for (int64_t i = 0; i < n; i++)
		b[i] = (double)packed[i];
	descend(normal, b, x, n);
	return x;
}

static const struct { shape window, psf; int border; distances apart; } problems[] = {
	{ { 1, 1, 7, 9 }, { 1, 1, 3, 5 }, RL_BORDER_UNKNOWN, { 1, 1, 1 } },
	{ { 1, 1, 6, 8 }, { 1, 1, 3, 3 }, RL_BORDER_PERIODIC, { 1, 1, 1.5 } },
	{ { 1, 3, 4, 6 }, { 1, 3, 3, 3 }, RL_BORDER_UNKNOWN, { 2.5, 1, 1 } },
};

static void constrained(void)
{
	for (size_t k = 0; k < G_N_ELEMENTS(problems); k++) {
		g_auto(trial) s = { 0 };
		shape w = problems[k].window;
		trial_begin(&s, make(w, rough), make(problems[k].psf, spot));
		s.options.border = problems[k].border;
		s.options.balance = 0.02;
		s.data.apart = problems[k].apart;
		s.data.weights = make(w, one);
		array_row(s.data.weights, 0, 0, 3)[4] = 0;
		trial_run(&s, deconv_ictm);
		rl_geometry g = rl_layout(w, problems[k].psf, s.spread.centre,
			(enum rl_border)problems[k].border);
		distances d = problems[k].apart;
		double steepest = 4 / (d.y * d.y) + 4 / (d.x * d.x) + (w.z > 1 ? 4 / (d.z * d.z) : 0);
		/* H 1 = 1, so the largest |H|^2 is 1 */
		g_autofree double *x = dense_minimum(&s, &g, 0.02 / (steepest * steepest));
		int64_t zeros = 0;
		for (int64_t i = 0; i < shape_count(w); i++) {
			int64_t z = i / (w.y * w.x), y = i / w.x % w.y, u = i % w.x;
			shape e = g.estimate;
			double expected = x[((z + g.at.z) * e.y + y + g.at.y) * e.x + u + g.at.x];
			g_assert_cmpfloat_with_epsilon(at(s.result, 0, z, y, u), expected, 0.02);
			zeros += expected == 0;
		}
		g_assert_cmpint(zeros, >, 3);
	}
}

/* Without R it is least squares with x >= 0; without a bound in the way, the normal equations. */
static void unbounded(void)
{
	static const float b[] = { 5, 6, 8, 7, 9 };
	g_autoptr(GError) err = NULL;
	g_autoptr(array) psf = make((shape){ 1, 1, 1, 3 }, one);
	array_row(psf, 0, 0, 0)[1] = 4;
	g_autoptr(linop) a = linop_convolve(cpu, (shape){ 1, 1, 1, 5 }, psf, (position){ 0, 0, 1 }, 2);
	g_autoptr(linop) r = linop_identity(cpu, (shape){ 1, 1, 1, 5 });
	g_autoptr(array) y = linop_new_range(a);
	g_autoptr(array) x = linop_new_domain(a);
	array_upload(y, b);
	vec_fill(x, 0);
	const tikhonov_problem p = { a, r, y, 0.5 };
	g_assert_true(solve_constrained(x, &p, &(stop_rule){ 200, 0, NULL }, &err));
	g_autofree double *expected = normal_solution(a, b, 0.5);
	expect(x, expected, 1e-5);
}

/* --- hyper-laplacian -------------------------------------------------------------------------- */

/*
 * Without blur the halves of a step, of n and m pixels, move towards each other, and what is left
 * of the height, h, minimises n m / (2 (n + m)) (h - 20)^2 + 2 w h^p: two edges, as the grid wraps.
 */
static double height_left(int64_t n, int64_t m, double w, double power)
{
	double best = INFINITY, height = 0, bend = (double)(n * m) / (2.0 * (double)(n + m));
	for (int i = 0; i <= 200000; i++) {
		double h = 20 * i / 200000.0, cost = bend * (h - 20) * (h - 20) + 2 * w * pow(h, power);
		height = cost < best ? h : height;
		best = fmin(best, cost);
	}
	return height;
}

static void step_edge(void)
{
	for (int k = 0; k < 4; k++) {
		double power = k % 2 ? 0.5 : 2.0 / 3, w = k < 2 ? 4 : 300;
		g_auto(trial) s = { 0 };
		trial_begin(&s, make((shape){ 1, 1, 1, 10 }, step_up), make((shape){ 1, 1, 1, 1 }, one));
		s.options.exponent = k % 2 ? EXPONENT_HALF : EXPONENT_TWO_THIRDS;
		s.options.tv_weight = w / pow(30, 2 - power);
		trial_run(&s, deconv_hyper_laplacian);
		double left = height_left(4, 6, w, power), gone = 20 - left;
		g_assert_true(k < 2 ? left > 10 && left < 19.8 : left == 0);
		for (int64_t x = 0; x < 10; x++)
			g_assert_cmpfloat_with_epsilon(at(s.result, 0, 0, 0, x), x < 4 ? 10 + gone * 0.6 :
				30 - gone * 0.4, 0.01);
	}
}

/* Clipped light is at least as much, where the prior alone would have left it dark. */
static double bright_square(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return y >= 8 && y < 24 && x >= 8 && x < 24 ? 300 : 20 + scrambled(1, 1, y, x) / 65521;
}

static void clipped(void)
{
	g_autoptr(array) truth = make((shape){ 1, 1, 32, 32 }, bright_square);
	g_auto(trial) s = { 0 };
	trial_begin(&s, array_copy(truth), make((shape){ 1, 1, 1, 1 }, one));
	s.options.iterations = 100;
	s.data.saturation = 255;
	s.data.weights = array_like(truth);
	for (int64_t i = 0; i < 32 * 32; i++)
		array_row(s.data.weights, 0, 0, i / 32)[i % 32] = at(truth, 0, 0, i / 32, i % 32) < 255;
	trial_run(&s, deconv_hyper_laplacian);
	for (int64_t i = 0; i < 32 * 32; i++) {
		double before = at(truth, 0, 0, i / 32, i % 32), after = at(s.result, 0, 0, i / 32, i % 32);
		g_assert_true(before < 255 ? fabs(after - before) < 1 : after > 299 && after < 350);
	}
}

/* Noise of a deviation of 3 on a slope, of which half is clipped and a row is not believed. */
static void deviation(void)
{
	g_autoptr(array) a = array_new(cpu, REAL, (shape){ 1, 1, 120, 120 });
	g_autoptr(array) w = make(a->shape, one);
	random_stream r = random_at(7, RANDOM_READ_NOISE, 0);
	for (int64_t i = 0; i < 120 * 120; i++)
		array_row(a, 0, 0, i / 120)[i % 120] = i % 120 >= 60 ? 255 :
			(float)(100 + 0.5 * (double)(i / 120) + 3 * random_gauss(&r));
	for (int64_t x = 0; x < 60; x++) {
		array_row(a, 0, 0, 50)[x] = 5000 * (float)(x % 3);
		array_row(w, 0, 0, 50)[x] = 0;
	}
	g_assert_cmpfloat_with_epsilon(noise_deviation(a, w, NULL), 3, 0.1);
	vec_fill(a, 4);
	g_assert_cmpfloat(noise_deviation(a, NULL, NULL), ==, 0);
}

static const stage_test tests[] = {
	{ "/deconv/priors/constrained", constrained },
	{ "/deconv/priors/unbounded", unbounded },
	{ "/deconv/priors/step", step_edge },
	{ "/deconv/priors/clipped", clipped },
	{ "/deconv/priors/deviation", deviation },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
