/* SPDX-License-Identifier: BSD-3-Clause */
/* solve.c - solvers against Gaussian elimination and closed forms */
#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/array.h"
#include "math/op.h"
#include "math/uniform.h"
#include "math/solve.h"
#include "math/vec.h"
#include "tests/dense.h"

enum { ROWS = 8, N = 5 };

typedef struct {
	device *dev;
	linop *a;
	array *b, *x;
	float values[ROWS];     /* of b */
} dense;

static void dense_clear(dense *d)
{
	linop_free(d->a);
	array_free(d->b);
	array_free(d->x);
	device_free(d->dev);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(dense, dense_clear)

/* an 8 x 5 matrix near to orthogonal columns */
static dense dense_new(void)
{
	device *dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(array) left = array_new(dev, REAL, (shape){ 1, 1, ROWS, N });
	g_autoptr(array) right = array_new(dev, REAL, (shape){ 1, 1, 1, 1 });
	array_fill_uniform(left, 2);
	for (int i = 0; i < N; i++)
		array_row(left, 0, 0, i)[i] += 2;
	vec_fill(right, 1);
	linop *a = linop_separable((shape){ 1, 1, N, 1 }, left, right);
	dense d = { dev, a, linop_new_range(a), linop_new_domain(a), { 0 } };
	array_fill_uniform(d.b, 9);
	array_download(d.b, d.values);
	vec_fill(d.x, 0);
	return d;
}

/* --- smooth problems: all reach the normal equations' solution ------------------------------- */

static void check_smooth(const dense *d, bool done, double tolerance)
{
	g_autofree double *truth = normal_solution(d->a, d->values, 0);
	g_assert_true(done);
	expect(d->x, truth, tolerance);
}

static void gradient_descent(void)
{
	g_auto(dense) d = dense_new();
	const inverse_problem p = { d.a, d.b, NULL };
	const stop_rule stop = { 400, 0, NULL };
	check_smooth(&d, solve_gradient(d.x, &p, 1 / linop_norm2(d.a), &stop, NULL), 2e-5);
}

static void nesterov(void)
{
	g_auto(dense) d = dense_new();
	const inverse_problem p = { d.a, d.b, NULL };
	const stop_rule stop = { 400, 0, NULL };
	check_smooth(&d, solve_nesterov(d.x, &p, 1 / linop_norm2(d.a), 0.9, &stop, NULL), 2e-5);
}

static void fista(void)
{
	static const fista_settings kinds[] = {
		{ 0, false, false }, { 0, false, true }, { 100, true, false }, { 100, true, true }
	};
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		g_auto(dense) d = dense_new();
		const inverse_problem p = { d.a, d.b, NULL };
		const stop_rule stop = { 1500, 0, NULL };
		/* without restart the momentum swings about the answer for long */
		check_smooth(&d, solve_fista(d.x, &p, &kinds[i], &stop, NULL),
			kinds[i].restart ? 2e-5 : 1e-3);
	}
}

static void conjugate_gradients(void)
{
	static const double ridges[] = { 0, 0.5 };
	for (size_t i = 0; i < G_N_ELEMENTS(ridges); i++) {
		g_auto(dense) d = dense_new();
		const inverse_problem p = { d.a, d.b, NULL };
		const stop_rule stop = { N + 1, 0, NULL };     /* N steps do it, one for rounding */
		g_assert_true(solve_normal_equations(d.x, &p, ridges[i], &stop, NULL));
		g_autofree double *truth = normal_solution(d.a, d.values, ridges[i]);
		expect(d.x, truth, 1e-5);
	}
}

static void chambolle_pock(void)
{
	g_auto(dense) d = dense_new();
	g_autoptr(prox) f = prox_quadratic(d.b, 1);
	const saddle_term term = { d.a, f };
	const saddle_problem p = { &term, 1, NULL, 1 };
	const stop_rule stop = { 1500, 0, NULL };
	check_smooth(&d, solve_chambolle_pock(d.x, &p, &stop, NULL), 2e-5);
}

/* --- with a constraint: the right support is among all 2^N, by elimination on each ----------- */

/* min 1/2 |A x - b|^2 + weight sum x, x >= 0, by trial of every support */
static void best_support(const dense *d, double weight, double *best)
{
	g_autofree double *m = matrix_of(d->a);
	double least = INFINITY;
	for (int set = 0; set < 1 << N; set++) {
		double s[N * N] = { 0 }, x[N] = { 0 }, cost = 0;
		bool allowed = true;
		for (int i = 0; i < N; i++) {
			bool in_i = set >> i & 1;
			for (int k = 0; k < ROWS && in_i; k++)
				x[i] += m[k * N + i] * (double)d->values[k];
			x[i] -= in_i ? weight : 0;
			for (int j = 0; j < N; j++)
				for (int k = 0; k < ROWS && in_i && set >> j & 1; k++)
					s[i * N + j] += m[k * N + i] * m[k * N + j];
			s[i * N + i] += in_i ? 0 : 1;
		}
		eliminate(N, s, x);
		for (int k = 0; k < ROWS; k++) {
			double r = -(double)d->values[k];
			for (int j = 0; j < N; j++)
				r += m[k * N + j] * x[j];
			cost += r * r / 2;
		}
		for (int i = 0; i < N; i++) {
			allowed = allowed && x[i] >= 0;
			cost += weight * x[i];
		}
		if (allowed && cost < least) {
			least = cost;
			memcpy(best, x, sizeof(x));
		}
	}
}

static void constrained(void)
{
	static const fista_settings plain = { 0, false, true };
	for (int i = 0; i < 4; i++) {
		g_auto(dense) d = dense_new();
		g_autoptr(prox) g = prox_soft_nonnegative(0.2f);
		g_autoptr(prox) f = prox_quadratic(d.b, 1);
		const inverse_problem p = { d.a, d.b, g };
		const saddle_term term = { d.a, f };
		const saddle_problem q = { &term, 1, g, 1 };
		const stop_rule stop = { 1500, 0, NULL };
		double step = 1 / linop_norm2(d.a), truth[N];
		g_assert_true(i == 0 ? solve_gradient(d.x, &p, step, &stop, NULL) :
			i == 1 ? solve_nesterov(d.x, &p, step, 0.5, &stop, NULL) :
			i == 2 ? solve_fista(d.x, &p, &plain, &stop, NULL) :
			solve_chambolle_pock(d.x, &q, &stop, NULL));
		best_support(&d, 0.2, truth);
		expect(d.x, truth, 1e-4);
	}
}

/* TV of a line as a saddle: K the gradient, F its L1 norm, against the closed form of the edge */
static void saddle_tv(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(array) b = array_new(dev, REAL, (shape){ 1, 1, 1, 5 });
	g_autoptr(array) x = array_like(b);
	g_autoptr(linop) gradient = linop_gradient(dev, b->shape, 2, BORDER_REPLICATE, NULL);
	g_autoptr(linop) identity = linop_identity(dev, b->shape);
	g_autoptr(prox) f = prox_soft(0.6f);
	g_autoptr(prox) data = prox_quadratic(b, 1);
	array_upload(b, (float[]){ 1, 1, 4, 4, 4 });
	const saddle_term terms[] = { { gradient, f }, { identity, data } };
	const stop_rule stop = { 3000, 0, NULL };
	for (int n = 1; n <= 2; n++) {  /* the data term as g, and as a second term */
		const saddle_problem p = { terms, n, n == 1 ? data : NULL, 1 };
		vec_fill(x, 0);
		g_assert_true(solve_chambolle_pock(x, &p, &stop, NULL));
		expect(x, (double[]){ 1.3, 1.3, 3.8, 3.8, 3.8 }, 1e-4);
	}
}

/* --- stopping -------------------------------------------------------------------------------- */

typedef struct {
	watch base;
	int64_t last, end;
	double objective, rises;
} recorder;

static bool record(watch *w, const iteration_note *note)
{
	recorder *r = (recorder *)w;
	g_assert_cmpint(note->iteration, ==, r->last + 1);
	r->last = note->iteration;
	r->rises += note->objective > r->objective * (1 + 1e-6);
	r->objective = note->objective;
	return note->iteration < r->end;
}

static void stopping(void)
{
	g_auto(dense) d = dense_new();
	g_autoptr(prox) g = prox_soft(0.1f);
	const inverse_problem p = { d.a, d.b, g };
	recorder told = { { .tick = record, .wants_objective = true }, 0, 7, INFINITY, 0 };
	stop_rule stop = { 50, 0, &told.base };
	double step = 1 / linop_norm2(d.a);
	g_assert_true(solve_gradient(d.x, &p, step, &stop, NULL));
	g_assert_cmpint(told.last, ==, 7);
	g_assert_cmpfloat(told.rises, ==, 0);
	g_assert_cmpfloat_with_epsilon(told.objective, inverse_objective(&p, d.x), 1e-12);
	vec_fill(d.x, 0);
	told = (recorder){ { .tick = record, .wants_objective = true }, 0, INT64_MAX, INFINITY, 0 };
	stop = (stop_rule){ 5000, 1e-3, &told.base };
	g_assert_true(solve_gradient(d.x, &p, step, &stop, NULL));
	g_assert_cmpint(told.last, >, 2);
	g_assert_cmpint(told.last, <, 100);
}

/* a device out of memory fails the solver, and the error comes out */
static void failure(void)
{
	g_auto(dense) d = dense_new();
	const inverse_problem p = { d.a, d.b, NULL };
	const stop_rule stop = { 5, 0, NULL };
	g_autoptr(GError) err = NULL;
	d.dev->memory_limit = d.dev->memory_used;
	g_assert_false(solve_gradient(d.x, &p, 0.1, &stop, &err));
	g_assert_nonnull(err);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/solve/gradient", gradient_descent);
	g_test_add_func("/solve/nesterov", nesterov);
	g_test_add_func("/solve/fista", fista);
	g_test_add_func("/solve/conjugate-gradients", conjugate_gradients);
	g_test_add_func("/solve/chambolle-pock", chambolle_pock);
	g_test_add_func("/solve/constrained", constrained);
	g_test_add_func("/solve/saddle-tv", saddle_tv);
	g_test_add_func("/solve/stopping", stopping);
	g_test_add_func("/solve/failure", failure);
	return g_test_run();
}
