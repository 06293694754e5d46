/* SPDX-License-Identifier: BSD-3-Clause */
/* qr.h - A P = Q R of a dense matrix in double, columns in the order of what is left of them */
#ifndef MATH_QR_H
#define MATH_QR_H

#include "core/device.h"

/*
 * By Householder's reflections, the longest remaining column first (Businger and Golub, Numer.
 * Math. 7, 1965).  All memory is the caller's.
 */
typedef struct {
	int64_t rows, columns;  /* rows >= columns */
	double *a;              /* column after column.  After: R on and above the diagonal */
	double *tau, *left;     /* `columns` numbers each: of the reflections; scratch */
	int64_t *order;         /* `columns`: column k of A P is column order[k] of A */
} qr;

void qr_factor(qr *f, device *dev);

/* x, of `rows` numbers, becomes Q x. */
void qr_apply(const qr *f, double *x);

#endif
