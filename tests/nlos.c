/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos.c - each option of `nlos` against the same done to the capture beforehand, or the formula */
#include <jansson.h>
#include <math.h>
#include "math/vec.h"
#include "tests/small-scan.h"

device *cpu;

/* --- which axis is which ---------------------------------------------------------------------- */

static const char *turned_order;

/* Element (z, y, x) of the scan saved with its axes in that order. */
static double turned(int64_t c, int64_t z, int64_t y, int64_t x)
{
	const int64_t index[3] = { z, y, x };
	const char *o = turned_order;
	return small_counts(c, index[strchr(o, 't') - o], index[strchr(o, 'y') - o],
		index[strchr(o, 'x') - o]);
}

static void orders(void)
{
	static const char *const all[] = { "tyx", "txy", "ytx", "yxt", "xty", "xyt" };
	g_autoptr(array) want = seen_plainly("lct");
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		const char *const options[] = { SMALL_SCAN, "axes", all[i], NULL };
		int64_t n[3];
		for (int k = 0; k < 3; k++)
			n[k] = all[i][k] == 't' ? SMALL_BINS : all[i][k] == 'y' ? SMALL_ROWS : SMALL_COLUMNS;
		turned_order = all[i];
		g_autoptr(array) counts = make((shape){ 1, n[0], n[1], n[2] }, turned);
		g_autoptr(array) got = see(counts, options);
		g_assert_true(same(got, want));
	}
}

static double in_a_row(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z;
	return small_counts(c, y, 3, x);
}

static double three_columns(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z;
	return small_counts(0, y, x, 4 + c);
}

static double three_columns_apart(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return small_counts(c, z, y, 4 + x);
}

/* Arrays that might have been pictures: two axes, or three of which the last is short. */
static void short_axes(void)
{
	static const char *const row[] = { "bin", "50", "wall", "0.45", SMALL_PLAIN, "axes", "tx", NULL };
	static const char *const narrow[] = { "bin", "50", "wall", "0.1,0.3", SMALL_PLAIN, NULL };
	g_autoptr(array) flat = make((shape){ 1, 1, SMALL_BINS, SMALL_COLUMNS }, in_a_row);
	g_autoptr(array) line = see(flat, row);
	g_assert_true(shape_equal(line->shape, (shape){ 1, SMALL_BINS, 1, SMALL_COLUMNS }));
	g_autoptr(array) colour = make((shape){ 3, 1, SMALL_BINS, SMALL_ROWS }, three_columns);
	g_autoptr(array) stack = make((shape){ 1, SMALL_BINS, SMALL_ROWS, 3 }, three_columns_apart);
	g_autoptr(array) got = see(colour, narrow);
	g_autoptr(array) want = see(stack, narrow);
	g_assert_true(same(got, want));
}

/* --- the wall --------------------------------------------------------------------------------- */

/* {"axes": {"x": {"first_m": ..}}} of a job's JSON */
static double axis_fact(json_t *all, const char *axis, const char *name)
{
	json_t *fact = json_object_get(json_object_get(json_object_get(all, "axes"), axis), name);
	g_assert_true(json_is_number(fact));
	return json_number_value(fact);
}

static void axes_in_metres(void)
{
	static const char *const options[] = { SMALL_GRID, "start", "100", SMALL_PLAIN, NULL };
	g_autoptr(array) counts = plain_scan();
	const given pictures[] = { { NULL, counts, 0, NULL }, { 0 } };
	relumine_job *job = command_job("nlos", pictures, options);
	g_assert_true(relumine_job_run(job, NULL));
	json_t *all = json_loads(relumine_job_json(job), 0, NULL);
	double plane = SMALL_BIN * 1e-12 * SMALL_LIGHT / 2;
	g_assert_cmpfloat_with_epsilon(axis_fact(all, "x", "first_m"), -0.225, 1e-9);
	g_assert_cmpfloat_with_epsilon(axis_fact(all, "y", "first_m"), -0.15, 1e-9);
	g_assert_cmpfloat_with_epsilon(axis_fact(all, "z", "first_m"), 2 * plane, 1e-9);
	g_assert_cmpfloat_with_epsilon(axis_fact(all, "x", "step_m"), SMALL_PITCH, 1e-9);
	g_assert_cmpfloat_with_epsilon(axis_fact(all, "y", "step_m"), SMALL_PITCH, 1e-9);
	g_assert_cmpfloat_with_epsilon(axis_fact(all, "z", "step_m"), plane, 1e-9);
	g_assert_cmpfloat(axis_fact(all, "x", "count"), ==, SMALL_COLUMNS);
	g_assert_cmpfloat(axis_fact(all, "z", "count"), ==, SMALL_BINS);
	const char *method = json_string_value(json_object_get(json_object_get(all, "metrics"), "method"));
	g_assert_cmpstr(method, ==, "lct");
	json_decref(all);
	relumine_job_free(job);
}

static void cells(void)
{
	static const char *const options[] = { "bin", "50", "wall", "0.5,0.35", "wall-extent", "cells",
		"start", "0", SMALL_PLAIN, NULL };
	g_autoptr(array) counts = plain_scan();
	g_autoptr(array) want = seen_plainly("lct");
	g_autoptr(array) got = see(counts, options);
	g_assert_cmpfloat(gap(got, want), <, 1e-5);
}

/* x, y, z of the scanned points, moved and turned: that is no matter */
static double scanned(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double u = SMALL_PITCH * (double)(y % SMALL_COLUMNS);
	double v = SMALL_PITCH * (double)(y / SMALL_COLUMNS);
	(void)c, (void)z;
	return x == 0 ? 3 + 0.6 * u : x == 1 ? 0.8 * u - 1 : -v;
}

static void places(void)
{
	static const char *const options[] = { "bin", "50", "start", "0", SMALL_PLAIN, NULL };
	g_autoptr(array) counts = plain_scan();
	g_autoptr(array) rows = make((shape){ 1, 1, SMALL_ROWS * SMALL_COLUMNS, 3 }, scanned);
	const given one[] = { { NULL, counts, 0, NULL }, { "laser-positions", rows, 0, NULL }, { 0 } };
	const given two[] = { { NULL, counts, 0, NULL }, { "laser-positions", rows, 0, NULL },
		{ "detector-positions", rows, 0, NULL }, { 0 } };
	g_autoptr(array) want = seen_plainly("lct");
	g_autoptr(array) lasers = command_run("nlos", one, options, NULL);
	g_autoptr(array) both = command_run("nlos", two, options, NULL);
	g_assert_cmpfloat(gap(lasers, want), <, 1e-4);
	g_assert_true(same(lasers, both));
}

/* One fixed end, said in three ways; and the first of two points where it is. */
static double fixed_row(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y;
	return x == 0 ? 0.1 : x == 1 ? -0.05 : 0;
}

static double on_the_wall(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return x == 2 ? 0 : x == 0 ? SMALL_PITCH * ((double)(y % SMALL_COLUMNS) - 4.5) :
		SMALL_PITCH * ((double)(y / SMALL_COLUMNS) - 3);
}

static double apart(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	double to = small_way(small_points[0], y, x);
	const double *p = small_points[0];
	double from = sqrt(pow(p[0] - 0.1, 2) + pow(p[1] + 0.05, 2) + p[2] * p[2]) / SMALL_LIGHT * 1e12;
	double off = (SMALL_BIN * (double)z - to - from) / SMALL_PULSE;
	return exp(-0.5 * off * off);
}

static void brightest(const array *v, int64_t place[3])
{
	double most = -1;
	for (int64_t i = 0; i < v->shape.z * v->shape.y * v->shape.x; i++) {
		int64_t z = i / (v->shape.y * v->shape.x), y = i / v->shape.x % v->shape.y, x = i % v->shape.x;
		if (at(v, 0, z, y, x) <= most)
			continue;
		most = at(v, 0, z, y, x);
		place[0] = x, place[1] = y, place[2] = z;
	}
}

static void fixed_end(void)
{
	static const char *const said[] = { SMALL_SCAN, "method", "backprojection", "depth-step", "0.01",
		"detector", "0.1,-0.05", "depth", "0.2,0.5", NULL };
	const char *const *plain = (const char *const[]){ SMALL_SCAN, "method", "backprojection",
		"depth-step", "0.01", "depth", "0.2,0.5", NULL };
	g_autoptr(array) counts = make(SMALL_SHAPE, apart);
	g_autoptr(array) one = make((shape){ 1, 1, 1, 3 }, fixed_row);
	g_autoptr(array) all = make((shape){ 1, 1, SMALL_ROWS * SMALL_COLUMNS, 3 }, on_the_wall);
	const given by_detector[] = { { NULL, counts, 0, NULL }, { "detector-positions", one, 0, NULL },
		{ 0 } };
	const given by_laser[] = { { NULL, counts, 0, NULL }, { "laser-positions", one, 0, NULL }, { 0 } };
	const given by_both[] = { { NULL, counts, 0, NULL }, { "laser-positions", one, 0, NULL },
		{ "detector-positions", all, 0, NULL }, { 0 } };
	g_autoptr(array) want = see(counts, said);
	g_autoptr(array) detector = command_run("nlos", by_detector, plain, NULL);
	g_autoptr(array) laser = command_run("nlos", by_laser, plain, NULL);
	g_autoptr(array) both = command_run("nlos", by_both, plain, NULL);
	g_assert_cmpfloat(gap(detector, want), <, 1e-5);
	g_assert_cmpfloat(gap(laser, want), <, 1e-5);
	g_assert_cmpfloat(gap(both, want), <, 1e-4);
	int64_t found[3];
	brightest(want, found);
	g_assert_cmpfloat_with_epsilon(SMALL_PITCH * ((double)found[0] - 4.5), 0.05, 0.03);
	g_assert_cmpfloat_with_epsilon(SMALL_PITCH * ((double)found[1] - 3), -0.05, 0.03);
	g_assert_cmpfloat_with_epsilon(0.2 + 0.01 * (double)found[2], 0.3, 0.03);
}

/* --- time ------------------------------------------------------------------------------------- */

static void bins_cut(void)
{
	static const char *const cut[] = { SMALL_SCAN, "bins", "20,80", NULL };
	static const char *const later[] = { SMALL_GRID, "start", "1000", SMALL_PLAIN, NULL };
	g_autoptr(array) counts = plain_scan();
	array part = array_slices(counts, 0, 20, 60);
	g_autoptr(array) alone = array_copy(&part);
	g_autoptr(array) got = see(counts, cut);
	g_autoptr(array) want = see(alone, later);
	g_assert_true(same(got, want));
}

/* Where nobody says when the first bin is, it is the file's first one, whatever bins are used. */
static void bins_of_unknown_start(void)
{
	static const char *const said[] = { SMALL_SCAN, "bins", "20,80", NULL };
	static const char *const unsaid[] = { SMALL_GRID, SMALL_PLAIN, "bins", "20,80", NULL };
	g_autoptr(array) counts = plain_scan();
	g_autoptr(array) want = see(counts, said);
	g_autoptr(array) got = see(counts, unsaid);
	g_assert_true(same(got, want));
}

static double by_threes(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return (double)((float)small_counts(c, 3 * z, y, x) + (float)small_counts(c, 3 * z + 1, y, x) +
		(float)small_counts(c, 3 * z + 2, y, x));
}

static double by_pairs(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return small_counts(c, z, 2 * y, 2 * x) + small_counts(c, z, 2 * y, 2 * x + 1) +
		small_counts(c, z, 2 * y + 1, 2 * x) + small_counts(c, z, 2 * y + 1, 2 * x + 1);
}

static void sums(void)
{
	static const char *const in_time[] = { SMALL_SCAN, "bin-time", "3", NULL };
	static const char *const wide[] = { "bin", "150", "wall", "0.45,0.3", "start", "50", SMALL_PLAIN,
		NULL };
	static const char *const in_space[] = { SMALL_SCAN, "bin-space", "2", NULL };
	static const char *const coarse[] = { "bin", "50", "wall", "0.4,0.2", "start", "0", SMALL_PLAIN,
		NULL };
	g_autoptr(array) counts = plain_scan();
	g_autoptr(array) threes = make((shape){ 1, 30, SMALL_ROWS, SMALL_COLUMNS }, by_threes);
	g_autoptr(array) pairs = make((shape){ 1, SMALL_BINS, 3, 5 }, by_pairs);
	g_autoptr(array) a = see(counts, in_time);
	g_autoptr(array) b = see(threes, wide);
	g_autoptr(array) c = see(counts, in_space);
	g_autoptr(array) d = see(pairs, coarse);
	g_assert_cmpfloat(gap(a, b), <, 1e-5);
	g_assert_cmpfloat(gap(c, d), <, 1e-5);
}

/* Each trace so many bins late; `first-bounce` tells. */
static int64_t delay(int64_t y, int64_t x)
{
	return (3 * y + 2 * x) % 7;
}

static double late(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return small_counts(c, z - delay(y, x), y, x);
}

static double late_ps(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return SMALL_BIN * (double)delay(y, x);
}

static void first_light(void)
{
	static const char *const options[] = { "bin", "50", "wall", "0.45,0.3", "clock", "devices",
		SMALL_PLAIN, NULL };
	g_autoptr(array) counts = make(SMALL_SHAPE, late);
	g_autoptr(array) times = make((shape){ 1, 1, SMALL_ROWS, SMALL_COLUMNS }, late_ps);
	const given pictures[] = { { NULL, counts, 0, NULL }, { "first-bounce", times, 0, NULL }, { 0 } };
	g_autoptr(array) got = command_run("nlos", pictures, options, NULL);
	g_autoptr(array) want = seen_plainly("lct");
	g_assert_cmpfloat(gap(got, want), <, 1e-5);
}

/* A bin's length times the speed of light is all that counts. */
static void speed(void)
{
	static const char *const options[] = { "bin", "60", "wall", "0.45,0.3", "start", "0", SMALL_PLAIN,
		"light-speed", "249827048.333", NULL };
	g_autoptr(array) counts = plain_scan();
	g_autoptr(array) got = see(counts, options);
	g_autoptr(array) want = seen_plainly("lct");
	g_assert_cmpfloat(gap(got, want), <, 1e-5);
}

/* --- depths ----------------------------------------------------------------------------------- */

/* --depth of methods that have a plane for each bin: those planes of all. */
static void depths(void)
{
	static const char *const methods[] = { "lct", "fk", "lct-tv", "directional" };
	double plane = SMALL_BIN * 1e-12 * SMALL_LIGHT / 2;
	g_autofree char *range = g_strdup_printf("%g,%g", 30.5 * plane, 50.5 * plane);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const options[] = { SMALL_SCAN, "method", methods[i], "depth", range, NULL };
		g_autoptr(array) counts = plain_scan();
		g_autoptr(array) all = seen_plainly(methods[i]);
		g_autoptr(array) got = see(counts, options);
		array want = array_slices(all, 0, 31, 20);
		g_assert_true(same(got, &want));
	}
}

/* Of those that choose: as many planes as were asked for. */
static void steps(void)
{
	static const char *const methods[] = { "phasor", "backprojection", "filtered" };
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const options[] = { SMALL_SCAN, "method", methods[i], "depth", "0.2,0.5",
			"depth-step", "0.02", NULL };
		g_autoptr(array) counts = plain_scan();
		g_autoptr(array) got = see(counts, options);
		g_assert_true(shape_equal(got->shape, (shape){ 1, 16, SMALL_ROWS, SMALL_COLUMNS }));
		int64_t found[3];
		brightest(got, found);
		double z = 0.2 + 0.02 * (double)found[2];
		g_test_message("%s: %g m", methods[i], z);
		g_assert_cmpfloat(fmin(fabs(z - 0.3), fabs(z - 0.45)), <, 0.021);
	}
}

static const stage_test tests[] = {
	{ "/nlos/orders", orders },
	{ "/nlos/short-axes", short_axes },
	{ "/nlos/axes-in-metres", axes_in_metres },
	{ "/nlos/cells", cells },
	{ "/nlos/places", places },
	{ "/nlos/fixed-end", fixed_end },
	{ "/nlos/bins", bins_cut }, { "/nlos/bins-of-unknown-start", bins_of_unknown_start },
	{ "/nlos/sums", sums },
	{ "/nlos/first-light", first_light },
	{ "/nlos/speed", speed },
	{ "/nlos/depths", depths },
	{ "/nlos/steps", steps },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
