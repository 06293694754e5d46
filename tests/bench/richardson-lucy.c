/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.c - the fused Richardson-Lucy solver against its transforms alone, done by FFTW's
 * own measured plans at the same padded size
 *
 * usage: richardson-lucy [THREADS [DEPTH HEIGHT WIDTH [PSF-DEPTH PSF-HEIGHT PSF-WIDTH
 *        [unrounded]]]]
 * unrounded: FFTW at the size that the estimate has, which no transform likes: deconwolf's.
 * Both are timed in turns in one process, and the best turn of each counts. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "math/richardson-lucy.h"
#include "math/vec.h"
#include "tests/bench/yardstick.h"

enum { TURNS = 3, ITERATIONS = 3 };

/* Four real transforms: what an iteration of the plain method cannot do without. */
static double time_transforms(const yardstick *y, int threads)
{
	double start = milliseconds(threads);
	for (int64_t i = 0; i < 2; i++) {
		fftwf_execute(y->forward);
		fftwf_execute(y->inverse);
		y->image[0] = 1;
	}
	return milliseconds(threads) - start;
}

/* As a microscope's: its own mirror image in x and y. */
static array *random_psf(device *dev, shape s)
{
	array *a = random_picture(dev, s, 1);
	for (int64_t z = 0; z < s.z; z++)
		for (int64_t i = 0; i < s.y * s.x; i++)
			array_row(a, 0, z, i / s.x)[i % s.x] = array_row(a, 0, z, MIN(i / s.x, s.y - 1 - i / s.x))
				[MIN(i % s.x, s.x - 1 - i % s.x)];
	vec_scale(a, 1 / (float)vec_sum(a));
	return a;
}

static double run(const rl_problem *p, array *result, int64_t iterations, rl_outcome *o)
{
	const rl_settings s = {
		.acceleration = RL_HEAVY_BALL, .held = 0.5, .restart = true, .bold = true, .start = 50,
		.least = 1e-3, .seen = 0.01, .iterations = iterations
	};
	int threads = device_threads(p->y->dev);
	double start = milliseconds(threads);
	if (!rl_solve(result, p, &s, NULL, o, NULL))
		exit(1);
	return milliseconds(threads) - start;
}

typedef struct {
	array *y, *psf, *result;
	rl_problem p;
} problem;

static problem problem_new(device *dev, shape window, shape size)
{
	problem b = { random_picture(dev, window, 100), random_psf(dev, size), NULL, { 0 } };
	const position centre = { size.z / 2, size.y / 2, size.x / 2 };
	b.result = array_like(b.y);
	const rl_geometry g = rl_layout(window, size, centre, RL_BORDER_UNKNOWN);
	b.p = (rl_problem){ .y = b.y, .blur = rl_blur_new(dev, b.psf, centre, &g, false, NULL) };
	return b;
}

int main(int argc, char **argv)
{
	int64_t n[6] = { 64, 256, 256, 127, 127, 127 };
	int threads = (int)number(argc, argv, 1, 1);
	for (int i = 0; i < 6; i++)
		n[i] = number(argc, argv, 2 + i, n[i]);
	g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
	problem b = problem_new(dev, (shape){ 1, n[0], n[1], n[2] }, (shape){ 1, n[3], n[4], n[5] });
	shape grid = b.p.blur->geometry.grid;
	bool rounded = argc <= 8 || strcmp(argv[8], "unrounded") != 0;
	yardstick y = yardstick_new(rounded ? grid : b.p.blur->geometry.estimate, threads);
	double once = INFINITY, twice = INFINITY, theirs = INFINITY;
	rl_outcome o;
	dev->memory_peak = dev->memory_used;
	for (int i = 0; i < TURNS; i++) {
		theirs = fmin(theirs, time_transforms(&y, threads));
		once = fmin(once, run(&b.p, b.result, ITERATIONS, &o));
		twice = fmin(twice, run(&b.p, b.result, 2 * ITERATIONS, &o));
	}
	double ours = (twice - once) / ITERATIONS, start = once - ours * ITERATIONS;
	double peak = (double)dev->memory_peak;
	printf("{\"bench\": \"richardson-lucy\", \"size\": \"%dx%dx%d\", \"grid\": \"%dx%dx%d\", "
		"\"fftw_grid\": \"%s\", \"threads\": %d, ", (int)n[0], (int)n[1], (int)n[2], (int)grid.z,
		(int)grid.y, (int)grid.x, rounded ? "the same" : "unrounded", threads);
	printf("\"ms_per_iteration\": %.1f, \"fft_ms\": %.1f, \"ratio\": %.3f, "
		"\"ffts_per_iteration\": %.2f, \"start_ms\": %.0f, \"peak_mb\": %.1f, "
		"\"bytes_per_padded_voxel\": %.1f}\n", ours, theirs, ours / theirs, o.fft_per_iteration, start,
		peak / 1e6, peak / (double)shape_count(grid));
	return 0;
}
