/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv.h - options of `relumine deconv`, and what its parts hand to each other */
#ifndef MODE_DECONV_H
#define MODE_DECONV_H

#include "math/op.h"
#include "math/richardson-lucy.h"
#include "mode/modality.h"

enum deconv_method {
	DECONV_RICHARDSON_LUCY, DECONV_WIENER, DECONV_TIKHONOV, DECONV_FISTA, DECONV_FISTA_WAVELET,
	DECONV_NNLS, DECONV_ADMM, DECONV_RIF, DECONV_UNSUPERVISED,
	DECONV_ICTM, DECONV_HYPER_LAPLACIAN, DECONV_RL_TV
};
enum deconv_stop { STOP_AUTO, STOP_CHANGE, STOP_FIXED };
enum deconv_exponent { EXPONENT_TWO_THIRDS, EXPONENT_HALF };
enum deconv_compat { COMPAT_NONE, COMPAT_DECONWOLF };
enum deconv_centre { CENTRE_AUTO, CENTRE_PEAK, CENTRE_MIDDLE };

typedef struct {
	char *psf, *gaussian, *motion, *voxel, *psf_voxel, *save_psf;
	char *offset, *gain, *read_noise, *mask;        /* the first three: a number, or a file's name */
	int method, acceleration, border, stop, centre, model, compat,
		exponent;
	bool blind;
	int64_t blind_size, blind_rounds;
	int64_t iterations, seed;
	bool flip_z;
	double disk, na, wavelength, ni, ns, depth, background, saturation, tolerance, balance, tv_weight;
} deconv_options;

/* The rows of the PSF in a command's table; its record begins with deconv_options. */
#define DECONV_AT(field) OPTION_AT(deconv_options, field)
#define DECONV_PSF_ROWS \
	{ "psf", 'p', RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE", \
		"the point spread function: what one point of light becomes", false, DECONV_AT(psf) }, \
	{ "psf-centre", 0, RELUMINE_CHOICE, "auto", 0, 0, "auto|peak|middle", NULL, \
		"which pixel of the PSF a point comes to: auto and peak: the brightest", false, \
		DECONV_AT(centre) }, \
	{ "psf-voxel", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z", \
		"size of the PSF's voxels in nm, not given: as its file says; resampled to the picture's", \
		false, DECONV_AT(psf_voxel) }, \
	{ "gaussian", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "SIGMA[,Z]", \
		"in place of --psf: a Gaussian of so many pixels, and planes", false, DECONV_AT(gaussian) }, \
	{ "disk", 0, RELUMINE_NUMBER, NULL, 0.1, 2000, NULL, "RADIUS", \
		"in place of --psf: a lens out of focus, pixels", false, DECONV_AT(disk) }, \
	{ "motion", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "LENGTH,ANGLE", \
		"in place of --psf: a straight movement; pixels, degrees from right towards the top", false, \
		DECONV_AT(motion) }, \
	{ "na", 0, RELUMINE_NUMBER, NULL, 0.001, 4, NULL, "NA", \
		"of a microscope, whose PSF is worked out: numerical aperture; this and the next: not given, " \
		"the file's own", false, DECONV_AT(na) }, \
	{ "wavelength", 0, RELUMINE_NUMBER, NULL, 1, 1e6, NULL, "nm", "of the light", false, \
		DECONV_AT(wavelength) }, \
	{ "ni", 0, RELUMINE_NUMBER, NULL, 1, 4, NULL, "index", "refractive index of the immersion", \
		false, DECONV_AT(ni) }, \
	{ "voxel", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z", "size of a voxel in nm", false, \
		DECONV_AT(voxel) }, \
	{ "model", 0, RELUMINE_CHOICE, NULL, 0, 0, "born-wolf|scalar|gibson-lanni|richards-wolf", NULL, \
		"of the microscope; more with `relumine psf make`; not given: born-wolf", false, \
		DECONV_AT(model) }, \
	{ "depth", 0, RELUMINE_NUMBER, NULL, 0, 1e8, NULL, "nm", \
		"with gibson-lanni: of the object below the cover glass", false, DECONV_AT(depth) }, \
	{ "ns", 0, RELUMINE_NUMBER, NULL, 1, 4, NULL, "index", \
		"with gibson-lanni: refractive index of the specimen; not given: 1.33", false, \
		DECONV_AT(ns) }, \
	{ "flip-z", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL, \
		"with gibson-lanni: the first plane is nearest to the lens, not the last", false, \
		DECONV_AT(flip_z) }

/* A PSF that sums to 1, no larger than its picture can use, and the element a point comes to. */
typedef struct {
	array *psf;             /* (1, z, y, x), owned; NULL when the next has taken its place */
	position centre;
	shape size;             /* of psf */
	rl_blur *blur;          /* owned: made by Richardson-Lucy, for every stack it serves */
} deconv_spread;

/* Data and PSFs made ready; owned.  CPU. */
typedef struct {
	array *y;               /* (c, z, y, x), >= 0: electrons where the gain is given, else counts */
	array *weights;         /* as y, or NULL: 1, and 0 where y is not to be believed */
	array *offset;          /* as y, or NULL: what each pixel's own noise adds to the model */
	int64_t frames;         /* points of time: z is so many stacks, one after the other */
	deconv_spread *spreads; /* one for all channels, or one for each */
	int64_t n_spreads;
	double background;      /* in units of y; NaN: the estimate holds it */
	double *least;          /* of each channel, owned: the estimate does not fall below */
	double saturation;      /* y of a pixel that is saturated, or infinity */
	double shift, scale;    /* y = scale (counts - the camera's offset) + shift, and + offset */
	distances apart;          /* of voxels, over the smallest lateral distance */
} deconv_data;

/* Errors BAD_INPUT, MISMATCH, BAD_USAGE. */
bool deconv_prepare(const task *t, deconv_data *d, GError **err);

/* Its parts: all but the PSFs, and those for the y and frames that d has. */
bool deconv_take_counts(const task *t, deconv_data *d, GError **err);
bool deconv_take_psfs(const task *t, deconv_data *d, GError **err);
void deconv_data_clear(deconv_data *d);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(deconv_data, deconv_data_clear)

/* One point of time of a channel: a view. */
static inline array deconv_frame(const array *a, int64_t channel, int64_t frame, int64_t frames)
{
	int64_t slices = a->shape.z / frames;
	return array_slices(a, channel, frame * slices, slices);
}

static inline deconv_spread *deconv_spread_of(const deconv_data *d, int64_t channel)
{
	return &d->spreads[channel < d->n_spreads ? channel : 0];
}

/*
 * The PSF that the options name, as it comes: for a picture of shape s, (1 or more channels, one
 * stack).  Several where channels differ: a list of array *, owned.  NULL and *err on failure.
 */
GPtrArray *deconv_psfs(const task *t, shape s, GError **err);

/* Whether there is a PSF to start from; and whether --blind has to do without. */
bool deconv_has_start(const task *t);
bool deconv_finds_kernel(const task *t);

/*
 * --blind without a PSF to start from: one kernel for all channels, from the picture (see
 * stage/kernel.h), into d->spreads.  Errors BAD_USAGE, BAD_INPUT, MISMATCH.
 */
bool deconv_blind_kernel(const task *t, deconv_data *d, GError **err);

/*
 * --blind with one: each channel's PSF, in its box, and object in turns by Richardson-Lucy (Holmes,
 * J. Opt. Soc. Am. A 9, 1992; Fish and others, ibid. 12, 1995).  d->spreads become one a channel.
 */
bool deconv_alternate(const task *t, deconv_data *d, GError **err);

/* What --blind has to do when data and PSFs are ready, and --save-psf. */
bool deconv_blind(task *t, deconv_data *d, GError **err);

/* Whether the options of the PSF fit together.  BAD_USAGE. */
bool deconv_check_psf(const deconv_options *o, GError **err);

/* Elements [first, end) of all channels, on the CPU; the caller's. */
array *deconv_part(const array *a, position first, position end);

/* --compat deconwolf: counts and the PSF (before it is normalised) as that program takes them. */
bool deconwolf_take_counts(const task *t, deconv_data *d, GError **err);
void deconwolf_crop(deconv_spread *a);

/* Sizes of voxels, in nm, of the picture and of the PSF's file; NaN: not known.  BAD_USAGE. */
bool deconv_voxel(const task *t, double voxel[3], GError **err);
bool deconv_psf_voxel(const task *t, const image_scale *of_file, double voxel[3], GError **err);

/* One stack, of a channel and a point of time, where it is computed. */
typedef struct {
	/* views of d's; these and the next are on the CPU */
	array y_here, weights_here;     /* no weights: not set */
	deconv_spread *spread;          /* borrowed */
	/* views, where it is computed on the CPU; psf: NULL where a blur has taken its place */
	array *y, *weights, *offset, *psf, *result;
	position centre;
	int64_t number, count;          /* of the stacks */
} deconv_stack;

/* Fills s->result.  tally: what the method adds up over stacks. */
typedef struct {
	bool (*solve)(task *t, const deconv_data *d, deconv_stack *s, void *tally, GError **err);
	void *tally;
} deconv_method;

/* Note how many iterations there were, the most of any stack, and what ended them. */
void deconv_tell_end(const task *t, int64_t iterations);

/* A method on each stack of d, into result. */
bool deconv_each(task *t, const deconv_data *d, array *result, const deconv_method *method,
	GError **err);

/*
 * Noise over signal, where the object has a power of signal / penalty at each frequency and y is
 * what |H|^2 = blur leaves of it, with white noise: the ratio under which y is likeliest.  Where
 * the penalty is 0 nothing is known.  blur, penalty: of half the grid, as gradient_spectrum's.
 */
double deconv_likeliest(const task *t, const array *y, shape grid, const array *blur,
	const array *penalty);

/*
 * y = H x with the unknown beyond the borders: the estimate of a layout onto its window (see
 * math/richardson-lucy.h).  The caller's.
 */
linop *deconv_model(device *dev, const rl_geometry *g, const array *psf, position centre);

/* result: as d->y, on the CPU, in its units. */
bool deconv_richardson_lucy(task *t, const deconv_data *d, array *result, GError **err);
bool deconv_wiener(task *t, const deconv_data *d, array *result, GError **err);

/*
 * 1/2 |W (H x + background - y)|^2 + lambda g(x), W the weights and H as Richardson-Lucy has it, by
 * FISTA: g is TV with x >= 0 (fista), |details of Haar wavelets|_1 (fista-wavelet; negative values
 * become 0 at the end) or 0 with x >= 0 (nnls).
 */
bool deconv_fista(task *t, const deconv_data *d, array *result, GError **err);

/* The Laplacian's square in g's place, x >= 0: iterative constrained Tikhonov-Miller. */
bool deconv_ictm(task *t, const deconv_data *d, array *result, GError **err);

/* fista's minimum by ADMM, with x on the whole grid. */
bool deconv_admm(task *t, const deconv_data *d, array *result, GError **err);

/* By ADMM, with g the sum of |gradient|^(2/3) or ^(1/2), as those of photographs are spread. */
bool deconv_hyper_laplacian(task *t, const deconv_data *d, array *result, GError **err);

#endif
