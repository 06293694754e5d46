/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-rows.h - real transforms along x, thirty-two rows at a time */
#ifndef MATH_FFT_ROWS_H
#define MATH_FFT_ROWS_H

#include "math/fft-line.h"

/* Two real rows travel as one complex line. */
#define FFT_STRIP (2 * FFT_LANES)

/* Floats of scratch memory that one call needs for rows of n. */
int64_t fft_rows_scratch(int64_t n);

/*
 * Spectra of `rows` real rows (1..FFT_STRIP).  in[i] points at `width` numbers (those up to the
 * line's length n count as zero); re[i], im[i] take n / 2 + 1 numbers, and may be written up to
 * the next multiple of FFT_LANES.
 */
void fft_rows_forward(const fft_line *f, float *const re[], float *const im[],
	const float *const in[], int64_t width, int64_t rows, float *scratch);

/* The inverse, times n: the first `width` numbers of each row (written up to the next multiple of
 * FFT_LANES).  The imaginary parts of re[i][0] and re[i][n / 2] do not count. */
void fft_rows_inverse(const fft_line *f, float *const out[], int64_t width,
	const float *const re[], const float *const im[], int64_t rows, float *scratch);

#endif
