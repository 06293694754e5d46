/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-methods.c - every method of `nlos`: threads, OpenCL, frames, little memory, idle options */
#include <math.h>
#include "math/vec.h"
#include "tests/small-scan.h"

device *cpu;

/* wants: an option without which the method does nothing */
static const struct { const char *name, *wants, *value; } methods[] = {
	{ "lct", "compat", "none" }, { "fk", "compat", "none" },
	{ "phasor", "compat", "none" }, { "phasor", "compat", "published" },
	{ "backprojection", "compat", "none" }, { "filtered", "compat", "none" },
	{ "lct-tv", "iterations", "10" }, { "directional", "compat", "none" },
	{ "diffuse", "slab", "0.0254" },
};

/* --- threads ---------------------------------------------------------------------------------- */

static void threads(void)
{
	static const char *const counts[] = { "1", "2", "5" };
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		g_autoptr(array) first = NULL;
		for (size_t k = 0; k < G_N_ELEMENTS(counts); k++) {
			const char *const options[] = { SMALL_GRID, "start", "0", "method", methods[i].name,
				methods[i].wants, methods[i].value, "threads", counts[k], NULL };
			g_autoptr(array) scene = see(scan, options);
			g_assert_true(!first || same(scene, first));
			if (!first)
				first = g_steal_pointer(&scene);
		}
	}
}

/* --- OpenCL ----------------------------------------------------------------------------------- */

static void opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device");
		return;
	}
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const here[] = { SMALL_GRID, "start", "0", "method", methods[i].name,
			methods[i].wants, methods[i].value, NULL };
		const char *const there[] = { SMALL_GRID, "start", "0", "method", methods[i].name,
			methods[i].wants, methods[i].value, "device", "opencl", NULL };
		g_autoptr(array) want = see(scan, here);
		g_autoptr(array) got = see(scan, there);
		g_test_message("%s %s: %g", methods[i].name, methods[i].value, gap(got, want));
		g_assert_cmpfloat(gap(got, want), <, 1e-4);
	}
}

/* --- frames ----------------------------------------------------------------------------------- */

enum { FRAMES = 3 };

/* The second is darker, the third turned around. */
static double film(int64_t c, int64_t z, int64_t y, int64_t x)
{
	int64_t frame = z / SMALL_BINS, bin = z % SMALL_BINS;
	return small_counts(c, bin, y, frame == 2 ? SMALL_COLUMNS - 1 - x : x) / (frame == 1 ? 2 : 1);
}

/* Of each frame what a run of it alone gives, where nothing is left to be chosen by the first. */
static void frames(void)
{
	g_autoptr(array) scan = make((shape){ 1, FRAMES * SMALL_BINS, SMALL_ROWS, SMALL_COLUMNS }, film);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *own = methods[i].wants, *value = methods[i].value;
		bool votes = strstr("phasor backprojection filtered", methods[i].name) != NULL;
		const char *const alone[] = { SMALL_SCAN, "depth", "0.2,0.5", "method", methods[i].name, own,
			value, votes ? "depth-step" : "bin-time", votes ? "0.02" : "1",
			strcmp(methods[i].name, "phasor") ? NULL : "wavelength", "0.25", NULL };
		const char *const all[] = { SMALL_SCAN, "depth", "0.2,0.5", "method", methods[i].name, own,
			value, votes ? "depth-step" : "bin-time", votes ? "0.02" : "1", "frames", "3",
			strcmp(methods[i].name, "phasor") ? NULL : "wavelength", "0.25", NULL };
		g_autoptr(array) got = see(scan, all);
		int64_t planes = got->shape.z / FRAMES;
		for (int64_t f = 0; f < FRAMES; f++) {
			array part = array_slices(scan, 0, f * SMALL_BINS, SMALL_BINS);
			g_autoptr(array) one = array_copy(&part);
			g_autoptr(array) want = see(one, alone);
			array found = array_slices(got, 0, f * planes, planes);
			g_assert_true(same(&found, want));
		}
	}
}

/* A file that says how many captures it holds needs no option. */
static void frames_of_the_file(void)
{
	static const char *const video[] = { "scene", "points", "grid", "8", "bins", "64", "bin", "64",
		"frames", "2", NULL };
	static const char *const none[] = { NULL }, *const two[] = { "frames", "2", NULL };
	relumine_job *job = command_job("simulate nlos", (given[]){ { 0 } }, video);
	g_assert_true(relumine_job_run(job, NULL));
	relumine_image *im = relumine_job_result(job);
	const given pictures[] = { { NULL, im->data, 0, im->scale }, { 0 } };
	g_autoptr(array) got = command_run("nlos", pictures, none, NULL);
	g_autoptr(array) want = command_run("nlos", pictures, two, NULL);
	g_assert_true(same(got, want));
	relumine_image_free(im);
	relumine_job_free(job);
}

/* --- memory ----------------------------------------------------------------------------------- */

static double wide(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return small_counts(c, z % SMALL_BINS, y % SMALL_ROWS, x % SMALL_COLUMNS);
}

/* With too little it is said how much would do, or the scene is the same. */
static void memory(void)
{
	static const char *const limits[] = { "2M", "4M", "12M" };
	g_autoptr(array) scan = make((shape){ 1, SMALL_BINS, 48, 48 }, wide);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const plenty[] = { SMALL_SCAN, "method", methods[i].name, methods[i].wants,
			"none", NULL };
		const char *own = methods[i].wants, *value = methods[i].value;
		if (strcmp(own, "compat") || strcmp(value, "none"))
			continue;
		g_autoptr(array) want = see(scan, plenty);
		for (size_t k = 0; k < G_N_ELEMENTS(limits); k++) {
			const char *const little[] = { SMALL_SCAN, "method", methods[i].name, own, value,
				"max-memory", limits[k], NULL };
			const given pictures[] = { { NULL, scan, 0, NULL }, { 0 } };
			relumine_job *job = command_job("nlos", pictures, little);
			g_autoptr(GError) err = NULL;
			if (relumine_job_run(job, &err)) {
				g_autoptr(array) got = command_result(job);
				g_assert_cmpfloat(gap(got, want), <, 1e-4);
				g_test_message("%s with %s: the same", methods[i].name, limits[k]);
			} else {
				g_test_message("%s", err->message);
				g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_OVER_LIMIT);
				g_assert_nonnull(strstr(err->message, "max-memory"));
				g_assert_nonnull(strstr(err->message, "iB"));
			}
			relumine_job_free(job);
		}
	}
}

/* --- idle options ----------------------------------------------------------------------------- */

static void idle(void)
{
	static const struct { const char *option, *value, *heard_by; } all[] = {
		{ "surface", "diffuse", "lct lct-tv directional" }, { "beam", "0.01", "lct lct-tv directional" },
		{ "slab", "0.02", "diffuse" }, { "scattering", "auto", "diffuse" },
		{ "depth-step", "0.02", "phasor backprojection filtered" },
		{ "noise", "1", "lct lct-tv directional diffuse" }, { "wavelength", "0.3", "phasor" },
		{ "cycles", "4", "phasor" }, { "iterations", "2", "lct-tv" }, { "tv-weight", "1", "lct-tv" },
		{ "l1-weight", "1", "lct-tv" },
		{ "power", "2", "lct fk lct-tv directional phasor backprojection filtered" },
	};
	static const char *const some[] = { "fk", "phasor", "lct", "backprojection" };
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	const given pictures[] = { { NULL, scan, 0, NULL }, { 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(some); i++)
		for (size_t k = 0; k < G_N_ELEMENTS(all); k++) {
			const char *const options[] = { SMALL_SCAN, "method", some[i], all[k].option, all[k].value,
				NULL };
			g_autofree char *warnings = NULL, *word = g_strdup_printf("--%s has no effect with "
				"--method %s", all[k].option, some[i]);
			g_autoptr(array) scene = command_run("nlos", pictures, options, &warnings);
			g_auto(GStrv) hearing = g_strsplit(all[k].heard_by, " ", -1);
			bool heard = g_strv_contains((const char *const *)hearing, some[i]);
			g_assert_true(heard == !strstr(warnings, word));
		}
}

static const stage_test tests[] = {
	{ "/nlos-methods/threads", threads },
	{ "/nlos-methods/opencl", opencl },
	{ "/nlos-methods/frames", frames },
	{ "/nlos-methods/frames-of-the-file", frames_of_the_file },
	{ "/nlos-methods/memory", memory },
	{ "/nlos-methods/idle", idle },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
