/* SPDX-License-Identifier: BSD-3-Clause */
/* rl-step.c - one iteration of the fused Richardson-Lucy solver
 *
 * Four transforms, of which two know that the data fill a part of the grid only, and two that the
 * estimate does; all else is done to rows that the transforms have in cache. */
#include "math/fft.h"
#include "math/halo.h"
#include "math/rl-inside.h"
#include "math/vec.h"
#include "richardson-lucy.cl"

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
	if (y + rows == s->window.y) {
		array_forget(s->p->y, z, 0, s->window.y);
		if (s->p->weights)
			array_forget(s->p->weights, z, 0, s->window.y);
		if (s->p->offset)
			array_forget(s->p->offset, z, 0, s->window.y);
	}
}

static void weight_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array w = array_from_row(s->p->weights, z, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_rl_copy, strip, strip->pitch, &w, w.pitch, strip->shape.x);
}

/* Rows up to y + rows are done: what is in files need not be held any longer. */
static void let_go(const struct rl *s, int64_t z, int64_t y, int64_t rows)
{
	const array *all[] = { s->x, s->ahead, s->step, s->seen, s->smooth };
	bool plane = s->grid.z > 1;
	if (!s->settings->in_file || (plane && y + rows < s->grid.y))
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i])
			array_forget(all[i], z, plane ? 0 : y, plane ? s->grid.y : rows);
}

static void keep_seen_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array a = array_from_row(s->seen, z, y);
	(void)spare;
	RUN_PART(c, 0, rows, k_rl_copy, &a, a.pitch, c, c->pitch, c->shape.x);
	let_go(s, z, y, rows);
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
	let_go(s, z, y, rows);
}

static void update_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	const rl_settings *t = s->settings;
	array p = array_from_row(s->ahead, z, y), x = array_from_row(s->x, z, y), a;
	a = divisor_rows(s, spare, z, y, rows);
	RUN_PART(c, 0, rows, k_rl_update, c, c->pitch, &p, &x, p.pitch, &a, a.pitch, c->shape.x,
		(float)t->seen, (float)t->least, t->bold ? 1.0f : 0.0f, s->momentum, (float)t->held);
	let_go(s, z, y, rows);
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
	let_go(s, z, y, rows);
}

static void extrapolate_rows(void *data, array *c, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct rl *s = data;
	array p = array_from_row(s->ahead, z, y), x = array_from_row(s->x, z, y);
	(void)spare;
	RUN_PART(c, 0, rows, k_rl_extrapolate, c, c->pitch, &p, &x, p.pitch, c->shape.x,
		(float)s->settings->least, s->momentum, (float)s->settings->held);
	let_go(s, z, y, rows);
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
		array_forget(p, (z + s->grid.z - 1) % s->grid.z, 0, s->grid.y);
		array_forget(s->smooth, z, 0, s->grid.y);
	}
}

double rl_sum(const struct rl *s, int kind)
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

void rl_model_pass(struct rl *s)
{
	lines(s, false);
	convolve_pass_rows(s->passes, s->spectrum, s->window, BOTH, data_rows, s);
	lines(s, true);
}

/* The step, with the momentum of Biggs and Andrews, which depends on all of it. */
static void biggs_andrews(struct rl *s, bool restart)
{
	convolve_pass_rows(s->passes, s->spectrum, s->grid, CONVOLVE_INVERSE, gradient_rows, s);
	double before = s->square, along = before > 0 ? rl_sum(s, SUM_PRODUCT) / before : 0;
	s->square = rl_sum(s, SUM_SQUARE);
	s->momentum = restart ? 0 : (float)CLAMP(along, 0, 1);
	convolve_pass_rows(s->passes, s->spectrum, s->grid, CONVOLVE_FORWARD, extrapolate_rows, s);
}

/* since: iterations since the momentum began anew */
void rl_step(struct rl *s, int64_t since)
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

void rl_begin(struct rl *s)
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

void rl_give(const struct rl *s, array *result)
{
	shape w = s->window;
	for (int64_t z = 0; z < w.z; z++) {
		array to = array_plane(result, 0, z), from = array_plane(s->x, 0, z);
		RUN_PART(&to, 0, w.y, k_rl_copy, &to, to.pitch, &from, from.pitch, w.x);
		array_forget(s->x, z, 0, s->grid.y);
		array_forget(result, z, 0, w.y);
	}
}
