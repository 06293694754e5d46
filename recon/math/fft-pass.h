/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-pass.h - one pass of a transform over sixteen lines; for fft-line.c alone */
#ifndef MATH_FFT_PASS_H
#define MATH_FFT_PASS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * For every group p < m and side c < count, `width` floats at a time:
 *   out[p group + c side + k leg] = w[p][k] sum_j in[p group + c side + j leg] exp(-2 pi i j k / r)
 * with w[p][0] = 1.  All distances are in floats.  in and out do not overlap.
 */
struct fft_pass {
	int64_t radix, m, count, width;
	const float *roots;             /* radix pairs: exp(-2 pi i k / radix) */
	const float *twiddle;           /* m groups of radix - 1 pairs */
	const float *in_re, *in_im;
	int64_t in_group, in_side, in_leg;
	float *out_re, *out_im;
	int64_t out_group, out_side, out_leg;
	bool half_in;                   /* legs from radix / 2 on are zero (2, 4, 8 only) */
	bool half_out;                  /* legs above (radix - 1) / 2 are not wanted */
};

void fft_pass_run(const struct fft_pass *s);

/* Whether the pass with this radix has a form for half_in. */
bool fft_pass_halves(int64_t radix);

#endif
