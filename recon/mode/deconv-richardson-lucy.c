/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-richardson-lucy.c - Richardson-Lucy channel by channel, stopped by light held back */
#include <math.h>

#include "core/error.h"
#include "math/fft.h"
#include "math/richardson-lucy.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/random.h"

typedef struct {
	const deconv_stack *stack;      /* borrowed */
	rl_problem p;
} channel;

/* Some is left for scratch. */
#define SCRATCH (12 << 20)

static bool has_room(const device *dev, int64_t bytes)
{
	return !dev->spill || dev->memory_limit == 0 ||
		bytes + SCRATCH <= dev->memory_limit - dev->memory_used;
}

/* All stacks of a channel share one, which takes more room than the PSF and has all of it. */
static const rl_blur *blur_of(const task *t, const deconv_stack *s, GError **err)
{
	const deconv_options *o = t->options;
	deconv_spread *spread = s->spread;
	const rl_geometry g = rl_layout(s->y->shape, spread->size, s->centre, (enum rl_border)o->border);
	bool fits = has_room(t->dev, array_bytes(COMPLEX, fft_spectrum_shape(g.grid)));
	if (!spread->blur)
		spread->blur = rl_blur_new(t->dev, spread->psf, s->centre, &g, !fits, err);
	if (spread->blur)
		g_clear_pointer(&spread->psf, array_free);
	return spread->blur;
}

static bool channel_load(channel *c, const task *t, const deconv_stack *s, GError **err)
{
	c->stack = s;
	c->p = (rl_problem){
		.y = s->y, .weights = s->weights, .offset = s->offset, .blur = blur_of(t, s, err)
	};
	return c->p.blur != NULL;
}

/* Relative change of the divergence: deconwolf's; a smooth estimate may go on for longer. */
#define TOLERANCE 0.02
#define TV_TOLERANCE 0.002

/*
 * Of total variation, over the noise of a mean pixel: near the best of simulated pictures and
 * stacks of 10 to 3000 electrons, and Dey's 0.002 (Microsc. Res. Tech. 69, 2006) at 25.
 */
#define TV_OF_NOISE 0.01

static rl_settings settings_of(const task *t, const deconv_data *d, const channel *c)
{
	const deconv_options *o = t->options;
	shape w = c->p.blur->geometry.window, e = c->p.blur->geometry.estimate;
	double mean = vec_sum(c->stack->y) / (double)shape_count(w);
	double least = d->least[c->stack->number / d->frames];
	bool added = !isnan(d->background), smooth = o->method == DECONV_RL_TV;
	return (rl_settings){
		.acceleration = (enum rl_acceleration)o->acceleration, .lag = o->compat ? 1 : 0,
		.restart = !o->compat, .held = o->compat ? 0 : 0.5, .flat = o->compat,
		.bold = o->acceleration != RL_PLAIN && !o->compat, .background = added ? d->background : 0,
		.start = added ? fmax(mean - d->background, least) :
			fmax(mean * (double)shape_count(w) / (double)shape_count(e), least),
		.tv_weight = !smooth ? 0 : isnan(o->tv_weight) ? TV_OF_NOISE / sqrt(fmax(mean, 1)) :
			o->tv_weight,
		.spacing = { d->apart.z, d->apart.y, d->apart.x }, .least = least, .seen = 0.01,
		.iterations = o->iterations,
		.tolerance = o->stop != STOP_CHANGE ? 0 : !isnan(o->tolerance) ? o->tolerance :
			smooth ? TV_TOLERANCE : TOLERANCE,
		.channel = c->stack->number, .channels = c->stack->count
	};
}

/* --- stopping: Poisson thinning --------------------------------------------------------------- */

/*
 * A tenth of the electrons, drawn by chance, is held back: both parts are Poisson and independent
 * of each other.  What the model of the rest says of them gets worse when it begins to fit noise.
 */
#define HELD_BACK 0.1

static double binomial(random_stream *s, int64_t n, double share)
{
	int64_t k = 0;
	if (n > 400) {
		double mean = (double)n * share, spread = sqrt(mean * (1 - share));
		return CLAMP(floor(mean + spread * random_gauss(s) + 0.5), 0, (double)n);
	}
	for (int64_t i = 0; i < n; i++)
		k += random_uniform(s) < share;
	return (double)k;
}

struct thinning {
	array *kept, *held;
	uint64_t seed;
	int64_t channel;
};

static void thin_planes(int64_t first, int64_t end, void *data)
{
	const struct thinning *j = data;
	shape s = j->kept->shape;
	for (int64_t row = first; row < end; row++) {
		float *kept = array_row(j->kept, 0, row / s.y, row % s.y);
		float *held = array_row(j->held, 0, row / s.y, row % s.y);
		random_stream r = random_at(j->seed, RANDOM_THINNING,
			(uint64_t)(j->channel * s.z * s.y + row));
		for (int64_t x = 0; x < s.x; x++) {
			double whole = floor((double)kept[x]);
			held[x] = (float)(binomial(&r, (int64_t)whole, HELD_BACK) +
				((double)kept[x] - whole) * HELD_BACK);
			kept[x] -= held[x];
		}
	}
}

/* What does not fit is kept in files, the estimate first: it is touched least. */
static void share_memory(const task *t, const rl_problem *p, rl_settings *s)
{
	rl_memory need = rl_memory_for(p->blur->geometry.grid, p, s);
	s->in_file = !has_room(t->dev, need.transforms + need.estimate);
	s->all_in_file = !has_room(t->dev, need.transforms);
}

static array *picture_copy(const array *a)
{
	array *copy = array_new_picture(a->dev, a->shape);
	vec_copy(copy, a);
	return copy;
}

/* One draw: adds its curve. */
static bool draw(task *t, const channel *c, const rl_settings *settings, uint64_t seed,
	double *curve, GError **err)
{
	array one = c->stack->y_here;
	g_autoptr(array) kept_here = picture_copy(&one);
	g_autoptr(array) held_here = array_new_picture(one.dev, one.shape);
	g_autofree double *here = g_new(double, settings->iterations);
	struct thinning j = { kept_here, held_here, seed, settings->channel };
	if (!device_ok(t->cpu, err))
		return false;
	device_each(t->cpu, one.shape.z * one.shape.y, 1, thin_planes, &j);
	g_autoptr(array) kept = array_lend(kept_here, t->dev);
	g_autoptr(array) held = array_lend(held_here, t->dev);
	rl_problem p = c->p;
	g_autoptr(array) offset = p.offset ? picture_copy(p.offset) : NULL;
	if (offset)
		vec_scale(offset, 1 - (float)HELD_BACK);
	p.offset = offset;
	rl_settings s = *settings;
	rl_outcome outcome;
	p.y = kept;
	p.holdout = held;
	p.holdout_scale = HELD_BACK / (1 - HELD_BACK);
	p.curve = here;
	share_memory(t, &p, &s);
	if (!device_ok(t->dev, err) || !rl_solve(c->stack->result, &p, &s, NULL, &outcome, err))
		return false;
	for (int64_t k = 0; k < s.iterations; k++)
		curve[k] += here[k];
	return true;
}

/* Of little light one draw says little. */
static int draws_for(const channel *c)
{
	const double plenty = 1e7;      /* electrons */
	return (int)CLAMP(plenty / fmax(vec_sum(c->stack->y), 1), 1, 8);
}

/*
 * Divergences that differ by less than this, in nats, are no evidence for the one or the other; the
 * earlier estimate is then the smoother one (the rule of one standard error: Breiman and others,
 * Classification and Regression Trees, 1984, section 3.4).
 */
#define LIKELY 0.5

static int64_t first_as_good(const double *curve, int64_t best, double slack)
{
	int64_t k = 0;
	while (k < best && !(curve[k] - curve[best] <= slack))
		k++;
	return k;
}

/* How many iterations are best, or -1. */
static int64_t best_iterations(task *t, const deconv_data *d, const channel *c, GError **err)
{
	const deconv_options *o = t->options;
	rl_settings s = settings_of(t, d, c);
	g_autofree double *curve = g_new0(double, s.iterations);
	int64_t best = 0;
	s.start *= 1 - HELD_BACK;
	s.least *= 1 - HELD_BACK;
	s.background *= 1 - HELD_BACK;
	int draws = draws_for(c);
	for (int k = 0; k < draws; k++)
		if (!draw(t, c, &s, (uint64_t)o->seed + ((uint64_t)k << 40), curve, err))
			return -1;
	for (int64_t k = 1; k < s.iterations; k++)
		best = curve[k] < curve[best] ? k : best;
	report_number(t->report, "holdout_divergence", curve[best] / draws);
	return MAX(first_as_good(curve, best, LIKELY * draws), 1);
}

/* --- the method ------------------------------------------------------------------------------- */

struct tally {
	double divergence;
	int64_t iterations;
};

static bool solve(task *t, const deconv_data *d, deconv_stack *stack, void *tally, GError **err)
{
	const deconv_options *options = t->options;
	struct tally *sum = tally;
	channel c;
	rl_outcome o;
	if (!channel_load(&c, t, stack, err))
		return false;
	rl_settings s = settings_of(t, d, &c);
	if (options->stop == STOP_AUTO) {
		s.iterations = best_iterations(t, d, &c, err);
		if (s.iterations < 0)
			return false;
	}
	share_memory(t, &c.p, &s);
	report_word(t->report, "kept_in_files", s.all_in_file ? "all" : s.in_file ? "estimate" :
		"nothing");
	if (!rl_solve(stack->result, &c.p, &s, t->watch, &o, err))
		return false;
	sum->divergence += o.divergence;
	sum->iterations = MAX(sum->iterations, o.iterations);
	return true;
}

bool deconv_richardson_lucy(task *t, const deconv_data *d, array *result, GError **err)
{
	struct tally sum = { 0 };
	if (!deconv_each(t, d, result, &(deconv_method){ solve, &sum }, err))
		return false;
	deconv_tell_end(t, sum.iterations);
	report_number(t->report, "divergence", sum.divergence);
	return device_ok(t->dev, err);
}
