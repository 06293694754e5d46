/* SPDX-License-Identifier: BSD-3-Clause */
/* resample.c - other pixel sizes, or one channel, by averages */
#include "stage/resample.h"

#include "math/vec.h"
#include "resample.cl"

array *resample_box(const array *a, int64_t k)
{
	shape s = a->shape;
	if (s.y < k || s.x < k)
		return resample_area(a, MAX(s.y / k, 1), MAX(s.x / k, 1));
	s.y /= k;
	s.x /= k;
	array *to = array_new(a->dev, REAL, s);
	for (int64_t i = 0; i < shape_planes(s); i++) {
		array from_plane = array_plane(a, 0, i), to_plane = array_plane(to, 0, i);
		RUN(&to_plane, k_box, &to_plane, &from_plane, to->pitch, s.x, a->pitch, k);
	}
	return to;
}

array *resample_area(const array *a, int64_t height, int64_t width)
{
	shape s = a->shape;
	g_autoptr(array) wide = array_new(a->dev, REAL, (shape){ s.c, s.z, s.y, width });
	array *to = array_new(a->dev, REAL, (shape){ s.c, s.z, height, width });
	for (int64_t i = 0; i < shape_planes(s); i++) {
		array p = array_plane(a, 0, i), q = array_plane(wide, 0, i), r = array_plane(to, 0, i);
		RUN(&q, k_area_x, &q, &p, q.pitch, p.pitch, s.x, width);
		RUN(&r, k_area_y, &r, &q, r.pitch, width, q.pitch, s.y, height);
	}
	return to;
}

array *resample_gray(const array *a)
{
	array *gray = array_new(a->dev, REAL, (shape){ 1, a->shape.z, a->shape.y, a->shape.x });
	vec_fill(gray, 0);
	for (int64_t c = 0; c < a->shape.c; c++) {
		array channel = array_channel(a, c);
		vec_axpy(gray, 1 / (float)a->shape.c, &channel);
	}
	return gray;
}
