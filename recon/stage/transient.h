/* SPDX-License-Identifier: BSD-3-Clause */
/* transient.h - captures of time of flight made ready: time zero, gate, background, bins.  CPU. */
#ifndef STAGE_TRANSIENT_H
#define STAGE_TRANSIENT_H

#include "core/array.h"

/*
 * Captures are REAL arrays (c, t, y, x) of one frame: column x of row y of plane (c, t) is bin t of
 * trace (c, y, x).  Times and widths are in bins; bin m has its middle at m.  A place in time may
 * be anywhere, also outside of the bins.  Results are the same for any number of threads.  Failures
 * of memory stick to the device, as those of arrays do.
 */

static inline int64_t transient_traces(const array *a)
{
	return a->shape.c * a->shape.y * a->shape.x;
}

/* Bin 0 of trace i, counted over (c, y, x), and the floats from bin to bin. */
static inline float *transient_trace(const array *a, int64_t i)
{
	shape s = a->shape;
	return array_row(a, i / (s.y * s.x), 0, i / s.x % s.y) + i % s.x;
}

static inline int64_t transient_stride(const array *a)
{
	return a->plane_rows * a->pitch;
}

/* --- time zero (transient-shift.c) ------------------------------------------------------------ */

enum transient_shift {
	SHIFT_LINEAR,           /* between two bins: never negative, a little softer */
	SHIFT_FOURIER           /* band-limited: keeps the pulse, rings where light is sharper than bins */
};

/*
 * In place: what is at time m of trace (c, y, x) comes to m + later[i], i being (c y_count + y)
 * x_count + x, or y x_count + x if n is only y_count x_count: the same for all c.  Finite numbers.
 * Whole numbers move bins and change nothing.  Nothing wraps around: zeros come in, what leaves
 * is lost.
 */
void transient_shift_traces(array *counts, int64_t n, const double *later,
	enum transient_shift how);

/* New: bins [first, first + n); zeros where there are none.  Never NULL. */
array *transient_crop(const array *counts, int64_t first, int64_t n);

/* --- the light of the wall itself (transient-bounce.c) ---------------------------------------- */

enum transient_mark {
	MARK_PEAK,              /* the largest bin, by a parabola through it and its neighbours */
	MARK_EDGE               /* where it has first risen to half of the largest bin, between two bins */
};

/*
 * Where the strongest light of each trace stands: c y x numbers at[], and how strong it is,
 * strength[] (its largest bin; 0: a dark trace, whose at[] is 0).
 */
void transient_find_bounce(const array *counts, enum transient_mark mark, double *at,
	double *strength);

/* Over the grid x and y go from -1 to 1. */
enum { SURFACE_DEGREE_MOST = 4, SURFACE_TERMS_MOST = 15 };
typedef struct {
	int degree;
	double k[SURFACE_TERMS_MOST];   /* of 1; x, y; x^2, x y, y^2; x^3, ... */
	double residual;        /* robust deviation of the traces from it, bins */
	double used;            /* share of the traces with light that it goes by */
} transient_surface_fit;

/*
 * A smooth surface through at[] of a rows x columns grid where strength > 0; traces that are far
 * from it have no say (Tukey's biweight, from the median on).  A polynomial of the degree that the
 * traces with light bear, eight for each term, up to the fourth: ways to devices 1.5 m from
 * a wall of 1 m are off a quadratic by up to 50 ps, off a quartic by 2 ps.  False: no light.
 */
bool transient_fit_surface(int64_t rows, int64_t columns, const double *at, const double *strength,
	transient_surface_fit *fit);
double transient_surface_at(const transient_surface_fit *f, int64_t rows, int64_t columns,
	int64_t y, int64_t x);

/*
 * The first bin after the tail of the wall's own light, from the mean over all traces, which are
 * to be aligned: where it has fallen to twice the floor, or where the scene's light begins to rise
 * from it.  0: there is no such light.  It is there if the mean is largest before bin `within`
 * (some 100 ps after time zero), nothing after the tail comes to a quarter of that, and the tail
 * falls to a twentieth or less before half of the bins are over.
 */
int64_t transient_tail_end(const array *counts, int64_t within);

/* --- what was added to the light (transient-calibrate.c) -------------------------------------- */

/*
 * In place: zero before bin `first`, from there up to 1 over `edge` bins as (1 - cos) / 2.  An edge
 * of 0 cuts.
 */
void transient_gate(array *counts, double first, double edge);

/*
 * The first of the `width` neighbouring bins, at or after `from`, that hold the least light in all
 * traces together: where to look for background.  width: 1 to all bins after `from`.
 */
int64_t transient_quietest(const array *counts, int64_t from, int64_t width);

/*
 * In place: from each trace its own level in bins [first, end), which hold background alone or
 * little else.  The level is the mean of what is not far from it (four deviations, those of
 * the median or of counting): right for sparse counts too.  Nothing is clipped: background's
 * noise stays around 0.  Gives the mean level.
 */
double transient_subtract_background(array *counts, int64_t first, int64_t end);

/*
 * In place: counts of a detector that sees at most one photon a pulse, the first, to those of one
 * that sees all (Coates, J. Phys. E 1, 1968): pulses * -ln(1 - n_k / (pulses - sum_{j<k} n_j)).
 * BAD_INPUT where a trace has as many counts as pulses or more, or less than none; then nothing has
 * changed.
 */
bool transient_undo_pileup(array *counts, double pulses, GError **err);

/* --- larger bins, fewer points (transient-calibrate.c) ---------------------------------------- */

/*
 * New: sums of `factor` bins, 1 to all; bins at the end that do not fill one are left out.  Bin m
 * has its middle where factor m + (factor - 1) / 2 was.  Never NULL.
 */
array *transient_bin_time(const array *counts, int64_t factor);

/* New: sums of factor x factor points, likewise.  Never NULL. */
array *transient_bin_space(const array *counts, int64_t factor);

/* Means of the same blocks of places (x, y, z; rows x columns of them); g_free. */
double *transient_bin_places(const double *places, int64_t rows, int64_t columns, int64_t factor);

/* --- the pulse (transient-shift.c) ------------------------------------------------------------ */

/*
 * In place, each trace: F^-1 [ conj(H) F / (|H|^2 + noise) ], noise being 1 / the signal-to-noise
 * ratio > 0.  H is the spectrum of the pulse, whose sum is made 1 and whose middle comes to time
 * zero: values[0 .. n - 1] with the middle at `middle`.  Beyond the bins it is dark.
 */
typedef struct { const double *values; int64_t n; double middle; } transient_pulse;

void transient_deconvolve(array *counts, const transient_pulse *pulse, double noise);

/* The same for a Gaussian of that full width at half maximum. */
void transient_deconvolve_jitter(array *counts, double fwhm, double noise);

#endif
