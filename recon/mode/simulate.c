/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate.c - relumine simulate lensless: captures of known scenes, to try and to measure with */
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/vec.h"
#include "mode/modality.h"
#include "mode/numbers.h"
#include "stage/calibrate.h"
#include "stage/geometry.h"
#include "stage/optics.h"
#include "stage/psf.h"
#include "stage/resample.h"
#include "stage/scene.h"
#include "stage/separable.h"
#include "stage/simulate.h"

typedef struct {
	char *size, *psf, *scene, *scene_size, *psf_out, *truth_out, *left_out, *right_out;
	double beyond, photons, read_noise, dark_level;
	int64_t bits, seed, depths;
	bool gray;
} simulate_options;

#define AT(field) OPTION_AT(simulate_options, field)

static const relumine_option options[] = {
	{ "size", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "HEIGHTxWIDTH",
		"pixels of the sensor; not given: as the PSF's file, else 300x400", false, AT(size) },
	{ "psf", 0, RELUMINE_FILE_IN, "caustic", 0, 0, "caustic|mask|separable", "FILE",
		"the camera: a made-up diffuser, a coded mask, one that is a product of rows and columns "
		"(FlatCam), or a PSF from a file", false, AT(psf) },
	{ "scene", 0, RELUMINE_FILE_IN, "card", 0, 0, "card|points", "FILE",
		"what it looks at: a test card, points of light, or a picture", false, AT(scene) },
	{ "beyond", 0, RELUMINE_NUMBER, "1", 1, 4, NULL, "times",
		"the scene is so many times as high and wide as the sensor sees", false, AT(beyond) },
	{ "scene-size", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "HEIGHTxWIDTH",
		"with --psf separable: pixels of the scene; not given: half the sensor's", false,
		AT(scene_size) },
	{ "depths", 0, RELUMINE_INTEGER, "1", 1, 256, NULL, "N",
		"with --psf caustic: the scene is tilted through so many depths", false, AT(depths) },
	{ "gray", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"one channel: the mean of the scene's colours", false, AT(gray) },
	{ "photons", 0, RELUMINE_NUMBER, "10000", 0, 1e9, NULL, "N",
		"expected at the brightest pixel; 0: no noise", false, AT(photons) },
	{ "read-noise", 0, RELUMINE_NUMBER, "2", 0, 1e6, NULL, "electrons",
		"noise of reading a pixel, root mean square", false, AT(read_noise) },
	{ "bits", 0, RELUMINE_INTEGER, "12", 0, 16, NULL, "N",
		"of the converter; 0: electrons, not rounded", false, AT(bits) },
	{ "dark-level", 0, RELUMINE_NUMBER, "0", 0, 1e6, NULL, "counts",
		"added to every pixel, as sensors do", false, AT(dark_level) },
	{ "seed", 0, RELUMINE_INTEGER, "1", 0, 9e15, NULL, "N",
		"of all that is random", false, AT(seed) },
	{ "psf-out", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"write the PSF too", false, AT(psf_out) },
	{ "left-out", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"with --psf separable: write L, of a capture L X R'", false, AT(left_out) },
	{ "right-out", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"with --psf separable: write R too", false, AT(right_out) },
	{ "truth-out", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"write the scene too, the part that the sensor sees", false, AT(truth_out) },
	{ 0 }
};

enum { MAX_SIDE = 30000 };      /* pixels */

static bool choose_size(const task *t, int64_t *height, int64_t *width, GError **err)
{
	const simulate_options *o = t->options;
	const input *file = task_picture(t, "psf");
	if (o->size)
		return numbers_parse_size("--size", o->size, MAX_SIDE, height, width, err);
	*height = file ? file->data->shape.y : 300;
	*width = file ? file->data->shape.x : 400;
	return true;
}

/* Light is kept from plane to plane, so that the depths of one scene compare. */
static array *make_psf(const task *t, int64_t height, int64_t width, GError **err)
{
	const simulate_options *o = t->options;
	const input *file = task_picture(t, "psf");
	g_autoptr(array) psf = file ? array_copy(file->data) : !strcmp(o->psf, "mask") ?
		optics_mask(t->cpu, height, width) :
		optics_caustic(t->cpu, height, width, o->depths, (uint64_t)o->seed);
	if (!device_ok(t->cpu, err) || !psf_check(psf, file ? file->path : "--psf", err))
		return NULL;
	calibrate_subtract(psf, 0, true);       /* light is never negative */
	return g_steal_pointer(&psf);
}

/* A picture cut to the aspect of the field of view, then brought to its size. */
static array *fit(const array *picture, int64_t height, int64_t width)
{
	double scale = fmin((double)picture->shape.y / (double)height,
		(double)picture->shape.x / (double)width);
	int64_t h = MAX((int64_t)(scale * (double)height + 0.5), 1);
	int64_t w = MAX((int64_t)(scale * (double)width + 0.5), 1);
	g_autoptr(array) part = geometry_centred(picture, h, w);
	return resample_area(part, height, width);
}

static array *make_scene(const task *t, int64_t height, int64_t width, int64_t depths, GError **err)
{
	const simulate_options *o = t->options;
	const input *file = task_picture(t, "scene");
	int64_t h = (int64_t)(o->beyond * (double)height + 0.5);
	int64_t w = (int64_t)(o->beyond * (double)width + 0.5);
	g_autoptr(array) flat = file ? fit(file->data, h, w) : !strcmp(o->scene, "points") ?
		scene_points(t->cpu, h, w, (uint64_t)o->seed) : scene_card(t->cpu, h, w);
	g_autoptr(array) colour = o->gray ? resample_gray(flat) : g_steal_pointer(&flat);
	vec_clamp(colour, 0, INFINITY);
	float most = vec_max_abs(colour);
	if (!device_ok(t->cpu, err))
		return NULL;
	if (most > 0)
		vec_scale(colour, 1 / most);
	bool tilted = depths > 1 && colour->shape.z == 1;
	return tilted ? scene_tilt(colour, depths) : g_steal_pointer(&colour);
}

/* --- exposures -------------------------------------------------------------------------------- */

static bool is_separable(const simulate_options *o)
{
	return !strcmp(o->psf, "separable");
}

static bool check(const void *record, GError **err)
{
	const simulate_options *o = record;
	const struct { bool wrong; const char *option, *what; } rules[] = {
		{ is_separable(o) && o->psf_out, "--psf-out", "there is no PSF with --psf separable" },
		{ is_separable(o) && o->depths > 1, "--depths", "--psf separable has one depth" },
		{ is_separable(o) && o->beyond > 1, "--beyond", "--psf separable sees the whole scene" },
		{ !is_separable(o) && o->left_out, "--left-out", "is for --psf separable" },
		{ !is_separable(o) && o->right_out, "--right-out", "is for --psf separable" },
		{ !is_separable(o) && o->scene_size, "--scene-size", "is for --psf separable" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		if (rules[i].wrong) {
			error_set(err, RELUMINE_BAD_USAGE, rules[i].option, "leave it out", "%s", rules[i].what);
			return false;
		}
	return true;
}

static array *expose_separable(task *t, int64_t height, int64_t width, GError **err)
{
	const simulate_options *o = t->options;
	int64_t rows = (height + 1) / 2, columns = (width + 1) / 2;
	if (o->scene_size && !numbers_parse_size("--scene-size", o->scene_size, MAX_SIDE, &rows,
	    &columns, err))
		return NULL;
	g_autoptr(array) scene = make_scene(t, rows, columns, 1, err);
	g_autoptr(array) left = separable_mask(t->cpu, height, rows, (uint64_t)o->seed, 0);
	g_autoptr(array) right = separable_mask(t->cpu, width, columns, (uint64_t)o->seed, 1);
	if (!scene || !device_ok(t->cpu, err) || !task_step(t, "expose"))
		return NULL;
	array *capture = separable_capture(scene, left, right);
	task_add_picture(t, "truth-out", g_steal_pointer(&scene));
	task_add_picture(t, "left-out", g_steal_pointer(&left));
	task_add_picture(t, "right-out", g_steal_pointer(&right));
	return capture;
}

static array *expose_psf(task *t, int64_t height, int64_t width, GError **err)
{
	g_autoptr(array) psf = make_psf(t, height, width, err);
	g_autoptr(array) scene = psf ? make_scene(t, height, width, psf->shape.z, err) : NULL;
	if (!scene || !task_step(t, "expose"))
		return NULL;
	array *capture = simulate_capture(scene, psf, height, width, err);
	task_add_picture(t, "truth-out", geometry_centred(scene, height, width));
	task_add_picture(t, "psf-out", g_steal_pointer(&psf));
	return capture;
}

static bool run(task *t, GError **err)
{
	const simulate_options *o = t->options;
	int64_t height, width;
	if (!choose_size(t, &height, &width, err) || !task_step(t, "make the scene"))
		return false;
	t->result = (is_separable(o) ? expose_separable : expose_psf)(t, height, width, err);
	if (!t->result)
		return false;
	double clipped = simulate_sensor(t->result, &(sensor){ o->photons, o->read_noise, (int)o->bits,
		o->dark_level, (uint64_t)o->seed });
	report_number(t->report, "mean", vec_sum(t->result) / (double)shape_count(t->result->shape));
	report_number(t->report, "clipped_share", clipped);
	return device_ok(t->cpu, err);
}

const modality command_simulate_lensless = {
	.command = {
		.name = "simulate lensless",
		.summary = "a capture of a known scene by a camera without a lens",
		.inputs = "",
		.inputs_least = 0,
		.inputs_most = 0,
		.writes = true,
		.options = options,
		.examples =
			"relumine simulate lensless --size 300x400 --psf caustic --scene card \\\n"
			"    -o capture.tif --psf-out psf.tif --truth-out truth.tif\n"
			"relumine simulate lensless --psf psf.tif --scene photo.png --photons 500 -o dim.tif\n"
			"relumine simulate lensless --psf separable --left-out left.npy --right-out right.npy "
			"-o flatcam.tif\n",
		.description =
			"The scene is convolved with the point spread function (PSF), what falls on the sensor "
			"is cut out, and photon noise, read noise and the steps of the converter are added. "
			"The scene is linear light from 0 to 1; a picture is cut to the sensor's aspect and "
			"scaled. The capture is in the converter's numbers, with the brightest pixel near "
			"90 % of the largest. The same seed gives the same bytes for any number of threads.\n"
			"With --psf separable the capture is (L X R' + the sum of X) / 2: the openings of the mask "
			"are (1 + l r') / 2, of two sequences l and r of +1 and -1 without echoes.",
	},
	.options_size = sizeof(simulate_options),
	.reads_pictures = true,
	.on_cpu = true,
	.check = check,
	.run = run,
};
