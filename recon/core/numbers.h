/* SPDX-License-Identifier: BSD-3-Clause */
/* numbers.h - numbers with commas between, as options get them */
#ifndef CORE_NUMBERS_H
#define CORE_NUMBERS_H

/*
 * How many numbers `text` has, 1 to `most`, each from `low` to `high`; what is not given stays in
 * `to`.  0, and nothing has changed, where it is anything else.
 */
int numbers_read(const char *text, double low, double high, int most, double *to);

#endif
