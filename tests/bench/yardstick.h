/* SPDX-License-Identifier: BSD-3-Clause */
/* yardstick.h - what benchmarks share: FFTW's measured plans of the same size, and the clock */
#ifndef TESTS_BENCH_YARDSTICK_H
#define TESTS_BENCH_YARDSTICK_H

#include <fftw3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/array.h"

/* One thread: of the process, which neighbours disturb less. */
static inline double milliseconds(int threads)
{
	struct timespec t;
	clock_gettime(threads > 1 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

typedef struct {
	fftwf_plan forward, inverse;
	float *image;
	fftwf_complex *spectrum;
} yardstick;

static inline yardstick yardstick_new(shape grid, int threads)
{
	yardstick y;
	int size[3] = { (int)grid.z, (int)grid.y, (int)grid.x };
	int rank = grid.z > 1 ? 3 : 2, *n = grid.z > 1 ? size : size + 1;
	size_t rows = (size_t)(grid.z * grid.y);
	y.image = fftwf_alloc_real(rows * (size_t)grid.x);
	y.spectrum = fftwf_alloc_complex(rows * (size_t)(grid.x / 2 + 1));
	fftwf_init_threads();
	fftwf_plan_with_nthreads(threads);
	y.forward = fftwf_plan_dft_r2c(rank, n, y.image, y.spectrum, FFTW_MEASURE);
	y.inverse = fftwf_plan_dft_c2r(rank, n, y.spectrum, y.image, FFTW_MEASURE);
	memset(y.image, 0, rows * (size_t)grid.x * sizeof(float));
	return y;
}

static inline array *random_picture(device *dev, shape s, float scale)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	array *a = array_new(dev, REAL, s);
	for (int64_t p = 0; p < shape_planes(s); p++)
		for (int64_t i = 0; i < s.y * s.x; i++)
			array_row(a, 0, p, i / s.x)[i % s.x] = (float)g_rand_double(rand) * scale;
	return a;
}

static inline int64_t number(int argc, char **argv, int i, int64_t otherwise)
{
	return argc > i ? strtol(argv[i], NULL, 10) : otherwise;
}

#endif
