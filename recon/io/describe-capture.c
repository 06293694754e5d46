/* SPDX-License-Identifier: BSD-3-Clause */
/* describe-capture.c - what a capture's file says of times and places, and what it leaves open */
#include "io/describe-capture.h"

#include <math.h>

static const char *const clocks[] = {
	[CLOCK_AT_WALL] = "wall", [CLOCK_AT_DEVICES] = "devices",
};
static const char *const extents[] = { [EXTENT_SPAN] = "span", [EXTENT_CELLS] = "cells" };
static const char *const surfaces[] = {
	[SURFACE_DIFFUSE] = "diffuse", [SURFACE_RETROREFLECTIVE] = "retroreflective",
};

static json_t *word_json(const char *word)
{
	return word ? json_string(word) : json_null();
}

static json_t *number_json(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static json_t *numbers_json(const double *x, int64_t n)
{
	if (!isfinite(x[0]))
		return json_null();
	json_t *list = json_array();
	for (int64_t i = 0; i < n; i++)
		json_array_append_new(list, number_json(x[i]));
	return list;
}

/* One fixed point by its place, many by their number. */
static json_t *fixed_json(const transient *t)
{
	return t->n_fixed == 0 ? json_null() : t->n_fixed == 1 ? numbers_json(t->fixed, 3) :
		json_integer(t->n_fixed);
}

/* What the file leaves open, and the option that says it. */
static json_t *missing_json(const transient *t)
{
	const struct {
		bool missing;
		const char *what;
	} all[] = {
		{ !isfinite(t->bin), "width of a bin (--bin PS)" },
		{ !isfinite(t->start), "time of the first bin (--start PS)" },
		{ t->clock == CLOCK_UNKNOWN, "what time is counted from (--clock wall or devices)" },
		{ !t->n_points && !isfinite(t->wall[0]), "size of the wall (--wall X,Y)" },
		{ !t->n_points && t->extent == EXTENT_UNKNOWN,
			"whether points or cells fill the wall (--wall-extent span or cells)" },
		{ !t->confocal && !t->n_fixed, "place of the fixed point on the wall (--detector X,Y,Z)" },
	};
	json_t *list = json_array();
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i].missing)
			json_array_append_new(list, json_string(all[i].what));
	return list;
}

static json_t *taken_json(const transient *t)
{
	json_t *list = json_array();
	for (guint i = 0; i < t->taken->len; i++) {
		g_autofree char *valid = g_utf8_make_valid(t->taken->pdata[i], -1);
		json_array_append_new(list, json_string(valid));
	}
	return list;
}

void describe_capture(json_t *all, const transient *t, shape s)
{
	json_object_set_new(all, "layout", json_string(t->layout));
	json_object_set_new(all, "grid", json_pack("[I, I]", (json_int_t)s.y, (json_int_t)s.x));
	json_object_set_new(all, "bins", json_integer(s.z));
	json_object_set_new(all, "bin_ps", number_json(t->bin * 1e12));
	json_object_set_new(all, "start_ps", number_json(t->start * 1e12));
	json_object_set_new(all, "clock", word_json(clocks[t->clock]));
	json_object_set_new(all, "wall_m", numbers_json(t->wall, 2));
	json_object_set_new(all, "wall_extent", word_json(extents[t->extent]));
	json_object_set_new(all, "confocal", json_boolean(t->confocal));
	json_object_set_new(all, "fixed_m", fixed_json(t));
	json_object_set_new(all, "paired", json_boolean(t->paired));
	json_object_set_new(all, "points", t->n_points ? json_integer(t->n_points) : json_null());
	json_object_set_new(all, "laser_m", numbers_json(t->laser, 3));
	json_object_set_new(all, "camera_m", numbers_json(t->camera, 3));
	json_object_set_new(all, "first_bounce", t->n_bounce ? json_integer(t->n_bounce) : json_null());
	json_object_set_new(all, "jitter_ps", number_json(t->jitter * 1e12));
	json_object_set_new(all, "beam_m", number_json(t->beam));
	json_object_set_new(all, "gate_ps", number_json(t->gate * 1e12));
	json_object_set_new(all, "slab_m", number_json(t->slab));
	json_object_set_new(all, "surface", word_json(surfaces[t->surface]));
	json_object_set_new(all, "taken", taken_json(t));
	json_object_set_new(all, "missing", missing_json(t));
}
