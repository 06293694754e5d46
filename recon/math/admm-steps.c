/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-steps.c - the steps of the fused ADMM as kernel launches */
#include "math/admm-inside.h"

#include "fused.cl"

array row_view(const array *a, int64_t row)
{
	array v = *a;
	v.bytes = 0;
	if (a->mem)
		v.mem = a->mem + row * a->pitch;
	v.origin = a->origin + row * a->pitch;
	return v;
}

void admm_dual_rows(const struct admm *s, array *d0, array *d1, const array *v, int64_t rows)
{
	float t = s->settings->tau / s->mu.mu2;
	if (s->settings->isotropic)
		RUN_PART(d0, 0, rows, k_tv_dual_isotropic, d0, d1, v, v->pitch, s->grid.x, t);
	else
		RUN_PART(d0, 0, rows, k_tv_dual, d0, d1, v, v->pitch, s->grid.x, t);
}

void admm_drive_rows(const struct admm *s, array *drive, array *m, const array *v, const array *d0,
	const array *d1, int64_t rows)
{
	if (s->settings->order == ADMM_TUTORIAL)
		RUN_PART(v, 0, rows, k_tv_drive_after, drive, m, v, d0, d1, v->pitch, s->grid.x,
			s->mu.mu2, s->mu.mu3);
	else
		RUN_PART(v, 0, rows, k_tv_drive_before, drive, m, v, d0, d1, v->pitch, s->grid.x,
			s->mu.mu2, s->mu.mu3);
}

void admm_data_rows(const struct admm *s, array *g, array *xi, const array *b, int64_t rows)
{
	RUN_PART(g, 0, rows, k_data_drive, g, g->pitch, xi, b, b->pitch, s->window.x, s->even,
		s->mean, s->mu.mu1);
}

void admm_wrap_halo(const struct admm *s, array *v)
{
	array rows = *v;
	rows.shape.y += 2;
	rows.plane_rows += 2;
	RUN_PART(&rows, 0, s->grid.y + 2, k_wrap_halo, v, v->pitch, s->grid.y, s->grid.x);
}

void admm_keep_window(const struct admm *s, array *g)
{
	RUN(g, k_keep_window, g, g->pitch, s->grid.x, s->window.y, s->window.x);
}

/* Each block has rows of its own to put its sums in. */
static void change_of_block(const struct admm *s, const spectrum_block *b, float scale)
{
	array result = row_view(s->spectral, b->first / FFT_LANES * SPECTRAL_SUMS);
	RUN_PART(&b->v, 0, s->grid.y, k_admm_change, &result, s->spectral->pitch, &b->v, &b->drive, &b->e,
		&b->h, &b->lx, s->ly, b->v.pitch, b->e.pitch, b->columns, b->first, s->grid.x, s->mu.mu1,
		s->mu.mu2, s->mu.mu3, scale);
}

void admm_spectrum_block(const struct admm *s, spectrum_block *b)
{
	float scale = (float)(1.0 / ((double)s->grid.y * (double)s->grid.x));
	if (s->mean != 0)
		RUN_PART(&b->e, 0, s->grid.y, k_take_mean, &b->e, s->window_y, &b->window_x, b->e.pitch,
			b->columns, s->mean);
	if (s->wants_sums)
		change_of_block(s, b, scale);
	RUN_PART(&b->v, 0, s->grid.y, k_admm_spectrum, &b->v, &b->drive, &b->e, &b->h, &b->lx, s->ly,
		b->v.pitch, b->e.pitch, b->columns, s->mu.mu1, s->mu.mu2, s->mu.mu3, scale);
}

/* Where the sums of grid rows from `at` on go. */
static array sums_at(const struct admm *s, int kind, int64_t at)
{
	array v = row_view(s->sums, kind);
	if (v.mem)
		v.mem += at;
	v.origin += at;
	return v;
}

void admm_misfit_rows(struct admm *s, const array *g, const array *b, int64_t at, int64_t rows)
{
	array result = sums_at(s, SUM_MISFIT, at);
	RUN_PART(g, 0, rows, k_misfit, &result, g, g->pitch, b, b->pitch, s->window.x, s->even);
}

void admm_remainder_rows(struct admm *s, const array *g, const array *b, int64_t at, int64_t rows)
{
	array result = sums_at(s, SUM_REMAINDER, at);
	RUN_PART(g, 0, rows, k_remainder, &result, g, g->pitch, b, b->pitch, s->window.x);
}

void admm_drive_sum_rows(struct admm *s, const array *g, int64_t at, int64_t rows)
{
	array result = sums_at(s, SUM_DRIVE, at);
	RUN_PART(g, 0, rows, k_drive_sum, &result, g, g->pitch, s->window.x);
}

void admm_tv_rows(struct admm *s, const array *v, int64_t at, int64_t rows)
{
	array result = sums_at(s, SUM_TV, at);
	RUN_PART(v, 0, rows, k_tv_value, &result, v, v->pitch, s->grid.x, s->settings->isotropic);
}

void admm_data_gap_rows(struct admm *s, const array *g, const array *xi, const array *b, int64_t at,
	int64_t rows)
{
	array result = sums_at(s, SUM_GAP, at);
	RUN_PART(g, 0, rows, k_data_gap, &result, g, g->pitch, xi, b, b->pitch, s->window.x, s->even,
		s->mean, s->mu.mu1);
}

void admm_tv_gap_rows(struct admm *s, const array *d0, const array *d1, const array *v, int64_t at,
	int64_t rows)
{
	array result = sums_at(s, SUM_GAP_TV, at);
	RUN_PART(v, 0, MIN(rows, s->grid.y - at), k_tv_gap, &result, d0, d1, v, v->pitch, s->grid.x,
		s->settings->isotropic, s->settings->tau / s->mu.mu2);
}

void admm_positive_gap_rows(struct admm *s, const array *m, const array *v, int64_t at,
	int64_t rows)
{
	array result = sums_at(s, SUM_GAP_POSITIVE, at);
	RUN_PART(v, 0, rows, k_positive_gap, &result, m, v, v->pitch, s->grid.x,
		s->settings->order == ADMM_LPC ? 1.0f : 0.0f);
}

void admm_positive(array *to, const array *v)
{
	RUN_PART(to, 0, to->shape.y, k_positive_part, to, to->pitch, v, v->pitch, to->shape.x);
}
