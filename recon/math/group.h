/* SPDX-License-Identifier: BSD-3-Clause */
/* group.h - vectors of n <= 3 components, one at each pixel: u = (n-th parts of the channels) */
#ifndef MATH_GROUP_H
#define MATH_GROUP_H

#include "core/array.h"

void group_project(array *u, int n);                    /* lengths to at most 1 */
void group_shrink(array *u, int n, float t);            /* lengths shorter by t */
void group_multiply(array *u, const array *factors, int n);     /* one factor for each vector */
array *group_lengths(const array *u, int n);            /* the caller's */
double group_sum(const array *u, int n);                /* the sum of lengths */

#endif
