/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-fk.c - f-k migration: the capture as a wave at the wall, taken back to the scene */
#include <math.h>

#include "core/error.h"
#include "math/stolt.h"
#include "math/vec.h"
#include "mode/nlos.h"
#include "stage/moveout.h"

/* Counts are as a wave whose amplitude is their root: they fall with the square of the way. */
#define POWER 2

/* What the published program leaves out at the far end. */
#define PUBLISHED_BLANK_PLANES 10

typedef struct {
	stolt *migration;
	moveout *moveout;       /* NULL: confocal */
	bool published;
} fk_plan;

static bool is_power_of_two(int64_t n)
{
	return (n & (n - 1)) == 0;
}

/* One fixed point and a regular grid become confocal traces below the points halfway. */
static bool is_suitable(const nlos_capture *c, const nlos_options *o, GError **err)
{
	shape s = c->counts->shape;
	if (!(c->regular && s.c == 1 && (c->confocal || c->fixed)))
		return nlos_needs_confocal(c, "f-k migration", err);
	if (o->compat != NLOS_PUBLISHED || (s.x == s.y && is_power_of_two(s.x) && is_power_of_two(s.z)))
		return true;
	error_set(err, RELUMINE_MISMATCH, "--compat", "leave it out: any size will do", "published f-k "
		"migration takes N x N points and powers of two alone, not %d x %d points and %d bins",
		(int)s.x, (int)s.y, (int)s.z);
	return false;
}

static double *weights_of(const nlos_capture *c, const nlos_options *o)
{
	shape s = c->counts->shape;
	bool published = o->compat == NLOS_PUBLISHED;
	double *w = g_new(double, s.z), power = isnan(o->power) ? POWER : o->power;
	double start = published ? 0 : c->start / c->bin;
	double unit = published ? fmax((double)(s.z - 1), 1) : 1 / (c->bin * c->speed / 2);     /* to m */
	for (int64_t m = 0; m < s.z; m++)
		w[m] = pow(fmax(start + (double)m, 0) / unit, power);
	return w;
}

/* Some of the limit is left for scratch. */
#define SCRATCH (12 << 20)

static bool has_room(const device *dev, int64_t bytes)
{
	return !dev->spill || dev->opencl || dev->memory_limit == 0 ||
		bytes <= dev->memory_limit - dev->memory_used - SCRATCH;
}

/*
 * One point at the light's other end: the points halfway have half the pitch and stand in a part of
 * the wall.  All of the wall is shown, with zeros for the traces that nobody took.
 */
static moveout *moveout_of(const task *t, const nlos_capture *c, nlos_grid *g)
{
	shape s = c->counts->shape;
	moveout_setting m = {
		.window = { 1, s.z, s.y, s.x }, .points = c->points, .fixed = c->fixed,
		.start = c->start / c->bin, .bin = c->speed * c->bin
	};
	int64_t *at[2] = { &m.x0, &m.y0 };
	for (int i = 0; i < 2; i++) {
		double half = (c->fixed[i] - g->first[i]) / 2;
		int64_t n = g->n[i];
		g->step[i] /= 2;
		*at[i] = n == 1 || g->step[i] == 0 ? 0 :
			(int64_t)fmin(fmax(round(half / g->step[i]), 0), (double)n);
		g->first[i] += half - (double)*at[i] * g->step[i];
		g->n[i] = n > 1 ? 2 * n : 1;
	}
	m.out = (shape){ 1, s.z, g->n[1], g->n[0] };
	return moveout_new(t->dev, &m);
}

static stolt *migration_of(const task *t, const nlos_capture *c, const nlos_grid *g)
{
	const nlos_options *o = t->options;
	shape window = { 1, g->n[2], g->n[1], g->n[0] };
	g_autofree double *weights = weights_of(c, o);
	stolt_setting setting = {
		.window = window, .pitch = { fabs(g->step[0]), fabs(g->step[1]) },
		.start = c->start / c->bin, .weights = weights, .published = o->compat == NLOS_PUBLISHED,
		.in_file = !has_room(t->dev, stolt_bytes(t->dev, window))
	};
	for (int i = 0; i < 2; i++) {
		double n = (double)g->n[i];
		setting.pitch[i] *= (setting.published ? (n - 1) / n : 1) / g->step[2];
		if (!(setting.pitch[i] > 0))    /* a single row has no pitch, and needs none */
			setting.pitch[i] = 1;
	}
	return stolt_new(t->dev, &setting);
}

static void fk_free(void *plan)
{
	fk_plan *p = plan;
	stolt_free(p->migration);
	moveout_free(p->moveout);
	g_free(p);
}

static void *fk_plan_new(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	if (!is_suitable(c, o, err))
		return NULL;
	fk_plan *p = g_new0(fk_plan, 1);
	p->published = o->compat == NLOS_PUBLISHED;
	*g = nlos_grid_of_bins(c);
	if (!c->confocal)
		p->moveout = moveout_of(t, c, g);
	int64_t bytes = stolt_bytes(t->dev, (shape){ 1, g->n[2], g->n[1], g->n[0] });
	if (!has_room(t->dev, bytes) || array_would_fit(t->dev, bytes, "f-k migration", err)) {
		p->migration = migration_of(t, c, g);
		report_number(t->report, "power", isnan(o->power) ? POWER : o->power);
		if (device_ok(t->dev, err))
			return p;
	}
	fk_free(p);
	return NULL;
}

static bool fk_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	const fk_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	if (p->moveout)
		moveout_run(p->moveout, scene, traces);
	stolt_migrate(p->migration, scene, p->moveout ? scene : traces);
	if (p->published && scene->shape.z > PUBLISHED_BLANK_PLANES) {
		array end = array_slices(scene, 0, scene->shape.z - PUBLISHED_BLANK_PLANES,
			PUBLISHED_BLANK_PLANES);
		vec_fill(&end, 0);
	}
	return nlos_deliver(t, volume, scene, err);
}

const nlos_method nlos_fk = { "fk", fk_plan_new, fk_solve, fk_free };
