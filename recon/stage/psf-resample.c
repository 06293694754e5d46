/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-resample.c - a point spread function on voxels of another size, its light kept */
#include <math.h>
#include "stage/psf.h"

/* One axis: element `to` of the result lies over `from` of the input, and is 1 / ratio as long. */
typedef struct {
	double ratio;           /* old voxel over new */
	int64_t from, to, size; /* size: of the result */
} axis_map;

static axis_map map_axis(int64_t n, int64_t centre, double ratio, int64_t window)
{
	if (n == 1 || !(fabs(ratio - 1) > 0))
		return (axis_map){ 1, centre, centre, n };
	double before = ((double)centre + 0.5) * ratio - 0.5, after = ((double)(n - centre) - 0.5) *
		ratio - 0.5;
	int64_t most = window - 1;
	int64_t left = (int64_t)fmin(ceil(fmax(before, 0)), (double)most);
	int64_t right = (int64_t)fmin(ceil(fmax(after, 0)), (double)most);
	return (axis_map){ ratio, centre, left, left + right + 1 };
}

/* A voxel's light, were it spread evenly, goes to the new voxels by the length that they share. */
static double share_at(const axis_map *m, int64_t j, int64_t i)
{
	double middle = (double)m->from + (double)(j - m->to) / m->ratio, half = 0.5 / m->ratio;
	return fmin(middle + half, (double)i + 0.5) - fmax(middle - half, (double)i - 0.5);
}

static array *along(const array *a, int axis, const axis_map *m)
{
	const int64_t old[3] = { a->shape.x, a->shape.y, a->shape.z };
	int64_t n[3] = { old[0], old[1], old[2] }, step[3] = { 0 };
	n[axis] = m->size;
	step[axis] = 1;
	array *out = array_new(a->dev, REAL, (shape){ 1, n[2], n[1], n[0] });
	for (int64_t k = 0; out->mem && k < n[0] * n[1] * n[2]; k++) {
		int64_t at[3] = { k % n[0], k / n[0] % n[1], k / n[0] / n[1] }, j = at[axis];
		double middle = (double)m->from + (double)(j - m->to) / m->ratio, half = 0.5 / m->ratio;
		int64_t first = MAX((int64_t)floor(middle - half + 0.5), 0);
		int64_t last = MIN((int64_t)floor(middle + half + 0.5), old[axis] - 1);
		double sum = 0;
		at[axis] = 0;
		for (int64_t i = first; i <= last; i++)
			sum += fmax(share_at(m, j, i), 0) * (double)array_row(a, 0, at[2] + i * step[2],
				at[1] + i * step[1])[at[0] + i * step[0]];
		at[axis] = j;
		array_row(out, 0, at[2], at[1])[at[0]] = (float)sum;
	}
	return out;
}

array *psf_resampled(const array *psf, const double ratio[3], int64_t centre[3],
	const int64_t window[3])
{
	const int64_t n[3] = { psf->shape.x, psf->shape.y, psf->shape.z };
	array *now = array_copy(psf);
	for (int k = 0; k < 3; k++) {
		axis_map m = map_axis(n[k], centre[k], ratio[k], window[k]);
		array *next = along(now, k, &m);
		array_free(now);
		now = next;
		centre[k] = m.to;
	}
	return now;
}
