/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-pairs.c - `nlos` of traces that each have two points of the wall, and of bent walls */
#include <glib.h>
#include <math.h>
#include "math/vec.h"
#include "tests/captures.h"
#include "tests/command.h"

device *cpu;

/* --- scans ------------------------------------------------------------------------------------ */

enum { TRACES = 900, BINS = 300 };

/* Bins of 32 ps at 3e8 m/s; a pulse of 60 ps, full width at half maximum. */
#define BIN 9.6e-3
#define PULSE (60e-12 / 2.3548 * 3e8)
#define DEVICE_Z 1.5

static const double scene[][3] = { { 0.1, 0.15, 0.6 }, { -0.2, -0.1, 0.75 } };

/* Numbers from 0 to 1 that fill it evenly: multiples of an irrational number (Weyl). */
static double evenly(int64_t i, double step)
{
	double x = (double)i * step;
	return x - floor(x);
}

static double lit_place(int64_t c, int64_t z, int64_t i, int64_t axis)
{
	(void)c, (void)z;
	return axis == 2 ? 0 : evenly(i, axis == 0 ? M_SQRT2 : 1.7320508) - 0.5;
}

static double seen_place(int64_t c, int64_t z, int64_t i, int64_t axis)
{
	(void)c, (void)z;
	return axis == 2 ? 0.02 : evenly(i, axis == 0 ? 2.2360680 : 2.6457513) - 0.5;
}

/* A grid of 30 x 30 on a sphere of 1.5 m around (0, 0, 1.5): 8 cm deep in the corners. */
static double bent_place(int64_t c, int64_t z, int64_t i, int64_t axis)
{
	(void)c, (void)z;
	double x = (double)(i % 30) / 29 - 0.5, y = (double)(i / 30) / 29 - 0.5;
	return axis == 0 ? x : axis == 1 ? y : 1.5 - sqrt(2.25 - x * x - y * y);
}

static double apart(const double *a, const double *b)
{
	return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
		(a[2] - b[2]) * (a[2] - b[2]));
}

static void place_at(const array *places, int64_t i, double to[3])
{
	for (int64_t k = 0; k < 3; k++)
		to[k] = at(places, 0, 0, i, k);
}

/* outside: ways from (0, 0, 1.5) to the wall and back there are counted too */
static array *scan(const array *lit, const array *seen, bool outside)
{
	static const double device_place[] = { 0, 0, DEVICE_Z };
	array *counts = array_new(cpu, REAL, (shape){ 1, BINS, 1, TRACES });
	vec_fill(counts, 0);
	for (int64_t i = 0; i < TRACES; i++)
		for (int k = 0; k < 2; k++) {
			double a[3], b[3];
			place_at(lit, i, a);
			place_at(seen, i, b);
			double to = apart(a, scene[k]), from = apart(b, scene[k]), path = to + from;
			path += outside ? apart(a, device_place) + apart(b, device_place) - 2 * DEVICE_Z : 0;
			for (int64_t m = 0; m < BINS; m++) {
				double t = ((double)m * BIN - path) / PULSE;
				array_row(counts, 0, m, 0)[i] += (float)(exp(-t * t / 2) / (to * to * from * from));
			}
		}
	return counts;
}

/* --- what comes of them ----------------------------------------------------------------------- */

#define FIRST_DEPTH 0.5
#define DEPTH_STEP 0.01

static array *seen_by(const array *counts, const array *lit, const array *seen,
	const char *const *more)
{
	const char *words[24] = { "axes", "tyx", "bin", "32", "light-speed", "3e8", "gate", "none",
		"background", "none", "start", "0", "depth", "0.5,0.9", "depth-step", "0.01" };
	for (int i = 16; *more; i++)
		words[i] = *more++;
	const given pictures[] = { { NULL, counts, 0, NULL }, { "laser-positions", lit, 0, NULL },
		{ "detector-positions", seen, 0, NULL }, { 0 } };
	return command_run("nlos", pictures, words, NULL);
}

/* Points of the scene are where the volume is brightest near them: voxels over a wall of 1 m. */
static void check_found(const array *v, double within)
{
	double step = 1.0 / (double)(v->shape.x - 1);
	for (int k = 0; k < 2; k++) {
		int64_t c[3] = { llround((scene[k][0] + 0.5) / step), llround((scene[k][1] + 0.5) / step),
			llround((scene[k][2] - FIRST_DEPTH) / DEPTH_STEP) };
		double sum = 0, middle[3] = { 0, 0, 0 }, most = 0;
		for (int pass = 0; pass < 2; pass++)
			for (int64_t i = 0; i < 7 * 7 * 7; i++) {
				int64_t x = c[0] + i % 7 - 3, y = c[1] + i / 7 % 7 - 3, z = c[2] + i / 49 - 3;
				double u = at(v, 0, z, y, x);
				most = pass == 0 ? fmax(most, u) : most;
				double w = pass && u > 0.3 * most ? u : 0;
				sum += w;
				middle[0] += w * ((double)x * step - 0.5);
				middle[1] += w * ((double)y * step - 0.5);
				middle[2] += w * (FIRST_DEPTH + (double)z * DEPTH_STEP);
			}
		for (int i = 0; i < 3; i++) {
			middle[i] /= sum;
			g_test_message("point %d, axis %d: %.4f m for %.4f m", k, i, middle[i], scene[k][i]);
			g_assert_cmpfloat(fabs(middle[i] - scene[k][i]), <, within);
		}
	}
}

/* What is far from both points is dark against them. */
static void check_dark(const array *v, double share)
{
	double most = (double)vec_max_abs(v), far = 0, step = 1.0 / (double)(v->shape.x - 1);
	for (int64_t i = 0; i < shape_count(v->shape); i++) {
		int64_t x = i % v->shape.x, y = i / v->shape.x % v->shape.y, z = i / v->shape.x / v->shape.y;
		const double p[3] = { (double)x * step - 0.5, (double)y * step - 0.5,
			FIRST_DEPTH + (double)z * DEPTH_STEP };
		if (apart(p, scene[0]) > 0.15 && apart(p, scene[1]) > 0.15)
			far = fmax(far, at(v, 0, z, y, x));
	}
	g_test_message("far away: %.3f of the brightest", far / most);
	g_assert_cmpfloat(far, <, share * most);
}

static void check_seen(const array *counts, const array *lit, const array *seen, const char *method,
	double share)
{
	const char *const words[] = { "method", method, NULL };
	g_autoptr(array) v = seen_by(counts, lit, seen, words);
	check_found(v, 0.004);
	check_dark(v, share);
}

static void pairs(void)
{
	g_autoptr(array) lit = make((shape){ 1, 1, TRACES, 3 }, lit_place);
	g_autoptr(array) seen = make((shape){ 1, 1, TRACES, 3 }, seen_place);
	g_autoptr(array) counts = scan(lit, seen, false);
	check_seen(counts, lit, seen, "auto", 0.1);
	check_seen(counts, lit, seen, "filtered", 0.1);
	check_seen(counts, lit, seen, "phasor", 0.1);
}

/* Scanned both together over a bent wall, no two in a plane. */
static void bent_wall(void)
{
	g_autoptr(array) lit = make((shape){ 1, 1, TRACES, 3 }, bent_place);
	g_autoptr(array) counts = scan(lit, lit, false);
	check_seen(counts, lit, lit, "auto", 0.1);
	check_seen(counts, lit, lit, "filtered", 0.1);
	check_seen(counts, lit, lit, "phasor", 0.1);
}

/* --- walls that are nearly flat --------------------------------------------------------------- */

static double bulge;            /* m, in the middle of a wall of 1 m */

static double bulging_place(int64_t c, int64_t z, int64_t i, int64_t axis)
{
	(void)c, (void)z;
	double x = (double)(i % 30) / 29 - 0.5, y = (double)(i / 30) / 29 - 0.5;
	return axis == 0 ? x : axis == 1 ? y : bulge * (1 - 4 * x * x) * (1 - 4 * y * y);
}

/* The capture in rows and columns. */
static array *folded(const array *row)
{
	array *to = array_new(cpu, REAL, (shape){ 1, BINS, 30, 30 });
	for (int64_t i = 0; i < BINS * TRACES; i++)
		array_row(to, 0, i / TRACES, i % TRACES / 30)[i % 30] =
			array_row(row, 0, i / TRACES, 0)[i % TRACES];
	return to;
}

/* Points are found, and what was done is said, by transforms that need a plane. */
static void check_bulging(const char *method, double height, bool flattened)
{
	bulge = height;
	g_autoptr(array) lit = make((shape){ 1, 1, TRACES, 3 }, bulging_place);
	g_autoptr(array) row = scan(lit, lit, false);
	g_autoptr(array) counts = folded(row);
	g_autofree char *warnings = NULL;
	const given pictures[] = { { NULL, counts, 0, NULL }, { "laser-positions", lit, 0, NULL }, { 0 } };
	const char *const words[] = { "bin", "32", "light-speed", "3e8", "gate", "none", "background",
		"none", "start", "0", "method", method, NULL };
	g_autoptr(array) v = command_run("nlos", pictures, words, &warnings);
	g_assert_cmpint(strstr(warnings, "not flat") != NULL, ==, flattened);
	if (!flattened)
		return;
	/* planes of the bins; the plane that fits best is a bulge's mean, 4/9 of its height, off */
	for (int k = 0; k < 2; k++) {
		int64_t best[3] = { 0, 0, 0 };
		double most = 0;
		for (int64_t i = 0; i < shape_count(v->shape); i++) {
			int64_t x = i % 30, y = i / 30 % 30, z = i / 900;
			const double p[3] = { (double)x / 29 - 0.5, (double)y / 29 - 0.5,
				(double)z * BIN / 2 + height * 4 / 9 };
			if (apart(p, scene[k]) > 0.1 || at(v, 0, z, y, x) < most)
				continue;
			most = at(v, 0, z, y, x);
			memcpy(best, (int64_t[]){ x, y, z }, sizeof(best));
		}
		g_test_message("%s, %g m: %d %d %d", method, height, (int)best[0], (int)best[1], (int)best[2]);
		g_assert_cmpfloat(most, >, 0.3 * (double)vec_max_abs(v));
		g_assert_cmpfloat(fabs((double)best[0] / 29 - 0.5 - scene[k][0]), <, 1.5 / 29);
		g_assert_cmpfloat(fabs((double)best[1] / 29 - 0.5 - scene[k][1]), <, 1.5 / 29);
		g_assert_cmpfloat(fabs((double)best[2] * BIN / 2 + height * 4 / 9 - scene[k][2]), <, 0.012);
	}
}

static void nearly_flat(void)
{
	check_bulging("lct", 0.04, true);
	check_bulging("fk", 0.04, true);
	check_bulging("auto", 0.004, true);
	check_bulging("auto", 0.04, false);
	check_bulging("filtered", 0.004, false);
}

/* Too far out of any plane. */
static void not_flat(void)
{
	static const char *const words[] = { "bin", "32", "start", "0", "method", "lct", NULL };
	bulge = 0.3;
	g_autoptr(array) lit = make((shape){ 1, 1, TRACES, 3 }, bulging_place);
	g_autoptr(array) row = scan(lit, lit, false);
	g_autoptr(array) counts = folded(row);
	const given pictures[] = { { NULL, counts, 0, NULL }, { "laser-positions", lit, 0, NULL }, { 0 } };
	g_autofree char *message = command_refused("nlos", pictures, words, RELUMINE_MISMATCH);
	g_assert_nonnull(strstr(message, "no regular grid"));
}

/* Time counted from devices: each trace's own two ways there are taken off. */
static void from_devices(void)
{
	g_autoptr(array) lit = make((shape){ 1, 1, TRACES, 3 }, lit_place);
	g_autoptr(array) seen = make((shape){ 1, 1, TRACES, 3 }, seen_place);
	g_autoptr(array) counts = scan(lit, seen, true);
	image_scale *scale = image_scale_new();
	transient *t = scale->transient = transient_new();
	t->clock = CLOCK_AT_DEVICES;
	t->start = 2 * DEVICE_Z / 3e8;
	for (int i = 0; i < 3; i++)
		t->laser[i] = t->camera[i] = i == 2 ? DEVICE_Z : 0;
	const given pictures[] = { { NULL, counts, 0, scale }, { "laser-positions", lit, 0, NULL },
		{ "detector-positions", seen, 0, NULL }, { 0 } };
	static const char *const words[] = { "bin", "32", "light-speed", "3e8", "gate", "none",
		"background", "none", "depth", "0.5,0.9", "depth-step", "0.01", "method", "filtered", NULL };
	g_autoptr(array) v = command_run("nlos", pictures, words, NULL);
	check_found(v, 0.004);
	/* traces that come forward leave bins at the end that are no background */
	static const char *const lit_room[] = { "bin", "32", "light-speed", "3e8", "gate", "none",
		"depth", "0.5,0.9", "depth-step", "0.01", "method", "filtered", NULL };
	vec_shift(counts, 2);
	g_autoptr(array) w = command_run("nlos", pictures, lit_room, NULL);
	check_found(w, 0.004);
	vec_axpy(w, -1, v);
	g_test_message("off by %g", (double)(vec_max_abs(w) / vec_max_abs(v)));
	g_assert_cmpfloat((double)vec_max_abs(w), <, 0.01 * (double)vec_max_abs(v));
	image_scale_free(scale);
}

/* --- a module for telephones ------------------------------------------------------------------ */

/* Mean of the front view, at depths of 0.45 to 0.6 m, over x and y in m. */
static double front(const array *v, const double x[2], const double y[2])
{
	double sum = 0, n = 0;
	const double step = 0.0297634, first[2] = { -0.7007, -0.3914 };    /* of the module's points */
	for (int64_t j = 0; j < v->shape.y; j++)
		for (int64_t i = 0; i < v->shape.x; i++) {
			double px = first[0] + step * (double)i, py = first[1] + step * (double)j, most = 0;
			for (int64_t z = 0; z < v->shape.z; z++)
				most = fmax(most, at(v, 0, z, j, i));
			bool inside = px >= x[0] && px <= x[1] && py >= y[0] && py <= y[1];
			sum += inside ? most : 0;
			n += inside;
		}
	return sum / n;
}

/* Two legs and what joins them below, brighter than what is between and above: a U. */
static void module(void)
{
	static const char *const methods[] = { "auto", "phasor" };
	g_autoptr(image) im = capture("nlos/consumer_spad/ams_U.npz");
	const given pictures[] = { { NULL, im ? im->data : NULL, 0, im ? im->scale : NULL }, { 0 } };
	for (size_t i = 0; im && i < G_N_ELEMENTS(methods); i++) {
		const char *const words[] = { "depth", "0.45,0.6", "method", methods[i], NULL };
		g_autoptr(array) v = command_run("nlos", pictures, words, NULL);
		double left = front(v, (double[]){ -0.18, -0.12 }, (double[]){ -0.15, 0.1 });
		double right = front(v, (double[]){ 0.17, 0.23 }, (double[]){ -0.15, 0.1 });
		double below = front(v, (double[]){ -0.1, 0.15 }, (double[]){ 0.14, 0.2 });
		double between = front(v, (double[]){ -0.03, 0.08 }, (double[]){ -0.2, 0.05 });
		g_test_message("legs %g %g, below %g, between %g", left, right, below, between);
		g_assert_cmpfloat(fmin(left, right), >, 2 * between);
		g_assert_cmpfloat(below, >, 1.3 * between);
	}
}

/* Transforms over a grid are not for pairs. */
static void refused(void)
{
	static const char *const methods[] = { "lct", "fk", "directional", "lct-tv", "diffuse" };
	g_autoptr(array) lit = make((shape){ 1, 1, TRACES, 3 }, lit_place);
	g_autoptr(array) seen = make((shape){ 1, 1, TRACES, 3 }, seen_place);
	g_autoptr(array) counts = scan(lit, seen, false);
	const given pictures[] = { { NULL, counts, 0, NULL }, { "laser-positions", lit, 0, NULL },
		{ "detector-positions", seen, 0, NULL }, { 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const words[] = { "axes", "tyx", "bin", "32", "start", "0", "method", methods[i],
			NULL };
		g_autofree char *message = command_refused("nlos", pictures, words, RELUMINE_MISMATCH);
		g_assert_nonnull(strstr(message, "needs a confocal capture"));
	}
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/nlos-pairs/points seen by pairs", pairs },
		{ "/nlos-pairs/points seen by a bent wall", bent_wall },
		{ "/nlos-pairs/time from the devices", from_devices },
		{ "/nlos-pairs/a module's letter", module },
		{ "/nlos-pairs/a wall that is nearly flat", nearly_flat },
		{ "/nlos-pairs/a wall that is not", not_flat },
		{ "/nlos-pairs/refused", refused },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
