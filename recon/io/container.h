/* SPDX-License-Identifier: BSD-3-Clause */
/* container.h - files that hold arrays with names, of any kind; for the files of io only */
#ifndef IO_CONTAINER_H
#define IO_CONTAINER_H

#include "io/format.h"

#define VARIABLE_RANK_MOST 8

struct variable {
	char *name;             /* owned; fields of a structure as "structure.field" */
	int rank;               /* also beyond the most */
	/* As people who use such files write them: A(n0, n1, ...) in MATLAB, a[n0][n1] elsewhere */
	int64_t n[VARIABLE_RANK_MOST];
	bool first_fastest;     /* the first index runs fastest in the file, as in MATLAB and Fortran */
	enum sample_kind kind;
	int bits;               /* 8, 16, 32 or 64 */
	bool text;              /* numbers are letters */
	const char *stranger;   /* what it is instead of real numbers: "complex numbers"; static */
	/* what the container alone understands */
	int64_t place, size, offset;
	bool swap, packed;
	char *key;              /* owned */
};

struct container {
	struct reading *r;      /* borrowed */
	GPtrArray *variables;   /* struct variable *, owned */
	/* All numbers of v, in blocks of any size, into the sink. */
	bool (*fetch)(struct container *c, const struct variable *v, number_sink *put, void *data,
		GError **err);
	void (*close)(void *inside);
	void *inside;           /* the container's own */
};

struct container *container_new(struct reading *r);
void container_free(struct container *c);
typedef struct container container;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(container, container_free)

/* A new variable without axes; the container's. */
struct variable *container_add(struct container *c, const char *name);

/* NULL: there is none of that name.  Names are divided by '.', or '/' as in HDF5. */
const struct variable *container_find(const struct container *c, const char *name);

/* Whether all names of a list with spaces between are there. */
bool container_has(const struct container *c, const char *names);

/* "a, b, c" of those that hold real numbers; some of them where there are many. */
char *container_list(const struct container *c);

int64_t variable_count(const struct variable *v);       /* INT64_MAX: too many */

/* "64 x 64 x 2048" */
char *variable_size_text(const struct variable *v);

/*
 * All numbers of v, first index slowest whatever the file's order is; free with g_free.  Errors:
 * BAD_INPUT: not numbers, more than NUMBERS_MOST.
 */
#define NUMBERS_MOST ((int64_t)1 << 22)
double *container_numbers(struct container *c, const struct variable *v, GError **err);

/*
 * n numbers of a variable, whatever its shape; what is not there leaves `to` as it is.  False:
 * it is something else than n finite numbers.
 */
bool container_get(struct container *c, const char *name, int64_t n, double *to, GError **err);

/* A short text variable; NULL: not there or none.  Free with g_free. */
char *container_text(struct container *c, const char *name);

/*
 * Places of (..., 3) or (3, ...): n x 3, in the order of the other axes, the first slowest; what
 * they are goes to axes[2], which is (n, 1) for one.  NULL without *err: not there.  Places that
 * are not finite are refused.
 */
double *container_places(struct container *c, const char *name, int64_t *n, int64_t axes[2],
	GError **err);

/*
 * All numbers of v into an array.  steps[i]: floats from one index of axis i to the next, 0: summed
 * over.  Axis `split` (or -1) is two: index / inner goes by steps[split], index % inner by
 * inner_step.
 */
struct scatter {
	float *origin;
	int64_t steps[VARIABLE_RANK_MOST];
	int split;
	int64_t inner, inner_step;
	bool sums;              /* the array is zeroed, numbers are added */
};
bool container_scatter(struct container *c, const struct variable *v, const struct scatter *s,
	GError **err);

/* Open what is in a file as a container; NULL and *err: cannot be. */
struct container *mat_open(struct reading *r, GError **err);
struct container *hdf5_open(struct reading *r, GError **err);

#endif
