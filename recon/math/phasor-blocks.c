/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-blocks.c - which bins and frequencies the depths of a phasor field ask for
 *
 * Light of a block of depths arrives between two times.  What comes earlier or later than those by
 * more than the pulse is long cannot matter, so it is left out; then the sum over frequencies need
 * not tell times apart that differ by more than what is left: wider steps do, and are exact.
 */
#include "math/phasor-inside.h"

#include <math.h>

/* The envelope at REACH standard deviations is 4e-6, beyond which there is no pulse. */
#define REACH 5.0

/* Where w(f) ends: there the Gaussian is FLOOR.  FLOOR is taken from all of it, as a step there
 * would ring all through time. */
#define FLOOR 1e-5

double phasor_envelope(const phasor_setup *s)
{
	return s->cycles * s->wavelength / 6;
}

static double half_band(const phasor_setup *s)
{
	return sqrt(-2 * log(FLOOR)) / (2 * G_PI * phasor_envelope(s));
}

double phasor_weight(const phasor_setup *s, double f)
{
	double t = 2 * G_PI * phasor_envelope(s) * (f - 1 / s->wavelength);
	return MAX(exp(-t * t / 2) - FLOOR, 0) / (1 - FLOOR);
}

/* The nearest and the furthest of the numbers from 0 to `length` as seen from p. */
static void reach_of(double p, double length, double *near, double *far)
{
	*near = p < 0 ? -p : p > length ? p - length : 0;
	*far = MAX(fabs(p), fabs(p - length));
}

/* The ways from any voxel of depths z0 to z1 to fixed point p. */
static void way_to(const phasor_setup *s, const double p[3], double z0, double z1, double way[2])
{
	double near[3], far[3];
	for (int axis = 0; axis < 2; axis++)
		reach_of(p[axis], s->pitch[axis] * (double)(s->n[axis] - 1), &near[axis], &far[axis]);
	reach_of(p[2] - z0, z1 - z0, &near[2], &far[2]);
	way[0] = sqrt(near[0] * near[0] + near[1] * near[1] + near[2] * near[2]);
	way[1] = sqrt(far[0] * far[0] + far[1] * far[1] + far[2] * far[2]);
}

/* Paths to depths z0 to z1 and back, m. */
static void paths_of(const phasor_setup *s, double z0, double z1, double path[2])
{
	double w = s->pitch[0] * (double)(s->n[0] - 1), h = s->pitch[1] * (double)(s->n[1] - 1);
	double far = sqrt(w * w + h * h + z1 * z1);
	path[0] = s->n_fixed ? INFINITY : 2 * z0;
	path[1] = s->n_fixed ? 0 : 2 * far;
	for (int64_t i = 0; i < s->n_fixed; i++) {
		double way[2];
		way_to(s, s->fixed + 3 * i, z0, z1, way);
		path[0] = MIN(path[0], z0 + way[0]);
		path[1] = MAX(path[1], far + way[1]);
	}
}

static phasor_block block_of(const phasor_setup *s, int64_t first, int64_t n)
{
	double path[2], reach = REACH * phasor_envelope(s), centre = 1 / s->wavelength;
	double z = s->depth + (double)first * s->step;
	paths_of(s, z, z + (double)(n - 1) * s->step, path);
	double last = s->start + s->bin * (double)(s->bins - 1);
	double from = CLAMP(path[0] - reach, s->start, last), to = CLAMP(path[1] + reach, from, last);
	phasor_block b = { .first = first, .n = n };
	b.from = (int64_t)floor((from - s->start) / s->bin);
	b.bins = MIN((int64_t)ceil((to - s->start) / s->bin), s->bins - 1) - b.from + 1;
	/* neither a voxel's path nor a bin sees its likeness a period away */
	double period = MAX(path[1] - from, to - path[0]) + reach;
	b.step = 1 / period;
	b.low = (int64_t)ceil(MAX(centre - half_band(s), 0) * period);
	b.low = MAX(b.low, 1);
	int64_t frequencies = (int64_t)floor((centre + half_band(s)) * period) - b.low + 1;
	b.frequencies = (MAX(frequencies, 1) + 3) / 4 * 4;      /* more than needed count nothing */
	return b;
}

/* What a frequency costs a block, in kernels: transforms, however few its depths.  With fixed
 * points each kernel costs transforms too. */
enum { COST_HELD = 16, COST_MADE = 3, COST_FIXED = 2 };

phasor_block *phasor_blocks(const phasor_setup *s, bool held, int64_t most, int64_t *n_blocks)
{
	double each = s->n_fixed ? COST_FIXED : held ? COST_HELD : COST_MADE;
	int64_t n = s->depths, *cut = g_new0(int64_t, n + 1), count = 0;
	double *cost = g_new0(double, n + 1);
	for (int64_t end = 1; end <= n; end++) {
		cost[end] = INFINITY;
		for (int64_t first = MAX(end - most, 0); first < end; first++) {
			phasor_block b = block_of(s, first, end - first);
			double own = (double)b.frequencies * ((double)b.n + each);
			if (cost[first] + own < cost[end]) {
				cost[end] = cost[first] + own;
				cut[end] = first;
			}
		}
	}
	for (int64_t end = n; end > 0; end = cut[end])
		count++;
	phasor_block *blocks = g_new0(phasor_block, count);
	*n_blocks = count;
	for (int64_t end = n; end > 0; end = cut[end])
		blocks[--count] = block_of(s, cut[end], end - cut[end]);
	g_free(cut);
	g_free(cost);
	return blocks;
}
