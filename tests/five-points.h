/* SPDX-License-Identifier: BSD-3-Clause */
/* five-points.h - traces of points at known places, and where a reconstruction has them */
#ifndef TESTS_FIVE_POINTS_H
#define TESTS_FIVE_POINTS_H

#include <math.h>
#include "tests/stage.h"

/* x, y, z in m from the middle of a wall of 1 m */
static const double five_points[5][3] = {
	{ 0, 0, 0.6 }, { 0.25, 0.25, 0.7 }, { -0.25, 0.2, 0.8 }, { 0.2, -0.25, 0.9 }, { -0.3, -0.3, 1 }
};

enum { POINT_BINS = 512 };
#define POINT_PATH (32e-12 * 3e8)       /* of a bin, m */
#define POINT_WALL 1.0
#define POINT_JITTER (60e-12 * 3e8 / 2.354820045)       /* standard deviation, m of path */

/* Light that goes the same way there and back: 1 / r^4, a Gaussian pulse, bin m at m bins. */
static inline array *five_traces(int64_t rows, int64_t columns)
{
	array *a = array_new(cpu, REAL, (shape){ 1, POINT_BINS, rows, columns });
	for (int64_t i = 0; i < rows * columns; i++) {
		double x = POINT_WALL * ((double)(i % columns) / (double)(columns - 1) - 0.5);
		double y = POINT_WALL * ((double)(i / columns) / (double)(rows - 1) - 0.5);
		for (int64_t m = 0; m < POINT_BINS; m++) {
			double sum = 0;
			for (int k = 0; k < 5; k++) {
				const double *p = five_points[k];
				double r2 = (x - p[0]) * (x - p[0]) + (y - p[1]) * (y - p[1]) + p[2] * p[2];
				double off = ((double)m * POINT_PATH - 2 * sqrt(r2)) / POINT_JITTER;
				sum += exp(-off * off / 2) / (r2 * r2);
			}
			array_row(a, 0, m, i / columns)[i % columns] = (float)sum;
		}
	}
	return a;
}

typedef struct { double lateral, depth; } point_error;     /* means: voxels, m */

/* The centroid of what is above 30 % of the largest value within 3 voxels and 10 planes. */
static inline void centroid(const array *a, const double expected[3], double found[3])
{
	const int64_t reach[3] = { 3, 3, 10 }, n[3] = { a->shape.x, a->shape.y, a->shape.z };
	int64_t from[3], to[3];
	for (int i = 0; i < 3; i++) {
		from[i] = MAX((int64_t)lround(expected[i]) - reach[i], 0);
		to[i] = MIN((int64_t)lround(expected[i]) + reach[i], n[i] - 1);
		found[i] = 0;
	}
	double most = 0, sum = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int64_t z = from[2]; z <= to[2]; z++)
			for (int64_t y = from[1]; y <= to[1]; y++)
				for (int64_t x = from[0]; x <= to[0]; x++) {
					double v = at(a, 0, z, y, x);
					most = pass ? most : fmax(most, v);
					if (!pass || v <= 0.3 * most)
						continue;
					sum += v;
					found[0] += v * (double)x;
					found[1] += v * (double)y;
					found[2] += v * (double)z;
				}
	for (int i = 0; i < 3; i++)
		found[i] /= sum;
}

/* Of a scene on the wall's grid whose plane z is at first + step z m. */
static inline point_error five_errors(const array *scene, double first, double step)
{
	point_error e = { 0, 0 };
	for (int k = 0; k < 5; k++) {
		const double *p = five_points[k];
		double expected[3] = { (p[0] / POINT_WALL + 0.5) * (double)(scene->shape.x - 1),
			(p[1] / POINT_WALL + 0.5) * (double)(scene->shape.y - 1), (p[2] - first) / step };
		double found[3];
		centroid(scene, expected, found);
		e.lateral += (fabs(found[0] - expected[0]) + fabs(found[1] - expected[1])) / 10;
		e.depth += fabs(found[2] - expected[2]) * step / 5;
	}
	return e;
}

#endif
