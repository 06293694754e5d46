/* SPDX-License-Identifier: BSD-3-Clause */
/* moveout.c - traces stretched, each by its own hyperbola */
#include "stage/moveout.h"

#include "moveout.cl"

struct moveout {
	moveout_setting setting;
	array *apart;           /* (1, 1, y, x): (2 h)^2, in bins */
};

moveout *moveout_new(device *dev, const moveout_setting *s)
{
	moveout *m = g_new0(moveout, 1);
	int64_t n = s->window.y * s->window.x;
	g_autofree float *squares = g_new0(float, n);
	for (int64_t i = 0; i < n; i++) {
		double sum = 0;
		for (int k = 0; k < 3; k++) {
			double d = (s->points[3 * i + k] - s->fixed[k]) / s->bin;
			sum += d * d;
		}
		squares[i] = (float)sum;
	}
	m->setting = *s;
	m->apart = array_new(dev, REAL, (shape){ 1, 1, s->window.y, s->window.x });
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
	const moveout_setting *s = &m->setting;
	for (int64_t z = 0; z < s->out.z; z++) {
		array to = array_plane(confocal, 0, z);
		RUN(&to, k_moveout, &to, to.pitch, s->out.x, z, s->y0, s->x0, counts, m->apart,
			counts->plane_rows * counts->pitch, counts->pitch, s->window.z, s->window.y, s->window.x,
			(float)s->start);
	}
}
