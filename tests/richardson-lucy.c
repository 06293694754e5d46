/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.c - the fused Richardson-Lucy solver against plain loops in double precision */
#include <math.h>
#include <unistd.h>
#include "core/error.h"
#include "math/richardson-lucy.h"
#include "math/vec.h"
#include "tests/plain-rl.h"
#include "tests/stage.h"

device *cpu;

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
		.acceleration = t->acceleration, .held = HELD, .restart = true, .bold = t->bold,
		.background = t->background, .tv_weight = t->tv_weight,
		.spacing = { spacing[0], spacing[1], spacing[2] }, .start = START, .least = LEAST, .seen = SEEN,
		.iterations = ITERATIONS
	};
}

static array *solve_in(const trial *t, device *dev, bool in_file)
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
	g_autoptr(rl_blur) blur = rl_blur_new(dev, psf, t->centre, &g, in_file, NULL);
	rl_settings s = settings_of(t);
	s.in_file = s.all_in_file = in_file;
	rl_outcome o;
	p.blur = blur;
	g_assert_true(rl_solve(result, &p, &s, NULL, &o, NULL));
	g_assert_cmpint(o.iterations, ==, ITERATIONS);
	g_assert_cmpfloat(o.fft_per_iteration, ==, 4);
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
	return result;
}

static array *fused_solve(const trial *t, device *dev)
{
	return solve_in(t, dev, false);
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

/* Kept in files, where there is a folder for them: not a bit differs. */
static void in_files(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autofree char *folder = g_dir_make_tmp("relumine-XXXXXX", NULL);
	dev->spill = g_strdup(folder);
	for (size_t i = 0; i < G_N_ELEMENTS(trials); i++) {
		g_autoptr(array) memory = solve_in(&trials[i], dev, false);
		g_autoptr(array) file = solve_in(&trials[i], dev, true);
		g_assert_true(same(memory, file));
	}
	g_assert_cmpint(rmdir(folder), ==, 0);  /* nothing was left there */
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
	{ "/richardson-lucy/in-files", in_files },
	{ "/richardson-lucy/flux", flux },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
