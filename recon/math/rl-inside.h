/* SPDX-License-Identifier: BSD-3-Clause */
/* rl-inside.h - what the parts of the fused Richardson-Lucy solver share */
#ifndef MATH_RL_INSIDE_H
#define MATH_RL_INSIDE_H

#include "math/convolve-pass.h"
#include "math/richardson-lucy.h"

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
	double rounding;                /* of the divergence */
	bool wants_divergence;
};

enum { SUM_DIVERGENCE, SUM_HOLDOUT, SUM_PRODUCT, SUM_SQUARE, SUMS };

/* What the sensor sees of each voxel, the first estimate, and its rows' transforms. */
void rl_begin(struct rl *s);

/* The model, and how the counts differ from it. */
void rl_model_pass(struct rl *s);

/* The step that follows; since: steps since the momentum began anew. */
void rl_step(struct rl *s, int64_t since);

/* Of all rows. */
double rl_sum(const struct rl *s, int kind);

/* The estimate where the sensor is. */
void rl_give(const struct rl *s, array *result);

#endif
