/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-nlos-scene.c - what is hidden: scenes by name, or from pictures */
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "mode/simulate-nlos.h"
#include "stage/hidden.h"
#include "stage/resample.h"

enum { CELLS_LEAST = 64, CELLS_MOST = 640 };

/*
 * Cells fine enough for light of neighbours to melt into one in time: their ways differ by less
 * than twice a cell, and a pulse of deviation s hides steps of 1.2 s.
 */
static int64_t cells_of(const nlos_scan *o, double size)
{
	const double bin_deviation = 0.2886751, pulse_deviation = 0.4246609;
	double blur = hypot(bin_deviation * o->bin, pulse_deviation * o->jitter) * PICOSECOND * o->speed;
	return (int64_t)CLAMP(ceil(size / (0.6 * blur)), CELLS_LEAST, CELLS_MOST);
}

/* The pixel at the same place of a picture of another size: depths are not to be mixed. */
static array *nearest(const array *a, int64_t height, int64_t width)
{
	array *to = array_new(a->dev, REAL, (shape){ 1, 1, height, width });
	for (int64_t y = 0; to->mem && y < height; y++)
		for (int64_t x = 0; x < width; x++)
			array_row(to, 0, 0, y)[x] = array_row(a, 0, 0, (2 * y + 1) * a->shape.y / (2 * height))
				[(2 * x + 1) * a->shape.x / (2 * width)];
	return to;
}

static array *depth_map(const task *t, const input *file, int64_t rows, int64_t columns)
{
	const nlos_scan *o = t->options;
	array *map;
	if (file) {
		map = nearest(file->data, rows, columns);
		if (file->white > 0)
			vec_scale(map, 1e-3f);
		return map;
	}
	map = array_new(t->cpu, REAL, (shape){ 1, 1, rows, columns });
	vec_fill(map, (float)g_ascii_strtod(o->depth, NULL));
	return map;
}

/* White is 1. */
static array *albedo_map(const task *t, const input *file, int64_t rows, int64_t columns)
{
	if (!file) {
		array *map = array_new(t->cpu, REAL, (shape){ 1, 1, rows, columns });
		vec_fill(map, 1);
		return map;
	}
	g_autoptr(array) gray = resample_gray(file->data);
	array *map = resample_area(gray, rows, columns);
	float most = file->white > 0 ? (float)file->white : vec_max_abs(map);
	vec_clamp(map, 0, INFINITY);
	if (most > 0)
		vec_scale(map, 1 / most);
	return map;
}

static array *from_files(const task *t, double size, int64_t cells, GError **err)
{
	const input *scene = task_picture(t, "scene"), *depth = task_picture(t, "depth");
	shape s = (depth ? depth : scene)->data->shape;
	double scale = (double)cells / (double)MAX(s.y, s.x);
	int64_t rows = MAX((int64_t)(scale * (double)s.y + 0.5), 1);
	int64_t columns = MAX((int64_t)(scale * (double)s.x + 0.5), 1);
	if (scene && depth && (scene->data->shape.y != s.y || scene->data->shape.x != s.x)) {
		error_set(err, RELUMINE_MISMATCH, depth->path, "use pictures of one size", "the depth map has "
			"%d x %d pixels, but the scene %d x %d", (int)s.y, (int)s.x, (int)scene->data->shape.y,
			(int)scene->data->shape.x);
		return NULL;
	}
	g_autoptr(array) far = depth_map(t, depth, rows, columns);
	g_autoptr(array) albedo = albedo_map(t, scene, rows, columns);
	return device_ok(t->cpu, err) ? hidden_from_maps(far, albedo, size) : NULL;
}

double nlos_scene_size(const nlos_scan *o, const nlos_layout *l)
{
	double shorter = MIN(l->wall[0], l->wall[1]), longer = MAX(l->wall[0], l->wall[1]);
	return !isnan(o->scene_size) ? o->scene_size : shorter > 0 ? shorter : longer > 0 ? longer : 1;
}

array *nlos_scene(const task *t, const nlos_layout *l, GError **err)
{
	const nlos_scan *o = t->options;
	const input *scene = task_picture(t, "scene"), *depth = task_picture(t, "depth");
	double size = nlos_scene_size(o, l);
	if (depth && o->scene && !scene) {
		error_set(err, RELUMINE_BAD_USAGE, "--depth", "give a picture of albedo with --scene, or leave "
			"that out", "a depth map is a scene of its own, and cannot be one of --scene %s", o->scene);
		return NULL;
	}
	int64_t cells = cells_of(o, size);
	array *pieces = scene || depth ? from_files(t, size, cells, err) :
		hidden_scene(t->cpu, o->scene ? o->scene : "letters", g_ascii_strtod(o->depth, NULL), size,
			cells);
	if (!pieces || (device_ok(t->cpu, err) && vec_max_abs(pieces) > 0))
		return pieces;
	array_free(pieces);
	if (!err || !*err)
		error_set(err, RELUMINE_BAD_INPUT, scene ? scene->path : depth ? depth->path : "--scene",
			"look at it: relumine inspect", "there is nothing that gives light back");
	return NULL;
}

void nlos_scene_move(array *pieces, const nlos_scan *o, int64_t frame, double size)
{
	double angle = 2 * M_PI * (double)frame / (double)o->frames;
	hidden_move(pieces, (const double[3]){ 0.15 * size * sin(angle), 0,
		0.15 * size * (1 - cos(angle)) });
}
