/* SPDX-License-Identifier: BSD-3-Clause */
/* array.h - planes of float or complex numbers on one device */
#ifndef CORE_ARRAY_H
#define CORE_ARRAY_H

#include "core/device.h"

/*
 * Sizes in C order, x running fastest.  Everything is a set of planes: channel c, then depth z.
 * Row 0 is the top of the picture; colour is R, G, B.
 */
typedef struct { int64_t c, z, y, x; } shape;

enum array_type { REAL, COMPLEX };

/*
 * Memory: element (c, z, y, x) stands at mem[((c * z_count + z) * plane_rows + y) * pitch + x].
 * Each row carries padding so that x = -1 and x = width exist (x = -1 is the last element of the
 * row above), and each plane has halo rows y = -1 and y = height.  Neighbouring planes share no
 * halo row: plane_rows = height + 2.  The halo holds nothing until somebody fills it.
 * A complex array is two such sets on the CPU, the imaginary one `imag` floats behind the real
 * one; on an OpenCL device it is interleaved.
 */
typedef struct array {
	device *dev;            /* borrowed */
	enum array_type type;
	shape shape;
	int64_t pitch;          /* elements from row to row */
	int64_t plane_rows;     /* rows from plane to plane */
	int64_t imag;           /* complex on the CPU: floats from real to imaginary; else 0 */
	float *mem;             /* CPU: element (0, 0, 0, 0); NULL on OpenCL or after a failure */
	void *buffer;           /* OpenCL: cl_mem; CPU: what to free; NULL in a view */
	int64_t origin;         /* OpenCL: index of element (0, 0, 0, 0) in the buffer */
	int64_t bytes;          /* counted against the device's limit, but for in_file; 0 in a view */
	bool in_file;           /* see array_new_in_file */
} array;

#define ARRAY_PITCH_MULTIPLE 16
#define ARRAY_HALO_ROWS 2

/*
 * Never NULL.  A failure (size, limit, memory) sticks to the device: see device_ok.
 * Contents: NaN in debug builds, undefined otherwise.
 */
array *array_new(device *dev, enum array_type type, shape s);

/* The same without halo rows and without columns -1 and width: nothing but the values. */
array *array_new_bare(device *dev, enum array_type type, shape s);

/*
 * The same in a file of the folder dev->spill (CPU; without one: as array_new): the system keeps in
 * memory what it can spare.  array_forget: the process lets go of rows of plane (0, z) for the time
 * being; nothing happens to arrays in memory.
 */
array *array_new_in_file(device *dev, enum array_type type, shape s);
void array_forget(const array *a, int64_t z, int64_t y, int64_t rows);
void array_forget_all(const array *a);

/* For a picture that comes in or goes out, REAL: in a file when it is large for the limit. */
array *array_new_picture(device *dev, shape s);

/* The same of at least n numbers in one run, mem[0] .. mem[n - 1] on the CPU: to select from. */
array *array_new_list(device *dev, int64_t n);
array *array_like(const array *a);
array *array_copy(const array *a);
void array_free(array *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(array, array_free)

/* Room for arrays [0, n) of the kinds given, before they are made; sets LIMIT error when short. */
bool array_would_fit(device *dev, int64_t bytes, const char *what, GError **err);

/* Bytes that an array of this shape takes. */
int64_t array_bytes(enum array_type type, shape s);

/*
 * A view of planes: channel c (all depths), or one plane (c, z), or n planes of channel c from z
 * on, as those of one point of time.  It borrows, lives as long as `a`, and needs no free.
 */
array array_channel(const array *a, int64_t c);
array array_plane(const array *a, int64_t c, int64_t z);
array array_slices(const array *a, int64_t c, int64_t z, int64_t n);

/* The same as far as a kernel is concerned, but that row 0 is row y of plane (0, z). */
array array_from_row(const array *a, int64_t z, int64_t y);

/*
 * Copy packed values (rows of shape.x, no padding, c z y x order) in and out, across devices.
 * Complex values are interleaved pairs.
 */
void array_upload(array *a, const float *packed);
void array_download(const array *a, float *packed);

/* Copy values between arrays of one shape and type, on any devices. */
void array_assign(array *to, const array *from);

/* The same array on `dev`, a copy. */
array *array_move(const array *a, device *dev);

/* The same array on `dev`: a view where it is there already (see array_channel), else a copy. */
array *array_lend(const array *a, device *dev);

/* A pointer to row (c, z, y) of an array on the CPU. */
static inline float *array_row(const array *a, int64_t c, int64_t z, int64_t y)
{
	return a->mem + ((c * a->shape.z + z) * a->plane_rows + y) * a->pitch;
}

static inline int64_t shape_planes(shape s)
{
	return s.c * s.z;
}

static inline int64_t shape_count(shape s)
{
	return s.c * s.z * s.y * s.x;
}

static inline bool shape_equal(shape a, shape b)
{
	return a.c == b.c && a.z == b.z && a.y == b.y && a.x == b.x;
}

/* Rows of all planes with the halo rows between them: what a ROW_KERNEL runs over. */
static inline int64_t array_rows(const array *a)
{
	return shape_planes(a->shape) * a->plane_rows - (a->plane_rows - a->shape.y);
}

#endif
