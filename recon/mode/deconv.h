/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv.h - options of `relumine deconv`, and what its parts hand to each other */
#ifndef MODE_DECONV_H
#define MODE_DECONV_H

#include "math/op.h"
#include "mode/modality.h"

enum deconv_method { DECONV_RICHARDSON_LUCY, DECONV_WIENER, DECONV_TIKHONOV };
enum deconv_stop { STOP_AUTO, STOP_CHANGE, STOP_FIXED };
enum deconv_centre { CENTRE_AUTO, CENTRE_PEAK, CENTRE_MIDDLE };

typedef struct {
	char *psf, *motion;
	int method, acceleration, border, stop, centre, compat;
	int64_t iterations, seed;
	double gaussian, disk, background, offset, gain, read_noise, saturation, tolerance, balance;
} deconv_options;

/* Data and PSF made ready; owned.  CPU. */
typedef struct {
	array *y;               /* (c, z, y, x), >= 0: photo-electrons where gain is given, else counts */
	array *weights;         /* as y, or NULL: 0 where y is saturated */
	array *psf;             /* (1 or c, z, y, x), each channel sums to 1, not larger than needed */
	position centre;        /* of the PSF */
	double background;      /* in units of y; NaN: the estimate holds it */
	double least;           /* the estimate does not fall below */
	double shift, scale;    /* y = scale (counts - offset) + shift */
} deconv_data;

/* Errors BAD_INPUT, MISMATCH, BAD_USAGE. */
bool deconv_prepare(const task *t, deconv_data *d, GError **err);
void deconv_data_clear(deconv_data *d);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(deconv_data, deconv_data_clear)

/* result: as d->y, on the CPU, in its units. */
bool deconv_richardson_lucy(task *t, const deconv_data *d, array *result, GError **err);
bool deconv_wiener(task *t, const deconv_data *d, array *result, GError **err);

#endif
