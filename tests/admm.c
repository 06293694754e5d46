/* SPDX-License-Identifier: BSD-3-Clause */
/* admm.c - the published ADMM against elimination, and another solver */
#include <glib.h>
#include <math.h>
#include "core/array.h"
#include "math/op.h"
#include "math/uniform.h"
#include "math/solve.h"
#include "math/vec.h"
#include "tests/dense.h"

/* a small camera: a blur on the grid and a window of it */
typedef struct {
	device *dev;
	linop *m, *crop, *gradient, *forward;
	array *b, *v;
} camera;

static void camera_clear(camera *c)
{
	linop_free(c->m);
	linop_free(c->crop);
	linop_free(c->gradient);
	linop_free(c->forward);
	array_free(c->b);
	array_free(c->v);
	device_free(c->dev);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(camera, camera_clear)

/* an impulse and noise around it, one for each channel */
static linop *blur(device *dev, shape s)
{
	g_autoptr(array) psf = array_new(dev, REAL, (shape){ s.c, 1, 3, 3 });
	g_autoptr(array) impulse = array_like(psf);
	g_autofree float *values = g_new0(float, 9 * s.c);
	for (int64_t c = 0; c < s.c; c++)
		values[9 * c + 4] = 2;
	array_upload(impulse, values);
	array_fill_uniform(psf, 21);
	vec_scale(psf, 0.3f);
	vec_add(psf, impulse);
	return linop_convolve(dev, s, psf, (position){ 0, 1, 1 }, 2);
}

static camera camera_new(device *dev, shape s, shape window)
{
	camera c = { .dev = dev };
	c.m = blur(dev, s);
	c.crop = linop_crop(dev, window, s, window_centre(window, s));
	c.gradient = linop_gradient(dev, s, 2, BORDER_PERIODIC, NULL);
	c.forward = linop_chain(linop_ref(c.crop), linop_ref(c.m));
	c.b = linop_new_range(c.forward);
	c.v = linop_new_domain(c.forward);
	array_fill_uniform(c.b, 9);
	return c;
}

static admm_problem problem_of(const camera *c)
{
	return (admm_problem){
		.m = c->m, .crop = c->crop, .gradient = c->gradient, .b = c->b,
		.mu1 = 0.5, .mu2 = 0.1, .mu3 = 0.2
	};
}

/* kind: bit 0 isotropic, bit 1 order */
static void set_kind(admm_problem *p, int kind)
{
	p->tau = 0.3;
	p->isotropic = kind & 1;
	p->nonnegative = true;
	p->order = kind & 2 ? ADMM_LPC : ADMM_TUTORIAL;
}

/* tau 0 and no bound: least squares.  The window is the whole grid, so there is one answer. */
static void normal_equations(void)
{
	shape s = { 2, 1, 3, 5 };
	for (int order = 0; order < 2; order++) {
		g_auto(camera) c = camera_new(device_new("cpu", 2, NULL, NULL), s, s);
		g_autoptr(linop) inverse = linop_convolve_inverse(c.m, 0.5, 0.1, 0.2, NULL);
		admm_problem p = problem_of(&c);
		p.order = (enum admm_order)order;
		p.inverse = inverse;
		const stop_rule stop = { 600, 0, NULL };
		g_assert_true(admm_reference(c.v, &p, &stop, NULL));
		float b[30];
		array_download(c.b, b);
		g_autofree double *truth = normal_solution(c.forward, b, 0);
		expect(c.v, truth, 1e-4);
	}
}

/* the step for v by the transform = by conjugate gradients */
static void inner_solvers(void)
{
	for (int kind = 0; kind < 4; kind++) {
		g_auto(camera) c = camera_new(device_new("cpu", 2, NULL, NULL), (shape){ 2, 1, 7, 9 },
			(shape){ 2, 1, 4, 5 });
		g_autoptr(linop) inverse = linop_convolve_inverse(c.m, 0.5, 0.1, 0.2, NULL);
		g_autoptr(array) other = array_like(c.v);
		const stop_rule stop = { 20, 0, NULL };
		admm_problem p = problem_of(&c);
		set_kind(&p, kind);
		g_assert_true(admm_reference(c.v, &p, &stop, NULL));
		p.inverse = inverse;
		g_assert_true(admm_reference(other, &p, &stop, NULL));
		g_assert_cmpfloat(relative_change(other, c.v), <, 1e-5);
	}
}

static double objective(const saddle_problem *p, const array *x)
{
	double sum = 0;
	for (int i = 0; i < p->n_terms; i++) {
		g_autoptr(array) k_x = linop_new_range(p->terms[i].k);
		linop_apply(p->terms[i].k, k_x, x);
		sum += prox_value(p->terms[i].f, k_x);
	}
	return sum;
}

/*
 * Chambolle and Pock with two terms reach the same objective.  (Not the same picture: what the
 * window does not see is loosely bound.)
 */
static void against_saddle(void)
{
	for (int kind = 0; kind < 4; kind++) {
		g_auto(camera) c = camera_new(device_new("cpu", 2, NULL, NULL), (shape){ 2, 1, 6, 5 },
			(shape){ 2, 1, 4, 3 });
		g_autoptr(linop) inverse = linop_convolve_inverse(c.m, 0.5, 0.1, 0.2, NULL);
		admm_problem p = problem_of(&c);
		set_kind(&p, kind);
		p.inverse = inverse;
		const stop_rule stop = { 1500, 0, NULL }, longer = { 6000, 0, NULL };
		g_assert_true(admm_reference(c.v, &p, &stop, NULL));
		g_autoptr(prox) data = prox_quadratic(c.b, 1);
		g_autoptr(prox) tv = p.isotropic ? prox_group(0.3f, 2) : prox_soft(0.3f);
		g_autoptr(prox) g = prox_nonnegative();
		const saddle_term terms[] = { { c.forward, data }, { c.gradient, tv } };
		const saddle_problem q = { terms, 2, g, 1 };
		g_autoptr(array) x = array_like(c.v);
		vec_fill(x, 0);
		g_assert_true(solve_chambolle_pock(x, &q, &longer, NULL));
		vec_clamp(c.v, 0, INFINITY);
		g_assert_cmpfloat_with_epsilon(objective(&q, c.v) / objective(&q, x), 1, 5e-4);
	}
}

/* channels know nothing of each other: two together = each alone */
static void channels_apart(void)
{
	shape s = { 2, 1, 8, 6 }, one = { 1, 1, 8, 6 };
	g_auto(camera) c = camera_new(device_new("cpu", 2, NULL, NULL), s, s);
	g_autoptr(array) psf = array_new(c.dev, REAL, (shape){ 1, 1, 3, 3 });
	array_fill_uniform(psf, 4);
	g_autoptr(linop) m = linop_convolve(c.dev, s, psf, (position){ 0, 1, 1 }, 2);
	g_autoptr(linop) m_one = linop_convolve(c.dev, one, psf, (position){ 0, 1, 1 }, 2);
	g_autoptr(linop) crop = linop_identity(c.dev, one);
	g_autoptr(linop) gradient = linop_gradient(c.dev, one, 2, BORDER_PERIODIC, NULL);
	g_autoptr(linop) inverse = linop_convolve_inverse(m, 0.5, 0.1, 0.2, NULL);
	g_autoptr(linop) inverse_one = linop_convolve_inverse(m_one, 0.5, 0.1, 0.2, NULL);
	const stop_rule stop = { 30, 0, NULL };
	admm_problem p = problem_of(&c);
	set_kind(&p, 1);
	p.m = m;
	p.inverse = inverse;
	g_assert_true(admm_reference(c.v, &p, &stop, NULL));
	for (int64_t i = 0; i < 2; i++) {
		array b = array_channel(c.b, i), both = array_channel(c.v, i);
		g_autoptr(array) v = array_new(c.dev, REAL, one);
		admm_problem q = p;
		q.m = m_one;
		q.crop = crop;
		q.gradient = gradient;
		q.b = &b;
		q.inverse = inverse_one;
		g_assert_true(admm_reference(v, &q, &stop, NULL));
		g_assert_cmpfloat(relative_change(v, &both), <, 1e-5);
	}
}

static bool keep_last(watch *w, const iteration_note *note)
{
	(void)w;
	g_assert_true(note->objective >= 0);
	return note->primal >= 0;
}

static void stops_when_settled(void)
{
	g_auto(camera) c = camera_new(device_new("cpu", 2, NULL, NULL), (shape){ 1, 1, 8, 8 },
		(shape){ 1, 1, 5, 5 });
	g_autoptr(array) longer = array_like(c.v);
	watch w = { .tick = keep_last, .wants_objective = true };
	admm_problem p = problem_of(&c);
	set_kind(&p, 0);
	const stop_rule stop = { 100000, 1e-4, &w }, fixed = { 400, 0, NULL };
	g_assert_true(admm_reference(c.v, &p, &stop, NULL));    /* ends */
	g_assert_true(admm_reference(longer, &p, &fixed, NULL));
	g_assert_cmpfloat(relative_change(longer, c.v), <, 1e-2);
}

/* 100 iterations on OpenCL and on the CPU */
static void opencl(void)
{
	g_autoptr(device) probe = device_new("opencl", 1, NULL, NULL);
	if (!probe) {
		g_test_skip("no OpenCL device on this machine");
		return;
	}
	for (int kind = 0; kind < 4; kind += 3) {
		g_autoptr(device) host = device_new("cpu", 2, NULL, NULL);
		g_autoptr(array) result = NULL;         /* freed before its device */
		for (int on_opencl = 0; on_opencl < 2; on_opencl++) {
			g_auto(camera) c = camera_new(device_new(on_opencl ? "opencl" : "cpu", 1, NULL, NULL),
				(shape){ 2, 1, 12, 15 }, (shape){ 2, 1, 6, 7 });
			g_autoptr(linop) inverse = linop_convolve_inverse(c.m, 0.5, 0.1, 0.2, NULL);
			const stop_rule stop = { 100, 0, NULL };
			admm_problem p = problem_of(&c);
			set_kind(&p, kind);
			p.inverse = inverse;
			g_assert_true(admm_reference(c.v, &p, &stop, NULL));
			g_autoptr(array) v = array_move(c.v, host);
			if (on_opencl)
				g_assert_cmpfloat(relative_change(v, result), <, 1e-4);
			else
				result = g_steal_pointer(&v);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/admm/normal-equations", normal_equations);
	g_test_add_func("/admm/inner-solvers", inner_solvers);
	g_test_add_func("/admm/against-saddle", against_saddle);
	g_test_add_func("/admm/channels-apart", channels_apart);
	g_test_add_func("/admm/stops-when-settled", stops_when_settled);
	g_test_add_func("/admm/opencl", opencl);
	return g_test_run();
}
