/* SPDX-License-Identifier: BSD-3-Clause */
/* fourier.h - what one transform each way can do for a convolution seen through a window */
#ifndef MATH_FOURIER_H
#define MATH_FOURIER_H

#include "core/array.h"

/*
 * All: one channel, REAL unless said; grid: even or odd, at least as large as what goes onto it;
 * the window is its upper left corner.
 */

/* Spectrum of a PSF (h x w) on a grid: its pixel (P - h) / 2 - P / 2 (mod P, halves rounded down)
 * comes to the origin, as when it is padded in the middle and rolled by -(P / 2).  NULL and *err
 * on failure. */
array *psf_spectrum(const array *psf, shape grid, GError **err);

/* The largest |M' C' b|: how strongly any one scene pixel can explain the data b. */
double fourier_correlation_peak(const array *b, const array *h, shape grid);

/* max |h|^2: the largest gain of M'M */
double fourier_gain(const array *h);

/* result = C F^-1 [ conj(h) F C'b / (|h|^2 + noise max |h|^2) ] */
void fourier_wiener(array *result, const array *b, const array *h, shape grid, double noise);

#endif
