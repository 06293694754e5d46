/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone.c - the light-cone transform against the pair of padded transforms it replaces, done
 * by FFTW's own measured plans, and as frames of a video
 *
 * usage: light-cone [THREADS [BINS ROWS COLUMNS]]
 * Both are timed in turns in one process, and the best turn of each counts. */
#include <math.h>
#include <stdio.h>
#include "math/light-cone.h"
#include "tests/bench/yardstick.h"

enum { TURNS = 7 };

static double time_pair(const yardstick *y, int threads)
{
	double start = milliseconds(threads);
	fftwf_execute(y->forward);
	fftwf_execute(y->inverse);
	y->image[0] = 1;
	return milliseconds(threads) - start;
}

static double time_solve(light_cone *c, array *scene, const array *traces, int threads)
{
	double start = milliseconds(threads);
	light_cone_solve(c, scene, traces, 12.5);
	return milliseconds(threads) - start;
}

int main(int argc, char **argv)
{
	int threads = (int)number(argc, argv, 1, 1);
	shape s = { 1, number(argc, argv, 2, 512), number(argc, argv, 3, 64), number(argc, argv, 4, 64) };
	g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
	light_cone_geometry g = { .data = s, .path = 16e-12 * 299792458, .power = 4,
		.pitch = { 0.7 / (double)(s.x - 1), 0.7 / (double)(s.y - 1) } };
	g_autoptr(array) traces = random_picture(dev, s, 100);
	g_autoptr(array) scene = array_like(traces);
	double start = milliseconds(threads);
	g_autoptr(light_cone) c = light_cone_new(dev, &g);
	double setup = milliseconds(threads) - start, ours = INFINITY, theirs = INFINITY;
	yardstick y = yardstick_new((shape){ 1, 2 * s.z, 2 * s.y, 2 * s.x }, threads);
	for (int i = 0; i < TURNS; i++) {
		theirs = fmin(theirs, time_pair(&y, threads));
		ours = fmin(ours, time_solve(c, scene, traces, threads));
	}
	printf("{\"bench\": \"light-cone\", \"size\": \"%dx%dx%d\", \"threads\": %d, "
		"\"ms_per_solve\": %.1f, \"fft_pair_ms\": %.1f, \"ratio\": %.3f, \"setup_ms\": %.1f, "
		"\"frames_per_second\": %.1f, \"peak_mb\": %.1f}\n", (int)s.z, (int)s.y, (int)s.x, threads,
		ours, theirs, ours / theirs, setup, 1e3 / ours, (double)dev->memory_peak / 1e6);
	return device_ok(dev, NULL) ? 0 : 1;
}
