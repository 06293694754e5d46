/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-simulate.h - what a time-of-flight scan of a wall records of a hidden scene.  CPU. */
#ifndef STAGE_TRANSIENT_SIMULATE_H
#define STAGE_TRANSIENT_SIMULATE_H

#include "core/array.h"

/* Where and when light is sent and counted.  Metres and seconds; places are x, y, z. */
typedef struct {
	const double *scanned;  /* places on the wall, one for each (y, x) */
	const double *fixed;    /* the place at the other end of the light's way; NULL: the same */
	bool paired;            /* fixed: one for each (y, x) */
	const double *laser, *camera;   /* their ways to the wall are counted too; NULL: they are not */
	double bin, start;      /* width, middle of bin 0 */
	double later;           /* added to all times */
	double jitter;          /* full width at half maximum of the pulse, a Gaussian; 0: none */
	double speed;           /* of light */
	bool retroreflective, lambert;
} scanner;

/*
 * Adds to traces (1, t, y, x) the light of the pieces (stage/hidden.h): each gives
 *   light / (r1^2 r2^2), with lambert times the four cosines at its two ends and the wall's,
 *   light / r^2 where it is retroreflective (confocal alone), with lambert times the two cosines,
 * at the time (r1 + r2) / speed, spread by the pulse; a bin counts the integral over it.  A sum
 * over pieces and no transform: it has nothing in common with what reconstructs.
 * Gives the light sent back at any time, also where no bin counts it.
 */
double transient_expose(array *traces, const array *pieces, const scanner *s);

/* Adds the same light to each trace, sent back by the wall itself. */
void transient_add_bounce(array *traces, const scanner *s, double light);

/* In place: expected numbers of photons to counts (Poisson). */
void transient_count(array *traces, uint64_t seed);

#endif
