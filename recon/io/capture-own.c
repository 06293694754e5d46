/* SPDX-License-Identifier: BSD-3-Clause */
/* capture-own.c - our own layout of captures in .npz */
#include <math.h>
#include <string.h>
#include "io/capture.h"
#include "io/own.h"

#define AT(field) offsetof(transient, field)

const struct own_number own_numbers[] = {
	{ "bin_s", AT(bin), 1 }, { "start_s", AT(start), 1 }, { "wall_m", AT(wall), 2 },
	{ "laser_m", AT(laser), 3 }, { "camera_m", AT(camera), 3 }, { "jitter_s", AT(jitter), 1 },
	{ "beam_m", AT(beam), 1 }, { "gate_s", AT(gate), 1 }, { "slab_m", AT(slab), 1 },
	{ NULL, 0, 0 }
};

const struct own_word own_words[] = {
	{ "clock", AT(clock), { "", "wall", "devices" } },
	{ "extent", AT(extent), { "", "span", "cells" } },
	{ "surface", AT(surface), { "", "diffuse", "retroreflective" } },
	{ NULL, 0, { NULL } }
};

static bool read_numbers(struct capture *k, GError **err)
{
	for (const struct own_number *o = own_numbers; o->name; o++) {
		double *to = (double *)(void *)((char *)k->t + o->offset);
		if (!container_get(k->c, o->name, o->n, to, err))
			return false;
	}
	if (!container_find(k->c, "bin_s") || k->t->bin > 0)
		return true;
	return reading_refuse(k->c->r, err, NULL, "variable 'bin_s' is not above 0");
}

static bool read_word(struct capture *k, const struct own_word *w, GError **err)
{
	int *to = (int *)(void *)((char *)k->t + w->offset);
	if (!container_find(k->c, w->name))
		return true;
	g_autofree char *word = container_text(k->c, w->name);
	for (int i = 1; word && i < 3; i++) {
		if (strcmp(word, w->words[i]) != 0)
			continue;
		*to = i;
		return true;
	}
	return reading_refuse(k->c->r, err, NULL, "'%s' is neither \"%s\" nor \"%s\"", w->name,
		w->words[1], w->words[2]);
}

typedef void set_places(transient *t, int64_t n, const double *places);

static bool read_places(struct capture *k, const char *name, int64_t expected, set_places *set,
	GError **err)
{
	int64_t n = 0, axes[2];
	if (!container_find(k->c, name))
		return true;
	g_autofree double *places = container_places(k->c, name, &n, axes, err);
	if (!places)
		return false;
	if (n != expected)
		return reading_refuse(k->c->r, err, NULL, "'%s' has %" G_GINT64_FORMAT " places, not %"
			G_GINT64_FORMAT, name, n, expected);
	set(k->t, n, places);
	return true;
}

static bool read_bounces(struct capture *k, int64_t n, GError **err)
{
	const struct variable *v = container_find(k->c, OWN_BOUNCE);
	if (!v)
		return true;
	if (variable_count(v) != n)
		return reading_refuse(k->c->r, err, NULL, "'" OWN_BOUNCE "' has %" G_GINT64_FORMAT
			" times for %" G_GINT64_FORMAT " traces", variable_count(v), n);
	g_autofree double *seconds = container_numbers(k->c, v, err);
	if (!seconds)
		return false;
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(seconds[i]))
			return reading_refuse(k->c->r, err, NULL, "'" OWN_BOUNCE "' has times that are NaN or "
				"infinite");
	transient_set_bounces(k->t, n, seconds);
	return true;
}

static void read_taken(struct capture *k)
{
	g_autofree char *text = container_text(k->c, OWN_TAKEN);
	g_auto(GStrv) parts = g_strsplit(text ? text : "", "; ", -1);
	for (char **part = parts; *part; part++)
		transient_take(k->t, "%s", *part);
}

/* Captures one after the other along t. */
static bool read_frames(struct capture *k, int64_t bins, GError **err)
{
	double frames = 1;
	if (!container_get(k->c, OWN_FRAMES, 1, &frames, err))
		return false;
	if (!(frames >= 1 && frames <= (double)bins) || fmod((double)bins, frames) != 0)
		return reading_refuse(k->c->r, err, NULL, "'" OWN_FRAMES "' is %g, and %" G_GINT64_FORMAT
			" bins are not so many captures of the same length", frames, bins);
	k->c->r->im->scale->frames = (int64_t)frames;
	return true;
}

static bool read_own(struct capture *k, GError **err)
{
	double confocal = 0, paired = 0, fixed_lit = 0;
	const struct variable *v = container_find(k->c, OWN_TRACES);
	if (!capture_traces(k, OWN_TRACES, v->rank == 4 ? "ctyx" : "tyx", err) || !read_numbers(k, err))
		return false;
	for (const struct own_word *w = own_words; w->name; w++)
		if (!read_word(k, w, err))
			return false;
	shape s = capture_shape(k);
	if (!container_get(k->c, OWN_CONFOCAL, 1, &confocal, err) ||
	    !container_get(k->c, OWN_PAIRED, 1, &paired, err) ||
	    !container_get(k->c, OWN_FIXED_LIT, 1, &fixed_lit, err) || !read_frames(k, s.z, err) ||
	    !read_places(k, OWN_POINTS, s.y * s.x, transient_set_points, err) ||
	    !read_places(k, OWN_NORMALS, s.y * s.x, transient_set_normals, err) ||
	    !read_places(k, OWN_FIXED, paired == 0 ? s.c : s.y * s.x, transient_set_fixed, err) ||
	    !read_bounces(k, s.y * s.x, err))
		return false;
	read_taken(k);
	k->t->confocal = confocal != 0;
	k->t->paired = paired != 0 && k->t->n_fixed > 0;
	k->t->fixed_lit = fixed_lit != 0 && k->t->n_fixed > 0;
	return !(k->t->confocal && k->t->n_fixed) || reading_refuse(k->c->r, err, NULL,
		"claims to be confocal, and has a fixed point besides");
}

const struct capture_layout layout_own = { "Relumine (transient)", OWN_TRACES, NULL, read_own,
	NULL };
