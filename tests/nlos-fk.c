/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-fk.c - f-k migration as a method of the command, and captures with one fixed detector */
#include <math.h>
#include "stage/moveout.h"
#include "tests/command.h"
#include "tests/five-points.h"
#include "tests/stage.h"

device *cpu;

#define LIGHT 299792458.0
#define BIN 32e-12
#define DEPTH (LIGHT * BIN / 2)
#define PITCH 0.02
enum { BINS = 300, POINTS = 24 };

/* One point, m from the first point of the wall; its detector, if it has one, too. */
static const double place[3] = { 0.2, 0.25, 0.7 };
static const double detector[3] = { 0.23, 0.23, 0 };

/* A pulse of 64 ps FWHM. */
static double pulse(double seconds)
{
	double t = seconds / (64e-12 / 2.3548);
	return 1e6 * exp(-0.5 * t * t);
}

static double way(const double p[3])
{
	return sqrt((p[0] - place[0]) * (p[0] - place[0]) + (p[1] - place[1]) * (p[1] - place[1]) +
		place[2] * place[2]);
}

static double confocal(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double r = way((double[3]){ (double)x * PITCH, (double)y * PITCH, 0 });
	(void)c;
	return pulse((double)z * BIN - 2 * r / LIGHT) / pow(r, 4);
}

static double apart(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double r = way((double[3]){ (double)x * PITCH, (double)y * PITCH, 0 }), s = way(detector);
	(void)c;
	return pulse((double)z * BIN - (r + s) / LIGHT) / (r * r * s * s);
}

/* Traces of points right below the middle are as if laser and detector were there: exactly. */
static void moves_out(void)
{
	const shape w = { 1, BINS, 1, 3 };
	const double points[] = { 0.5, 0.1, 0, 0.1, 0.9, 0, 0.3, 0.4, 0 }, fixed[] = { 0.1, 0.2, 0 };
	const double start = 40, depth = 0.8;
	g_autoptr(array) traces = array_new(cpu, REAL, w);
	g_autoptr(array) moved = array_like(traces);
	for (int64_t i = 0; i < 3; i++) {
		double h2 = (pow(points[3 * i] - 0.1, 2) + pow(points[3 * i + 1] - 0.2, 2)) / 4;
		double late = 2 * sqrt(depth * depth + h2) / LIGHT;
		for (int64_t z = 0; z < BINS; z++)
			array_row(traces, 0, z, 0)[i] = (float)pulse(((double)z + start) * BIN - late);
	}
	const moveout_setting s = { w, w, 0, 0, points, fixed, start, LIGHT * BIN };
	g_autoptr(moveout) m = moveout_new(cpu, &s);
	moveout_run(m, moved, traces);
	for (int64_t i = 0; i < 3; i++) {
		double sum = 0, moment = 0;
		for (int64_t z = 0; z < BINS; z++) {
			sum += at(moved, 0, z, 0, i);
			moment += at(moved, 0, z, 0, i) * ((double)z + start);
		}
		g_assert_cmpfloat_with_epsilon(moment / sum, depth / DEPTH, 0.05);
	}
}

static void find(recipe *f, const char *const options[], const double wanted[3], double lateral)
{
	g_autoptr(array) a = make((shape){ 1, BINS, POINTS, POINTS }, f);
	const given pictures[] = { { NULL, a, 0, NULL }, { 0 } };
	g_autoptr(array) v = command_run("nlos", pictures, options, NULL);
	double found[3];
	centroid(v, wanted, found);
	g_test_message("%g %g %g for %g %g %g", found[0], found[1], found[2], wanted[0], wanted[1],
		wanted[2]);
	g_assert_cmpfloat_with_epsilon(found[0], wanted[0], lateral);
	g_assert_cmpfloat_with_epsilon(found[1], wanted[1], lateral);
	g_assert_cmpfloat_with_epsilon(found[2], wanted[2], 0.5);
}

#define CAPTURE "axes", "tyx", "bin", "32", "wall", "0.46", "wall-extent", "span", "clock", \
	"wall", "start", "0", "gate", "none", "background", "none", "method", "fk"

static void finds_point(void)
{
	const char *const options[] = { CAPTURE, NULL };
	const double wanted[3] = { place[0] / PITCH, place[1] / PITCH, place[2] / DEPTH };
	find(confocal, options, wanted, 0.1);
}

/* Its voxels are half a pitch apart, beginning at the wall's first point. */
static void finds_point_apart(void)
{
	const char *const options[] = { CAPTURE, "detector", "0,0", NULL };
	/* those halfway to the detector begin 11.5 half pitches on: 12 come before them */
	double wanted[3] = { place[0] / PITCH * 2 + 0.5, place[1] / PITCH * 2 + 0.5, place[2] / DEPTH };
	find(apart, options, wanted, 0.5);
}

/* The published formula has no other sizes. */
static void published_sizes(void)
{
	g_autoptr(array) a = make((shape){ 1, BINS, POINTS, POINTS }, confocal);
	const given pictures[] = { { NULL, a, 0, NULL }, { 0 } };
	const char *const options[] = { CAPTURE, "compat", "published", NULL };
	g_autofree char *message = command_refused("nlos", pictures, options, 4);
	g_assert_nonnull(strstr(message, "powers of two"));
}

static const stage_test tests[] = {
	{ "/nlos-fk/moveout", moves_out },
	{ "/nlos-fk/point", finds_point },
	{ "/nlos-fk/point-apart", finds_point_apart },
	{ "/nlos-fk/published-sizes", published_sizes },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
