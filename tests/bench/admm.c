/* SPDX-License-Identifier: BSD-3-Clause */
/* admm.c - the fused ADMM-TV against its transforms alone, done by FFTW's own measured plans
 *
 * usage: admm [THREADS [CHANNELS HEIGHT WIDTH [PADDED_HEIGHT PADDED_WIDTH]]]
 * Both are timed in turns in one process, and the best turn of each counts. */
#include <fftw3.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "math/admm.h"
#include "math/fourier.h"
#include "math/vec.h"

enum { TURNS = 7, ITERATIONS = 20 };

static double milliseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

typedef struct {
	fftwf_plan forward, inverse;
	float *image;
	fftwf_complex *spectrum;
	int64_t planes;
} yardstick;

static yardstick yardstick_new(shape grid, int64_t channels, int threads)
{
	yardstick y = { .planes = channels };
	y.image = fftwf_alloc_real((size_t)(grid.y * grid.x));
	y.spectrum = fftwf_alloc_complex((size_t)(grid.y * (grid.x / 2 + 1)));
	fftwf_init_threads();
	fftwf_plan_with_nthreads(threads);
	y.forward = fftwf_plan_dft_r2c_2d((int)grid.y, (int)grid.x, y.image, y.spectrum, FFTW_MEASURE);
	y.inverse = fftwf_plan_dft_c2r_2d((int)grid.y, (int)grid.x, y.spectrum, y.image, FFTW_MEASURE);
	memset(y.image, 0, (size_t)(grid.y * grid.x) * sizeof(float));
	return y;
}

/* Four real transforms for each channel: what an iteration cannot do without. */
static double time_transforms(const yardstick *y)
{
	double start = milliseconds();
	for (int64_t i = 0; i < 2 * y->planes * ITERATIONS; i++) {
		fftwf_execute(y->forward);
		fftwf_execute(y->inverse);
		y->image[0] = 1;
	}
	return (milliseconds() - start) / ITERATIONS;
}

typedef struct {
	array *b, *h, *result;
	shape grid;
	int64_t channels;
	double ffts;
} problem;

static array *random_picture(device *dev, shape s)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	g_autofree float *values = g_new(float, shape_count(s));
	for (int64_t i = 0; i < shape_count(s); i++)
		values[i] = (float)g_rand_double(rand);
	array *a = array_new(dev, REAL, s);
	array_upload(a, values);
	vec_scale(a, 1 / (float)vec_norm(a));
	return a;
}

static double run(problem *p, int64_t iterations)
{
	admm_settings s = {
		.tau = 1e-4f, .mu = { 1e-6f, 1e-5f, 4e-5f }, .order = ADMM_TUTORIAL,
		.iterations = iterations, .channels = p->channels
	};
	admm_outcome o;
	double start = milliseconds();
	for (int64_t c = 0; c < p->channels; c++)
		if (!admm_tv(p->result, p->b, p->h, p->grid, &s, NULL, &o, NULL))
			exit(1);
	p->ffts = o.fft_per_iteration;
	return milliseconds() - start;
}

/*
 * Set-up, first half pass and result do not belong to an iteration: the difference of two runs
 * counts.  Of each the quickest is taken first: a difference of disturbed ones may be anything.
 */
typedef struct { double once, twice; } quickest;

static void time_iterations(problem *p, quickest *q)
{
	q->once = fmin(q->once, run(p, ITERATIONS));
	q->twice = fmin(q->twice, run(p, 2 * ITERATIONS));
}

static int64_t number(int argc, char **argv, int i, int64_t otherwise)
{
	return argc > i ? strtol(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	int threads = (int)number(argc, argv, 1, 1);
	problem p = { .channels = number(argc, argv, 2, 3) };
	shape window = { 1, 1, number(argc, argv, 3, 270), number(argc, argv, 4, 480) };
	p.grid = (shape){ 1, 1, number(argc, argv, 5, 2 * window.y), number(argc, argv, 6, 2 * window.x) };
	g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
	p.b = random_picture(dev, window);
	p.result = array_like(p.b);
	g_autoptr(array) psf = random_picture(dev, window);
	p.h = psf_spectrum(psf, p.grid, NULL);
	g_clear_pointer(&psf, array_free);
	dev->memory_peak = dev->memory_used;
	yardstick y = yardstick_new(p.grid, p.channels, threads);
	double theirs = INFINITY;
	quickest q = { INFINITY, INFINITY };
	for (int i = 0; i < TURNS; i++) {
		theirs = fmin(theirs, time_transforms(&y));
		time_iterations(&p, &q);
	}
	double ours = (q.twice - q.once) / ITERATIONS;
	printf("{\"bench\": \"admm\", \"size\": \"%dx%dx%d\", \"threads\": %d, "
		"\"ms_per_iteration\": %.3f, \"fft_ms\": %.3f, \"ratio\": %.3f, "
		"\"ffts_per_iteration\": %.2f, \"peak_mb\": %.2f, \"bytes_per_padded_pixel\": %.1f}\n",
		(int)p.grid.y, (int)p.grid.x, (int)p.channels, threads, ours, theirs, ours / theirs,
		p.ffts * (double)p.channels, (double)dev->memory_peak / 1e6,
		(double)dev->memory_peak / (double)(p.grid.y * p.grid.x));
	array_free(p.b);
	array_free(p.h);
	array_free(p.result);
	return 0;
}
