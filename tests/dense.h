/* SPDX-License-Identifier: BSD-3-Clause */
/* dense.h - small linear algebra in double, to hold solvers against */
#ifndef TESTS_DENSE_H
#define TESTS_DENSE_H

#include "math/linop.h"

/* s x = b by elimination with the largest pivot; s: n x n, row by row; b becomes x, s is spent */
void eliminate(int n, double *s, double *b);

/* the matrix of an operator, column by column from unit vectors; free with g_free */
double *matrix_of(const linop *a);

/* (A'A + ridge) x = A'b, b packed; free with g_free */
double *normal_solution(const linop *a, const float *b, double ridge);

/* fails the test unless all elements are within `tolerance` of `values` */
void expect(const array *a, const double *values, double tolerance);

#endif
