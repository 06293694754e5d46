/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-methods.c - linear and iterative methods of deconv against closed forms and plain loops */
#include <glib.h>
#include <math.h>
#include "core/error.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "tests/dense.h"
#include "tests/stage.h"

device *cpu;

typedef bool method(task *t, const deconv_data *d, array *result, GError **err);

/* --- a task by hand --------------------------------------------------------------------------- */

typedef struct {
	task t;
	deconv_options options;
	deconv_data data;
	deconv_spread spread;
	array *result;
} trial;

static void trial_clear(trial *s)
{
	array_free(s->data.y);
	array_free(s->data.weights);
	array_free(s->spread.psf);
	array_free(s->result);
	report_free(s->t.report);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(trial, trial_clear)

/* Takes y and psf. */
static void trial_begin(trial *s, device *dev, int which, array *y, array *psf)
{
	shape p = psf->shape;
	vec_scale(psf, (float)(1 / vec_sum(psf)));
	s->options = (deconv_options){ .method = which, .iterations = 4000, .stop = STOP_CHANGE,
		.tolerance = 1e-7, .balance = 0.01, .tv_weight = NAN };
	s->spread = (deconv_spread){ .psf = psf, .centre = { p.z / 2, p.y / 2, p.x / 2 } };
	s->data = (deconv_data){ .y = y, .frames = 1, .spreads = &s->spread, .n_spreads = 1,
		.background = NAN, .scale = 1, .apart = { 1, 1, 1 }, .saturation = INFINITY };
	s->t = (task){ .cpu = cpu, .dev = dev, .options = &s->options, .report = report_new() };
	s->result = array_like(y);
}

static void trial_run(trial *s, method *m)
{
	g_autoptr(GError) err = NULL;
	m(&s->t, &s->data, s->result, &err);
	g_assert_no_error(err);
	g_assert_true(vec_finite(s->result));
}

static double one(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 1;
}

static double rough(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 20 + 80 * scrambled(c, z, y, x) / 65521;
}

/* Most of its light in the middle: easy to undo, so that iterations come to their end. */
static double spot(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	return z == 1 && y == 1 && x == 2 ? 12 : 0.2 + scrambled(1, z, y, x) / 65521;
}

static double flat_spot(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return spot(c, z + 1, y, x);
}

static double step_up(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y;
	return x < 4 ? 10 : 30;
}

static double zero(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 0;
}

/* All elements of a are within a share of b's largest. */
static void near(const array *a, const array *b, double tolerance)
{
	g_autoptr(array) d = array_copy(a);
	vec_subtract(d, b);
	g_assert_cmpfloat((double)vec_max_abs(d), <=, tolerance * (double)vec_max_abs(b));
}

/* --- the model -------------------------------------------------------------------------------- */

static const struct { shape window, psf; position centre; enum rl_border border; } models[] = {
	{ { 1, 1, 7, 11 }, { 1, 1, 3, 5 }, { 0, 1, 2 }, RL_BORDER_UNKNOWN },
	{ { 1, 1, 13, 5 }, { 1, 1, 4, 2 }, { 0, 0, 1 }, RL_BORDER_UNKNOWN },
	{ { 1, 1, 7, 6 }, { 1, 1, 3, 4 }, { 0, 2, 1 }, RL_BORDER_PERIODIC },
	{ { 1, 3, 5, 4 }, { 1, 2, 3, 3 }, { 1, 1, 0 }, RL_BORDER_UNKNOWN },
	{ { 1, 5, 3, 2 }, { 1, 3, 1, 2 }, { 1, 0, 1 }, RL_BORDER_PERIODIC },
};

/* y(i) = sum over j of h(j) x(i + at + centre - j), cyclic where the estimate is the window. */
static double modelled(const rl_geometry *g, const array *h, position c, const array *x, int64_t i)
{
	shape w = g->window, e = g->estimate, p = h->shape;
	int64_t z = i / (w.y * w.x) + g->at.z + c.z, y = i / w.x % w.y + g->at.y + c.y;
	int64_t u = i % w.x + g->at.x + c.x;
	double sum = 0;
	for (int64_t j = 0; j < shape_count(p); j++) {
		int64_t k = z - j / (p.y * p.x), l = y - j / p.x % p.y, m = u - j % p.x;
		sum += at(h, 0, j / (p.y * p.x), j / p.x % p.y, j % p.x) *
			at(x, 0, (k + e.z) % e.z, (l + e.y) % e.y, (m + e.x) % e.x);
	}
	return sum;
}

static void model(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
		g_autoptr(array) psf = make(models[i].psf, rough);
		rl_geometry g = rl_layout(models[i].window, models[i].psf, models[i].centre,
			models[i].border);
		g_autoptr(linop) a = deconv_model(cpu, &g, psf, models[i].centre);
		g_autoptr(array) x = make(g.estimate, rough);
		g_autoptr(array) y = linop_new_range(a);
		linop_apply(a, y, x);
		g_autofree double *expected = g_new(double, shape_count(g.window));
		for (int64_t k = 0; k < shape_count(g.window); k++)
			expected[k] = modelled(&g, psf, models[i].centre, x, k);
		expect(y, expected, 1e-5 * (double)vec_max_abs(y));
		g_assert_cmpfloat(linop_adjoint_gap(a, 3), <, 1e-6);
	}
}

/* --- least squares ---------------------------------------------------------------------------- */

/*
 * Of the minimum over x >= 0 (Karush, Kuhn and Tucker): the gradient A'(A x - b) vanishes where
 * x > 0, and is nowhere negative.  Periodic, so that the result is all of x.
 */
static void nnls_is_optimal(void)
{
	g_auto(trial) s = { 0 };
	trial_begin(&s, cpu, DECONV_NNLS, make((shape){ 1, 3, 7, 10 }, rough),
		make((shape){ 1, 3, 3, 5 }, spot));
	s.options.border = RL_BORDER_PERIODIC;
	array_row(s.data.y, 0, 1, 3)[4] = 0;
	array_row(s.data.y, 0, 2, 5)[7] = 2;
	trial_run(&s, deconv_fista);
	int64_t n = shape_count(s.result->shape), zeros = 0;
	rl_geometry g = rl_layout(s.data.y->shape, s.spread.psf->shape, s.spread.centre,
		RL_BORDER_PERIODIC);
	g_autoptr(linop) a = deconv_model(cpu, &g, s.spread.psf, s.spread.centre);
	g_autofree double *h = matrix_of(a);
	g_autofree float *x = g_new(float, n), *b = g_new(float, n);
	g_autofree double *r = g_new0(double, n);
	array_download(s.result, x);
	array_download(s.data.y, b);
	for (int64_t i = 0; i < n; i++) {
		r[i] = -(double)b[i];
		for (int64_t j = 0; j < n; j++)
			r[i] += h[i * n + j] * (double)x[j];
	}
	for (int64_t j = 0; j < n; j++) {
		double slope = 0;
		for (int64_t i = 0; i < n; i++)
			slope += h[i * n + j] * r[i];
		g_assert_cmpfloat(slope, >, -2e-2);
		if (x[j] > 0)
			g_assert_cmpfloat(fabs(slope), <, 2e-2);
		zeros += !(x[j] > 0);
	}
	g_assert_cmpint(zeros, >, 0);
}

/*
 * Without blur TV moves the halves of a step, of n pixels each, towards each other by lambda / n.
 */
static void tv_of_a_step(void)
{
	const double lambda = 6;
	g_auto(trial) s = { 0 };
	trial_begin(&s, cpu, DECONV_FISTA, make((shape){ 1, 1, 1, 10 }, step_up),
		make((shape){ 1, 1, 1, 1 }, one));
	s.options.tv_weight = lambda / 30;
	trial_run(&s, deconv_fista);
	for (int64_t x = 0; x < 10; x++)
		g_assert_cmpfloat_with_epsilon(at(s.result, 0, 0, 0, x), x < 4 ? 10 + lambda / 4 :
			30 - lambda / 6, 2e-3);
}

/* Where the grid is the picture and differences wrap for both, ADMM and FISTA have one minimum. */
static void admm_is_fista(void)
{
	array *found[2];
	static method *const run[] = { deconv_admm, deconv_fista };
	static const int which[] = { DECONV_ADMM, DECONV_FISTA };
	for (int i = 0; i < 2; i++) {
		g_auto(trial) s = { 0 };
		trial_begin(&s, cpu, which[i], make((shape){ 1, 3, 7, 10 }, rough),
			make((shape){ 1, 3, 3, 5 }, spot));
		s.options.border = RL_BORDER_PERIODIC;
		s.options.tv_weight = 0.02;
		s.data.apart = (distances){ 2.5, 1, 1.2 };
		s.data.weights = make((shape){ 1, 3, 7, 10 }, one);
		array_row(s.data.weights, 0, 1, 3)[6] = 0;
		trial_run(&s, run[i]);
		found[i] = g_steal_pointer(&s.result);
	}
	near(found[0], found[1], 1e-3);
	array_free(found[0]);
	array_free(found[1]);
}

/* Without blur a pair keeps its mean, and its difference over sqrt 2 shrinks by lambda. */
static void wavelets_of_a_pair(void)
{
	const double lambda = 3, less = lambda / sqrt(2);
	g_auto(trial) s = { 0 };
	trial_begin(&s, cpu, DECONV_FISTA_WAVELET, make((shape){ 1, 1, 1, 2 }, one),
		make((shape){ 1, 1, 1, 1 }, one));
	array_row(s.data.y, 0, 0, 0)[1] = 11;
	s.options.tv_weight = lambda / 11;
	trial_run(&s, deconv_fista);
	g_assert_cmpfloat_with_epsilon(at(s.result, 0, 0, 0, 0), 1 + less, 1e-3);
	g_assert_cmpfloat_with_epsilon(at(s.result, 0, 0, 0, 1), 11 - less, 1e-3);
}

/* --- all of them ------------------------------------------------------------------------------ */

static const struct { method *run; int which; bool weights, prior; } all[] = {
	{ deconv_fista, DECONV_FISTA, true, true },
	{ deconv_fista, DECONV_FISTA_WAVELET, true, true },
	{ deconv_fista, DECONV_NNLS, true, false },
	{ deconv_admm, DECONV_ADMM, true, true },
	{ deconv_ictm, DECONV_ICTM, true, true },
	{ deconv_hyper_laplacian, DECONV_HYPER_LAPLACIAN, true, true },
	{ deconv_wiener, DECONV_WIENER, false, true },
	{ deconv_wiener, DECONV_TIKHONOV, false, true },
	{ deconv_wiener, DECONV_RIF, false, true },
	{ deconv_wiener, DECONV_UNSUPERVISED, false, true },
};

static array *result_of(size_t i, device *dev, shape s, recipe *y, recipe *psf)
{
	shape p = { 1, psf == spot ? MIN(s.z, 3) : 1, MIN(s.y, 3), MIN(s.x, 5) };
	g_auto(trial) t = { 0 };
	trial_begin(&t, dev, all[i].which, make(s, y), make(p, psf));
	t.options.iterations = 30;
	t.options.stop = STOP_FIXED;
	trial_run(&t, all[i].run);
	return g_steal_pointer(&t.result);
}

static const shape sizes[] = { { 1, 1, 13, 17 }, { 1, 5, 7, 11 }, { 2, 1, 31, 8 } };

static recipe *psf_for(shape s)
{
	return s.z > 1 ? spot : flat_spot;
}

static void threads(void)
{
	g_autoptr(device) single = device_new("cpu", 1, NULL, NULL), three = device_new("cpu", 3, NULL,
		NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++) {
			g_autoptr(array) a = result_of(i, single, sizes[k], rough, psf_for(sizes[k]));
			g_autoptr(array) b = result_of(i, three, sizes[k], rough, psf_for(sizes[k]));
			g_assert_true(same(a, b));
		}
}

static void on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device");
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++) {
			g_autoptr(array) a = result_of(i, dev, sizes[k], rough, psf_for(sizes[k]));
			g_autoptr(array) b = result_of(i, cpu, sizes[k], rough, psf_for(sizes[k]));
			near(a, b, 1e-4);
		}
}

/* H 1 = 1: what is even stays so, but for Wiener's ridge; ADMM begins at 0.  Dark stays dark. */
static void even_light(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++) {
			g_autoptr(array) a = result_of(i, cpu, sizes[k], one, psf_for(sizes[k]));
			g_autoptr(array) expected = make(sizes[k], one);
			near(a, expected, all[i].which == DECONV_WIENER || all[i].run == deconv_admm ||
				all[i].run == deconv_hyper_laplacian ? 0.011 : 1e-4);
			g_autoptr(array) dark = result_of(i, cpu, sizes[k], zero, psf_for(sizes[k]));
			g_assert_cmpfloat((double)vec_max_abs(dark), ==, 0);
		}
}

/* What stands where the weight is 0 counts for nothing. */
static void saturated(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		array *found[2] = { NULL };
		for (int k = 0; all[i].weights && k < 2; k++) {
			g_auto(trial) s = { 0 };
			trial_begin(&s, cpu, all[i].which, make(sizes[1], rough),
				make((shape){ 1, 3, 3, 5 }, spot));
			s.data.weights = make(sizes[1], one);
			s.options.iterations = 30;
			array_row(s.data.weights, 0, 2, 3)[4] = 0;
			array_row(s.data.y, 0, 2, 3)[4] = k ? 50 : 5000;
			trial_run(&s, all[i].run);
			found[k] = g_steal_pointer(&s.result);
		}
		if (all[i].weights)
			g_assert_true(same(found[0], found[1]));
		array_free(found[0]);
		array_free(found[1]);
	}
}

/* Planes that send each other no light are solved as if alone, where no prior joins them. */
static void planes(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_auto(trial) s = { 0 };
		if (all[i].prior)
			continue;
		trial_begin(&s, cpu, all[i].which, make((shape){ 1, 4, 7, 10 }, rough),
			make((shape){ 1, 1, 3, 5 }, flat_spot));
		s.options.border = RL_BORDER_PERIODIC;          /* one minimum, not many */
		trial_run(&s, all[i].run);
		for (int64_t z = 0; z < 4; z++) {
			g_auto(trial) alone = { 0 };
			array plane = array_plane(s.data.y, 0, z), found = array_plane(s.result, 0, z);
			trial_begin(&alone, cpu, all[i].which, array_copy(&plane), array_copy(s.spread.psf));
			alone.options.border = RL_BORDER_PERIODIC;
			trial_run(&alone, all[i].run);
			near(&found, alone.result, 2e-3);
		}
	}
}

/* Channels and points of time are each solved as if alone. */
static void frames(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_auto(trial) s = { 0 };
		trial_begin(&s, cpu, all[i].which, make((shape){ 2, 3, 7, 10 }, rough),
			make((shape){ 1, 1, 3, 5 }, flat_spot));
		s.data.frames = 3;
		s.options.iterations = 10;
		trial_run(&s, all[i].run);
		g_auto(trial) alone = { 0 };
		array plane = array_plane(s.data.y, 1, 2), found = array_plane(s.result, 1, 2);
		trial_begin(&alone, cpu, all[i].which, array_copy(&plane),
			make((shape){ 1, 1, 3, 5 }, flat_spot));
		alone.options.iterations = 10;
		trial_run(&alone, all[i].run);
		g_assert_true(same(&found, alone.result));
	}
}

static const stage_test tests[] = {
	{ "/deconv/methods/model", model },
	{ "/deconv/methods/nnls", nnls_is_optimal },
	{ "/deconv/methods/tv", tv_of_a_step },
	{ "/deconv/methods/admm", admm_is_fista },
	{ "/deconv/methods/wavelets", wavelets_of_a_pair },
	{ "/deconv/methods/threads", threads },
	{ "/deconv/methods/opencl", on_opencl },
	{ "/deconv/methods/even-light", even_light },
	{ "/deconv/methods/saturated", saturated },
	{ "/deconv/methods/planes", planes },
	{ "/deconv/methods/frames", frames },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
