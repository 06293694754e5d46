/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-shapes.c - Gaussians, discs and straight lines as point spread functions, in voxels */
#include "stage/microscope.h"

#include <math.h>
#include "core/error.h"
#include "math/vec.h"

typedef struct {
	double sigma[3], radius, step[2];       /* step: half the line, x right and y down */
} figure;

typedef double recipe(const figure *f, double x, double y, double z);

static array *draw(device *dev, const figure *f, recipe *value, const int64_t size[3], GError **err)
{
	for (int i = 0; i < 3; i++) {
		if (size[i] >= 1 && size[i] <= PSF_SIDE_MOST && size[i] % 2 == 1)
			continue;
		error_set(err, RELUMINE_BAD_USAGE, "--size", "odd numbers have a middle", "%"
			G_GINT64_FORMAT " along %c is not an odd number from 1 to %d", size[i], "xyz"[i],
			PSF_SIDE_MOST);
		return NULL;
	}
	g_autoptr(array) psf = array_new(dev, REAL, (shape){ 1, size[2], size[1], size[0] });
	for (int64_t i = 0; psf->mem && i < size[0] * size[1] * size[2]; i++) {
		int64_t x = i % size[0], y = i / size[0] % size[1], z = i / size[0] / size[1];
		array_row(psf, 0, z, y)[x] = (float)value(f, (double)(x - size[0] / 2),
			(double)(y - size[1] / 2), (double)(z - size[2] / 2));
	}
	double sum = vec_sum(psf);
	if (!device_ok(dev, err))
		return NULL;
	vec_scale(psf, (float)(1 / sum));
	return device_ok(dev, err) ? g_steal_pointer(&psf) : NULL;
}

static bool in_range(const char *option, double v, double least, GError **err)
{
	if (v >= least && v <= PSF_SIDE_MOST)
		return true;
	g_autofree char *remedy = g_strdup_printf("give %g to %d pixels", least, PSF_SIDE_MOST);
	error_set(err, RELUMINE_BAD_USAGE, option, remedy, "%g is out of range", v);
	return false;
}

/* --- Gaussian --------------------------------------------------------------------------------- */

/* The integral of a Gaussian over a voxel, exact to the ends of its tails. */
static double bell(double sigma, double at)
{
	double x = fabs(at), scale = M_SQRT1_2 / sigma;
	if (sigma < 1e-3)
		return x < 0.5;
	return x < 0.5 ? 0.5 * (erf((x + 0.5) * scale) - erf((x - 0.5) * scale)) :
		0.5 * (erfc((x - 0.5) * scale) - erfc((x + 0.5) * scale));
}

static double gaussian(const figure *f, double x, double y, double z)
{
	return bell(f->sigma[0], x) * bell(f->sigma[1], y) * bell(f->sigma[2], z);
}

array *psf_gaussian(device *dev, const double sigma[3], const int64_t size[3], GError **err)
{
	for (int i = 0; i < 3; i++)
		if (!in_range("--sigma", sigma[i], 0, err))
			return NULL;
	return draw(dev, &(figure){ .sigma = { sigma[0], sigma[1], sigma[2] } }, gaussian, size, err);
}

/* --- disc ------------------------------------------------------------------------------------- */

/* Area of the disc's part in the rectangle between its centre and (x, y); odd in both. */
static double corner_area(double r, double x, double y)
{
	double u = fmin(fabs(x), r), v = fmin(fabs(y), r), area = u * v;
	if (u * u + v * v > r * r)
		area = 0.5 * (u * sqrt(r * r - u * u) + v * sqrt(r * r - v * v) +
			r * r * (asin(u / r) + asin(v / r) - M_PI_2));
	return (x < 0) != (y < 0) ? -area : area;
}

static double disc(const figure *f, double x, double y, double z)
{
	double r = f->radius;
	return z < 0 || z > 0 ? 0 : fmax(corner_area(r, x + 0.5, y + 0.5) -
		corner_area(r, x - 0.5, y + 0.5) - corner_area(r, x + 0.5, y - 0.5) +
		corner_area(r, x - 0.5, y - 0.5), 0);
}

array *psf_disc(device *dev, double radius, const int64_t size[3], GError **err)
{
	return in_range("--radius", radius, 0.1, err) ?
		draw(dev, &(figure){ .radius = radius }, disc, size, err) : NULL;
}

/* --- motion ----------------------------------------------------------------------------------- */

/*
 * Keep of the line's parameter [*t0, *t1] what lies within half a pixel of `at`, a whole number: a
 * step of 0 makes infinities, which keep all or nothing.
 */
static void clip(double step, double at, double *t0, double *t1)
{
	double a = (at - 0.5) / step, b = (at + 0.5) / step;
	*t0 = fmax(*t0, fmin(a, b));
	*t1 = fmin(*t1, fmax(a, b));
}

/* How much of the line lies in the pixel. */
static double line(const figure *f, double x, double y, double z)
{
	double t0 = -1, t1 = 1;
	clip(f->step[0], x, &t0, &t1);
	clip(f->step[1], y, &t0, &t1);
	return z < 0 || z > 0 ? 0 : fmax(t1 - t0, 0);
}

array *psf_motion(device *dev, double length, double degrees, const int64_t size[3],
	GError **err)
{
	if (!in_range("--length", length, 0.01, err))
		return NULL;
	double angle = remainder(degrees, 180) * M_PI / 180;
	return draw(dev, &(figure){ .step = { length / 2 * cos(angle), -length / 2 * sin(angle) } },
		line, size, err);
}
