/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.c - the fused Richardson-Lucy solver: its loop, momentum and stopping rules
 *
 * Four transforms an iteration, of which two know that the data fill a part of the grid only, and
 * two that the estimate does.  State: the spectrum, its factor, the estimate twice and what the
 * sensor sees of each voxel. */
#include "math/richardson-lucy.h"

#include <math.h>
#include "core/error.h"
#include "math/convolve-pass.h"
#include "math/fft.h"
#include "math/vec.h"
#include "richardson-lucy.cl"

struct rl {
	device *dev;
	const rl_problem *p;
	const rl_settings *settings;
	rl_geometry g;
	convolve_pass *passes;
	array *spectrum;
	array *x, *ahead, *seen;        /* the estimate, extrapolated, and H' w */
	array *step;                    /* Biggs and Andrews: the last x - p */
	array *sums;                    /* SUMS planes of one number a row */
	float momentum, least_model;
	double square;                  /* of the last step: Biggs and Andrews */
	bool wants_divergence;
};

enum { SUM_DIVERGENCE, SUM_HOLDOUT, SUM_PRODUCT, SUM_SQUARE, SUMS };

/* --- geometry --------------------------------------------------------------------------------- */

typedef struct { int64_t estimate, grid, at; } axis_layout;

static axis_layout layout_axis(int64_t window, int64_t psf, int64_t centre, enum rl_border border)
{
	if (border == RL_BORDER_PERIODIC || (window == 1 && psf == 1))
		return (axis_layout){ window, window, 0 };
	int64_t size = window + psf - 1;
	return (axis_layout){ size, fft_good_size(size), psf - 1 - centre };
}

rl_geometry rl_layout(shape window, shape psf, position centre, enum rl_border border)
{
	axis_layout z = layout_axis(window.z, psf.z, centre.z, border);
	axis_layout y = layout_axis(window.y, psf.y, centre.y, border);
	axis_layout x = layout_axis(window.x, psf.x, centre.x, border);
	return (rl_geometry){
		.window = { 1, window.z, window.y, window.x },
		.estimate = { 1, z.estimate, y.estimate, x.estimate },
		.grid = { 1, z.grid, y.grid, x.grid }, .at = { z.at, y.at, x.at }
	};
}

/*
 * The model of y(i) is the sum over j of h(j) x(i + at + centre - j): on a cyclic grid the PSF's
 * element at + centre is element 0.
 */
array *rl_spectrum(const array *psf, position centre, const rl_geometry *g, GError **err)
{
	int axes = g->grid.z > 1 ? 3 : 2;
	const position origin = { g->at.z + centre.z, g->at.y + centre.y, g->at.x + centre.x };
	g_autoptr(fft) f = fft_new(psf->dev, g->grid, axes);
	g_autoptr(array) h = psf_factor(f, psf, g->grid, origin, axes);
	return device_ok(psf->dev, err) ? g_steal_pointer(&h) : NULL;
}

/* --- what is done to rows --------------------------------------------------------------------- */

/* Where the sums of rows from (z, y) on go. */
static array sums_at(const struct rl *s, int kind, int64_t z, int64_t y)
{
	array v = array_from_row(s->sums, 0, kind);
	int64_t at = z * s->g.estimate.y + y;
	if (v.mem)
		v.mem += at;
	v.origin += at;
	return v;
}

static void divergence_rows(const struct rl *s, int kind, const array *m, const array *counts,
	int64_t z, int64_t y)
{
	array result = sums_at(s, kind, z, y), c = array_from_row(counts, z, y);
	double scale = kind == SUM_HOLDOUT ? s->p->holdout_scale : 1;
	RUN_PART(m, 0, m->shape.y, k_rl_divergence, &result, m, m->pitch, &c, c.pitch, m->shape.x,
		(float)scale, (float)s->settings->background, s->least_model);
}

/* The model becomes the ratio of the counts to it. */
static void data_rows(void *data, array *m, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array counts = array_from_row(s->p->y, z, y);
	if (s->p->offset) {
		array offset = array_from_row(s->p->offset, z, y);
		RUN_PART(m, 0, rows, k_rl_add, m, m->pitch, &offset, offset.pitch, m->shape.x);
	}
	if (s->wants_divergence)
		divergence_rows(s, SUM_DIVERGENCE, m, s->p->y, z, y);
	if (s->p->holdout)
		divergence_rows(s, SUM_HOLDOUT, m, s->p->holdout, z, y);
	RUN_PART(m, 0, rows, k_rl_ratio, m, m->pitch, &counts, counts.pitch, m->shape.x,
		(float)s->settings->background, s->least_model);
	if (s->p->weights) {
		array w = array_from_row(s->p->weights, z, y);
		RUN_PART(m, 0, rows, k_rl_weigh, m, m->pitch, &w, w.pitch, m->shape.x);
	}
}

static void weight_rows(void *data, array *strip, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	if (!s->p->weights) {
		RUN_PART(strip, 0, rows, k_rl_ones, strip, strip->pitch, strip->shape.x);
		return;
	}
	array w = array_from_row(s->p->weights, z, y);
	RUN_PART(strip, 0, rows, k_rl_copy, strip, strip->pitch, &w, w.pitch, strip->shape.x);
}

/* What the sensor sees of each voxel, and the first estimate. */
static void start_rows(void *data, array *c, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	const rl_settings *t = s->settings;
	array a = array_from_row(s->seen, z, y), p = array_from_row(s->ahead, z, y);
	array x = array_from_row(s->x, z, y);
	RUN_PART(c, 0, rows, k_rl_copy, &a, a.pitch, c, c->pitch, c->shape.x);
	RUN_PART(c, 0, rows, k_rl_start, c, c->pitch, &p, &x, &a, p.pitch, c->shape.x, (float)t->seen,
		(float)t->least, (float)t->start);
}

static void update_rows(void *data, array *c, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	const rl_settings *t = s->settings;
	array a = array_from_row(s->seen, z, y), p = array_from_row(s->ahead, z, y);
	array x = array_from_row(s->x, z, y);
	RUN_PART(c, 0, rows, k_rl_update, c, c->pitch, &p, &x, &a, p.pitch, c->shape.x, (float)t->seen,
		(float)t->least, t->bold ? 1.0f : 0.0f, s->momentum);
}

static void gradient_rows(void *data, array *c, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	const rl_settings *t = s->settings;
	array a = array_from_row(s->seen, z, y), p = array_from_row(s->ahead, z, y);
	array g = array_from_row(s->step, z, y);
	array products = sums_at(s, SUM_PRODUCT, z, y), squares = sums_at(s, SUM_SQUARE, z, y);
	RUN_PART(c, 0, rows, k_rl_gradient, &products, &squares, c, c->pitch, &p, &g, &a, p.pitch,
		c->shape.x, (float)t->seen, (float)t->least, t->bold ? 1.0f : 0.0f);
}

static void extrapolate_rows(void *data, array *c, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array p = array_from_row(s->ahead, z, y), x = array_from_row(s->x, z, y);
	RUN_PART(c, 0, rows, k_rl_extrapolate, c, c->pitch, &p, &x, p.pitch, c->shape.x,
		(float)s->settings->least, s->momentum);
}

/* --- one iteration ---------------------------------------------------------------------------- */

static void lines(struct rl *s, bool conjugate)
{
	int64_t window = s->g.grid.z > 1 ? s->g.window.z : s->g.window.y;
	int64_t estimate = s->g.grid.z > 1 ? s->g.estimate.z : s->g.estimate.y;
	convolve_pass_lines(s->passes, s->spectrum, s->p->h, conjugate,
		conjugate ? window : estimate, conjugate ? estimate : window);
}

static double sum_of(const struct rl *s, int kind)
{
	int64_t n = s->g.estimate.z * s->g.estimate.y;
	double sum = 0;
	g_autofree float *rows = g_new(float, SUMS * n);
	array_download(s->sums, rows);
	for (int64_t i = 0; i < n; i++)
		sum += (double)rows[kind * n + i];
	return sum;
}

enum { BOTH = CONVOLVE_INVERSE | CONVOLVE_FORWARD };

static void model_pass(struct rl *s)
{
	lines(s, false);
	convolve_pass_rows(s->passes, s->spectrum, s->g.window, BOTH, data_rows, s);
	lines(s, true);
}

/* The step, with the momentum of Biggs and Andrews, which depends on all of it. */
static void biggs_andrews(struct rl *s, bool restart)
{
	convolve_pass_rows(s->passes, s->spectrum, s->g.estimate, CONVOLVE_INVERSE, gradient_rows, s);
	double before = s->square, along = before > 0 ? sum_of(s, SUM_PRODUCT) / before : 0;
	s->square = sum_of(s, SUM_SQUARE);
	s->momentum = restart ? 0 : (float)CLAMP(along, 0, 1);
	convolve_pass_rows(s->passes, s->spectrum, s->g.estimate, CONVOLVE_FORWARD, extrapolate_rows, s);
}

/* since: iterations since the momentum began anew */
static void step(struct rl *s, int64_t since)
{
	if (s->settings->acceleration == RL_BIGGS_ANDREWS) {
		biggs_andrews(s, since == 0);
		return;
	}
	s->momentum = s->settings->acceleration == RL_PLAIN ? 0 : (float)since / (float)(since + 3);
	convolve_pass_rows(s->passes, s->spectrum, s->g.estimate, BOTH, update_rows, s);
}

/* --- the loop --------------------------------------------------------------------------------- */

static void allocate(struct rl *s)
{
	device *dev = s->dev;
	shape e = s->g.estimate;
	s->passes = convolve_pass_new(dev, s->g.grid);
	s->spectrum = array_new(dev, COMPLEX, fft_spectrum_shape(s->g.grid));
	s->x = array_new(dev, REAL, e);
	s->ahead = array_new(dev, REAL, e);
	s->seen = array_new(dev, REAL, e);
	if (s->settings->acceleration == RL_BIGGS_ANDREWS) {
		s->step = array_new(dev, REAL, e);
		vec_fill(s->step, 0);
	}
	s->sums = array_new(dev, REAL, (shape){ 1, 1, SUMS, e.z * e.y });
	vec_fill(s->sums, 0);
}

static void release(struct rl *s)
{
	convolve_pass_free(s->passes);
	array *all[] = { s->spectrum, s->x, s->ahead, s->seen, s->step, s->sums };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
}

static void begin(struct rl *s)
{
	convolve_pass_rows(s->passes, s->spectrum, s->g.window, CONVOLVE_FORWARD, weight_rows, s);
	lines(s, true);
	convolve_pass_rows(s->passes, s->spectrum, s->g.estimate, BOTH, start_rows, s);
}

static bool refuse_numbers(int64_t k, GError **err)
{
	error_set(err, RELUMINE_BAD_NUMBERS, NULL, "check the inputs with `relumine inspect`",
		"the numbers became infinite at iteration %" G_GINT64_FORMAT, k);
	return false;
}

static bool tick(struct rl *s, int64_t k, double change, watch *w, rl_outcome *o, GError **err)
{
	const rl_settings *t = s->settings;
	const iteration_note note = {
		.iteration = k, .iterations = t->iterations, .channel = t->channel, .channels = t->channels,
		.objective = o->divergence, .primal = NAN, .dual = change, .mu1 = (double)s->momentum,
		.mu2 = NAN, .mu3 = NAN
	};
	o->iterations = k;
	if (!device_ok(s->dev, err))
		return false;
	if (s->wants_divergence && !isfinite(o->divergence))
		return refuse_numbers(k, err);
	if (watch_tick(w, &note))
		return true;
	error_set(err, RELUMINE_STOPPED, NULL, NULL, "stopped at iteration %" G_GINT64_FORMAT, k);
	return false;
}

/* How long the holdout may get no better: its minimum is the flatter the later it comes. */
static int64_t patience(int64_t best)
{
	return 10 + best;
}

/* Whether the holdout says that it is enough; k steps have been done before this model. */
static bool overfits(struct rl *s, int64_t k, rl_outcome *o)
{
	if (!s->p->holdout)
		return false;
	double d = sum_of(s, SUM_HOLDOUT);
	if (s->p->curve)
		s->p->curve[k] = d;
	if (k == 0 || d < o->best_holdout) {
		o->best_holdout = d;
		o->best_iteration = k;
	}
	return k - o->best_iteration >= patience(o->best_iteration);
}

static bool iterate(struct rl *s, watch *w, rl_outcome *o, GError **err)
{
	const rl_settings *t = s->settings;
	int64_t transforms = s->dev->fft_count, since = 0;
	bool enough = false;
	for (int64_t k = 0; s->p->curve && k < t->iterations; k++)
		s->p->curve[k] = NAN;
	for (int64_t k = 1; k <= t->iterations && !enough && !o->converged; k++) {
		double before = o->divergence;
		model_pass(s);
		o->divergence = s->wants_divergence ? sum_of(s, SUM_DIVERGENCE) : NAN;
		bool rises = t->restart && o->divergence > before;
		double change = fabs(before - o->divergence) / o->divergence;
		since = rises ? 0 : since + 1;
		step(s, since);
		enough = overfits(s, k - 1, o);
		o->converged = t->tolerance > 0 && change < t->tolerance;
		if (!tick(s, k, change, w, o, err))
			return false;
	}
	o->fft_per_iteration = (double)(s->dev->fft_count - transforms) / (double)MAX(o->iterations, 1);
	return true;
}

static void give(const struct rl *s, array *result)
{
	shape w = s->g.window;
	for (int64_t z = 0; z < w.z; z++) {
		array to = array_plane(result, 0, z);
		array from = array_from_row(s->x, z + s->g.at.z, s->g.at.y);
		if (from.mem)
			from.mem += s->g.at.x;
		from.origin += s->g.at.x;
		RUN_PART(&to, 0, w.y, k_rl_copy, &to, to.pitch, &from, from.pitch, w.x);
	}
}

bool rl_solve(array *result, const rl_problem *p, const rl_settings *settings, watch *w,
	rl_outcome *outcome, GError **err)
{
	struct rl s = {
		.dev = p->y->dev, .p = p, .settings = settings, .g = p->geometry,
		.least_model = fmaxf(1e-6f * vec_max_abs(p->y), 1e-30f),
		.wants_divergence = settings->restart || settings->tolerance > 0 || watch_wants_objective(w)
	};
	*outcome = (rl_outcome){ .divergence = NAN, .best_holdout = NAN };
	allocate(&s);
	bool ok = device_ok(s.dev, err);
	if (ok) {
		begin(&s);
		ok = iterate(&s, w, outcome, err);
	}
	if (ok) {
		give(&s, result);
		ok = device_ok(s.dev, err);
	}
	release(&s);
	return ok && (vec_finite(result) || refuse_numbers(outcome->iterations, err));
}
