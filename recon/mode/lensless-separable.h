/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-separable.h - `relumine lensless` for separable masks: Y = L X R' */
#ifndef MODE_LENSLESS_SEPARABLE_H
#define MODE_LENSLESS_SEPARABLE_H

#include "math/solve.h"
#include "mode/lensless.h"

/* Whether options go with each other, of a call with --left, --right or an option for these. */
bool separable_check(const lensless_options *o, GError **err);

/*
 * Dark level, flat field, Bayer planes, crop to the matrices, means, scale, singular values: all of
 * `d` but the PSF.  BAD_INPUT for matrices of zeros, MISMATCH where sizes or channels do not fit.
 */
bool separable_prepare(const task *t, lensless_data *d, GError **err);

/* |A|^2 of a channel's X -> L X R'. */
double separable_gain(const lensless_data *d, int64_t channel);

/*
 * argmin |L X R' - Y|^2 + lambda |X|^2, then X >= 0 (Asif et al., "FlatCam", 2017, equation 8).
 * result: (c of d->b, 1, columns of L, columns of R), on the CPU.
 */
bool lensless_tikhonov(task *t, const lensless_data *d, array *result, GError **err);

/* The mu of the split below. */
double separable_penalty(const lensless_data *d);

/* What solve_split wants of a channel, on `dev`; owned. */
typedef struct {
	array *start;
	linop *pull;
	data_step step;
} separable_split;
bool separable_split_load(separable_split *s, const lensless_data *d, int64_t channel, device *dev,
	GError **err);
void separable_split_clear(separable_split *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(separable_split, separable_split_clear)

/* Of the four planes of a Bayer sensor: red, the mean of the greens, blue.  Takes `planes`. */
array *separable_colour(array *planes);

#endif
