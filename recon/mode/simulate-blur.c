/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-blur.c - relumine simulate blur: what a camera records of a known scene through a PSF */
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "mode/numbers.h"
#include "stage/simulate.h"

typedef struct {
	deconv_options psf;     /* first: see DECONV_PSF_ROWS */
	char *margin, *truth_out;
	double photons, read_noise, dark_level;
	int64_t bits, seed;
} blur_options;

#define AT(field) OPTION_AT(blur_options, field)

static const relumine_option options[] = {
	DECONV_PSF_ROWS,
	{ "margin", 0, RELUMINE_TEXT, "0", 0, 0, NULL, "X,Y,Z",
		"voxels of the scene on each side that the camera does not see, but their light; or auto: as "
		"far as the PSF reaches", false, AT(margin) },
	{ "photons", 0, RELUMINE_NUMBER, "1000", 0, 1e9, NULL, "N",
		"expected at the brightest pixel; 0: no noise", false, AT(photons) },
	{ "read-noise", 0, RELUMINE_NUMBER, "0", 0, 1e6, NULL, "electrons",
		"noise of reading a pixel, root mean square", false, AT(read_noise) },
	{ "offset", 0, RELUMINE_NUMBER, "0", 0, 1e6, NULL, "counts",
		"added to every pixel, as cameras do", false, AT(dark_level) },
	{ "bits", 0, RELUMINE_INTEGER, "0", 0, 16, NULL, "N",
		"of the converter, the brightest pixel at 90 % of its range; 0: electrons, not rounded", false,
		AT(bits) },
	{ "seed", 0, RELUMINE_INTEGER, "1", 0, 9e15, NULL, "N", "of the noise", false, AT(seed) },
	{ "truth-out", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"write the scene too, the part that the camera sees, in units of the result", false,
		AT(truth_out) },
	{ 0 }
};

static bool is_auto(const blur_options *o)
{
	return !strcmp(o->margin, "auto");
}

static bool check(const void *record, GError **err)
{
	const blur_options *o = record;
	double margin[3];
	return deconv_check_psf(&o->psf, err) &&
		(is_auto(o) || numbers_parse("--margin", o->margin, 0, 1e6, margin, err));
}

/* --- the window ------------------------------------------------------------------------------- */

/* How far light goes along each axis, by any of the PSFs. */
static position reach_of(const deconv_data *d)
{
	position most = { 0 };
	for (int64_t i = 0; i < d->n_spreads; i++) {
		shape p = d->spreads[i].psf->shape;
		position c = d->spreads[i].centre;
		most = (position){ MAX(most.z, MAX(c.z, p.z - 1 - c.z)), MAX(most.y, MAX(c.y, p.y - 1 - c.y)),
			MAX(most.x, MAX(c.x, p.x - 1 - c.x)) };
	}
	return most;
}

static bool find_margin(const task *t, const deconv_data *d, position *margin, GError **err)
{
	const blur_options *o = t->options;
	double given[3] = { 0 };
	shape s = d->y->shape;
	s.z /= d->frames;
	if (is_auto(o))
		*margin = reach_of(d);
	else if (!numbers_parse("--margin", o->margin, 0, 1e6, given, err))
		return false;
	else
		*margin = (position){ (int64_t)given[2], (int64_t)given[1], (int64_t)given[0] };
	margin->z = s.z == 1 ? 0 : margin->z;
	if (2 * margin->x < s.x && 2 * margin->y < s.y && 2 * margin->z < s.z)
		return true;
	error_set(err, RELUMINE_MISMATCH, "--margin", "use a smaller one, or a larger scene", "a margin "
		"of %d, %d, %d (x, y, z) leaves nothing of %d x %d x %d", (int)margin->x, (int)margin->y,
		(int)margin->z, (int)s.x, (int)s.y, (int)s.z);
	return false;
}

/* --- light ------------------------------------------------------------------------------------ */

/* The scene in the coordinates of the estimate, whose window begins `margin` inside of it. */
static array *placed(const array *scene, const rl_geometry *g, position margin)
{
	array *to = array_new(scene->dev, REAL, g->estimate);
	shape s = scene->shape, e = g->estimate;
	int64_t shift = margin.x - g->at.x, first = MAX(0, -shift), end = MIN(e.x, s.x - shift);
	vec_fill(to, 0);
	for (int64_t row = 0; to->mem && row < e.z * e.y; row++) {
		int64_t z = row / e.y + margin.z - g->at.z, y = row % e.y + margin.y - g->at.y;
		if (z >= 0 && z < s.z && y >= 0 && y < s.y && first < end)
			memcpy(array_row(to, 0, row / e.y, row % e.y) + first, array_row(scene, 0, z, y) + first +
				shift, (size_t)(end - first) * sizeof(float));
	}
	return to;
}

static void blur(const array *scene, const deconv_spread *spread, position margin, array *to)
{
	shape window = { 1, to->shape.z, to->shape.y, to->shape.x };
	rl_geometry g = rl_layout(window, spread->psf->shape, spread->centre, RL_BORDER_UNKNOWN);
	g_autoptr(linop) model = deconv_model(scene->dev, &g, spread->psf, spread->centre);
	g_autoptr(array) x = placed(scene, &g, margin);
	g_autoptr(array) y = array_new(scene->dev, REAL, window);
	linop_apply(model, y, x);
	array_assign(to, y);
}

/* What the camera sees of the scene itself. */
static void cut(const array *scene, position margin, array *to)
{
	shape s = to->shape;
	for (int64_t row = 0; row < s.z * s.y; row++)
		memcpy(array_row(to, 0, row / s.y, row % s.y), array_row(scene, 0, row / s.y + margin.z,
			row % s.y + margin.y) + margin.x, (size_t)s.x * sizeof(float));
}

/* Light through the PSFs, and without them. */
static bool expose(const task *t, const deconv_data *d, position margin, array *light, array *truth)
{
	for (int64_t i = 0; i < d->y->shape.c * d->frames && !t->cpu->error; i++) {
		int64_t channel = i / d->frames, frame = i % d->frames;
		array scene = deconv_frame(d->y, channel, frame, d->frames);
		array seen = deconv_frame(light, channel, frame, d->frames);
		array sharp = deconv_frame(truth, channel, frame, d->frames);
		blur(&scene, deconv_spread_of(d, channel), margin, &seen);
		cut(&scene, margin, &sharp);
	}
	vec_clamp(light, 0, INFINITY);  /* rounding of the transforms */
	return !t->cpu->error;
}

static bool take_scene(const task *t, deconv_data *d, GError **err)
{
	const input *in = &t->inputs[0];
	float least, most;
	vec_range(in->data, &least, &most);
	d->y = array_copy(in->data);
	vec_clamp(d->y, 0, INFINITY);
	d->frames = in->data->shape.z / image_scale_slices(in->scale, in->data->shape.z);
	if (!device_ok(t->cpu, err))
		return false;
	if (least < 0)
		report_warn(t->report, "%s has negative values, which light cannot have: taken as 0", in->path);
	if (most > 0)
		return true;
	error_set(err, RELUMINE_BAD_INPUT, in->path, "look at it: relumine inspect", "the scene is dark");
	return false;
}

static bool run(task *t, GError **err)
{
	const blur_options *o = t->options;
	const sensor s = { o->photons, o->read_noise, (int)o->bits, o->dark_level, (uint64_t)o->seed };
	g_auto(deconv_data) d = { 0 };
	position margin;
	if (!take_scene(t, &d, err) || !deconv_take_psfs(t, &d, err) ||
	    !find_margin(t, &d, &margin, err) || !task_step(t, "expose"))
		return false;
	shape w = d.y->shape;
	w = (shape){ w.c, w.z - 2 * margin.z * d.frames, w.y - 2 * margin.y, w.x - 2 * margin.x };
	g_autoptr(array) light = array_new(t->cpu, REAL, w);
	g_autoptr(array) truth = array_new(t->cpu, REAL, w);
	if (!device_ok(t->cpu, err) || !expose(t, &d, margin, light, truth))
		return device_ok(t->cpu, err);
	vec_scale(truth, (float)simulate_counts_for_light(light, &s));
	report_number(t->report, "clipped_share", simulate_sensor(light, &s));
	report_number(t->report, "mean", vec_sum(light) / (double)shape_count(w));
	t->result = g_steal_pointer(&light);
	t->scale = image_scale_copy(t->inputs[0].scale);
	task_add_picture(t, "truth-out", g_steal_pointer(&truth));
	task_scale_picture(t, "truth-out", image_scale_copy(t->inputs[0].scale));
	return device_ok(t->cpu, err);
}

const modality command_simulate_blur = {
	.command = {
		.name = "simulate blur",
		.summary = "a picture or stack of a known scene through a PSF, with noise",
		.inputs = "SCENE",
		.inputs_least = 1,
		.inputs_most = 1,
		.writes = true,
		.options = options,
		.examples =
			"relumine simulate blur photo.png --gaussian 1.5 --photons 500 -o soft.tif "
			"--truth-out sharp-truth.tif\n"
			"relumine simulate blur photo.png --disk 4 --margin auto --bits 12 --offset 64 -o far.tif\n"
			"relumine simulate blur stack.tif --psf psf.tif --photons 200 --read-noise 2 -o dim.tif\n",
		.description =
			"The scene, 2-D or 3-D, is light: it is convolved with the PSF, given as `deconv` takes it "
			"and centred as there, and photon noise, read noise, an offset and the steps of a converter "
			"are added. Nothing wraps around: beyond the scene it is dark. So that light comes in from "
			"beyond the picture's edge, as it does in life, let --margin cut some of the scene off. "
			"The result is in electrons, the brightest pixel expected at --photons, or with --bits in "
			"numbers of the converter; without noise the brightest is 1. --truth-out is what `deconv` "
			"should find, but for the offset. The same seed gives the same bytes for any number of "
			"threads.",
	},
	.options_size = sizeof(blur_options),
	.reads_pictures = true,
	.on_cpu = true,
	.check = check,
	.run = run,
};
