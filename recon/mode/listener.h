/* SPDX-License-Identifier: BSD-3-Clause */
/* listener.h - between a solver that knows of no channels and the watch of a job that has some */
#ifndef MODE_LISTENER_H
#define MODE_LISTENER_H

#include "core/array.h"
#include "core/watch.h"

/* The solver gets &base; what it says goes on to `outer`, and is remembered. */
typedef struct {
	watch base;
	watch *outer;           /* borrowed; may be NULL */
	int64_t channel, channels;
	int64_t before, iterations;     /* those of solvers that ran earlier; with the last one's */
	double step;            /* of solvers that tell no penalty */
	double objective;       /* the last one heard of */
	bool stopped;
} listener;

listener listener_new(watch *outer, int64_t channel, int64_t channels);

/* After the solver: false and STOPPED or BAD_NUMBERS when it was stopped or x is not finite. */
bool listener_sound(const listener *l, const array *x, GError **err);

#endif
