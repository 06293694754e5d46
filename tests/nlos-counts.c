/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-counts.c - what `nlos` does to counts, against the same done beforehand, or the formula */
#include <math.h>
#include "math/vec.h"
#include "tests/small-scan.h"

device *cpu;

#define OPENS 2120.0            /* ps: a pulse is cut */

static double gated(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double t = SMALL_BIN * (double)z - OPENS, share = t <= 0 ? 0 : t >= 100 ? 1 :
		(1 - cos(t / 100 * G_PI)) / 2;
	return share * small_counts(c, z, y, x);
}

static void gate(void)
{
	static const char *const option[] = { SMALL_GRID, "start", "0", "background", "none", "gate",
		"2120", NULL };
	static const char *const beforehand[] = { SMALL_SCAN, NULL };
	g_autoptr(array) counts = plain_scan();
	g_autoptr(array) cut = make(SMALL_SHAPE, gated);
	g_autoptr(array) got = see(counts, option);
	g_autoptr(array) want = see(cut, beforehand);
	g_autoptr(array) whole = seen_plainly("lct");
	g_assert_cmpfloat(gap(got, want), <, 1e-4);
	g_assert_cmpfloat(gap(whole, want), >, 0.01);
}

static void background(void)
{
	static const char *const told[] = { SMALL_GRID, "start", "0", "gate", "none", "background", "250",
		NULL };
	static const char *const found[] = { SMALL_GRID, "start", "0", "gate", "none", NULL };
	static const char *const left[] = { SMALL_SCAN, NULL };
	g_autoptr(array) counts = plain_scan();
	vec_shift(counts, 250);
	g_autoptr(array) want = seen_plainly("lct");
	g_autoptr(array) a = see(counts, told);
	g_autoptr(array) b = see(counts, found);
	g_autoptr(array) c = see(counts, left);
	g_assert_cmpfloat(gap(a, want), <, 1e-4);
	g_assert_cmpfloat(gap(b, want), <, 1e-3);
	g_assert_cmpfloat(gap(c, want), >, 0.1);
}

#define PULSES 2e4

/* What is left for a detector that sees one photon of each pulse, the first. */
static double piled_up(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double before = 0;
	for (int64_t m = 0; m < z; m++)
		before += small_counts(c, m, y, x) / PULSES;
	return PULSES * exp(-before) * -expm1(-small_counts(c, z, y, x) / PULSES);
}

static void pulses(void)
{
	static const char *const option[] = { SMALL_SCAN, "pulses", "20000", NULL };
	static const char *const none[] = { SMALL_SCAN, NULL };
	g_autoptr(array) counts = make(SMALL_SHAPE, piled_up);
	g_autoptr(array) got = see(counts, option);
	g_autoptr(array) dull = see(counts, none);
	g_autoptr(array) want = seen_plainly("lct");
	g_assert_cmpfloat(gap(got, want), <, 1e-3);
	g_assert_cmpfloat(gap(dull, want), >, 0.02);
}

static void surface(void)
{
	static const char *const word[] = { SMALL_SCAN, "surface", "retroreflective", NULL };
	static const char *const number[] = { SMALL_SCAN, "power", "2", NULL };
	g_autoptr(array) counts = plain_scan();
	g_autoptr(array) got = see(counts, word);
	g_autoptr(array) want = see(counts, number);
	g_autoptr(array) diffuse = seen_plainly("lct");
	g_assert_true(same(got, want));
	g_assert_false(same(got, diffuse));
}

/* How much of a scene its brightest voxel holds. */
static double sharpness(const array *v)
{
	return (double)vec_max_abs(v) / vec_sum(v);
}

static double smeared(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double sum = 0;
	for (int k = -20; k <= 20; k++)         /* a Gaussian of 300 ps, full width at half maximum */
		sum += exp(-0.5 * pow(20 * k / 127.4, 2)) * small_light(SMALL_BIN * (double)z - 20 * k, y, x);
	(void)c;
	return sum;
}

static void jitter(void)
{
	static const char *const option[] = { SMALL_SCAN, "method", "lct", "jitter", "300", NULL };
	static const char *const none[] = { SMALL_SCAN, "method", "lct", NULL };
	g_autoptr(array) counts = make(SMALL_SHAPE, smeared);
	g_autoptr(array) dull = see(counts, none);
	g_autoptr(array) sharp = see(counts, option);
	g_assert_cmpfloat(sharpness(sharp), >, 1.1 * sharpness(dull));
}

/* As if each point of the wall had been lit by a spot: a pitch of standard deviation. */
static double spots(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double sum = 0, all = 0;
	for (int64_t v = -3; v <= 3; v++)
		for (int64_t u = -3; u <= 3; u++) {
			double share = exp(-0.5 * (double)(u * u + v * v));
			bool inside = y + v >= 0 && y + v < SMALL_ROWS && x + u >= 0 && x + u < SMALL_COLUMNS;
			sum += inside ? share * small_counts(c, z, y + v, x + u) : 0;
			all += share;
		}
	return sum / all;
}

/*
 * Where noise is much, Wiener's filter is the adjoint: that of a spot is one more blur.  A spot's
 * radius, where it has fallen to 1/e^2, is two standard deviations.
 */
static void beam(void)
{
	static const char *const option[] = { SMALL_SCAN, "beam", "0.1", "noise", "1e6", NULL };
	static const char *const none[] = { SMALL_SCAN, "noise", "1e6", NULL };
	g_autoptr(array) points = plain_scan();
	g_autoptr(array) blurred = make(SMALL_SHAPE, spots);
	g_autoptr(array) want = see(blurred, none);
	g_autoptr(array) plain = see(points, none);
	g_autoptr(array) got = see(points, option);
	g_test_message("%g, without %g", gap(got, want), gap(plain, want));
	g_assert_cmpfloat(gap(got, want), <, 0.3 * gap(plain, want));        /* (edges) */
}

static const stage_test tests[] = {
	{ "/nlos-counts/gate", gate },
	{ "/nlos-counts/background", background },
	{ "/nlos-counts/pulses", pulses },
	{ "/nlos-counts/surface", surface },
	{ "/nlos-counts/jitter", jitter },
	{ "/nlos-counts/beam", beam },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
