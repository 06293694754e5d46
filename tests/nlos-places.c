/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-places.c - where `nlos` has points that are known, and what it makes of public captures */
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "math/vec.h"
#include "tests/captures.h"
#include "tests/command.h"
#include "tests/five-points.h"

device *cpu;

/* --- five points ------------------------------------------------------------------------------ */

/* A scan of them; bin by bin as a file would tell. */
static relumine_image *scan_of_points(void)
{
	static const char *const options[] = { "scene", "points", "photons", "0", "light-speed", "3e8",
		NULL };
	relumine_job *job = command_job("simulate nlos", (given[]){ { 0 } }, options);
	g_assert_true(relumine_job_run(job, NULL));
	relumine_image *im = relumine_job_result(job);
	relumine_job_free(job);
	return im;
}

/* m of light's way; the scene's first plane and their distance, m, from the facts of the job */
static double place_of(const relumine_job *job, const char *name)
{
	json_t *all = json_loads(relumine_job_json(job), 0, NULL);
	json_t *z = json_object_get(json_object_get(all, "axes"), "z");
	double value = json_number_value(json_object_get(z, name));
	json_decref(all);
	return value;
}

static point_error errors_of(const array *scan, const image_scale *scale, const char *method,
	bool closely)
{
	const char *const options[] = { "method", method, "light-speed", "3e8", "gate", "none",
		"background", "none", closely ? "depth-step" : NULL, "0.005", NULL };
	const given pictures[] = { { NULL, scan, 0, scale }, { 0 } };
	relumine_job *job = command_job("nlos", pictures, options);
	g_autoptr(GError) err = NULL;
	relumine_job_run(job, &err);
	g_assert_no_error(err);
	g_autoptr(array) scene = command_result(job);
	point_error e = five_errors(scene, place_of(job, "first_m"), place_of(job, "step_m"));
	g_test_message("%s: %.4f voxels, %.3f mm", method, e.lateral, 1e3 * e.depth);
	relumine_job_free(job);
	return e;
}

/* fk: its error of depth, m; light that has been added up over bins makes it larger */
static void found(const array *scan, const image_scale *scale, double fk)
{
	const struct { const char *method; bool closely; point_error most; } all[] = {
		{ "lct", false, { 0.05, 0.5e-3 } }, { "fk", false, { 0.02, fk } },
		{ "phasor", true, { 0.1, 1.5e-3 } },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		point_error e = errors_of(scan, scale, all[i].method, all[i].closely);
		g_assert_cmpfloat(e.lateral, <, all[i].most.lateral);
		g_assert_cmpfloat(e.depth, <, all[i].most.depth);
	}
}

static void simulated(void)
{
	relumine_image *im = scan_of_points();
	found(im->data, im->scale, 0.25e-3);
	relumine_image_free(im);
}

static void given_points(void)
{
	g_autofree char *file = data_file("nlos/sim/sim_points5.npz");
	if (!file) {
		g_test_skip("no folder of captures (set RELUMINE_DATA)");
		return;
	}
	g_autofree char *path = g_strconcat(file, ":clean", NULL);
	g_autoptr(image) im = image_read(cpu, path, NULL);
	g_assert_nonnull(im);
	found(im->data, im->scale, 0.15e-3);
}

/* --- public captures -------------------------------------------------------------------------- */

static json_t *metric(json_t *all, const char *name)
{
	return json_object_get(json_object_get(all, "metrics"), name);
}

/* What it makes of a capture with no option but `option`; the job's JSON, NULL: skipped. */
static json_t *look_at(const char *name, const char *option, const char *value, array **scene)
{
	g_autoptr(image) im = capture(name);
	const char *const options[] = { option, value, NULL };
	if (!im)
		return NULL;
	const given pictures[] = { { NULL, im->data, 0, im->scale }, { 0 } };
	relumine_job *job = command_job("nlos", pictures, options);
	g_autoptr(GError) err = NULL;
	relumine_job_run(job, &err);
	g_assert_no_error(err);
	json_t *all = json_loads(relumine_job_json(job), 0, NULL);
	*scene = command_result(job);
	g_test_message("%s: %s, brightest at %.3f m", name, json_string_value(metric(all, "method")),
		json_number_value(metric(all, "depth_of_brightest_m")));
	relumine_job_free(job);
	return all;
}

/* method; m from the wall where the brightest is: about where it is said to have been */
static const struct { const char *name, *option, *value, *method; double near, far; } known[] = {
	{ "nlos/lct2018/data_s_u.mat", NULL, NULL, "lct", 0.6, 1.1 },
	{ "nlos/lct2018/data_exit_sign.mat", NULL, NULL, "lct", 0.3, 1.1 },
	{ "nlos/lct2018/data_resolution_chart_40cm.mat", NULL, NULL, "lct", 0.3, 0.6 },
	{ "nlos/lct2018/data_outdoor_s.mat", NULL, NULL, "lct", 0.5, 1.3 },
	{ "nlos/irregular/figure_4_full_sub_Sig.mat", NULL, NULL, "phasor", 0.3, 1.6 },
	{ "nlos/cdt/letter_s.mat", "wall", "0.6", "diffuse", 0.3, 0.8 },
	{ "nlos/cdt/letters_ut.mat", "wall", "0.7", "diffuse", 0.3, 0.8 },
};

static void captures(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		g_autoptr(array) scene = NULL;
		json_t *all = look_at(known[i].name, known[i].option, known[i].value, &scene);
		if (!all)
			return;
		double z = json_number_value(metric(all, "depth_of_brightest_m"));
		g_assert_cmpstr(json_string_value(metric(all, "method")), ==, known[i].method);
		g_assert_nonnull(metric(all, "method_reason"));
		g_assert_cmpfloat(z, >, known[i].near);
		g_assert_cmpfloat(z, <, known[i].far);
		json_decref(all);
	}
}

/* Two letters, one behind the other: two depths hold most of the light, 0.2 to 0.5 m apart. */
static void two_letters(void)
{
	g_autoptr(array) scene = NULL;
	json_t *all = look_at("nlos/lct2018/data_s_u.mat", NULL, NULL, &scene);
	if (!all)
		return;
	double step = json_number_value(json_object_get(json_object_get(json_object_get(all, "axes"), "z"),
		"step_m"));
	double peak[2] = { 0, 0 }, where[2] = { 0, 0 };
	for (int64_t z = 0; z < scene->shape.z; z++) {
		array plane = array_plane(scene, 0, z);
		double m = step * (double)z, most = (double)vec_max_abs(&plane);
		int k = m > 0.88;
		if (m < 0.5 || m > 1.2 || most <= peak[k])
			continue;
		peak[k] = most;
		where[k] = m;
	}
	g_test_message("%.3f m and %.3f m, %g and %g", where[0], where[1], peak[0], peak[1]);
	g_assert_cmpfloat(where[1] - where[0], >, 0.2);
	g_assert_cmpfloat(where[1] - where[0], <, 0.5);
	g_assert_cmpfloat(fmin(peak[0], peak[1]), >, 0.2 * fmax(peak[0], peak[1]));
	json_decref(all);
}

static const stage_test tests[] = {
	{ "/nlos-places/simulated", simulated },
	{ "/nlos-places/given", given_points },
	{ "/nlos-places/captures", captures },
	{ "/nlos-places/two-letters", two_letters },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
