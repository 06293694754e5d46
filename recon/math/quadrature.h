/* SPDX-License-Identifier: BSD-3-Clause */
/* quadrature.h - nodes and weights for integrals of smooth functions */
#ifndef MATH_QUADRATURE_H
#define MATH_QUADRATURE_H

#include <stdint.h>

/*
 * Gauss and Legendre: sum w[i] f(x[i]) is the integral of f over [-1, 1], exact for polynomials of
 * degree 2 n - 1.  x rises and is symmetric to the last bit.  Costs n^2.
 */
void gauss_legendre(int64_t n, double *x, double *w);

#endif
