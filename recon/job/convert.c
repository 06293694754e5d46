/* SPDX-License-Identifier: BSD-3-Clause */
/* convert.c - the command `convert`: a picture in another format, or smaller */
#include <math.h>
#include "core/error.h"
#include "job/commands.h"
#include "job/text.h"
#include "stage/resample.h"

typedef struct {
	int64_t downsample;
	char *voxel;
} convert_options;

static const relumine_option own_options[] = {
	{ "downsample", 0, RELUMINE_INTEGER, "1", 1, 1024, NULL, "N",
		"average blocks of N x N pixels into one; what is left at the far edges is dropped", false,
		OPTION_AT(convert_options, downsample) },
	{ "voxel", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z",
		"the size of a voxel of the input in nm, or X,Y of a pixel; not set: as the file says",
		false, OPTION_AT(convert_options, voxel) },
	{ 0 }
};

static bool check(const void *options, GError **err)
{
	double voxel[3] = { NAN, NAN, NAN };
	const char *text = ((const convert_options *)options)->voxel;
	return !text || voxel_parse("voxel", text, voxel, err);
}

/* What is known of the input, with voxels as wide as n of its own. */
static image_scale *scale_of_result(const task *t, int64_t n)
{
	const char *text = ((const convert_options *)t->options)->voxel;
	const image_scale *of_input = t->inputs[0].scale;
	image_scale *s = of_input ? image_scale_copy(of_input) : image_scale_new();
	if (text)
		voxel_parse("voxel", text, s->voxel, NULL);
	s->voxel[0] *= (double)n;
	s->voxel[1] *= (double)n;
	if (n > 1)              /* its points would be others */
		g_clear_pointer(&s->transient, transient_free);
	return s;
}

static bool run(task *t, GError **err)
{
	const array *in = t->inputs[0].data;
	int64_t n = ((const convert_options *)t->options)->downsample;
	if (in->shape.y < n || in->shape.x < n) {
		g_autofree char *size = shape_text(in->shape);
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "use a smaller --downsample",
			"%s pixels have no block of %d x %d", size, (int)n, (int)n);
		return false;
	}
	t->scale = scale_of_result(t, n);
	t->white = t->inputs[0].white;
	t->result = n == 1 ? array_copy(in) : resample_box(in, n);
	return device_ok(t->cpu, err);
}

const modality command_convert = {
	.command = {
		.name = "convert",
		.summary = "a picture in another format, or smaller",
		.inputs = "PICTURE",
		.inputs_least = 1, .inputs_most = 1,
		.writes = true,
		.options = own_options,
		.examples =
			"relumine convert capture.png -o capture.tif\n"
			"relumine convert stack.tif --downsample 4 -o small.npy -o small.png\n"
			"relumine convert stack.tif --voxel 100,100,300 -o stack.ome.tif",
		.description =
			"Values go into .tif and .npy as they are stored, as float32. A .png is a rendering "
			"for the eye: see the options for that. A .tif keeps the size of the voxels, the "
			"channels and points of time, aperture, index and wavelengths in the way of ImageJ, a "
			".ome.tif in that of OME.",
	},
	.options_size = sizeof(convert_options),
	.reads_pictures = true,
	.on_cpu = true,
	.check = check,
	.run = run,
};
