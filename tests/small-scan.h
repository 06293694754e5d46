/* SPDX-License-Identifier: BSD-3-Clause */
/* small-scan.h - a small scan by formula: two points before a wall that is not square */
#ifndef TESTS_SMALL_SCAN_H
#define TESTS_SMALL_SCAN_H

#include <math.h>
#include "tests/command.h"

/* Sizes that no transform likes, and all different; time is the longest. */
enum { SMALL_BINS = 90, SMALL_ROWS = 7, SMALL_COLUMNS = 10 };
#define SMALL_SHAPE ((shape){ 1, SMALL_BINS, SMALL_ROWS, SMALL_COLUMNS })
#define SMALL_BIN 50.0          /* ps */
#define SMALL_PITCH 0.05        /* m */
#define SMALL_LIGHT 299792458.0
#define SMALL_PULSE 50.0        /* ps, standard deviation */

static const double small_points[2][3] = { { 0.05, -0.05, 0.3 }, { -0.1, 0.05, 0.45 } };

/* The way from point (x, y) of the wall to one of the scene, as time, ps. */
static inline double small_way(const double p[3], int64_t y, int64_t x)
{
	double u = SMALL_PITCH * ((double)x - 0.5 * (SMALL_COLUMNS - 1)) - p[0];
	double v = SMALL_PITCH * ((double)y - 0.5 * (SMALL_ROWS - 1)) - p[1];
	return sqrt(u * u + v * v + p[2] * p[2]) / SMALL_LIGHT * 1e12;
}

/* Light at `time` ps of trace (y, x) and back to there: 0 where a pulse is over. */
static inline double small_light(double time, int64_t y, int64_t x)
{
	double sum = 0;
	for (int k = 0; k < 2; k++) {
		double way = small_way(small_points[k], y, x), off = (time - 2 * way) / SMALL_PULSE;
		sum += fabs(off) < 4 ? 1e15 * exp(-0.5 * off * off) / pow(way, 4) : 0;
	}
	return sum;
}

static inline double small_counts(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	return small_light(SMALL_BIN * (double)z, y, x);
}

/* What a file would say of it, options for `nlos`; and that it is to be taken as it is. */
#define SMALL_GRID "bin", "50", "wall", "0.45,0.3", "clock", "wall"
#define SMALL_PLAIN "gate", "none", "background", "none"
#define SMALL_SCAN SMALL_GRID, "start", "0", SMALL_PLAIN

/* `nlos` of an array, and what is returned is to be freed. */
static inline array *see(const array *counts, const char *const *options)
{
	const given pictures[] = { { NULL, counts, 0, NULL }, { 0 } };
	return command_run("nlos", pictures, options, NULL);
}

static inline array *plain_scan(void)
{
	return make(SMALL_SHAPE, small_counts);
}

/* The scan as it is. */
static inline array *seen_plainly(const char *method)
{
	const char *const options[] = { SMALL_SCAN, "method", method, NULL };
	g_autoptr(array) counts = plain_scan();
	return see(counts, options);
}

/* How far apart, of the second's largest value. */
static inline double gap(const array *a, const array *b)
{
	double most = 0, off = 0;
	g_assert_true(shape_equal(a->shape, b->shape));
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t i = 0; i < a->shape.y * a->shape.x; i++) {
			double v = at(a, 0, p, i / a->shape.x, i % a->shape.x);
			double w = at(b, 0, p, i / a->shape.x, i % a->shape.x);
			off = fmax(off, fabs(v - w));
			most = fmax(most, fabs(w));
		}
	return off / most;
}

#endif
