/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-line.c - Stockham's self-sorting transform (Van Loan, Computational Frameworks for the Fast
 * Fourier Transform, 1992, section 1.7), radices 2 to 10 and any other factor, decimation in
 * frequency: pass by pass  y[k + r p] = w^(p k) sum_j x[p + m j] exp(-2 pi i j k / r) */
#include "math/fft-line.h"

#include <math.h>
#include <string.h>
#include "kern.h"
#include "math/fft-pass.h"

enum { MAX_PASSES = 40 };

struct pass_plan {
	int64_t radix;
	int64_t m;              /* what is left of the length: groups of this pass */
	int64_t s;              /* what has been done: elements side by side */
	int64_t twiddles;       /* offset of its table: radix pairs, then m groups of (radix - 1) pairs */
};

struct fft_line {
	int64_t n;
	int n_passes;
	struct pass_plan pass[MAX_PASSES];
	array *tables;          /* one row; on the CPU */
};

/*
 * Few passes, since each goes through the whole table once: factors up to 10, an even one first
 * so that a half-empty input can be skipped.
 */
static int64_t next_factor(int64_t n, bool first)
{
	static const int64_t even_first[] = { 8, 10, 6, 4, 2 }, liked[] = { 8, 9, 10, 6, 5, 7, 4, 3, 2 };
	for (size_t i = 0; first && i < G_N_ELEMENTS(even_first); i++)
		if (n % even_first[i] == 0)
			return even_first[i];
	for (size_t i = 0; i < G_N_ELEMENTS(liked); i++)
		if (n % liked[i] == 0)
			return liked[i];
	int64_t p = 11;
	while (n % p)
		p += 2;
	return p;
}

static void plan_passes(fft_line *f)
{
	int64_t left = f->n, done = 1, twiddles = 0;
	while (left > 1) {
		struct pass_plan *p = &f->pass[f->n_passes++];
		p->radix = next_factor(left, done == 1);
		p->m = left / p->radix;
		p->s = done;
		p->twiddles = twiddles;
		twiddles += (p->radix + p->m * (p->radix - 1)) * 2;
		left = p->m;
		done *= p->radix;
	}
}

/* cos and sin of -2 pi k / n, exact at multiples of a quarter turn */
static void unit_root(int64_t k, int64_t n, float *re, float *im)
{
	double angle = -2 * G_PI * (double)(k % n) / (double)n;
	*re = (float)cos(angle);
	*im = (float)sin(angle);
}

/* Tables of a pass: exp(-2 pi i k / r); then w^(p k), w = exp(-2 pi i / (m r)). */
static void fill_tables(const fft_line *f)
{
	float *t = f->tables->mem;
	for (int i = 0; i < f->n_passes; i++) {
		const struct pass_plan *s = &f->pass[i];
		float *w = t + s->twiddles;
		for (int64_t k = 0; k < s->radix; k++, w += 2)
			unit_root(k, s->radix, &w[0], &w[1]);
		for (int64_t p = 0; p < s->m; p++)
			for (int64_t k = 1; k < s->radix; k++, w += 2)
				unit_root(p * k, s->m * s->radix, &w[0], &w[1]);
	}
}

static int64_t table_size(const fft_line *f)
{
	if (f->n_passes == 0)
		return 1;
	const struct pass_plan *last = &f->pass[f->n_passes - 1];
	return last->twiddles + (2 * last->radix - 1) * 2;
}

fft_line *fft_line_new(device *dev, int64_t n)
{
	fft_line *f = g_new0(fft_line, 1);
	f->n = n;
	plan_passes(f);
	f->tables = array_new(dev, REAL, (shape){ 1, 1, 1, table_size(f) });
	if (f->tables->mem)
		fill_tables(f);
	return f;
}

void fft_line_free(fft_line *f)
{
	if (!f)
		return;
	array_free(f->tables);
	g_free(f);
}

int64_t fft_line_length(const fft_line *f)
{
	return f->n;
}

int64_t fft_line_scratch(int64_t n)
{
	return 4 * n * FFT_LANES;
}

enum { SCRATCH_ROW = 4096 };    /* floats: long enough for padding and halo rows not to matter */

static int64_t scratch_rows(int64_t floats)
{
	return (floats + SCRATCH_ROW - 1) / SCRATCH_ROW;
}

array *fft_scratch_new(device *dev, int64_t blocks, int64_t floats)
{
	/* a row of the array with its padding is SCRATCH_ROW floats, so rows follow without a gap */
	return array_new(dev, REAL, (shape){ 1, 1, blocks * scratch_rows(floats), SCRATCH_ROW - 2 });
}

float *fft_scratch_block(const array *scratch, int64_t i, int64_t floats)
{
	return scratch->mem + i * scratch_rows(floats) * scratch->pitch;
}

/* --- running -------------------------------------------------------------------------------- */

static void copy_rows(fft_lanes to, fft_lanes from, int64_t n)
{
	for (int64_t j = 0; j < n; j++) {
		memcpy(to.re + j * to.stride, from.re + j * from.stride, FFT_LANES * sizeof(float));
		memcpy(to.im + j * to.stride, from.im + j * from.stride, FFT_LANES * sizeof(float));
	}
}

/* Where a pass reads and writes; the elements side by side are one run where they touch. */
static struct fft_pass lay_out(const fft_line *f, int i, fft_lanes to, fft_lanes from)
{
	const struct pass_plan *s = &f->pass[i];
	bool touching = to.stride == FFT_LANES && from.stride == FFT_LANES;
	return (struct fft_pass){
		.radix = s->radix, .m = s->m, .roots = f->tables->mem + s->twiddles,
		.twiddle = f->tables->mem + s->twiddles + 2 * s->radix,
		.count = touching ? 1 : s->s, .width = touching ? s->s * FFT_LANES : FFT_LANES,
		.in_re = from.re, .in_im = from.im,
		.in_group = s->s * from.stride, .in_side = from.stride, .in_leg = s->m * s->s * from.stride,
		.out_re = to.re, .out_im = to.im,
		.out_group = s->radix * s->s * to.stride, .out_side = to.stride,
		.out_leg = s->s * to.stride
	};
}

void fft_line_run(const fft_line *f, fft_lanes to, fft_lanes from, bool half_in, bool half_out,
	float *scratch)
{
	int64_t plane = f->n * FFT_LANES;
	fft_lanes half[2] = {
		{ scratch, scratch + plane, FFT_LANES },
		{ scratch + 2 * plane, scratch + 3 * plane, FFT_LANES }
	};
	if (f->n_passes == 0)
		copy_rows(to, from, 1);
	if (f->n_passes == 1) {         /* in place it could overtake itself */
		copy_rows(half[1], from, half_in ? f->n / 2 : f->n);
		from = half[1];
	}
	for (int i = 0; i < f->n_passes; i++) {
		bool first = i == 0, last = i == f->n_passes - 1;
		struct fft_pass pass = lay_out(f, i, last ? to : half[i % 2], first ? from : half[(i + 1) % 2]);
		pass.half_in = first && half_in;
		pass.half_out = last && half_out && !pass.half_in;
		fft_pass_run(&pass);
	}
}
