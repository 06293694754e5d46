/* SPDX-License-Identifier: BSD-3-Clause */
/* camera.c - what a camera made of light, pixel by pixel, and pixels not to be believed */
#include "stage/camera.h"

#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/calibrate.h"
#include "stage/repair.h"

/* Plane p of a picture of shape s; NULL where a number is meant. */
typedef struct { double number; array plane; bool mapped; } plane_value;

static plane_value value_of(const pixel_value *v, shape s, int64_t p)
{
	plane_value of = { v->number, { 0 }, v->map != NULL };
	if (of.mapped)
		of.plane = calibrate_frame_plane(v->map, p / s.z, p % s.z);
	return of;
}

static double value_at(const plane_value *v, int64_t y, int64_t x)
{
	return v->mapped ? (double)array_row(&v->plane, 0, 0, y)[x] : v->number;
}

/* --- belief ----------------------------------------------------------------------------------- */

static bool maps_fit(const camera *c, const array *y, GError **err)
{
	const struct { const pixel_value *v; const char *what; } all[] = {
		{ &c->offset, "map of offsets" }, { &c->gain, "map of gains" },
		{ &c->read_noise, "map of read noise" }, { &c->mask, "mask" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i].v->map && !calibrate_frame_fits(y, all[i].v->map, all[i].what, all[i].v->path, err))
			return false;
	return true;
}

/* What the camera says of one plane. */
typedef struct { plane_value offset, gain, read_noise, mask; double white; } plane_camera;

static plane_camera camera_of(const camera *c, shape s, int64_t p)
{
	return (plane_camera){ value_of(&c->offset, s, p), value_of(&c->gain, s, p),
		value_of(&c->read_noise, s, p), value_of(&c->mask, s, p), c->white };
}

static bool is_dead(const plane_camera *c, int64_t y, int64_t x)
{
	double gain = value_at(&c->gain, y, x), noise = value_at(&c->read_noise, y, x);
	return !isfinite(value_at(&c->offset, y, x)) || !(noise >= 0 && noise < INFINITY) ||
		(c->gain.mapped && !(gain > 0 && gain < INFINITY));
}

/* Which count of the faults a pixel of value v belongs to; NULL: it is believed. */
static int64_t *fault_of(const plane_camera *c, camera_faults *f, double v, int64_t y, int64_t x)
{
	double mask = value_at(&c->mask, y, x);
	return !isfinite(v) ? &f->holes : !(mask > 0 || mask < 0) ? &f->masked :
		is_dead(c, y, x) ? &f->dead : v >= c->white ? &f->saturated : NULL;
}

typedef struct {
	const camera *camera;
	array *y, *weights;
	uint8_t *bad;           /* of a plane: pixels to be filled */
	camera_faults *faults;
} survey;

/* *left: pixels that need not be filled.  Gives how many are believed. */
static int64_t survey_plane(const survey *s, int64_t p, int64_t *left)
{
	array plane = array_plane(s->y, 0, p), weights = array_plane(s->weights, 0, p);
	plane_camera c = camera_of(s->camera, s->y->shape, p);
	int64_t width = plane.shape.x, believed = 0;
	for (int64_t i = 0; i < plane.shape.y * width; i++) {
		float *v = array_row(&plane, 0, 0, i / width) + i % width;
		int64_t *fault = fault_of(&c, s->faults, (double)*v, i / width, i % width);
		s->bad[i] = fault && fault != &s->faults->saturated;
		array_row(&weights, 0, 0, i / width)[i % width] = fault ? 0 : 1;
		*v = s->bad[i] ? 0 : (float)((double)*v - value_at(&c.offset, i / width, i % width));
		*(fault ? fault : &believed) += 1;
		*left += !s->bad[i];
	}
	return believed;
}

/* A plane without a pixel to fill it from is filled with the nearest one that has. */
static void fill_planes(array *stack, const bool *empty)
{
	int64_t n = stack->shape.z;
	for (int64_t z = 0; z < n; z++) {
		int64_t far = 1;
		if (!empty[z])
			continue;
		while (far < n && (z < far || empty[z - far]) && (z + far >= n || empty[z + far]))
			far++;
		if (far == n)
			continue;
		array to = array_plane(stack, 0, z);
		array from = array_plane(stack, 0, z >= far && !empty[z - far] ? z - far : z + far);
		vec_copy(&to, &from);
	}
}

/* The stack of planes from p on: how many of its pixels are believed; -1 and *err. */
static int64_t survey_stack(const survey *s, int64_t p, GError **err)
{
	int64_t believed = 0, planes = s->camera->planes;
	g_autofree bool *empty = g_new0(bool, planes);
	for (int64_t z = 0; z < planes; z++) {
		array plane = array_plane(s->y, 0, p + z);
		int64_t left = 0;
		believed += survey_plane(s, p + z, &left);
		empty[z] = left == 0;
		if (left && !repair_plane(&plane, s->bad, NULL, err))
			return -1;
		array_forget(s->y, p + z, 0, plane.shape.y);
		array_forget(s->weights, p + z, 0, plane.shape.y);
	}
	array stack = array_slices(s->y, 0, p, planes);
	fill_planes(&stack, empty);
	return believed;
}

static bool refuse(const survey *of, int64_t p, GError **err)
{
	const camera_faults *f = of->faults;
	shape s = of->y->shape;
	bool saturated = f->saturated > f->holes + f->masked + f->dead;
	g_autofree char *which = s.c * s.z == 1 ? g_strdup("") : g_strdup_printf(" (channel %d, from "
		"plane %d on, counted from 0)", (int)(p / s.z), (int)(p % s.z));
	const char *remedy = saturated ? "--saturation COUNTS says from where on pixels are saturated" :
		"look at the file with `relumine inspect`, and at --mask and the maps";
	error_set(err, RELUMINE_BAD_INPUT, of->camera->path, remedy, "no pixel%s can be believed: %d are "
		"saturated, %d NaN or infinite, %d masked, %d dead", which, (int)f->saturated,
		(int)f->holes, (int)f->masked, (int)f->dead);
	return false;
}

bool camera_above_offset(const camera *c, array *y, array *weights, camera_faults *faults,
	GError **err)
{
	*faults = (camera_faults){ 0 };
	if (!maps_fit(c, y, err))
		return false;
	g_autofree uint8_t *bad = g_try_new(uint8_t, (gsize)(y->shape.y * y->shape.x));
	const survey s = { c, y, weights, bad, faults };
	if (!bad) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory to mark bad pixels");
		return false;
	}
	for (int64_t p = 0; p < shape_planes(y->shape); p += c->planes) {
		int64_t n = survey_stack(&s, p, err);
		if (n == 0)
			refuse(&s, p, err);
		if (n <= 0)
			return false;
	}
	return device_ok(y->dev, err);
}

/* --- electrons -------------------------------------------------------------------------------- */

typedef void each_believed(double value, double *to);

static void over_believed(const pixel_value *v, const array *weights, each_believed *body,
	double *to)
{
	shape s = weights->shape;
	for (int64_t p = 0; p < shape_planes(s); p++) {
		plane_value plane = value_of(v, s, p);
		for (int64_t i = 0; i < s.y * s.x; i++)
			if (array_row(weights, 0, p, i / s.x)[i % s.x] > 0)
				body(value_at(&plane, i / s.x, i % s.x), to);
		array_forget(weights, p, 0, s.y);
	}
}

static void add(double value, double *sums)
{
	sums[0] += value;
	sums[1] += 1;
}

static void take_less(double value, double *least)
{
	*least = fmin(*least, value);
}

double camera_mean(const pixel_value *v, const array *weights)
{
	double sums[2] = { 0 };
	if (!v->map)
		return v->number;
	over_believed(v, weights, add, sums);
	return sums[0] / sums[1];
}

double camera_least_variance(const camera *c, const array *weights)
{
	double least = INFINITY;
	if (!c->read_noise.map)
		return c->read_noise.number * c->read_noise.number;
	over_believed(&c->read_noise, weights, take_less, &least);
	return least * least;
}

void camera_electrons(const camera *c, array *y, const array *weights, double gain, double variance,
	array *excess)
{
	shape s = y->shape;
	for (int64_t p = 0; p < shape_planes(s) && y->mem; p++) {
		plane_camera here = camera_of(c, s, p);
		for (int64_t i = 0; i < s.y * s.x; i++) {
			float *v = array_row(y, 0, p, i / s.x) + i % s.x;
			bool known = array_row(weights, 0, p, i / s.x)[i % s.x] > 0;
			double noise = value_at(&here.read_noise, i / s.x, i % s.x);
			double own = known && c->gain.map ? value_at(&here.gain, i / s.x, i % s.x) : gain;
			double more = known && c->read_noise.map ? noise * noise - variance : 0;
			*v = (float)fmax((double)*v * own + variance + more, 0);
			if (excess)
				array_row(excess, 0, p, i / s.x)[i % s.x] = (float)more;
		}
		array_forget(y, p, 0, s.y);
		array_forget(weights, p, 0, s.y);
	}
}
