/* SPDX-License-Identifier: BSD-3-Clause */
/* backproject.c - traces onto the voxels that their light may have come from, anywhere */
#include "math/backproject.h"

#include <math.h>
#include "math/halo.h"
#include "math/vec.h"
#include "backproject.cl"

struct backproject {
	linop base;
	backproject_setup s;
	array *places;          /* rows x, y, z of all points, as seen from voxel (0, 0, 0) */
	array *others;          /* paired: the same of the other ends; else NULL */
	double *fixed;          /* the fixed points likewise */
	array *far;             /* how far voxels are from a fixed point; confocal: 0; paired: NULL */
};

/* --- one fixed point ------------------------------------------------------------------------- */

static void measure_far(const struct backproject *b, int64_t fixed)
{
	const double *p = b->fixed + 3 * fixed;
	array *to = b->far;
	if (b->s.n_fixed && !b->s.paired)
		RUN(to, k_backproject_far, to, to->plane_rows, to->shape.x, to->pitch, (float)b->s.step[0],
			(float)b->s.step[1], (float)b->s.step[2], (float)p[0], (float)p[1], (float)p[2]);
}

/* Traces that stay in a cache while all voxels look at them. */
#define CACHED (256 << 10)

static array row_of(const array *a, int64_t row)
{
	return array_from_row(a, 0, row);
}

/* Places from number `first` on. */
static array places_from(const array *places, int64_t first)
{
	array v = *places;
	if (v.mem)
		v.mem += first;
	v.origin += first;
	return v;
}

static void add_some(const struct backproject *b, array *y, const array *traces, int64_t first,
	int64_t n)
{
	const backproject_setup *s = &b->s;
	array places = places_from(b->places, first);
	if (s->paired) {
		array others = places_from(b->others, first);
		RUN(y, k_backproject_pairs, y, traces, &places, &others, n, s->bins, y->plane_rows,
			y->shape.x, y->pitch, traces->pitch, places.pitch, (float)s->step[0], (float)s->step[1],
			(float)s->step[2], (float)(1 / s->bin), (float)(s->start / s->bin),
			s->falloff == 0 ? 1.0f : 0.0f, s->falloff == 1 ? 1.0f : 0.0f,
			s->falloff == 2 ? 1.0f : 0.0f);
		return;
	}
	RUN(y, k_backproject, y, traces, b->far, &places, n, s->bins, y->plane_rows, y->shape.x,
		y->pitch, traces->pitch, places.pitch, (float)s->step[0], (float)s->step[1],
		(float)s->step[2], s->n_fixed ? 1.0f : 2.0f, (float)(1 / s->bin),
		(float)(s->start / s->bin), s->falloff == 0 ? 1.0f : 0.0f, s->falloff == 1 ? 1.0f : 0.0f,
		s->falloff == 2 ? 1.0f : 0.0f);
}

void backproject_add(const linop *a, array *y, const array *traces, int64_t fixed, int64_t first,
	int64_t n)
{
	const struct backproject *b = (const struct backproject *)a;
	int64_t most = MAX(CACHED / (traces->pitch * (int64_t)sizeof(float)), 1);
	measure_far(b, fixed);
	for (int64_t i = 0; i < n && !a->dev->error; i += most) {
		array rows = row_of(traces, i);
		add_some(b, y, &rows, first + i, MIN(most, n - i));
	}
}

/* --- the operator ---------------------------------------------------------------------------- */

static void gather(const linop *a, array *y, const array *x)
{
	const struct backproject *b = (const struct backproject *)a;
	vec_fill(y, 0);
	for (int64_t c = 0; c < x->shape.c; c++) {
		array traces = array_channel(x, c);
		backproject_add(a, y, &traces, c, 0, b->s.n_points);
	}
}

static void spread_pairs(const struct backproject *b, array *traces, const array *y)
{
	const backproject_setup *s = &b->s;
	RUN_PART(traces, 0, s->n_points, k_backproject_spread_pairs, traces, y, b->places, b->others,
		s->bins, y->shape.y, y->plane_rows, y->shape.x, array_rows(y), traces->pitch, y->pitch,
		b->places->pitch, (float)s->step[0], (float)s->step[1], (float)s->step[2],
		(float)(1 / s->bin), (float)(s->start / s->bin), s->falloff == 0 ? 1.0f : 0.0f,
		s->falloff == 1 ? 1.0f : 0.0f, s->falloff == 2 ? 1.0f : 0.0f);
}

static void spread(const linop *a, array *x, const array *y)
{
	const struct backproject *b = (const struct backproject *)a;
	const backproject_setup *s = &b->s;
	vec_fill(x, 0);
	for (int64_t c = 0; c < x->shape.c; c++) {
		array traces = array_channel(x, c);
		if (s->paired) {
			spread_pairs(b, &traces, y);
			continue;
		}
		measure_far(b, c);
		RUN_PART(&traces, 0, s->n_points, k_backproject_spread, &traces, y, b->far, b->places,
			s->bins, y->shape.y, y->plane_rows, y->shape.x, array_rows(y), traces.pitch, y->pitch,
			b->places->pitch, (float)s->step[0], (float)s->step[1], (float)s->step[2],
			s->n_fixed ? 1.0f : 2.0f, (float)(1 / s->bin), (float)(s->start / s->bin),
			s->falloff == 0 ? 1.0f : 0.0f, s->falloff == 1 ? 1.0f : 0.0f,
			s->falloff == 2 ? 1.0f : 0.0f);
	}
}

static void backproject_free(linop *a)
{
	struct backproject *b = (struct backproject *)a;
	array_free(b->places);
	array_free(b->others);
	array_free(b->far);
	g_free(b->fixed);
}

/* Places as seen from voxel (0, 0, 0): small numbers, which single precision can tell apart. */
static array *places_new(device *dev, const backproject_setup *s, const double *places)
{
	array *a = array_new_bare(dev, REAL, (shape){ 1, 1, 3, s->n_points });
	g_autofree float *packed = g_new(float, 3 * s->n_points);
	for (int64_t i = 0; i < 3 * s->n_points; i++)
		packed[i % 3 * s->n_points + i / 3] = (float)(places[i] - s->first[i % 3]);
	if (!dev->error)
		array_upload(a, packed);
	return a;
}

linop *linop_backproject(device *dev, const backproject_setup *s)
{
	static const linop_class class = { "backproject", gather, spread, backproject_free };
	shape voxels = { 1, s->n[2], s->n[1], s->n[0] };
	shape traces = { s->paired ? 1 : MAX(s->n_fixed, 1), 1, s->n_points, s->bins };
	struct backproject *b = linop_new(&class, sizeof(struct backproject), dev,
		(space){ REAL, traces }, (space){ REAL, voxels });
	b->s = *s;
	b->places = places_new(dev, s, s->points);
	if (s->paired) {
		b->others = places_new(dev, s, s->fixed);
		return &b->base;
	}
	b->far = array_new(dev, REAL, voxels);
	vec_fill(b->far, 0);
	b->fixed = g_new(double, 3 * s->n_fixed);
	for (int64_t i = 0; i < 3 * s->n_fixed; i++)
		b->fixed[i] = s->fixed[i] - s->first[i % 3];
	return &b->base;
}

/* --- before and after ------------------------------------------------------------------------ */

void backproject_traces(array *traces, const array *counts, const array *weights, int64_t fixed,
	int64_t first, int64_t n, int64_t skip)
{
	array from = array_channel(counts, fixed);
	RUN_PART(traces, 0, n, k_backproject_traces, traces, &from, weights, first, counts->shape.z,
		skip, counts->shape.x, traces->pitch, from.pitch, plane_stride(&from));
}

/* Minus the Laplacian of a Gaussian of sigma 1: (3 - r^2) G, less its mean. */
static array *filter_taps(device *dev)
{
	float taps[125];
	double mean = 0, peak = 0;
	for (int pass = 0; pass < 2; pass++)
		for (int k = 0; k < 125; k++) {
			double z = k / 25 - 2, y = k / 5 % 5 - 2, x = k % 5 - 2, r2 = x * x + y * y + z * z;
			double tap = (3 - r2) * exp(-r2 / 2);
			mean += pass == 0 ? tap / 125 : 0;
			peak = fmax(peak, tap);
			taps[k] = (float)((tap - mean) / peak);
		}
	array *a = array_new_bare(dev, REAL, (shape){ 1, 1, 1, 125 });
	if (!dev->error)
		array_upload(a, taps);
	return a;
}

void backproject_filter(array *volume)
{
	g_autoptr(array) taps = filter_taps(volume->dev);
	g_autoptr(array) before = array_copy(volume);
	RUN(volume, k_backproject_filter, volume, before, taps, volume->shape.z, volume->shape.y,
		volume->shape.x, volume->plane_rows, volume->pitch);
	vec_clamp(volume, 0, INFINITY);
}
