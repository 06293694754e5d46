/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-blur.c - `relumine simulate blur` against plain loops, and `deconv` as its way back */
#include <math.h>
#include "math/vec.h"
#include "tests/command.h"

device *cpu;

static double scene(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c, z, y, x) / 65521 + (x == 7 && y == 5 ? 20 : 0);
}

/* No symmetry, even sides, brightest off its middle. */
static double lopsided(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	return (y == 1 && x == 3 && z == 0 ? 5 : 1) * (1 + 0.1 * scrambled(0, z, y, x) / 65521);
}

/* Light from inside the scene alone: beyond it is dark. */
static double by_loops(const array *scene_of, const array *psf, const int64_t peak[3],
	const int64_t at_voxel[3])
{
	shape s = scene_of->shape, p = psf->shape;
	double sum = 0;
	for (int64_t i = 0; i < p.z * p.y * p.x; i++) {
		int64_t z = at_voxel[2] + peak[2] - i / p.x / p.y, y = at_voxel[1] + peak[1] - i / p.x % p.y;
		int64_t x = at_voxel[0] + peak[0] - i % p.x;
		if (z >= 0 && z < s.z && y >= 0 && y < s.y && x >= 0 && x < s.x)
			sum += at(psf, 0, i / p.x / p.y, i / p.x % p.y, i % p.x) * at(scene_of, 0, z, y, x);
	}
	return sum;
}

typedef struct { shape scene, psf; const char *margin; int64_t cut[3]; } trial;

static void try(const trial *t)
{
	const char *const options[] = { "photons", "0", "margin", t->margin, NULL };
	static const int64_t peak[3] = { 3, 1, 0 };     /* x, y, z */
	g_autoptr(array) object = make(t->scene, scene), psf = make(t->psf, lopsided);
	const given pictures[] = { { .data = object }, { "psf", psf, 0, NULL }, { 0 } };
	g_autoptr(array) y = command_run("simulate blur", pictures, options, NULL);
	g_autoptr(array) want = array_like(y);
	g_assert_cmpint(y->shape.x, ==, t->scene.x - 2 * t->cut[0]);
	g_assert_cmpint(y->shape.y, ==, t->scene.y - 2 * t->cut[1]);
	g_assert_cmpint(y->shape.z, ==, t->scene.z - 2 * t->cut[2]);
	for (int64_t i = 0; i < y->shape.z * y->shape.y * y->shape.x; i++) {
		int64_t u = i % y->shape.x, v = i / y->shape.x % y->shape.y, w = i / y->shape.x / y->shape.y;
		array_row(want, 0, w, v)[u] = (float)by_loops(object, psf, peak,
			(const int64_t[3]){ u + t->cut[0], v + t->cut[1], w + t->cut[2] });
	}
	vec_scale(want, 1 / vec_max_abs(want));
	vec_subtract(y, want);
	g_assert_cmpfloat(vec_norm(y), <, 1e-5 * vec_norm(want));
}

static void against_loops(void)
{
	static const trial trials[] = {
		{ { 1, 1, 17, 20 }, { 1, 1, 4, 6 }, "0", { 0 } },
		{ { 1, 1, 17, 20 }, { 1, 1, 4, 6 }, "2,3", { 2, 3, 0 } },
		{ { 1, 1, 17, 20 }, { 1, 1, 4, 6 }, "auto", { 3, 2, 0 } },
		{ { 1, 7, 9, 12 }, { 1, 3, 4, 6 }, "0", { 0 } },
		{ { 1, 7, 9, 12 }, { 1, 3, 4, 6 }, "1,2,2", { 1, 2, 2 } },
		{ { 1, 7, 9, 12 }, { 1, 3, 4, 6 }, "auto", { 3, 2, 2 } },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(trials); i++)
		try(&trials[i]);
}

/* Means and variances of an even scene: photons and read noise, in counts above the offset. */
static void noise(void)
{
	static const char *const options[] = { "gaussian", "1", "margin", "auto", "photons", "400",
		"read-noise", "15", "offset", "100", NULL };
	g_autoptr(array) even = array_new(cpu, REAL, (shape){ 1, 4, 110, 110 });
	vec_fill(even, 3);
	const given pictures[] = { { .data = even }, { 0 } };
	g_autoptr(array) y = command_run("simulate blur", pictures, options, NULL);
	double n = (double)shape_count(y->shape), mean = vec_sum(y) / n;
	vec_shift(y, (float)-mean);
	double variance = pow(vec_norm(y), 2) / n, spread = 400 + 15 * 15;
	g_test_message("mean %g, variance %g", mean, variance);
	/* (four standard errors of each) */
	g_assert_cmpfloat(fabs(mean - 500), <, 4 * sqrt(spread / n));
	g_assert_cmpfloat(fabs(variance - spread), <, 4 * spread * sqrt(2 / n));
}

/* Back where it was: no shift by a pixel, no factor of brightness. */
static void and_back(void)
{
	static const char *const blur[] = { "photons", "100000", "margin", "6", NULL };
	static const char *const back[] = { "gain", "1", "iterations", "60", "stop", "fixed", NULL };
	g_autoptr(array) dots = array_new(cpu, REAL, (shape){ 1, 1, 52, 60 });
	g_autoptr(array) psf = make((shape){ 1, 1, 4, 6 }, lopsided);
	vec_fill(dots, 0.001f);
	array_row(dots, 0, 0, 20)[30] = 1;
	array_row(dots, 0, 0, 33)[18] = 0.5f;
	const given pictures[] = { { .data = dots }, { "psf", psf, 0, NULL }, { 0 } };
	g_autoptr(array) y = command_run("simulate blur", pictures, blur, NULL);
	const given blurred[] = { { .data = y }, { "psf", psf, 0, NULL }, { 0 } };
	g_autoptr(array) x = command_run("deconv", blurred, back, NULL);
	double ratio = at(x, 0, 0, 27, 12) / at(x, 0, 0, 14, 24);
	g_assert_cmpfloat_with_epsilon(ratio, 0.5, 0.03);
	g_assert_cmpfloat(at(x, 0, 0, 14, 24), >, 0.9 * (double)vec_max_abs(x));
}

static void refusals(void)
{
	static const char *const wide[] = { "gaussian", "1", "margin", "20", NULL };
	static const char *const twice[] = { "gaussian", "1", "disk", "3", NULL };
	static const char *const none[] = { "gaussian", "1", NULL };
	g_autoptr(array) object = make((shape){ 1, 1, 20, 20 }, scene);
	const given pictures[] = { { .data = object }, { 0 } };
	g_autofree char *margin = command_refused("simulate blur", pictures, wide, RELUMINE_MISMATCH);
	g_autofree char *usage = command_refused("simulate blur", pictures, twice, RELUMINE_BAD_USAGE);
	vec_fill(object, 0);
	g_autofree char *dark = command_refused("simulate blur", pictures, none, RELUMINE_BAD_INPUT);
	g_assert_nonnull(strstr(margin, "--margin"));
	g_assert_nonnull(strstr(usage, "--psf"));
	g_assert_nonnull(strstr(dark, "dark"));
}

static const stage_test tests[] = {
	{ "/simulate-blur/loops", against_loops },
	{ "/simulate-blur/noise", noise },
	{ "/simulate-blur/and-back", and_back },
	{ "/simulate-blur/refusals", refusals },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
