/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv.h - options of `relumine deconv`, and what its parts hand to each other */
#ifndef MODE_DECONV_H
#define MODE_DECONV_H

#include "math/op.h"
#include "math/richardson-lucy.h"
#include "mode/modality.h"

enum deconv_method {
	DECONV_RICHARDSON_LUCY, DECONV_WIENER, DECONV_TIKHONOV, DECONV_FISTA, DECONV_FISTA_WAVELET,
	DECONV_NNLS, DECONV_ADMM, DECONV_RIF, DECONV_UNSUPERVISED
};
enum deconv_stop { STOP_AUTO, STOP_CHANGE, STOP_FIXED };
enum deconv_centre { CENTRE_AUTO, CENTRE_PEAK, CENTRE_MIDDLE };

typedef struct {
	char *psf, *gaussian, *motion, *voxel, *save_psf;
	bool blind;
	int64_t blind_size, blind_rounds;
	int method, acceleration, border, stop, centre, model;
	int64_t iterations, seed;
	double disk, na, wavelength, ni, background, offset, gain, read_noise, saturation, tolerance,
		balance, tv_weight;
} deconv_options;

/* A PSF that sums to 1, no larger than its picture can use, and the element a point comes to. */
typedef struct {
	array *psf;             /* (1, z, y, x), owned */
	position centre;
} deconv_spread;

/* Data and PSFs made ready; owned.  CPU. */
typedef struct {
	array *y;               /* (c, z, y, x), >= 0: electrons where the gain is given, else counts */
	array *weights;         /* as y, or NULL: 0 where y is saturated */
	int64_t frames;         /* points of time: z is so many stacks, one after the other */
	deconv_spread *spreads; /* one for all channels, or one for each */
	int64_t n_spreads;
	double background;      /* in units of y; NaN: the estimate holds it */
	double least;           /* the estimate does not fall below */
	double shift, scale;    /* y = scale (counts - offset) + shift */
} deconv_data;

/* Errors BAD_INPUT, MISMATCH, BAD_USAGE. */
bool deconv_prepare(const task *t, deconv_data *d, GError **err);
void deconv_data_clear(deconv_data *d);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(deconv_data, deconv_data_clear)

/* One point of time of a channel: a view. */
static inline array deconv_frame(const array *a, int64_t channel, int64_t frame, int64_t frames)
{
	int64_t slices = a->shape.z / frames;
	return array_slices(a, channel, frame * slices, slices);
}

static inline const deconv_spread *deconv_spread_of(const deconv_data *d, int64_t channel)
{
	return &d->spreads[channel < d->n_spreads ? channel : 0];
}

/*
 * The PSF that the options name, as it comes: for a picture of shape s, (1 or more channels, one
 * stack).  Several where channels differ: a list of array *, owned.  NULL and *err on failure.
 */
GPtrArray *deconv_psfs(const task *t, shape s, GError **err);

/*
 * --blind without a PSF to start from: one kernel for all channels, from the picture (see
 * stage/kernel.h), into d->spreads.  Errors BAD_USAGE, BAD_INPUT.
 */
bool deconv_blind_kernel(const task *t, deconv_data *d, GError **err);

/* --save-psf: those of d, its channels alike in size, each centred on its middle. */
void deconv_give_psf(task *t, const deconv_data *d);

/* Whether there is a PSF to start from. */
bool deconv_has_start(const task *t);

/* One stack, of a channel and a point of time, where it is computed. */
typedef struct {
	array y_here;                   /* a view of d->y; this and the next are on the CPU */
	const array *psf_here;
	array *y, *weights, *psf, *result;      /* views, where it is computed on the CPU */
	position centre;
	int64_t number, count;          /* of the stacks */
} deconv_stack;

/* Fills s->result.  tally: what the method adds up over stacks. */
typedef struct {
	bool (*solve)(task *t, const deconv_data *d, deconv_stack *s, void *tally, GError **err);
	void *tally;
} deconv_method;

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

/* fista's minimum by ADMM, with x on the whole grid. */
bool deconv_admm(task *t, const deconv_data *d, array *result, GError **err);

#endif
