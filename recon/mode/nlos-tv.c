/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-tv.c - the light-cone transform with total variation, an L1 norm and values >= 0 in place of
 * Wiener's filter, where the scene's depths are those of the square of time */
#include <math.h>

#include "math/solve.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "mode/listener.h"
#include "mode/nlos.h"

/* Weights relative to the noise of Wiener's solution, found good on captures: see docs/nlos.md. */
#define TV_WEIGHT 3.0
#define L1_WEIGHT 3.0
#define ITERATIONS 40
#define INNER 5                 /* steps of each TV step, which begins where the last one ended */
#define MU_OF_NOISE 1.0         /* of ADMM, over the noise of Wiener's filter */

typedef struct {
	light_cone *cone;
	array *v, *u, *start;           /* along v and u */
	double filter_noise;
	bool counted;                   /* the traces are numbers of photons */
} tv_plan;

static void tv_free(void *plan)
{
	tv_plan *p = plan;
	array_free(p->v);
	array_free(p->u);
	array_free(p->start);
	light_cone_free(p->cone);
	g_free(p);
}

static void *tv_plan_new(task *t, const nlos_capture *c, nlos_grid *g, GError **err)
{
	if (!nlos_needs_cone(c, "lct-tv", err))
		return NULL;
	const light_cone_geometry geometry = nlos_cone(t, c);
	tv_plan *p = g_new0(tv_plan, 1);
	shape s = geometry.data;
	p->cone = light_cone_new(t->dev, &geometry);
	s.z = light_cone_rows(p->cone);
	p->v = array_new(t->dev, REAL, s);
	p->u = array_new(t->dev, REAL, s);
	p->start = array_new(t->dev, REAL, s);
	p->counted = !isnan(c->noise);
	p->filter_noise = nlos_noise(t, c);
	*g = nlos_grid_of_bins(c);
	report_number(t->report, "power", geometry.power);
	if (device_ok(t->dev, err))
		return p;
	tv_free(p);
	return NULL;
}

/*
 * What one photon is in the traces: 1 where they are counts, else as their unevenness in time
 * suggests, second differences of noise having six times its variance.
 */
static double photon_in(const tv_plan *p, const array *traces)
{
	shape s = traces->shape;
	double squares = 0, sum = 0;
	if (p->counted)
		return 1;
	g_autoptr(array) bend = array_new(traces->dev, REAL, (shape){ 1, 1, s.y, s.x });
	for (int64_t m = 1; m + 1 < s.z; m++) {
		array before = array_plane(traces, 0, m - 1), at = array_plane(traces, 0, m);
		array after = array_plane(traces, 0, m + 1);
		vec_copy(bend, &before);
		vec_axpy(bend, -2, &at);
		vec_add(bend, &after);
		squares += vec_dot(bend, bend);
		sum += vec_sum_abs(&at);
	}
	return sum > 0 ? squares / (6 * sum) : 0;
}

/*
 * What counting noise leaves in Wiener's solution, root mean square: of traces of noise alone,
 * whose deviation in each bin is the root of the bin's mean over the points.
 */
static double noise_of(tv_plan *p, const array *traces)
{
	double photon = photon_in(p, traces);
	g_autoptr(array) n = array_like(traces);
	array_fill_uniform(n, 41);
	for (int64_t m = 0; m < n->shape.z; m++) {
		array plane = array_plane(n, 0, m), counts = array_plane(traces, 0, m);
		double mean = vec_sum_abs(&counts) / (double)(n->shape.y * n->shape.x);
		vec_scale(&plane, (float)sqrt(3 * mean * photon));
	}
	light_cone_to_rows(p->cone, p->v, n);
	light_cone_filter(p->cone, p->u, p->v, p->filter_noise);
	return vec_norm(p->u) / sqrt((double)shape_count(p->u->shape));
}

static prox *prior_of(const task *t, shape s, double level)
{
	const nlos_options *o = t->options;
	double tv = (isnan(o->tv_weight) ? TV_WEIGHT : o->tv_weight) * level;
	double l1 = (isnan(o->l1_weight) ? L1_WEIGHT : o->l1_weight) * level;
	const tv_settings settings = { .axes = 3, .border = BORDER_REPLICATE, .isotropic = true,
		.nonnegative = true, .iterations = INNER, .warm = true };
	prox *inner = tv > 0 ? prox_tv(t->dev, s, (float)tv, &settings) : prox_nonnegative();
	return l1 > 0 ? prox_tilt(inner, (float)l1) : inner;
}

static bool tv_solve(task *t, void *plan, array *counts, array *volume, GError **err)
{
	const nlos_options *o = t->options;
	tv_plan *p = plan;
	g_autoptr(array) traces = array_lend(counts, t->dev);
	double mu = MU_OF_NOISE * p->filter_noise;
	g_autoptr(prox) g = prior_of(t, p->u->shape, mu * noise_of(p, traces));
	light_cone_to_rows(p->cone, p->v, traces);
	light_cone_filter(p->cone, p->start, p->v, mu);
	vec_copy(p->u, p->start);
	g_autoptr(linop) pull = light_cone_pull(p->cone, mu);
	listener l = listener_new(t->watch, 0, 1);
	l.base.wants_objective = false;
	const inverse_problem problem = { NULL, NULL, g };
	const stop_rule stop = { o->iterations > 0 ? o->iterations : ITERATIONS, 0, &l.base };
	if (!solve_douglas_rachford(p->u, &problem, &(data_step){ p->start, pull, mu }, &stop, err) ||
	    !listener_sound(&l, p->u, err))
		return false;
	report_integer(t->report, "iterations", l.iterations);
	g_autoptr(array) scene = array_lend(volume, t->dev);
	light_cone_from_rows(p->cone, scene, p->u);
	return nlos_deliver(t, volume, scene, err);
}

const nlos_method nlos_lct_tv = { "lct-tv", tv_plan_new, tv_solve, tv_free };
