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
	if (o->clock == 0)              /* then the traces have been moved */
		transient_set_bounces(f, 0, NULL);
	f->extent = o->wall_extent < 0 ? f->extent : o->wall_extent == 0 ? EXTENT_SPAN : EXTENT_CELLS;
	f->surface = o->surface < 0 ? f->surface : o->surface == 0 ? SURFACE_DIFFUSE :
		SURFACE_RETROREFLECTIVE;
	f->jitter = isnan(o->jitter) ? f->jitter : o->jitter * 1e-12;
	f->beam = isnan(o->beam) ? f->beam : o->beam;
	f->slab = isnan(o->slab) ? f->slab : o->slab;
	return nlos_take_wall(o, f, err) && nlos_take_detector(o, f, err) ? g_steal_pointer(&f) : NULL;
}

/* --- traces in order ------------------------------------------------------------------------- */

enum { T, Y, X, AXES };
static const char letters[] = "tyx";

/*
 * Which axis of the file's array t, y and x are, -1 where there is none, as the letters say,
 * slowest first.  One of y and x may be left out.
 */
static bool read_order(const char *text, int rank, int at[AXES])
{
	for (int i = 0; i < AXES; i++) {
		const char *here = strchr(text, letters[i]);
		at[i] = here ? (int)(here - text) : -1;
	}
	int found = (at[T] >= 0) + (at[Y] >= 0) + (at[X] >= 0);
	return at[T] >= 0 && (int)strlen(text) == rank && found == rank;
}

/* How many axes the file's array has: (y, x, 3) may have been taken for a picture in colour. */
static int rank_of(const input *in, const char *order)
{
	shape s = in->data->shape;
	return in->stack || s.c > 1 || (order && strlen(order) == AXES) ? 3 : 2;
}

/* Without a layout time is the first axis, where that is the longest: else somebody has to say. */
static bool axes_known(const task *t, const input *in)
{
	const nlos_options *o = t->options;
	shape s = in->data->shape;
	if (o->axes || (in->scale && in->scale->transient))
		return true;
	return in->stack ? s.z >= MAX(s.y, s.x) : s.c > 1 && s.y >= MAX(s.x, s.c);
}

static bool bad_order(const char *text, bool known, int rank, GError **err)
{
	if (known)
		error_set(err, RELUMINE_BAD_USAGE, "--axes", "leave it out",
			"the file's layout tells the order itself");
	else
		error_set(err, RELUMINE_BAD_USAGE, "--axes", rank == 3 ? "one of tyx, txy, ytx, yxt, xty, xyt" :
			"one of ty, yt, tx, xt", "'%s' is not an order of the array's %d axes", text, rank);
	return false;
}

/* The array with axes t, y, x; takes the input. */
static array *in_order(const task *t, input *in, GError **err)
{
	const nlos_options *o = t->options;
	bool known = in->scale && in->scale->transient;
	int rank = rank_of(in, o->axes), at[AXES] = { 0, 1, 2 };
	if (o->axes && (known || !read_order(o->axes, rank, at)))
		return bad_order(o->axes, known, rank, err), NULL;
	g_autoptr(array) data = input_take(in);
	if (known || (in->stack && at[T] == 0 && at[Y] == 1))
		return g_steal_pointer(&data);
	/* the array's axes, slowest first, among (z, y, x); a missing one has length 1 */
	static const int64_t stack[] = { 0, 1, 2 }, colour[] = { 1, 2, 0 };
	const int64_t *place = in->stack ? stack : colour;
	if (!in->stack) {
		data->shape.z = data->shape.c;
		data->shape.c = 1;
	}
	const int64_t none = place[2];
	return wall_permute(data, (int64_t[]){ place[at[T]], at[Y] < 0 ? none : place[at[Y]],
		at[X] < 0 ? none : place[at[X]] });
}

/* --- all of it ------------------------------------------------------------------------------- */

/* Time counts from the laser's pulse, and nothing tells when light is at the wall. */
static bool wants_first_light(const task *t, const transient *f)
{
	return f->clock == CLOCK_AT_DEVICES && !task_picture(t, "first-bounce") && !f->n_bounce &&
		(isnan(f->laser[0]) || isnan(f->camera[0]) || !f->n_points);
}

/* What is missing, all of it at once, and the options that supply it. */
static bool complete(const task *t, const transient *f, bool ordered, GError **err)
{
	bool places = !ordered && (task_picture(t, "laser-positions") ||
		task_picture(t, "detector-positions"));
	const struct { bool missing; const char *what, *option; } rows[] = {
		{ !ordered, "which axis of the array is time", "--axes ORDER" },
		{ !(f->bin > 0), "how long a bin is", "--bin PS" },
		{ !f->n_points && !places && !(f->wall[0] > 0 && f->wall[1] > 0),
			"how large the scanned wall is", "--wall X,Y" },
		{ wants_first_light(t, f), "where laser, detector and points are, from which time counts",
			"--first-bounce FILE (or --clock wall)" },
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
static void take_defaults(const task *t, transient *f)
{
	const nlos_options *o = t->options;
	if (!f->layout && !o->axes)
		transient_take(f, "time as the first axis, then y and x (--axes)");
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
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	if (f->n_points && f->n_points != s.y * s.x) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "give --wall X,Y for a grid, or "
			"--laser-positions FILE", "has %d traces, and places of %d points", (int)(s.y * s.x),
			(int)f->n_points);
		return false;
	}
	if (f->paired && (s.c != 1 || f->n_points != f->n_fixed)) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "leave out --wall: pairs of points need "
			"both their places", "has %d sets of traces of pairs, and places of %d and %d points",
			(int)s.c, (int)f->n_points, (int)f->n_fixed);
		return false;
	}
	if (!f->paired && s.c != MAX(f->n_fixed, 1)) {
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "give a row of places for each set: "
			"--detector-positions FILE", "has %d sets of traces, and places of %d fixed points",
			(int)s.c, (int)f->n_fixed);
		return false;
	}
	wall w = f->n_points ? wall_of_points(f->points, s.y, s.x) :
		wall_of_grid(f->wall, f->extent == EXTENT_CELLS, s.y, s.x);
	if (!w.regular && f->confocal)
		flatten(t, c, &w);
	c->regular = w.regular && !f->paired;
	c->points = w.points;
	/* (--detector counts from the wall's middle, as its frame does) */
	c->fixed = !f->n_fixed ? NULL : o->detector && w.regular ?
		g_memdup2(f->fixed, (gsize)(3 * f->n_fixed) * sizeof(double)) :
		wall_places(&w, f->fixed, f->n_fixed);
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
	bool ordered = axes_known(t, in);
	c->counts = ordered ? in_order(t, in, err) : NULL;
	if (ordered && (!c->counts || !device_ok(t->cpu, err) ||
	    !nlos_take_places(t, f, c->counts->shape, err)))
		return NULL;
	if (!complete(t, f, ordered, err))
		return NULL;
	take_defaults(t, f);
	copy_facts(t, f, c);
	if (!split_frames(t, c, frames, err) || !place_points(t, f, c, err))
		return NULL;
	return nlos_calibration_new(t, f, c, err);
}
