/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-opencl.c - the passes of the fused ADMM over whole arrays, as an OpenCL device likes them */
#include "math/admm-inside.h"
#include "math/vec.h"

struct admm_opencl {
	struct admm *s;
	fft *f;
	array *v, *pixels;              /* the estimate; drives and models */
	array *spectrum;                /* an inverse transform may spoil its input */
};

static int64_t spare_rows(const device *dev, shape grid)
{
	(void)dev;
	(void)grid;
	return 1;
}

static void *make(struct admm *s)
{
	struct admm_opencl *p = g_new0(struct admm_opencl, 1);
	p->s = s;
	p->f = fft_new(s->dev, s->grid, 2);
	p->v = array_new(s->dev, REAL, s->grid);
	p->pixels = array_new(s->dev, REAL, s->grid);
	p->spectrum = array_new(s->dev, COMPLEX, fft_spectrum_shape(s->grid));
	return p;
}

static void release(void *schedule)
{
	struct admm_opencl *p = schedule;
	fft_free(p->f);
	array_free(p->v);
	array_free(p->pixels);
	array_free(p->spectrum);
	g_free(p);
}

static void data_term(struct admm_opencl *p)
{
	struct admm *s = p->s;
	if (s->wants_sums) {
		admm_misfit_rows(s, p->pixels, s->b, 0, s->window.y);
		admm_remainder_rows(s, p->pixels, s->b, 0, s->window.y);
		admm_data_gap_rows(s, p->pixels, s->xi, s->b, 0, s->window.y);
	}
	admm_data_rows(s, p->pixels, s->xi, s->b, s->window.y);
	if (s->settings->background)
		admm_drive_sum_rows(s, p->pixels, 0, s->window.y);
	admm_keep_window(s, p->pixels);
	fft_forward(p->f, s->e, p->pixels);
}

static void begin(void *schedule)
{
	struct admm_opencl *p = schedule;
	vec_fill(p->pixels, 0);
	data_term(p);
}

static void spectrum_pass(void *schedule)
{
	struct admm *s = ((struct admm_opencl *)schedule)->s;
	spectrum_block all = {
		0, s->h->shape.x, *s->v_spectrum, *s->drive, *s->e, *s->h, *s->lx, *s->window_x
	};
	admm_spectrum_block(s, &all);
}

static void pixel_pass(void *schedule)
{
	struct admm_opencl *p = schedule;
	struct admm *s = p->s;
	fft_inverse(p->f, p->v, s->drive);
	admm_wrap_halo(s, p->v);
	if (s->wants_sums) {
		admm_tv_rows(s, p->v, 0, s->grid.y);
		admm_tv_gap_rows(s, s->d0, s->d1, p->v, 0, s->grid.y);
		admm_positive_gap_rows(s, s->m, p->v, 0, s->grid.y);
	}
	admm_dual_rows(s, s->d0, s->d1, p->v, s->grid.y + 1);
	admm_drive_rows(s, p->pixels, s->m, p->v, s->d0, s->d1, s->grid.y);
	fft_forward(p->f, s->drive, p->pixels);
	fft_inverse(p->f, p->pixels, s->e);
	data_term(p);
}

static void result(void *schedule, array *to)
{
	struct admm_opencl *p = schedule;
	vec_copy(p->spectrum, p->s->drive);
	fft_inverse(p->f, p->v, p->spectrum);
	admm_positive(to, p->v);
}

const struct admm_schedule admm_on_opencl = {
	spare_rows, make, release, begin, spectrum_pass, pixel_pass, result
};
