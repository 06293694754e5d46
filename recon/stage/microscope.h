/* SPDX-License-Identifier: BSD-3-Clause */
/* microscope.h - point spread functions of microscopes, and simple ones of cameras.  CPU. */
#ifndef STAGE_MICROSCOPE_H
#define STAGE_MICROSCOPE_H

#include "core/array.h"

/* --- a lens ----------------------------------------------------------------------------------- */

enum lens_model {
	LENS_BORN_WOLF,         /* scalar, paraxial (Born and Wolf, Principles of Optics, 8.8) */
	LENS_SCALAR,            /* scalar, any aperture: aplanatic, phase of the spherical wave */
	LENS_GIBSON_LANNI,      /* layers other than the lens was made for (Gibson and Lanni 1992) */
	LENS_RICHARDS_WOLF      /* vectorial (Richards and Wolf 1959), mean over the polarisations */
};

/* Lengths in nm, the wavelength in vacuum. */
typedef struct {
	enum lens_model model;
	double aperture;                /* numerical aperture */
	double wavelength_nm;
	double ni;                      /* refractive index of the immersion */
	/* Gibson and Lanni alone.  0 at the end of a name: what the lens was made for. */
	double ns;                      /* refractive index of the specimen */
	double ni0, ng, ng0;            /* of the immersion and the cover glass */
	double depth_nm;                /* of the point, below the cover glass: zp */
	double ti0_nm;                  /* working distance: thickness of the immersion */
	double tg_nm, tg0_nm;           /* thickness of the cover glass */
} lens;

/* A lens used as it was made for: specimen like immersion, no depth. */
lens lens_ideal(enum lens_model model, double aperture, double wavelength_nm, double ni);

/* Refractive index of the immersion of an objective like that, where nobody has said. */
double lens_likely_index(double aperture);

/* BAD_USAGE, named by the options of `psf make`, where there is no such lens. */
bool lens_check(const lens *l, GError **err);

/* Share of the pupil's radius that is lit: below 1 where a layer's index is below the aperture. */
double lens_open(const lens *l);

/*
 * Intensity at a point r_nm from the axis, the stage at z_nm: the immersion is z thicker than at
 * focus.  1 is the focus of the same lens without aberrations.  For many points see below.
 */
double lens_intensity(const lens *l, double r_nm, double z_nm);

/* The z at which the axis is brightest: 0 but for Gibson and Lanni. */
double lens_focus_nm(const lens *l);

/* Full widths at half maximum of a paraxial lens: across, and along the axis. */
double lens_width_nm(const lens *l);
double lens_height_nm(const lens *l);

/* --- on a grid of voxels ---------------------------------------------------------------------- */

enum psf_over { PSF_OVER_POINTS, PSF_OVER_PIXELS, PSF_OVER_VOXELS };

/* Order: x, y, z. */
typedef struct {
	int64_t size[3];                /* odd */
	double voxel_nm[3];
	double focus_nm;                /* stage position z of the plane in the middle */
	enum psf_over over;             /* what a value is: a point, the mean of a pixel, of a voxel */
} psf_grid;

enum { PSF_SIDE_MOST = 4095 };

/* BAD_USAGE where sizes are even or out of range, or a voxel far larger than the focus. */
bool psf_grid_check(const psf_grid *g, const lens *l, GError **err);

/*
 * A size for a stack of that size (NULL: none known): 2 P - 1 planes, so that every plane of the
 * stack reaches every other, or without a stack as far as the axis is bright; across, as far as
 * 99.5 % of the light goes, but at most 255 and no more than the stack can use.
 */
void psf_size_for(const lens *l, const double voxel_nm[3], const int64_t stack[3],
	int64_t size[3]);

/*
 * All give new arrays (1, z, y, x) that sum to 1, centred on the middle voxel, symmetric in x and
 * y to the last bit, and the same for any thread count; NULL and *err where a check, memory or
 * numbers fail.  inside: the share of the planes' light that falls on the grid; may be NULL.
 */
array *psf_widefield(device *dev, const lens *l, const psf_grid *g, double *inside, GError **err);

/* Times a sheet of light across the axis, Gaussian, of this full width at half maximum. */
array *psf_light_sheet(device *dev, const lens *l, double sheet_nm, const psf_grid *g,
	GError **err);

/*
 * Excitation times emission, the latter averaged over the pinhole, whose radius is given as the
 * specimen sees it (0: a point).  One lens, two wavelengths.
 */
array *psf_confocal(device *dev, const lens *emission, double excitation_nm, double pinhole_nm,
	const psf_grid *g, GError **err);

/*
 * Planes in reverse order.  As they are made z is the stage's: from plane to plane the immersion
 * gets thicker, so that the first plane looks deepest into the specimen and the last one is the
 * nearest to the cover glass and the lens.
 */
void psf_flip_z(array *psf);

/* Radius of a pinhole of so many Airy units: its diameter over 1.22 lambda / NA. */
double psf_pinhole_nm(const lens *l, double airy_units);

/*
 * Gaussians that come nearest to the paraxial PSF of a widefield microscope (Zhang, Zerubia and
 * Olivo-Marin 2007): standard deviations, order x, y, z.
 */
void psf_gaussian_sigma(const lens *l, double sigma_nm[3]);

/*
 * Shapes, in voxels: order x, y, z, size odd.  A value is the mean over its voxel.
 *   Gaussian   standard deviations; 0: as thin as can be
 *   disc       one plane; a lens out of focus
 *   motion     one plane; a straight, even movement; the angle counts from x towards the top
 */
array *psf_gaussian(device *dev, const double sigma[3], const int64_t size[3], GError **err);
array *psf_disc(device *dev, double radius, const int64_t size[3], GError **err);
array *psf_motion(device *dev, double length, double degrees, const int64_t size[3],
	GError **err);

#endif
