/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless.c - `relumine lensless`: a picture from a camera with a mask or diffuser for a lens */
#include "mode/lensless.h"

#include <math.h>
#include "core/error.h"
#include "math/admm.h"
#include "math/vec.h"
#include "mode/lensless-admm.h"
#include "mode/lensless-gradient.h"
#include "mode/lensless-pnp.h"
#include "mode/lensless-separable.h"
#include "stage/calibrate.h"
#include "stage/chroma.h"
#include "stage/demosaic.h"
#include "stage/geometry.h"

#define DEFAULT_WIENER 0.001

static const relumine_option own_options[] = {
	{ "psf", 'p', RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"the point spread function: one point of light; of z pages: at z depths (required, but for "
		"separable masks)", false, OPTION_AT(lensless_options, psf) },
	{ "left", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"L of a separable mask, whose capture is L X R': a row for each row of pixels; pages: one "
		"for each channel", false, OPTION_AT(lensless_options, left) },
	{ "right", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"R of a separable mask: a row for each column of pixels", false,
		OPTION_AT(lensless_options, right) },
	{ "downsample", 0, RELUMINE_INTEGER, "1", 1, 64, NULL, "N",
		"average blocks of N x N pixels of capture and PSF into one first: faster, less noise", false,
		OPTION_AT(lensless_options, downsample) },
	{ "method", 0, RELUMINE_CHOICE, NULL, 0, 0, "admm|wiener|fista|nesterov|gradient|tikhonov",
		NULL, "how to solve, see above; not given: admm, for separable masks tikhonov", false,
		OPTION_AT(lensless_options, method) },
	{ "iterations", 'i', RELUMINE_INTEGER, NULL, 1, 1000000, NULL, "N",
		"at most this many; not given: admm 100, 20 for a PSF with noise in it, 50 for many depths "
		"and with --left; others 300", false,
		OPTION_AT(lensless_options, iterations) },
	{ "tolerance", 0, RELUMINE_NUMBER, "0", 0, 1, NULL, "T",
		"stop when residuals (admm) or the change of the picture are below this (0: never)", false,
		OPTION_AT(lensless_options, tolerance) },
	{ "tv", 0, RELUMINE_CHOICE, NULL, 0, 0, "anisotropic|isotropic", NULL,
		"|dy| + |dx|, or the length of (dy, dx); not given: isotropic, not with --compat", false,
		OPTION_AT(lensless_options, tv) },
	{ "tv-weight", 'w', RELUMINE_NUMBER, NULL, 0, 1000, NULL, "W",
		"smoothness, relative to the largest of |M'C'b|: more is smoother", false,
		OPTION_AT(lensless_options, tv_weight) },
	{ "tau", 0, RELUMINE_NUMBER, NULL, 0, 1e9, NULL, "TAU",
		"smoothness in absolute terms, as papers give it, for the scaled capture and PSF", false,
		OPTION_AT(lensless_options, tau) },
	{ "mu", 0, RELUMINE_CHOICE, NULL, 0, 0, "auto|fixed", NULL,
		"penalties of ADMM: worked out from the data (auto), or as published (fixed)", false,
		OPTION_AT(lensless_options, mu) },
	{ "mu1", 0, RELUMINE_NUMBER, NULL, 1e-30, 1e30, NULL, "MU",
		"penalty of x = M v, in place of that of --mu (fixed: 1e-6)", false,
		OPTION_AT(lensless_options, mu1) },
	{ "mu2", 0, RELUMINE_NUMBER, NULL, 1e-30, 1e30, NULL, "MU",
		"penalty of u = grad v, in place of that of --mu (fixed: 1e-5)", false,
		OPTION_AT(lensless_options, mu2) },
	{ "mu3", 0, RELUMINE_NUMBER, NULL, 1e-30, 1e30, NULL, "MU",
		"penalty of w = v, in place of that of --mu (fixed: 4e-5)", false,
		OPTION_AT(lensless_options, mu3) },
	{ "prior", 0, RELUMINE_CHOICE, "tv", 0, 0, "tv|nlm", NULL,
		"of admm, what scenes are like: total variation, or nlm, non-local means", false,
		OPTION_AT(lensless_options, prior) },
	{ "noise", 0, RELUMINE_NUMBER, NULL, 1e-6, 1e6, NULL, "SIGMA",
		"what --prior nlm takes out, relative to the scene's mean; not given: 0.2", false,
		OPTION_AT(lensless_options, noise) },
	{ "background", 0, RELUMINE_CHOICE, "auto", 0, 0, "auto|fit|none", NULL,
		"fit light on every pixel alike beside the scene; auto: for a PSF with noise in it", false,
		OPTION_AT(lensless_options, background) },
	{ "psf-threshold", 0, RELUMINE_NUMBER, NULL, 0, 1, NULL, "SHARE",
		"PSF values below this share of its largest are noise; not given: 0.05 where neighbours "
		"there differ as noise does, else and with --compat 0", false,
		OPTION_AT(lensless_options, psf_threshold) },
	{ "highlights", 0, RELUMINE_NUMBER, NULL, 50, 100, NULL, "PERCENT",
		"cut what is above this percentile, mostly speckle; not given: 99 for colour from a PSF "
		"with noise in it, else and with --compat 100", false, OPTION_AT(lensless_options, highlights) },
	{ "chroma-weight", 0, RELUMINE_NUMBER, NULL, 0, 1000, NULL, "W",
		"smoothness of colours beside brightness, relative to their noise; not given: 30, 0 with "
		"--compat", false, OPTION_AT(lensless_options, chroma_weight) },
	{ "wiener", 0, RELUMINE_NUMBER, "0.001", 1e-12, 1e12, NULL, "K",
		"noise to signal of --method wiener, relative to the largest |H|^2", false,
		OPTION_AT(lensless_options, wiener) },
	{ "tikhonov", 0, RELUMINE_NUMBER, NULL, 1e-30, 1e30, NULL, "LAMBDA",
		"weight of |X|^2 of --method tikhonov, relative to the largest squared product of singular "
		"values (--compat flatcam: absolute); not given: 0.01", false,
		OPTION_AT(lensless_options, tikhonov) },
	{ "means", 0, RELUMINE_CHOICE, NULL, 0, 0, "subtract|keep", NULL,
		"of separable masks: take the means of rows and columns out of capture and matrices "
		"(subtract, when not given), or not", false, OPTION_AT(lensless_options, means) },
	{ "compat", 0, RELUMINE_CHOICE, "none", 0, 0, "none|tutorial|lenslesspicam|flatcam", NULL,
		"scaling, padding, order and penalties exactly as in a published program", false,
		OPTION_AT(lensless_options, compat) },
	{ "order", 0, RELUMINE_CHOICE, NULL, 0, 0, "tutorial|lpc", NULL,
		"order of ADMM's steps: w after v (tutorial), or before; not given: as --compat has it", false,
		OPTION_AT(lensless_options, order) },
	{ "dark", 0, RELUMINE_CHOICE, "auto", 0, 0, "auto|corner|none", NULL,
		"dark level from the PSF's upper left corner; auto: for integer captures", false,
		OPTION_AT(lensless_options, dark) },
	{ "dark-level", 0, RELUMINE_NUMBER, NULL, -1e9, 1e9, NULL, "COUNTS",
		"dark level of capture and PSF", false, OPTION_AT(lensless_options, dark_level) },
	{ "dark-frame", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"a capture without light, as large as the others", false,
		OPTION_AT(lensless_options, dark_frame) },
	{ "flat", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"a capture of even light: what differs between pixels is divided out", false,
		OPTION_AT(lensless_options, flat) },
	{ "bayer", 0, RELUMINE_CHOICE, "none", 0, 0, "none|" BAYER_WORDS, NULL,
		"capture and PSF are raw: the colours of the sensor's upper left 2 x 2 pixels; with --left "
		"the capture's four planes are solved one by one", false,
		OPTION_AT(lensless_options, bayer) },
	{ "bgr", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"colours stand in the order blue, green, red", false, OPTION_AT(lensless_options, bgr) },
	{ "flip", 0, RELUMINE_CHOICE, "none", 0, 0, "none|y|x|both", NULL,
		"turn the picture upside down (y), left to right (x)", false,
		OPTION_AT(lensless_options, flip) },
	{ "rotate", 0, RELUMINE_INTEGER, "0", 0, 3, NULL, "QUARTERS",
		"turn the picture counter-clockwise by quarters", false, OPTION_AT(lensless_options, rotate) },
	{ 0 }
};

/* Options that a prior or a method would pass over in silence. */
static bool check_prior(const lensless_options *o, GError **err)
{
	bool tv = o->prior != PRIOR_NLM;
	const struct { bool wrong; const char *option, *what; } rows[] = {
		{ tv && !isnan(o->noise), "--noise", "the noise is that of --prior nlm" },
		{ !tv && o->method > METHOD_ADMM, "--prior", "--prior nlm is for --method admm alone" },
		{ !tv && o->left, "--prior", "--prior nlm is for a PSF, not for separable masks" },
		{ !tv && o->compat, "--prior", "published programs, as in --compat, know no --prior nlm" },
		{ !tv && o->tv >= 0, "--tv", "with --prior nlm there is no total variation" },
		{ !tv && !isnan(o->tau), "--tau", "--prior nlm has no weight, but --noise" },
		{ !tv && !isnan(o->tv_weight), "--tv-weight", "--prior nlm has no weight, but --noise" },
		{ !tv && o->mu == 1, "--mu", "published penalties are those of total variation" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].wrong) {
			error_set(err, RELUMINE_BAD_USAGE, rows[i].option, "relumine lensless capture.tif --psf "
				"psf.tif --prior nlm --noise 0.1 -o picture.png", "%s", rows[i].what);
			return false;
		}
	return true;
}

static bool check(const void *options, GError **err)
{
	const lensless_options *o = options;
	if (!separable_check(o, err))
		return false;
	if (!o->psf && !o->left) {
		error_set(err, RELUMINE_BAD_USAGE, "--psf", "relumine lensless capture.tif --psf psf.tif "
			"-o picture.png", "the point spread function is missing");
		return false;
	}
	if (!isnan(o->tau) && !isnan(o->tv_weight)) {
		error_set(err, RELUMINE_BAD_USAGE, "--tau", "give one of the two",
			"--tau and --tv-weight say the same thing");
		return false;
	}
	return check_prior(o, err);
}

/* Back the way the scene stood. */
static array *turn(const lensless_options *o, array *taken)
{
	g_autoptr(array) a = taken;
	if (o->flip & 1) {
		array *b = geometry_flip_y(a);
		array_free(a);
		a = b;
	}
	if (o->flip & 2) {
		array *b = geometry_flip_x(a);
		array_free(a);
		a = b;
	}
	return o->rotate ? geometry_rotate(a, (int)o->rotate) : g_steal_pointer(&a);
}

/* Colours vary less than brightness, but noise does not: see docs/lensless.md. */
static bool quieten_colours(const task *t, array *a, GError **err)
{
	const lensless_options *o = t->options;
	double weight = !isnan(o->chroma_weight) ? o->chroma_weight : o->compat ? 0 : 30;
	if (a->shape.c != 3 || weight == 0)
		return true;
	double noise = chroma_noise(a, err);
	if (isnan(noise))
		return false;
	chroma_smooth(a, weight * noise);
	report_number(t->report, "chroma_noise", noise);
	return device_ok(t->cpu, err);
}

/*
 * A few pixels above all others would set the scale of every rendering.  Where they are the scene,
 * as points of light on black are, they stay.
 */
static bool cut_highlights(const task *t, array *a, bool noisy, GError **err)
{
	const lensless_options *o = t->options;
	double percent = !isnan(o->highlights) ? o->highlights :
		noisy && !o->compat && a->shape.c > 1 && a->shape.z == 1 ? 99 : 100;
	if (percent >= 100)
		return true;
	double most = calibrate_percentile(a, -1, percent, err);
	if (isnan(most))
		return false;
	if (isnan(o->highlights) && most < 0.2 * (double)vec_max_abs(a))
		return true;
	report_number(t->report, "highlight_limit", most);
	vec_clamp(a, 0, (float)most);
	return true;
}

typedef bool solver(task *t, const lensless_data *d, array *result, GError **err);

static solver *const methods[] = {
	[METHOD_ADMM] = lensless_admm, [METHOD_WIENER] = lensless_wiener,
	[METHOD_FISTA] = lensless_fista, [METHOD_NESTEROV] = lensless_nesterov,
	[METHOD_GRADIENT] = lensless_descent, [METHOD_TIKHONOV] = lensless_tikhonov
};

/* The method to use, or -1. */
static int choose_method(const task *t, const lensless_data *d, GError **err)
{
	const lensless_options *o = t->options;
	int64_t depths = d->psf ? d->psf->shape.z : 1;
	if (d->left)
		return o->method < 0 ? METHOD_TIKHONOV : o->method;
	if (depths > 1 && o->prior == PRIOR_NLM) {
		error_set(err, RELUMINE_BAD_USAGE, "--prior", "leave --prior out, or give a PSF of one page",
			"--prior nlm makes one plane, and the PSF has %d depths", (int)depths);
		return -1;
	}
	if (depths == 1 || o->method != METHOD_WIENER)
		return o->method < 0 ? METHOD_ADMM : o->method;
	error_set(err, RELUMINE_BAD_USAGE, "--method", "use --method admm, or give a PSF of one page",
		"this method makes one plane, and the PSF has %d depths", (int)depths);
	return -1;
}

/* Options that were set, and that the method does not look at. */
static void warn_of_idle_options(const task *t, int method)
{
	enum { ADMM = 1 << METHOD_ADMM, WIENER = 1 << METHOD_WIENER, TIKHONOV = 1 << METHOD_TIKHONOV,
		ITERATIVE = ~(WIENER | TIKHONOV) };
	static const char *const names[] = { "admm", "wiener", "fista", "nesterov", "gradient",
		"tikhonov" };
	const lensless_options *o = t->options;
	const struct { const char *name; bool set; int methods; } all[] = {
		{ "iterations", o->iterations > 0, ITERATIVE }, { "tolerance", o->tolerance > 0, ITERATIVE },
		{ "tv", o->tv >= 0, ITERATIVE }, { "tv-weight", !isnan(o->tv_weight), ITERATIVE },
		{ "tau", !isnan(o->tau), ITERATIVE }, { "background", o->background > 0, ITERATIVE },
		{ "mu", o->mu >= 0, ADMM }, { "mu1", !isnan(o->mu1), ADMM },
		{ "mu2", !isnan(o->mu2), ADMM }, { "mu3", !isnan(o->mu3), ADMM },
		{ "wiener", o->wiener != DEFAULT_WIENER, WIENER },
		{ "tikhonov", !isnan(o->tikhonov), TIKHONOV },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i].set && !(all[i].methods & 1 << method))
			report_warn(t->report, "--%s has no effect with --method %s", all[i].name, names[method]);
}

static solver *choose_solver(const task *t, const lensless_data *d, int method)
{
	const lensless_options *o = t->options;
	if (method == METHOD_ADMM && d->left)
		return lensless_split;
	if (method == METHOD_ADMM && d->psf->shape.z > 1)
		return lensless_stack;
	return o->prior == PRIOR_NLM ? lensless_pnp : methods[method];
}

static bool solve(task *t, const lensless_data *d, array *result, GError **err)
{
	int method = choose_method(t, d, err);
	if (method < 0 || !task_step(t, "reconstruct"))
		return false;
	warn_of_idle_options(t, method);
	if (device_ok(t->cpu, err) && choose_solver(t, d, method)(t, d, result, err))
		return true;
	error_while(err, "lensless, reconstructing %d x %d pixels on a grid of %d x %d",
		(int)result->shape.x, (int)result->shape.y, (int)d->grid.x, (int)d->grid.y);
	return false;
}

static bool run(task *t, GError **err)
{
	const lensless_options *o = t->options;
	g_auto(lensless_data) d = { 0 };
	if (!task_step(t, "calibrate") || !(o->left ? separable_prepare : lensless_prepare)(t, &d, err))
		return false;
	shape s = d.left ? d.grid : (shape){ 1, d.psf->shape.z, d.b->shape.y, d.b->shape.x };
	s.c = d.b->shape.c;
	g_autoptr(array) result = array_new(t->cpu, REAL, s);
	if (!solve(t, &d, result, err))
		return false;
	if (o->left && o->bayer > 0 && s.c == 4)
		result = separable_colour(result);
	/* in the capture's units: what a scene pixel sent to the whole sensor */
	double scale = o->compat && !o->left ? 1 : d.b_scale * d.psf_sum;
	vec_scale(result, (float)scale);
	report_number(t->report, "result_scale", scale);
	if (!quieten_colours(t, result, err) || !cut_highlights(t, result, d.noisy, err))
		return false;
	t->result = turn(o, g_steal_pointer(&result));
	return device_ok(t->cpu, err);
}

const modality command_lensless = {
	.command = {
		.name = "lensless",
		.summary = "a picture from a camera with a mask or diffuser in place of a lens",
		.inputs = "CAPTURE",
		.inputs_least = 1, .inputs_most = 1,
		.writes = true,
		.options = own_options,
		.examples =
			"relumine lensless capture.tif --psf psf.tif -o picture.png\n"
			"relumine lensless capture.tif --psf psf.tif --downsample 4 -o picture.png -o picture.tif\n"
			"relumine lensless capture.tif --psf psf.tif --method wiener -o quick.png\n"
			"relumine lensless capture.tif --psf psf.tif --prior nlm --noise 1 -o dim.png\n"
			"relumine lensless capture.tif --psf depths.tif --iterations 100 -o volume.tif\n"
			"relumine lensless flatcam.tif --left left.npy --right right.npy -o picture.png",
		.description =
			"The capture is the scene convolved with the PSF and cut off by the sensor's edge.  The "
			"scene is worked out on a grid twice as large, so that light from beyond the edge does "
			"not fold back into the picture, as the one with the least total variation that "
			"explains the capture and is nowhere negative.\n"
			"A PSF of z pages holds the patterns of points at z depths.  The result is then a volume of "
			"z pages that together explain the one capture.\n"
			"Methods: admm, total variation and no negative light.  wiener, one step, for a quick look.  "
			"fista, nesterov (momentum 0.9) and gradient, steepest descent with steps of 1 / max |H|^2, "
			"with no negative light, and with total variation (of each page) where --tv-weight or --tau "
			"is given.  Of these three fista needs the fewest steps.\n"
			"--prior nlm: non-local means, which take noise out of all channels together, stand in admm "
			"for total variation; --noise says how much.\n"
			"A separable mask (FlatCam) has two matrices in place of a PSF: the capture is L X R'.  Method "
			"tikhonov solves it in one step, by singular values; admm adds total variation and no "
			"negative light, and the three others work too.\n"
			"Values of a .tif or .npy are linear, in units of the capture.",
	},
	.options_size = sizeof(lensless_options),
	.reads_pictures = true,
	.check = check,
	.run = run,
};
