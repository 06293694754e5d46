/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-beads.c - relumine psf beads: the PSF from a stack of beads too small to be seen as such */
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "mode/modality.h"
#include "mode/numbers.h"
#include "stage/beads.h"
#include "stage/microscope.h"
#include "stage/psf.h"

typedef struct {
	char *size, *voxel;
	double threshold, diameter, na, wavelength, ni;
	int64_t channel;
	bool symmetric;
} beads_options;

#define AT(field) OPTION_AT(beads_options, field)

static const relumine_option options[] = {
	{ "size", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z",
		"voxels of the PSF, odd; not given: what the beads' width and the stack suggest", false,
		AT(size) },
	{ "threshold", 0, RELUMINE_NUMBER, "10", 1, 1e6, NULL, "T",
		"a bead rises above the background by this many times the noise", false, AT(threshold) },
	{ "diameter", 0, RELUMINE_NUMBER, NULL, 1, 1e6, NULL, "nm",
		"of the beads: their own size is taken out", false, AT(diameter) },
	{ "voxel", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z",
		"size of a voxel in nm; not given: as the file says", false, AT(voxel) },
	{ "na", 0, RELUMINE_NUMBER, NULL, 0.001, 4, NULL, "NA",
		"with --diameter, of a widefield microscope: what its aperture does not pass is left out "
		"(this and the next)", false, AT(na) },
	{ "wavelength", 0, RELUMINE_NUMBER, NULL, 1, 1e6, NULL, "nm", "of the beads' light", false,
		AT(wavelength) },
	{ "ni", 0, RELUMINE_NUMBER, NULL, 1, 4, NULL, "index",
		"refractive index of the immersion; not given: as the file says, or the aperture suggests",
		false, AT(ni) },
	{ "symmetric", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"average over turns about the axis: less noise, but no coma or astigmatism", false,
		AT(symmetric) },
	{ "channel", 0, RELUMINE_INTEGER, NULL, 1, 1000, NULL, "N",
		"which one, counted from 1, where there are several", false, AT(channel) },
	{ 0 }
};

static bool parse_size(const char *text, int64_t size[3], GError **err)
{
	if (!text)
		return true;
	size[2] = 1;
	if (!numbers_parse_counts("--size", text, size, err))
		return false;
	for (int k = 0; k < 3; k++)
		if (size[k] % 2 == 0) {
			error_set(err, RELUMINE_BAD_USAGE, "--size", "odd numbers have a middle",
				"%d along %c has no middle voxel", (int)size[k], "xyz"[k]);
			return false;
		}
	return true;
}

static bool check(const void *own, GError **err)
{
	const beads_options *o = own;
	int64_t size[3];
	double voxel[3];
	bool with_lens = !isnan(o->na) || !isnan(o->wavelength);
	if (with_lens && (isnan(o->na) || isnan(o->wavelength))) {
		error_set(err, RELUMINE_BAD_USAGE, isnan(o->na) ? "--na" : "--wavelength", "give both, or "
			"none", "a lens is known by its aperture and the wavelength of the light");
		return false;
	}
	if (isnan(o->diameter) && (with_lens || !isnan(o->ni))) {
		error_set(err, RELUMINE_BAD_USAGE, "--diameter", "--diameter 100, in nm; or leave out --na, "
			"--wavelength and --ni", "the lens is asked for with the beads' diameter alone");
		return false;
	}
	return parse_size(o->size, size, err) && (!o->voxel || voxel_parse("voxel", o->voxel, voxel, err));
}

/* *ball is filled in where it is wanted; t->scale has the voxels. */
static bool ball_of(const task *t, bead_ball *ball, GError **err)
{
	const beads_options *o = t->options;
	const image_scale *s = t->scale;
	int axes = t->inputs[0].data->shape.z > 1 ? 3 : 2;
	*ball = (bead_ball){ .diameter_nm = o->diameter, .aperture = o->na, .wavelength_nm = o->wavelength,
		.ni = !isnan(o->ni) ? o->ni : !isnan(s->refraction) ? s->refraction :
			lens_likely_index(o->na) };
	for (int k = 0; k < 3; k++) {
		ball->voxel_nm[k] = s->voxel[k];
		if (!isnan(o->diameter) && k < axes && isnan(s->voxel[k])) {
			error_set(err, RELUMINE_BAD_USAGE, "--voxel", "--voxel 100,100,200, in nm", "--diameter needs "
				"the size of a voxel, which is not in the file");
			return false;
		}
	}
	lens l = lens_ideal(LENS_BORN_WOLF, o->na, o->wavelength, ball->ni);
	return isnan(o->na) || lens_check(&l, err);
}

/* --- the stack -------------------------------------------------------------------------------- */

/* Its own copy of the channel's first point of time; NULL where it is not clear which. */
static array *stack_of(const task *t, GError **err)
{
	const beads_options *o = t->options;
	const input *in = &t->inputs[0];
	int64_t channel = o->channel == INT64_MIN ? 1 : o->channel, n = in->data->shape.c;
	if (channel > n || (n > 1 && o->channel == INT64_MIN)) {
		error_set(err, RELUMINE_BAD_USAGE, "--channel", "--channel 1: each has a PSF of its own",
			"%s has %d channel%s", in->path, (int)n, n == 1 ? "" : "s");
		return NULL;
	}
	int64_t planes = image_scale_slices(in->scale, in->data->shape.z);
	if (planes < in->data->shape.z)
		report_warn(t->report, "of %d points of time only the first is used",
			(int)(in->data->shape.z / planes));
	if (!array_would_fit(t->cpu, 5 * array_bytes(REAL, (shape){ 1, planes, in->data->shape.y,
	    in->data->shape.x }), "the stack and its smoothed copies", err))
		return NULL;
	array part = array_slices(in->data, channel - 1, 0, planes);
	return array_copy(&part);
}

static bool size_fits(const task *t, const array *stack, const int64_t size[3], GError **err)
{
	int64_t n[3];
	beads_sides(stack, n);
	if (size[0] <= n[0] && size[1] <= n[1] && size[2] <= n[2])
		return true;
	error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "use a smaller --size",
		"the stack of %d x %d x %d voxels holds no box of %d x %d x %d", (int)n[0], (int)n[1],
		(int)n[2], (int)size[0], (int)size[1], (int)size[2]);
	return false;
}

/* Numbers whose squares are no floats are counted in another unit; gives it. */
static double to_unit(array *stack)
{
	double most = (double)vec_max_abs(stack);
	if (!(most > 0) || (most > 1e-12 && most < 1e12))
		return 1;
	float root = (float)(1 / sqrt(most));   /* twice: 1 / most itself may be no float */
	vec_scale(stack, root);
	vec_scale(stack, root);
	return most;
}

/* Voxels of the result: the input's, without channels and time. */
static image_scale *scale_of(const image_scale *in, const char *voxel)
{
	image_scale *s = image_scale_new();
	for (int k = 0; in && k < 3; k++)
		s->voxel[k] = in->voxel[k];
	if (in) {
		g_strlcpy(s->unit, in->unit, sizeof s->unit);
		s->aperture = in->aperture;
		s->refraction = in->refraction;
	}
	if (voxel)
		voxel_parse("voxel", voxel, s->voxel, NULL);
	return s;
}

static bool turnable(const task *t, const beads_facts *f, GError **err)
{
	const beads_options *o = t->options;
	double x = t->scale->voxel[0], y = t->scale->voxel[1];
	if (!o->symmetric || isnan(x) || isnan(y) || fabs(x - y) <= 1e-3 * x) {
		if (o->symmetric && f->size[0] != f->size[1])
			report_warn(t->report, "the box is not square: beyond its shorter side light is lost in "
				"turning");
		return true;
	}
	error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "leave --symmetric out",
		"pixels of %g x %g nm cannot be turned about the axis", x, y);
	return false;
}

/* --- what is told ----------------------------------------------------------------------------- */

static void tell_beads(const GArray *beads, const beads_facts *f, double unit, report *r)
{
	static const char *const names[] = { "beads_used", "beads_saturated", "beads_at_border",
		"beads_overlapping", "beads_faint" };
	int64_t n[G_N_ELEMENTS(names)] = { 0 };
	for (guint i = 0; i < beads->len; i++)
		n[g_array_index(beads, bead, i).fate]++;
	report_integer(r, "beads_found", beads->len);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		report_integer(r, names[i], n[i]);
	report_integer(r, "hot_voxels", f->hot);
	report_number(r, "background", f->background * unit);
	report_number(r, "noise", f->noise * unit);
	if (f->used < 3)
		report_warn(r, "only %d bead%s used: noise and chance go into the PSF; ten or more are "
			"better (found %u: %d saturated, %d at the border, %d overlapping, %d faint)",
			(int)f->used, f->used == 1 ? " is" : "s are", beads->len, (int)n[BEAD_SATURATED],
			(int)n[BEAD_BORDER], (int)n[BEAD_OVERLAP], (int)n[BEAD_FAINT]);
}

/* Of a ball's transform: periods in a diameter.  A lens passes up to about 1 / width. */
#define FIRST_ZERO 1.43

static void tell_psf(const task *t, const beads_facts *f)
{
	const beads_options *o = t->options;
	spot_facts spot;
	spot_tell_widths(t->result, t->scale->voxel, t->report);
	spot_measure(t->result, 0, &spot);
	double width = fmin(spot.fwhm[0] * t->scale->voxel[0], spot.fwhm[1] * t->scale->voxel[1]);
	if (o->diameter > FIRST_ZERO * width)
		report_warn(t->report, "beads of %g nm hide structures finer than %.3g nm, which a PSF %.3g nm "
			"wide has: take smaller ones", o->diameter, o->diameter / FIRST_ZERO, width);
	if (spot.edge_most > 0.05)
		report_warn(t->report, "the box cuts the light off where it still has %.2g of the peak: a "
			"larger --size than %d,%d,%d would hold it", spot.edge_most, (int)f->size[0],
			(int)f->size[1], (int)f->size[2]);
}

static bool run(task *t, GError **err)
{
	const beads_options *o = t->options;
	const input *in = &t->inputs[0];
	beads_rule rule = { .threshold = o->threshold, .white = in->white };
	beads_facts facts = { 0 };
	bead_ball ball;
	if (!parse_size(o->size, rule.size, err) || !task_step(t, "find beads"))
		return false;
	g_autoptr(array) stack = stack_of(t, err);
	if (!stack || !size_fits(t, stack, rule.size, err))
		return false;
	double unit = to_unit(stack);
	rule.white /= unit;
	if (!device_ok(t->cpu, err))
		return false;
	facts.hot = beads_repair(stack, err);
	g_autoptr(GArray) beads = facts.hot < 0 ? NULL :
		beads_find(stack, &rule, &facts, in->path, err);
	if (!beads)
		return false;
	t->scale = scale_of(in->scale, o->voxel);
	tell_beads(beads, &facts, unit, t->report);
	if (!turnable(t, &facts, err) || !ball_of(t, &ball, err) || !task_step(t, "average"))
		return false;
	t->result = beads_average(stack, beads, &facts, isnan(o->diameter) ? NULL : &ball, err);
	if (t->result && o->symmetric) {
		array *turned = beads_turned(t->result, err);
		array_free(t->result);
		t->result = turned;
	}
	if (t->result)
		tell_psf(t, &facts);
	return t->result;
}

const modality command_psf_beads = {
	.command = {
		.name = "psf beads",
		.summary = "the point spread function of a microscope from a stack of beads",
		.inputs = "STACK",
		.inputs_least = 1,
		.inputs_most = 1,
		.writes = true,
		.options = options,
		.examples =
			"relumine psf beads beads.tif -o psf.tif -o psf.png\n"
			"relumine psf beads beads.tif --size 25,25,21 --symmetric -o psf.tif\n"
			"relumine psf beads beads.tif --diameter 100 --voxel 80,80,200 --na 1.2 --wavelength 520 "
			"-o points.tif\n",
		.description =
			"The stack shows small fluorescent beads, taken as the specimen will be. Hot pixels are "
			"repaired. Beads are the maxima of the stack smoothed by a Gaussian of one voxel; left "
			"out are those that are saturated, whose box leaves the stack or meets another's, and "
			"those with less than a tenth of the brightest one's light. Of each its background is "
			"taken away, the median at the sides of its box; it is shifted by parts of a voxel so "
			"that its centre stands on the middle one; and it counts as much as any other. The mean "
			"sums to 1; where it is not above the noise it is 0. One bead in the middle of its "
			"stack will do, but keeps all its noise. With --diameter the beads' own size is taken out, as "
			"far as the light is above the noise. The sidecar has how many beads there were and "
			"why some are left out, and the full width at half maximum along each axis.",
	},
	.options_size = sizeof(beads_options),
	.reads_pictures = true,
	.on_cpu = true,
	.check = check,
	.run = run,
};
