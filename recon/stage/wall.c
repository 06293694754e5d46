/* SPDX-License-Identifier: BSD-3-Clause */
/* wall.c - the points of a wall that light goes by */
#include "stage/wall.h"

#include <math.h>
#include <string.h>

#define GRID_TOLERANCE 0.01     /* of a pitch: what still is a regular grid */

static void fill_grid(wall *w, int64_t rows, int64_t columns)
{
	w->points = g_new0(double, 3 * rows * columns);
	for (int64_t i = 0; i < rows * columns; i++) {
		w->points[3 * i] = w->first[0] + w->pitch[0] * (double)(i % columns);
		w->points[3 * i + 1] = w->first[1] + w->pitch[1] * (double)(i / columns);
	}
}

wall wall_of_grid(const double size[2], bool cells, int64_t rows, int64_t columns)
{
	const int64_t n[2] = { columns, rows };
	wall w = { .regular = true, .axes = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } } };
	for (int i = 0; i < 2; i++) {
		w.pitch[i] = size[i] / (double)MAX(cells ? n[i] : n[i] - 1, 1);
		w.first[i] = -w.pitch[i] * (double)(n[i] - 1) / 2;
	}
	fill_grid(&w, rows, columns);
	return w;
}

static double dot(const double a[3], const double b[3])
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Places of the first row's and column's ends give the steps. */
static bool find_steps(const double *p, int64_t rows, int64_t columns, double step[2][3])
{
	for (int i = 0; i < 3; i++) {
		step[0][i] = (p[3 * (columns - 1) + i] - p[i]) / (double)(columns - 1);
		step[1][i] = (p[3 * (rows - 1) * columns + i] - p[i]) / (double)(rows - 1);
	}
	double x = sqrt(dot(step[0], step[0])), y = sqrt(dot(step[1], step[1]));
	return x > 0 && y > 0 && fabs(dot(step[0], step[1])) < GRID_TOLERANCE * x * y;
}

static bool is_grid(const double *p, int64_t rows, int64_t columns, double step[2][3])
{
	if (rows < 2 || columns < 2 || !find_steps(p, rows, columns, step))
		return false;
	double least = fmin(dot(step[0], step[0]), dot(step[1], step[1]));
	double farthest = 0;
	for (int64_t k = 0; k < rows * columns; k++) {
		double off[3];
		for (int i = 0; i < 3; i++)
			off[i] = p[3 * k + i] - p[i] - step[0][i] * (double)(k % columns) -
				step[1][i] * (double)(k / columns);
		farthest = fmax(farthest, dot(off, off));
	}
	return farthest <= GRID_TOLERANCE * GRID_TOLERANCE * least;
}

/* The frame of a regular grid from its first place on. */
static wall grid_from(const double first[3], double step[2][3], int64_t rows, int64_t columns)
{
	wall w = { .regular = true };
	const int64_t n[2] = { columns, rows };
	memcpy(w.origin, first, sizeof(w.origin));
	for (int k = 0; k < 2; k++) {
		w.pitch[k] = sqrt(dot(step[k], step[k]));
		w.first[k] = -w.pitch[k] * (double)(n[k] - 1) / 2;
		for (int i = 0; i < 3; i++) {
			w.axes[k][i] = step[k][i] / w.pitch[k];
			w.origin[i] += step[k][i] * (double)(n[k] - 1) / 2;
		}
	}
	for (int i = 0; i < 3; i++) {
		int a = (i + 1) % 3, b = (i + 2) % 3;
		w.axes[2][i] = w.axes[0][a] * w.axes[1][b] - w.axes[0][b] * w.axes[1][a];
	}
	fill_grid(&w, rows, columns);
	return w;
}

wall wall_of_points(const double *places, int64_t rows, int64_t columns)
{
	double step[2][3];
	if (is_grid(places, rows, columns, step))
		return grid_from(places, step, rows, columns);
	return (wall){ .axes = { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } },
		.points = g_memdup2(places, (gsize)(3 * rows * columns) * sizeof(double)) };
}

/* --- walls that are nearly flat --------------------------------------------------------------- */

#define FLAT_ACROSS 0.1         /* of a pitch */
#define FLAT_DEPTH 0.1          /* of the wall's smaller side */

/* The plane grid nearest to the places, by least squares: steps, and its first place. */
static void fit_grid(const double *p, int64_t rows, int64_t columns, double step[2][3],
	double first[3])
{
	const double half[2] = { (double)(columns - 1) / 2, (double)(rows - 1) / 2 };
	double n = (double)(rows * columns), spread[2];
	for (int a = 0; a < 2; a++)             /* sum of squares of -half .. half, n of them in all */
		spread[a] = n * half[a] * (half[a] + 1) / 3;
	for (int i = 0; i < 3; i++) {
		double sums[3] = { 0, 0, 0 };
		for (int64_t k = 0; k < rows * columns; k++) {
			sums[0] += p[3 * k + i] * ((double)(k % columns) - half[0]) / spread[0];
			sums[1] += p[3 * k + i] * ((double)(k / columns) - half[1]) / spread[1];
			sums[2] += p[3 * k + i] / n;
		}
		step[0][i] = sums[0];
		step[1][i] = sums[1];
		first[i] = sums[2] - half[0] * sums[0] - half[1] * sums[1];
	}
}

wall wall_flattened(const wall *w, int64_t rows, int64_t columns, double *depths)
{
	double step[2][3], first[3];
	if (rows < 2 || columns < 2)
		return (wall){ .regular = false };
	fit_grid(w->points, rows, columns, step, first);
	double size = fmin(sqrt(dot(step[0], step[0])) * (double)(columns - 1),
		sqrt(dot(step[1], step[1])) * (double)(rows - 1));
	double pitch = sqrt(fmin(dot(step[0], step[0]), dot(step[1], step[1])));
	bool right = pitch > 0 && fabs(dot(step[0], step[1])) <= FLAT_ACROSS * pitch * pitch;
	wall flat = right ? grid_from(first, step, rows, columns) : (wall){ .regular = false };
	g_autofree double *places = right ? wall_places(&flat, w->points, rows * columns) : NULL;
	for (int64_t i = 0; right && i < rows * columns; i++) {
		double across = hypot(places[3 * i] - flat.points[3 * i],
			places[3 * i + 1] - flat.points[3 * i + 1]);
		depths[i] = places[3 * i + 2];
		right = across <= FLAT_ACROSS * pitch && fabs(depths[i]) <= FLAT_DEPTH * size;
	}
	if (!right)
		g_clear_pointer(&flat.points, g_free);
	flat.regular = right;
	return flat;
}

double *wall_places(const wall *w, const double *places, int64_t n)
{
	double *to = g_new(double, 3 * n);
	for (int64_t k = 0; k < n; k++) {
		double off[3];
		for (int i = 0; i < 3; i++)
			off[i] = places[3 * k + i] - w->origin[i];
		for (int i = 0; i < 3; i++)
			to[3 * k + i] = dot(w->axes[i], off);
	}
	return to;
}

array *wall_permute(const array *a, const int64_t from[3])
{
	const int64_t old[3] = { a->shape.z, a->shape.y, a->shape.x };
	shape s = { a->shape.c, old[from[0]], old[from[1]], old[from[2]] };
	array *b = array_new(a->dev, REAL, s);
	const int64_t steps[3] = { a->plane_rows * a->pitch, a->pitch, 1 };
	for (int64_t row = 0; row < s.c * s.z * s.y && b->mem; row++) {
		int64_t y = row % s.y, z = row / s.y % s.z, c = row / s.y / s.z;
		const float *at = array_row(a, c, 0, 0) + z * steps[from[0]] + y * steps[from[1]];
		float *to = array_row(b, c, z, y);
		for (int64_t x = 0; x < s.x; x++)
			to[x] = at[x * steps[from[2]]];
	}
	return b;
}
