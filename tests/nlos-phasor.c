/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-phasor.c - `nlos` by the phasor field and by backprojection: points where they are, waves
 * that suit the capture, warnings where they do not */
#include <glib.h>
#include <math.h>
#include "math/uniform.h"
#include "math/vec.h"
#include "tests/command.h"

device *cpu;

/* --- scans of points -------------------------------------------------------------------------- */

/* Bins of 32 ps at 3e8 m/s; a pulse of 60 ps, full width at half maximum. */
#define BIN 9.6e-3
#define PULSE (60e-12 / 2.3548 * 3e8)

typedef struct { double x, y, z; } place;

static double far_apart(place a, place b)
{
	return sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) + (a.z - b.z) * (a.z - b.z));
}

/* Light of a point that takes `path` and loses 1 / r^2 on each way. */
static void add_light(array *counts, int64_t y, int64_t x, double path, double size)
{
	for (int64_t m = 0; m < counts->shape.z; m++) {
		double t = ((double)m * BIN - path) / PULSE;
		array_row(counts, 0, m, y)[x] += (float)(size * exp(-t * t / 2));
	}
}

/* Point (x, y) of a wall of 1 m, from first to last point. */
static place on_wall(const array *counts, int64_t y, int64_t x)
{
	shape s = counts->shape;
	return (place){ (double)x / (double)(s.x - 1) - 0.5, (double)y / (double)(s.y - 1) - 0.5, 0 };
}

/* detector: NULL: confocal */
static array *scan(shape s, const place *points, int n, const place *detector)
{
	array *counts = array_new(cpu, REAL, s);
	vec_fill(counts, 0);
	for (int64_t i = 0; i < s.y * s.x; i++)
		for (int k = 0; k < n; k++) {
			double r = far_apart(on_wall(counts, i / s.x, i % s.x), points[k]);
			double back = detector ? far_apart(*detector, points[k]) : r;
			add_light(counts, i / s.x, i % s.x, r + back, 1 / (r * r * back * back));
		}
	return counts;
}

/* --- where they are found --------------------------------------------------------------------- */

typedef struct { double first, step; } axis;

/* Middle of what is above 30 % of the largest voxel near (x, y, z), in voxels. */
static place middle(const array *v, place at_voxel, int64_t reach_z)
{
	int64_t c[3] = { llround(at_voxel.z), llround(at_voxel.y), llround(at_voxel.x) };
	int64_t reach[3] = { reach_z, 3, 3 }, low[3], high[3], size[3] = { v->shape.z, v->shape.y,
		v->shape.x };
	double most = 0, sum = 0;
	place p = { 0, 0, 0 };
	for (int i = 0; i < 3; i++) {
		low[i] = MAX(c[i] - reach[i], 0);
		high[i] = MIN(c[i] + reach[i], size[i] - 1);
	}
	for (int pass = 0; pass < 2; pass++)
		for (int64_t z = low[0]; z <= high[0]; z++)
			for (int64_t y = low[1]; y <= high[1]; y++)
				for (int64_t x = low[2]; x <= high[2]; x++) {
					double u = at(v, 0, z, y, x);
					if (pass == 0)
						most = fmax(most, u);
					double w = pass && u > 0.3 * most ? u : 0;
					sum += w;
					p = (place){ p.x + w * (double)x, p.y + w * (double)y, p.z + w * (double)z };
				}
	return (place){ p.x / sum, p.y / sum, p.z / sum };
}

/* Mean distances of points from where they are found: voxels across, mm in depth. */
static void check_found(const array *v, const place *points, int n, axis z, const double limits[2])
{
	double across = 0, deep = 0;
	for (int k = 0; k < n; k++) {
		place p = { (points[k].x + 0.5) * (double)(v->shape.x - 1),
			(points[k].y + 0.5) * (double)(v->shape.y - 1), (points[k].z - z.first) / z.step };
		place found = middle(v, p, llround(0.048 / z.step));
		across += (fabs(found.x - p.x) + fabs(found.y - p.y)) / (2 * n);
		deep += fabs(found.z - p.z) * z.step * 1e3 / n;
	}
	g_test_message("%.4f voxels across, %.3f mm deep", across, deep);
	g_assert_cmpfloat(across, <, limits[0]);
	g_assert_cmpfloat(deep, <, limits[1]);
}

static const place five[] = {
	{ 0, 0, 0.6 }, { 0.25, 0.25, 0.7 }, { -0.25, 0.2, 0.8 }, { 0.2, -0.25, 0.9 }, { -0.3, -0.3, 1 }
};

static array *run_on(const array *counts, const char *method, const char *const *more,
	char **warnings)
{
	const char *words[24] = { "bin", "32", "wall", "1", "light-speed", "3e8", "gate", "none",
		"background", "none", "start", "0", "method", method };
	for (int i = 14; *more; i++)
		words[i] = *more++;
	const given pictures[] = { { NULL, counts, 0, NULL }, { 0 } };
	return command_run("nlos", pictures, words, warnings);
}

/* Of intensity, amplitude. */
static void take_roots(array *v)
{
	for (int64_t i = 0; i < shape_count(v->shape); i++) {
		int64_t row = i / v->shape.x;
		float *u = array_row(v, 0, row / v->shape.y, row % v->shape.y) + i % v->shape.x;
		*u = sqrtf(*u);
	}
}

static void five_points(void)
{
	static const char *const depths[] = { "depth", "0.5,1.15", "depth-step", "0.006", NULL };
	g_autoptr(array) counts = scan((shape){ 1, 512, 64, 64 }, five, 5, NULL);
	g_autoptr(array) field = run_on(counts, "phasor", depths, NULL);
	take_roots(field);
	check_found(field, five, 5, (axis){ 0.5, 0.006 }, (double[]){ 0.05, 0.5 });
}

static void five_points_filtered(void)
{
	static const char *const depths[] = { "depth", "0.5,1.15", "depth-step", "0.0048", NULL };
	g_autoptr(array) counts = scan((shape){ 1, 256, 32, 32 }, five, 5, NULL);
	g_autoptr(array) scene = run_on(counts, "filtered", depths, NULL);
	check_found(scene, five, 5, (axis){ 0.5, 0.0048 }, (double[]){ 0.1, 1 });
}

/* One detector, beside the middle, and a wall that is wider than high. */
static void one_detector(void)
{
	static const char *const words[] = {
		"detector", "0.1,-0.2", "depth", "0.5,1", "depth-step", "0.01", "wavelength", "0.1", NULL
	};
	static const place two[] = { { -0.1, 0.2, 0.7 }, { 0.2, -0.1, 0.8 } };
	static const place detector = { 0.1, -0.2, 0 };
	g_autoptr(array) counts = scan((shape){ 1, 256, 33, 40 }, two, 2, &detector);
	g_autoptr(array) field = run_on(counts, "phasor", words, NULL);
	check_found(field, two, 2, (axis){ 0.5, 0.01 }, (double[]){ 0.1, 2 });
}

/* --- which wave ------------------------------------------------------------------------------- */

static double wavelength_of(const array *counts, char **warnings, const char *const *words)
{
	const given pictures[] = { { NULL, counts, 0, NULL }, { 0 } };
	relumine_job *job = command_job("nlos", pictures, words);
	g_assert_true(relumine_job_run(job, NULL));
	const char *at_word = strstr(relumine_job_json(job), "\"wavelength_m\"");
	g_assert_nonnull(at_word);
	double w = g_ascii_strtod(strchr(at_word, ':') + 1, NULL);
	if (warnings)
		*warnings = g_strdup(relumine_job_warnings(job));
	relumine_job_free(job);
	return w;
}

static const char *const plain_words[] = {
	"bin", "32", "wall", "1", "light-speed", "3e8", "gate", "none", "background", "none", "start",
	"0", "method",
	"phasor", NULL
};

/* Four distances of points; more where there is nothing but noise. */
static void chosen_wave(void)
{
	g_autoptr(array) counts = scan((shape){ 1, 256, 21, 21 }, five, 5, NULL);
	g_autoptr(array) noise = array_like(counts);
	array_fill_uniform(noise, 8);
	g_assert_cmpfloat(fabs(wavelength_of(counts, NULL, plain_words) - 0.2), <, 1e-6);
	g_assert_cmpfloat(wavelength_of(noise, NULL, plain_words), >, 0.3);
}

static void warned_wave(void)
{
	static const char *const words[] = {
		"bin", "32", "wall", "1", "light-speed", "3e8", "gate", "none", "background", "none",
		"start", "0", "method",
		"phasor", "wavelength", "0.03", NULL
	};
	g_autoptr(array) counts = scan((shape){ 1, 256, 21, 21 }, five, 5, NULL);
	g_autofree char *warnings = NULL;
	g_assert_cmpfloat(wavelength_of(counts, &warnings, words), ==, 0.03);
	g_assert_nonnull(strstr(warnings, "0.05 m apart"));
	g_assert_nonnull(strstr(warnings, "0.2 m or more"));
	g_assert_nonnull(strstr(warnings, "a bin is 0.0096 m"));
}

/* Waves shorter than bins are refused; very long ones and few cycles are not. */
static void extreme_waves(void)
{
	static const char *const extremes[][4] = {
		{ "wavelength", "10", NULL }, { "cycles", "1", NULL }, { "cycles", "100", NULL },
		{ "power", "8", NULL }, { "depth", "0.001,0.3", "depth-step", "0.05" }
	};
	g_autoptr(array) counts = scan((shape){ 1, 128, 9, 8 }, five, 1, NULL);
	const given pictures[] = { { NULL, counts, 0, NULL }, { 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(extremes); i++) {
		const char *more[5] = { extremes[i][0], extremes[i][1], extremes[i][2], extremes[i][3], NULL };
		g_autoptr(array) field = run_on(counts, "phasor", more, NULL);
		g_assert_true(vec_finite(field));
	}
	static const char *const too_short[] = {
		"bin", "32", "wall", "1", "start", "0", "method", "phasor", "wavelength", "0.015", NULL
	};
	g_autofree char *message = command_refused("nlos", pictures, too_short, RELUMINE_BAD_USAGE);
	g_assert_nonnull(strstr(message, "--wavelength"));
	g_assert_nonnull(strstr(message, "0.00959 m"));
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/nlos-phasor/five points", five_points },
		{ "/nlos-phasor/five points, filtered backprojection", five_points_filtered },
		{ "/nlos-phasor/one detector", one_detector },
		{ "/nlos-phasor/chosen wave", chosen_wave },
		{ "/nlos-phasor/warned wave", warned_wave },
		{ "/nlos-phasor/extreme waves", extreme_waves },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
