/* SPDX-License-Identifier: BSD-3-Clause */
/* calibrate.c - what the sensor added to the light, taken away again */
#include "stage/calibrate.h"

#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/repair.h"
#include "stage/select.h"
#include "calibrate.cl"

#define DEAD_BELOW 0.05         /* of a flat's mean */
#define MAD_TO_SIGMA 1.4826     /* of a normal distribution: 1 / its upper quartile */

/* --- dark level ------------------------------------------------------------------------------- */

double calibrate_corner(const array *a, int64_t c, corner where)
{
	int64_t first = c < 0 ? 0 : c, end = c < 0 ? a->shape.c : c + 1;
	if (a->shape.y < where.end || a->shape.x < where.end || !a->mem)
		return 0;
	double sum = 0, side = (double)(where.end - where.first);
	for (int64_t p = first * a->shape.z; p < end * a->shape.z; p++)
		for (int64_t y = where.first; y < where.end; y++)
			for (int64_t x = where.first; x < where.end; x++)
				sum += (double)array_row(a, 0, p, y)[x];
	return sum / (side * side * (double)((end - first) * a->shape.z));
}

double calibrate_percentile(const array *a, int64_t c, double percent, GError **err)
{
	int64_t first = c < 0 ? 0 : c, end = c < 0 ? a->shape.c : c + 1, n = 0;
	g_autoptr(array) list = array_new_list(a->dev, shape_count(a->shape));
	float *values = list->mem;
	if (!device_ok(a->dev, err))
		return NAN;
	for (int64_t p = first * a->shape.z; p < end * a->shape.z; p++)
		for (int64_t i = 0; i < a->shape.y * a->shape.x; i++) {
			float v = array_row(a, 0, p, i / a->shape.x)[i % a->shape.x];
			if (isfinite(v))
				values[n++] = v;
		}
	return n ? select_percentile(values, n, percent) : 0;
}

void calibrate_subtract(array *a, double level, bool clip)
{
	RUN(a, k_subtract_level, a, (float)level, clip ? 0.0f : -INFINITY);
}

bool calibrate_frame_fits(const array *a, const array *frame, const char *what, const char *path,
	GError **err)
{
	shape s = a->shape, f = frame->shape;
	if (s.y == f.y && s.x == f.x && (f.c == 1 || f.c == s.c) && (f.z == 1 || f.z == s.z))
		return true;
	error_set(err, RELUMINE_MISMATCH, path, "use a frame from the same camera and settings",
		"the %s has %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " pixels, %" G_GINT64_FORMAT
		" channels, but the picture %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT ", %" G_GINT64_FORMAT,
		what, f.y, f.x, f.c, s.y, s.x, s.c);
	return false;
}

array calibrate_frame_plane(const array *frame, int64_t c, int64_t z)
{
	return array_plane(frame, MIN(c, frame->shape.c - 1), MIN(z, frame->shape.z - 1));
}

bool calibrate_subtract_frame(array *a, const array *dark, bool clip, const char *path,
	GError **err)
{
	if (!calibrate_frame_fits(a, dark, "dark frame", path, err))
		return false;
	for (int64_t c = 0; c < a->shape.c; c++)
		for (int64_t z = 0; z < a->shape.z; z++) {
			array plane = array_plane(a, c, z), level = calibrate_frame_plane(dark, c, z);
			vec_subtract(&plane, &level);
		}
	if (clip)
		calibrate_subtract(a, 0, true);
	return true;
}

/* --- bad pixels ------------------------------------------------------------------------------- */

static uint8_t *marks(const array *a, GError **err)
{
	uint8_t *bad = g_try_new0(uint8_t, (gsize)(a->shape.y * a->shape.x));
	if (!bad)
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory to mark bad pixels");
	return bad;
}

bool calibrate_flat(array *a, const array *flat, int64_t *repaired, const char *path, GError **err)
{
	*repaired = 0;
	if (!calibrate_frame_fits(a, flat, "flat frame", path, err))
		return false;
	g_autofree uint8_t *bad = marks(a, err);
	int64_t width = a->shape.x, n = a->shape.y * width;
	for (int64_t p = 0; bad && p < shape_planes(a->shape); p++) {
		array plane = array_plane(a, 0, p);
		array f = calibrate_frame_plane(flat, p / a->shape.z, p % a->shape.z);
		double mean = vec_sum(&f) / (double)n;
		if (!(mean > 0)) {
			error_set(err, RELUMINE_BAD_INPUT, path, "check that this is the flat field and its "
				"dark level was not subtracted twice", "the mean of the flat frame is %g", mean);
			return false;
		}
		for (int64_t i = 0; i < n; i++) {
			double light = (double)array_row(&f, 0, 0, i / width)[i % width] / mean;
			bad[i] = (uint8_t)!(light >= DEAD_BELOW);
			*repaired += bad[i];
			if (!bad[i])
				array_row(&plane, 0, 0, i / width)[i % width] /= (float)light;
		}
		if (!repair_plane(&plane, bad, path, err))
			return false;
	}
	return bad != NULL;
}

/* Mark what is not finite; gives how many there are and the first one's place. */
static int64_t mark_nonfinite(const array *plane, uint8_t *bad, int64_t *first)
{
	int64_t width = plane->shape.x, count = 0;
	for (int64_t i = plane->shape.y * width - 1; i >= 0; i--) {
		bad[i] = (uint8_t)!isfinite(array_row(plane, 0, 0, i / width)[i % width]);
		count += bad[i];
		*first = bad[i] ? i : *first;
	}
	return count;
}

/* How many pixels are not finite, and the first of them as plane * pixels + pixel. */
static int64_t survey(const array *a, uint8_t *bad, int64_t *first)
{
	int64_t pixels = a->shape.y * a->shape.x, count = 0, found = 0;
	for (int64_t p = shape_planes(a->shape) - 1; p >= 0; p--) {
		array plane = array_plane(a, 0, p);
		int64_t n = mark_nonfinite(&plane, bad, &found);
		*first = n ? p * pixels + found : *first;
		count += n;
	}
	return count;
}

static void refuse(const array *a, int64_t count, int64_t first, const char *path, GError **err)
{
	int64_t pixels = a->shape.y * a->shape.x, plane = first / pixels, i = first % pixels;
	error_set(err, RELUMINE_BAD_INPUT, path, "--nonfinite mask replaces them by their neighbours",
		"%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " values are NaN or infinite, the first at "
		"row %" G_GINT64_FORMAT ", column %" G_GINT64_FORMAT " (channel %" G_GINT64_FORMAT
		", plane %" G_GINT64_FORMAT ", counted from 0)", count, shape_count(a->shape), i / a->shape.x,
		i % a->shape.x, plane / a->shape.z, plane % a->shape.z);
}

bool calibrate_finite(array *a, bool replace, int64_t *count, const char *path, GError **err)
{
	int64_t first = 0;
	g_autofree uint8_t *bad = marks(a, err);
	if (!bad)
		return false;
	*count = survey(a, bad, &first);
	if (*count && !replace) {
		refuse(a, *count, first, path, err);
		return false;
	}
	for (int64_t p = 0; *count && p < shape_planes(a->shape); p++) {
		array plane = array_plane(a, 0, p);
		mark_nonfinite(&plane, bad, &first);
		if (!repair_plane(&plane, bad, path, err))
			return false;
	}
	return true;
}

/* --- hot pixels ------------------------------------------------------------------------------- */

static float brightest_neighbour(const array *plane, int64_t y, int64_t x)
{
	float most = -INFINITY;
	for (int64_t j = MAX(y - 1, 0); j < MIN(y + 2, plane->shape.y); j++)
		for (int64_t i = MAX(x - 1, 0); i < MIN(x + 2, plane->shape.x); i++)
			if (j != y || i != x)
				most = MAX(most, array_row(plane, 0, 0, j)[i]);
	return most;
}

static double plane_spread(const array *plane, const uint8_t *none, float *values)
{
	int64_t width = plane->shape.x, n = plane->shape.y * width;
	for (int64_t i = 0; i < n; i++) {
		int count;
		float mean = repair_mean(plane, none, i / width, i % width, &count);
		values[i] = fabsf(array_row(plane, 0, 0, i / width)[i % width] - mean);
	}
	return MAD_TO_SIGMA * select_percentile(values, n, 50);
}

int64_t calibrate_hot(array *a, double threshold, GError **err)
{
	int64_t width = a->shape.x, n = a->shape.y * width, count = 0;
	g_autofree uint8_t *bad = marks(a, err);
	g_autoptr(array) list = array_new_list(a->dev, n);
	float *values = list->mem;
	for (int64_t p = 0; p < shape_planes(a->shape); p++) {
		array plane = array_plane(a, 0, p);
		if (!bad || !device_ok(a->dev, err))
			return -1;
		double margin = threshold * plane_spread(&plane, bad, values);
		for (int64_t i = 0; i < n; i++) {
			double v = (double)array_row(&plane, 0, 0, i / width)[i % width];
			bad[i] = v > (double)brightest_neighbour(&plane, i / width, i % width) + margin;
			count += bad[i];
		}
		if (!repair_plane(&plane, bad, NULL, err))
			return -1;
	}
	return count;
}
