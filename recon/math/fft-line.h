/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-line.h - complex transforms along one axis, sixteen neighbouring lines at a time */
#ifndef MATH_FFT_LINE_H
#define MATH_FFT_LINE_H

#include "core/array.h"

/*
 * Lines stand side by side: element j of the sixteen lines is the row of sixteen floats at
 * j * stride, real and imaginary parts apart.  So every vector instruction works on full vectors
 * at any length, and one element of the lines is one cache line.
 */
#define FFT_LANES 16

typedef struct fft_line fft_line;

/* Any length n >= 1; fast where n has no prime factor above 7.  The tables are the plan's own;
 * never NULL, a failure sticks to the device. */
fft_line *fft_line_new(device *dev, int64_t n);
void fft_line_free(fft_line *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fft_line, fft_line_free)

int64_t fft_line_length(const fft_line *f);

/* Floats of scratch memory that one call needs. */
int64_t fft_line_scratch(int64_t n);

/* Scratch memory for `blocks` calls at a time, `floats` each, and where block i begins. */
array *fft_scratch_new(device *dev, int64_t blocks, int64_t floats);
float *fft_scratch_block(const array *scratch, int64_t i, int64_t floats);

/* Where sixteen lines stand. */
typedef struct {
	float *re, *im;
	int64_t stride;         /* floats from element to element */
} fft_lanes;

/*
 * to = F from, un-normalised; may be in place.  For the inverse transform give both with re and
 * im exchanged.  half_in: elements from n / 2 on count as zero and are not read; half_out: those
 * need not be written (some are).  Both only for even n.
 */
void fft_line_run(const fft_line *f, fft_lanes to, fft_lanes from, bool half_in, bool half_out,
	float *scratch);

#endif
