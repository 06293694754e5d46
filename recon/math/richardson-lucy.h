/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.h - the fused solver of  y ~ Poisson(H x + background), x >= least */
#ifndef MATH_RICHARDSON_LUCY_H
#define MATH_RICHARDSON_LUCY_H

#include "core/array.h"
#include "core/watch.h"
#include "math/rl-blur.h"

enum rl_acceleration {
	RL_PLAIN,               /* Richardson 1972, Lucy 1974 */
	RL_HEAVY_BALL,          /* momentum (k - 1) / (k + 2): Wang and Miller, 2014 */
	RL_BIGGS_ANDREWS        /* momentum from the last two steps: Biggs and Andrews, 1997 */
};

typedef struct {
	enum rl_acceleration acceleration;
	int64_t lag;            /* steps until the heavy ball's momentum begins */
	double held;            /* share of a voxel that no extrapolation goes below; 0: none */
	bool restart;           /* momentum begins anew when the divergence rises */
	bool bold;              /* the step's factor to the power 1.3125, as long as that is within a
				 * quarter of it: faster, same fixed points */
	double tv_weight;       /* smoothness: Dey and others, 2006; 0: none */
	double spacing[3];      /* z, y, x: of voxels, for that */
	double background;      /* light that H x does not explain, added to the model */
	double start;           /* of x, where it is seen */
	bool flat;              /* and where it is not */
	double least;           /* values of x do not fall below; >= 0 */
	double seen;            /* voxels of which the window sees less than this share stay, or become,
				 * the least */
	int64_t iterations;
	double tolerance;       /* relative change of the divergence that ends it; 0: none */
	bool in_file;           /* the estimate is kept in a file: see array_new_in_file() */
	bool all_in_file;       /* and the spectrum of stacks too */
	int64_t channel, channels;      /* for the watch */
} rl_settings;

typedef struct {
	const array *y;         /* counts, >= 0, the blur's window */
	const array *weights;   /* as y, 0..1: 0 where y is not to be believed; or NULL */
	const array *offset;    /* as y: added to the model, a map of known light; or NULL */
	const array *holdout;   /* as y: other counts of the same light; or NULL */
	double holdout_scale;   /* their expected number for one of y */
	double *curve;          /* takes the holdout's divergence after 0, 1, ... steps: `iterations`
				 * numbers, NaN where it has ended; or NULL */
	const rl_blur *blur;
} rl_problem;

typedef struct {
	int64_t iterations;     /* done */
	bool converged;         /* ended by the tolerance */
	double divergence;      /* sum of y log(y / m) - y + m at the last model; NaN: not wanted */
	double best_holdout;    /* the least divergence of the holdout from its model */
	int64_t best_iteration; /* how many steps had been done when it was */
	double fft_per_iteration;
} rl_outcome;

/* Bytes that it takes beside its blur: the transforms' part, and the estimate's. */
typedef struct { int64_t transforms, estimate; } rl_memory;
rl_memory rl_memory_for(shape grid, const rl_problem *p, const rl_settings *settings);

/*
 * result: (1, z, y, x) as y: the estimate where the sensor is.  All of one device.
 * With a holdout it ends when that has long got no better.
 * Errors: what the device says; BAD_NUMBERS; STOPPED by the watch.
 */
bool rl_solve(array *result, const rl_problem *p, const rl_settings *settings, watch *w,
	rl_outcome *outcome, GError **err);

#endif
