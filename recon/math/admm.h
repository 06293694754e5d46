/* SPDX-License-Identifier: BSD-3-Clause */
/* admm.h - the fused solver of  min 1/2 |C M v - b|^2 + tau TV(v)  subject to  v >= 0 */
#ifndef MATH_ADMM_H
#define MATH_ADMM_H

#include "core/array.h"
#include "core/watch.h"

/* When w follows: after v (DiffuserCam tutorial), or before it (LenslessPiCam). */
enum admm_order { ADMM_TUTORIAL, ADMM_LPC };

typedef struct {
	float mu1, mu2, mu3;    /* of x = M v, u = grad v, w = v */
} admm_penalties;

/*
 * Residuals, for K = M, grad and 1 and the z = x, u and w that follow from v: primal |K v - z| /
 * |K v| and dual |K v - K v before| / |K v|.  x - M v counts in the window, where there are data.
 * A gap is the step of a dual, divided by its mu.  The dual of x is b - C M v in the end, that of
 * u may grow to tau in each pixel, and that of w to |grad| tau, |grad|^2 = 8, to balance it:
 * where these, divided by mu, are more than K v, the gap is measured against them.  (With the
 * published penalties they are thousands of times more, and the duals never get there, though the
 * picture has long settled.)
 */
typedef struct {
	float tau;              /* weight of TV, in units of b times h */
	bool isotropic;
	enum admm_order order;
	admm_penalties mu;
	bool background;        /* fit light that falls on every pixel alike: b = C M v + constant;
				 * exactly, from the eighth iteration on */
	int64_t iterations;     /* at most, >= 1 */
	double tolerance;       /* stop, with one iteration more, when all residuals are below; 0: never */
	int64_t channel, channels;      /* for the watch */
} admm_settings;

typedef struct {
	int64_t iterations;     /* done */
	bool converged;         /* stopped by the tolerance */
	double objective;       /* NaN when nobody wanted it */
	double primal, dual;    /* the largest residuals; NaN when nobody wanted them */
	double background;      /* the constant, in units of b */
	double fft_per_iteration;       /* real transforms, pruned ones counted whole */
} admm_outcome;

/*
 * result  H x W, >= 0: what the window C shows of v; the window is the grid's upper left corner
 * b       H x W
 * h       psf_spectrum() of math/fourier.h: COMPLEX, grid.y x grid.x / 2 + 1
 * grid    what v is defined on; even, at least H and W (2 H - 1 for a linear convolution)
 * All of one channel and on one device.  watch may be NULL.
 * Errors: what the device says; BAD_NUMBERS when v is not finite; STOPPED by the watch.
 *
 * Antipa et al., Optica 5 (2018) 1, with four transforms an iteration, two of them pruned, one
 * pass over the pixels and one over the spectrum.
 */
bool admm_tv(array *result, const array *b, const array *h, shape grid,
	const admm_settings *settings, watch *w, admm_outcome *outcome, GError **err);

#endif
