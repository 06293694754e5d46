/* SPDX-License-Identifier: BSD-3-Clause */
/* io.h - what the tests of picture files share */
#ifndef TESTS_IO_H
#define TESTS_IO_H

#include <glib.h>
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "io/image.h"
#include "tests/data.h"

/* A path in a folder of this run that is emptied at the end; free with g_free. */
char *scratch_path(const char *name);

/* Write bytes to a scratch file and give its path. */
char *scratch_file(const char *name, const void *bytes, size_t size);

/* A device of the CPU that lives as long as the test program. */
device *test_device(void);

/* Read, and fail the test on any error. */
image *read_good(const char *path);

/* Reading and describing must fail with this status and a message that holds `word`. */
void expect_refused(const char *path, enum relumine_status status, const char *word);

void assert_shape(const image *im, int64_t c, int64_t z, int64_t y, int64_t x);

static inline float value_at(const image *im, int64_t c, int64_t z, int64_t y, int64_t x)
{
	return array_row(im->data, c, z, y)[x];
}

/* A warning of the picture holds `word`. */
void assert_warned(const image *im, const char *word);

/* A picture with value 1000 c + 100 z + 10 y + x, times `scale`. */
image *numbered(int64_t c, int64_t z, int64_t y, int64_t x, float scale);
void assert_same(const image *a, const image *b, float tolerance);

void add_npy_tests(void);
void add_png_tests(void);
void add_tiff_tests(void);
void add_write_tests(void);
void add_scale_tests(void);
void add_ome_tests(void);
void add_capture_tests(void);
void add_capture_own_tests(void);
void add_capture_bad_tests(void);
#ifdef HAVE_HDF5
void add_hdf5_tests(void);
#endif

#endif
