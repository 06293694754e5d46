/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-cpu-columns.c - the spectral pass of the fused ADMM on the CPU: blocks of columns that go
 * through transform, arithmetic and transform back while they are in cache */
#include "math/admm-cpu.h"

#include <string.h>

/* From column x of a complex array on. */
static array column_view(const array *a, int64_t x)
{
	array v = row_view(a, 0);
	v.mem += x;
	return v;
}

/* Half of a block of e's columns is zero on the way in: what lies between the window and it. */
static void clear_below_window(const struct admm *s, fft_lanes e)
{
	for (int64_t y = s->window.y; y < s->e->shape.y; y++)
		for (int l = 0; l < FFT_LANES; l++)
			e.re[y * e.stride + l] = e.im[y * e.stride + l] = 0;
}

static void one_block(struct admm_cpu *p, int64_t block, int64_t slot)
{
	struct admm *s = p->s;
	float *scratch = fft_scratch_block(p->scratch, slot, p->scratch_floats);
	int64_t x = block * FFT_LANES, columns = MIN(FFT_LANES, s->h->shape.x - x);
	bool half = s->e->shape.y < s->grid.y;
	array e = column_view(s->e, x);
	spectrum_block b = {
		x, columns, column_view(s->v_spectrum, x), column_view(s->drive, x),
		row_view(p->e_block, slot * s->grid.y), column_view(s->h, x), column_view(s->lx, x),
		column_view(s->window_x, x)
	};
	fft_lanes d = { b.drive.mem, b.drive.mem + b.drive.imag, b.drive.pitch };
	fft_lanes narrow = { e.mem, e.mem + e.imag, e.pitch };
	fft_lanes wide = { b.e.mem, b.e.mem + b.e.imag, FFT_LANES };
	clear_below_window(s, narrow);
	fft_line_run(p->y, d, d, false, false, scratch);
	fft_line_run(p->y, wide, narrow, half, false, scratch);
	admm_spectrum_block(s, &b);
	fft_lanes d_back = { d.im, d.re, d.stride }, wide_back = { wide.im, wide.re, wide.stride };
	fft_line_run(p->y, d_back, d_back, false, false, scratch);
	fft_line_run(p->y, wide_back, wide_back, false, half, scratch);
	for (int64_t y = 0; y < s->window.y; y++) {
		memcpy(narrow.re + y * narrow.stride, wide.re + y * FFT_LANES, FFT_LANES * sizeof(float));
		memcpy(narrow.im + y * narrow.stride, wide.im + y * FFT_LANES, FFT_LANES * sizeof(float));
	}
}

static void block_columns(int64_t first, int64_t end, void *data)
{
	struct admm_cpu *p = data;
	for (int64_t block = first, slot = g_atomic_int_add(&p->slot, 1); block < end; block++)
		one_block(p, block, slot);
}

void admm_cpu_spectrum(void *schedule)
{
	struct admm_cpu *p = schedule;
	p->slot = 0;
	device_each(p->s->dev, (p->s->h->shape.x + FFT_LANES - 1) / FFT_LANES, 1, block_columns, p);
}
