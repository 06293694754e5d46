/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone-steps.c - the light-cone transform taken apart, and total variation in its filter's
 * place */
#include <math.h>
#include "job/job.h"
#include "math/light-cone.h"
#include "math/prox.h"
#include "math/vec.h"
#include "tests/command.h"
#include "tests/stage.h"

device *cpu;

static double noise_like(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c, z, y, x) / 65521;
}

static const light_cone_geometry geometry = { .data = { 1, 50, 9, 12 }, .path = 0.01, .start = 3,
	.power = 4, .pitch = { 0.02, 0.03 } };

static array *along_v(light_cone *c)
{
	shape s = geometry.data;
	s.z = light_cone_rows(c);
	return array_new(cpu, REAL, s);
}

/* Steps one after the other are the whole. */
static void whole(void)
{
	g_autoptr(light_cone) c = light_cone_new(cpu, &geometry);
	g_autoptr(array) traces = make(geometry.data, noise_like);
	g_autoptr(array) at_once = array_like(traces);
	g_autoptr(array) stepwise = array_like(traces);
	g_autoptr(array) v = along_v(c);
	g_autoptr(array) u = along_v(c);
	light_cone_solve(c, at_once, traces, 0.7);
	light_cone_to_rows(c, v, traces);
	light_cone_filter(c, u, v, 0.7);
	light_cone_from_rows(c, stepwise, u);
	vec_subtract(stepwise, at_once);
	g_assert_cmpfloat(vec_norm(stepwise), <, 1e-6 * vec_norm(at_once));
}

/* mu / (|h|^2 + mu): symmetric, at most 1, and 1 where mu is large. */
static void pull(void)
{
	g_autoptr(light_cone) c = light_cone_new(cpu, &geometry);
	g_autoptr(array) u = along_v(c);
	g_autoptr(array) pulled = array_like(u);
	array *random = make(u->shape, noise_like);
	vec_copy(u, random);
	array_free(random);
	g_autoptr(linop) weak = light_cone_pull(c, 0.5);
	g_assert_cmpfloat(linop_adjoint_gap(weak, 3), <, 1e-6);
	g_assert_cmpfloat(linop_norm2(weak), <, 1.0 + 0.03);
	g_autoptr(linop) strong = light_cone_pull(c, 1e7);
	linop_apply(strong, pulled, u);
	vec_subtract(pulled, u);
	g_assert_cmpfloat(vec_norm(pulled), <, 1e-5 * vec_norm(u));
}

/* 1/2 (z - y)^2 + t w z for z >= 0 is least at max(y - t w, 0). */
static void tilt(void)
{
	g_autoptr(array) y = make((shape){ 1, 1, 3, 5 }, noise_like);
	g_autoptr(array) z = array_copy(y);
	g_autoptr(prox) p = prox_tilt(prox_nonnegative(), 0.8f);
	prox_step(p, z, 0.5f);
	double sum = 0;
	for (int64_t i = 0; i < 15; i++) {
		double expected = fmax(at(y, 0, 0, i / 5, i % 5) - 0.4, 0);
		g_assert_cmpfloat_with_epsilon(at(z, 0, 0, i / 5, i % 5), expected, 1e-6);
		sum += expected;
	}
	g_assert_cmpfloat_with_epsilon(prox_value(p, z), 0.8 * sum, 1e-5);
}

/* --- total variation, on a noisy capture of letters ------------------------------------------- */

static array *simulated(const char *photons)
{
	relumine_job *job = command_job("simulate nlos", (given[]){ { 0 } }, (const char *[]){ "scene",
		"letters", "grid", "32", "bins", "256", "seed", "4", "photons", photons, NULL });
	GError *err = NULL;
	relumine_job_run(job, &err);
	g_assert_no_error(err);
	array *a = command_result(job);
	relumine_job_free(job);
	return a;
}

static array *found(const array *traces, const char *method)
{
	return command_run("nlos", (given[]){ { NULL, traces, 65535, NULL }, { 0 } },
		(const char *[]){ "method", method, "bin", "32", "wall", "1", "start", "0", "gate", "none",
		NULL }, NULL);
}

/* Correlation with what the same method's filter makes of the noiseless traces. */
static double likeness(const array *a, const array *b)
{
	return vec_dot(a, b) / (vec_norm(a) * vec_norm(b));
}

static void noisy_letters(void)
{
	g_autoptr(array) clean = simulated("1e9");
	g_autoptr(array) dim = simulated("3e4");
	g_autoptr(array) truth = found(clean, "lct");
	g_autoptr(array) filtered = found(dim, "lct");
	g_autoptr(array) smooth = found(dim, "lct-tv");
	double before = likeness(filtered, truth), after = likeness(smooth, truth);
	g_test_message("likeness to the noiseless scene: %.3f by Wiener's filter, %.3f with TV", before,
		after);
	g_assert_cmpfloat(after, >, before + 0.05);
}

/* Traces that somebody has divided by their largest are no counts, and noisy all the same. */
static void scaled_letters(void)
{
	g_autoptr(array) dim = simulated("3e4");
	g_autoptr(array) smooth = found(dim, "lct-tv");
	vec_scale(dim, 1e-9f);
	g_autoptr(array) scaled = found(dim, "lct-tv");
	g_assert_cmpfloat(likeness(scaled, smooth), >, 0.9);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/light-cone-steps/whole", whole }, { "/light-cone-steps/pull", pull },
		{ "/light-cone-steps/tilt", tilt }, { "/light-cone-steps/noisy-letters", noisy_letters },
		{ "/light-cone-steps/scaled-letters", scaled_letters },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
