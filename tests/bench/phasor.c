/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor.c - the phasor field: one capture alone, and captures after one another as in a video
 *
 * usage: phasor [THREADS [POINTS BINS DEPTHS [FIXED]]]
 * A wall of 0.8 m, POINTS x POINTS, bins of 32 ps, wavelength four pitches; FIXED: detectors that
 * stand still, at most 4, 0: confocal.  Beside plain NumPy: tests/bench/numpy-nlos. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "math/phasor-field.h"
#include "math/uniform.h"

enum { TURNS = 5 };

static double milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double cpu_milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int64_t number(int argc, char **argv, int i, int64_t otherwise)
{
	return argc > i ? strtol(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	int threads = (int)number(argc, argv, 1, 2);
	int64_t n = number(argc, argv, 2, 64), bins = number(argc, argv, 3, 512);
	int64_t depths = number(argc, argv, 4, 84), fixed = MIN(number(argc, argv, 5, 0), 4);
	double pitch = 0.8 / (double)(n - 1), bin = 32e-12 * 3e8;
	double places[3 * 4] = { 0.4, 0.4, 0, 0.1, 0.4, 0, 0.4, 0.1, 0, 0.1, 0.1, 0 };
	g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
	const phasor_setup s = {
		.n = { n, n }, .pitch = { pitch, pitch }, .bins = bins, .bin = bin, .start = 0,
		.depth = 0.3, .step = pitch, .depths = depths, .wavelength = 4 * pitch, .cycles = 5,
		.n_fixed = fixed, .fixed = places
	};
	g_autoptr(array) counts = array_new(dev, REAL, (shape){ MAX(fixed, 1), bins, n, n });
	g_autoptr(array) volume = array_new(dev, REAL, (shape){ 1, depths, n, n });
	array_fill_uniform(counts, 1);
	double alone = INFINITY, alone_cpu = INFINITY, video = INFINITY, plan = INFINITY;
	int64_t kernels = 0;
	for (int i = 0; i < TURNS; i++) {
		double start = milliseconds(), start_cpu = cpu_milliseconds();
		g_autoptr(phasor_field) f = phasor_field_new(dev, &s, 0);
		plan = fmin(plan, milliseconds() - start);
		if (!phasor_field_run(f, counts, volume, NULL, NULL))
			return 1;
		alone = fmin(alone, milliseconds() - start);
		alone_cpu = fmin(alone_cpu, cpu_milliseconds() - start_cpu);
		kernels = phasor_field_kernels(f);
	}
	g_autoptr(phasor_field) kept = phasor_field_new(dev, &s, (int64_t)1 << 30);
	for (int i = 0; i < 2 + TURNS * 4; i++) {
		double start = milliseconds();
		if (!phasor_field_run(kept, counts, volume, NULL, NULL))
			return 1;
		if (i >= 2)
			video = fmin(video, milliseconds() - start);
	}
	printf("{\"bench\": \"phasor\", \"size\": \"%dx%dx%d\", \"depths\": %d, \"fixed\": %d, "
		"\"threads\": %d, \"kernels\": %d, \"plan_ms\": %.1f, \"ms_alone\": %.1f, "
		"\"cpu_ms_alone\": %.1f, \"ms_per_frame\": %.2f, \"fps\": %.1f, \"kernels_kept\": %d, "
		"\"peak_mb\": %.1f}\n", (int)n, (int)n, (int)bins, (int)depths, (int)fixed, threads,
		(int)kernels, plan, alone, alone_cpu, video, 1e3 / video, (int)phasor_field_kernels(kept),
		(double)dev->memory_peak / 1e6);
	return 0;
}
