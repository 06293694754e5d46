/* SPDX-License-Identifier: BSD-3-Clause */
/* geometry.c - flips, turns, crops and pads: pixels moved, never changed */
#include "stage/geometry.h"

#include "math/vec.h"
#include "geometry.cl"

/* Where the first pixel comes from, and the way to the next in units of pixels. */
typedef struct {
	int64_t y, x;           /* source of the first pixel */
	int64_t down[2];        /* (y, x) step in the source for one row down */
	int64_t right[2];       /* for one column to the right */
} path;

/* Fill the height x width part of `to` whose corner is (y, x). */
static void fill_part(array *to, const int64_t corner[2], const int64_t size[2], const array *a, path p)
{
	int64_t offset = corner[0] * to->pitch + corner[1];
	for (int64_t i = 0; i < shape_planes(a->shape); i++) {
		array from = array_plane(a, 0, i), part = array_plane(to, 0, i);
		part.shape.y = size[0];
		part.plane_rows = size[0] + ARRAY_HALO_ROWS;
		part.origin += offset;
		part.mem = part.mem ? part.mem + offset : NULL;
		RUN(&part, k_strided, &part, &from, to->pitch, size[1], p.y * a->pitch + p.x,
			p.down[0] * a->pitch + p.down[1], p.right[0] * a->pitch + p.right[1]);
	}
}

static array *move_pixels(const array *a, int64_t height, int64_t width, path p)
{
	array *to = array_new(a->dev, REAL, (shape){ a->shape.c, a->shape.z, height, width });
	fill_part(to, (int64_t[2]){ 0, 0 }, (int64_t[2]){ height, width }, a, p);
	return to;
}

array *geometry_flip_y(const array *a)
{
	return move_pixels(a, a->shape.y, a->shape.x, (path){ a->shape.y - 1, 0, { -1, 0 }, { 0, 1 } });
}

array *geometry_flip_x(const array *a)
{
	return move_pixels(a, a->shape.y, a->shape.x, (path){ 0, a->shape.x - 1, { 1, 0 }, { 0, -1 } });
}

array *geometry_rotate(const array *a, int quarters)
{
	int64_t height = a->shape.y, width = a->shape.x;
	const path turns[4] = {
		{ 0, 0, { 1, 0 }, { 0, 1 } },
		{ 0, width - 1, { 0, -1 }, { 1, 0 } },
		{ height - 1, width - 1, { -1, 0 }, { 0, -1 } },
		{ height - 1, 0, { 0, 1 }, { -1, 0 } },
	};
	int n = quarters & 3;
	return move_pixels(a, n & 1 ? width : height, n & 1 ? height : width, turns[n]);
}

array *geometry_crop(const array *a, int64_t y, int64_t x, int64_t height, int64_t width)
{
	return move_pixels(a, height, width, (path){ y, x, { 1, 0 }, { 0, 1 } });
}

array *geometry_centred(const array *a, int64_t height, int64_t width)
{
	int64_t h = MIN(height, a->shape.y), w = MIN(width, a->shape.x);
	g_autoptr(array) core = geometry_crop(a, (a->shape.y - h) / 2, (a->shape.x - w) / 2, h, w);
	if (h == height && w == width)
		return g_steal_pointer(&core);
	return geometry_placed(core, (height - h) / 2, (width - w) / 2, height, width);
}

array *geometry_placed(const array *a, int64_t y, int64_t x, int64_t height, int64_t width)
{
	array *to = array_new(a->dev, REAL, (shape){ a->shape.c, a->shape.z, height, width });
	vec_fill(to, 0);
	fill_part(to, (int64_t[2]){ y, x }, (int64_t[2]){ a->shape.y, a->shape.x }, a,
		(path){ 0, 0, { 1, 0 }, { 0, 1 } });
	return to;
}

/* Part of one axis of a framed picture: `count` pixels at `to`, from pixel `from` on in steps. */
typedef struct { int64_t to, count, from, step; } span;

static void frame_spans(span spans[3], int64_t length, int64_t n)
{
	bool mirror = length > n;       /* else 2 pixels, whose mirror images repeat: 0 1 0 1 0 1 */
	spans[0] = (span){ 0, n, mirror ? n : 0, mirror ? -1 : 1 };
	spans[1] = (span){ n, length, 0, 1 };
	spans[2] = (span){ n + length, n, mirror ? length - 2 : 0, mirror ? -1 : 1 };
}

array *geometry_frame(const array *a, int64_t n)
{
	shape s = { a->shape.c, a->shape.z, a->shape.y + 2 * n, a->shape.x + 2 * n };
	array *to = array_new(a->dev, REAL, s);
	span rows[3], columns[3];
	frame_spans(rows, a->shape.y, n);
	frame_spans(columns, a->shape.x, n);
	for (int i = 0; i < 9; i++) {
		span r = rows[i / 3], c = columns[i % 3];
		fill_part(to, (int64_t[2]){ r.to, c.to }, (int64_t[2]){ r.count, c.count }, a,
			(path){ r.from, c.from, { r.step, 0 }, { 0, c.step } });
	}
	return to;
}

array *geometry_half(const array *a, int64_t y, int64_t x)
{
	return move_pixels(a, a->shape.y / 2, a->shape.x / 2, (path){ y, x, { 2, 0 }, { 0, 2 } });
}

array *geometry_swap_channels(const array *a)
{
	array *to = array_like(a);
	for (int64_t c = 0; c < a->shape.c; c++) {
		array from = array_channel(a, c), into = array_channel(to, a->shape.c - 1 - c);
		vec_copy(&into, &from);
	}
	return to;
}
