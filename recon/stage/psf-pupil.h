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

/*
 * Good for points up to r_nm from the axis and z from z0 to z1.  NULL and *err where the field is
 * too large.
 */
pupil *pupil_new(const lens *l, double r_nm, double z0_nm, double z1_nm, GError **err);
void pupil_free(pupil *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pupil, pupil_free)

double pupil_intensity(const pupil *p, double r_nm, double z_nm);

/* Many places along the axis: exp(i (phase + slope z)), rings x n. */
typedef struct {
	int64_t n;
	double *re, *im;
} waves;

/* NULL without memory. */
waves *waves_new(const pupil *p, int64_t n, const double *z_nm);
void waves_free(waves *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(waves, waves_free)

/* Intensities r_nm from the axis at all those places; re and im: room for n numbers each. */
void pupil_row(const pupil *p, const waves *w, double r_nm, double *re, double *im,
	double *intensity);

/* The largest frequencies of the intensity, radians per nm: across, and along the axis. */
double lens_band_r(const lens *l);
double lens_band_z(const lens *l);

#endif
