/* SPDX-License-Identifier: BSD-3-Clause */
/* projections.c - a volume as one sees it */
#include "stage/projections.h"

#include <math.h>
#include "math/vec.h"

static float largest_of(const float *from, int64_t n)
{
	float most = -INFINITY;
	for (int64_t i = 0; i < n; i++)
		most = from[i] > most ? from[i] : most;
	return most;
}

static void raise_to(float *line, const float *from, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		line[i] = from[i] > line[i] ? from[i] : line[i];
}

array *projection_largest(const array *volume, int axis)
{
	shape s = volume->shape;
	const shape shapes[3] = { { 1, 1, s.y, s.x }, { 1, 1, s.z, s.x }, { 1, 1, s.y, s.z } };
	array *to = array_new(volume->dev, REAL, shapes[axis]);
	vec_fill(to, -INFINITY);
	for (int64_t row = 0; row < s.z * s.y && to->mem; row++) {
		int64_t z = row / s.y, y = row % s.y;
		const float *from = array_row(volume, 0, z, y);
		float *line = array_row(to, 0, 0, axis == 1 ? z : y);
		if (axis == 2)
			line[z] = largest_of(from, s.x);
		else
			raise_to(line, from, s.x);
	}
	return to;
}

/* --- the sheet -------------------------------------------------------------------------------- */

#define FRONT_PIXELS 360        /* of the front's longer side, where its voxels are fewer */
#define DEPTH_MOST 1.5          /* times the front: beyond, depths are pressed together */
#define GAP 6

/* A panel of the sheet: `from`, stretched by bilinear interpolation to height x width. */
static void put_panel(array *sheet, const array *from, int64_t y0, int64_t x0, shape size)
{
	for (int64_t y = 0; y < size.y; y++) {
		double v = ((double)y + 0.5) * (double)from->shape.y / (double)size.y - 0.5;
		v = CLAMP(v, 0, (double)(from->shape.y - 1));
		int64_t j = MIN((int64_t)v, MAX(from->shape.y - 2, 0));
		const float *a = array_row(from, 0, 0, j);
		const float *b = array_row(from, 0, 0, MIN(j + 1, from->shape.y - 1));
		for (int64_t x = 0; x < size.x; x++) {
			double u = ((double)x + 0.5) * (double)from->shape.x / (double)size.x - 0.5;
			u = CLAMP(u, 0, (double)(from->shape.x - 1));
			int64_t i = MIN((int64_t)u, MAX(from->shape.x - 2, 0));
			int64_t k = MIN(i + 1, from->shape.x - 1);
			double p = u - (double)i, q = v - (double)j;
			array_row(sheet, 0, 0, y0 + y)[x0 + x] = (float)((1 - q) * ((1 - p) * (double)a[i] +
				p * (double)a[k]) + q * ((1 - p) * (double)b[i] + p * (double)b[k]));
		}
	}
}

static int64_t pixels(double length, double pixel)
{
	return MAX((int64_t)(length / pixel + 0.5), 1);
}

array *projections_sheet(const array *volume, const double step[3])
{
	shape s = volume->shape;
	double x = step[0] * (double)s.x, y = step[1] * (double)s.y, longer = fmax(x, y);
	double pixel = longer / (double)MAX(FRONT_PIXELS, MAX(s.x, s.y));
	double depth = fmin(step[2] * (double)s.z, DEPTH_MOST * longer);
	shape front = { 1, 1, pixels(y, pixel), pixels(x, pixel) };
	int64_t deep = pixels(depth, pixel);
	array *sheet = array_new(volume->dev, REAL, (shape){ 1, 1, front.y + GAP + deep,
		front.x + GAP + deep });
	g_autoptr(array) a = projection_largest(volume, 0);
	g_autoptr(array) b = projection_largest(volume, 1);
	g_autoptr(array) c = projection_largest(volume, 2);
	vec_fill(sheet, 0);
	if (volume->dev->error)
		return sheet;
	put_panel(sheet, a, 0, 0, front);
	put_panel(sheet, b, front.y + GAP, 0, (shape){ 1, 1, deep, front.x });
	put_panel(sheet, c, 0, front.x + GAP, (shape){ 1, 1, front.y, deep });
	float line = vec_max_abs(a) / 4;
	for (int64_t i = 0; i < sheet->shape.x; i++)
		array_row(sheet, 0, 0, front.y + GAP / 2)[i] = line;
	for (int64_t i = 0; i < sheet->shape.y; i++)
		array_row(sheet, 0, 0, i)[front.x + GAP / 2] = line;
	return sheet;
}

array *projections_film(const array *volumes, int64_t frames)
{
	shape s = volumes->shape;
	int64_t columns = (int64_t)ceil(sqrt((double)frames)), rows = (frames + columns - 1) / columns;
	array *film = array_new(volumes->dev, REAL, (shape){ 1, 1, rows * (s.y + GAP) - GAP,
		columns * (s.x + GAP) - GAP });
	vec_fill(film, 0);
	for (int64_t i = 0; i < frames && film->mem; i++) {
		array one = array_slices(volumes, 0, i * (s.z / frames), s.z / frames);
		g_autoptr(array) front = projection_largest(&one, 0);
		if (front->mem)
			put_panel(film, front, i / columns * (s.y + GAP), i % columns * (s.x + GAP), front->shape);
	}
	return film;
}

/* --- depths ----------------------------------------------------------------------------------- */

/* Where the parabola through three neighbours has its top, from the middle one. */
static double top_of(double before, double at, double after)
{
	double bend = before - 2 * at + after;
	return bend < 0 ? CLAMP((before - after) / (2 * bend), -0.5, 0.5) : 0;
}

#define FARTHEST 0.25           /* how bright what is farthest is shown */

array *projection_depth_shown(const array *depth, const double step[2])
{
	shape s = depth->shape;
	double x = step[0] * (double)s.x, y = step[1] * (double)s.y;
	double pixel = fmax(x, y) / (double)MAX(FRONT_PIXELS, MAX(s.x, s.y));
	array *to = array_new(depth->dev, REAL, (shape){ 1, 1, pixels(y, pixel), pixels(x, pixel) });
	float near = INFINITY, far = 0;
	for (int64_t i = 0; i < s.y * s.x && to->mem && depth->mem; i++) {
		float d = array_row(depth, 0, 0, i / s.x)[i % s.x];
		near = d > 0 ? fminf(near, d) : near;
		far = fmaxf(far, d);
	}
	for (int64_t i = 0; i < to->shape.y * to->shape.x && to->mem && depth->mem; i++) {
		int64_t v = i / to->shape.x, u = i % to->shape.x;
		double d = (double)array_row(depth, 0, 0, v * s.y / to->shape.y)[u * s.x / to->shape.x];
		double share = far > near ? ((double)far - d) / (double)(far - near) : 1;
		array_row(to, 0, 0, v)[u] = d > 0 ? (float)(FARTHEST + (1 - FARTHEST) * share) : 0;
	}
	return to;
}

array *projection_depth(const array *volume, double first, double step, double share)
{
	shape s = volume->shape;
	array *to = array_new(volume->dev, REAL, (shape){ 1, 1, s.y, s.x });
	float least = (float)share * vec_max_abs(volume);
	for (int64_t i = 0; i < s.y * s.x && to->mem; i++) {
		int64_t y = i / s.x, x = i % s.x, best = 0, stride = volume->plane_rows * volume->pitch;
		const float *column = array_row(volume, 0, 0, y) + x;
		for (int64_t z = 1; z < s.z; z++)
			best = column[z * stride] > column[best * stride] ? z : best;
		bool inside = best > 0 && best < s.z - 1;
		double top = inside ? top_of((double)column[(best - 1) * stride],
			(double)column[best * stride], (double)column[(best + 1) * stride]) : 0;
		bool seen = column[best * stride] > 0 && column[best * stride] >= least;
		array_row(to, 0, 0, y)[x] = seen ? (float)(first + step * ((double)best + top)) : 0;
	}
	return to;
}
