/* SPDX-License-Identifier: BSD-3-Clause */
/* listener.c - passes a solver's iterations on with the channel they belong to */
#include "mode/listener.h"

#include <math.h>
#include "core/error.h"
#include "math/vec.h"

static bool hear(watch *w, const iteration_note *note)
{
	listener *l = (listener *)w;
	iteration_note n = *note;
	n.channel = l->channel;
	n.channels = l->channels;
	n.mu1 = isnan(n.mu1) ? l->step : n.mu1;
	l->objective = n.objective;
	n.iteration += l->before;
	l->iterations = n.iteration;
	l->stopped = !watch_tick(l->outer, &n);
	return !l->stopped;
}

listener listener_new(watch *outer, int64_t channel, int64_t channels)
{
	return (listener){
		{ .tick = hear, .wants_objective = watch_wants_objective(outer) },
		.outer = outer, .channel = channel, .channels = channels
	};
}

bool listener_sound(const listener *l, const array *x, GError **err)
{
	if (l->stopped) {
		error_set(err, RELUMINE_STOPPED, NULL, NULL, "stopped at iteration %" G_GINT64_FORMAT,
			l->iterations);
		return false;
	}
	if (vec_finite(x))
		return true;
	error_set(err, RELUMINE_BAD_NUMBERS, NULL, "check the inputs with `relumine inspect`",
		"the reconstruction holds NaN or infinite numbers");
	return false;
}
