/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-lct.c - the light-cone transform with Wiener's filter */
#include <math.h>

#include "core/error.h"
#include "math/light-cone.h"
#include "math/vec.h"
#include "mode/nlos.h"

#define NOISE 1.25              /* 1 / alpha of O'Toole 2018, where the noise is not known */
#define NOISE_LEAST 0.05
#define NOISE_MOST 50

/*
 * Where Wiener's filter has its noise over the power of signal, the same at all frequencies; scenes
 * have most of theirs at low ones, so that noise counts for more than its share where detail is.
 * The root does well on captures from sunlit and noisy to clean: see docs/nlos.md.
 */
#define NOISE_FACTOR 1.5

double nlos_noise(const task *t, const nlos_capture *c)
{
	const nlos_options *o = t->options;
	double noise = !isnan(o->noise) ? o->noise : isnan(c->noise) || o->compat ? NOISE :
		CLAMP(NOISE_FACTOR * sqrt(c->noise), NOISE_LEAST, NOISE_MOST);
	report_number(t->report, "noise", noise);
	return noise;
}

typedef struct {
	light_cone *cone;
	double noise;
	nlos_grid grid;
} lct_plan;

light_cone_geometry nlos_cone(const task *t, const nlos_capture *c)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	return (light_cone_geometry){
		.data = { 1, s.z, s.y, s.x }, .path = c->speed * c->bin, .start = c->start / c->bin,
		.pitch = { c->pitch[0], c->pitch[1] },
		.power = !isnan(o->power) ? o->power : c->retroreflective ? 2 : 4,
		/* (its radius is where light has fallen to 1/e^2: two standard deviations) */
		.beam = c->beam / 2, .published = o->compat == NLOS_PUBLISHED,
		.half_wall = c->pitch[0] * (double)(s.x - 1) / 2
	};
}

#define FAR 100         /* lengths of the record before it begins: its square has too many rows */

bool nlos_needs_cone(const nlos_capture *c, const char *method, GError **err)
{
	double length = c->bin * (double)c->counts->shape.z;
	if (!nlos_needs_confocal(c, method, err))
		return false;
	if (c->start <= FAR * length)
		return true;
	error_set(err, RELUMINE_MISMATCH, "--method", "use --method fk or phasor, or check --start",
		"%s works on the square of time, and this record of %.4g ps begins after %.4g ps", method,
		length * 1e12, c->start * 1e12);
	return false;
}

static void lct_free(void *plan)
{
	lct_plan *p = plan;
	light_cone_free(p->cone);
	g_free(p);
}

static void *plan_of(task *t, const nlos_capture *c, const light_cone_geometry *geometry,
	nlos_grid *g, GError **err)
{
	lct_plan *p = g_new0(lct_plan, 1);
	p->noise = nlos_noise(t, c);
	p->cone = light_cone_new(t->dev, geometry);
	p->grid = *g = nlos_grid_of_bins(c);
	report_number(t->report, "power", geometry->power);
	if (device_ok(t->dev, err))
		return p;
	lct_free(p);
	return NULL;
}

static void *lct_plan_new(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	if (!nlos_needs_cone(c, "the light-cone transform", err))
		return NULL;
	const light_cone_geometry geometry = nlos_cone(t, c);
	return plan_of(t, c, &geometry, g, err);
}

static bool lct_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	const lct_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	light_cone_solve(p->cone, scene, traces, p->noise);
	vec_clamp(scene, 0, INFINITY);
	return nlos_deliver(t, volume, scene, err);
}

const nlos_method nlos_lct = { "lct", lct_plan_new, lct_solve, lct_free };

/* --- surfaces that face somewhere ------------------------------------------------------------- */

#define DIRECTIONAL_POWER 5     /* 1 / r^4, and a cosine that is a length over r */

static void *directional_plan(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	if (!nlos_needs_cone(c, "the directional transform", err))
		return NULL;
	light_cone_geometry geometry = nlos_cone(t, c);
	geometry.power = isnan(o->power) ? DIRECTIONAL_POWER : o->power;
	return plan_of(t, c, &geometry, g, err);
}

/* Directions of the brightest voxel of each column, 0 where nothing is seen. */
static array *normals_of(const array *u[CONE_MOMENTS])
{
	shape s = u[CONE_PLAIN]->shape;
	array *to = array_new(u[0]->dev, REAL, (shape){ 3, 1, s.y, s.x });
	float least = NLOS_SEEN * vec_max_abs(u[CONE_PLAIN]);
	for (int64_t i = 0; i < s.y * s.x && to->mem; i++) {
		int64_t y = i / s.x, x = i % s.x, best = 0;
		for (int64_t z = 1; z < s.z; z++)
			best = array_row(u[CONE_PLAIN], 0, z, y)[x] > array_row(u[CONE_PLAIN], 0, best, y)[x] ? z :
				best;
		double n[3], length = 0;
		for (int k = 0; k < 3; k++) {
			n[k] = (double)array_row(u[k], 0, best, y)[x];
			length += n[k] * n[k];
		}
		bool seen = array_row(u[CONE_PLAIN], 0, best, y)[x] >= least && length > 0;
		for (int k = 0; k < 3; k++)
			array_row(to, k, 0, y)[x] = seen ? (float)(n[k] / sqrt(length)) : 0;
	}
	return to;
}

/* -1 to 1 as 0 to 1 in red, green and blue; black where nothing is seen. */
static array *normals_shown(const array *normals)
{
	shape s = normals->shape;
	array *to = array_new(normals->dev, REAL, s);
	for (int64_t i = 0; i < s.y * s.x && to->mem && normals->mem; i++) {
		float n[3], length = 0;
		for (int k = 0; k < 3; k++) {
			n[k] = array_row(normals, k, 0, i / s.x)[i % s.x];
			length += n[k] * n[k];
		}
		for (int k = 0; k < 3; k++)
			array_row(to, k, 0, i / s.x)[i % s.x] = length > 0 ? (n[k] + 1) / 2 : 0;
	}
	return to;
}

static bool directional_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	const nlos_options *o = t->options;
	const lct_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	g_autoptr(array) along_x = array_like(traces);
	g_autoptr(array) along_y = array_like(traces);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	light_cone_normals(p->cone, (array *const[]){ along_x, along_y, scene }, traces, p->noise);
	vec_clamp(scene, 0, INFINITY);
	if (!nlos_deliver(t, volume, scene, err))
		return false;
	g_autoptr(array) x = array_lend(along_x, t->cpu);
	g_autoptr(array) y = array_lend(along_y, t->cpu);
	int64_t from = 0, end = 0;
	double range[2];
	if (o->depth && nlos_depths(o->depth, range, NULL))
		nlos_planes_between(&p->grid, range, &from, &end);
	if (from >= end) {
		from = 0;
		end = volume->shape.z;
	}
	array asked[] = { array_slices(x, 0, from, end - from), array_slices(y, 0, from, end - from),
		array_slices(volume, 0, from, end - from) };
	array *normals = normals_of((const array *[]){ &asked[0], &asked[1], &asked[2] });
	task_add_picture(t, "normals", normals);
	task_show_picture(t, "normals", normals_shown(normals));
	return device_ok(t->cpu, err);
}

const nlos_method nlos_directional = { "directional", directional_plan, directional_solve,
	lct_free };
