/* SPDX-License-Identifier: BSD-3-Clause */
/* places.c - places from files */
#include "mode/places.h"

#include "core/error.h"

double *input_places(const input *in, int64_t *n, GError **err)
{
	shape s = in->data->shape;
	if (s.x != 3 || shape_planes(s) != 1) {
		error_set(err, RELUMINE_BAD_INPUT, in->path, "save an array of shape (points, 3)",
			"places are rows of X, Y, Z, and this has %d columns", (int)s.x);
		return NULL;
	}
	*n = s.y;
	double *places = g_new(double, (gsize)(3 * s.y));
	for (int64_t i = 0; i < 3 * s.y; i++)
		places[i] = (double)array_row(in->data, 0, 0, i / 3)[i % 3];
	return places;
}
