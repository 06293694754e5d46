/* SPDX-License-Identifier: BSD-3-Clause */
/* stage.h - what the tests of the stages share: a device, arrays by formula, comparisons */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include <string.h>
#include "core/array.h"

extern device *cpu;

typedef double recipe(int64_t c, int64_t z, int64_t y, int64_t x);

static inline array *make(shape s, recipe *f)
{
	array *a = array_new(cpu, REAL, s);
	for (int64_t p = 0; p < shape_planes(s); p++)
		for (int64_t i = 0; i < s.y * s.x; i++)
			array_row(a, 0, p, i / s.x)[i % s.x] = (float)f(p / s.z, p % s.z, i / s.x, i % s.x);
	return a;
}

static inline double at(const array *a, int64_t c, int64_t z, int64_t y, int64_t x)
{
	return (double)array_row(a, c, z, y)[x];
}

static inline double scrambled(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return (double)((c * 7919 + z * 104729 + y * 1299709 + x * 15485863) % 65521);
}

static inline bool same(const array *a, const array *b)
{
	bool equal = shape_equal(a->shape, b->shape);
	for (int64_t p = 0; equal && p < shape_planes(a->shape); p++)
		for (int64_t y = 0; y < a->shape.y; y++)
			equal = equal && !memcmp(array_row(a, 0, p, y), array_row(b, 0, p, y),
				(size_t)a->shape.x * sizeof(float));
	return equal;
}

/* A test on an OpenCL device, which is left out where there is none. */
static inline void on_opencl_device(void (*test)(device *dev))
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (dev)
		test(dev);
	else
		g_test_skip("no OpenCL device");
}

typedef struct { const char *path; void (*test)(void); } stage_test;

static inline int run_tests(int argc, char **argv, const stage_test *tests, size_t n)
{
	g_test_init(&argc, &argv, NULL);
	cpu = device_new("cpu", 2, NULL, NULL);
	for (size_t i = 0; i < n; i++)
		g_test_add_func(tests[i].path, tests[i].test);
	int failed = g_test_run();
	device_free(cpu);
	return failed;
}

#endif
