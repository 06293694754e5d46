/* SPDX-License-Identifier: BSD-3-Clause */
/* noise.h - how a camera's noise grows with its signal, told from one picture */
#ifndef STAGE_NOISE_H
#define STAGE_NOISE_H

#include "core/array.h"

/*
 * Electrons for one count, from the variance of what is finer than the picture's own detail against
 * the mean around it: photons are Poisson, so the slope is 1 / gain (the photon transfer curve:
 * Janesick 2007).  NaN where brightness varies too little, or noise does not grow with it.  CPU.
 * NaN and *err without memory.
 */
double noise_gain(const array *a, GError **err);

/*
 * The standard deviation of noise that is the same everywhere: the median of what is finer than the
 * picture's own detail (Donoho and Johnstone, Biometrika 81, 1994).  Left out are pixels beside one
 * of weight < 1 (weights NULL: none), and those that differ from their neighbours in nothing, as
 * clipped ones do; 0 where no more are left.  CPU.  NaN and *err without memory.
 */
double noise_deviation(const array *a, const array *weights, GError **err);

#endif
