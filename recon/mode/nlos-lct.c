/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-lct.c - the light-cone transform with Wiener's filter */
#include <math.h>

#include "core/error.h"
#include "math/light-cone.h"
#include "math/vec.h"
#include "mode/nlos.h"

/* Noise to signal, 1 / alpha of O'Toole 2018, for diffuse and retroreflective scenes. */
#define NOISE_DIFFUSE 12.5
#define NOISE_RETRO 1.25

typedef struct {
	light_cone *cone;
	double noise;
} lct_plan;

static light_cone_geometry geometry_of(const task *t, const nlos_capture *c)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	return (light_cone_geometry){
		.data = { 1, s.z, s.y, s.x }, .path = c->speed * c->bin, .start = c->start / c->bin,
		.pitch = { c->pitch[0], c->pitch[1] },
		.power = !isnan(o->power) ? o->power : c->retroreflective ? 2 : 4,
		.beam = c->beam, .published = o->compat == NLOS_PUBLISHED,
		.half_wall = c->pitch[0] * (double)(s.x - 1) / 2
	};
}

bool nlos_needs_confocal(const nlos_capture *c, const char *method, GError **err)
{
	if (c->confocal && c->regular)
		return true;
	error_set(err, RELUMINE_MISMATCH, "--method", "use --method phasor or backprojection",
		"%s needs a confocal capture of a regular grid of points; this one is %s", method,
		c->confocal ? "of points that are no regular grid" : "not confocal");
	return false;
}

nlos_grid nlos_grid_of_bins(const nlos_capture *c)
{
	shape s = c->counts->shape;
	return (nlos_grid){
		{ c->first[0], c->first[1], c->speed * c->start / 2 },
		{ c->pitch[0], c->pitch[1], c->speed * c->bin / 2 }, { s.x, s.y, s.z }
	};
}

static void lct_free(void *plan)
{
	lct_plan *p = plan;
	light_cone_free(p->cone);
	g_free(p);
}

static void *lct_plan_new(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	if (!nlos_needs_confocal(c, "the light-cone transform", err))
		return NULL;
	const light_cone_geometry geometry = geometry_of(t, c);
	lct_plan *p = g_new0(lct_plan, 1);
	p->noise = !isnan(o->noise) ? o->noise : c->retroreflective ? NOISE_RETRO : NOISE_DIFFUSE;
	p->cone = light_cone_new(t->dev, &geometry);
	*g = nlos_grid_of_bins(c);
	report_number(t->report, "noise", p->noise);
	report_number(t->report, "power", geometry.power);
	if (device_ok(t->dev, err))
		return p;
	lct_free(p);
	return NULL;
}

static bool lct_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	const lct_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	light_cone_solve(p->cone, scene, traces, p->noise);
	vec_clamp(scene, 0, INFINITY);
	if (t->dev != t->cpu)
		array_assign(volume, scene);
	return device_ok(t->dev, err);
}

const nlos_method nlos_lct = { "lct", lct_plan_new, lct_solve, lct_free };
