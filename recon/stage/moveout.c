/* SPDX-License-Identifier: BSD-3-Clause */
/* moveout.c - traces stretched, each by its own hyperbola */
#include "stage/moveout.h"

#include "moveout.cl"

struct moveout {
	array *apart;           /* (1, 1, y, x): (2 h)^2, in bins */
	double start;
};

moveout *moveout_new(device *dev, shape window, const double *points, const double *fixed,
	double start, double bin)
{
	moveout *m = g_new0(moveout, 1);
	g_autofree float *squares = g_new0(float, window.y * window.x);
	for (int64_t i = 0; i < window.y * window.x; i++) {
		double sum = 0;
		for (int k = 0; k < 3; k++) {
			double d = (points[3 * i + k] - fixed[k]) / bin;
			sum += d * d;
		}
		squares[i] = (float)sum;
	}
	m->start = start;
	m->apart = array_new(dev, REAL, (shape){ 1, 1, window.y, window.x });
	array_upload(m->apart, squares);
	return m;
}

void moveout_free(moveout *m)
{
	if (!m)
		return;
	array_free(m->apart);
	g_free(m);
}

void moveout_run(const moveout *m, array *confocal, const array *counts)
{
	for (int64_t z = 0; z < confocal->shape.z; z++) {
		array to = array_plane(confocal, 0, z);
		RUN(&to, k_moveout, &to, counts, m->apart, to.pitch, confocal->shape.x,
			counts->plane_rows * counts->pitch, counts->shape.z, z, (float)m->start);
	}
}
