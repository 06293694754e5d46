/* SPDX-License-Identifier: BSD-3-Clause */
/* diffuse-slab.h - light that went through a scattering slab, and its blur undone */
#ifndef STAGE_DIFFUSE_SLAB_H
#define STAGE_DIFFUSE_SLAB_H

#include "core/array.h"

/* What a slab is made of. */
typedef struct {
	double index;           /* of refraction */
	double absorption;      /* 1/m */
	double scattering;      /* reduced, 1/m */
	double extrapolation;   /* m: as far outside its surfaces the light vanishes, as it were */
} scatterer;

/* The polyurethane foam of Lindell and Wetzstein, Nature Communications 11, 2020. */
extern const scatterer scatterer_foam;

/*
 * The light that leaves a slab of `thickness` m, t s after a pulse entered it (t > 0) and r m
 * aside, in W/m^2 for each J: diffusion from dipoles mirrored in both surfaces
 * (Contini, Martelli and Zaccanti, Appl. Opt. 36, 1997).  It is slab_passes() times the fall
 * aside, exp(-r^2 slab_narrowness()).
 */
double slab_passes(const scatterer *s, double thickness, double light_speed, double t);
double slab_narrowness(const scatterer *s, double light_speed, double t);       /* 1/m^2 */

/*
 * Captures (1, t, y, x) of one spot for laser and detector, on the near side of a slab: light went
 * in and out through it, so what would have been seen on its far side is blurred in time and space
 * by the response convolved with itself.  Wiener's filter, noise: to signal, squared, where the
 * response is 1 at frequency 0.
 */
typedef struct {
	shape window;
	double bin, light_speed;        /* s, m/s */
	double pitch[2];                /* x, y, m */
	double thickness, noise;
	const scatterer *made_of;
} slab_setting;

typedef struct diffuse_slab diffuse_slab;

int64_t diffuse_slab_bytes(shape window);

/* Never NULL; a failure sticks to the device. */
diffuse_slab *diffuse_slab_new(device *dev, const slab_setting *s);
void diffuse_slab_free(diffuse_slab *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(diffuse_slab, diffuse_slab_free)

/*
 * seen = as without the slab, less than 0 too; both on the plan's device, may be one.  0 in the
 * last bins, whose light was still in the slab when the capture ended.
 */
void diffuse_slab_undo(diffuse_slab *d, array *seen, const array *counts);

#endif
