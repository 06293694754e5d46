/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-nlos.c - relumine simulate nlos: a time-of-flight scan of a wall by a hidden scene */
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "mode/simulate-nlos.h"
#include "stage/hidden.h"

#define AT(field) OPTION_AT(nlos_scan, field)

static const relumine_option options[] = {
	{ "scene", 0, RELUMINE_FILE_IN, NULL, 0, 0, "letters|points|bars|plane|sphere|figure", "FILE",
		"what is hidden: one of these, or a picture of albedo; not given: letters, or with a depth map "
		"a surface that is white", false, AT(scene) },
	{ "depth", 0, RELUMINE_FILE_IN, "0.6", 0.01, 1000, NULL, "m",
		"from the wall to the nearest part of the scene, m, or a depth map: m, or mm where it is of "
		"integers; 0 where nothing is", false, AT(depth) },
	{ "scene-size", 0, RELUMINE_NUMBER, "auto", 0.001, 1000, "auto", "m",
		"longer side of the scene's picture; auto: the shorter side of the wall", false,
		AT(scene_size) },
	{ "grid", 0, RELUMINE_TEXT, "64", 0, 0, NULL, "HEIGHTxWIDTH",
		"scanned points of the wall, or one number for both", false, AT(grid) },
	{ "wall", 0, RELUMINE_TEXT, "1", 0, 0, NULL, "X,Y",
		"m from the first point to the last; one number: for the longer side of the grid, "
		"steps being square", false, AT(wall) },
	{ "laser-positions", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"scanned points that are no grid: a row X, Y, Z in m for each; in place of --grid", false,
		AT(laser_positions) },
	{ "detector-positions", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"with --geometry pairs: the points looked at, a row for each that is lit", false,
		AT(detector_positions) },
	{ "bins", 0, RELUMINE_INTEGER, "512", 2, 65536, NULL, "N", "of time", false, AT(bins) },
	{ "bin", 0, RELUMINE_NUMBER, "32", 0.01, 1e6, NULL, "ps", "width of one", false, AT(bin) },
	{ "start", 0, RELUMINE_NUMBER, "auto", -1e9, 1e9, "auto", "ps",
		"middle of the first bin; auto: when the wall itself is first seen", false, AT(start) },
	{ "geometry", 0, RELUMINE_CHOICE, "confocal", 0, 0, "confocal|single|exhaustive|pairs", NULL,
		"laser and detector at the same point; the detector fixed; many fixed detectors; for each "
		"trace two points of its own, by chance if no file has them", false, AT(geometry) },
	{ "detector", 0, RELUMINE_TEXT, "0,0,0", 0, 0, NULL, "X,Y,Z",
		"with --geometry single: where on the wall it looks, m from the middle", false, AT(detector) },
	{ "detectors", 0, RELUMINE_TEXT, "3x3", 0, 0, NULL, "HEIGHTxWIDTH",
		"with --geometry exhaustive: how many, spread over the wall", false, AT(detectors) },
	{ "surface", 0, RELUMINE_CHOICE, "diffuse", 0, 0, "diffuse|retro", NULL,
		"light falls off as 1/r^4, or as 1/r^2 as from road signs", false, AT(surface) },
	{ "shading", 0, RELUMINE_CHOICE, "auto", 0, 0, "auto|flat|lambert", NULL,
		"flat: the same from all sides; lambert: by the cosines at wall and surface; auto: points flat, "
		"surfaces lambert", false, AT(shading) },
	{ "jitter", 0, RELUMINE_NUMBER, "60", 0, 1e6, NULL, "ps",
		"of the timing, full width at half maximum", false, AT(jitter) },
	{ "photons", 0, RELUMINE_NUMBER, "2000000", 0, 1e12, NULL, "N",
		"expected from the scene, all bins of a frame together; 0: no noise, and no unit", false,
		AT(photons) },
	{ "background", 0, RELUMINE_NUMBER, "0", 0, 1e9, NULL, "counts", "expected in every bin", false,
		AT(background) },
	{ "direct", 0, RELUMINE_NUMBER, "0", 0, 1e9, NULL, "times",
		"light of the wall itself, of all that comes from the scene", false, AT(direct) },
	{ "clock", 0, RELUMINE_CHOICE, "wall", 0, 0, "wall|devices", NULL,
		"time 0: light leaves the wall, or the laser", false, AT(clock) },
	{ "laser", 0, RELUMINE_TEXT, "-0.4,0.1,1.5", 0, 0, NULL, "X,Y,Z",
		"with --clock devices: where it stands, m", false, AT(laser) },
	{ "camera", 0, RELUMINE_TEXT, "-0.5,-0.1,1.5", 0, 0, NULL, "X,Y,Z",
		"with --clock devices: where the detector's lens stands, m", false, AT(camera) },
	{ "time-shift", 0, RELUMINE_NUMBER, "0", -1e9, 1e9, NULL, "ps",
		"all light comes so much later, and the file does not say when bins are", false,
		AT(later) },
	{ "frames", 0, RELUMINE_INTEGER, "1", 1, 10000, NULL, "N",
		"of a scene that goes once around, from side to side and back and forth", false, AT(frames) },
	{ "light-speed", 0, RELUMINE_NUMBER, "299792458", 1e6, 1e9, NULL, "m/s", "of light", false,
		AT(speed) },
	{ "seed", 0, RELUMINE_INTEGER, "1", 0, 9e15, NULL, "N", "of the noise", false, AT(seed) },
	{ "truth-out", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"write the scene as a volume too: the scanned points' x and y, a plane for each bin's depth",
		false, AT(truth_out) },
	{ "depth-out", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"write how far the scene is, m, over the scanned points; 0: nothing there", false,
		AT(depth_out) },
	{ 0 }
};

#define NANOMETRE 1e-9

static bool check(const void *record, GError **err)
{
	const nlos_scan *o = record;
	g_auto(nlos_layout) l = { 0 };
	const struct { bool wrong; const char *option, *remedy, *what; } rules[] = {
		{ o->surface == RETRO && o->geometry != CONFOCAL, "--surface", "use --geometry confocal",
			"a retroreflector sends light back to where it came from, not to another detector" },
		{ o->direct > 0 && o->geometry != CONFOCAL, "--direct", "leave it out",
			"a detector that looks elsewhere does not see the laser's spot" },
		{ o->detector_positions && o->geometry != PAIRS, "--detector-positions",
			"use --geometry pairs", "the points looked at are elsewhere with --geometry "
			"confocal, single or exhaustive" },
		{ o->geometry == PAIRS && (o->truth_out || o->depth_out), o->truth_out ? "--truth-out" :
			"--depth-out", "leave it out", "is drawn over a grid of points, not pairs of them" },
		{ o->laser_positions && (o->truth_out || o->depth_out), o->truth_out ? "--truth-out" :
			"--depth-out", "leave it out", "is drawn over a grid of points, not --laser-positions" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		if (rules[i].wrong) {
			error_set(err, RELUMINE_BAD_USAGE, rules[i].option, rules[i].remedy, "%s", rules[i].what);
			return false;
		}
	return nlos_layout_make(o, NULL, NULL, &l, err);
}

/* --- the scan --------------------------------------------------------------------------------- */

/* Light of the scene for all frames and detectors.  Gives how much was sent back; -1: to stop. */
static double expose(const task *t, const nlos_layout *l, const array *scene, array *light)
{
	const nlos_scan *o = t->options;
	double sent = 0, size = nlos_scene_size(o, l);
	for (int64_t i = 0; i < o->frames * l->n_fixed; i++) {
		int64_t frame = i / l->n_fixed, fixed = i % l->n_fixed;
		g_autoptr(array) moved = array_copy(scene);
		array traces = array_slices(light, fixed, frame * o->bins, o->bins);
		scanner s = l->scan;
		s.fixed = l->fixed ? l->fixed + 3 * fixed : NULL;
		nlos_scene_move(moved, o, frame, size);
		sent += transient_expose(&traces, moved, &s);
		const iteration_note note = { .iteration = i + 1, .iterations = o->frames * l->n_fixed,
			.objective = NAN };
		if (!watch_tick(t->watch, &note))
			return -1;
	}
	return sent;
}

/* The light of the wall, the unit of all light, what is there besides, and noise. */
static void finish(const nlos_scan *o, const nlos_layout *l, double seen, array *light)
{
	double each = o->direct * seen / (double)(o->frames * l->rows * l->columns);
	for (int64_t f = 0; each > 0 && f < o->frames; f++) {
		array traces = array_slices(light, 0, f * o->bins, o->bins);
		transient_add_bounce(&traces, &l->scan, each);
	}
	if (o->photons > 0)
		vec_scale(light, (float)(o->photons * (double)o->frames / seen));
	if (o->background > 0)
		vec_shift(light, (float)o->background);
	if (o->photons > 0)
		transient_count(light, (uint64_t)o->seed);
}

static image_scale *scale_of(const nlos_scan *o, const nlos_layout *l)
{
	image_scale *scale = image_scale_new();
	transient *t = scale->transient = transient_new();
	t->layout = g_strdup("relumine simulate nlos");
	t->bin = l->scan.bin;
	if (o->later == 0) {
		t->start = l->scan.start;
		t->clock = o->clock == AT_WALL ? CLOCK_AT_WALL : CLOCK_AT_DEVICES;
	}
	bool grid = !o->laser_positions && o->geometry != PAIRS;
	t->extent = grid ? EXTENT_SPAN : EXTENT_UNKNOWN;
	t->jitter = l->scan.jitter;
	t->surface = o->surface == RETRO ? SURFACE_RETROREFLECTIVE : SURFACE_DIFFUSE;
	t->confocal = o->geometry == CONFOCAL;
	for (int k = 0; k < 2 && grid; k++)
		t->wall[k] = l->wall[k];
	/* (from where the devices stand a grid has to be somewhere too) */
	if (!grid || o->clock == AT_DEVICES)
		transient_set_points(t, l->rows * l->columns, l->scanned);
	/* (with --clock wall too: tal reads no file without them) */
	for (int k = 0; k < 3; k++) {
		t->laser[k] = l->laser[k];
		t->camera[k] = l->camera[k];
	}
	t->paired = o->geometry == PAIRS;
	if (l->fixed)
		transient_set_fixed(t, t->paired ? l->rows * l->columns : l->n_fixed, l->fixed);
	scale->frames = o->frames;
	return scale;
}

/* --- the truth -------------------------------------------------------------------------------- */

typedef void truth_painter(const array *pieces, const hidden_grid *g, array *planes);

/* The volume or the depth map, if it was asked for. */
static void add_truth(task *t, const nlos_layout *l, const array *scene, bool volume)
{
	const nlos_scan *o = t->options;
	const char *option = volume ? "truth-out" : "depth-out";
	truth_painter *paint = volume ? hidden_add_to_volume : hidden_depth_map;
	int64_t planes = volume ? o->bins : 1;
	double step = 0.5 * l->scan.bin * o->speed;     /* m of depth for a bin: light goes both ways */
	const hidden_grid g = {
		{ -0.5 * l->wall[0], -0.5 * l->wall[1],
			0.5 * (l->scan.start - nlos_first_light(o, l)) * o->speed },
		{ l->pitch[0] > 0 ? l->pitch[0] : 1, l->pitch[1] > 0 ? l->pitch[1] : 1, step } };
	if (!(volume ? o->truth_out : o->depth_out))
		return;
	array *all = array_new(t->cpu, REAL, (shape){ 1, planes * o->frames, l->rows, l->columns });
	image_scale *scale = image_scale_new();
	vec_fill(all, 0);
	for (int64_t f = 0; f < o->frames && !t->cpu->error; f++) {
		g_autoptr(array) moved = array_copy(scene);
		array part = array_slices(all, 0, f * planes, planes);
		nlos_scene_move(moved, o, f, nlos_scene_size(o, l));
		paint(moved, &g, &part);
	}
	for (int k = 0; k < 3; k++)
		scale->voxel[k] = g.step[k] / NANOMETRE;
	scale->frames = o->frames;
	task_add_picture(t, option, all);
	task_scale_picture(t, option, scale);
}

static bool see(const task *t, double sent, double seen, GError **err)
{
	const double little = 0.9;
	report_number(t->report, "seen_share", sent > 0 ? seen / sent : 0);
	if (!(seen > 0))
		error_set(err, RELUMINE_BAD_INPUT, "--bins", "use more or wider bins, another --start, or a "
			"nearer scene", "no light of the scene comes while bins count");
	else if (seen < little * sent)
		report_warn(t->report, "only %.0f %% of the scene's light comes while bins count: use more or "
			"wider ones (--bins, --bin), or another --start", 100 * seen / sent);
	return seen > 0;
}

static bool run(task *t, GError **err)
{
	const nlos_scan *o = t->options;
	g_auto(nlos_layout) l = { 0 };
	if (!nlos_layout_make(o, task_picture(t, "laser-positions"),
	    task_picture(t, "detector-positions"), &l, err) ||
	    !task_step(t, "make the scene"))
		return false;
	g_autoptr(array) scene = nlos_scene(t, &l, err);
	if (!scene || !task_step(t, "expose"))
		return false;
	l.scan.lambert = o->shading == LAMBERT || (o->shading == SHADING_AUTO && hidden_faces(scene));
	g_autoptr(array) light = array_new(t->cpu, REAL, (shape){ l.n_fixed, o->bins * o->frames, l.rows,
		l.columns });
	vec_fill(light, 0);
	if (!device_ok(t->cpu, err))
		return false;
	double sent = expose(t, &l, scene, light), seen = vec_sum(light);
	if (sent < 0 || !see(t, sent, seen, err))
		return false;
	finish(o, &l, seen, light);
	add_truth(t, &l, scene, true);
	add_truth(t, &l, scene, false);
	report_integer(t->report, "pieces", scene->shape.x);
	report_number(t->report, "photons", vec_sum(light));
	t->result = g_steal_pointer(&light);
	t->scale = scale_of(o, &l);
	return device_ok(t->cpu, err);
}

const modality command_simulate_nlos = {
	.command = {
		.name = "simulate nlos",
		.summary = "a time-of-flight scan of a wall, with a known scene around the corner",
		.inputs = "",
		.inputs_least = 0,
		.inputs_most = 0,
		.writes = true,
		.options = options,
		.examples =
			"relumine simulate nlos --scene letters --grid 64 --bins 512 -o scan.npz\n"
			"relumine simulate nlos --scene figure --grid 32 --photons 2e5 --background 0.01 \\\n"
			"    -o dim.npz --depth-out depth.tif --truth-out volume.tif\n"
			"relumine simulate nlos --geometry single --detector 0.1,0,0 --grid 32 -o single.npz\n"
			"relumine simulate nlos --geometry pairs --grid 40 -o pairs.npz\n"
			"relumine simulate nlos --frames 4 --grid 16 --bins 128 --bin 64 -o video.npz\n",
		.description =
			"A pulsed laser lights points of a wall one after another; light goes on to a scene that is "
			"around the corner and comes back to the wall, and a detector that looks at the wall counts "
			"photons over time. The wall is the plane z = 0, its middle (0, 0, 0), x goes right, y down "
			"and z into the scene, metres. The scene is a surface of many small pieces; each gives "
			"light to each trace at the exact length of its way, spread by the pulse and integrated over "
			"each bin, so that nothing is shared with the transforms that `nlos` reconstructs by. "
			"Nothing hides anything else, but a surface is not seen from behind. The result is "
			"(detectors, time, y, x): expected light and Poisson noise, in photons; an .npz file also "
			"holds the geometry. --truth-out and --depth-out are what a reconstruction should find. "
			"The same seed gives the same bytes for any number of threads.",
	},
	.options_size = sizeof(nlos_scan),
	.reads_pictures = true,
	.on_cpu = true,
	.check = check,
	.run = run,
};
