/* SPDX-License-Identifier: BSD-3-Clause */
/* mat-stream.h - the bytes of one element of a MAT file, packed or not; for the files of io only */
#ifndef IO_MAT_STREAM_H
#define IO_MAT_STREAM_H

#include <zlib.h>
#include "io/format.h"

#define MAT_BLOCK 16384

struct mat_stream {
	const struct reading *r;
	int64_t at, end;        /* in the file: what is still to be read of the element */
	int64_t done;           /* bytes given so far */
	bool swap;              /* the file's byte order is not the machine's */
	bool packed;
	z_stream z;
	uint8_t in[MAT_BLOCK];
};

/* The element of `bytes` bytes at `at` of the file; packed: as zlib does. */
bool mat_stream_start(struct mat_stream *s, const struct reading *r, int64_t at, int64_t bytes,
	bool packed, GError **err);
void mat_stream_clear(struct mat_stream *s);
typedef struct mat_stream mat_stream;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(mat_stream, mat_stream_clear)

/* All `size` bytes, or false and *err. */
bool mat_get(struct mat_stream *s, void *to, int64_t size, GError **err);
bool mat_skip(struct mat_stream *s, int64_t size, GError **err);

/* n numbers of 4 bytes */
bool mat_get_words(struct mat_stream *s, uint32_t *to, int64_t n, GError **err);

/* Read on to the end, where the check sum is. */
bool mat_finish(struct mat_stream *s, GError **err);

#endif
