/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-listen.h - between the task's watch and a solver that knows of no channels */
#ifndef MODE_LENSLESS_LISTEN_H
#define MODE_LENSLESS_LISTEN_H

#include "mode/modality.h"

/* Passes on what the solver tells, with channel and step put in, and remembers what it heard. */
typedef struct {
	watch base;             /* for the solver */
	watch *outer;           /* borrowed */
	int64_t channel, channels, iterations;
	double step;            /* NaN: none */
	bool stopped;
} listener;

listener listener_for(const task *t, int64_t channel, int64_t channels);

/* Whether the solver came to its end with numbers in v; else STOPPED or BAD_NUMBERS. */
bool listener_sound(const listener *l, const array *v, GError **err);

#endif
