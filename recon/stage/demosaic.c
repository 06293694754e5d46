/* SPDX-License-Identifier: BSD-3-Clause */
/* demosaic.c - colour from a sensor with a Bayer filter */
#include "stage/demosaic.h"

#include "core/error.h"
#include "math/vec.h"
#include "stage/geometry.h"
#include "demosaic.cl"

/* Where red stands in the 2 x 2 cell; blue is at the opposite corner. */
static const struct { int64_t y, x; } red_at[] = {
	[BAYER_RGGB] = { 0, 0 }, [BAYER_BGGR] = { 1, 1 }, [BAYER_GRBG] = { 0, 1 }, [BAYER_GBRG] = { 1, 0 },
};

enum { FRAME = 2 };             /* pixels that the 5 x 5 filters reach over the border */

static bool check_sensor(const array *sensor, const char *where, GError **err)
{
	if (sensor->shape.c != 1) {
		error_set(err, RELUMINE_MISMATCH, where, "leave the Bayer option out: the picture has colour",
			"a Bayer plane has one channel, this picture %" G_GINT64_FORMAT, sensor->shape.c);
		return false;
	}
	if (sensor->shape.y < 2 || sensor->shape.x < 2) {
		error_set(err, RELUMINE_BAD_INPUT, where, NULL, "%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
			" pixels hold no 2 x 2 Bayer cell", sensor->shape.y, sensor->shape.x);
		return false;
	}
	return true;
}

array *demosaic(const array *sensor, enum bayer pattern, enum demosaic_method method,
	const char *where, GError **err)
{
	if (!check_sensor(sensor, where, err))
		return NULL;
	shape s = { 3, sensor->shape.z, sensor->shape.y, sensor->shape.x };
	array *rgb = array_new(sensor->dev, REAL, s);
	g_autoptr(array) bayer = geometry_frame(sensor, FRAME);
	float gain = method == DEMOSAIC_GRADIENT ? 1.0f : 0.0f;
	for (int64_t z = 0; z < s.z; z++) {
		array r = array_plane(rgb, 0, z), g = array_plane(rgb, 1, z), b = array_plane(rgb, 2, z);
		array from = array_plane(bayer, 0, z);
		RUN(&r, k_demosaic, &r, &g, &b, &from, r.pitch, s.x, from.pitch, red_at[pattern].y,
			red_at[pattern].x, gain);
	}
	return rgb;
}

array *demosaic_split(const array *sensor, enum bayer pattern, const char *where, GError **err)
{
	if (!check_sensor(sensor, where, err))
		return NULL;
	shape s = { 4, sensor->shape.z, sensor->shape.y / 2, sensor->shape.x / 2 };
	array *to = array_new(sensor->dev, REAL, s);
	for (int64_t c = 0; c < 4; c++) {
		g_autoptr(array) part = geometry_half(sensor, red_at[pattern].y ^ (c / 2),
			red_at[pattern].x ^ (c % 2));
		array channel = array_channel(to, c);
		vec_copy(&channel, part);
	}
	return to;
}

void balance_apply(array *rgb, const double gains[3])
{
	for (int64_t c = 0; c < MIN(rgb->shape.c, 3); c++) {
		array channel = array_channel(rgb, c);
		vec_scale(&channel, (float)gains[c]);
	}
}

void balance_gray_world(const array *rgb, double gains[3])
{
	double sum[3] = { 0, 0, 0 };
	for (int64_t c = 0; c < MIN(rgb->shape.c, 3); c++) {
		array channel = array_channel(rgb, c);
		sum[c] = vec_sum(&channel);
	}
	for (int c = 0; c < 3; c++)
		gains[c] = sum[c] > 0 && sum[1] > 0 ? sum[1] / sum[c] : 1;
}
