/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone.h - the light-cone transform: confocal time-of-flight traces of a plane wall as a
 * convolution (O'Toole, Lindell and Wetzstein, Nature 555, 2018) */
#ifndef MATH_LIGHT_CONE_H
#define MATH_LIGHT_CONE_H

#include "math/linop.h"

/*
 * Light that leaves wall point (x, y), meets a scatterer at (x', y', z) and comes back the same way
 * has gone a path p with (p / 2)^2 = z^2 + (x - x')^2 + (y - y')^2.  With v = (p / 2)^2, u = z^2
 * that is a shift in v by the squared lateral distance: a convolution of the scene, resampled in u,
 * with a cone.  Both v and u have `rows` steps of rows (path / 2)^2, `rows` a power of two.
 *
 * Bandlimited in v, the cone exp(-i k (x^2 + y^2)) is a product of a function of x and one of y:
 * its spectrum is two small tables, and needs no transform of a volume.
 */
typedef struct {
	shape data;             /* (1, t, y, x): traces, and the scene's voxels too */
	double path;            /* of one bin, m: speed of light times its duration */
	double start;           /* of the first bin's middle, bins; > -1/2 */
	double pitch[2];        /* x, y: from point to point of the wall, m */
	double power;           /* traces are weighted by (time)^power: 4 diffuse, 2 retroreflective */
	double beam;            /* standard deviation of the light's spot on the wall, m; 0: a point */
	/*
	 * As the authors' program has it: bins begin at 0, the cone is drawn on linspace(-1, 1, 2 n)
	 * and in the nearest row, the wall is 2 half_wall wide; `pitch`, `start` and `beam` don't count.
	 */
	bool published;
	double half_wall;       /* m */
} light_cone_geometry;

typedef struct light_cone light_cone;

/* For traces and scenes on `dev`.  Never NULL; a failure sticks to the device. */
light_cone *light_cone_new(device *dev, const light_cone_geometry *g);
void light_cone_free(light_cone *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(light_cone, light_cone_free)

/*
 * scene = P' F^-1 [conj(h) / (|h|^2 + noise)] F P (weighted traces): Wiener's filter, where |h|^2
 * is 1 in the mean.  noise > 0; infinite: conj(h) alone, backprojection.  Values may be negative.
 */
void light_cone_solve(light_cone *c, array *scene, const array *traces, double noise);

/*
 * The same in steps, on arrays (1, rows, y, x) along v and u: P (weighted traces) and P' u; and the
 * filter alone.
 */
int64_t light_cone_rows(const light_cone *c);
void light_cone_to_rows(light_cone *c, array *v, const array *traces);
void light_cone_from_rows(light_cone *c, array *scene, const array *u);
void light_cone_filter(light_cone *c, array *u, const array *v, double noise);

/*
 * u -> F^-1 [mu / (|h|^2 + mu)] F u: with light_cone_filter(v, mu) added, what minimises 1/2 |h u -
 * v|^2 + mu/2 |u - q|^2, beyond the rows and the wall too, where q is 0.  Not published; borrows.
 */
linop *light_cone_pull(light_cone *c, double mu);

/* The three moments of the directional transform: along x, along y, and the plain one. */
enum { CONE_ALONG_X, CONE_ALONG_Y, CONE_PLAIN, CONE_MOMENTS };

/*
 * Directional light-cone transform (Young, Lindell, Girod, Taubman and Wetzstein, CVPR 2020):
 * scenes[m], the components of albedo times normal.  With one measured number a frequency, (H'H +
 * noise)^-1 H' is H' / (sum of |h_m|^2 + noise).  The normal points away from the wall's side: x
 * and y parts as the wall's axes, the plain one towards the wall.
 */
void light_cone_normals(light_cone *c, array *const scenes[CONE_MOMENTS], const array *traces,
	double noise);

/* y = P' F^-1 h F P x, scene to traces, without weights; borrows the transform. */
linop *light_cone_operator(light_cone *c);

#endif
