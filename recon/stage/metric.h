/* SPDX-License-Identifier: BSD-3-Clause */
/* metric.h - how far one picture is from another */
#ifndef STAGE_METRIC_H
#define STAGE_METRIC_H

#include "core/array.h"

/*
 * All take two REAL arrays of one shape on the CPU, and work in double.  `reference` is the truth.
 * A picture of constant zero makes some of them NaN or infinite, as the formulas say.
 */

/* the mean squared difference */
double metric_mse(const array *picture, const array *reference);
double metric_psnr(double mse, double peak);            /* dB; infinite for equal pictures */
double metric_nrmse(const array *picture, const array *reference);      /* |a - b| / |b| */
double metric_max_difference(const array *picture, const array *reference);

enum metric_window { METRIC_UNIFORM, METRIC_GAUSSIAN };

/*
 * Structural similarity (Wang et al., IEEE Trans. Image Processing 2004), with the choices of
 * scikit-image: K1 = 0.01, K2 = 0.03, sample covariance, mean over all windows that lie inside,
 * then over channels; a uniform window of 7 x 7, or Gaussian weights of sigma 1.5 on 11 x 11.
 * Volumes are taken plane by plane.  `range` is the difference of the largest and smallest value
 * there can be.  NaN where the pictures are smaller than the window.  May fail for memory.
 */
double metric_ssim(const array *picture, const array *reference, double range,
	enum metric_window window, GError **err);

/* The factor s for which |s picture - reference| is least; 1 for a picture of zeros. */
double metric_best_scale(const array *picture, const array *reference);

/*
 * The shift (dy, dx), each at most `most`, after which picture(y + dy, x + dx) goes best with
 * reference(y, x): the largest correlation coefficient over where both are, channels and planes
 * summed up.
 */
void metric_best_shift(const array *picture, const array *reference, int64_t most, int64_t *dy,
	int64_t *dx);

#endif
