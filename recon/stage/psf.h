/* SPDX-License-Identifier: BSD-3-Clause */
/* psf.h - is this a point spread function, how large is it, and will it do?  REAL arrays. */
#ifndef STAGE_PSF_H
#define STAGE_PSF_H

#include "core/array.h"
#include "core/report.h"

enum psf_norm {
	PSF_NORM_TOTAL,         /* L2 norm 1 over all pixels, channels and depths together */
	PSF_NORM_CHANNEL,       /* L2 norm 1 of each channel, over its pixels and depths */
	PSF_NORM_SUM,           /* each plane (channel, depth) sums to 1: light is kept */
	PSF_NORM_VOLUME         /* each channel sums to 1 over its pixels and depths */
};

/*
 * BAD_INPUT for NaN and infinities, all zeros, and a sum that is negative or 0 (to rounding).
 * path: the file, for the message.  Any device.
 */
bool psf_check(const array *psf, const char *path, GError **err);

/*
 * Check, then scale in place.  *factor: what pixels were multiplied with (of the first channel or
 * plane where each has its own); may be NULL.  A channel or plane of zeros is BAD_INPUT where each
 * is scaled by itself.
 */
bool psf_normalise(array *psf, enum psf_norm norm, double *factor, const char *path, GError **err);

/*
 * (1, z, y, x) on other voxels; ratio: the old ones' size over the new ones', order x, y, z as all
 * here.  The light is kept: what a voxel holds is shared out by lengths.  The middle of the element
 * `centre` stays the middle of one, whose place it becomes; up to window - 1 elements on either
 * side of it are kept.  A single plane has no size along z.  CPU; never NULL.
 */
array *psf_resampled(const array *psf, const double ratio[3], int64_t centre[3],
	const int64_t window[3]);

/* Values below `share` (0..1) of the largest of all become 0. */
void psf_cut_below(array *psf, double share);

/*
 * Correlation of pixels with their right neighbours among those below `share` (0..1) of the
 * largest: near 1 they are the faint parts of a pattern, near 0 noise.  NaN where there are too few
 * to tell, or all are alike.  CPU.
 */
double psf_faint_correlation(const array *psf, double share);

/* --- diagnostics (CPU) ------------------------------------------------------------------------ */

typedef struct {
	double least, most, mean;       /* as stored */
	double dark;                    /* mean of the corner [5:15, 5:15] */
	double floor_level;             /* 1st percentile: what even the darkest parts have */
	double saturated;               /* share of pixels at the largest value, if that is a plateau */
	/* of the picture less its floor: */
	double border_light;            /* mean light in the outer 5 % on each side, over the mean */
	double border_energy;           /* share of the sum of squares in there */
	double offset_y, offset_x;      /* centre of mass from the middle, pixels */
	/* of the autocorrelation without mean: */
	double width_y, width_x;        /* full width at half maximum, pixels */
	double side_peak;               /* the largest value beyond twice the width, over the peak */
	/* of the transfer function |H| on the padded grid: */
	double condition;               /* largest |H| without the zero frequency over 1st percentile */
} psf_facts;

/* Light of all planes together; autocorrelation and |H| of the first.  white: of an input. */
bool psf_measure(const array *psf, double white, psf_facts *facts, GError **err);

/* A compact PSF: one spot, as lenses make, in the first channel.  Order of axes: x, y, z. */
typedef struct {
	double spread;          /* area of the ellipse that bright pixels fill, over their number */
	bool is_line;           /* those are long and thin */
	double most;            /* of the peak, above the floor */
	int64_t peak[3];        /* its voxel; of several the one nearest to the middle */
	double fwhm[3];         /* through the peak, voxels; NaN where half is not reached */
	double offset[3];       /* centre of mass of the light above the floor, from the middle */
	double asymmetry[3];    /* sum of |v - its mirror image| over sum of |v|, 0 to 2 */
	double edge_light;      /* share of the light in the outermost voxels in x and y */
	double end_light;       /* and in the first and last plane; 0 for one plane */
	double edge_most;       /* the brightest of all those, over the peak */
} spot_facts;

/* floor_level: what counts as dark.  CPU. */
void spot_measure(const array *psf, double floor_level, spot_facts *facts);

/* One spot, rather than the pattern of a camera without a lens. */
bool spot_is_compact(const spot_facts *facts);

enum {
	PSF_DARK = 1,           /* dark level not subtracted */
	PSF_SATURATED = 2,
	PSF_CUT = 4,            /* light reaches the border: the pattern goes on beyond it */
	PSF_COARSE = 8,         /* autocorrelation wide: no fine structure */
	/* of compact ones: */
	PSF_BACKGROUND = 16,    /* a level under all voxels */
	PSF_OFF_CENTRE = 32,    /* the peak is not in the middle */
	PSF_EDGE = 64,          /* still bright at the outermost voxels */
	PSF_NEGATIVE = 128,
};

/* Which of the above apply to a PSF of shape s; 0: usable as it is. */
int psf_faults(const psf_facts *facts, shape s);
int spot_faults(const psf_facts *facts, const spot_facts *spot, shape s);

/* The faults in words, or "usable".  Free with g_free. */
char *psf_verdict(int faults);

/*
 * All facts and the verdict into a report, faults as warnings too, and as lines of text for people
 * where text is not NULL.
 */
void psf_tell(const psf_facts *facts, shape s, report *r, GString *text);

/* What else is known of a compact PSF. */
typedef struct {
	shape size;
	double sum, voxel_nm[3];        /* NaN: not known */
} spot_of;

/* The same for a compact PSF. */
void spot_tell(const psf_facts *facts, const spot_facts *spot, const spot_of *of, report *r,
	GString *text);

/* Of a PSF made here: widths, in nm too where a voxel's size is known, peak and edge. */
void spot_tell_widths(const array *psf, const double voxel_nm[3], report *r);

#endif
