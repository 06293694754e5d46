/* SPDX-License-Identifier: BSD-3-Clause */
/* select.h - percentiles of numbers on the host */
#ifndef STAGE_SELECT_H
#define STAGE_SELECT_H

#include <stdint.h>

/* The k-th smallest (from 0) of n >= 1 numbers without NaN; reorders them.  O(n). */
float select_nth(float *values, int64_t n, int64_t k);

/* The value at `percent` (0..100), linear between the two nearest ranks; reorders. */
double select_percentile(float *values, int64_t n, double percent);

#endif
