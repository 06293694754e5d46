/* SPDX-License-Identifier: BSD-3-Clause */
/* beads.h - the point spread function of a microscope from a stack of small beads.  REAL, CPU. */
#ifndef STAGE_BEADS_H
#define STAGE_BEADS_H

#include "core/array.h"

/* Order of axes everywhere: x, y, z. */

typedef struct {
	int64_t size[3];        /* of the box around a bead, odd; 0: as the beads' width suggests */
	double threshold;       /* peaks rise above the background by so many times the noise */
	double white;           /* the largest value a sample can hold; 0: there is none */
} beads_rule;

enum bead_fate { BEAD_USED, BEAD_SATURATED, BEAD_BORDER, BEAD_OVERLAP, BEAD_FAINT };

typedef struct {
	enum bead_fate fate;    /* why it is left out, if it is */
	int64_t peak[3];        /* brightest voxel of the smoothed stack */
	double height;          /* above the background there */
	double centre[3];       /* in voxels; of those used, once they are averaged */
} bead;

typedef struct {
	int64_t hot;            /* voxels that were repaired */
	double background;      /* median of the stack */
	double noise;           /* standard deviation of the smoothed stack, told from its median */
	double fwhm[3];         /* of one bead in it */
	int64_t size[3];        /* of the box */
	int64_t used;
} beads_facts;

/*
 * Repair voxels of (1, z, y, x) that hold more light than their eight neighbours in the plane
 * together, which no lens makes.  Gives how many they were, or -1 and *err.
 */
int64_t beads_repair(array *stack, GError **err);

/*
 * All beads of a stack (1, z, y, x), brightest first; free with g_array_unref.  BAD_INPUT that
 * says why where none can be used.  path: the file, for messages.
 */
GArray *beads_find(const array *stack, const beads_rule *rule, beads_facts *facts,
	const char *path, GError **err);

/* The balls that the beads are, whose size is to be taken out of the PSF; x, y, z. */
typedef struct {
	double diameter_nm, voxel_nm[3];
	/* Of a widefield microscope, whose light has no finer structure; NaN: what it was is not known. */
	double aperture, wavelength_nm, ni;
} bead_ball;

/* Of an even ball: its Fourier transform, 1 at 0, at a frequency of so many periods a unit. */
double ball_transfer(double diameter, double frequency);

/*
 * What beads that are points would have given in a box like that, whose voxels have white noise of
 * that standard deviation.  NULL and *err on failure.
 */
array *beads_without_size(const array *box, const bead_ball *ball, double noise, GError **err);

/*
 * The mean of those used: each less its background (the median of its box's sides), its centre on
 * the middle voxel, of equal light, and less their size (ball NULL: points).  Sums to 1 and has no
 * negative values; what is not above the noise is 0.  Fills in the centres.
 */
array *beads_average(const array *stack, GArray *beads, const beads_facts *facts,
	const bead_ball *ball, GError **err);

/* The mean of 64 turns about the axis through the middle voxel of the planes; sums to 1. */
array *beads_turned(const array *psf, GError **err);

/* A copy smoothed by a Gaussian of standard deviation 1 along each axis; ends are repeated. */
array *beads_smoothed(const array *a);

/* Numbers of voxels along x, y, z. */
static inline void beads_sides(const array *a, int64_t n[3])
{
	n[0] = a->shape.x;
	n[1] = a->shape.y;
	n[2] = a->shape.z;
}

#define BEADS_MAD_TO_SIGMA 1.4826       /* of a normal distribution */

#endif
