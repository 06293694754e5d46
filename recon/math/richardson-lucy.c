/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.c - the fused Richardson-Lucy solver: its loop and stopping rules
 *
 * State: the spectrum, its factor (a quarter of that in size where the PSF is symmetric), and the
 * estimate twice. */
#include "math/richardson-lucy.h"

#include <math.h>
#include "core/error.h"
#include "math/fft.h"
#include "math/rl-inside.h"
#include "math/vec.h"

/* --- the loop --------------------------------------------------------------------------------- */

/*
 * What single precision leaves of the divergence, for a count: a rise by less is none.  Devices
 * round differently, and would part ways there.
 */
#define DIVERGENCE_ROUNDING 1e-7

/* Total variation looks at neighbours, nothing else does. */
static array *volume_new(const struct rl *s)
{
	if (s->settings->in_file)
		return array_new_in_file(s->dev, REAL, s->grid);
	return s->settings->tv_weight > 0 ? array_new(s->dev, REAL, s->grid) :
		array_new_bare(s->dev, REAL, s->grid);
}

rl_memory rl_memory_for(shape grid, const rl_problem *p, const rl_settings *settings)
{
	int volumes = 2 + (settings->acceleration == RL_BIGGS_ANDREWS) + (p->weights != NULL) +
		(settings->tv_weight > 0);
	return (rl_memory){
		array_bytes(COMPLEX, fft_spectrum_shape(grid)), volumes * array_bytes(REAL, grid)
	};
}

static void allocate(struct rl *s)
{
	device *dev = s->dev;
	shape e = s->grid;
	s->passes = convolve_pass_new(dev, s->grid);
	bool in_file = s->settings->all_in_file && s->grid.z > 1;
	s->spectrum = (in_file ? array_new_in_file : array_new)(dev, COMPLEX,
		fft_spectrum_shape(s->grid));
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
	double d = rl_sum(s, SUM_HOLDOUT);
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
		rl_model_pass(s);
		o->divergence = s->wants_divergence ? rl_sum(s, SUM_DIVERGENCE) : NAN;
		bool rises = t->restart && o->divergence - before > s->rounding;
		double change = fabs(before - o->divergence) / o->divergence;
		since = rises ? 0 : since + 1;
		rl_step(s, since);
		enough = overfits(s, k - 1, o);
		o->converged = t->tolerance > 0 && change < t->tolerance;
		if (!tick(s, k, change, w, o, err))
			return false;
	}
	o->fft_per_iteration = (double)(s->dev->fft_count - transforms) / (double)MAX(o->iterations, 1);
	return true;
}

bool rl_solve(array *result, const rl_problem *p, const rl_settings *settings, watch *w,
	rl_outcome *outcome, GError **err)
{
	struct rl s = {
		.dev = p->y->dev, .p = p, .settings = settings,
		.window = p->blur->geometry.window, .grid = p->blur->geometry.grid,
		.least_model = fmaxf(1e-6f * vec_max_abs(p->y), 1e-30f),
		.rounding = DIVERGENCE_ROUNDING * vec_sum(p->y),
		.wants_divergence = settings->restart || settings->tolerance > 0 || watch_wants_objective(w)
	};
	*outcome = (rl_outcome){ .divergence = NAN, .best_holdout = NAN };
	allocate(&s);
	bool ok = device_ok(s.dev, err);
	if (ok) {
		rl_begin(&s);
		ok = iterate(&s, w, outcome, err);
	}
	release(&s);
	if (ok) {
		rl_give(&s, result);
		ok = device_ok(s.dev, err);
	}
	array_free(s.x);
	return ok && (vec_finite(result) || refuse_numbers(outcome->iterations, err));
}
