/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-listen.c - between the task's watch and a solver that knows of no channels */
#include "mode/lensless-listen.h"

#include <math.h>
#include "core/error.h"
#include "math/vec.h"

static bool hear(watch *w, const iteration_note *note)
{
	listener *l = (listener *)w;
	iteration_note n = *note;
	n.channel = l->channel;
	n.channels = l->channels;
	if (!isnan(l->step))
		n.mu1 = l->step;
	l->iterations = n.iteration;
	l->stopped = !watch_tick(l->outer, &n);
	return !l->stopped;
}

listener listener_for(const task *t, int64_t channel, int64_t channels)
{
	return (listener){
		{ .tick = hear, .wants_objective = watch_wants_objective(t->watch) },
		.outer = t->watch, .channel = channel, .channels = channels, .step = NAN
	};
}

bool listener_sound(const listener *l, const array *v, GError **err)
{
	if (l->stopped) {
		error_set(err, RELUMINE_STOPPED, NULL, NULL, "stopped at iteration %" G_GINT64_FORMAT,
			l->iterations);
		return false;
	}
	if (vec_finite(v))
		return true;
	error_set(err, RELUMINE_BAD_NUMBERS, NULL, "check the inputs with `relumine inspect`",
		"the reconstruction holds NaN or infinite numbers");
	return false;
}
