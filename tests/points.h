/* SPDX-License-Identifier: BSD-3-Clause */
/* points.h - where a bright point of a hidden scene is; where captures lie */
#ifndef TESTS_POINTS_H
#define TESTS_POINTS_H

#include <math.h>
#include "core/array.h"
#include "tests/stage.h"

/* The greatest value within `reach` (x, y, z) of a place, which moves there. */
static inline double brightest(const array *v, int64_t place[3], const int64_t reach[3])
{
	int64_t best[3] = { place[0], place[1], place[2] };
	double most = -1;
	for (int64_t z = MAX(place[2] - reach[2], 0); z <= MIN(place[2] + reach[2], v->shape.z - 1); z++)
		for (int64_t y = MAX(place[1] - reach[1], 0); y <= MIN(place[1] + reach[1], v->shape.y - 1); y++)
			for (int64_t x = MAX(place[0] - reach[0], 0); x <= MIN(place[0] + reach[0], v->shape.x - 1); x++)
				if (at(v, 0, z, y, x) > most) {
					most = at(v, 0, z, y, x);
					best[0] = x;
					best[1] = y;
					best[2] = z;
				}
	memcpy(place, best, sizeof best);
	return most;
}

/*
 * The centroid of what is above 30 % of the greatest value, within 3 voxels across and 10 in depth;
 * wanted, found: x, y, z in voxels.
 */
static inline void point_near(const array *v, const double wanted[3], double found[3])
{
	const int64_t reach[3] = { 3, 3, 10 };
	int64_t p[3] = { llround(wanted[0]), llround(wanted[1]), llround(wanted[2]) };
	double most = brightest(v, p, reach), sum = 0;
	memset(found, 0, 3 * sizeof *found);
	for (int64_t i = 0; i < 7 * 7 * 21; i++) {
		int64_t x = p[0] + i % 7 - 3, y = p[1] + i / 7 % 7 - 3, z = p[2] + i / 49 - 10;
		bool inside = x >= 0 && x < v->shape.x && y >= 0 && y < v->shape.y && z >= 0 && z < v->shape.z;
		double w = inside ? at(v, 0, z, y, x) : 0;
		if (w <= 0.3 * most)
			continue;
		sum += w;
		found[0] += w * (double)x;
		found[1] += w * (double)y;
		found[2] += w * (double)z;
	}
	for (int k = 0; k < 3; k++)
		found[k] /= sum;
}

/* A path below the folder of captures; to be freed. */
static inline char *data_file(const char *name)
{
	const char *given = g_getenv("RELUMINE_DATA"), *source = g_getenv("RELUMINE_SOURCE");
	g_autofree char *beside = g_build_filename(source ? source : ".", "..", "shared", "data", NULL);
	return g_build_filename(given ? given : beside, name, NULL);
}

#endif
