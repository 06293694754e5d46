/* SPDX-License-Identifier: BSD-3-Clause */
/* npy-header.h - the header of a NumPy array; for the files of io only */
#ifndef IO_NPY_HEADER_H
#define IO_NPY_HEADER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define NPY_RANK_MOST 4

struct npy_header {
	char descr[32];
	char order;                     /* '<' or '>' */
	int size;                       /* bytes of one number */
	bool fortran;
	int rank;                       /* also beyond NPY_RANK_MOST */
	int64_t n[NPY_RANK_MOST];
	bool has_descr, has_order, has_shape;
};

/* Fill in all but `order` and `size` of a zeroed header.  False: it cannot be understood. */
bool npy_header_parse(const char *text, struct npy_header *h);

#endif
