/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-measure.c - numbers that tell whether a PSF will do */
#include "stage/psf.h"

#include <math.h>
#include "core/error.h"
#include "math/fft.h"
#include "math/vec.h"
#include "stage/calibrate.h"
#include "stage/geometry.h"
#include "stage/select.h"
#include "psf.cl"

#define BORDER 0.05             /* of height and width, on each side */

/* --- in pixels ---------------------------------------------------------------------------------- */

/*
 * Whole numbers at their limit, or the same largest one again and again (12 bits in 16).  Floats
 * are taken for computed ones: a mask has many pixels that are fully lit.
 */
static double saturated_share(const array *psf, double most, double white)
{
	int64_t n = 0, count = shape_count(psf->shape), width = psf->shape.x;
	for (int64_t i = 0; i < count; i++)
		n += (double)array_row(psf, 0, i / width / psf->shape.y, i / width % psf->shape.y)[i % width]
			>= most;
	bool cut = white > 0 && (most >= white || n >= 4);
	return cut ? (double)n / (double)count : 0;
}

typedef struct {
	double light, squares, border_light, border_squares, y, x, n, border_n;
} sums;

static bool in_border(int64_t i, int64_t n)
{
	int64_t margin = (int64_t)ceil(BORDER * (double)n);
	return i < margin || i >= n - margin;
}

static sums add_up(const array *psf, double base)
{
	sums s = { 0 };
	shape d = psf->shape;
	for (int64_t i = 0; i < shape_count(d); i++) {
		int64_t x = i % d.x, y = i / d.x % d.y;
		double v = fmax((double)array_row(psf, 0, i / d.x / d.y, y)[x] - base, 0);
		bool border = in_border(y, d.y) || in_border(x, d.x);
		s.light += v;
		s.squares += v * v;
		s.y += v * (double)y;
		s.x += v * (double)x;
		s.n++;
		s.border_light += border ? v : 0;
		s.border_squares += border ? v * v : 0;
		s.border_n += border;
	}
	return s;
}

static void measure_light(const array *psf, psf_facts *f)
{
	sums s = add_up(psf, f->floor_level);
	if (s.light <= 0)
		return;
	f->border_light = s.border_light / s.border_n / (s.light / s.n);
	f->border_energy = s.border_squares / s.squares;
	f->offset_y = s.y / s.light - 0.5 * (double)(psf->shape.y - 1);
	f->offset_x = s.x / s.light - 0.5 * (double)(psf->shape.x - 1);
}

/* --- in frequencies ----------------------------------------------------------------------------- */

/* Full width at half of values[0] of an even function, linear between samples. */
static double full_width(const array *a, bool down, int64_t n)
{
	double peak = (double)array_row(a, 0, 0, 0)[0], before = peak;
	for (int64_t i = 1; i < n; i++) {
		double v = (double)(down ? array_row(a, 0, 0, i)[0] : array_row(a, 0, 0, 0)[i]);
		if (v < peak / 2)
			return 2 * ((double)(i - 1) + (before - peak / 2) / (before - v));
		before = v;
	}
	return 2 * (double)n;
}

/* The autocorrelation stands around (0, 0), periodic. */
static double side_peak(const array *a, double width_y, double width_x)
{
	float most = 0;
	for (int64_t y = 0; y < a->shape.y; y++) {
		double v = (double)MIN(y, a->shape.y - y) / (2 * width_y);
		for (int64_t x = 0; x < a->shape.x; x++) {
			double u = (double)MIN(x, a->shape.x - x) / (2 * width_x);
			if (u * u + v * v > 1)
				most = MAX(most, array_row(a, 0, 0, y)[x]);
		}
	}
	return (double)(most / array_row(a, 0, 0, 0)[0]);
}

/* Power to |H|: without the zero frequency, largest over 1st percentile. */
static double condition_of(array *power, GError **err)
{
	float zero = array_row(power, 0, 0, 0)[0], least, most;
	array_row(power, 0, 0, 0)[0] = 0;
	vec_range(power, &least, &most);
	double low = calibrate_percentile(power, -1, 1, err);
	array_row(power, 0, 0, 0)[0] = zero;
	return low > 0 ? sqrt((double)most / low) : INFINITY;
}

static bool measure_waves(const array *psf, psf_facts *f, GError **err)
{
	array first = array_plane(psf, 0, 0);
	int64_t height = fft_good_size(2 * psf->shape.y - 1), width = fft_good_size(2 * psf->shape.x - 1);
	g_autoptr(array) plane = array_copy(&first);
	vec_shift(plane, (float)-f->mean);
	g_autoptr(array) wide = geometry_centred(plane, height, width);
	g_autoptr(fft) plan = fft_new(psf->dev, wide->shape, 2);
	g_autoptr(array) spectrum = array_new(psf->dev, COMPLEX, fft_spectrum_shape(wide->shape));
	g_autoptr(array) power = array_new(psf->dev, REAL, spectrum->shape);
	fft_forward(plan, spectrum, wide);
	RUN(power, k_power, spectrum, power);
	fft_inverse(plan, wide, spectrum);
	if (!device_ok(psf->dev, err))
		return false;
	f->width_y = full_width(wide, true, psf->shape.y);
	f->width_x = full_width(wide, false, psf->shape.x);
	f->side_peak = side_peak(wide, f->width_y, f->width_x);
	GError *failed = NULL;
	f->condition = condition_of(power, &failed);
	if (failed)
		g_propagate_error(err, failed);
	return !failed;
}

bool psf_measure(const array *psf, double white, psf_facts *facts, GError **err)
{
	float least, most;
	*facts = (psf_facts){ 0 };
	vec_range(psf, &least, &most);
	facts->least = (double)least;
	facts->most = (double)most;
	facts->mean = vec_sum(psf) / (double)shape_count(psf->shape);
	facts->dark = calibrate_corner(psf, -1, CORNER_TUTORIAL);
	if (!device_ok(psf->dev, err))
		return false;
	facts->floor_level = calibrate_percentile(psf, -1, 1, err);
	if (isnan(facts->floor_level))
		return false;
	facts->saturated = saturated_share(psf, facts->most, white);
	measure_light(psf, facts);
	return measure_waves(psf, facts, err);
}
