/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-shift.c - traces moved in time by parts of a bin, and rid of their pulse */
#include <math.h>
#include <string.h>
#include "math/fft-line.h"
#include "math/fft.h"
#include "stage/transient.h"

array *transient_crop(const array *counts, int64_t first, int64_t n)
{
	shape s = counts->shape;
	array *to = array_new(counts->dev, REAL, (shape){ s.c, n, s.y, s.x });
	for (int64_t r = 0; to->mem && counts->mem && r < s.c * n * s.y; r++) {
		int64_t c = r / (n * s.y), m = r / s.y % n, y = r % s.y;
		bool there = m >= -first && m < s.z - first;
		if (there)
			memcpy(array_row(to, c, m, y), array_row(counts, c, m + first, y),
				(size_t)s.x * sizeof(float));
		else
			memset(array_row(to, c, m, y), 0, (size_t)s.x * sizeof(float));
	}
	return to;
}

/* --- by parts of a bin ------------------------------------------------------------------------ */

/* All bins on by a whole number; `line` holds them on the way. */
static void move_bins(float *line, int64_t n, double by)
{
	int64_t k = (int64_t)CLAMP(by, (double)-n, (double)n);
	if (k > 0) {
		memmove(line + k, line, (size_t)(n - k) * sizeof(float));
		memset(line, 0, (size_t)k * sizeof(float));
	} else if (k < 0) {
		memmove(line, line - k, (size_t)(n + k) * sizeof(float));
		memset(line + n + k, 0, (size_t)-k * sizeof(float));
	}
}

typedef struct {
	array *counts;
	int64_t n;              /* of `later` */
	const double *later;
	bool whole_alone;       /* traces that move by parts of a bin are left */
} moving;

static void move_traces(int64_t first, int64_t end, void *data)
{
	const moving *j = data;
	int64_t bins = j->counts->shape.z, stride = transient_stride(j->counts);
	g_autofree float *line = g_new(float, (gsize)bins);
	for (int64_t i = first; i < end; i++) {
		float *trace = transient_trace(j->counts, i);
		double by = j->later[i % j->n], whole = floor(by);
		float part = (float)(by - whole);
		if (j->whole_alone && by > whole)
			continue;
		for (int64_t m = 0; m < bins; m++)
			line[m] = trace[m * stride];
		move_bins(line, bins, whole);
		float before = whole < 0 && -whole <= (double)bins ?
			trace[((int64_t)-whole - 1) * stride] : 0;
		for (int64_t m = 0; m < bins; m++) {
			trace[m * stride] = part > 0 ? (1 - part) * line[m] + part * before : line[m];
			before = line[m];
		}
	}
}

/* --- through the spectrum --------------------------------------------------------------------- */

/*
 * Sixteen traces at a time, on a line twice as long or more, so that nothing comes around.  Each
 * frequency is multiplied by its filter, or delayed by each trace's own part of a bin; whole bins
 * are moved on the way back.
 */
typedef struct {
	array *counts;
	fft_line *line;
	const float *re, *im;   /* the filter, times 1 / length; NULL: delays */
	int64_t n;
	const double *later;
	array *scratch;
	gint slot;
} spectral;

static int64_t spectral_floats(int64_t length)
{
	return 2 * length * FFT_LANES + fft_line_scratch(length);
}

static void delay(const spectral *j, fft_lanes at, int64_t block)
{
	int64_t n = fft_line_length(j->line);
	for (int64_t lane = 0; lane < FFT_LANES && block + lane < transient_traces(j->counts); lane++) {
		double by = j->later[(block + lane) % j->n], part = by - floor(by);
		for (int64_t k = 0; k < n; k++) {
			double f = (double)(2 * k < n ? k : k - n) / (double)n;
			double re = cos(2 * M_PI * f * part) / (double)n, im = -sin(2 * M_PI * f * part) / (double)n;
			float *u = at.re + k * at.stride + lane, *v = at.im + k * at.stride + lane;
			float a = *u, b = *v;
			/* at the highest frequency of an even line both signs are one */
			im = 2 * k == n ? 0 : im;
			*u = a * (float)re - b * (float)im;
			*v = a * (float)im + b * (float)re;
		}
	}
}

static void filter(const spectral *j, fft_lanes at)
{
	for (int64_t k = 0; k < fft_line_length(j->line); k++) {
		float *u = at.re + k * at.stride, *v = at.im + k * at.stride, re = j->re[k], im = j->im[k];
		for (int lane = 0; lane < FFT_LANES; lane++) {
			float a = u[lane], b = v[lane];
			u[lane] = a * re - b * im;
			v[lane] = a * im + b * re;
		}
	}
}

static void take_block(const spectral *j, fft_lanes at, int64_t block)
{
	int64_t stride = transient_stride(j->counts);
	for (int64_t lane = 0; lane < FFT_LANES && block + lane < transient_traces(j->counts); lane++) {
		const float *trace = transient_trace(j->counts, block + lane);
		for (int64_t m = 0; m < j->counts->shape.z; m++)
			at.re[m * at.stride + lane] = trace[m * stride];
	}
}

static void put_block(const spectral *j, fft_lanes at, int64_t block)
{
	int64_t bins = j->counts->shape.z, stride = transient_stride(j->counts);
	for (int64_t lane = 0; lane < FFT_LANES && block + lane < transient_traces(j->counts); lane++) {
		float *trace = transient_trace(j->counts, block + lane);
		double by = j->later ? j->later[(block + lane) % j->n] : 0, whole = floor(by);
		if (j->later && !(by > whole))
			continue;
		for (int64_t m = 0; m < bins; m++) {
			/* (what was in the last bin is in the one after it too, by a part) */
			double from = (double)m - whole;
			bool there = from >= 0 && from <= (double)(j->later ? bins : bins - 1);
			trace[m * stride] = there ? at.re[(int64_t)from * at.stride + lane] : 0;
		}
	}
}

static void each_block(int64_t first, int64_t end, void *data)
{
	spectral *j = data;
	int64_t n = fft_line_length(j->line), slot = g_atomic_int_add(&j->slot, 1);
	float *mem = fft_scratch_block(j->scratch, slot, spectral_floats(n));
	fft_lanes at = { mem, mem + n * FFT_LANES, FFT_LANES };
	float *scratch = mem + 2 * n * FFT_LANES;
	for (int64_t i = first; i < end; i++) {
		memset(mem, 0, (size_t)(2 * n * FFT_LANES) * sizeof(float));
		take_block(j, at, i * FFT_LANES);
		fft_line_run(j->line, at, at, false, false, scratch);
		if (j->re)
			filter(j, at);
		else
			delay(j, at, i * FFT_LANES);
		fft_lanes swapped = { at.im, at.re, at.stride };
		fft_line_run(j->line, swapped, swapped, false, false, scratch);
		put_block(j, at, i * FFT_LANES);
	}
}

static void run_spectral(spectral *j, int64_t length)
{
	device *dev = j->counts->dev;
	g_autoptr(fft_line) line = fft_line_new(dev, length);
	g_autoptr(array) scratch = fft_scratch_new(dev, device_threads(dev), spectral_floats(length));
	j->line = line;
	j->scratch = scratch;
	if (!dev->error && j->counts->mem)
		device_each(dev, (transient_traces(j->counts) + FFT_LANES - 1) / FFT_LANES, 1, each_block, j);
}

void transient_shift_traces(array *counts, int64_t n, const double *later,
	enum transient_shift how)
{
	moving j = { counts, n, later, how == SHIFT_FOURIER };
	bool parts = false;
	for (int64_t i = 0; i < n; i++)
		parts = parts || later[i] != floor(later[i]);
	if (parts && how == SHIFT_FOURIER) {
		spectral parts_of = { .counts = counts, .n = n, .later = later };
		run_spectral(&parts_of, fft_good_size(2 * counts->shape.z));
	}
	if (counts->mem)
		device_each(counts->dev, transient_traces(counts), 16, move_traces, &j);
}

/* --- the pulse -------------------------------------------------------------------------------- */

/* F of the pulse about its middle, at frequency k of n. */
static void pulse_spectrum(const transient_pulse *p, int64_t k, int64_t n, double *re, double *im)
{
	double sum = 0;
	*re = *im = 0;
	for (int64_t i = 0; i < p->n; i++) {
		double angle = -2 * M_PI * (double)k / (double)n * ((double)i - p->middle);
		*re += p->values[i] * cos(angle);
		*im += p->values[i] * sin(angle);
		sum += p->values[i];
	}
	*re /= sum;
	*im /= sum;
}

/* conj(H) / (|H|^2 + noise) / n, and its mirror image. */
static void set_wiener(array *filters, int64_t k, int64_t n, const double h[2], double noise)
{
	double scale = 1 / ((h[0] * h[0] + h[1] * h[1] + noise) * (double)n);
	float *re = array_row(filters, 0, 0, 0), *im = array_row(filters, 1, 0, 0);
	bool alone = k == 0 || 2 * k == n;
	re[k] = (float)(h[0] * scale);
	im[k] = alone ? 0 : (float)(-h[1] * scale);
	re[(n - k) % n] = re[k];
	im[(n - k) % n] = -im[k];
}

static void deconvolve(array *counts, const transient_pulse *p, double fwhm, double noise)
{
	int64_t reach = p ? p->n : (int64_t)fmin(4 * fwhm, (double)counts->shape.z);
	int64_t n = fft_good_size(2 * counts->shape.z + reach);
	g_autoptr(array) filters = array_new_bare(counts->dev, REAL, (shape){ 2, 1, 1, n });
	if (!filters->mem)
		return;
	for (int64_t k = 0; 2 * k <= n; k++) {
		double h[2] = { exp(-pow(M_PI * fwhm * (double)k / (double)n, 2) / (4 * log(2))), 0 };
		if (p)
			pulse_spectrum(p, k, n, &h[0], &h[1]);
		set_wiener(filters, k, n, h, noise);
	}
	spectral j = { .counts = counts, .re = array_row(filters, 0, 0, 0),
		.im = array_row(filters, 1, 0, 0) };
	run_spectral(&j, n);
}

void transient_deconvolve(array *counts, const transient_pulse *pulse, double noise)
{
	deconvolve(counts, pulse, 0, noise);
}

void transient_deconvolve_jitter(array *counts, double fwhm, double noise)
{
	deconvolve(counts, NULL, fwhm, noise);
}
