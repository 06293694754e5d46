/* SPDX-License-Identifier: BSD-3-Clause */
/* sample.h - stored numbers of every kind and width to float */
#ifndef IO_SAMPLE_H
#define IO_SAMPLE_H

#include <stdint.h>
#include "io/image.h"

/*
 * to[i * to_step] = sample first + i * step of `from`, for i in [0, n).  Samples of 8 bits and more
 * are in the machine's byte order at any alignment; narrower and odd ones are packed, the highest
 * bit first.
 */
typedef void sample_unpack(float *to, int64_t to_step, const uint8_t *from, int64_t first,
	int64_t step, int64_t n);

/* n numbers more, in the order of a file and the machine's byte order. */
typedef bool number_sink(void *data, const uint8_t *bytes, int64_t n, GError **err);

/* NULL: no such samples. */
sample_unpack *sample_unpacker(enum sample_kind kind, int bits);

/* One number of 8, 16, 32 or 64 bits in the machine's byte order, as exactly as double can. */
double sample_number(enum sample_kind kind, int bits, const uint8_t *from);

/* Turn the bytes of n samples of `size` bytes round, in place. */
void sample_swap(uint8_t *bytes, int64_t n, int size);

/* "unsigned", "signed", "float" */
const char *sample_kind_name(enum sample_kind kind);

#endif
