/* SPDX-License-Identifier: BSD-3-Clause */
/* arrays.h - named arrays into files of every kind that holds some, for tests of readers */
#ifndef TESTS_ARRAYS_H
#define TESTS_ARRAYS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define AXES_MOST 8

typedef struct {
	const char *name;       /* "structure.field" for a field */
	char type;              /* as NumPy's: B H f d; b: uint8 that is a truth value */
	int rank;
	int64_t n[AXES_MOST];
	const double *values;   /* the first index slowest; NULL: those of array_value */
} named_array;

int64_t named_count(const named_array *a);

/* What an array without values holds at number i: never twice the same. */
static inline double array_value(int64_t i)
{
	return (double)(i + 1);
}

/* Every way to write the same arrays; NULL where this build has no library for it. */
enum { MAT_PLAIN, MAT_PACKED, MAT_OTHER_ORDER, NPZ_C, NPZ_FORTRAN, HDF5_C, MAT_73, KINDS };
extern const char *const kind_names[KINDS];

/* The path of a new file of that kind; free with g_free.  `name` without an ending. */
char *write_arrays(int kind, const char *name, const named_array *arrays, int n);

/* The bytes of one number in the machine's order; gives how many. */
size_t number_bytes(char type, double value, uint8_t to[8]);

/* Numbers of `a` in the order of a file whose first index runs fastest, or slowest. */
GByteArray *array_bytes_of(const named_array *a, bool first_fastest);

#ifdef HAVE_HDF5
void write_hdf5_arrays(const char *path, const named_array *arrays, int n, bool matlab);
#endif

#endif
