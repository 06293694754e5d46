/* SPDX-License-Identifier: BSD-3-Clause */
/* fft.h - real Fourier transforms of planes and volumes, un-normalised */
#ifndef MATH_FFT_H
#define MATH_FFT_H

#include "core/array.h"

typedef struct fft fft;

/*
 * A plan.  axes 2: every (y, x) plane by itself; axes 3: every (z, y, x) volume.  Of `s` the
 * channel count (and with axes 2 the depth) does not matter: arrays of any number of them do.
 * Never NULL; a failure sticks to the device.  Free with fft_free.
 */
fft *fft_new(device *dev, shape s, int axes);
void fft_free(fft *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fft, fft_free)

/*
 * From now on the first `rows` rows of each plane alone count: others are zeros on the way in, and
 * hold nothing on the way out.  On OpenCL what comes in must have those zeros.  axes 2.
 */
void fft_window(fft *f, int64_t rows);

/* Spectra have shape (c, z, y, x / 2 + 1): x is the halved axis. */
shape fft_spectrum_shape(shape s);

/* spectrum = F image;  image: REAL, spectrum: COMPLEX */
void fft_forward(fft *f, array *spectrum, const array *image);

/* image = F^-1 spectrum times the number of elements; may overwrite the spectrum */
void fft_inverse(fft *f, array *image, array *spectrum);

/* The smallest even 2^a 3^b 5^c 7^d >= n (n >= 1), for padding. */
int64_t fft_good_size(int64_t n);

#endif
