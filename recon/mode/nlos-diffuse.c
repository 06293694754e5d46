/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-diffuse.c - confocal diffuse tomography: through a scattering slab (Lindell and Wetzstein,
 * Nature Communications 11, 2020), the slab's blur undone, then f-k migration */
#include <math.h>

#include "core/error.h"
#include "math/stolt.h"
#include "math/vec.h"
#include "mode/nlos.h"
#include "stage/diffuse-slab.h"

/* Of Wiener's filter: as published for most captures. */
#define NOISE 1e-4

typedef struct {
	slab_setting setting;
	scatterer made_of;
	bool known;             /* what the slab is made of, and what undoes it */
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

static void take_slab(const task *t, diffuse_plan *p, double scattering)
{
	diffuse_slab_free(p->slab);
	p->made_of.scattering = scattering;
	p->setting.made_of = &p->made_of;
	p->slab = diffuse_slab_new(t->dev, &p->setting);
}

static diffuse_plan *plan_of(const task *t, const nlos_capture *c)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape, window = { 1, s.z, s.y, s.x };
	const double depth = c->speed * c->bin / 2, x = fabs(c->pitch[0]), y = fabs(c->pitch[1]);
	const stolt_setting migration = {
		.window = window, .pitch = { x / depth, y / depth }, .start = c->start / c->bin,
		.weights = NULL
	};
	diffuse_plan *p = g_new0(diffuse_plan, 1);
	p->setting = (slab_setting){
		.window = window, .bin = c->bin, .light_speed = c->speed, .pitch = { x, y },
		.thickness = c->slab, .noise = isnan(o->noise) ? NOISE : o->noise
	};
	p->made_of = scatterer_foam;
	p->known = !isnan(o->scattering);
	if (p->known)
		take_slab(t, p, o->scattering);
	p->migration = stolt_new(t->dev, &migration);
	return p;
}

static void *diffuse_plan_new(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	shape s = c->counts->shape, window = { 1, s.z, s.y, s.x };
	int64_t bytes = diffuse_slab_bytes(window), more = stolt_bytes(t->dev, window);
	if (!is_suitable(c, err) || !array_would_fit(t->dev, bytes > INT64_MAX - more ? INT64_MAX :
		bytes + more, "diffuse tomography", err))
		return NULL;
	diffuse_plan *p = plan_of(t, c);
	*g = nlos_grid_of_bins(c);
	report_number(t->report, "noise", p->setting.noise);
	report_number(t->report, "slab", c->slab);
	if (device_ok(t->dev, err))
		return p;
	diffuse_free(p);
	return NULL;
}

static void see_through(const diffuse_plan *p, array *scene, const array *traces)
{
	diffuse_slab_undo(p->slab, scene, traces);
	stolt_migrate(p->migration, scene, scene);
}

/* --- a slab of which nobody knows how it scatters ------------------------------------------- */

/*
 * Scattering coefficients tried, times the square of the thickness, m: that makes the blur in time.
 * Too little leaves some, too much makes some of noise.
 */
#define LEAST_SCATTERING 0.03
#define SCATTERING_STEP 1.4
enum { SCATTERINGS = 9 };

/* How few voxels hold how much of the light: its squares (Muller and Buffington, J. Opt. Soc. Am.
 * 64, 1974). */
static double sharpness(const task *t, diffuse_plan *p, double scattering, array *scene,
	const array *traces)
{
	take_slab(t, p, scattering);
	see_through(p, scene, traces);
	double sum = vec_sum(scene);
	return sum > 0 ? vec_dot(scene, scene) / (sum * sum) : 0;
}

static double scattering_at(const diffuse_plan *p, double step)
{
	double thickness = p->setting.thickness;
	return LEAST_SCATTERING / (thickness * thickness) * pow(SCATTERING_STEP, step);
}

/* The top of the parabola through the sharpest and its neighbours, over the logarithm. */
static void find_scattering(const task *t, diffuse_plan *p, array *scene, const array *traces)
{
	double sharp[SCATTERINGS], shift = 0;
	int best = 0;
	for (int i = 0; i < SCATTERINGS; i++) {
		sharp[i] = sharpness(t, p, scattering_at(p, i), scene, traces);
		best = sharp[i] > sharp[best] ? i : best;
	}
	if (best > 0 && best < SCATTERINGS - 1) {
		double bend = sharp[best - 1] - 2 * sharp[best] + sharp[best + 1];
		shift = bend < 0 ? (sharp[best - 1] - sharp[best + 1]) / (2 * bend) : 0;
	}
	take_slab(t, p, scattering_at(p, best + shift));
	p->known = true;
}

static bool diffuse_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	diffuse_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	if (!p->known)
		find_scattering(t, p, scene, traces);
	report_number(t->report, "scattering", p->made_of.scattering);
	see_through(p, scene, traces);
	return nlos_deliver(t, volume, scene, err);
}

const nlos_method nlos_diffuse = { "diffuse", diffuse_plan_new, diffuse_solve, diffuse_free };
