/* SPDX-License-Identifier: BSD-3-Clause */
/* svd.h - the singular value decomposition of a small dense matrix, in double */
#ifndef MATH_SVD_H
#define MATH_SVD_H

#include "core/array.h"

/*
 * A = U S V', of the singular values that stand out of rounding: U'U = V'V = 1, of size rank, the
 * smaller of rows and columns or less.  s falls.  Column i of U is u[i * rows] and what follows.
 */
typedef struct {
	int64_t rows, columns, rank;
	double *u, *s, *v;
} svd;

/*
 * a: rows x columns, row by row, finite, borrowed; any shape.  dev: whose threads do it, and whose
 * memory limit counts; the same bytes for any number of threads.  A matrix of zeros has rank 0.
 * OVER_LIMIT without memory, BAD_NUMBERS when it does not settle.
 */
svd *svd_new(device *dev, const double *a, int64_t rows, int64_t columns, GError **err);
void svd_free(svd *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(svd, svd_free)

/* Of one plane of an array on the CPU. */
svd *svd_of_plane(const array *a, int64_t c, int64_t z, GError **err);

#endif
