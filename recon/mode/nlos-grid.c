/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-grid.c - what the methods share: what a capture has to be, how a scene is given, voxels */
#include <math.h>

#include "core/error.h"
#include "mode/nlos.h"

bool nlos_needs_confocal(const nlos_capture *c, const char *method, GError **err)
{
	if (c->confocal && c->regular)
		return true;
	error_set(err, RELUMINE_MISMATCH, "--method", "use --method phasor or backprojection",
		"%s needs a confocal capture of a regular grid of points; this one is %s", method,
		c->confocal ? "of points that are no regular grid" : "not confocal");
	return false;
}

bool nlos_deliver(task *t, array *volume, array *scene, GError **err)
{
	if (t->dev != t->cpu)
		array_assign(volume, scene);
	return device_ok(t->dev, err);
}

/* --- voxels ----------------------------------------------------------------------------------- */

nlos_grid nlos_grid_of_bins(const nlos_capture *c)
{
	shape s = c->counts->shape;
	return (nlos_grid){
		{ c->first[0], c->first[1], c->speed * c->start / 2 },
		{ c->pitch[0], c->pitch[1], c->speed * c->bin / 2 }, { s.x, s.y, s.z }, NAN
	};
}

/* The nearest and furthest place of points along an axis, of pairs at either end. */
static void extent_of(const nlos_capture *c, int axis, double range[2])
{
	int64_t n = c->counts->shape.y * c->counts->shape.x;
	range[0] = INFINITY;
	range[1] = -INFINITY;
	for (int64_t i = 0; i < n; i++) {
		double place = c->points[3 * i + axis], other = c->paired ? c->fixed[3 * i + axis] : place;
		range[0] = fmin(range[0], fmin(place, other));
		range[1] = fmax(range[1], fmax(place, other));
	}
}

/* As many voxels over the points as there are points, or in this range. */
enum { FEWEST = 48, MOST = 128 };

void nlos_grid_of_points(const nlos_capture *c, nlos_grid *g)
{
	double range[2][2];
	shape s = c->counts->shape;
	for (int axis = 0; axis < 2; axis++) {
		g->first[axis] = c->first[axis];
		g->step[axis] = c->pitch[axis];
		g->n[axis] = axis == 0 ? s.x : s.y;
		extent_of(c, axis, range[axis]);
	}
	if (c->regular)
		return;
	double width = range[0][1] - range[0][0], height = range[1][1] - range[1][0];
	double across = CLAMP(round(sqrt((double)(s.y * s.x))), FEWEST, MOST);
	double step = fmax(fmax(width, height) / (across - 1), 1e-6);
	for (int axis = 0; axis < 2; axis++) {
		g->first[axis] = range[axis][0];
		g->step[axis] = step;
		g->n[axis] = (int64_t)floor((range[axis][1] - range[axis][0]) / step + 0.5) + 1;
	}
}

static bool is_dark(const array *counts, int64_t bin)
{
	shape s = counts->shape;
	for (int64_t i = 0; i < s.c * s.y; i++) {
		const float *row = array_row(counts, i / s.y, bin, i % s.y);
		for (int64_t x = 0; x < s.x; x++)
			if (row[x] != 0)
				return false;
	}
	return true;
}

/* Half of the paths of the first and the last bin that have something; of all where none has. */
static void lit_depths(const nlos_capture *c, double range[2])
{
	int64_t first = 0, last = c->counts->shape.z - 1;
	while (first < last && is_dark(c->counts, first))
		first++;
	while (last > first && is_dark(c->counts, last))
		last--;
	range[0] = c->speed * (c->start + c->bin * (double)first) / 2;
	range[1] = c->speed * (c->start + c->bin * (double)last) / 2;
}

/* Planes chosen without being asked, and at all. */
enum { MOST_DEPTHS = 256, ALL_DEPTHS = 65536 };

bool nlos_grid_depths(const task *t, const nlos_capture *c, nlos_grid *g, double nearest,
	double step, GError **err)
{
	const nlos_options *o = t->options;
	double lit[2], range[2];
	lit_depths(c, lit);
	double from = fmax(lit[0] - nearest, fmin(nearest, (lit[0] + lit[1]) / 4)), to = lit[1], end = to;
	from = fmax(from, to / 1000);
	if (o->depth && !nlos_depths(o->depth, range, err))
		return false;
	if (o->depth) {
		from = fmax(range[0], from / 4);
		to = fmin(range[1], end);
	}
	if (!(from <= to && to > 0)) {
		error_set(err, RELUMINE_BAD_USAGE, o->depth ? "--depth" : t->inputs[0].path, o->depth ?
			"leave it out to see all" : NULL, "nothing was recorded of depths from %.3g m on: the "
			"scene ends at %.3g m", from, end);
		return false;
	}
	g->step[2] = !isnan(o->depth_step) ? o->depth_step : fmax(step, (to - from) / (MOST_DEPTHS - 1));
	g->first[2] = from;
	double planes = floor((to - from) / g->step[2] + 1e-6) + 1;
	if (!(planes <= ALL_DEPTHS)) {
		error_set(err, RELUMINE_BAD_USAGE, "--depth-step", "a larger one, or less --depth", "planes %g m "
			"apart from %.3g to %.3g m are %.0f, more than %d", g->step[2], from, to, planes, ALL_DEPTHS);
		return false;
	}
	g->n[2] = (int64_t)planes;
	return true;
}

void nlos_planes_between(const nlos_grid *g, const double range[2], int64_t *from, int64_t *end)
{
	*from = (int64_t)fmax(ceil((range[0] - g->first[2]) / g->step[2] - 1e-6), 0);
	*end = (int64_t)fmin(floor((range[1] - g->first[2]) / g->step[2] + 1e-6) + 1,
		(double)g->n[2]);
}
