/* SPDX-License-Identifier: BSD-3-Clause */
/* op.h - the linear operators of image formation.  All work on REAL arrays (c, z, y, x). */
#ifndef MATH_OP_H
#define MATH_OP_H

#include "math/fft.h"
#include "math/halo.h"
#include "math/linop.h"

typedef struct { int64_t z, y, x; } position;

/* How far apart neighbours are on each axis, for differences: relative lengths, > 0. */
typedef struct { double z, y, x; } distances;

/* Where a `const distances *` is asked for, NULL is 1 on all axes. */
static inline distances distances_of(const distances *d)
{
	return d ? *d : (distances){ 1, 1, 1 };
}

/* The same picture again. */
linop *linop_identity(device *dev, shape s);

/*
 * Pixel by pixel: y = w x.  weights: the shape `s`, or one channel of it for all channels.
 * Takes `weights`.
 */
linop *linop_mask(array *weights, shape s);

/*
 * A window of shape `small` at offset `at` of pictures of shape `large` (same channels).
 * The adjoint puts the window into a picture of zeros.
 */
linop *linop_crop(device *dev, shape small, shape large, position at);
/* The transpose: `small` into `large`. */
linop *linop_pad(device *dev, shape small, shape large, position at);
/* Where a window stands in the middle: (large - small) / 2, rounded down, on each axis. */
position window_centre(shape small, shape large);

/*
 * Finite differences towards the element before, over their distance: (v[i - 1] - v[i]) / d along
 * y, x and (axes 3) z.
 * Range: channels of the y difference, then of x, then of z.  BORDER_PERIODIC wraps;
 * BORDER_REPLICATE makes the first difference of each line 0.
 */
linop *linop_gradient(device *dev, shape s, int axes, enum border border, const distances *d);

/* Its largest |Psi v|^2 / |v|^2 where sizes are even: the sum of 4 / d^2 over the axes. */
double gradient_steepest(int axes, const distances *d);

/*
 * Circular convolution on the grid `s` with a PSF whose element `origin` is the centre: the
 * shift lives in the spectrum, so sizes may be odd.
 * psf   no larger than the grid, in the plane (axes 2) or in the volume (axes 3); one channel
 *       for all or one for each; with axes 2 one plane for each depth of the grid; borrowed
 */
linop *linop_convolve(device *dev, shape s, const array *psf, position origin, int axes);

/*
 * All depths onto one plane: x -> sum over z of psf(z) * x(z), shape (c, z, y, x) -> (c, 1, y, x).
 */
linop *linop_convolve_sum(device *dev, shape s, const array *psf, position origin);

/*
 * The centre of a PSF that is padded in the middle of the grid: what `ifftshift` of the padded
 * PSF moves to element 0 on every axis.
 */
position psf_origin(shape psf, shape grid);

/*
 * (data M'M + smooth Psi'Psi + ridge)^-1 for a linop_convolve M and the periodic gradient along the
 * same axes: exact, through the Fourier transform.  ridge > 0.  Borrows M, keeps nothing of it.
 */
linop *linop_convolve_inverse(const linop *convolve, double data, double smooth, double ridge,
	const distances *d);

/* The same with weight times `penalty`, one number >= 0 a frequency, as gradient_spectrum's. */
linop *linop_convolve_inverse_by(const linop *convolve, double data, const array *penalty,
	double weight, double ridge);

/* |H|^2 of a linop_convolve, one number a frequency; the caller's. */
array *linop_convolve_power(const linop *convolve);

/*
 * The inverse for a linop_convolve_sum and the gradient in the plane, where M'M couples the depths:
 * as exact, for one transform of the volume each way.  Keeps a reference to `sum`.
 */
linop *linop_convolve_sum_inverse(linop *sum, double data, double smooth, double ridge);

/* |F Psi'Psi|: (2 - 2 cos(2 pi k / n)) / d^2 summed over the axes; REAL (1, z, y, x / 2 + 1). */
array *gradient_spectrum(device *dev, shape s, int axes, const distances *d);

/* x less its mean over all elements: the projection that lets a constant be fitted for free. */
linop *linop_without_mean(device *dev, shape s);

/* The sum over depth: (c, z, y, x) -> (c, 1, y, x). */
linop *linop_sum_depth(device *dev, shape s);

/* Means over equal areas, from s to height y and width x; any sizes, also larger ones. */
linop *linop_area(device *dev, shape s, int64_t y, int64_t x);
/* Means over k x k boxes; what does not fill a box at the right and below is left out. */
linop *linop_downsample(device *dev, shape s, int64_t k);

/*
 * Y = L X R' in each plane: matrices as arrays of one plane, L (1, 1, rows out, rows in),
 * R (1, 1, columns out, columns in), or one for each channel.  Borrows both, and copies.
 */
linop *linop_separable(shape s, const array *left, const array *right);

#endif
