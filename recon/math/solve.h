/* SPDX-License-Identifier: BSD-3-Clause */
/* solve.h - solvers, written in terms of operators and proxes alone */
#ifndef MATH_SOLVE_H
#define MATH_SOLVE_H

#include "core/watch.h"
#include "math/admm.h"
#include "math/linop.h"
#include "math/prox.h"

/*
 * All solvers: begin at the given x unless they say otherwise, end after `iterations`, or when
 * the measure each names falls to `tolerance`, or when the watch says so (no error), and return
 * false with *err set when the device failed.
 */
typedef struct {
	int64_t iterations;
	double tolerance;       /* 0: never */
	watch *watch;           /* borrowed; NULL: nobody */
} stop_rule;

/* minimise 1/2 |A x - b|^2 + g(x);  g NULL: 0.  All borrowed. */
typedef struct {
	linop *a;
	const array *b;
	prox *g;
} inverse_problem;

/* Measure of the next four: |x - x before| / |x|. */

/* x = step of g (x - step A'(A x - b)) */
bool solve_gradient(array *x, const inverse_problem *p, double step, const stop_rule *stop,
	GError **err);

/* Nesterov's momentum m as LenslessPiCam writes it: q' = m q - step A'(A x - b),
 * x = step of g (x - m q + (1 + m) q'), 0 <= m < 1 */
bool solve_nesterov(array *x, const inverse_problem *p, double step, double momentum,
	const stop_rule *stop, GError **err);

/*
 * Beck and Teboulle, SIAM J. Imaging Sci. 2 (2009).  One application of A and one of A' an
 * iteration; backtracking adds one of A, and two for each time L doubles.
 */
typedef struct {
	double step;            /* 0: 1 / |A|^2; with backtracking the first one tried */
	bool backtrack;
	bool restart;           /* momentum to 0 when the objective rises (O'Donoghue, Candes 2015) */
} fista_settings;
bool solve_fista(array *x, const inverse_problem *p, const fista_settings *settings,
	const stop_rule *stop, GError **err);

/*
 * ADMM with two copies of x, one for each part of the problem (Boyd et al., Found. Trends Mach.
 * Learn. 3, 2011, section 5), for an A whose data step is known in closed form:
 * argmin over x of 1/2 |A x - b|^2 + mu/2 |x - q|^2 = start + pull q,
 * start = (A'A + mu)^-1 A'b, pull = mu (A'A + mu)^-1.  x is the copy that g has last stepped.
 */
typedef struct {
	const array *start;
	const linop *pull;
	double mu;
} data_step;
bool solve_douglas_rachford(array *x, const inverse_problem *p, const data_step *data,
	const stop_rule *stop, GError **err);

/*
 * minimise F(x) = 1/2 |A x - b|^2 + weight/2 |R x|^2 over x >= 0: iterative constrained
 * Tikhonov-Miller (van Kempen and others, J. Microsc. 185, 1997).  Conjugate directions, each
 * followed along max(x + t d, 0) to the least F by Newton's steps.  One application of A' and two
 * of A an iteration, and as many for each further step.
 */
typedef struct {
	linop *a, *r;
	const array *b;
	double weight;
} tikhonov_problem;
bool solve_constrained(array *x, const tikhonov_problem *p, const stop_rule *stop, GError **err);

/* Conjugate gradients: S x = b for S symmetric and positive.  Measure: |b - S x| / |b|. */
bool solve_cg(array *x, const linop *s, const array *b, const stop_rule *stop, GError **err);

/* (A'A + ridge) x = A'b by conjugate gradients; p->g is not looked at. */
bool solve_normal_equations(array *x, const inverse_problem *p, double ridge,
	const stop_rule *stop, GError **err);

/*
 * minimise g(x) + sum over terms of f(K x): Chambolle and Pock, J. Math. Imaging Vis. 40 (2011),
 * algorithm 1 with theta 1.  Begins with dual variables 0.  Measure: |x - x before| / |x|.
 */
typedef struct {
	linop *k;
	prox *f;
} saddle_term;
typedef struct {
	const saddle_term *terms;
	int n_terms;
	prox *g;                /* NULL: 0 */
	double balance;         /* primal step / dual step; 1 where nothing is known */
} saddle_problem;
bool solve_chambolle_pock(array *x, const saddle_problem *p, const stop_rule *stop, GError **err);

/*
 * minimise 1/2 |C M v - b|^2 + tau |Psi v|_1 + (v >= 0) by ADMM with x = M v, u = Psi v, w = v
 * (Antipa 2018): step by step as published, to hold faster forms against.  Begins at 0.  v lives
 * on the whole grid.  Measure: the largest of the residuals of math/admm.h.
 */
typedef struct {
	linop *m, *crop, *gradient;
	const array *b;
	double mu1, mu2, mu3, tau;
	bool isotropic, nonnegative;
	enum admm_order order;  /* see math/admm.h, the fused form of this */
	/* (mu1 M'M + mu2 Psi'Psi + mu3)^-1 (see linop_convolve_inverse), or NULL: by CG to 1e-7 */
	const linop *inverse;
} admm_problem;
bool admm_reference(array *v, const admm_problem *p, const stop_rule *stop, GError **err);

/*
 * minimise 1/2 |C M v + constant - b|^2 + g(K v) + (v >= 0) by ADMM with x = M v, u = K v, w = v.
 * v lives on the whole grid; C is a linop_crop.
 * `spread` is t in g's steps, 1 / mu2 for a true g; for a denoiser, whose t is the variance of what
 * it takes out, it goes from the first to the last iteration in equal ratios (plug and play:
 * Venkatakrishnan, Bouman, Wohlberg, GlobalSIP 2013).  Objective, for the watch: without the
 * denoiser, which has none.
 * Measure: the largest |z - z before| / |z| of z = x, u, w.
 */
typedef struct {
	linop *m, *crop, *k;
	const array *b;
	const array *exact;             /* as b: 0 where C M v need only be b or more; NULL: none */
	prox *g;
	double mu1, mu2, mu3;
	double spread[2];
	bool background;                /* fit a constant to each channel of b */
	const linop *inverse;           /* (mu1 M'M + mu2 K'K + mu3)^-1 */
} split_problem;
bool solve_split(array *v, const split_problem *p, const stop_rule *stop, GError **err);

/* --- for solvers ----------------------------------------------------------------------------- */

/* |x - old| / |x|; destroys `old` */
double relative_change(array *old, const array *x);

/* 1/2 |A x - b|^2 + g(x) */
double inverse_objective(const inverse_problem *p, const array *x);

/*
 * Tell the watch of iteration k (from 1); objective NaN: none.  Whether to go on.
 */
bool solver_goes_on(const stop_rule *stop, int64_t k, double objective, double measure);

#endif
