/* SPDX-License-Identifier: BSD-3-Clause */
/* stolt-taps.h - weights that take a spectrum's value between its samples */
#ifndef MATH_STOLT_TAPS_H
#define MATH_STOLT_TAPS_H

#include "core/array.h"

/*
 * Six taps around floor(k') and so many numbers each: the coefficients of a polynomial in
 * k' - floor(k') - 1/2.  A list for k_stolt, the caller's.
 */
array *stolt_taps(device *dev, bool linear);

/*
 * What these taps make of a signal: they multiply it with this window.  at: place in the period,
 * -1/4 .. 1/4, around the middle of the signal.
 */
double stolt_taps_gain(double at);

#endif
