/* SPDX-License-Identifier: BSD-3-Clause */
/* convert.c - the command `convert`: a picture in another format, or smaller */
#include "core/error.h"
#include "job/commands.h"
#include "job/text.h"
#include "stage/resample.h"

typedef struct {
	int64_t downsample;
} convert_options;

static const relumine_option own_options[] = {
	{ "downsample", 0, RELUMINE_INTEGER, "1", 1, 1024, NULL, "N",
		"average blocks of N x N pixels into one; what is left at the far edges is dropped", false,
		OPTION_AT(convert_options, downsample) },
	{ 0 }
};

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
			"relumine convert stack.tif --downsample 4 -o small.npy -o small.png",
		.description =
			"Values go into .tif and .npy as they are stored, as float32. A .png is a rendering "
			"for the eye: see the options for that.",
	},
	.options_size = sizeof(convert_options),
	.reads_pictures = true,
	.on_cpu = true,
	.run = run,
};
