/* SPDX-License-Identifier: BSD-3-Clause */
/* prox.h - proximal operators: the step that a prior or a constraint takes in a solver */
#ifndef MATH_PROX_H
#define MATH_PROX_H

#include "math/op.h"

typedef struct prox prox;

typedef struct {
	const char *name;
	/* y becomes argmin over z of 1/2 |z - y|^2 + t g(z), t >= 0 */
	void (*step)(prox *p, array *y, float t);
	double (*value)(prox *p, const array *x);       /* g(x); a constraint counts 0 */
	void (*free)(prox *p);                          /* own parts; NULL: it has none */
} prox_class;

/*
 * Proxes with memory of their own embed this as their first member.  They may hold state (a warm
 * start), so one prox serves one solver at a time.  Work on REAL arrays; failures stick to the
 * device.
 */
struct prox {
	const prox_class *class;
};

void *prox_new(const prox_class *class, size_t size);
void prox_free(prox *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(prox, prox_free)

/* NULL stands for g = 0 in all of these. */
void prox_step(prox *p, array *y, float t);
double prox_value(prox *p, const array *x);

/*
 * y becomes the step of the convex conjugate g*: argmin 1/2 |z - y|^2 + t g*(z), t > 0, by Moreau's
 * identity y - t step(y / t, 1 / t).
 */
void prox_conjugate_step(prox *p, array *y, float t);

prox *prox_soft(float weight);                  /* weight |x|_1 */
prox *prox_soft_nonnegative(float weight);      /* weight |x|_1 and x >= 0 */
prox *prox_box(float low, float high);          /* low <= x <= high */
prox *prox_nonnegative(void);                   /* x >= 0 */
/* inner(x) + weight times the sum of x: with an x that `inner` keeps >= 0, weight |x|_1 beside it.
 * Takes `inner`. */
prox *prox_tilt(prox *inner, float weight);
prox *prox_quadratic(const array *b, float weight);     /* weight/2 |x - b|^2; borrows b */

/*
 * weight times the sum over pixels of the length of a vector whose n <= 3 components are the
 * n-th parts of the channels, as linop_gradient makes them.
 */
prox *prox_group(float weight, int n);

/*
 * weight times the sum of lengths to the power 1 - 1/root, root 2 or 3, of vectors as prox_group
 * has them (n 1: of numbers).  Not convex; the step is exact.
 */
prox *prox_power(float weight, int root, int n);
double power_edge(int root, double t);  /* up to where a step t makes 0 of x, for weight 1 */
double power_step_for(int root, double edge);   /* the t of that edge */

/*
 * weight TV(x) where the gradient is linop_gradient's, by the fast gradient projection of Beck and
 * Teboulle (IEEE Trans. Image Process. 18, 2009).
 */
typedef struct {
	int axes;               /* 2 or 3 */
	enum border border;     /* BORDER_PERIODIC or BORDER_REPLICATE */
	bool isotropic;         /* lengths of the gradient, else sums of its components */
	bool nonnegative;       /* and x >= 0: exact, inside the same iteration */
	int iterations;         /* of one step, at most */
	float tolerance;        /* relative change of the image at which a step ends; 0: never */
	bool warm;              /* begin where the last step ended */
	const distances *apart;   /* of voxels, see math/op.h; read by prox_tv alone */
} tv_settings;
prox *prox_tv(device *dev, shape size, float weight, const tv_settings *settings);

/*
 * weight times the sum of absolute details of the orthonormal Haar transform of each plane; 0
 * levels: as many as fit.  What is left over at odd sizes goes to the next level as it is.
 */
prox *prox_haar(float weight, int levels);

/*
 * One level of Haar wavelets, soft-thresholded in all shifts and averaged (Kamilov, Bostan,
 * Unser, IEEE Signal Process. Lett. 19, 2012): close to a step of anisotropic TV in the plane at
 * the cost of one pass, though not the proximal operator of any simple function.  Its value is
 * weight times the anisotropic TV.
 */
prox *prox_haar_cycle(float weight, enum border border);

/*
 * A step takes noise of variance t out, by non-local means (Buades, Coll, Morel, Multiscale Model.
 * Simul. 4, 2005): each pixel becomes the mean of those up to `search` away on each axis, weighted
 * by exp(-max(d2 - 2 t, 0) / (strength^2 t)), where d2 is the mean squared difference of the
 * patches around the two, over all channels: channels share their weights.  One plane a channel.
 * It is the step of no known function; its value is 0.
 */
typedef struct {
	int patch, search;      /* radii, in pixels: squares of 2 radius + 1 */
	float strength;
	enum border border;     /* BORDER_PERIODIC or BORDER_REPLICATE */
} nlm_settings;
prox *prox_nlm(const nlm_settings *settings);

/* weight-free TV of x by a gradient operator: lengths or sums of the axes' components. */
double tv_value(const linop *gradient, const array *x, int axes, bool isotropic);

#endif
