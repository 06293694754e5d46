/* SPDX-License-Identifier: BSD-3-Clause */
/* npy-header.h - the header of a NumPy array, and what follows it; for the files of io only */
#ifndef IO_NPY_HEADER_H
#define IO_NPY_HEADER_H

#include "io/format.h"

#define NPY_RANK_MOST 8

struct npy_header {
	char descr[32];
	char order;                     /* '<' or '>' */
	int size;                       /* bytes of one number */
	bool fortran;
	int rank;                       /* also beyond NPY_RANK_MOST */
	int64_t n[NPY_RANK_MOST];
	bool has_descr, has_order, has_shape;
	enum sample_kind kind;
	int bits;
};

/* Fill in descr, fortran, rank and n of a zeroed header.  False: it cannot be understood. */
bool npy_header_parse(const char *text, struct npy_header *h);

/* The same from a stream, to the first number; header_bytes: how many bytes that was. */
bool npy_read_header(const struct reading *r, const struct npy_source *s, struct npy_header *h,
	int64_t *header_bytes, GError **err);

/* Fill in order, size, kind and bits from descr; false: these are not real numbers. */
bool npy_find_type(struct npy_header *h);

/* A header to be written: descr without the byte order, which is the machine's; dims: "2, 3,". */
char *npy_header_text(const char *descr, const char *dims, size_t *size);

/* What these are instead: "text"; NULL: something unknown.  remedy: what to try, or NULL. */
const char *npy_stranger(const struct npy_header *h, const char **remedy);

/* All numbers after the header, in blocks: as many as h->n says, of h->size bytes each. */
bool npy_put_numbers(const struct reading *r, const struct npy_source *s,
	const struct npy_header *h, number_sink *put, void *data, GError **err);

#endif
