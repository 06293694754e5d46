/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-estimate.c - relumine psf estimate: the PSF from scenes photographed with and without lens */
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "mode/listener.h"
#include "mode/modality.h"
#include "stage/pairs.h"
#include "stage/psf.h"
#include "stage/resample.h"

enum channels { CHANNELS_MEAN, CHANNELS_EACH };
enum exposure { EXPOSURE_SAME, EXPOSURE_FIT };

typedef struct {
	int64_t iterations, downsample;
	double sparsity, tolerance;
	int channels, exposure;
	bool bgr;
} estimate_options;

#define AT(field) OPTION_AT(estimate_options, field)

static const relumine_option options[] = {
	{ "iterations", 'i', RELUMINE_INTEGER, "100", 1, 1000000, NULL, "N",
		"at most this many, for each channel", false, AT(iterations) },
	{ "sparsity", 0, RELUMINE_NUMBER, "0.02", 0, 0.999, NULL, "SHARE",
		"weight of |h|_1, relative to the one that leaves nothing: more is darker between the "
		"lines", false, AT(sparsity) },
	{ "tolerance", 0, RELUMINE_NUMBER, "0", 0, 1, NULL, "T",
		"stop when the PSF changes by less than this share (0: never)", false, AT(tolerance) },
	{ "channels", 0, RELUMINE_CHOICE, "mean", 0, 0, "mean|each", NULL,
		"one gray PSF from the mean of the colours, or a PSF for each colour", false,
		AT(channels) },
	{ "exposure", 0, RELUMINE_CHOICE, "fit", 0, 0, "same|fit", NULL,
		"all captures were exposed alike, or each has a factor of its own, which is fitted", false,
		AT(exposure) },
	{ "bgr", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"colours stand in the order blue, green, red", false, AT(bgr) },
	{ "downsample", 0, RELUMINE_INTEGER, "1", 1, 64, NULL, "N",
		"average blocks of N x N pixels of all pictures into one first", false, AT(downsample) },
	{ 0 }
};

/* --- what goes in ----------------------------------------------------------------------------- */

static bool paired(const task *t, GError **err)
{
	if (t->n_inputs % 2 == 0)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, t->inputs[t->n_inputs - 1].path,
		"relumine psf estimate SCENE1 CAPTURE1 SCENE2 CAPTURE2 -o psf.tif",
		"inputs come in pairs, a scene and its capture, but %d were given", t->n_inputs);
	return false;
}

static bool alike(const task *t, GError **err)
{
	const estimate_options *o = t->options;
	shape first = t->inputs[0].data->shape;
	for (int i = 0; i < t->n_inputs; i++) {
		shape s = t->inputs[i].data->shape;
		bool colours = s.c == first.c || o->channels == CHANNELS_MEAN;
		if (s.z == 1 && s.y == first.y && s.x == first.x && colours)
			continue;
		error_set(err, RELUMINE_MISMATCH, t->inputs[i].path, s.z == 1 && colours ?
			"crop or resample scenes to what the sensor sees, pixel by pixel" :
			"give pictures of one page; --channels mean takes gray ones and colours together",
			"is %d x %d, %d channel%s, %d page%s, but %s is %d x %d, %d channel%s",
			(int)s.x, (int)s.y, (int)s.c, s.c == 1 ? "" : "s", (int)s.z, s.z == 1 ? "" : "s",
			t->inputs[0].path, (int)first.x, (int)first.y, (int)first.c,
			first.c == 1 ? "" : "s");
		return false;
	}
	return true;
}

/* One channel of a picture, reduced; c counts as the result's channels do. */
static array *develop(const task *t, const input *in, int64_t c)
{
	const estimate_options *o = t->options;
	array one = array_channel(in->data, o->bgr ? in->data->shape.c - 1 - c : c);
	g_autoptr(array) gray = o->channels == CHANNELS_MEAN ? resample_gray(in->data) :
		array_copy(&one);
	return o->downsample > 1 ? resample_box(gray, o->downsample) : g_steal_pointer(&gray);
}

/* Below this there is no light: smaller numbers are flushed to zero on the way. */
#define LEAST_LIGHT 1e-36

static bool lit(const array *a, const char *path, GError **err)
{
	float least, most;
	vec_range(a, &least, &most);
	if (!device_ok(a->dev, err))
		return false;
	if ((double)(most - least) >= LEAST_LIGHT)
		return true;
	error_set(err, RELUMINE_BAD_INPUT, path, "leave this pair out",
		"every pixel is %g: there is no picture to learn from", (double)most);
	return false;
}

/* Largest magnitude 1; gives what it was. */
static double to_one(array *a)
{
	double most = (double)vec_max_abs(a);
	float root = (float)(1 / sqrt(most));   /* twice: 1 / most itself may be no float */
	vec_scale(a, root);
	vec_scale(a, root);
	return most;
}

/* Scenes (first 0) or captures (first 1) as planes, on the device; *scale: units for 1 in them. */
static array *gather(const task *t, int first, int64_t c, double *scale, GError **err)
{
	g_autoptr(array) all = NULL;
	for (int i = first; i < t->n_inputs; i += 2) {
		g_autoptr(array) one = develop(t, &t->inputs[i], c);
		if (!lit(one, t->inputs[i].path, err))
			return NULL;
		shape s = one->shape;
		if (!all)
			all = array_new(t->cpu, REAL, (shape){ 1, t->n_inputs / 2, s.y, s.x });
		array plane = array_plane(all, 0, i / 2);
		vec_copy(&plane, one);
	}
	*scale = to_one(all);
	return device_ok(t->cpu, err) ? array_move(all, t->dev) : NULL;
}

/* --- the estimate ----------------------------------------------------------------------------- */

typedef struct {
	pairs_fit fit;          /* of the channel with the largest residual */
	double objective;       /* of all */
	int64_t iterations;     /* of the channel that took the most */
} outcome;

static void note(outcome *total, const pairs_fit *fit, int64_t iterations)
{
	if (fit->residual >= total->fit.residual)
		total->fit = *fit;
	total->objective += fit->objective;
	total->iterations = MAX(total->iterations, iterations);
}

/* Rounds after which exposures have settled. */
enum { ROUNDS = 4 };

static bool solve(const task *t, array *h, const array *scenes, array *captures, listener *l,
	pairs_fit *fit, GError **err)
{
	const estimate_options *o = t->options;
	int64_t rounds = o->exposure == EXPOSURE_FIT && scenes->shape.z > 1 ? ROUNDS : 1;
	vec_fill(h, 0);
	for (int64_t k = 0; k < rounds; k++) {
		fit->stop.iterations = o->iterations * (k + 1) / rounds - o->iterations * k / rounds;
		l->before = l->iterations;
		if (!pairs_estimate(h, scenes, captures, fit, err) || !listener_sound(l, h, err))
			return false;
		if (k + 1 < rounds)
			pairs_expose(captures, scenes, h);
	}
	return device_ok(h->dev, err);
}

/* Gives (1, 1, y, x) on the CPU, capture's units for each of the scene's; or NULL. */
static array *estimate(const task *t, int64_t c, int64_t channels, outcome *total, GError **err)
{
	const estimate_options *o = t->options;
	double scene_scale, capture_scale;
	listener l = listener_new(t->watch, c, channels);
	pairs_fit fit = { .sparsity = o->sparsity, .stop = { 0, o->tolerance, &l.base } };
	g_autoptr(array) scenes = gather(t, 0, c, &scene_scale, err);
	g_autoptr(array) captures = scenes ? gather(t, 1, c, &capture_scale, err) : NULL;
	if (!captures)
		return NULL;
	shape s = captures->shape;
	g_autoptr(array) h = array_new(t->dev, REAL, (shape){ 1, 1, s.y, s.x });
	if (!solve(t, h, scenes, captures, &l, &fit, err))
		return NULL;
	if (vec_max_abs(h) == 0) {
		if (device_ok(t->dev, err))
			error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path, "check that scenes and captures "
				"belong together and stand the same way, or lower --sparsity",
				"no PSF explains the captures by the scenes");
		return NULL;
	}
	note(total, &fit, l.iterations);
	array *result = array_move(h, t->cpu);
	if (c == 0)
		report_number(t->report, "gain", vec_sum(result) * capture_scale / scene_scale);
	return result;
}

static bool tell(task *t, const outcome *total, GError **err)
{
	psf_facts facts;
	if (!psf_measure(t->result, 0, &facts, err))
		return false;
	report_integer(t->report, "pairs", t->n_inputs / 2);
	report_integer(t->report, "iterations", total->iterations);
	report_number(t->report, "objective", total->objective);
	report_number(t->report, "lambda", total->fit.lambda);
	report_number(t->report, "relative_residual", total->fit.residual);
	psf_tell(&facts, t->result->shape, t->report, NULL);
	return true;
}

static bool run(task *t, GError **err)
{
	const estimate_options *o = t->options;
	outcome total = { 0 };
	if (!paired(t, err) || !alike(t, err) || !task_step(t, "estimate the PSF"))
		return false;
	int64_t channels = o->channels == CHANNELS_EACH ? t->inputs[0].data->shape.c : 1;
	g_autoptr(array) psf = NULL;
	for (int64_t c = 0; c < channels; c++) {
		g_autoptr(array) one = estimate(t, c, channels, &total, err);
		if (!one)
			return false;
		if (!psf)
			psf = array_new(t->cpu, REAL, (shape){ channels, 1, one->shape.y, one->shape.x });
		array to = array_channel(psf, c);
		vec_copy(&to, one);
	}
	if (!psf_normalise(psf, PSF_NORM_SUM, NULL, NULL, err))
		return false;
	t->result = g_steal_pointer(&psf);
	return tell(t, &total, err);
}

const modality command_psf_estimate = {
	.command = {
		.name = "psf estimate",
		.summary = "the point spread function from scenes and their captures",
		.inputs = "SCENE CAPTURE [SCENE CAPTURE ...]",
		.inputs_least = 2,
		.inputs_most = 1024,
		.writes = true,
		.options = options,
		.examples =
			"relumine psf estimate scene1.tif capture1.tif scene2.tif capture2.tif -o psf.tif\n"
			"relumine psf estimate scene1.tif capture1.tif --channels each -o psf.tif -o psf.png\n",
		.description =
			"For a camera whose PSF nobody photographed, but that took pictures of scenes of which "
			"there are ordinary pictures: as large as the captures, standing the same way, pixel upon "
			"pixel of what the sensor sees.  Finds the h >= 0 with the least sum over pairs of "
			"1/2 |grad (C (scene * h) - capture)|^2 + lambda |h|_1, C being the sensor's edge.  The "
			"differences between neighbouring pixels (grad) leave out what falls on every pixel of a "
			"capture alike, a dark level or haze.  Several pairs of scenes rich in detail are better "
			"than one.  The result is the PSF that `lensless --psf` takes; each of its channels sums "
			"to 1.",
	},
	.options_size = sizeof(estimate_options),
	.reads_pictures = true,
	.run = run,
};
