/* SPDX-License-Identifier: BSD-3-Clause */
/* hidden.c - scenes around a corner, as many small pieces of surface */
#include "stage/hidden.h"

#include <math.h>
#include <string.h>
#include "math/vec.h"
#include "stage/glyph.h"

/*
 * A scene is a surface over the wall: what a painter finds at (x, y), in units of the window, the
 * middle being (0, 0).
 */
typedef struct {
	double depth;           /* behind the scene's front; in units of the window */
	double slope[2];        /* how it grows along x and y */
	double albedo;
} spot;
typedef bool painter(const void *data, double x, double y, spot *s);

enum { SAMPLES = 4 };           /* points a side in each cell */

/* --- what is painted -------------------------------------------------------------------------- */

/* Two words of two letters: the upper one in front, the lower one behind. */
static bool letters(const void *data, double x, double y, spot *s)
{
	static const char word[] = "NLOS";
	const double dot = 0.055, left = -0.36, gap = 0.445, top = -0.43, line = 0.46, behind = 0.2;
	int row = y < top + line ? 0 : 1, column = x < left + gap - 0.08 ? 0 : 1;
	double u = (x - left - column * gap) / dot, v = (y - top - row * line) / dot;
	(void)data;
	*s = (spot){ row * behind, { 0 }, 1 };
	return glyph_dot(word[2 * row + column], (int64_t)floor(v), (int64_t)floor(u));
}

/* Groups of three bars, upright above and level below, finer from left to right. */
static bool bars(const void *data, double x, double y, spot *s)
{
	static const double widths[] = { 0.06, 0.04, 0.025, 0.015 };
	double left = -0.46;
	(void)data;
	*s = (spot){ 0, { 0 }, 1 };
	for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
		double side = 5 * widths[i], u = x - left, v = y < 0 ? y + 0.35 : y - 0.05;
		if (u >= 0 && u < side && v >= 0 && v < side)
			return fmod((y < 0 ? u : v) / widths[i], 2) < 1;
		left += side + 0.05;
	}
	return false;
}

static bool plane(const void *data, double x, double y, spot *s)
{
	(void)data;
	*s = (spot){ 0, { 0 }, 1 };
	return fabs(x) <= 0.3 && fabs(y) <= 0.3;
}

/* The front of an ellipsoid: middle and half axes. */
typedef struct { double x, y, z, a, b, c; } ellipsoid;

static bool front_of(const ellipsoid *e, double x, double y, spot *s)
{
	const double rim = 1e-3;        /* seen edge on it would have no end of surface */
	double u = (x - e->x) / e->a, v = (y - e->y) / e->b, left = 1 - u * u - v * v;
	if (left < rim)
		return false;
	double height = sqrt(left);
	*s = (spot){ e->z - e->c * height, { e->c * u / (e->a * height), e->c * v / (e->b * height) }, 1 };
	return true;
}

/* Of several the nearest. */
static bool front_of_all(const ellipsoid *all, size_t n, double x, double y, spot *s)
{
	bool found = false;
	for (size_t i = 0; i < n; i++) {
		spot one;
		if (front_of(&all[i], x, y, &one) && (!found || one.depth < s->depth)) {
			*s = one;
			found = true;
		}
	}
	return found;
}

static bool sphere(const void *data, double x, double y, spot *s)
{
	static const ellipsoid ball = { 0, 0, 0.25, 0.25, 0.25, 0.25 };
	(void)data;
	return front_of_all(&ball, 1, x, y, s);
}

/* A head, a body, and arms held out: one forward, one back. */
static bool figure(const void *data, double x, double y, spot *s)
{
	static const ellipsoid parts[] = {
		{ 0, -0.31, 0.16, 0.1, 0.12, 0.1 }, { 0, 0.02, 0.18, 0.15, 0.22, 0.1 },
		{ -0.09, 0.32, 0.18, 0.06, 0.17, 0.07 }, { 0.09, 0.32, 0.18, 0.06, 0.17, 0.07 },
		{ -0.25, -0.1, 0.06, 0.17, 0.05, 0.06 }, { 0.25, -0.1, 0.24, 0.17, 0.05, 0.06 },
	};
	(void)data;
	return front_of_all(parts, G_N_ELEMENTS(parts), x, y, s);
}

static const struct { const char *name; painter *paint; } painted[] = {
	{ "letters", letters }, { "bars", bars }, { "plane", plane }, { "sphere", sphere },
	{ "figure", figure },
};

/* --- from a surface to its pieces ------------------------------------------------------------- */

/* Where a surface is looked at: cells of `unit` m, their number along y and x. */
typedef struct {
	painter *paint;
	const void *data;
	double distance, size;  /* m: of the front; one unit of the painter */
	int64_t rows, columns;
} canvas;

typedef struct { double value[PIECE_NUMBERS]; } piece;

/* The part of the surface in one cell: means over the samples that hit it.  False: none does. */
static bool cell_piece(const canvas *c, int64_t row, int64_t column, piece *p)
{
	double n = (double)MAX(c->rows, c->columns), x = 0, y = 0, hits = 0;
	spot sum = { 0 };
	for (int i = 0; i < SAMPLES * SAMPLES; i++) {
		double u = ((double)column + (i % SAMPLES + 0.5) / SAMPLES - 0.5 * (double)c->columns) / n;
		double v = ((double)row + (i / SAMPLES + 0.5) / SAMPLES - 0.5 * (double)c->rows) / n;
		spot s;
		if (!c->paint(c->data, u, v, &s))
			continue;
		sum = (spot){ sum.depth + s.depth, { sum.slope[0] + s.slope[0], sum.slope[1] + s.slope[1] },
			sum.albedo + s.albedo };
		x += u;
		y += v;
		hits++;
	}
	if (!(sum.albedo > 0))
		return false;
	double sx = sum.slope[0] / hits, sy = sum.slope[1] / hits, steep = sqrt(1 + sx * sx + sy * sy);
	double area = c->size * c->size / (n * n) * steep / (SAMPLES * SAMPLES);
	*p = (piece){ { x / hits * c->size, y / hits * c->size, c->distance + sum.depth / hits * c->size,
		sx / steep, sy / steep, -1 / steep, sum.albedo * area } };
	return true;
}

static array *pieces_from(device *dev, const piece *all, int64_t n)
{
	array *a = array_new_bare(dev, REAL, (shape){ PIECE_NUMBERS, 1, 1, MAX(n, 1) });
	if (n == 0)
		vec_fill(a, 0);
	for (int64_t i = 0; a->mem && i < n; i++)
		for (int64_t k = 0; k < PIECE_NUMBERS; k++)
			array_row(a, k, 0, 0)[i] = (float)all[i].value[k];
	return a;
}

static array *pieces_of(device *dev, const canvas *c)
{
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(piece));
	for (int64_t i = 0; i < c->rows * c->columns; i++) {
		piece p;
		if (cell_piece(c, i / c->columns, i % c->columns, &p))
			g_array_append_val(found, p);
	}
	return pieces_from(dev, (const piece *)(const void *)found->data, (int64_t)found->len);
}

/* x, y, and z behind the front, in units of the window. */
static array *points(device *dev, double distance, double size)
{
	static const double places[][3] = {
		{ 0, 0, 0 }, { 0.25, 0.25, 0.1 }, { -0.25, 0.2, 0.2 }, { 0.2, -0.25, 0.3 }, { -0.3, -0.3, 0.4 },
	};
	piece all[G_N_ELEMENTS(places)];
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		all[i] = (piece){ { places[i][0] * size, places[i][1] * size, distance + places[i][2] * size,
			0, 0, 0, 1 } };
	return pieces_from(dev, all, (int64_t)G_N_ELEMENTS(places));
}

array *hidden_scene(device *dev, const char *name, double distance, double size, int64_t cells)
{
	if (!strcmp(name, "points"))
		return points(dev, distance, size);
	for (size_t i = 0; i < G_N_ELEMENTS(painted); i++)
		if (!strcmp(painted[i].name, name))
			return pieces_of(dev, &(canvas){ painted[i].paint, NULL, distance, size, cells, cells });
	return NULL;
}

/* --- from pictures ---------------------------------------------------------------------------- */

typedef struct { const array *depth, *albedo; double size; } maps;

/* By how much depth grows over one pixel along an axis; 0 at the rim of things. */
static double slope_at(const array *depth, int64_t y, int64_t x, bool down, double most)
{
	double here = (double)array_row(depth, 0, 0, y)[x], sum = 0, n = 0;
	for (int64_t side = -1; side <= 1; side += 2) {
		int64_t v = y + side * down, u = x + side * !down;
		if (v < 0 || v >= depth->shape.y || u < 0 || u >= depth->shape.x)
			continue;
		double there = (double)array_row(depth, 0, 0, v)[u], grows = (double)side * (there - here);
		if (there > 0 && fabs(grows) <= most) {
			sum += grows;
			n++;
		}
	}
	return n > 0 ? sum / n : 0;
}

static bool mapped(const void *data, double x, double y, spot *s)
{
	const double steepest = 5;      /* more than that is a step from one thing to another */
	const maps *m = data;
	shape k = m->depth->shape;
	double n = (double)MAX(k.y, k.x), pixel = m->size / n;
	int64_t column = CLAMP((int64_t)floor(x * n + 0.5 * (double)k.x), 0, k.x - 1);
	int64_t row = CLAMP((int64_t)floor(y * n + 0.5 * (double)k.y), 0, k.y - 1);
	double depth = (double)array_row(m->depth, 0, 0, row)[column];
	double albedo = (double)array_row(m->albedo, 0, 0, row)[column];
	if (!(depth > 0) || !(albedo > 0))
		return false;
	*s = (spot){ depth / m->size, {
		slope_at(m->depth, row, column, false, steepest * pixel) / pixel,
		slope_at(m->depth, row, column, true, steepest * pixel) / pixel }, albedo };
	return true;
}

array *hidden_from_maps(const array *depth, const array *albedo, double size)
{
	const maps m = { depth, albedo, size };
	return pieces_of(depth->dev, &(canvas){ mapped, &m, 0, size, depth->shape.y, depth->shape.x });
}

bool hidden_faces(const array *pieces)
{
	array normals = array_channel(pieces, PIECE_NZ);
	return vec_max_abs(&normals) > 0;
}

void hidden_move(array *pieces, const double by[3])
{
	for (int64_t k = 0; pieces->mem && k < 3; k++)
		for (int64_t i = 0; i < pieces->shape.x; i++)
			array_row(pieces, PIECE_X + k, 0, 0)[i] += (float)by[k];
}

/* --- pictures of the truth -------------------------------------------------------------------- */

static double axis_index(const array *pieces, const hidden_grid *g, int64_t axis, int64_t i)
{
	return ((double)array_row(pieces, PIECE_X + axis, 0, 0)[i] - g->first[axis]) / g->step[axis];
}

static void share(array *volume, const double at[3], float light)
{
	shape s = volume->shape;
	for (int corner = 0; corner < 8; corner++) {
		double weight = 1, index[3];
		for (int k = 0; k < 3; k++) {
			double part = at[k] - floor(at[k]);
			index[k] = floor(at[k]) + (corner >> k & 1);
			weight *= corner >> k & 1 ? part : 1 - part;
		}
		if (weight > 0 && index[0] >= 0 && index[0] < (double)s.x && index[1] >= 0 &&
		    index[1] < (double)s.y && index[2] >= 0 && index[2] < (double)s.z)
			array_row(volume, 0, (int64_t)index[2], (int64_t)index[1])[(int64_t)index[0]] +=
				(float)weight * light;
	}
}

void hidden_add_to_volume(const array *pieces, const hidden_grid *g, array *volume)
{
	for (int64_t i = 0; volume->mem && pieces->mem && i < pieces->shape.x; i++) {
		const double at[3] = { axis_index(pieces, g, 0, i), axis_index(pieces, g, 1, i),
			axis_index(pieces, g, 2, i) };
		share(volume, at, array_row(pieces, PIECE_LIGHT, 0, 0)[i]);
	}
}

void hidden_depth_map(const array *pieces, const hidden_grid *g, array *map)
{
	vec_fill(map, 0);
	for (int64_t i = 0; map->mem && pieces->mem && i < pieces->shape.x; i++) {
		double x = floor(axis_index(pieces, g, 0, i) + 0.5), y = floor(axis_index(pieces, g, 1, i) + 0.5);
		if (!(x >= 0 && x < (double)map->shape.x && y >= 0 && y < (double)map->shape.y))
			continue;
		float *cell = array_row(map, 0, 0, (int64_t)y) + (int64_t)x;
		float depth = array_row(pieces, PIECE_Z, 0, 0)[i];
		*cell = *cell > 0 ? MIN(*cell, depth) : depth;
	}
}
