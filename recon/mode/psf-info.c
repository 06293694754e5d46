/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-info.c - relumine psf info: is this point spread function usable? */
#include <math.h>
#include "math/vec.h"
#include "mode/modality.h"
#include "stage/psf.h"

static const relumine_option options[] = { { 0 } };

/* Never used: a record of options must have a size. */
typedef struct { char none; } psf_info_options;

static bool run(task *t, GError **err)
{
	const input *in = &t->inputs[0];
	psf_facts facts;
	spot_facts spot;
	if (!psf_check(in->data, in->path, err) || !psf_measure(in->data, in->white, &facts, err))
		return false;
	report_integer(t->report, "height", in->data->shape.y);
	report_integer(t->report, "width", in->data->shape.x);
	report_integer(t->report, "channels", in->data->shape.c);
	report_integer(t->report, "depths", in->data->shape.z);
	spot_measure(in->data, facts.floor_level, &spot);
	bool compact = spot_is_compact(&spot);
	report_number(t->report, "spread", spot.spread);
	report_word(t->report, "kind", compact ? "compact" : "pattern");
	g_string_append_printf(t->text, "%-32s %s\n", "kind", compact ? "compact" : "pattern");
	spot_of of = { .size = in->data->shape, .sum = vec_sum(in->data) };
	for (int k = 0; k < 3; k++)
		of.voxel_nm[k] = in->scale ? in->scale->voxel[k] : NAN;
	if (compact)
		spot_tell(&facts, &spot, &of, t->report, t->text);
	else
		psf_tell(&facts, in->data->shape, t->report, t->text);
	return true;
}

const modality command_psf_info = {
	.command = {
		.name = "psf info",
		.summary = "measure a point spread function and say whether it will do",
		.inputs = "PSF",
		.inputs_least = 1,
		.inputs_most = 1,
		.writes = false,
		.options = options,
		.examples = "relumine psf info psf.tif\nrelumine psf info --json psf.tif\n",
		.description =
			"Prints the levels of the picture; the share of saturated pixels; how bright the "
			"border is (mean light in the outer 5 % over the mean light; above 0.5 the pattern is "
			"cut by the sensor's edge) and its share of the energy; how far the centre of mass is "
			"from the "
			"middle, in pixels; the full width at half maximum of the autocorrelation in pixels, "
			"which is the finest detail that can be told apart, and its highest side peak over the "
			"main one; and the condition of the transfer function |H| (largest, without the zero "
			"frequency, over the 1st percentile). The verdict is `usable`, or what is wrong.\n\n"
			"A PSF of one spot, as lenses and microscopes have them, is compact; any other is a "
			"pattern. Of compact ones it prints the sizes; the sum, which is 1 of a PSF that is "
			"normalised; the voxel that is brightest beside the one in the middle, and how far the "
			"centre of its light is from the middle; the full width at half maximum along each axis, "
			"also in nm where the file knows its voxels; how far each half differs from its mirror "
			"image; how much of the light is in the outermost voxels, at the sides and at the ends "
			"of the stack, and how bright those are. The verdict looks at these: a background, a peak "
			"off centre, light at the edge, negative values.",
	},
	.options_size = sizeof(psf_info_options),
	.reads_pictures = true,
	.on_cpu = true,
	.run = run,
};
