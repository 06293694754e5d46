/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv.c - `relumine deconv`: a sharp picture or stack from a blurred one */
#include "mode/deconv.h"

#include <math.h>
#include "core/error.h"
#include "math/richardson-lucy.h"
#include "math/vec.h"

#define METHODS "rl|wiener|tikhonov|fista|fista-wavelet|nnls|admm|rif|unsupervised|" \
	"ictm|hyper-laplacian|rl-tv"
#define AT DECONV_AT

static const relumine_option own_options[] = {
	DECONV_PSF_ROWS,
	{ "blind", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"the PSF is found too: of a photograph from nothing, else from the PSF given", false,
		AT(blind) },
	{ "blind-size", 0, RELUMINE_INTEGER, NULL, 3, 255, NULL, "N",
		"of a photograph's blur: at most so many pixels; not given: as many as it needs", false,
		AT(blind_size) },
	{ "blind-rounds", 0, RELUMINE_INTEGER, "10", 1, 10000, NULL, "N",
		"with a PSF to start from: how often 5 steps of the object and 5 of the PSF are done", false,
		AT(blind_rounds) },
	{ "save-psf", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"the PSF that --blind has found", false, AT(save_psf) },
	{ "method", 0, RELUMINE_CHOICE, NULL, 0, 0, METHODS, NULL,
		"Richardson-Lucy; one step in the Fourier domain; least squares with a prior or without; not "
		"given: rl; with --blind for a photograph fista", false, AT(method) },
	{ "iterations", 'i', RELUMINE_INTEGER, "100", 1, 100000, NULL, "N",
		"at most this many", false, AT(iterations) },
	{ "stop", 0, RELUMINE_CHOICE, "change", 0, 0, "auto|change|fixed", NULL,
		"change: see --tolerance; auto: where light that was held back is explained best; fixed: "
		"after --iterations", false, AT(stop) },
	{ "tolerance", 0, RELUMINE_NUMBER, NULL, 0, 1, NULL, "T",
		"with --stop change: end when the divergence (rl; not given: 0.02; rl-tv: 0.002) or the "
		"estimate (others; 0.001) changes by less than this share", false, AT(tolerance) },
	{ "acceleration", 0, RELUMINE_CHOICE, "heavy-ball", 0, 0, "none|heavy-ball|biggs-andrews", NULL,
		"how far each step runs ahead; begins anew when the divergence rises", false,
		AT(acceleration) },
	{ "border", 0, RELUMINE_CHOICE, "unknown", 0, 0, "unknown|periodic", NULL,
		"what is beyond the edge: light of its own, or the picture again", false, AT(border) },
	{ "background", 0, RELUMINE_NUMBER, NULL, -1e30, 1e30, NULL, "COUNTS",
		"even light that is no object, added to the model; not given: the estimate holds it", false,
		AT(background) },
	{ "offset", 0, RELUMINE_FILE_IN, "0", -1e30, 1e30, NULL, "counts",
		"what the camera says without light; of all pixels, or a map (this and the next)", false,
		AT(offset) },
	{ "gain", 0, RELUMINE_FILE_IN, NULL, 1e-6, 1e9, NULL, "electrons",
		"electrons for one count; not given: as the noise of the picture says, or 1", false, AT(gain) },
	{ "read-noise", 0, RELUMINE_FILE_IN, "0", 0, 1e6, NULL, "electrons",
		"noise of reading a pixel, root mean square", false, AT(read_noise) },
	{ "mask", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"pixels that are 0 here are not believed", false, AT(mask) },
	{ "saturation", 0, RELUMINE_NUMBER, "auto", 0, 1e30, "auto", "COUNTS",
		"pixels from here on are saturated and not believed; auto: the largest integer", false,
		AT(saturation) },
	{ "balance", 0, RELUMINE_NUMBER, NULL, 1e-12, 1e12, NULL, "K",
		"noise to signal of wiener, tikhonov, rif and ictm, relative to the largest |H|^2; not given: "
		"0.01, for ictm as the picture itself says", false, AT(balance) },
	{ "tv-weight", 'w', RELUMINE_NUMBER, NULL, 0, 1000, NULL, "W",
		"smoothness of fista, fista-wavelet, admm and hyper-laplacian, relative to the largest of "
		"|H'y|; of rl-tv: Dey's; not given: as much as the noise asks for", false, AT(tv_weight) },
	{ "exponent", 0, RELUMINE_CHOICE, "2/3", 0, 0, "2/3|1/2", NULL,
		"of hyper-laplacian's gradients: the smaller, the fewer and steeper", false, AT(exponent) },
	{ "compat", 0, RELUMINE_CHOICE, "none", 0, 0, "none|deconwolf", NULL,
		"as deconwolf 0.4.7 does it: its offset, least value, start and momentum, for comparisons",
		false, AT(compat) },
	{ "seed", 0, RELUMINE_INTEGER, "1", 0, 9e15, NULL, "N",
		"of the light that --stop auto holds back", false, AT(seed) },
	{ 0 }
};

/* What --compat deconwolf settles by itself, or does not know. */
static bool check_compat(const deconv_options *o, GError **err)
{
	const struct { const char *option; bool set; } all[] = {
		{ "--method", o->method > DECONV_RICHARDSON_LUCY }, { "--stop", o->stop == STOP_AUTO },
		{ "--acceleration", o->acceleration == RL_BIGGS_ANDREWS },
		{ "--border", o->border != RL_BORDER_UNKNOWN }, { "--background", !isnan(o->background) },
		{ "--offset", g_strcmp0(o->offset, "0") != 0 }, { "--gain", o->gain != NULL },
		{ "--read-noise", g_strcmp0(o->read_noise, "0") != 0 }, { "--mask", o->mask != NULL },
		{ "--saturation", o->saturation >= 0 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(all) && o->compat; i++)
		if (all[i].set) {
			error_set(err, RELUMINE_BAD_USAGE, all[i].option, "leave out the one or the other",
				"--compat deconwolf has it its own way");
			return false;
		}
	return true;
}

static bool check(const void *options, GError **err)
{
	const deconv_options *o = options;
	if (!deconv_check_psf(o, err) || !check_compat(o, err))
		return false;
	if (o->save_psf && !o->blind) {
		error_set(err, RELUMINE_BAD_USAGE, "--save-psf", "add --blind; `relumine psf make` makes "
			"others", "no PSF is searched for without --blind");
		return false;
	}
	if (o->method <= DECONV_RICHARDSON_LUCY || o->method == DECONV_RL_TV || o->stop != STOP_AUTO)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, "--stop", "use --stop change, or --method rl",
		"--stop auto holds light back, which --method rl and rl-tv alone can do");
	return false;
}

/* A kernel that was found has errors, which a method without a prior turns into ripples. */
static void settle(const task *t, void *options)
{
	deconv_options *o = options;
	bool photograph = deconv_finds_kernel(t) && !o->compat && o->stop != STOP_AUTO;
	if (o->method < 0)
		o->method = photograph ? DECONV_FISTA : DECONV_RICHARDSON_LUCY;
}

/*
 * Of integers that use their range, in gray or red, green and blue, and from no instrument that
 * tells its scale.  Cameras of 12 and 14 bits use at most a quarter of the 16 that files have.
 */
static bool is_photograph(const input *in)
{
	shape s = in->data->shape;
	return s.z == 1 && (s.c == 1 || s.c == 3) && !image_scale_known(in->scale) &&
		(double)vec_max_abs(in->data) > in->white / 4;
}

/* Options that were set, and that the method does not look at. */
static void warn_of_idle_options(const task *t)
{
	enum {
		RL_TV = 1 << DECONV_RL_TV, RL = 1 << DECONV_RICHARDSON_LUCY | RL_TV,
		UNSUPERVISED = 1 << DECONV_UNSUPERVISED,
		ICTM = 1 << DECONV_ICTM, HYPER = 1 << DECONV_HYPER_LAPLACIAN,
		BALANCED = 1 << DECONV_WIENER | 1 << DECONV_TIKHONOV | 1 << DECONV_RIF,
		DIRECT = BALANCED | UNSUPERVISED,
		PRIOR = 1 << DECONV_FISTA | 1 << DECONV_FISTA_WAVELET | 1 << DECONV_ADMM | HYPER |
			RL_TV
	};
	g_auto(GStrv) names = g_strsplit(METHODS, "|", -1);
	const deconv_options *o = t->options;
	const struct { const char *name; bool set; int methods; } all[] = {
		{ "tolerance", !isnan(o->tolerance), ~DIRECT }, { "stop", o->stop == STOP_FIXED, ~DIRECT },
		{ "acceleration", o->acceleration != RL_HEAVY_BALL, RL },
		{ "border", o->border != RL_BORDER_UNKNOWN, ~DIRECT },
		{ "balance", !isnan(o->balance), BALANCED | ICTM },
		{ "exponent", o->exponent != EXPONENT_TWO_THIRDS, HYPER },
		{ "tv-weight", !isnan(o->tv_weight), PRIOR },
	};
	if (o->blind_size != INT64_MIN && (!o->blind || deconv_has_start(t)))
		report_warn(t->report, "--blind-size has no effect without --blind, or with a PSF to start from");
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i].set && !(all[i].methods & 1 << o->method))
			report_warn(t->report, "--%s has no effect with --method %s", all[i].name,
				names[o->method]);
}

static bool (*const methods[])(task *, const deconv_data *, array *, GError **) = {
	[DECONV_RICHARDSON_LUCY] = deconv_richardson_lucy, [DECONV_WIENER] = deconv_wiener,
	[DECONV_TIKHONOV] = deconv_wiener, [DECONV_FISTA] = deconv_fista,
	[DECONV_FISTA_WAVELET] = deconv_fista, [DECONV_NNLS] = deconv_fista,
	[DECONV_ADMM] = deconv_admm, [DECONV_RIF] = deconv_wiener,
	[DECONV_UNSUPERVISED] = deconv_wiener, [DECONV_ICTM] = deconv_ictm,
	[DECONV_HYPER_LAPLACIAN] = deconv_hyper_laplacian, [DECONV_RL_TV] = deconv_richardson_lucy
};

static bool run(task *t, GError **err)
{
	const deconv_options *o = t->options;
	g_auto(deconv_data) d = { 0 };
	t->white = t->inputs[0].white;
	t->like_input = is_photograph(&t->inputs[0]);
	if (!task_step(t, "calibrate") || !deconv_prepare(t, &d, err) || !deconv_blind(t, &d, err) ||
	    !task_step(t, "reconstruct"))
		return false;
	warn_of_idle_options(t);
	shape s = d.y->shape, p = d.spreads[0].size;
	g_autoptr(array) result = array_new_picture(t->cpu, s);
	if (!device_ok(t->cpu, err) || !methods[o->method](t, &d, result, err)) {
		error_while(err, "deconv, %d x %d x %d pixels (x, y, z) with a PSF of %d x %d x %d", (int)s.x,
			(int)s.y, (int)s.z, (int)p.x, (int)p.y, (int)p.z);
		return false;
	}
	/* a background that was taken out has taken the shift with it */
	if (isnan(d.background) && d.shift > 0) {
		vec_shift(result, (float)-d.shift);
		vec_clamp(result, 0, INFINITY);
	}
	vec_scale(result, (float)(1 / d.scale));
	array_forget_all(result);
	t->result = g_steal_pointer(&result);
	t->scale = image_scale_copy(t->inputs[0].scale);
	return device_ok(t->cpu, err);
}

const modality command_deconv = {
	.command = {
		.name = "deconv",
		.summary = "undo a blur that is known or found, in 2-D or 3-D",
		.inputs = "PICTURE",
		.inputs_least = 1, .inputs_most = 1,
		.writes = true,
		.options = own_options,
		.examples =
			"relumine deconv stack.tif --psf psf.tif -o sharp.tif\n"
			"relumine deconv stack.tif --na 1.4 --wavelength 520 --voxel 100,100,300 -o sharp.tif\n"
			"relumine deconv photo.png --gaussian 2.1 -o sharp.png\n"
			"relumine deconv photo.png --blind -o sharp.png --save-psf blur.tif\n"
			"relumine deconv stack.tif --psf psf.tif --stop fixed --iterations 40 -o sharp.tif\n"
			"relumine deconv stack.tif --psf psf.tif --method wiener -o quick.tif\n",
		.description =
			"The picture is what the object became through the PSF, and each pixel counts light, so it "
			"has Poisson noise.  Richardson-Lucy climbs towards the object under which these counts are "
			"likeliest.  The object is worked out beyond the edges too, as far as it sends light into "
			"the picture, so that borders do not ring.\n"
			"--method fista or admm suit little light and even patches, ictm smooth objects and stacks, "
			"hyper-laplacian photographs, unsupervised a first look.\n"
			"It ends when the divergence of the counts from their model changes by less than "
			"--tolerance.  --stop auto goes on as long as that pays: a tenth of the light is held back, by "
			"chance, and the model of the rest predicts it better and better, until it begins to fit "
			"noise.  That is longer, for numbers more than for the eye.\n"
			"--blind without a PSF is for photographs that shake or a lens out of focus blurred all over "
			"alike: the blur is the one under which few steep edges explain the picture.  With a PSF to "
			"start from, object and PSF are found in turns.\n"
			"Values of a .tif or .npy are those of the picture: the same total light. A .png of a "
			"photograph of integers is as light as the photograph, if no --render option says "
			"otherwise.",
	},
	.options_size = sizeof(deconv_options),
	.reads_pictures = true,
	.takes_holes = true,
	.spills = true,
	.check = check,
	.settle = settle,
	.run = run,
};
