/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos.c - `relumine nlos`: a hidden scene from light that went round a corner */
#include "mode/nlos.h"

#include <jansson.h>
#include <math.h>
#include "core/error.h"
#include "math/vec.h"

#define AT(field) OPTION_AT(nlos_options, field)

static const relumine_option own_options[] = {
	{ "method", 0, RELUMINE_CHOICE, "auto", 0, 0,
		"auto|lct|fk|phasor|backprojection|filtered|lct-tv|directional|diffuse", NULL,
		"how to reconstruct, see above; auto says what it chose and why", false, AT(method) },
	{ "bin", 0, RELUMINE_NUMBER, NULL, 1e-3, 1e6, NULL, "ps",
		"how long a bin of time is", false, AT(bin) },
	{ "wall", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X[,Y]", "size of the scanned wall, m", false,
		AT(wall) },
	{ "wall-extent", 0, RELUMINE_CHOICE, NULL, 0, 0, "span|cells", NULL,
		"what --wall counts: from the first point to the last (span), or a pitch more (cells); not "
		"given: as the file says, or span", false, AT(wall_extent) },
	{ "start", 0, RELUMINE_NUMBER, NULL, -1e9, 1e9, NULL, "ps",
		"when light of the first bin arrives", false, AT(start) },
	{ "clock", 0, RELUMINE_CHOICE, NULL, 0, 0, "wall|devices", NULL,
		"where time counts from: light at the wall, or the laser's pulse up to the detector", false,
		AT(clock) },
	{ "axes", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "ORDER",
		"of an array without a layout of its own, slowest first: tyx, yxt, xyt, txy, ...; or ty, yt "
		"of points in a row", false,
		AT(axes) },
	{ "detector", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y[,Z]",
		"not confocal: the one point of the wall, m from its centre, that the detector (or the "
		"laser) looks at", false, AT(detector) },
	{ "laser-positions", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"a row X, Y, Z in m for each trace's lit point", false, AT(laser_positions) },
	{ "detector-positions", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"the same for the points looked at; one row: one for all", false, AT(detector_positions) },
	{ "first-bounce", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"when each point sees the wall itself, ps: what time is counted from", false,
		AT(first_bounce) },
	{ "light-speed", 0, RELUMINE_NUMBER, NULL, 1e6, 4e8, NULL, "m/s",
		"not given: 299792458, with --compat published 3e8", false, AT(light_speed) },
	{ "surface", 0, RELUMINE_CHOICE, NULL, 0, 0, "diffuse|retroreflective", NULL,
		"of the scene; not given: as the file says, or diffuse", false, AT(surface) },
	{ "gate", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "PS|auto|none",
		"cut what arrives before, the wall's own light; not given: as the file says, or auto", false,
		AT(gate) },
	{ "background", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "COUNTS|auto|none",
		"counts of a bin that are not light of the scene; not given: auto, where all is quietest",
		false, AT(background) },
	{ "bins", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "FIRST,END",
		"of the file's bins use these alone, END not included", false, AT(bins) },
	{ "bin-time", 0, RELUMINE_INTEGER, NULL, 1, 64, NULL, "N",
		"add up N bins to one; not given: to 16 ps where bins are shorter", false, AT(bin_time) },
	{ "bin-space", 0, RELUMINE_INTEGER, "1", 1, 64, NULL, "N",
		"add up N x N points of the wall to one", false, AT(bin_space) },
	{ "jitter", 0, RELUMINE_NUMBER, NULL, 0, 1e5, NULL, "ps",
		"of the timing, full width at half maximum, to be undone; not given: as the file says, for "
		"what is above 4 bins", false, AT(jitter) },
	{ "beam", 0, RELUMINE_NUMBER, NULL, 0, 10, NULL, "m",
		"radius of the laser's spot on the wall, where it has fallen to 1/e^2; not given: as the file "
		"says, or a point", false,
		AT(beam) },
	{ "pulses", 0, RELUMINE_NUMBER, NULL, 1, 1e15, NULL, "N",
		"laser pulses for each point: undo the detector's dead time (pile-up)", false, AT(pulses) },
	{ "slab", 0, RELUMINE_NUMBER, NULL, 0, 1, NULL, "m",
		"thickness of a scattering slab before the scene; 0: none; not given: as the file says", false,
		AT(slab) },
	{ "scattering", 0, RELUMINE_NUMBER, "262", 10, 1e5, "auto", "1/m",
		"reduced scattering coefficient of the slab, that of foam if not given; auto: the one that "
		"gives the sharpest scene", false, AT(scattering) },
	{ "depth", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "FROM,TO",
		"the part of the scene to show, m from the wall; not given: all that was recorded", false,
		AT(depth) },
	{ "depth-step", 0, RELUMINE_NUMBER, NULL, 1e-5, 10, NULL, "m",
		"between planes, of methods that may choose them", false, AT(depth_step) },
	{ "noise", 0, RELUMINE_NUMBER, NULL, 1e-9, 1e9, NULL, "N",
		"noise to signal of filters: more is smoother; not given: see the documentation", false,
		AT(noise) },
	{ "power", 0, RELUMINE_NUMBER, NULL, 0, 8, NULL, "N",
		"traces are weighted by time^N; not given: 4 (lct, lct-tv; 2 if retroreflective), 5 "
		"(directional), 1 (phasor), else 2; not for diffuse", false, AT(power) },
	{ "wavelength", 0, RELUMINE_NUMBER, NULL, 1e-4, 10, NULL, "m",
		"of the phasor field; not given: 4 distances of points of the wall, more for noisy captures",
		false, AT(wavelength) },
	{ "cycles", 0, RELUMINE_NUMBER, NULL, 1, 100, NULL, "N",
		"of the phasor field's pulse; not given: 5", false, AT(cycles) },
	{ "iterations", 'i', RELUMINE_INTEGER, NULL, 1, 100000, NULL, "N",
		"of lct-tv; not given: 40", false, AT(iterations) },
	{ "tv-weight", 'w', RELUMINE_NUMBER, NULL, 0, 1000, NULL, "W",
		"of lct-tv: smoothness, relative to noise; not given: 3", false, AT(tv_weight) },
	{ "l1-weight", 0, RELUMINE_NUMBER, NULL, 0, 1000, NULL, "W",
		"of lct-tv: how few voxels hold anything, likewise", false, AT(l1_weight) },
	{ "compat", 0, RELUMINE_CHOICE, "none", 0, 0, "none|published", NULL,
		"published: sizes, centres and the speed of light as the authors' programs have them", false,
		AT(compat) },
	{ "frames", 0, RELUMINE_INTEGER, NULL, 1, 1000000, NULL, "N",
		"the file holds N captures, one after the other in time: a result for each; not given: as the "
		"file says, or 1", false, AT(frames) },
	{ "depth-map", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"how far away what one sees is, m; 0: nothing is seen", false, AT(depth_map) },
	{ "normals", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"of --method directional: the surface's direction, x, y, z, as three channels", false,
		AT(normals) },
	{ 0 }
};

/* --- which method ----------------------------------------------------------------------------- */

static const nlos_method *const methods[] = {
	[NLOS_LCT] = &nlos_lct, [NLOS_FK] = &nlos_fk, [NLOS_PHASOR] = &nlos_phasor,
	[NLOS_BACKPROJECTION] = &nlos_backprojection, [NLOS_FILTERED] = &nlos_filtered,
	[NLOS_LCT_TV] = &nlos_lct_tv, [NLOS_DIRECTIONAL] = &nlos_directional,
	[NLOS_DIFFUSE] = &nlos_diffuse,
};

#define JITTER_BINS 4           /* of the timing: from here on it has to be reckoned with */

/* What auto chooses, and why. */
static int choose(const nlos_options *o, const nlos_capture *c, const char **why)
{
	const struct { bool holds; int method; const char *why; } rules[] = {
		{ o->method != NLOS_AUTO, o->method, NULL },
		{ o->normals, NLOS_DIRECTIONAL, "--normals asks where surfaces face" },
		{ c->slab > 0, NLOS_DIFFUSE, "the scene is behind a scattering slab" },
		{ c->paired, NLOS_FILTERED, "each trace has its own two points of the wall" },
		{ !c->regular, NLOS_FILTERED, "the points are no regular grid" },
		{ !c->confocal, NLOS_PHASOR, "laser and detector do not share their point of the wall" },
		{ c->jitter > JITTER_BINS * c->bin, NLOS_LCT_TV,
			"the timing's jitter is long, and what undoes it amplifies noise" },
		{ true, NLOS_LCT, "the capture is confocal, on a regular grid" },
	};
	size_t i = 0;
	while (!rules[i].holds)
		i++;
	*why = rules[i].why;
	return rules[i].method;
}

/* NULL and *err: the capture is not one for it. */
static const nlos_method *method_of(task *t, const nlos_capture *c, GError **err)
{
	const char *why;
	int method = choose(t->options, c, &why);
	const nlos_method *m = methods[method];
	nlos_warn_of_idle(t, method, m->name);
	report_word(t->report, "method", m->name);
	if (why) {
		report_word(t->report, "method_reason", why);
		g_string_append_printf(t->text, "method %s: %s\n", m->name, why);
	}
	return nlos_compat_fits(t, c, method, err) ? m : NULL;
}

bool nlos_undoes_jitter(const task *t, const nlos_capture *c)
{
	const nlos_options *o = t->options;
	return !isnan(o->jitter) ? o->jitter > 0 : c->jitter > JITTER_BINS * c->bin;
}

/* --- from traces to a scene ------------------------------------------------------------------- */

/* More captures than one, and what is done to each. */
typedef struct {
	array *all;             /* NULL: there is one */
	const nlos_calibration *calibration;
} frames_of;

/* The depths asked for, for methods that can choose them. */
static bool plan_depths(const task *t, nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	double range[2] = { NAN, NAN };
	if (o->depth && !nlos_depths(o->depth, range, err))
		return false;
	g->first[2] = range[0];
	g->last = range[1];
	g->step[2] = o->depth_step;
	g->n[2] = o->depth && !isnan(o->depth_step) ?
		(int64_t)floor((range[1] - range[0]) / o->depth_step + 1e-6) + 1 : 0;
	return true;
}

/* Planes of the depths asked for, of every frame. */
static bool cut_depths(const nlos_options *o, array **volume, nlos_grid *g, GError **err)
{
	double range[2];
	if (!o->depth)
		return true;
	if (!nlos_depths(o->depth, range, err))
		return false;
	int64_t from, end;
	nlos_planes_between(g, range, &from, &end);
	if (from >= end) {
		error_set(err, RELUMINE_BAD_USAGE, "--depth", "leave it out to see all", "no plane of the scene "
			"lies from %g to %g m: planes are %.3g m apart, from %.3g to %.3g m", range[0], range[1],
			g->step[2], g->first[2], g->first[2] + g->step[2] * (double)(g->n[2] - 1));
		return false;
	}
	int64_t n = end - from;
	array *part = array_new_picture((*volume)->dev, (shape){ 1, o->frames * n, g->n[1], g->n[0] });
	for (int64_t f = 0; f < o->frames && part->mem; f++) {
		array old = array_slices(*volume, 0, f * g->n[2] + from, n);
		array new = array_slices(part, 0, f * n, n);
		array_assign(&new, &old);
	}
	array_free(*volume);
	*volume = part;
	g->first[2] += g->step[2] * (double)from;
	g->n[2] = n;
	return true;
}

static void tell_axes(task *t, const nlos_grid *g)
{
	static const char *const names[] = { "x", "y", "z" };
	json_t *axes = json_object();
	for (int i = 0; i < 3; i++)
		json_object_set_new(axes, names[i], json_pack("{s:f, s:f, s:I}", "first_m", g->first[i],
			"step_m", g->step[i], "count", (json_int_t)g->n[i]));
	json_object_set_new(t->facts, "axes", axes);
	t->scale = image_scale_new();
	for (int i = 0; i < 3; i++)
		t->scale->voxel[i] = g->step[i] * 1e9;
	t->scale->frames = ((const nlos_options *)t->options)->frames;
}

/* One frame after the other into the result, with what the first one has settled. */
static bool solve_frames(task *t, const nlos_method *m, void *plan, const frames_of *f,
	GError **err)
{
	const nlos_options *o = t->options;
	shape s = f->all->shape;
	int64_t bins = s.z / o->frames, planes = t->result->shape.z / o->frames;
	gint64 began = g_get_monotonic_time();
	for (int64_t i = 0; i < o->frames; i++) {
		array raw = array_slices(f->all, 0, i * bins, bins);
		array to = array_slices(t->result, 0, i * planes, planes);
		g_autoptr(array) counts = nlos_calibrate(f->calibration, array_copy(&raw), err);
		if (!counts || !m->solve(t, plan, counts, &to, err) || !watch_step(t->watch, "reconstruct"))
			return false;
	}
	double seconds = (double)(g_get_monotonic_time() - began) * 1e-6;
	report_number(t->report, "frames_per_second", (double)o->frames / seconds);
	return true;
}

static bool solve(task *t, nlos_capture *c, const frames_of *f, nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	const nlos_method *m = method_of(t, c, err);
	void *plan = m && task_step(t, "plan") ? m->plan(t, c, g, err) : NULL;
	if (!plan)
		return false;
	t->result = array_new_picture(t->cpu, (shape){ 1, o->frames * g->n[2], g->n[1], g->n[0] });
	bool done = device_ok(t->cpu, err) && task_step(t, "reconstruct") &&
		(f->all ? solve_frames(t, m, plan, f, err) : m->solve(t, plan, c->counts, t->result, err));
	m->free(plan);
	return done && cut_depths(o, &t->result, g, err) && device_ok(t->cpu, err);
}

/* As many captures as the file says. */
static void settle(const task *t, void *options)
{
	nlos_options *o = options;
	const image_scale *scale = t->inputs[0].scale;
	if (o->frames < 1)
		o->frames = scale && scale->transient ? MAX(scale->frames, 1) : 1;
}

static bool run(task *t, GError **err)
{
	g_auto(nlos_capture) c = { 0 };
	nlos_grid g = { .step = { NAN, NAN, NAN }, .last = NAN };
	g_autoptr(array) all = NULL;
	/* (what the file has settled may not fit either) */
	if (!nlos_options_fit(t->options, err))
		return false;
	g_autoptr(nlos_calibration) k = task_step(t, "calibrate") ? nlos_prepare(t, &c, &all, err) : NULL;
	if (!k || !plan_depths(t, &g, err))
		return false;
	if (!solve(t, &c, &(frames_of){ all, k }, &g, err)) {
		if (c.counts)
			error_while(err, "nlos, reconstructing from %d x %d points and %d bins",
				(int)c.counts->shape.x, (int)c.counts->shape.y, (int)c.counts->shape.z);
		return false;
	}
	if (!(vec_max_abs(t->result) > 0))
		report_warn(t->report, "nothing is seen: all voxels are 0");
	tell_axes(t, &g);
	return nlos_show(t, &c, &g, err);
}

const modality command_nlos = {
	.command = {
		.name = "nlos",
		.summary = "a hidden scene from light that went round a corner",
		.inputs = "CAPTURE",
		.inputs_least = 1, .inputs_most = 1,
		.writes = true,
		.options = own_options,
		.examples =
			"relumine nlos scan.npz -o scene.png -o scene.tif --depth-map depth.npy\n"
			"relumine nlos scan.npz --method phasor --wavelength 0.3 -o scene.png\n"
			"relumine nlos scan.npz --method fk --depth 0.5,1 --json -o scene.npy\n"
			"relumine nlos scan.npz --bin 32 --wall 1 --wall-extent span --gate 500 -o scene.png\n",
		.description =
			"A laser lights points of a wall that is seen, and a detector counts the photons that "
			"come back by way of a scene that is not, over time. Of these traces a volume is made: "
			"(z, y, x) from the wall on, x to the right and y down as one looks from the wall into "
			"the scene; a .png shows the largest values as seen from the front, the side and above. "
			"An output whose name ends in depth, as depth.png, is the depth map. "
			"What the file does not say and is not given is named, with the option that supplies it; "
			"what is taken from the publication of its layout is told. "
			"Methods: lct, the light-cone transform, and fk, f-k migration, for laser and detector at "
			"the same point of a grid (fk also for one fixed detector); lct-tv, the same with total "
			"variation, for noise and long jitter; directional finds out where surfaces face; phasor, "
			"a wave that is sent and focused, for any fixed detectors; backprojection and filtered, "
			"for points anywhere; diffuse, through a scattering slab. docs/nlos.md has the whole of it.",
	},
	.options_size = sizeof(nlos_options),
	.reads_pictures = true,
	.spills = true,
	.check = nlos_options_fit,
	.settle = settle,
	.run = run,
};
