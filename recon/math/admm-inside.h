/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-inside.h - the state of the fused ADMM and its steps, shared by its two schedules */
#ifndef MATH_ADMM_INSIDE_H
#define MATH_ADMM_INSIDE_H

#include "math/admm.h"
#include "math/fft-line.h"
#include "math/fft.h"

/* The last three: |M v - x|^2 in the window, |grad v - u|^2, |v - w|^2 */
enum { SUM_MISFIT, SUM_TV, SUM_REMAINDER, SUM_DRIVE, SUM_GAP, SUM_GAP_TV, SUM_GAP_POSITIVE, SUMS };
/* Mean squares over the grid of the last change of M v, grad v and v, then of these themselves. */
enum { CHANGES = 3, SPECTRAL_SUMS = 2 * CHANGES };

struct admm {
	device *dev;
	shape grid, window;
	const admm_settings *settings;
	const array *b, *h;
	admm_penalties mu;
	float even;                     /* light that falls on every pixel alike, as fitted so far */
	float mean;                     /* of e and xi, to be taken out of one and put into the other */
	array *v_spectrum, *drive, *e;  /* COMPLEX */
	array *d0, *d1, *m, *xi;
	array *window_x, *window_y;     /* COMPLEX: spectrum of the window along each axis: one row each */
	array *lx, *ly;                 /* eigenvalues of grad' grad along each axis: one row each */
	array *sums;                    /* one row for each kind: one number for each grid row */
	array *spectral;                /* the same of SPECTRAL_SUMS for each block of columns; or NULL */
	bool wants_sums;
};

/* How a kind of device goes through the passes; `p` is what `make` gave. */
struct admm_schedule {
	/* dual rows to have besides the grid's */
	int64_t (*spare_rows)(const device *dev, shape grid);
	void *(*make)(struct admm *s);
	void (*free)(void *p);
	void (*begin)(void *p);         /* e = the data's drive at v = 0 */
	void (*spectrum)(void *p);      /* drive, e -> v and h v */
	void (*pixels)(void *p);        /* v, h v -> drive, e */
	void (*result)(void *p, array *result);         /* C v; after `spectrum` */
};

extern const struct admm_schedule admm_on_cpu, admm_on_opencl;

/* A view of an array whose row 0 is its row `row`; the shape stays. */
array row_view(const array *a, int64_t row);

/* Steps on rows 0..rows - 1 of views that share one pitch; v has halo rows and columns filled. */
void admm_dual_rows(const struct admm *s, array *d0, array *d1, const array *v, int64_t rows);
void admm_drive_rows(const struct admm *s, array *drive, array *m, const array *v, const array *d0,
	const array *d1, int64_t rows);
void admm_data_rows(const struct admm *s, array *g, array *xi, const array *b, int64_t rows);
/* whole arrays: fill the halo of v; clear g outside the window */
void admm_wrap_halo(const struct admm *s, array *v);
void admm_keep_window(const struct admm *s, array *g);
/* to = max(v, 0) in to's window */
void admm_positive(array *to, const array *v);
/* Views of columns `first` to first + columns - 1 of the spectra; e as wide as it needs to be. */
typedef struct {
	int64_t first, columns;
	array v, drive, e, h, lx, window_x;
} spectrum_block;
void admm_spectrum_block(const struct admm *s, spectrum_block *block);
/* sums of rows, for rows `at`... of the grid; all but `drive` before the step they are about */
void admm_misfit_rows(struct admm *s, const array *g, const array *b, int64_t at, int64_t rows);
void admm_remainder_rows(struct admm *s, const array *g, const array *b, int64_t at, int64_t rows);
void admm_drive_sum_rows(struct admm *s, const array *g, int64_t at, int64_t rows);
void admm_tv_rows(struct admm *s, const array *v, int64_t at, int64_t rows);
void admm_data_gap_rows(struct admm *s, const array *g, const array *xi, const array *b, int64_t at,
	int64_t rows);
void admm_tv_gap_rows(struct admm *s, const array *d0, const array *d1, const array *v, int64_t at,
	int64_t rows);
void admm_positive_gap_rows(struct admm *s, const array *m, const array *v, int64_t at,
	int64_t rows);

#endif
