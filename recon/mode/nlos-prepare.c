/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-prepare.c - a capture made ready: its traces in order, its points and bins */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/numbers.h"
#include "mode/nlos.h"
#include "stage/wall.h"

void nlos_capture_clear(nlos_capture *c)
{
	g_clear_pointer(&c->counts, array_free);
	g_clear_pointer(&c->points, g_free);
	g_clear_pointer(&c->fixed, g_free);
	g_clear_pointer(&c->depths, g_free);
}

/* --- what the options say of the file -------------------------------------------------------- */

bool nlos_depths(const char *text, double range[2], GError **err)
{
	if (numbers_read(text, 0, 1e6, 2, range) == 2 && range[0] < range[1])
		return true;
	error_set(err, RELUMINE_BAD_USAGE, "--depth", "write it as 0.4,1.2",
		"'%s' is not two distances in m, the second the larger", text);
	return false;
}

static bool bad_places(const char *option, const char *text, GError **err)
{
	error_set(err, RELUMINE_BAD_USAGE, option, "write it as 0.5 or 0.5,0.4, in m",
		"'%s' is not one to three numbers", text);
	return false;
}

/* The file's facts with those of the options in their place; the caller's. */
static transient *facts_of(const task *t, GError **err)
{
	const nlos_options *o = t->options;
	const input *in = &t->inputs[0];
	const transient *known = in->scale ? in->scale->transient : NULL;
	g_autoptr(transient) f = known ? transient_copy(known) : transient_new();
	f->bin = isnan(o->bin) ? f->bin : o->bin * 1e-12;
	f->start = isnan(o->start) ? f->start : o->start * 1e-12;
	f->clock = o->clock < 0 ? f->clock : o->clock == 0 ? CLOCK_AT_WALL : CLOCK_AT_DEVICES;
	f->extent = o->wall_extent < 0 ? f->extent : o->wall_extent == 0 ? EXTENT_SPAN : EXTENT_CELLS;
	f->surface = o->surface < 0 ? f->surface : o->surface == 0 ? SURFACE_DIFFUSE :
		SURFACE_RETROREFLECTIVE;
	f->jitter = isnan(o->jitter) ? f->jitter : o->jitter * 1e-12;
	f->beam = isnan(o->beam) ? f->beam : o->beam;
	f->slab = isnan(o->slab) ? f->slab : o->slab;
	if (o->wall) {
		int n = numbers_read(o->wall, 1e-6, 1e6, 2, f->wall);
		if (n == 0)
			return bad_places("--wall", o->wall, err), NULL;
		f->wall[1] = n == 1 ? f->wall[0] : f->wall[1];
		transient_set_points(f, 0, NULL);
	}
	if (o->detector) {
		double place[3] = { 0, 0, 0 };
		if (numbers_read(o->detector, -1e6, 1e6, 3, place) < 2)
			return bad_places("--detector", o->detector, err), NULL;
		transient_set_fixed(f, 1, place);
		f->confocal = f->paired = false;
	}
	return g_steal_pointer(&f);
}

/* Rows X, Y, Z of a picture of numbers; NULL and *err: it is no such thing. */
static double *places_of(const input *in, int64_t *n, GError **err)
{
	shape s = in->data->shape;
	if (s.x != 3 || shape_planes(s) != 1) {
		error_set(err, RELUMINE_BAD_INPUT, in->path, "save an array of shape (points, 3)",
			"places are rows of X, Y, Z, and this has %d columns", (int)s.x);
		return NULL;
	}
	*n = s.y;
	double *places = g_new(double, 3 * s.y);
	for (int64_t i = 0; i < 3 * s.y; i++)
		places[i] = (double)array_row(in->data, 0, 0, i / 3)[i % 3];
	return places;
}

/* Places from files; one row for all, or as many as there are traces, on one side at least. */
static bool take_places(const task *t, transient *f, int64_t traces, GError **err)
{
	const input *lasers = task_picture(t, "laser-positions");
	const input *detectors = task_picture(t, "detector-positions");
	int64_t n[2] = { 0, 0 };
	if (!lasers && !detectors)
		return true;
	g_autofree double *lit = lasers ? places_of(lasers, &n[0], err) : NULL;
	g_autofree double *seen = detectors && (lit || !lasers) ? places_of(detectors, &n[1], err) : NULL;
	if ((lasers && !lit) || (detectors && !seen))
		return false;
	bool swapped = n[0] != traces;
	const input *scanned = swapped ? detectors : lasers;
	if (n[swapped] != traces || (n[!swapped] > 1 && n[!swapped] != traces)) {
		error_set(err, RELUMINE_MISMATCH, (scanned ? scanned : lasers)->path, "give a row for each "
			"trace, and for the other end of the paths one row or as many", "has places for %d "
			"traces, but there are %d", (int)n[swapped], (int)traces);
		return false;
	}
	double *points = swapped ? seen : lit, *others = swapped ? lit : seen;
	bool same = others && n[!swapped] == traces &&
		!memcmp(points, others, (size_t)(3 * traces) * sizeof(double));
	transient_set_points(f, traces, points);
	if (others) {
		transient_set_fixed(f, same ? 0 : n[!swapped], others);
		f->paired = !same && n[!swapped] > 1;
		f->fixed_lit = swapped;
	}
	f->confocal = !f->n_fixed;
	return true;
}

/* --- traces in order ------------------------------------------------------------------------- */

/* The array with axes t, y, x as the letters say; takes the input. */
static array *in_order(const task *t, input *in, GError **err)
{
	const nlos_options *o = t->options;
	bool known = in->scale && in->scale->transient;
	if (!o->axes || !strcmp(o->axes, "tyx"))
		return input_take(in);
	int64_t from[3];
	for (int i = 0; i < 3; i++) {
		const char *at = strlen(o->axes) == 3 ? strchr(o->axes, "tyx"[i]) : NULL;
		from[i] = at ? at - o->axes : -1;
	}
	if (known || from[0] < 0 || from[1] < 0 || from[2] < 0) {
		error_set(err, RELUMINE_BAD_USAGE, "--axes", "one of tyx, txy, ytx, yxt, xty, xyt",
			known ? "the file's layout tells the order itself" : "'%s' is not an order of t, y, x",
			o->axes);
		return NULL;
	}
	g_autoptr(array) data = input_take(in);
	return wall_permute(data, from);
}

/* --- all of it ------------------------------------------------------------------------------- */

/* What is missing, all of it at once, and the options that supply it. */
static bool complete(const task *t, const transient *f, GError **err)
{
	const struct { bool missing; const char *what, *option; } rows[] = {
		{ !(f->bin > 0), "how long a bin is", "--bin PS" },
		{ !f->n_points && !(f->wall[0] > 0 && f->wall[1] > 0), "how large the scanned wall is",
			"--wall X,Y" },
	};
	g_autoptr(GString) what = g_string_new(NULL), options = g_string_new("give ");
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].missing) {
			g_string_append_printf(what, "%s%s", what->len ? ", and " : "", rows[i].what);
			g_string_append_printf(options, "%s%s", options->len > 5 ? " " : "", rows[i].option);
		}
	if (!what->len)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, t->inputs[0].path, options->str,
		"the file does not say %s", what->str);
	return false;
}

/* What nobody said, and how it is taken. */
static void take_defaults(transient *f)
{
	if (f->extent == EXTENT_UNKNOWN && !f->n_points) {
		f->extent = EXTENT_SPAN;
		transient_take(f, "the wall from first to last point (--wall-extent)");
	}
	if (f->clock == CLOCK_UNKNOWN) {
		f->clock = CLOCK_AT_WALL;
		transient_take(f, "time from wall to wall (--clock)");
	}
	if (!f->confocal && !f->n_fixed) {
		f->confocal = true;
		transient_take(f, "a confocal scan (--detector)");
	}
	if (f->surface == SURFACE_UNKNOWN)
		f->surface = SURFACE_DIFFUSE;
}

void nlos_tell_taken(const task *t, const transient *f)
{
	g_autoptr(GString) all = g_string_new(NULL);
	for (guint i = 0; i < f->taken->len; i++)
		g_string_append_printf(all, "%s%s", i ? "; " : "", (char *)f->taken->pdata[i]);
	if (f->layout)
		report_word(t->report, "layout", f->layout);
	if (!all->len)
		return;
	report_word(t->report, "taken", all->str);
	g_string_append_printf(t->text, "not said by the file, and taken: %s\n", all->str);
}

static void copy_facts(const task *t, const transient *f, nlos_capture *c)
{
	const nlos_options *o = t->options;
	c->bin = f->bin;
	c->start = f->start;
	c->speed = !isnan(o->light_speed) ? o->light_speed : o->compat == NLOS_PUBLISHED ? 3e8 :
		LIGHT_SPEED;
	c->confocal = f->confocal;
	c->paired = f->paired;
	c->jitter = isnan(f->jitter) ? 0 : f->jitter;
	c->beam = isnan(f->beam) ? 0 : f->beam;
	c->slab = isnan(f->slab) ? 0 : f->slab;
	c->retroreflective = f->surface == SURFACE_RETROREFLECTIVE;
}

/* Steps in depth that are no more than this do not count as such, of a pitch. */
#define FLAT 0.1

/* Methods that need a grid, and of auto grids that are as good as flat. */
static bool takes_flat(const task *t, const wall *w, double farthest)
{
	int method = ((const nlos_options *)t->options)->method;
	return method == NLOS_LCT || method == NLOS_FK || method == NLOS_LCT_TV ||
		method == NLOS_DIRECTIONAL || method == NLOS_DIFFUSE ||
		(method == NLOS_AUTO && farthest <= FLAT * fmin(w->pitch[0], w->pitch[1]));
}

/* A wall that is nearly flat as if it was: confocal traces are moved in time by its depth. */
static void flatten(const task *t, nlos_capture *c, wall *w)
{
	shape s = c->counts->shape;
	g_autofree double *depths = g_new(double, s.y * s.x);
	wall flat = wall_flattened(w, s.y, s.x, depths);
	double farthest = 0;
	for (int64_t i = 0; flat.regular && i < s.y * s.x; i++)
		farthest = fmax(farthest, fabs(depths[i]));
	if (!flat.regular || !takes_flat(t, &flat, farthest)) {
		g_free(flat.points);
		return;
	}
	report_warn(t->report, "the wall is not flat: its points stand up to %.3g mm before or behind "
		"a plane.  They are taken to be in it, and traces are moved in time by twice that, which is "
		"right for what is straight ahead; --method filtered and phasor take points where they are",
		farthest * 1e3);
	g_free(w->points);
	*w = flat;
	c->depths = g_steal_pointer(&depths);
}

/* Where points are: as given, or a grid over the wall. */
static bool place_points(const task *t, const transient *f, nlos_capture *c, GError **err)
{
	shape s = c->counts->shape;
	if (f->n_points && f->n_points != s.y * s.x) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, NULL, "has %d traces, and places of %d "
			"points", (int)(s.y * s.x), (int)f->n_points);
		return false;
	}
	if (f->paired && (s.c != 1 || f->n_points != f->n_fixed)) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "leave out --wall: pairs of points need "
			"both their places", "has %d sets of traces of pairs, and places of %d and %d points",
			(int)s.c, (int)f->n_points, (int)f->n_fixed);
		return false;
	}
	if (f->n_fixed && !f->paired && f->n_fixed != s.c) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, NULL, "has %d sets of traces, and places "
			"of %d fixed points", (int)s.c, (int)f->n_fixed);
		return false;
	}
	wall w = f->n_points ? wall_of_points(f->points, s.y, s.x) :
		wall_of_grid(f->wall, f->extent == EXTENT_CELLS, s.y, s.x);
	if (!w.regular && f->confocal)
		flatten(t, c, &w);
	c->regular = w.regular && !f->paired;
	c->points = w.points;
	c->fixed = f->n_fixed ? wall_places(&w, f->fixed, f->n_fixed) : NULL;
	for (int i = 0; i < 2; i++) {
		c->first[i] = w.first[i];
		c->pitch[i] = w.pitch[i];
	}
	return true;
}

/* Of several captures in one file, one after the other in time, the first. */
static bool split_frames(const task *t, nlos_capture *c, array **frames, GError **err)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	if (o->frames == 1)
		return true;
	if (s.c > 1 || s.z % o->frames) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "check --frames",
			"%d bins are not %d captures of the same length", (int)s.z, (int)o->frames);
		return false;
	}
	*frames = g_steal_pointer(&c->counts);
	array first = array_slices(*frames, 0, 0, s.z / o->frames);
	c->counts = array_copy(&first);
	return device_ok(t->cpu, err);
}

nlos_calibration *nlos_prepare(task *t, nlos_capture *c, array **frames, GError **err)
{
	input *in = &t->inputs[0];
	g_autoptr(transient) f = facts_of(t, err);
	if (!f)
		return NULL;
	c->counts = in_order(t, in, err);
	if (!c->counts || !device_ok(t->cpu, err) ||
	    !take_places(t, f, c->counts->shape.y * c->counts->shape.x, err) || !complete(t, f, err))
		return NULL;
	take_defaults(f);
	copy_facts(t, f, c);
	if (!split_frames(t, c, frames, err) || !place_points(t, f, c, err))
		return NULL;
	return nlos_calibration_new(t, f, c, err);
}
