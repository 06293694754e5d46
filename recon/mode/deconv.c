/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv.c - `relumine deconv`: a sharp picture or stack from a blurred one */
#include "mode/deconv.h"

#include <math.h>
#include "core/error.h"
#include "math/richardson-lucy.h"
#include "math/vec.h"

#define DEFAULT_BALANCE 0.01
#define METHODS "rl|wiener|tikhonov|fista|fista-wavelet|nnls|admm|rif|unsupervised"
#define AT(field) OPTION_AT(deconv_options, field)

static const relumine_option own_options[] = {
	{ "psf", 'p', RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE",
		"the point spread function: what one point of light becomes", false, AT(psf) },
	{ "gaussian", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "SIGMA[,Z]",
		"in place of --psf: a Gaussian of so many pixels, and planes", false, AT(gaussian) },
	{ "disk", 0, RELUMINE_NUMBER, NULL, 0.1, 2000, NULL, "RADIUS",
		"in place of --psf: a lens out of focus, pixels", false, AT(disk) },
	{ "motion", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "LENGTH,ANGLE",
		"in place of --psf: a straight movement; pixels, degrees from right towards the top", false,
		AT(motion) },
	{ "na", 0, RELUMINE_NUMBER, NULL, 0.001, 4, NULL, "NA",
		"of a microscope, whose PSF is worked out: numerical aperture; this and the next: not given, "
		"the file's own", false, AT(na) },
	{ "wavelength", 0, RELUMINE_NUMBER, NULL, 1, 1e6, NULL, "nm", "of the light", false,
		AT(wavelength) },
	{ "ni", 0, RELUMINE_NUMBER, NULL, 1, 4, NULL, "index", "refractive index of the immersion", false,
		AT(ni) },
	{ "voxel", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z", "size of a voxel in nm", false,
		AT(voxel) },
	{ "model", 0, RELUMINE_CHOICE, NULL, 0, 0, "born-wolf|scalar|gibson-lanni|richards-wolf", NULL,
		"of the microscope; more with `relumine psf make`; not given: born-wolf", false, AT(model) },
	{ "blind", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"the PSF is found too: of a photograph from nothing, else from the PSF given", false,
		AT(blind) },
	{ "blind-size", 0, RELUMINE_INTEGER, NULL, 3, 255, NULL, "N",
		"of a photograph's blur: at most so many pixels; not given: as many as it needs", false,
		AT(blind_size) },
	{ "save-psf", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"the PSF that --blind has found", false, AT(save_psf) },
	{ "method", 0, RELUMINE_CHOICE, "rl", 0, 0, METHODS, NULL,
		"Richardson-Lucy; one step in the Fourier domain; least squares with a prior or without", false,
		AT(method) },
	{ "iterations", 'i', RELUMINE_INTEGER, "100", 1, 100000, NULL, "N",
		"at most this many", false, AT(iterations) },
	{ "stop", 0, RELUMINE_CHOICE, "change", 0, 0, "auto|change|fixed", NULL,
		"change: see --tolerance; auto: where light that was held back is explained best; fixed: "
		"after --iterations", false, AT(stop) },
	{ "tolerance", 0, RELUMINE_NUMBER, NULL, 0, 1, NULL, "T",
		"with --stop change: end when the divergence (rl; not given: 0.02) or the estimate (others; "
		"0.001) changes by less than this share", false,
		AT(tolerance) },
	{ "acceleration", 0, RELUMINE_CHOICE, "heavy-ball", 0, 0, "none|heavy-ball|biggs-andrews", NULL,
		"how far each step runs ahead; begins anew when the divergence rises", false,
		AT(acceleration) },
	{ "border", 0, RELUMINE_CHOICE, "unknown", 0, 0, "unknown|periodic", NULL,
		"what is beyond the edge: light of its own, or the picture again", false, AT(border) },
	{ "background", 0, RELUMINE_NUMBER, NULL, -1e30, 1e30, NULL, "COUNTS",
		"even light that is no object, added to the model; not given: the estimate holds it", false,
		AT(background) },
	{ "offset", 0, RELUMINE_NUMBER, "0", -1e30, 1e30, NULL, "COUNTS",
		"what the camera says without light", false, AT(offset) },
	{ "gain", 0, RELUMINE_NUMBER, NULL, 1e-6, 1e9, NULL, "electrons",
		"electrons for one count; not given: as the noise of the picture says, or 1", false, AT(gain) },
	{ "read-noise", 0, RELUMINE_NUMBER, "0", 0, 1e6, NULL, "electrons",
		"noise of reading a pixel, root mean square", false, AT(read_noise) },
	{ "saturation", 0, RELUMINE_NUMBER, "auto", 0, 1e30, "auto", "COUNTS",
		"pixels from here on are saturated and not believed; auto: the largest integer", false,
		AT(saturation) },
	{ "psf-centre", 0, RELUMINE_CHOICE, "auto", 0, 0, "auto|peak|middle", NULL,
		"which pixel of the PSF a point comes to: auto and peak: the brightest", false, AT(centre) },
	{ "balance", 0, RELUMINE_NUMBER, "0.01", 1e-12, 1e12, NULL, "K",
		"noise to signal of wiener, tikhonov and rif, relative to the largest |H|^2", false,
		AT(balance) },
	{ "tv-weight", 'w', RELUMINE_NUMBER, NULL, 0, 1000, NULL, "W",
		"smoothness of fista, fista-wavelet and admm, relative to the largest of |H'y|; not given: as "
		"much as the noise asks for", false, AT(tv_weight) },
	{ "seed", 0, RELUMINE_INTEGER, "1", 0, 9e15, NULL, "N",
		"of the light that --stop auto holds back", false, AT(seed) },
	{ 0 }
};

static bool check(const void *options, GError **err)
{
	const deconv_options *o = options;
	int given = (o->psf != NULL) + (o->gaussian != NULL) + !isnan(o->disk) + (o->motion != NULL);
	if (given > 1) {
		error_set(err, RELUMINE_BAD_USAGE, "--psf", "leave out all but one of --psf, --gaussian, "
			"--disk and --motion", "the PSF is given %d times", given);
		return false;
	}
	if (!o->blind && (o->save_psf || o->blind_size != INT64_MIN)) {
		error_set(err, RELUMINE_BAD_USAGE, o->save_psf ? "--save-psf" : "--blind-size",
			"add --blind; `relumine psf make` makes others", "no PSF is searched for without --blind");
		return false;
	}
	if (o->method == DECONV_RICHARDSON_LUCY || o->stop != STOP_AUTO)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, "--stop", "use --stop change, or --method rl",
		"--stop auto holds light back, which --method rl alone can do");
	return false;
}

/* Options that were set, and that the method does not look at. */
static void warn_of_idle_options(const task *t)
{
	enum {
		RL = 1 << DECONV_RICHARDSON_LUCY, UNSUPERVISED = 1 << DECONV_UNSUPERVISED,
		BALANCED = 1 << DECONV_WIENER | 1 << DECONV_TIKHONOV | 1 << DECONV_RIF,
		DIRECT = BALANCED | UNSUPERVISED,
		PRIOR = 1 << DECONV_FISTA | 1 << DECONV_FISTA_WAVELET | 1 << DECONV_ADMM
	};
	g_auto(GStrv) names = g_strsplit(METHODS, "|", -1);
	const deconv_options *o = t->options;
	const struct { const char *name; bool set; int methods; } all[] = {
		{ "tolerance", !isnan(o->tolerance), ~DIRECT }, { "stop", o->stop == STOP_FIXED, ~DIRECT },
		{ "acceleration", o->acceleration != RL_HEAVY_BALL, RL },
		{ "border", o->border != RL_BORDER_UNKNOWN, ~DIRECT },
		{ "balance", o->balance != DEFAULT_BALANCE, BALANCED },
		{ "tv-weight", !isnan(o->tv_weight), PRIOR },
	};
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
	[DECONV_UNSUPERVISED] = deconv_wiener
};

static bool run(task *t, GError **err)
{
	const deconv_options *o = t->options;
	g_auto(deconv_data) d = { 0 };
	if (!task_step(t, "calibrate") || !deconv_prepare(t, &d, err) || !task_step(t, "reconstruct"))
		return false;
	warn_of_idle_options(t);
	shape s = d.y->shape, p = d.spreads[0].psf->shape;
	g_autoptr(array) result = array_new(t->cpu, REAL, s);
	if (!device_ok(t->cpu, err) || !methods[o->method](t, &d, result, err)) {
		error_while(err, "deconv, %d x %d x %d pixels (x, y, z) with a PSF of %d x %d x %d", (int)s.x,
			(int)s.y, (int)s.z, (int)p.x, (int)p.y, (int)p.z);
		return false;
	}
	/* a background that was taken out has taken the shift with it */
	if (isnan(d.background))
		vec_shift(result, (float)-d.shift);
	vec_scale(result, (float)(1 / d.scale));
	if (o->save_psf)
		deconv_give_psf(t, &d);
	t->result = g_steal_pointer(&result);
	t->scale = image_scale_copy(t->inputs[0].scale);
	return device_ok(t->cpu, err);
}

const modality command_deconv = {
	.command = {
		.name = "deconv",
		.summary = "undo a known blur, in 2-D or 3-D",
		.inputs = "PICTURE",
		.inputs_least = 1, .inputs_most = 1,
		.writes = true,
		.options = own_options,
		.examples =
			"relumine deconv stack.tif --psf psf.tif -o sharp.tif\n"
			"relumine deconv stack.tif --na 1.4 --wavelength 520 --voxel 100,100,300 -o sharp.tif\n"
			"relumine deconv photo.png --gaussian 2.1 -o sharp.png\n"
			"relumine deconv stack.tif --psf psf.tif --stop fixed --iterations 40 -o sharp.tif\n"
			"relumine deconv stack.tif --psf psf.tif --method wiener -o quick.tif\n",
		.description =
			"The picture is what the object became through the PSF, and each pixel counts light, so it "
			"has Poisson noise.  Richardson-Lucy climbs towards the object under which these counts are "
			"likeliest.  The object is worked out beyond the edges too, as far as it sends light into "
			"the picture, so that borders do not ring.\n"
			"--method fista or admm suit little light and even patches, unsupervised a first look.\n"
			"It ends when the divergence of the counts from their model changes by less than "
			"--tolerance.  --stop auto goes on as long as that pays: a tenth of the light is held back, by "
			"chance, and the model of the rest predicts it better and better, until it begins to fit "
			"noise.  That is longer, for numbers more than for the eye.\n"
			"Values of a .tif or .npy are those of the picture: the same total light.",
	},
	.options_size = sizeof(deconv_options),
	.reads_pictures = true,
	.check = check,
	.run = run,
};
