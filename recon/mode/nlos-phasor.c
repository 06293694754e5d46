/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-phasor.c - the phasor field as a method */
#include <math.h>
#include <string.h>

#include "math/phasor-direct.h"
#include "math/phasor-field.h"
#include "mode/nlos.h"

typedef struct {
	phasor_field *field;            /* NULL: the points are no grid */
	phasor_direct_setup direct;
	double *points, *fixed;         /* owned */
} phasor_plan;

static void phasor_free(void *plan)
{
	phasor_plan *p = plan;
	phasor_field_free(p->field);
	g_free(p->points);
	g_free(p->fixed);
	g_free(p);
}

/* Planes in a wavelength of path there and back. */
#define PLANES 5

/* What kernels may take that are kept for the next frame, where memory has no limit. */
#define KEPT ((int64_t)1 << 30)

static phasor_field *field_new(task *t, const nlos_capture *c, const nlos_grid *g,
	const phasor_plan *p)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	int64_t fixed = c->confocal ? 0 : s.c, limit = t->dev->memory_limit;
	g_autofree double *seen = g_new(double, 3 * fixed);
	for (int64_t i = 0; i < 3 * fixed; i++)
		seen[i] = c->fixed[i] - (i % 3 < 2 ? c->first[i % 3] : 0);
	const phasor_setup setup = {
		.n = { s.x, s.y }, .pitch = { c->pitch[0], c->pitch[1] }, .bins = s.z,
		.bin = c->bin * c->speed, .start = c->start * c->speed, .depth = g->first[2],
		.step = g->step[2], .depths = g->n[2], .wavelength = p->direct.wavelength,
		.cycles = p->direct.cycles, .power = p->direct.power, .n_fixed = fixed, .fixed = seen
	};
	int64_t keep = o->frames < 2 ? 0 : limit ? (limit - t->dev->memory_used) / 2 : KEPT;
	return phasor_field_new(t->dev, &setup, keep);
}

static void *phasor_plan_new(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	nlos_grid_of_points(c, g);
	double w = nlos_wavelength(t, c, g, err);
	if (isnan(w) || !nlos_grid_depths(t, c, g, w, w / (2 * PLANES), err))
		return NULL;
	phasor_plan *p = g_new0(phasor_plan, 1);
	p->direct = (phasor_direct_setup){
		.wavelength = w, .cycles = isnan(o->cycles) ? 5 : o->cycles,
		.power = isnan(o->power) ? 1 : o->power
	};
	backproject_setup *wall = &p->direct.wall;
	*wall = nlos_projection(c, g);
	wall->points = p->points = g_memdup2(c->points, (gsize)(3 * wall->n_points) * sizeof(double));
	wall->fixed = p->fixed = g_memdup2(c->fixed, (gsize)(3 * wall->n_fixed) * sizeof(double));
	if (c->regular)
		p->field = field_new(t, c, g, p);
	report_number(t->report, "wavelength_m", w);
	report_number(t->report, "cycles", p->direct.cycles);
	report_number(t->report, "power", p->direct.power);
	if (device_ok(t->dev, err))
		return p;
	phasor_free(p);
	return NULL;
}

static bool phasor_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	phasor_plan *p = plan;
	if (p->field)
		return phasor_field_run(p->field, counts, volume, t->watch, err);
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	if (!phasor_direct_run(t->dev, &p->direct, traces, scene, t->watch, err))
		return false;
	if (t->dev != t->cpu)
		array_assign(volume, scene);
	return device_ok(t->dev, err);
}

const nlos_method nlos_phasor = { "phasor", phasor_plan_new, phasor_solve, phasor_free };
