/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless.h - options of `relumine lensless`, and what its parts hand to each other */
#ifndef MODE_LENSLESS_H
#define MODE_LENSLESS_H

#include "mode/modality.h"

enum lensless_method {
	METHOD_ADMM, METHOD_WIENER, METHOD_FISTA, METHOD_NESTEROV, METHOD_GRADIENT
};
enum lensless_compat { COMPAT_NONE, COMPAT_TUTORIAL, COMPAT_LENSLESSPICAM };
enum lensless_prior { PRIOR_TV, PRIOR_NLM };
enum lensless_background { BACKGROUND_AUTO, BACKGROUND_FIT, BACKGROUND_NONE };
enum lensless_dark { DARK_AUTO, DARK_CORNER, DARK_NONE };

typedef struct {
	char *psf, *dark_frame, *flat;
	int method, compat, dark, tv, bayer, flip;
	int64_t downsample, iterations, rotate;
	double dark_level, tv_weight, tau, tolerance, mu1, mu2, mu3, wiener, psf_threshold,
		highlights, chroma_weight, noise;
	int mu, background, order, prior;
	bool bgr;
} lensless_options;

/* Capture and PSF made ready; owned. */
typedef struct {
	array *b;               /* (c, 1, y, x): scaled by 1 / b_scale, on the CPU */
	array *psf;             /* (1 or c, z, y, x): L2 norm 1 */
	bool noisy;             /* the PSF was: see psf_faint_correlation */
	double b_scale;         /* capture's units for 1 in b */
	double psf_sum;         /* of the scaled PSF, mean over channels, depths */
	shape grid;             /* one channel: what the scene is worked out on */
} lensless_data;

/* Dark, flat, colour, size and scale; errors BAD_INPUT, MISMATCH. */
bool lensless_prepare(const task *t, lensless_data *d, GError **err);
/*
 * Whether a constant is fitted beside the scene.  A PSF without noise explains haze by itself, and
 * volumes bring up too much of it.
 */
bool lensless_fits_background(const task *t, const lensless_data *d);
void lensless_data_clear(lensless_data *d);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(lensless_data, lensless_data_clear)

#endif
