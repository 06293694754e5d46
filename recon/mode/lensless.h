/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless.h - options of `relumine lensless`, and what its parts hand to each other */
#ifndef MODE_LENSLESS_H
#define MODE_LENSLESS_H

#include "mode/modality.h"

enum lensless_method {
	METHOD_ADMM, METHOD_WIENER, METHOD_FISTA, METHOD_NESTEROV, METHOD_GRADIENT, METHOD_TIKHONOV
};
enum lensless_compat { COMPAT_NONE, COMPAT_TUTORIAL, COMPAT_LENSLESSPICAM, COMPAT_FLATCAM };
enum lensless_prior { PRIOR_TV, PRIOR_NLM };
enum lensless_background { BACKGROUND_AUTO, BACKGROUND_FIT, BACKGROUND_NONE };
enum lensless_dark { DARK_AUTO, DARK_CORNER, DARK_NONE };

typedef struct {
	char *psf, *dark_frame, *flat, *left, *right;
	int method, compat, dark, tv, bayer, flip;
	int64_t downsample, iterations, rotate;
	double dark_level, tv_weight, tau, tolerance, mu1, mu2, mu3, wiener, psf_threshold,
		highlights, chroma_weight, noise, tikhonov;
	int mu, background, order, prior, means;
	bool bgr;
} lensless_options;

enum lensless_means { MEANS_SUBTRACT, MEANS_KEEP };

/*
 * Capture and PSF made ready; owned.  With a separable mask there is no PSF, and the mask's two
 * matrices in its place.
 */
typedef struct {
	array *b;               /* (c, 1, y, x): scaled by 1 / b_scale, on the CPU */
	array *psf;             /* (1 or c, z, y, x): L2 norm 1 */
	bool noisy;             /* the PSF was: see psf_faint_correlation */
	double b_scale;         /* capture's units for 1 in b */
	double psf_sum;         /* of the scaled PSF, mean over channels, depths; matrices: the product
				 * of what both were scaled by */
	shape grid;             /* one channel: what the scene is worked out on */
	array *left, *right;    /* (1 or c, 1, rows, columns), scaled by one number each, on the CPU */
	GPtrArray *left_svd, *right_svd;        /* svd *, one for each channel of these */
	double gain;            /* the largest (s of left, s of right)^2 of all channels */
} lensless_data;

/* Dark, flat, colour, size and scale; errors BAD_INPUT, MISMATCH. */
bool lensless_prepare(const task *t, lensless_data *d, GError **err);
/*
 * Whether a constant is fitted beside the scene.  A PSF without noise explains haze by itself, and
 * volumes bring up too much of it.
 */
bool lensless_fits_background(const task *t, const lensless_data *d);
/* Captures that nowhere reach this are dark: smaller numbers are flushed to zero on the way. */
#define LEAST_LIGHT 1e-36
/* Parts of it: the flat field divided out of the capture; b scaled by its largest value (or what
 * --compat says), to 0 where nothing reaches `least`. */
bool lensless_even(const task *t, array *b, GError **err);
void lensless_scale(const task *t, lensless_data *d, double least);
void lensless_data_clear(lensless_data *d);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(lensless_data, lensless_data_clear)

#endif
