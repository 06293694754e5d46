/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.c - the fused Richardson-Lucy solver: its loop, momentum and stopping rules
 *
 * Four transforms an iteration, of which two know that the data fill a part of the grid only, and
 * two that the estimate does.  State: the spectrum, its factor (a quarter of that in size where the
 * PSF is symmetric), and the estimate twice. */
#include "math/richardson-lucy.h"

#include <math.h>
#include "core/error.h"
#include "math/convolve-pass.h"
#include "math/fft.h"
#include "math/halo.h"
#include "math/vec.h"
#include "richardson-lucy.cl"

struct rl {
	device *dev;
	const rl_problem *p;
	const rl_settings *settings;
	shape window, grid;
	convolve_pass *passes;
	array *spectrum;
	array *x, *ahead;               /* the estimate, and extrapolated: the whole grid */
	array *seen;                    /* H' w, where there are weights */
	array *smooth;                  /* TV: 1 - weight div(grad / |grad|) */
	array *step;                    /* Biggs and Andrews: the last x - p */
	array *sums;                    /* SUMS planes of one number a row */
	float momentum, least_model;
	double square;                  /* of the last step: Biggs and Andrews */
	bool wants_divergence;
};

enum { SUM_DIVERGENCE, SUM_HOLDOUT, SUM_PRODUCT, SUM_SQUARE, SUMS };

/* --- what is done to rows --------------------------------------------------------------------- */

/* Where the sums of rows from (z, y) on go. */
static array sums_at(const struct rl *s, int kind, int64_t z, int64_t y)
{
	array v = array_from_row(s->sums, 0, kind);
	int64_t at = z * s->grid.y + y;
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
static void data_rows(void *data, array *m, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	(void)spare;
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

static void weight_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array w = array_from_row(s->p->weights, z, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_rl_copy, strip, strip->pitch, &w, w.pitch, strip->shape.x);
}

static void keep_seen_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array a = array_from_row(s->seen, z, y);
	(void)spare;
	RUN_PART(c, 0, rows, k_rl_copy, &a, a.pitch, c, c->pitch, c->shape.x);
}

/* What the step divides by, into the spare rows unless it is at hand. */
static array divisor_rows(const struct rl *s, array *spare, int64_t z, int64_t y, int64_t rows)
{
	if (s->seen && !s->smooth)
		return array_from_row(s->seen, z, y);
	if (s->seen) {
		array a = array_from_row(s->seen, z, y);
		RUN_PART(spare, 0, rows, k_rl_copy, spare, spare->pitch, &a, a.pitch, spare->shape.x);
	} else {
		rl_blur_seen(s->p->blur, spare, z, y, rows);
	}
	if (s->smooth) {
		array f = array_from_row(s->smooth, z, y);
		RUN_PART(spare, 0, rows, k_rl_smooth, spare, spare->pitch, &f, f.pitch, spare->shape.x,
			(float)s->settings->seen);
	}
	return *spare;
}

static void start_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	const rl_settings *t = s->settings;
	array p = array_from_row(s->ahead, z, y), x = array_from_row(s->x, z, y), a;
	a = divisor_rows(s, spare, z, y, rows);
	RUN_PART(c, 0, rows, k_rl_start, c, c->pitch, &p, &x, p.pitch, &a, a.pitch, c->shape.x,
		(float)t->seen, (float)t->least, (float)t->start, (float)(t->flat ? t->start : t->least));
}

static void update_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	const rl_settings *t = s->settings;
	array p = array_from_row(s->ahead, z, y), x = array_from_row(s->x, z, y), a;
	a = divisor_rows(s, spare, z, y, rows);
	RUN_PART(c, 0, rows, k_rl_update, c, c->pitch, &p, &x, p.pitch, &a, a.pitch, c->shape.x,
		(float)t->seen, (float)t->least, t->bold ? 1.0f : 0.0f, s->momentum);
}

static void gradient_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	const rl_settings *t = s->settings;
	array p = array_from_row(s->ahead, z, y), g = array_from_row(s->step, z, y), a;
	array products = sums_at(s, SUM_PRODUCT, z, y), squares = sums_at(s, SUM_SQUARE, z, y);
	a = divisor_rows(s, spare, z, y, rows);
	RUN_PART(c, 0, rows, k_rl_gradient, &products, &squares, c, c->pitch, &p, &g, p.pitch, &a,
		a.pitch, c->shape.x, (float)t->seen, (float)t->least, t->bold ? 1.0f : 0.0f);
}

static void extrapolate_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array p = array_from_row(s->ahead, z, y), x = array_from_row(s->x, z, y);
	(void)spare;
	RUN_PART(c, 0, rows, k_rl_extrapolate, c, c->pitch, &p, &x, p.pitch, c->shape.x,
		(float)s->settings->least, s->momentum);
}

/* --- one iteration ---------------------------------------------------------------------------- */

static void lines(struct rl *s, bool conjugate)
{
	int64_t window = s->grid.z > 1 ? s->window.z : s->window.y;
	int64_t grid = s->grid.z > 1 ? s->grid.z : s->grid.y;
	convolve_pass_lines(s->passes, s->spectrum, s->p->blur->factor, conjugate,
		conjugate ? window : grid, conjugate ? grid : window);
}

/*
 * Total variation (Dey and others, Microsc. Res. Tech. 69, 2006): the step is divided by one less
 * weight times the divergence of grad x / |grad x|, here of the extrapolated estimate.
 */
static void find_smooth(struct rl *s)
{
	const rl_settings *t = s->settings;
	const array *p = s->ahead;
	float small = 1e-6f * vec_max_abs(p);
	array_fill_halo(p, BORDER_PERIODIC);
	for (int64_t z = 0; z < s->grid.z; z++) {
		array f = array_plane(s->smooth, 0, z), v = array_plane(p, 0, z);
		array before = array_plane(p, 0, (z + s->grid.z - 1) % s->grid.z);
		array after = array_plane(p, 0, (z + 1) % s->grid.z);
		RUN(&f, k_rl_curvature, &f, &v, &before, &after, v.pitch, v.shape.x,
			(float)(1 / t->spacing[2]), (float)(1 / t->spacing[1]), (float)(1 / t->spacing[0]), small,
			(float)t->tv_weight);
	}
}

static double sum_of(const struct rl *s, int kind)
{
	int64_t n = s->grid.z * s->grid.y;
	double sum = 0;
	g_autofree float *rows = g_new(float, n);
	array of_kind = array_from_row(s->sums, 0, kind);
	of_kind.shape.y = 1;
	array_download(&of_kind, rows);
	for (int64_t i = 0; i < n; i++)
		sum += (double)rows[i];
	return sum;
}

enum { BOTH = CONVOLVE_INVERSE | CONVOLVE_FORWARD };

static void model_pass(struct rl *s)
{
	lines(s, false);
	convolve_pass_rows(s->passes, s->spectrum, s->window, BOTH, data_rows, s);
	lines(s, true);
}

/* The step, with the momentum of Biggs and Andrews, which depends on all of it. */
static void biggs_andrews(struct rl *s, bool restart)
{
	convolve_pass_rows(s->passes, s->spectrum, s->grid, CONVOLVE_INVERSE, gradient_rows, s);
	double before = s->square, along = before > 0 ? sum_of(s, SUM_PRODUCT) / before : 0;
	s->square = sum_of(s, SUM_SQUARE);
	s->momentum = restart ? 0 : (float)CLAMP(along, 0, 1);
	convolve_pass_rows(s->passes, s->spectrum, s->grid, CONVOLVE_FORWARD, extrapolate_rows, s);
}

/* since: iterations since the momentum began anew */
static void step(struct rl *s, int64_t since)
{
	if (s->smooth)
		find_smooth(s);
	if (s->settings->acceleration == RL_BIGGS_ANDREWS) {
		biggs_andrews(s, since == 0);
		return;
	}
	int64_t k = MAX(since - s->settings->lag, 0);
	s->momentum = s->settings->acceleration == RL_PLAIN ? 0 : (float)k / (float)(k + 3);
	convolve_pass_rows(s->passes, s->spectrum, s->grid, BOTH, update_rows, s);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* Total variation looks at neighbours, nothing else does. */
static array *volume_new(const struct rl *s)
{
	return s->settings->tv_weight > 0 ? array_new(s->dev, REAL, s->grid) :
		array_new_bare(s->dev, REAL, s->grid);
}

static void allocate(struct rl *s)
{
	device *dev = s->dev;
	shape e = s->grid;
	s->passes = convolve_pass_new(dev, s->grid);
	s->spectrum = array_new(dev, COMPLEX, fft_spectrum_shape(s->grid));
	s->x = volume_new(s);
	s->ahead = volume_new(s);
	if (s->p->weights)
		s->seen = volume_new(s);
	if (s->settings->tv_weight > 0)
		s->smooth = volume_new(s);
	if (s->settings->acceleration == RL_BIGGS_ANDREWS) {
		s->step = volume_new(s);
		vec_fill(s->step, 0);
	}
	s->sums = array_new(dev, REAL, (shape){ 1, 1, SUMS, e.z * e.y });
	vec_fill(s->sums, 0);
}

/* All but the estimate. */
static void release(struct rl *s)
{
	convolve_pass_free(s->passes);
	array *all[] = { s->spectrum, s->ahead, s->seen, s->smooth, s->step, s->sums };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
}

static void begin(struct rl *s)
{
	if (s->seen) {
		convolve_pass_rows(s->passes, s->spectrum, s->window, CONVOLVE_FORWARD, weight_rows, s);
		lines(s, true);
		convolve_pass_rows(s->passes, s->spectrum, s->grid, CONVOLVE_INVERSE, keep_seen_rows, s);
	}
	if (s->smooth)
		vec_fill(s->smooth, 1);
	convolve_pass_rows(s->passes, s->spectrum, s->grid, CONVOLVE_FORWARD, start_rows, s);
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
	shape w = s->window;
	for (int64_t z = 0; z < w.z; z++) {
		array to = array_plane(result, 0, z), from = array_plane(s->x, 0, z);
		RUN_PART(&to, 0, w.y, k_rl_copy, &to, to.pitch, &from, from.pitch, w.x);
	}
}

bool rl_solve(array *result, const rl_problem *p, const rl_settings *settings, watch *w,
	rl_outcome *outcome, GError **err)
{
	struct rl s = {
		.dev = p->y->dev, .p = p, .settings = settings,
		.window = p->blur->geometry.window, .grid = p->blur->geometry.grid,
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
	release(&s);
	if (ok) {
		give(&s, result);
		ok = device_ok(s.dev, err);
	}
	array_free(s.x);
	return ok && (vec_finite(result) || refuse_numbers(outcome->iterations, err));
}
