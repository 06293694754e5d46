/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-pupil.h - the light in the pupil of a lens, as a sum over rings */
#ifndef STAGE_PSF_PUPIL_H
#define STAGE_PSF_PUPIL_H

#include "stage/microscope.h"

/*
 * Intensity = sum over orders m of | sum over rings i of weight[m][i] J_m(reach[i] r)
 * exp(i (phase[i] + slope[i] z)) |^2, 1 at the focus without aberrations.
 */
typedef struct {
	int64_t rings;
	int orders;             /* 1 for scalar light, 3 for vectors */
	double *reach;          /* k NA p, per nm */
	double *phase;          /* radians, of the aberrations */
	double *slope;          /* radians per nm of z */
	double *weight[3];
	double energy;          /* integral of the intensity over a plane, nm^2 */
} pupil;

/* Good for points up to r_nm from the axis and z from z0 to z1.  NULL and *err: too large a field. */
pupil *pupil_new(const lens *l, double r_nm, double z0_nm, double z1_nm, GError **err);
void pupil_free(pupil *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pupil, pupil_free)

double pupil_intensity(const pupil *p, double r_nm, double z_nm);

/* The largest frequencies of the intensity, radians per nm: across, and along the axis. */
double lens_band_r(const lens *l);
double lens_band_z(const lens *l);

/* Bessel function J_m of a ring. */
double pupil_bessel(int order, double x);

#endif
