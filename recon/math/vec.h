/* SPDX-License-Identifier: BSD-3-Clause */
/* vec.h - arithmetic of whole arrays.  All arrays of a call have one shape, type and device. */
#ifndef MATH_VEC_H
#define MATH_VEC_H

#include "core/array.h"

void vec_fill(array *y, float value);
void vec_copy(array *y, const array *x);
void vec_scale(array *y, float a);                              /* y *= a */
void vec_shift(array *y, float a);                              /* y += a */
void vec_add(array *y, const array *x);                         /* y += x */
void vec_subtract(array *y, const array *x);                    /* y -= x */
void vec_multiply(array *y, const array *x);                    /* y *= x, real */
void vec_divide(array *y, const array *x, float floor_value);   /* y /= x; 0 where x <= floor */
void vec_axpy(array *y, float a, const array *x);               /* y += a x */
void vec_xpay(array *y, float a, const array *x);               /* y = x + a y */
void vec_extrapolate(array *y, const array *a, const array *b, float m);  /* y = a + m (a - b) */
void vec_clamp(array *y, float low, float high);
void vec_cut_below(array *y, float level);                      /* y < level becomes 0 */
void vec_soft(array *y, float t);               /* proximal operator of t |.|_1, in place */

/*
 * Sums: rows in float, rows added in double in fixed order, so the same for any thread count.
 * Complex arrays count real and imaginary parts as numbers of their own.  0 after a failure.
 */
double vec_dot(const array *x, const array *y);
double vec_norm(const array *x);                /* Euclidean */
double vec_sum(const array *x);
double vec_sum_abs(const array *x);
float vec_max_abs(const array *x);
void vec_range(const array *x, float *least, float *most);      /* NaN is passed over */
bool vec_finite(const array *x);                                /* no NaN, no infinity */

#endif
