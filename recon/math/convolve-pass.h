/* SPDX-License-Identifier: BSD-3-Clause */
/* convolve-pass.h - a convolution in passes that skip known zeros and unwanted values */
#ifndef MATH_CONVOLVE_PASS_H
#define MATH_CONVOLVE_PASS_H

#include "math/fft-line.h"

/*
 * An iteration that convolves needs its transforms for nothing but that.  So they are taken apart:
 *   rows   inverse transform of a plane, something done to its rows while they are in cache, and
 *          the forward transform of what came of it
 *   lines  along the last axis: forward, times the PSF's spectrum, inverse
 * Both leave out what lies outside the window that the data, or the estimate, stand in: the
 * upper left front corner of the grid.  With one plane the last axis is y, else z.
 */
typedef struct convolve_pass convolve_pass;

/*
 * grid: of one channel.  Never NULL; a failure sticks to the device.  On OpenCL there is nothing to
 * skip: `rows` does whole transforms, strips are planes, and `lines` multiplies.
 */
convolve_pass *convolve_pass_new(device *dev, shape grid);
void convolve_pass_free(convolve_pass *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(convolve_pass, convolve_pass_free)

/*
 * Do something to rows y .. y + rows - 1 of plane z.  strip: `rows` rows as wide as the window,
 * with a pitch of their own: what the inverse transform gave, and what the forward one takes.
 * spare: as strip, for the function's own use.  Called from several threads, each with its own
 * rows; where rows begin does not depend on the number of threads.
 */
typedef void convolve_rows(void *data, array *strip, array *spare, int64_t z, int64_t y,
	int64_t rows);

enum { CONVOLVE_INVERSE = 1, CONVOLVE_FORWARD = 2 };

/* spectrum: COMPLEX, fft_spectrum_shape(grid); between passes it is theirs.  Without
 * CONVOLVE_INVERSE strips come as zeros. */
void convolve_pass_rows(convolve_pass *c, array *spectrum, shape window, int directions,
	convolve_rows *body, void *data);

/*
 * spectrum = F^-1 (h F spectrum) along the last axis, conjugate: conj(h) for h.  from, to: how
 * many elements count on the way in, are wanted on the way out.
 * h: as spectrum, or on the CPU folded: its first halves, z / 2 + 1 and y / 2 + 1, of which the
 * rest follows by h(x, y, z) = h(x, -y, z) = conj h(x, y, -z); in one plane by h(x, y) = conj h(x,
 * -y).  COMPLEX, or folded REAL.
 */
void convolve_pass_lines(convolve_pass *c, array *spectrum, const array *h, bool conjugate,
	int64_t from, int64_t to);

/*
 * The same with any function in h's place, which is called from several threads, each with its own
 * block.  A block of lines: rows of them, of which row r holds element r / plane_rows of the last
 * axis (z, or y of one plane) at row y + r % plane_rows of the axis before, from column x on.
 */
typedef struct { int64_t rows, plane_rows, y, x; } convolve_block;
typedef void convolve_filter(const void *data, array *lines, const convolve_block *b);

void convolve_pass_filter(convolve_pass *c, array *spectrum, convolve_filter *filter,
	const void *data, int64_t from, int64_t to);

/*
 * All lines for the caller to transform, sixteen at a time (CPU): element j of line i is number i
 * of row j of `at`.  scratch: for fft_line_run; slot: this thread's number, from 0.
 */
typedef struct {
	const fft_line *line;
	array at;
	int64_t y, x, slot;
	float *scratch;
} convolve_lanes;
typedef void convolve_visit(const void *data, const convolve_lanes *l);

void convolve_pass_visit(convolve_pass *c, array *spectrum, convolve_visit *visit,
	const void *data);

/* spectrum = F spectrum along the last axis: after rows, forward, all of the transform. */
void convolve_pass_finish(convolve_pass *c, array *spectrum);

/* The first halves of such a spectrum, on the CPU, or of its real part; the caller's. */
array *convolve_pass_fold(const array *h, enum array_type type);

#endif
