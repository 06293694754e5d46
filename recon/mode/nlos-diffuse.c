/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-diffuse.c - confocal diffuse tomography: through a scattering slab (Lindell and Wetzstein,
 * Nature Communications 11, 2020), the slab's blur undone, then f-k migration */
#include <math.h>

#include "core/error.h"
#include "math/stolt.h"
#include "mode/nlos.h"
#include "stage/diffuse-slab.h"

/* Of Wiener's filter: as published for most captures. */
#define NOISE 1e-4

typedef struct {
	diffuse_slab *slab;
	stolt *migration;
} diffuse_plan;

static void diffuse_free(void *plan)
{
	diffuse_plan *p = plan;
	diffuse_slab_free(p->slab);
	stolt_free(p->migration);
	g_free(p);
}

static bool is_suitable(const nlos_capture *c, GError **err)
{
	if (!nlos_needs_confocal(c, "diffuse tomography", err))
		return false;
	if (c->slab > 0 && c->pitch[0] != 0 && c->pitch[1] != 0)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, "--slab", "give the slab's thickness in m, such as --slab "
		"0.0254; without one: --method lct", "diffuse tomography looks through a scattering slab, and "
		"this capture has none");
	return false;
}

/* Only where the spectrum begins has the response to be as the capture has it: bin 0 is at 0. */
static diffuse_plan *plan_of(const task *t, const nlos_capture *c, double noise)
{
	shape s = c->counts->shape, window = { 1, s.z, s.y, s.x };
	const double depth = c->speed * c->bin / 2, x = fabs(c->pitch[0]), y = fabs(c->pitch[1]);
	const slab_setting slab = {
		.window = window, .bin = c->bin, .light_speed = c->speed, .pitch = { x, y },
		.thickness = c->slab, .noise = noise, .made_of = &scatterer_foam
	};
	const stolt_setting migration = {
		.window = window, .pitch = { x / depth, y / depth }, .start = c->start / c->bin,
		.weights = NULL
	};
	diffuse_plan *p = g_new0(diffuse_plan, 1);
	p->slab = diffuse_slab_new(t->dev, &slab);
	p->migration = stolt_new(t->dev, &migration);
	return p;
}

static void *diffuse_plan_new(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape, window = { 1, s.z, s.y, s.x };
	int64_t bytes = diffuse_slab_bytes(window), more = stolt_bytes(t->dev, window);
	double noise = isnan(o->noise) ? NOISE : o->noise;
	if (!is_suitable(c, err) || !array_would_fit(t->dev, bytes > INT64_MAX - more ? INT64_MAX :
		bytes + more, "diffuse tomography", err))
		return NULL;
	diffuse_plan *p = plan_of(t, c, noise);
	*g = nlos_grid_of_bins(c);
	report_number(t->report, "noise", noise);
	report_number(t->report, "slab", c->slab);
	if (device_ok(t->dev, err))
		return p;
	diffuse_free(p);
	return NULL;
}

static bool diffuse_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	const diffuse_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	diffuse_slab_undo(p->slab, scene, traces);
	stolt_migrate(p->migration, scene, scene);
	if (t->dev != t->cpu)
		array_assign(volume, scene);
	return device_ok(t->dev, err);
}

const nlos_method nlos_diffuse = { "diffuse", diffuse_plan_new, diffuse_solve, diffuse_free };
