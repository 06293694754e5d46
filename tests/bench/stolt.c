/* SPDX-License-Identifier: BSD-3-Clause */
/* stolt.c - f-k migration on random counts
 *
 * usage: stolt [THREADS [BINS HEIGHT WIDTH]]
 * The best of several turns counts.  Beside plain NumPy: tests/bench/numpy-nlos. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "math/stolt.h"

enum { TURNS = 5 };

/* One thread: of the process, which neighbours disturb less. */
static double milliseconds(int64_t threads)
{
	struct timespec t;
	clock_gettime(threads > 1 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static array *random_counts(device *dev, shape s)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	array *a = array_new(dev, REAL, s);
	for (int64_t i = 0; i < s.z * s.y * s.x; i++)
		array_row(a, 0, i / (s.y * s.x), i / s.x % s.y)[i % s.x] = (float)(int)(g_rand_double(rand) * 9);
	return a;
}

int main(int argc, char **argv)
{
	int64_t n[4] = { 1, 512, 64, 64 };
	for (int i = 0; i < 4 && i + 1 < argc; i++)
		n[i] = strtol(argv[i + 1], NULL, 10);
	g_autoptr(device) dev = device_new("cpu", (int)n[0], NULL, NULL);
	shape window = { 1, n[1], n[2], n[3] }, grid = stolt_grid(window);
	g_autoptr(array) counts = random_counts(dev, window);
	g_autoptr(array) power = array_like(counts);
	const stolt_setting setting = { .window = window, .pitch = { 3.3, 3.3 } };
	double best = INFINITY, start = milliseconds(n[0]);
	g_autoptr(stolt) s = stolt_new(dev, &setting);
	double plan = milliseconds(n[0]) - start;
	for (int i = 0; i < TURNS; i++) {
		start = milliseconds(n[0]);
		stolt_migrate(s, power, counts);
		best = fmin(best, milliseconds(n[0]) - start);
	}
	printf("{\"bench\": \"stolt\", \"size\": \"%dx%dx%d\", \"grid\": \"%dx%dx%d\", \"threads\": %d, "
		"\"plan_ms\": %.1f, \"ms_per_iteration\": %.1f, \"peak_mb\": %.1f}\n", (int)window.z,
		(int)window.y, (int)window.x, (int)grid.z, (int)grid.y, (int)grid.x, (int)n[0], plan, best,
		(double)dev->memory_peak / 1e6);
	return 0;
}
