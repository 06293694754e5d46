/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-calibrate.h - what is done to traces before a scene is made of them */
#ifndef MODE_NLOS_CALIBRATE_H
#define MODE_NLOS_CALIBRATE_H

#include "mode/nlos.h"

/* Of the light of the wall itself, s: after it, light is of the scene. */
#define BOUNCE_WIDTH 300e-12

/* What is done to every frame, in this order; times are in bins as they are by then. */
struct nlos_calibration {
	double pulses;                  /* NaN: no pile-up is undone */
	int64_t first, n;               /* bins of the file that are used */
	double *later;                  /* of each trace or point; NULL: all are in time */
	int64_t n_later;
	int64_t bin_time, bin_space;
	int64_t unknown;                /* at the end, that some traces do not have */
	double gate, edge;              /* 0: none */
	double background;              /* counts; NaN: of each trace's quiet bins; 0: none */
	double jitter;                  /* FWHM; 0: none to be undone */
};

/*
 * Sets k->later and c->start, and tells in `taken` what nobody said.  MISMATCH: times and places
 * that cannot be.
 */
bool nlos_choose_zero(const task *t, nlos_calibration *k, transient *taken, nlos_capture *c,
	GError **err);

#endif
