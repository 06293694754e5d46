/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-backproject.c - backprojection, plain and filtered, as methods */
#include <math.h>

#include "math/backproject.h"
#include "math/vec.h"
#include "mode/nlos.h"

typedef struct {
	linop *project;
	backproject_setup setup;
	array *weights;                 /* of the bins */
	bool filter;
} projection_plan;

static void projection_free(void *plan)
{
	projection_plan *p = plan;
	linop_free(p->project);
	array_free(p->weights);
	g_free(p);
}

/* Traces are weighted by path^power, in metres, so that what is far away is as bright. */
static array *weight_table(device *dev, const backproject_setup *s, double power)
{
	array *a = array_new_bare(dev, REAL, (shape){ 1, 1, 1, s->bins });
	g_autofree float *packed = g_new(float, s->bins);
	for (int64_t m = 0; m < s->bins; m++)
		packed[m] = (float)pow(fmax(s->start + s->bin * (double)m, 0), power);
	if (!dev->error)
		array_upload(a, packed);
	return a;
}

backproject_setup nlos_projection(const nlos_capture *c, const nlos_grid *g)
{
	shape s = c->counts->shape;
	backproject_setup w = {
		.n_points = s.y * s.x, .points = c->points, .fixed = c->fixed, .paired = c->paired,
		.n_fixed = c->confocal ? 0 : c->paired ? s.y * s.x : s.c, .bins = s.z,
		.bin = c->bin * c->speed, .start = c->start * c->speed
	};
	for (int i = 0; i < 3; i++) {
		w.first[i] = g->first[i];
		w.step[i] = g->step[i];
		w.n[i] = g->n[i];
	}
	return w;
}

static void *plan_new(task *t, const nlos_capture *c, nlos_grid *g, bool filter, GError **err)
{
	const nlos_options *o = t->options;
	nlos_grid_of_points(c, g);
	if (!nlos_grid_depths(t, c, g, g->step[0], c->speed * c->bin / 2, err))
		return NULL;
	projection_plan *p = g_new0(projection_plan, 1);
	double power = isnan(o->power) ? 2 : o->power;
	p->filter = filter;
	p->setup = nlos_projection(c, g);
	p->project = linop_backproject(t->dev, &p->setup);
	p->weights = weight_table(t->dev, &p->setup, power);
	report_number(t->report, "power", power);
	if (device_ok(t->dev, err))
		return p;
	projection_free(p);
	return NULL;
}

static void *plain_plan(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	return plan_new(t, c, g, false, err);
}

static void *filtered_plan(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	return plan_new(t, c, g, true, err);
}

/* Traces with time running fastest that are made at a time, and times voxels, for some progress. */
#define TOGETHER_BYTES (32 << 20)
#define TOGETHER_VOTES ((int64_t)1 << 28)
enum { TOGETHER_LEAST = 64 };

static bool project(task *t, const projection_plan *p, const array *counts, array *scene)
{
	int64_t points = p->setup.n_points, voxels = shape_count(scene->shape);
	int64_t votes = MAX(TOGETHER_VOTES / voxels, TOGETHER_LEAST);
	int64_t together = CLAMP(MIN(TOGETHER_BYTES / (p->setup.bins * 4), votes), 1, points);
	int64_t steps = (points + together - 1) / together, rounds = counts->shape.c * steps;
	g_autoptr(array) traces = array_new_bare(t->dev, REAL,
		(shape){ 1, 1, together, p->setup.bins });
	vec_fill(scene, 0);
	for (int64_t i = 0; i < rounds && !t->dev->error; i++) {
		int64_t first = i % steps * together, n = MIN(together, points - first);
		backproject_traces(traces, counts, p->weights, i / steps, first, n, 0);
		backproject_add(p->project, scene, traces, i / steps, first, n);
		if (!watch_tick(t->watch, &(iteration_note){ .iteration = i + 1, .iterations = rounds,
			.channels = 1, .objective = NAN, .primal = NAN, .dual = NAN, .mu1 = NAN, .mu2 = NAN,
			.mu3 = NAN }))
			return false;
	}
	return true;
}

static bool projection_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	const projection_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	bool going = project(t, p, traces, scene);
	if (going && p->filter)
		backproject_filter(scene);
	vec_clamp(scene, 0, INFINITY);
	return nlos_deliver(t, volume, scene, err) && going;
}

const nlos_method nlos_backprojection = {
	"backprojection", plain_plan, projection_solve, projection_free
};
const nlos_method nlos_filtered = { "filtered", filtered_plan, projection_solve, projection_free };
