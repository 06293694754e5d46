/* SPDX-License-Identifier: BSD-3-Clause */
/* watch.h - how a solver tells of its progress and learns that it is to stop */
#ifndef CORE_WATCH_H
#define CORE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* One iteration done.  What a solver has no value for is NaN. */
typedef struct {
	int64_t iteration, iterations;  /* from 1; at most */
	int64_t channel, channels;      /* from 0; solvers may run channel after channel */
	double objective;
	double primal, dual;            /* relative residuals, as the stopping rule sees them */
	double mu1, mu2, mu3;           /* penalties (ADMM), or mu1 = step */
} iteration_note;

typedef struct watch watch;
struct watch {
	/* Returns false when the solver is to stop at once. */
	bool (*tick)(watch *w, const iteration_note *note);
	/* A new step ("normalise PSF", "reconstruct") begins; returns false to stop. */
	bool (*step)(watch *w, const char *step);
	bool wants_objective;           /* somebody reads it (a trace, a terminal): work it out */
};

/* w may be NULL: nobody watches. */
static inline bool watch_tick(watch *w, const iteration_note *note)
{
	return !w || w->tick(w, note);
}

static inline bool watch_step(watch *w, const char *step)
{
	return !w || w->step(w, step);
}

static inline bool watch_wants_objective(const watch *w)
{
	return w && w->wants_objective;
}

#endif
