/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-rows.c - real transforms along x: rows turned into lanes, two of them to one complex line
 * (Press et al., Numerical Recipes, 3rd ed. 2007, section 12.3.1) */
#include "math/fft-rows.h"

#include <string.h>
#include "kern.h"

typedef float quad __attribute__((vector_size(16)));

static inline quad load(const float *p)
{
	quad q;
	memcpy(&q, p, sizeof q);
	return q;
}

static inline void store(float *p, quad q)
{
	memcpy(p, &q, sizeof q);
}

/* a[i][j] -> b[j][i], 4 x 4 */
static inline void transpose4(float *b0, float *b1, float *b2, float *b3, const quad a[4])
{
	quad p = __builtin_shufflevector(a[0], a[1], 0, 4, 1, 5);
	quad q = __builtin_shufflevector(a[0], a[1], 2, 6, 3, 7);
	quad r = __builtin_shufflevector(a[2], a[3], 0, 4, 1, 5);
	quad s = __builtin_shufflevector(a[2], a[3], 2, 6, 3, 7);
	store(b0, __builtin_shufflevector(p, r, 0, 1, 4, 5));
	store(b1, __builtin_shufflevector(p, r, 2, 3, 6, 7));
	store(b2, __builtin_shufflevector(q, s, 0, 1, 4, 5));
	store(b3, __builtin_shufflevector(q, s, 2, 3, 6, 7));
}

/* Columns x .. x + 15 of sixteen rows: lanes[j][i] = row[i][x + j] */
static void rows_to_lanes(float *lanes, const float *const row[], int64_t x)
{
	for (int i = 0; i < FFT_LANES; i += 4) {
		for (int j = 0; j < FFT_LANES; j += 4) {
			quad a[4];
			for (int k = 0; k < 4; k++)
				a[k] = load(row[i + k] + x + j);
			float *b = lanes + j * FFT_LANES + i;
			transpose4(b, b + FFT_LANES, b + 2 * FFT_LANES, b + 3 * FFT_LANES, a);
		}
	}
}

/* row[i][x + j] = lanes[j][i] */
static void lanes_to_rows(float *const row[], int64_t x, const float *lanes)
{
	for (int i = 0; i < FFT_LANES; i += 4) {
		for (int j = 0; j < FFT_LANES; j += 4) {
			quad a[4];
			for (int k = 0; k < 4; k++)
				a[k] = load(lanes + (j + k) * FFT_LANES + i);
			transpose4(row[i] + x + j, row[i + 1] + x + j, row[i + 2] + x + j, row[i + 3] + x + j, a);
		}
	}
}

static int64_t round_up(int64_t n)
{
	return (n + FFT_LANES - 1) / FFT_LANES * FFT_LANES;
}

/*
 * The work area: Z, lanes of n numbers (re, im), each with one spare block; the line's own; a row
 * that stands in for missing ones.
 */
struct area {
	float *re, *im, *line, *spare;
};

static int64_t lane_floats(int64_t n)
{
	return round_up(n) * FFT_LANES;
}

int64_t fft_rows_scratch(int64_t n)
{
	return 2 * lane_floats(n) + fft_line_scratch(n) + round_up(n) + FFT_LANES;
}

static struct area lay_out(int64_t n, float *scratch)
{
	int64_t size = lane_floats(n);
	struct area a = { scratch, scratch + size, scratch + 2 * size, NULL };
	a.spare = a.line + fft_line_scratch(n);
	return a;
}

/* FFT_STRIP pointers: those given, then the spare row. */
static void fill_up(const float *all[FFT_STRIP], const float *const given[], int64_t rows,
	const float *spare)
{
	for (int64_t i = 0; i < FFT_STRIP; i++)
		all[i] = i < rows ? given[i] : spare;
}

/* Lanes of the two rows of Z, then their numbers from `width` on cleared. */
static void clear_tail(struct area a, int64_t width, int64_t end)
{
	if (end > width) {
		memset(a.re + width * FFT_LANES, 0, (size_t)((end - width) * FFT_LANES) * sizeof(float));
		memset(a.im + width * FFT_LANES, 0, (size_t)((end - width) * FFT_LANES) * sizeof(float));
	}
}

/*
 * Z = A + i B, A and B the spectra of real rows: A[k] = (Z[k] + conj Z[n-k]) / 2,
 * B[k] = (Z[k] - conj Z[n-k]) / 2i, for k .. k + 15.  parts: A.re A.im B.re B.im
 */
KERNEL_CLONES static void untangle(float *parts, const float *re, const float *im, int64_t k0,
	int64_t n)
{
	enum { BLOCK = FFT_LANES * FFT_LANES };
	for (int64_t j = 0; j < FFT_LANES; j++) {
		int64_t k = MIN(k0 + j, n / 2) * FFT_LANES;
		int64_t m = (n - MIN(k0 + j, n / 2)) % n * FFT_LANES;
		float *to = parts + j * FFT_LANES;
		PRAGMA_(omp simd)
		for (int l = 0; l < FFT_LANES; l++) {
			float zr = re[k + l], zi = im[k + l], cr = re[m + l], ci = im[m + l];
			to[l] = 0.5f * (zr + cr);
			to[l + BLOCK] = 0.5f * (zi - ci);
			to[l + 2 * BLOCK] = 0.5f * (zi + ci);
			to[l + 3 * BLOCK] = 0.5f * (cr - zr);
		}
	}
}

/* Z[k] = A[k] + i B[k], Z[n-k] = conj A[k] + i conj B[k] */
KERNEL_CLONES static void entangle(float *re, float *im, const float *parts, int64_t k0, int64_t n)
{
	enum { BLOCK = FFT_LANES * FFT_LANES };
	for (int64_t j = 0; j < FFT_LANES && k0 + j <= n / 2; j++) {
		int64_t k = (k0 + j) * FFT_LANES, m = (n - k0 - j) % n * FFT_LANES;
		const float *from = parts + j * FFT_LANES;
		float real = k == m ? 0.0f : 1.0f;      /* the zeroth and the middle one are real */
		PRAGMA_(omp simd)
		for (int l = 0; l < FFT_LANES; l++) {
			float ar = from[l], ai = from[l + BLOCK] * real;
			float br = from[l + 2 * BLOCK], bi = from[l + 3 * BLOCK] * real;
			re[m + l] = ar + bi;
			im[m + l] = br - ai;
			re[k + l] = ar - bi;
			im[k + l] = ai + br;
		}
	}
}

void fft_rows_forward(const fft_line *f, float *const re[], float *const im[],
	const float *const in[], int64_t width, int64_t rows, float *scratch)
{
	int64_t n = fft_line_length(f);
	struct area a = lay_out(n, scratch);
	const float *all[FFT_STRIP];
	float parts[4 * FFT_LANES * FFT_LANES] __attribute__((aligned(64)));
	float *out[4][FFT_LANES];
	bool half = n % 2 == 0 && width <= n / 2;
	fill_up(all, in, rows, in[0]);
	for (int64_t x = 0; x < width; x += FFT_LANES) {
		rows_to_lanes(a.re + x * FFT_LANES, all, x);
		rows_to_lanes(a.im + x * FFT_LANES, all + FFT_LANES, x);
	}
	clear_tail(a, width, half ? n / 2 : n);
	fft_lanes z = { a.re, a.im, FFT_LANES };
	fft_line_run(f, z, z, half, false, a.line);
	for (int i = 0; i < FFT_LANES; i++) {
		out[0][i] = i < rows ? re[i] : a.spare;
		out[1][i] = i < rows ? im[i] : a.spare;
		out[2][i] = i + FFT_LANES < rows ? re[i + FFT_LANES] : a.spare;
		out[3][i] = i + FFT_LANES < rows ? im[i + FFT_LANES] : a.spare;
	}
	for (int64_t k = 0; k <= n / 2; k += FFT_LANES) {
		untangle(parts, a.re, a.im, k, n);
		for (int p = 0; p < 4; p++)
			lanes_to_rows(out[p], k, parts + p * FFT_LANES * FFT_LANES);
	}
}

void fft_rows_inverse(const fft_line *f, float *const out[], int64_t width,
	const float *const re[], const float *const im[], int64_t rows, float *scratch)
{
	int64_t n = fft_line_length(f);
	struct area a = lay_out(n, scratch);
	const float *all_re[FFT_STRIP], *all_im[FFT_STRIP];
	float parts[4 * FFT_LANES * FFT_LANES] __attribute__((aligned(64)));
	float *to[FFT_STRIP];
	fill_up(all_re, re, rows, re[0]);
	fill_up(all_im, im, rows, im[0]);
	for (int64_t k = 0; k <= n / 2; k += FFT_LANES) {
		rows_to_lanes(parts, all_re, k);
		rows_to_lanes(parts + FFT_LANES * FFT_LANES, all_im, k);
		rows_to_lanes(parts + 2 * FFT_LANES * FFT_LANES, all_re + FFT_LANES, k);
		rows_to_lanes(parts + 3 * FFT_LANES * FFT_LANES, all_im + FFT_LANES, k);
		entangle(a.re, a.im, parts, k, n);
	}
	fft_lanes z = { a.im, a.re, FFT_LANES };
	fft_line_run(f, z, z, false, n % 2 == 0 && width <= n / 2, a.line);
	for (int64_t i = 0; i < FFT_STRIP; i++)
		to[i] = i < rows ? out[i] : a.spare;
	for (int64_t x = 0; x < width; x += FFT_LANES) {
		lanes_to_rows(to, x, a.re + x * FFT_LANES);
		lanes_to_rows(to + FFT_LANES, x, a.im + x * FFT_LANES);
	}
}
