/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-nlos.c - `relumine simulate nlos`: light, noise, geometry, frames, files, refusals */
#include <math.h>
#include "math/vec.h"
#include "stage/geometry.h"
#include "tests/command.h"

device *cpu;

static const given nothing[] = { { 0 } };

static array *scan(const char *const *options)
{
	return command_run("simulate nlos", nothing, options, NULL);
}

/* Points of albedo 1, as far as all traces hold all of their light: the sum of 1 / r^4. */
static double five_points(double z_shift)
{
	static const double p[][3] = { { 0, 0, 0.6 }, { 0.25, 0.25, 0.7 }, { -0.25, 0.2, 0.8 },
		{ 0.2, -0.25, 0.9 }, { -0.3, -0.3, 1 } };
	double sum = 0;
	for (int i = 0; i < 5 * 12 * 12; i++) {
		double x = (double)(i % 12) / 11 - 0.5, y = (double)(i / 12 % 12) / 11 - 0.5;
		const double *q = p[i / 144];
		sum += pow(pow(x - q[0], 2) + pow(y - q[1], 2) + pow(q[2] + z_shift, 2), -2);
	}
	return sum;
}

#define POINTS "scene", "points", "grid", "12", "bins", "420", "photons", "0"

static void energy(void)
{
	static const char *const clean[] = { POINTS, NULL };
	static const char *const dim[] = { POINTS, "background", "0.25", NULL };
	static const char *const noisy[] = { "scene", "points", "grid", "12", "photons", "1000000", NULL };
	g_autoptr(array) y = scan(clean);
	g_autoptr(array) b = scan(dim);
	g_autoptr(array) n = scan(noisy);
	double want = five_points(0);
	g_assert_cmpfloat_with_epsilon(vec_sum(y), want, 1e-5 * want);
	g_assert_cmpfloat_with_epsilon(vec_sum(b), want + 0.25 * 420 * 144, 1e-4 * want);
	g_assert_cmpfloat_with_epsilon(vec_sum(n), 1e6, 4e3);   /* (four deviations) */
}

/* Counts are whole and Poisson: their squared deviations are the expected numbers. */
static void noise(void)
{
	static const char *const clean[] = { "scene", "plane", "grid", "16", "bins", "256", "photons",
		"0", NULL };
	static const char *const noisy[] = { "scene", "plane", "grid", "16", "bins", "256", "photons",
		"300000", "background", "2", "seed", "7", NULL };
	g_autoptr(array) y = scan(clean);
	g_autoptr(array) n = scan(noisy);
	double scale = 3e5 / vec_sum(y), sum = 0, count = 0;
	for (int64_t i = 0; i < 256 * 256; i++) {
		double want = 2 + scale * at(y, 0, i / 256, i / 16 % 16, i % 16);
		double got = at(n, 0, i / 256, i / 16 % 16, i % 16);
		g_assert_cmpfloat(got, ==, floor(got));
		sum += pow(got - want, 2) / want;
		count++;
	}
	/* each term has mean 1 and variance 2 + 1 / want, 2.5 at most */
	g_assert_cmpfloat_with_epsilon(sum / count, 1, 4 * sqrt(2.5 / count));
}

/* A scene that is its own mirror image gives a scan that is. */
static void symmetry(void)
{
	static const char *const options[] = { "scene", "plane", "grid", "15", "bins", "200", "photons",
		"0", NULL };
	g_autoptr(array) y = scan(options);
	double most = (double)vec_max_abs(y);
	for (int64_t i = 0; i < 200 * 225; i++) {
		int64_t m = i / 225, v = i / 15 % 15, u = i % 15;
		double here = at(y, 0, m, v, u);
		g_assert_cmpfloat_with_epsilon(here, at(y, 0, m, v, 14 - u), 1e-5 * most);
		g_assert_cmpfloat_with_epsilon(here, at(y, 0, m, 14 - v, u), 1e-5 * most);
		g_assert_cmpfloat_with_epsilon(here, at(y, 0, m, u, v), 1e-5 * most);
	}
}

static void threads(void)
{
	static const char *const counts[] = { "1", "2", "5" };
	g_autoptr(array) first = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		const char *const options[] = { "scene", "figure", "grid", "9x13", "bins", "200",
			"geometry", "exhaustive", "detectors", "2", "threads", counts[i], NULL };
		g_autoptr(array) y = scan(options);
		g_assert_cmpint(y->shape.c, ==, 4);
		g_assert_true(!first || same(first, y));
		array_free(first);
		first = g_steal_pointer(&y);
	}
}

/* The middle of what trace (v, u) holds, s after the start of the clock. */
static double when(const array *y, int64_t v, int64_t u, double start, double bin)
{
	double sum = 0, moment = 0;
	for (int64_t m = 0; m < y->shape.z; m++) {
		sum += at(y, 0, m, v, u);
		moment += at(y, 0, m, v, u) * (double)m;
	}
	return start + bin * moment / sum;
}

/* Light of the wall itself: so much, and when the clock says. */
static void direct(void)
{
	static const char *const plain[] = { POINTS, NULL };
	static const char *const bright[] = { POINTS, "direct", "10", "time-shift", "500", NULL };
	static const char *const later[] = { POINTS, "time-shift", "500", NULL };
	g_autoptr(array) y = scan(plain);
	g_autoptr(array) d = scan(bright);
	g_autoptr(array) s = scan(later);
	vec_subtract(d, s);
	g_assert_cmpfloat_with_epsilon(vec_sum(d), 10 * vec_sum(y), 1e-4 * vec_sum(d));
	for (int64_t i = 0; i < 144; i++) {
		g_assert_cmpfloat_with_epsilon(when(d, i / 12, i % 12, 0, 32), 500, 0.1);
		g_assert_cmpfloat_with_epsilon(when(s, i / 12, i % 12, 0, 32) -
			when(y, i / 12, i % 12, 0, 32), 500, 0.1);
	}
}

/* What the scan's geometry is said to be. */
static void geometry(void)
{
	static const char *const options[] = { "scene", "points", "grid", "6x11", "wall", "0.8", "bins",
		"300", "bin", "20", "geometry", "single", "detector", "0.1,-0.2,0", "clock", "devices",
		"laser", "0,0,2", "camera", "0.1,-0.2,1", "jitter", "50", NULL };
	relumine_job *job = command_job("simulate nlos", nothing, options);
	g_assert_true(relumine_job_run(job, NULL));
	relumine_image *im = relumine_job_result(job);
	const transient *t = im->scale->transient;
	g_assert_cmpint(im->data->shape.y, ==, 6);
	g_assert_cmpint(im->data->shape.x, ==, 11);
	g_assert_cmpfloat_with_epsilon(t->bin, 20e-12, 1e-20);
	g_assert_cmpfloat_with_epsilon(t->jitter, 50e-12, 1e-20);
	g_assert_cmpfloat_with_epsilon(t->wall[0], 0.8, 1e-9);
	g_assert_cmpfloat_with_epsilon(t->wall[1], 0.4, 1e-9);
	g_assert_cmpint(t->extent, ==, EXTENT_SPAN);
	g_assert_cmpint(t->clock, ==, CLOCK_AT_DEVICES);
	g_assert_false(t->confocal);
	g_assert_cmpint(t->n_fixed, ==, 1);
	g_assert_cmpfloat(t->fixed[1], ==, -0.2);
	g_assert_cmpfloat(t->laser[2], ==, 2);
	g_assert_cmpfloat(t->camera[2], ==, 1);
	g_assert_cmpint(t->surface, ==, SURFACE_DIFFUSE);
	g_assert_cmpint(t->n_points, ==, 66);
	g_assert_cmpfloat_with_epsilon(t->points[3 * 12], -0.4 + 0.08, 1e-9);
	g_assert_cmpfloat_with_epsilon(t->points[3 * 12 + 1], -0.2 + 0.08, 1e-9);
	/* the laser's light is first on the wall at the point nearest to it, (0, +-0.04, 0) */
	g_assert_cmpfloat_with_epsilon(t->start, (1 + sqrt(4 + 0.04 * 0.04)) / 299792458, 1e-15);
	relumine_image_free(im);
	relumine_job_free(job);
}

static double uneven(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return x == 2 ? 0.03 * sin((double)y) : 0.1 * (double)((5 * y + 3 * x) % 9) - 0.4;
}

/* Points of a wall that is neither flat nor a grid: light of each by its own ways. */
static void irregular(void)
{
	static const double p[][3] = { { 0, 0, 0.6 }, { 0.15, 0.15, 0.66 }, { -0.15, 0.12, 0.72 },
		{ 0.12, -0.15, 0.78 }, { -0.18, -0.18, 0.84 } };
	static const char *const options[] = { "scene", "points", "scene-size", "0.6", "bins", "400",
		"photons", "0", "geometry", "single", "detector", "0.1,0.2,0.05", NULL };
	static const double seen[] = { 0.1, 0.2, 0.05 };
	g_autoptr(array) places = make((shape){ 1, 1, 11, 3 }, uneven);
	const given pictures[] = { { "laser-positions", places, 0, NULL }, { 0 } };
	g_autoptr(array) y = command_run("simulate nlos", pictures, options, NULL);
	g_assert_true(shape_equal(y->shape, (shape){ 1, 400, 1, 11 }));
	for (int64_t i = 0; i < 11; i++) {
		double want = 0, sum = 0;
		for (int k = 0; k < 5; k++) {
			double to = 0, from = 0;
			for (int64_t axis = 0; axis < 3; axis++) {
				to += pow(at(places, 0, 0, i, axis) - p[k][axis], 2);
				from += pow(seen[axis] - p[k][axis], 2);
			}
			want += 1 / (to * from);
		}
		for (int64_t m = 0; m < 400; m++)
			sum += at(y, 0, m, 0, i);
		g_assert_cmpfloat_with_epsilon(sum, want, 1e-5 * want);
	}
}

/* Light of point k of the scene `points` at 0.6 m, size 0.6, by way of two places. */
static double by_way_of(const double *lit, const double *seen)
{
	static const double p[][3] = { { 0, 0, 0.6 }, { 0.15, 0.15, 0.66 }, { -0.15, 0.12, 0.72 },
		{ 0.12, -0.15, 0.78 }, { -0.18, -0.18, 0.84 } };
	double sum = 0;
	for (int k = 0; k < 5; k++) {
		double to = 0, from = 0;
		for (int i = 0; i < 3; i++) {
			to += pow(lit[i] - p[k][i], 2);
			from += pow(seen[i] - p[k][i], 2);
		}
		sum += 1 / (to * from);
	}
	return sum;
}

/* Two points for each trace, by chance: anywhere on the wall, and light by their own ways. */
static void pairs(void)
{
	static const char *const options[] = { "scene", "points", "scene-size", "0.6", "bins", "400",
		"photons", "0", "geometry", "pairs", "grid", "3x40", "wall", "0.8,0.5", NULL };
	relumine_job *job = command_job("simulate nlos", nothing, options);
	g_assert_true(relumine_job_run(job, NULL));
	relumine_image *im = relumine_job_result(job);
	const transient *t = im->scale->transient;
	double mean[2] = { 0, 0 };
	g_assert_true(shape_equal(im->data->shape, (shape){ 1, 400, 1, 120 }));
	g_assert_true(t->paired && !t->confocal && t->n_points == 120 && t->n_fixed == 120);
	for (int64_t i = 0; i < 120; i++) {
		const double *lit = t->points + 3 * i, *seen = t->fixed + 3 * i;
		double want = by_way_of(lit, seen), sum = 0;
		g_assert_true(fabs(lit[0]) < 0.4 && fabs(lit[1]) < 0.25 && lit[2] == 0);
		g_assert_true(fabs(seen[0]) < 0.4 && fabs(seen[1]) < 0.25 && seen[2] == 0);
		for (int k = 0; k < 2; k++)
			mean[k] += (lit[k] + seen[k]) / 240;
		for (int64_t m = 0; m < 400; m++)
			sum += at(im->data, 0, m, 0, i);
		g_assert_cmpfloat_with_epsilon(sum, want, 1e-5 * want);
	}
	/* (four deviations of a mean of 240 uniform numbers) */
	g_assert_cmpfloat_with_epsilon(mean[0], 0, 4 * 0.8 / sqrt(12 * 240));
	g_assert_cmpfloat_with_epsilon(mean[1], 0, 4 * 0.5 / sqrt(12 * 240));
	relumine_image_free(im);
	relumine_job_free(job);
}

/* Both from files. */
static void given_pairs(void)
{
	static const char *const options[] = { "scene", "points", "scene-size", "0.6", "bins", "400",
		"photons", "0", "geometry", "pairs", NULL };
	g_autoptr(array) lit = make((shape){ 1, 1, 11, 3 }, uneven);
	g_autoptr(array) seen = geometry_flip_y(lit);
	g_autoptr(array) few = make((shape){ 1, 1, 10, 3 }, uneven);
	const given pictures[] = { { "laser-positions", lit, 0, NULL },
		{ "detector-positions", seen, 0, NULL }, { 0 } };
	const given uneven_ends[] = { { "laser-positions", lit, 0, NULL },
		{ "detector-positions", few, 0, NULL }, { 0 } };
	g_autoptr(array) y = command_run("simulate nlos", pictures, options, NULL);
	g_assert_true(shape_equal(y->shape, (shape){ 1, 400, 1, 11 }));
	for (int64_t i = 0; i < 11; i++) {
		double a[3], b[3], sum = 0;
		for (int64_t k = 0; k < 3; k++) {
			a[k] = at(lit, 0, 0, i, k);
			b[k] = at(lit, 0, 0, 10 - i, k);
		}
		for (int64_t m = 0; m < 400; m++)
			sum += at(y, 0, m, 0, i);
		g_assert_cmpfloat_with_epsilon(sum, by_way_of(a, b), 1e-5 * sum);
	}
	g_autofree char *message = command_refused("simulate nlos", uneven_ends, options,
		RELUMINE_MISMATCH);
	g_assert_nonnull(strstr(message, "10 places to look at, and 11 are lit"));
}

static array *part(const array *y, int64_t frame, int64_t frames)
{
	int64_t n = y->shape.z / frames;
	array view = array_slices(y, 0, frame * n, n);
	return array_copy(&view);
}

/* Frame 0 is the scene as it stands; half-way it is 0.3 m further away. */
static void frames(void)
{
	static const char *const one[] = { POINTS, NULL };
	static const char *const four[] = { POINTS, "frames", "4", NULL };
	g_autoptr(array) y = scan(one);
	g_autoptr(array) v = scan(four);
	g_autoptr(array) first = part(v, 0, 4), third = part(v, 2, 4);
	g_assert_true(same(y, first));
	g_assert_cmpfloat_with_epsilon(vec_sum(third), five_points(0.3), 1e-5 * five_points(0.3));
}

static double flat_depth(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return x >= 5 && x < 15 && y >= 5 && y < 15 ? 0.6 : 0;
}

static double millimetres(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 1000 * flat_depth(c, z, y, x);
}

static double albedo(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return flat_depth(c, z, y, x) > 0 ? 255 : 0;
}

/* One square plate by depth in m, depth in mm, and albedo (whose edges are softer). */
static void files(void)
{
	static const char *const options[] = { "grid", "8", "bins", "256", "photons", "0", NULL };
	g_autoptr(array) m = make((shape){ 1, 1, 20, 20 }, flat_depth);
	g_autoptr(array) mm = make((shape){ 1, 1, 20, 20 }, millimetres);
	g_autoptr(array) white = make((shape){ 1, 1, 20, 20 }, albedo);
	const given by[][3] = {
		{ { "depth", m, 0, NULL }, { 0 } }, { { "depth", mm, 65535, NULL }, { 0 } },
		{ { "scene", white, 255, NULL }, { 0 } },
		{ { "scene", white, 255, NULL }, { "depth", m, 0, NULL }, { 0 } },
	};
	g_autoptr(array) first = command_run("simulate nlos", by[0], options, NULL);
	for (size_t i = 1; i < G_N_ELEMENTS(by); i++) {
		g_autoptr(array) y = command_run("simulate nlos", by[i], options, NULL);
		vec_subtract(y, first);
		g_assert_cmpfloat(vec_norm(y), <, 0.03 * vec_norm(first));
	}
}

static void refused(const given *pictures, const char *const *options, int status, const char *word)
{
	g_autofree char *message = command_refused("simulate nlos", pictures, options, status);
	g_test_message("%s", message);
	g_assert_nonnull(strstr(message, word));
	g_assert_nonnull(strstr(message, "try:"));
}

static void refusals(void)
{
	static const struct { const char *option[7], *word; int status; } wrong[] = {
		{ { "grid", "64x" }, "--grid", RELUMINE_BAD_USAGE },
		{ { "grid", "4000" }, "--grid", RELUMINE_BAD_USAGE },
		{ { "wall", "0" }, "--wall", RELUMINE_BAD_USAGE },
		{ { "wall", "1,2,3" }, "--wall", RELUMINE_BAD_USAGE },
		{ { "detector", "1,2", "geometry", "single" }, "--detector", RELUMINE_BAD_USAGE },
		{ { "detectors", "0", "geometry", "exhaustive" }, "--detectors", RELUMINE_BAD_USAGE },
		{ { "surface", "retro", "geometry", "single" }, "--surface", RELUMINE_BAD_USAGE },
		{ { "direct", "3", "geometry", "single" }, "--direct", RELUMINE_BAD_USAGE },
		{ { "laser", "here", "clock", "devices" }, "--laser", RELUMINE_BAD_USAGE },
		{ { "start", "1e8", "grid", "4" }, "--bins", RELUMINE_BAD_INPUT },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
		refused(nothing, wrong[i].option, wrong[i].status, wrong[i].word);
	static const char *const none[] = { NULL }, *const named[] = { "scene", "letters", NULL };
	g_autoptr(array) small = make((shape){ 1, 1, 20, 20 }, flat_depth);
	g_autoptr(array) large = make((shape){ 1, 1, 20, 30 }, flat_depth);
	g_autoptr(array) dark = make((shape){ 1, 1, 20, 30 }, flat_depth);
	vec_fill(dark, 0);
	const given two[] = { { "scene", large, 0, NULL }, { "depth", small, 0, NULL }, { 0 } };
	const given one[] = { { "depth", small, 0, NULL }, { 0 } };
	const given black[] = { { "scene", dark, 0, NULL }, { 0 } };
	const given places[] = { { "laser-positions", small, 0, NULL }, { 0 } };
	refused(places, none, RELUMINE_BAD_INPUT, "(points, 3)");
	refused(two, none, RELUMINE_MISMATCH, "20 x 30");
	refused(one, named, RELUMINE_BAD_USAGE, "--depth");
	refused(black, none, RELUMINE_BAD_INPUT, "nothing");
}

static const stage_test tests[] = {
	{ "/simulate-nlos/energy", energy },
	{ "/simulate-nlos/noise", noise },
	{ "/simulate-nlos/symmetry", symmetry },
	{ "/simulate-nlos/threads", threads },
	{ "/simulate-nlos/direct", direct },
	{ "/simulate-nlos/geometry", geometry },
	{ "/simulate-nlos/irregular", irregular },
	{ "/simulate-nlos/pairs", pairs },
	{ "/simulate-nlos/pairs from files", given_pairs },
	{ "/simulate-nlos/frames", frames },
	{ "/simulate-nlos/files", files },
	{ "/simulate-nlos/refusals", refusals },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
