/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.c - the fused Richardson-Lucy solver against plain loops in double precision */
#include <math.h>
#include "core/error.h"
#include "math/richardson-lucy.h"
#include "math/vec.h"
#include "tests/stage.h"

device *cpu;

typedef struct {
	shape window, psf;
	position centre;
	enum rl_border border;
	enum rl_acceleration acceleration;
	bool bold, weights, offset;
	double background;
	bool even;              /* the PSF is its own mirror image in x and y */
	double tv_weight;
} trial;

static const trial trials[] = {
	{ { 1, 1, 9, 11 }, { 1, 1, 3, 5 }, { 0, 1, 2 }, RL_BORDER_UNKNOWN, RL_PLAIN,
		.bold = false },
	{ { 1, 1, 40, 37 }, { 1, 1, 7, 7 }, { 0, 3, 3 }, RL_BORDER_UNKNOWN, RL_HEAVY_BALL,
		.bold = true, .weights = true, .background = 2 },
	{ { 1, 1, 33, 8 }, { 1, 1, 4, 6 }, { 0, 1, 3 }, RL_BORDER_PERIODIC, RL_HEAVY_BALL,
		.offset = true },
	{ { 1, 5, 13, 12 }, { 1, 3, 5, 4 }, { 1, 2, 2 }, RL_BORDER_UNKNOWN, RL_HEAVY_BALL,
		.bold = false },
	{ { 1, 4, 9, 15 }, { 1, 9, 3, 5 }, { 4, 1, 2 }, RL_BORDER_UNKNOWN, RL_BIGGS_ANDREWS,
		.bold = true, .weights = true, .offset = true, .background = 1 },
	{ { 1, 6, 7, 10 }, { 1, 3, 3, 3 }, { 1, 1, 1 }, RL_BORDER_PERIODIC, RL_BIGGS_ANDREWS,
		.bold = false },
	{ { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 0, 0, 0 }, RL_BORDER_UNKNOWN, RL_PLAIN,
		.bold = false },
	{ { 1, 3, 1, 20 }, { 1, 3, 1, 7 }, { 1, 0, 3 }, RL_BORDER_UNKNOWN, RL_PLAIN, .weights = true },
	{ { 1, 1, 20, 30 }, { 1, 1, 5, 7 }, { 0, 2, 3 }, RL_BORDER_UNKNOWN, RL_HEAVY_BALL,
		.bold = true, .even = true },
	{ { 1, 1, 15, 17 }, { 1, 1, 5, 7 }, { 0, 2, 3 }, RL_BORDER_PERIODIC, RL_HEAVY_BALL,
		.even = true },
	{ { 1, 5, 11, 12 }, { 1, 4, 5, 7 }, { 1, 2, 3 }, RL_BORDER_UNKNOWN, RL_HEAVY_BALL,
		.bold = true, .even = true },
	{ { 1, 4, 9, 15 }, { 1, 3, 5, 9 }, { 1, 2, 4 }, RL_BORDER_PERIODIC, RL_BIGGS_ANDREWS,
		.weights = true, .even = true },
	{ { 1, 1, 20, 30 }, { 1, 1, 5, 6 }, { 0, 2, 3 }, RL_BORDER_UNKNOWN, RL_HEAVY_BALL,
		.bold = true, .tv_weight = 0.05 },
	{ { 1, 6, 11, 12 }, { 1, 4, 5, 4 }, { 1, 2, 3 }, RL_BORDER_UNKNOWN, RL_PLAIN, .weights = true,
		.tv_weight = 0.05 },
};
enum { ITERATIONS = 12 };
#define LEAST 0.01
#define START 40.0
#define SEEN 0.01
static const double spacing[3] = { 2.5, 1, 1.25 };      /* z, y, x */

static double counts(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return floor(scrambled(c, z, y, x) / 65521 * 90 + 5);
}

static double bump(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 0.1 + scrambled(c + 3, z, y, x) / 65521;
}

static double trust(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	return (z + 2 * y + 3 * x) % 7 == 0 ? 0 : (z + y + x) % 5 == 0 ? 0.5 : 1;
}

static double glow(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c + 1, z, y, x) / 65521;
}

/* --- the plain form --------------------------------------------------------------------------- */

typedef struct { shape s; double *v; } field;

static field field_new(shape s, double value)
{
	field f = { s, g_new(double, shape_count(s)) };
	for (int64_t i = 0; i < shape_count(s); i++)
		f.v[i] = value;
	return f;
}

static field field_of(const array *a)
{
	field f = field_new(a->shape, 0);
	for (int64_t i = 0; i < shape_count(a->shape); i++)
		f.v[i] = at(a, 0, i / (f.s.y * f.s.x), i / f.s.x % f.s.y, i % f.s.x);
	return f;
}

static int64_t wrap(int64_t i, int64_t n, bool periodic)
{
	return periodic ? (i % n + n) % n : i >= 0 && i < n ? i : -1;
}

/* Element of the estimate that PSF element j carries to element i of the window, or -1. */
static int64_t source(const trial *t, shape e, int64_t i, int64_t j)
{
	shape w = t->window, p = t->psf;
	bool periodic = t->border == RL_BORDER_PERIODIC;
	position off = { p.z - 1, p.y - 1, p.x - 1 };
	if (periodic)
		off = t->centre;
	int64_t z = i / (w.y * w.x) + off.z - j / (p.y * p.x);
	int64_t y = i / w.x % w.y + off.y - j / p.x % p.y, x = i % w.x + off.x - j % p.x;
	z = wrap(z, e.z, periodic);
	y = wrap(y, e.y, periodic);
	x = wrap(x, e.x, periodic);
	return (z * e.y + y) * e.x + x;
}

static void blur(const trial *t, field m, field x, field psf)
{
	for (int64_t i = 0; i < shape_count(m.s); i++) {
		m.v[i] = 0;
		for (int64_t j = 0; j < shape_count(psf.s); j++)
			m.v[i] += psf.v[j] * x.v[source(t, x.s, i, j)];
	}
}

static void blur_adjoint(const trial *t, field x, field m, field psf)
{
	memset(x.v, 0, (size_t)shape_count(x.s) * sizeof(double));
	for (int64_t i = 0; i < shape_count(m.s); i++)
		for (int64_t j = 0; j < shape_count(psf.s); j++)
			x.v[source(t, x.s, i, j)] += psf.v[j] * m.v[i];
}

typedef struct {
	field x, x_before, p, a, m, c, g, g_before;
	double square;
} plain;

static double divergence(const trial *t, field y, field m)
{
	double sum = 0;
	for (int64_t i = 0; i < shape_count(y.s); i++) {
		double model = fmax(m.v[i] + t->background, 1e-30);
		sum += model - y.v[i] + (y.v[i] > 0 ? y.v[i] * log(y.v[i] / model) : 0);
	}
	return sum;
}

/*
 * Element (z, y, x) off the estimate's first: it goes on around the grid, which is larger than the
 * estimate and holds the least value there.
 */
typedef struct { const field *f; rl_geometry g; } around;

static double value_at(const around *a, position p)
{
	shape e = a->f->s, g = a->g.grid;
	p = (position){ (p.z + g.z) % g.z, (p.y + g.y) % g.y, (p.x + g.x) % g.x };
	return p.z < e.z && p.y < e.y && p.x < e.x ? a->f->v[(p.z * e.y + p.y) * e.x + p.x] : LEAST;
}

static position step_along(position p, int axis, int64_t by)
{
	return (position){ p.z + (axis == 0) * by, p.y + (axis == 1) * by, p.x + (axis == 2) * by };
}

static double unit_gradient(const around *a, position p, int axis, double most)
{
	double square = 1e-12 * most * most, d[3];
	for (int i = 0; i < 3; i++) {
		d[i] = (value_at(a, step_along(p, i, 1)) - value_at(a, p)) / spacing[i];
		square += d[i] * d[i];
	}
	return d[axis] / sqrt(square);
}

/* 1 - weight div(grad x / |grad x|) */
static double smoothness(const trial *t, const field *x, int64_t i)
{
	const around a = { x, rl_layout(t->window, t->psf, t->centre, t->border) };
	const position p = { i / (x->s.y * x->s.x), i / x->s.x % x->s.y, i % x->s.x };
	double sum = 0, most = 0;
	for (int64_t k = 0; k < shape_count(x->s); k++)
		most = fmax(most, x->v[k]);
	for (int axis = 0; axis < 3; axis++)
		sum += (unit_gradient(&a, p, axis, most) -
			unit_gradient(&a, step_along(p, axis, -1), axis, most)) / spacing[axis];
	return fmax(1 - t->tv_weight * sum, 0.1);
}

static void plain_step(const trial *t, plain *s, int64_t since)
{
	g_autofree double *smooth = g_new(double, shape_count(s->x.s));
	for (int64_t i = 0; i < shape_count(s->x.s); i++)
		smooth[i] = t->tv_weight > 0 ? smoothness(t, &s->p, i) : 1;
	double product = 0, square = 0, momentum = 0;
	for (int64_t i = 0; i < shape_count(s->x.s); i++) {
		double q = fmax(s->c.v[i], 0) / fmax(s->a.v[i] * smooth[i], SEEN);
		double next = s->p.v[i] * (t->bold ? pow(q, 1.3125) : q);
		next = s->a.v[i] > SEEN ? fmax(next, LEAST) : LEAST;
		s->x_before.v[i] = s->x.v[i];
		s->x.v[i] = next;
		s->g_before.v[i] = s->g.v[i];
		s->g.v[i] = next - s->p.v[i];
		product += s->g.v[i] * s->g_before.v[i];
		square += s->g.v[i] * s->g.v[i];
	}
	if (t->acceleration == RL_HEAVY_BALL)
		momentum = (double)since / (double)(since + 3);
	if (t->acceleration == RL_BIGGS_ANDREWS && s->square > 0 && since > 0)
		momentum = fmin(fmax(product / s->square, 0), 1);
	s->square = square;
	for (int64_t i = 0; i < shape_count(s->x.s); i++)
		s->p.v[i] = fmax(s->x.v[i] + momentum * (s->x.v[i] - s->x_before.v[i]), LEAST);
}

static void plain_solve(const trial *t, plain *s, field y, field w, field offset, field psf)
{
	double before = NAN;
	int64_t since = 0;
	blur_adjoint(t, s->a, w, psf);
	for (int64_t i = 0; i < shape_count(s->x.s); i++)
		s->p.v[i] = s->x.v[i] = s->a.v[i] > SEEN ? START : LEAST;
	for (int k = 0; k < ITERATIONS; k++) {
		blur(t, s->m, s->p, psf);
		for (int64_t i = 0; i < shape_count(y.s); i++)
			s->m.v[i] += offset.v[i];
		double d = divergence(t, y, s->m);
		since = d > before ? 0 : since + 1;
		before = d;
		for (int64_t i = 0; i < shape_count(y.s); i++)
			s->m.v[i] = w.v[i] * y.v[i] / (s->m.v[i] + t->background);
		blur_adjoint(t, s->c, s->m, psf);
		plain_step(t, s, since);
	}
}

/* --- the comparison --------------------------------------------------------------------------- */

static array *psf_of(const trial *t)
{
	array *psf = make(t->psf, bump);
	for (int64_t i = 0; i < shape_count(t->psf) && t->even; i++) {
		int64_t y = i / t->psf.x % t->psf.y, x = i % t->psf.x;
		array_row(psf, 0, i / (t->psf.y * t->psf.x), y)[x] = (float)bump(0, i / (t->psf.y * t->psf.x),
			ABS(y - t->centre.y), ABS(x - t->centre.x));
	}
	vec_scale(psf, (float)(1 / vec_sum(psf)));
	return psf;
}

static rl_settings settings_of(const trial *t)
{
	return (rl_settings){
		.acceleration = t->acceleration, .restart = true, .bold = t->bold,
		.background = t->background, .tv_weight = t->tv_weight,
		.spacing = { spacing[0], spacing[1], spacing[2] }, .start = START, .least = LEAST, .seen = SEEN,
		.iterations = ITERATIONS
	};
}

static array *fused_solve(const trial *t, device *dev)
{
	g_autoptr(array) y = make(t->window, counts);
	g_autoptr(array) psf = psf_of(t);
	g_autoptr(array) w = make(t->window, trust);
	g_autoptr(array) offset = make(t->window, glow);
	array *all[] = { y, w, offset };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		all[i] = array_move(all[i], dev);
	array *result = array_like(all[0]);
	rl_problem p = {
		.y = all[0], .weights = t->weights ? all[1] : NULL, .offset = t->offset ? all[2] : NULL
	};
	const rl_geometry g = rl_layout(t->window, t->psf, t->centre, t->border);
	g_autoptr(rl_blur) blur = rl_blur_new(dev, psf, t->centre, &g, NULL);
	rl_settings s = settings_of(t);
	rl_outcome o;
	p.blur = blur;
	g_assert_true(rl_solve(result, &p, &s, NULL, &o, NULL));
	g_assert_cmpint(o.iterations, ==, ITERATIONS);
	g_assert_cmpfloat(o.fft_per_iteration, ==, 4);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
	return result;
}

static field expected(const trial *t)
{
	g_autoptr(array) y = make(t->window, counts);
	g_autoptr(array) psf = psf_of(t);
	g_autoptr(array) w = make(t->window, trust);
	g_autoptr(array) offset = make(t->window, glow);
	rl_geometry g = rl_layout(t->window, t->psf, t->centre, t->border);
	plain s = { .m = field_new(t->window, 0) };
	field *of_estimate[] = { &s.x, &s.x_before, &s.p, &s.a, &s.c, &s.g, &s.g_before };
	field data[] = { field_of(y), field_of(w), field_of(offset), field_of(psf), s.m };
	for (size_t i = 0; i < G_N_ELEMENTS(of_estimate); i++)
		*of_estimate[i] = field_new(g.estimate, 0);
	for (int64_t i = 0; i < shape_count(t->window); i++) {
		data[1].v[i] = t->weights ? data[1].v[i] : 1;
		data[2].v[i] = t->offset ? data[2].v[i] : 0;
	}
	plain_solve(t, &s, data[0], data[1], data[2], data[3]);
	field result = field_new(t->window, 0);
	for (int64_t i = 0; i < shape_count(t->window); i++) {
		shape w2 = t->window;
		int64_t z = i / (w2.y * w2.x) + g.at.z, row = i / w2.x % w2.y + g.at.y;
		result.v[i] = s.x.v[(z * g.estimate.y + row) * g.estimate.x + i % w2.x + g.at.x];
	}
	for (size_t i = 0; i < G_N_ELEMENTS(of_estimate); i++)
		g_free(of_estimate[i]->v);
	for (size_t i = 0; i < G_N_ELEMENTS(data); i++)
		g_free(data[i].v);
	return result;
}

/* Of the largest value: what single precision and twelve iterations leave. */
static double gap(const array *a, field f)
{
	double worst = 0, most = 0;
	g_autoptr(array) here = array_move(a, cpu);
	for (int64_t i = 0; i < shape_count(f.s); i++) {
		double v = at(here, 0, i / (f.s.y * f.s.x), i / f.s.x % f.s.y, i % f.s.x);
		worst = fabs(v - f.v[i]) <= worst ? worst : fabs(v - f.v[i]);
		most = fmax(most, f.v[i]);
	}
	return worst / most;
}

static void against_plain_loops(device *dev)
{
	for (size_t i = 0; i < G_N_ELEMENTS(trials); i++) {
		g_autoptr(array) fused = fused_solve(&trials[i], dev);
		field wanted = expected(&trials[i]);
		g_test_message("trial %d: %g", (int)i, gap(fused, wanted));
		g_assert_cmpfloat(gap(fused, wanted), <, 1e-4);
		g_free(wanted.v);
	}
}

static void on_cpu(void)
{
	against_plain_loops(cpu);
}

static void on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (dev)
		against_plain_loops(dev);
	else
		g_test_skip("no OpenCL device");
}

static void threads(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(trials); i++) {
		g_autoptr(array) two = fused_solve(&trials[i], cpu);
		for (int n = 1; n <= 8; n += n < 3 ? 2 : 5) {
			g_autoptr(device) dev = device_new("cpu", n, NULL, NULL);
			g_autoptr(array) many = fused_solve(&trials[i], dev);
			g_assert_true(same(two, many));
		}
	}
}

/* Periodic, without background: the model of the estimate has as much light as the data. */
static void flux(void)
{
	trial t = trials[2];
	t.offset = false;
	t.acceleration = RL_PLAIN;
	g_autoptr(array) y = make(t.window, counts);
	g_autoptr(array) x = fused_solve(&t, cpu);
	g_assert_cmpfloat_with_epsilon(vec_sum(x) / vec_sum(y), 1, 1e-5);
}

static const stage_test tests[] = {
	{ "/richardson-lucy/cpu", on_cpu },
	{ "/richardson-lucy/opencl", on_opencl },
	{ "/richardson-lucy/threads", threads },
	{ "/richardson-lucy/flux", flux },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
