/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-noise.c - how much of a capture is chance: the power of counting noise, and of all of it */
#include <math.h>

#include "math/vec.h"
#include "mode/nlos.h"

static double time_weight(const nlos_capture *c, int64_t m)
{
	double t = fmax(c->start + (double)m * c->bin, 0);
	double end = c->start + (double)c->counts->shape.z * c->bin;
	return pow(t / end, c->retroreflective ? 2 : 4);
}

bool nlos_is_counted(const array *a)
{
	for (int64_t row = 0; row < shape_planes(a->shape) * a->shape.y; row++) {
		const float *v = array_row(a, 0, row / a->shape.y, row % a->shape.y);
		for (int64_t x = 0; x < a->shape.x; x++)
			if (v[x] < 0 || v[x] != floorf(v[x]))
				return false;
	}
	return true;
}

double nlos_noise_power(const nlos_capture *c, double gate)
{
	double sum = 0;
	for (int64_t m = (int64_t)gate; m < c->counts->shape.z; m++)
		for (int64_t i = 0; i < c->counts->shape.c; i++) {
			array plane = array_plane(c->counts, i, m);
			double w = time_weight(c, m);
			sum += w * w * vec_sum(&plane);
		}
	return sum;
}

double nlos_power(const nlos_capture *c)
{
	double sum = 0;
	for (int64_t m = 0; m < c->counts->shape.z; m++)
		for (int64_t i = 0; i < c->counts->shape.c; i++) {
			array plane = array_plane(c->counts, i, m);
			double w = time_weight(c, m);
			sum += w * w * vec_dot(&plane, &plane);
		}
	return sum;
}
