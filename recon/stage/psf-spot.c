/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-spot.c - numbers of a compact point spread function: widths, symmetry, what is at its edge */
#include "stage/psf.h"

#include <math.h>

/* A filled ellipse has a spread of 1, masks of squares 1.6 and more, caustics many. */
#define SPREAD_MOST 1.5
#define SPREAD_LINE 2.0         /* of a thin line, whose pixels are bright by turns */
#define LINE_LENGTH 3.0         /* over its width */

typedef struct {
	const array *psf;
	int64_t size[3];        /* x, y, z */
	double floor_level;
} view;

static double value(const view *v, const int64_t at[3])
{
	return (double)array_row(v->psf, 0, at[2], at[1])[at[0]] - v->floor_level;
}

/* --- the peak --------------------------------------------------------------------------------- */

static double from_middle(const view *v, const int64_t at[3])
{
	double sum = 0;
	for (int i = 0; i < 3; i++) {
		double d = (double)at[i] - 0.5 * (double)(v->size[i] - 1);
		sum += d * d;
	}
	return sum;
}

static void place(const view *v, int64_t i, int64_t at[3])
{
	at[0] = i % v->size[0];
	at[1] = i / v->size[0] % v->size[1];
	at[2] = i / v->size[0] / v->size[1];
}

static int64_t count(const view *v)
{
	return v->size[0] * v->size[1] * v->size[2];
}

static void find_peak(const view *v, spot_facts *f)
{
	double most = -INFINITY, nearest = INFINITY;
	for (int64_t i = 0; i < count(v); i++) {
		int64_t at[3];
		place(v, i, at);
		double here = value(v, at);
		if (here < most)
			continue;
		double distance = from_middle(v, at);
		if (here > most || distance < nearest) {
			most = here;
			nearest = distance;
			for (int k = 0; k < 3; k++)
				f->peak[k] = at[k];
		}
	}
	f->most = most;
}

/* --- widths ----------------------------------------------------------------------------------- */

/* The profile through the peak, `steps` voxels along an axis; beyond the ends the last ones. */
static double profile(const view *v, const spot_facts *f, int axis, int64_t steps)
{
	int64_t at[3] = { f->peak[0], f->peak[1], f->peak[2] };
	at[axis] = CLAMP(at[axis] + steps, 0, v->size[axis] - 1);
	return value(v, at);
}

/* A cubic through four samples at -1, 0, 1, 2. */
static double cubic(const double y[4], double t)
{
	return -y[0] * t * (t - 1) * (t - 2) / 6 + y[1] * (t + 1) * (t - 1) * (t - 2) / 2 -
		y[2] * (t + 1) * t * (t - 2) / 2 + y[3] * (t + 1) * t * (t - 1) / 6;
}

/* From the peak to half of it, along an axis in direction sign; NaN: not reached. */
static double half_width(const view *v, const spot_facts *f, int axis, int sign)
{
	int64_t room = sign > 0 ? v->size[axis] - 1 - f->peak[axis] : f->peak[axis], i = 0;
	double half = f->most / 2, low = 0, high = 1, y[4];
	while (i < room && profile(v, f, axis, sign * (i + 1)) >= half)
		i++;
	if (i >= room)
		return NAN;
	for (int k = 0; k < 4; k++)
		y[k] = profile(v, f, axis, sign * (i + k - 1));
	for (int step = 0; step < 40; step++) {
		double middle = (low + high) / 2;
		if (cubic(y, middle) >= half)
			low = middle;
		else
			high = middle;
	}
	return (double)i + low;
}

/* --- shape ------------------------------------------------------------------------------------ */

static bool bright(const view *v, const spot_facts *f, double level, int64_t x, int64_t y)
{
	int64_t at[3] = { x, y, f->peak[2] };
	return x >= 0 && y >= 0 && x < v->size[0] && y < v->size[1] && value(v, at) >= f->most * level;
}

/* A hot pixel stands alone. */
static bool has_company(const view *v, const spot_facts *f, double level, int64_t x, int64_t y)
{
	for (int64_t i = 0; i < 9; i++)
		if (i != 4 && bright(v, f, level, x + i % 3 - 1, y + i / 3 - 1))
			return true;
	return x == f->peak[0] && y == f->peak[1];
}

/*
 * The pixels of the peak's plane above a level: the ellipse of their covariance has the area
 * 4 pi sqrt(det).  *length: of its longer axis over the shorter.
 */
static double spread(const view *v, const spot_facts *f, double level, double *length)
{
	double n = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
	for (int64_t i = 0; i < v->size[0] * v->size[1]; i++) {
		int64_t at[2] = { i % v->size[0], i / v->size[0] };
		if (!bright(v, f, level, at[0], at[1]) || !has_company(v, f, level, at[0], at[1]))
			continue;
		double dx = (double)(at[0] - f->peak[0]), dy = (double)(at[1] - f->peak[1]);
		n++;
		x += dx;
		y += dy;
		xx += dx * dx;
		yy += dy * dy;
		xy += dx * dy;
	}
	double a = xx / n - x * x / n / n + 1.0 / 12, b = yy / n - y * y / n / n + 1.0 / 12;
	double c = xy / n - x * y / n / n;      /* 1/12: the variance of a pixel */
	double root = sqrt((a - b) * (a - b) / 4 + c * c), least = fmax((a + b) / 2 - root, 1e-9);
	*length = sqrt(((a + b) / 2 + root) / least);
	return 4 * M_PI * sqrt(fmax(a * b - c * c, 0)) / n;
}

/* About the middle where the peak is there, also between two voxels, else about the peak. */
static double asymmetry(const view *v, const spot_facts *f, int axis)
{
	int64_t twice = v->size[axis] - 1;
	double difference = 0, sum = 0;
	if (ABS(2 * f->peak[axis] - twice) > 1)
		twice = 2 * f->peak[axis];
	for (int64_t i = 0; i < count(v); i++) {
		int64_t at[3], other[3];
		place(v, i, at);
		place(v, i, other);
		other[axis] = twice - at[axis];
		if (other[axis] < 0 || other[axis] >= v->size[axis])
			continue;
		difference += fabs(value(v, at) - value(v, other));
		sum += fabs(value(v, at));
	}
	return sum > 0 ? difference / sum : 0;
}

static bool at_end(const view *v, const int64_t at[3], int axis)
{
	return v->size[axis] > 1 && (at[axis] == 0 || at[axis] == v->size[axis] - 1);
}

static void measure_light(const view *v, spot_facts *f)
{
	double light = 0, edge = 0, ends = 0, moment[3] = { 0 };
	for (int64_t i = 0; i < count(v); i++) {
		int64_t at[3];
		place(v, i, at);
		double here = fmax(value(v, at), 0);
		bool border = at_end(v, at, 0) || at_end(v, at, 1), end = at_end(v, at, 2);
		light += here;
		edge += border ? here : 0;
		ends += end ? here : 0;
		f->edge_most = border || end ? fmax(f->edge_most, here) : f->edge_most;
		for (int k = 0; k < 3; k++)
			moment[k] += here * ((double)at[k] - 0.5 * (double)(v->size[k] - 1));
	}
	if (!(light > 0))
		return;
	f->edge_light = edge / light;
	f->end_light = ends / light;
	f->edge_most /= f->most;
	for (int k = 0; k < 3; k++)
		f->offset[k] = moment[k] / light;
}

void spot_measure(const array *psf, double floor_level, spot_facts *facts)
{
	view v = { psf, { psf->shape.x, psf->shape.y, psf->shape.z }, floor_level };
	*facts = (spot_facts){ 0 };
	find_peak(&v, facts);
	measure_light(&v, facts);
	double length;
	facts->spread = fmax(spread(&v, facts, 0.25, &length), spread(&v, facts, 0.5, &length));
	facts->is_line = length > LINE_LENGTH;
	for (int k = 0; k < 3; k++) {
		facts->fwhm[k] = half_width(&v, facts, k, 1) + half_width(&v, facts, k, -1);
		facts->asymmetry[k] = asymmetry(&v, facts, k);
	}
}

bool spot_is_compact(const spot_facts *facts)
{
	return facts->most > 0 && facts->spread <= (facts->is_line ? SPREAD_LINE : SPREAD_MOST);
}
