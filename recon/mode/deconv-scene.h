/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-scene.h - what the least squares of deconv share: a stack's model and data, and the end */
#ifndef MODE_DECONV_SCENE_H
#define MODE_DECONV_SCENE_H

#include "math/solve.h"
#include "mode/deconv.h"
#include "mode/listener.h"

/* Haar wavelets of fista-wavelet. */
enum { WAVELET_LEVELS = 4 };

/* On the device where it is solved: x on the estimate or more, b in the window. */
typedef struct {
	rl_geometry g;
	shape domain;           /* of x: its corner is the estimate */
	linop *a;               /* W H */
	array *b, *x;           /* b = W (y - background) */
	prox *g_of_x;
	double mean;            /* of y - background, where it is believed */
} deconv_scene;

void deconv_scene_clear(deconv_scene *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(deconv_scene, deconv_scene_clear)

/* x begins at the mean. */
bool deconv_scene_load(deconv_scene *s, const task *t, const deconv_data *d,
	const deconv_stack *stack, GError **err);

/* The convolution on the whole grid of a layout; the caller's. */
linop *deconv_spread_over(device *dev, const rl_geometry *g, const array *psf, position centre);

/*
 * Of a pixel: the root of the mean, for electrons; of photographs, which seldom are, as measured.
 * false: no memory.
 */
bool deconv_scene_noise(double *noise, const task *t, const deconv_scene *s,
	const deconv_stack *stack, GError **err);

/*
 * The weight of a prior that is homogeneous of degree 2 - power: --tv-weight, relative to the
 * largest |A'b| to that power, or `automatic`, but no less than a kernel wants that was found
 * (power 1).  Reported.
 */
double deconv_scene_weight(const task *t, const deconv_scene *s, double power, double automatic);

/* y, and `instead` where the weight is 0, less the offset; the caller's. */
array *deconv_where_believed(const deconv_stack *stack, const array *instead);

/* As --iterations, --stop and --tolerance say. */
stop_rule deconv_stop_rule(const task *t, listener *l);

/* What the picture shows of x, never negative. */
void deconv_scene_take(const deconv_scene *s, array *result);

/*
 * Of TV, where no weight was given: in units of the noise of a pixel.  Near the best on simulated
 * scenes of 100 to 3500 electrons a pixel.
 */
#define TV_OF_NOISE 0.1

/* Over stacks. */
typedef struct {
	double objective;
	int64_t iterations;
} deconv_tally;

/* `solve` on each stack, with a deconv_tally that is reported. */
bool deconv_run(task *t, const deconv_data *d, array *result,
	bool (*solve)(task *, const deconv_data *, deconv_stack *, void *, GError **), GError **err);

#endif
