/* SPDX-License-Identifier: BSD-3-Clause */
/* psf.c - what is no point spread function, and the scale of one that is */
#include "stage/psf.h"

#include <math.h>
#include "core/error.h"
#include "math/vec.h"

#define ZERO_SUM 1e-6           /* of the sum of magnitudes: below is rounding */

static void describe(GError **err, const array *psf)
{
	float least = NAN, most = NAN;
	vec_range(psf, &least, &most);
	g_autofree char *planes = psf->shape.c * psf->shape.z == 1 ? g_strdup("") :
		g_strdup_printf(", %" G_GINT64_FORMAT " channels, %" G_GINT64_FORMAT " planes",
			psf->shape.c, psf->shape.z);
	error_while(err, "normalising the PSF (%" G_GINT64_FORMAT "x%" G_GINT64_FORMAT
		"%s, min %g, max %g)", psf->shape.y, psf->shape.x, planes, (double)least, (double)most);
}

static bool refuse(const array *psf, const char *path, const char *what, GError **err)
{
	g_autofree char *remedy = g_strdup_printf("check that this is the point spread function and "
		"not the dark frame: relumine inspect %s", path ? path : "FILE");
	error_set(err, RELUMINE_BAD_INPUT, path, remedy, "%s, so it cannot be normalised", what);
	describe(err, psf);
	return false;
}

/*
 * Largest magnitude 1, so that sums neither overflow nor vanish; in two steps, because 1 / peak
 * itself may be too small for a float.  Gives the factor.
 */
static double scale_to_one(array *a, float peak)
{
	float first = peak > 1e30f ? 0x1p-64f : 1, second = 1 / MAX(peak * first, 1e-37f);
	vec_scale(a, first);
	vec_scale(a, second);
	return (double)first * (double)second;
}

bool psf_check(const array *psf, const char *path, GError **err)
{
	if (!vec_finite(psf))
		return device_ok(psf->dev, err) && refuse(psf, path, "the PSF holds NaN or infinity", err);
	float peak = vec_max_abs(psf);
	if (!device_ok(psf->dev, err))
		return false;
	if (peak == 0)
		return refuse(psf, path, "the PSF is zero everywhere", err);
	g_autoptr(array) unit = array_copy(psf);
	scale_to_one(unit, peak);
	double sum = vec_sum(unit), all = vec_sum_abs(unit);
	if (!device_ok(psf->dev, err))
		return false;
	if (sum > ZERO_SUM * all)
		return true;
	if (sum >= -ZERO_SUM * all)
		return refuse(psf, path, "the PSF sums to 0", err);
	g_autofree char *what = g_strdup_printf("the PSF sums to %g", sum * (double)peak);
	return refuse(psf, path, what, err);
}

static double scale_part(array *part, enum psf_norm norm)
{
	float peak = vec_max_abs(part);
	if (!(peak > 0))
		return 0;
	double first = scale_to_one(part, peak);
	bool light = norm == PSF_NORM_SUM || norm == PSF_NORM_VOLUME;
	double size = light ? vec_sum(part) : vec_norm(part);
	if (!(size > 0))
		return 0;
	vec_scale(part, (float)(1 / size));
	return first / size;
}

void psf_cut_below(array *psf, double share)
{
	float least, most;
	vec_range(psf, &least, &most);
	vec_cut_below(psf, (float)share * most);
}

/* Sums over pairs of neighbours (a, b) of which both are faint. */
struct pairs { double n, a, b, aa, bb, ab; };

static void add_pairs(struct pairs *p, const float *row, int64_t width, float limit)
{
	for (int64_t x = 0; x + 1 < width; x++) {
		if (row[x] >= limit || row[x + 1] >= limit)
			continue;
		double a = (double)row[x], b = (double)row[x + 1];
		*p = (struct pairs){ p->n + 1, p->a + a, p->b + b, p->aa + a * a, p->bb + b * b,
			p->ab + a * b };
	}
}

double psf_faint_correlation(const array *psf, double share)
{
	const double least_pairs = 100;
	struct pairs p = { 0 };
	float least, most;
	vec_range(psf, &least, &most);
	for (int64_t plane = 0; plane < shape_planes(psf->shape); plane++)
		for (int64_t y = 0; y < psf->shape.y; y++)
			add_pairs(&p, array_row(psf, 0, plane, y), psf->shape.x, (float)share * most);
	double a = p.aa - p.a * p.a / p.n, b = p.bb - p.b * p.b / p.n;
	if (p.n < least_pairs || !(a * b > 0))
		return NAN;
	return (p.ab - p.a * p.b / p.n) / sqrt(a * b);
}

bool psf_normalise(array *psf, enum psf_norm norm, double *factor, const char *path, GError **err)
{
	if (!psf_check(psf, path, err))
		return false;
	int64_t parts = norm == PSF_NORM_TOTAL ? 1 : norm == PSF_NORM_SUM ? shape_planes(psf->shape) :
		psf->shape.c;
	for (int64_t i = 0; i < parts; i++) {
		array part = norm == PSF_NORM_TOTAL ? *psf : norm == PSF_NORM_SUM ?
			array_plane(psf, 0, i) : array_channel(psf, i);
		double scale = scale_part(&part, norm);
		if (!device_ok(psf->dev, err))
			return false;
		if (scale == 0)
			return refuse(psf, path, "a channel or plane of the PSF has no light", err);
		if (i == 0 && factor)
			*factor = scale;
	}
	return true;
}
