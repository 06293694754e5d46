/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate.h - what a sensor would record of a scene.  CPU. */
#ifndef STAGE_SIMULATE_H
#define STAGE_SIMULATE_H

#include "core/array.h"

/*
 * The scene (c, z, y, x) through the PSF (1 or c, z, h, w), planes z added up, and of that the
 * height x width in the middle that falls on the sensor: (c, 1, height, width).  The scene may
 * extend beyond it.  No wrap-around.  A point of light in the middle gives the PSF, whose origin is
 * pixel ((h + 1) / 2, (w + 1) / 2), rounded down, as a reconstruction on an even grid has it.
 * MISMATCH where channels or depths do not fit or the scene is smaller than the sensor.
 */
array *simulate_capture(const array *scene, const array *psf, int64_t height, int64_t width,
	GError **err);

typedef struct {
	double photons;         /* expected at the brightest pixel; 0: no noise at all */
	double read_noise;      /* electrons, root mean square */
	int bits;               /* of the converter, 1..16; 0: electrons (or, without noise, 0..1) */
	double dark_level;      /* added, in units of the result */
	uint64_t seed;
} sensor;

/*
 * In place: light to what the sensor says.  With bits, the brightest expected value stands at 90 %
 * of the largest number, and what is beyond is clipped.  Gives the share of clipped pixels.  The
 * same for any thread count.
 */
double simulate_sensor(array *light, const sensor *s);

/* What it says, beyond the dark level, for a light of 1 in that picture. */
double simulate_counts_for_light(array *light, const sensor *s);

#endif
