/* SPDX-License-Identifier: BSD-3-Clause */
/* solve-constrained.c - least squares with a smooth prior, x >= 0, by conjugate directions */
#include <math.h>
#include "math/solve.h"
#include "math/vec.h"
#include "constrained.cl"

typedef struct {
	const tikhonov_problem *p;
	array *x, *z;           /* z: the point that is tried */
	array *d, *moves;       /* the direction; what of it moves z */
	array *slope, *next;    /* the gradient of F at x, at z */
	array *off, *rough;     /* A z - b, R z; also A d, R d */
	array *part;
	double f, f_z;          /* F at x, at z */
} descent;

static void descent_free(descent *c)
{
	array *mine[] = { c->z, c->d, c->moves, c->slope, c->next, c->off, c->rough, c->part };
	for (size_t i = 0; i < G_N_ELEMENTS(mine); i++)
		array_free(mine[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(descent, descent_free)

/* |A v - b|^2 + weight |R v|^2, b NULL: 0 */
static double square_of(const descent *c, const array *v, const array *b)
{
	linop_apply(c->p->a, c->off, v);
	linop_apply(c->p->r, c->rough, v);
	if (b)
		vec_subtract(c->off, b);
	return vec_dot(c->off, c->off) + c->p->weight * vec_dot(c->rough, c->rough);
}

/* F at z, and its gradient there */
static void evaluate(descent *c)
{
	c->f_z = square_of(c, c->z, c->p->b) / 2;
	linop_adjoint(c->p->a, c->next, c->off);
	linop_adjoint(c->p->r, c->part, c->rough);
	vec_axpy(c->next, (float)c->p->weight, c->part);
}

/* x = z: how far that is, relative to x */
static double accept(descent *c)
{
	array *before = c->slope;
	vec_copy(c->moves, c->x);
	vec_copy(c->x, c->z);
	c->slope = c->next;
	c->next = before;
	c->f = c->f_z;
	return relative_change(c->moves, c->x);
}

/* Of F: near the end slopes are known better than values. */
#define ROUNDING 1e-6

/*
 * Where along max(x + t d, 0) F is least.  It is a parabola between the t at which elements come to
 * 0, so Newton's steps settle; where one oversteps, back by half.  The gradient at the last point
 * serves the next direction.
 */
static bool search(descent *c)
{
	enum { MOST = 12 };
	const double flat = 0.1, least = 1e-14, bound = c->f * (1 + ROUNDING);
	double t = 0, steepest = vec_dot(c->d, c->slope), slope = steepest;
	vec_copy(c->moves, c->d);
	c->f_z = c->f;
	for (int i = 0; i < MOST && -steepest > least * c->f; i++) {
		double bend = square_of(c, c->moves, NULL);
		t = bend > 0 && c->f_z <= bound ? fmax(t - slope / bend, t / 4) : t / 2;
		RUN(c->z, k_follow, c->z, c->moves, c->x, c->d, (float)t);
		evaluate(c);
		slope = vec_dot(c->moves, c->next);
		if (c->f_z <= bound && fabs(slope) <= -flat * steepest)
			return true;
	}
	return t > 0 && c->f_z <= bound;
}

/* Polak's and Ribiere's factor (1969), at least 0: begins anew where elements came to 0. */
static void turn(descent *c, double before)
{
	double change = vec_dot(c->slope, c->slope) - vec_dot(c->slope, c->next);
	double beta = before > 0 ? fmax(change / before, 0) : 0;
	RUN(c->d, k_conjugate, c->d, c->slope, c->x, (float)beta);
	if (!(vec_dot(c->d, c->slope) < 0))
		RUN(c->d, k_conjugate, c->d, c->slope, c->x, 0.0f);
}

bool solve_constrained(array *x, const tikhonov_problem *p, const stop_rule *stop, GError **err)
{
	g_auto(descent) c = {
		.p = p, .x = x, .z = array_like(x), .d = array_like(x), .moves = array_like(x),
		.slope = array_like(x), .next = array_like(x), .part = array_like(x),
		.off = array_like(p->b), .rough = linop_new_range(p->r)
	};
	bool more = true;
	double before = 0;
	vec_copy(c.z, x);
	vec_clamp(c.z, 0, INFINITY);
	evaluate(&c);
	accept(&c);
	vec_fill(c.d, 0);
	vec_fill(c.next, 0);
	for (int64_t k = 1; more && k <= stop->iterations && !x->dev->error; k++) {
		RUN(x, k_free_slope, c.slope, x);
		turn(&c, before);
		before = vec_dot(c.slope, c.slope);
		double change = search(&c) ? accept(&c) : 0;
		more = solver_goes_on(stop, k, c.f, change);
	}
	return device_ok(x->dev, err);
}
