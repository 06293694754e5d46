/* SPDX-License-Identifier: BSD-3-Clause */
/* rl-blur.c - a PSF made ready: its spectrum, half or a quarter of it where it is symmetric, and
 * sums of it that tell what the sensor sees of each voxel */
#include "math/rl-blur.h"

#include <math.h>
#include <string.h>
#include "math/convolve-pass.h"
#include "math/fft.h"
#include "rl-blur.cl"

/* --- geometry --------------------------------------------------------------------------------- */

typedef struct { int64_t estimate, grid, at; } axis_layout;

static axis_layout layout_axis(int64_t window, int64_t psf, int64_t centre, enum rl_border border)
{
	if (border == RL_BORDER_PERIODIC || (window == 1 && psf == 1))
		return (axis_layout){ window, window, 0 };
	int64_t size = window + psf - 1;
	return (axis_layout){ size, fft_good_size(size), psf - 1 - centre };
}

rl_geometry rl_layout(shape window, shape psf, position centre, enum rl_border border)
{
	axis_layout z = layout_axis(window.z, psf.z, centre.z, border);
	axis_layout y = layout_axis(window.y, psf.y, centre.y, border);
	axis_layout x = layout_axis(window.x, psf.x, centre.x, border);
	return (rl_geometry){
		.window = { 1, window.z, window.y, window.x },
		.estimate = { 1, z.estimate, y.estimate, x.estimate },
		.grid = { 1, z.grid, y.grid, x.grid }, .at = { z.at, y.at, x.at },
		.border = border
	};
}

/* --- the spectrum ----------------------------------------------------------------------------- */

/* Below this share of the PSF the spectrum of a mirror image is the same to single precision. */
#define SYMMETRIC 1e-6

/* Whether the PSF is the same in a mirror at its centre, along axis 0 (z), 1 (y) or 2 (x). */
static bool is_even(const array *psf, position c, int axis)
{
	shape s = psf->shape;
	double difference = 0, sum = 0;
	for (int64_t row = 0; row < s.z * s.y; row++) {
		int64_t z = axis == 0 ? 2 * c.z - row / s.y : row / s.y;
		int64_t y = axis == 1 ? 2 * c.y - row % s.y : row % s.y;
		bool inside = z >= 0 && z < s.z && y >= 0 && y < s.y;
		const float *v = array_row(psf, 0, row / s.y, row % s.y);
		const float *other = inside ? array_row(psf, 0, z, y) : NULL;
		for (int64_t x = 0; x < s.x; x++) {
			int64_t k = axis == 2 ? 2 * c.x - x : x;
			difference += fabs((double)v[x] - (other && k >= 0 && k < s.x ? (double)other[k] : 0));
			sum += (double)v[x];
		}
	}
	return difference < SYMMETRIC * sum;
}

/*
 * A PSF that is even in x has H(x, y, -z) = conj H(x, y, z), if it is even in y too, and H(x, -y) =
 * conj H(x, y) in a plane: the other halves need not be kept.  Even along each axis, H is real.
 * Takes and gives H.
 */
static array *folded(array *h, const array *psf, position centre)
{
	bool deep = psf->shape.z > 1, even_y = is_even(psf, centre, 1);
	if (!is_even(psf, centre, 2) || (deep && !even_y))
		return h;
	bool real = even_y && (!deep || is_even(psf, centre, 0));
	array *part = convolve_pass_fold(h, real ? REAL : COMPLEX);
	array_free(h);
	return part;
}

struct placing {
	const array *psf;
	position centre;
	shape grid;
};

/* Rows of the grid with the PSF's centre at its first element, over the grid's size. */
static void psf_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct placing *p = data;
	shape s = p->psf->shape;
	int64_t plane = (z + p->centre.z) % p->grid.z;
	(void)spare;
	if (plane >= s.z)
		return;
	array from = array_plane(p->psf, 0, plane);
	RUN_PART(strip, 0, rows, k_rl_place, strip, strip->pitch, &from, from.pitch, y + p->centre.y,
		p->grid.y, s.y, p->centre.x, p->grid.x, s.x, (float)(1 / (double)shape_count(p->grid)));
}

static array *spectrum_of(const array *psf, position centre, const rl_geometry *g, bool in_file)
{
	shape s = fft_spectrum_shape(g->grid);
	struct placing p = { psf, centre, g->grid };
	g_autoptr(convolve_pass) passes = convolve_pass_new(psf->dev, g->grid);
	array *spectrum = (in_file ? array_new_in_file : array_new)(psf->dev, COMPLEX, s);
	convolve_pass_rows(passes, spectrum, g->grid, CONVOLVE_FORWARD, psf_rows, &p);
	convolve_pass_finish(passes, spectrum);
	return spectrum;
}

/* --- what the sensor sees --------------------------------------------------------------------- */

/* Of the periodic grid every voxel is seen whole: as if the window had no end. */
static rl_reach reach_of(int64_t window, int64_t psf, int64_t centre, int64_t grid,
	enum rl_border border)
{
	return border == RL_BORDER_PERIODIC ? (rl_reach){ window + psf + grid, psf, 0, grid } :
		(rl_reach){ window, psf, centre, grid };
}

/* The PSF's elements first .. end - 1 bring voxel j into the window. */
typedef struct { int64_t first, end; } span;

static span seen_from(const rl_reach *r, int64_t j)
{
	int64_t at = j < r->window + r->centre ? j : j - r->grid;
	return (span){ CLAMP(r->centre - at, 0, r->psf), CLAMP(r->window - at + r->centre, 0, r->psf) };
}

/* sums(x) += what the window sees from column x of a row of the PSF */
static void add_row(double *sums, const float *row, const rl_reach *r, double *before)
{
	before[0] = 0;
	for (int64_t k = 0; k < r->psf; k++)
		before[k + 1] = before[k] + (double)row[k];
	for (int64_t x = 0; x < r->grid; x++) {
		span s = seen_from(r, x);
		sums[x] += before[s.end] - before[s.first];
	}
}

static array *box_sums(const array *psf, const rl_reach *r)
{
	shape s = psf->shape, size = { 1, s.z + 1, s.y + 1, r->grid };
	array *box = array_new_bare(psf->dev, REAL, size);
	g_autofree double *planes = g_new0(double, size.y * size.x);
	g_autofree double *row = g_new(double, size.x);
	g_autofree double *before = g_new(double, s.x + 1);
	for (int64_t z = 0; z < size.z && !box->dev->error; z++) {
		memset(row, 0, (size_t)size.x * sizeof(double));
		for (int64_t y = 0; y < size.y; y++) {
			if (z > 0 && y > 0)
				add_row(row, array_row(psf, 0, z - 1, y - 1), r, before);
			for (int64_t x = 0; x < size.x; x++) {
				planes[y * size.x + x] += row[x];
				array_row(box, 0, z, y)[x] = (float)planes[y * size.x + x];
			}
		}
	}
	return box;
}

void rl_blur_seen(const rl_blur *b, array *strip, int64_t z, int64_t y, int64_t rows)
{
	span planes = seen_from(&b->z, z);
	array upper = array_plane(b->box, 0, planes.end), lower = array_plane(b->box, 0, planes.first);
	RUN_PART(strip, 0, rows, k_rl_seen, strip, strip->pitch, &upper, &lower, upper.pitch,
		b->geometry.grid.x, y, b->y.window, b->y.psf, b->y.centre, b->y.grid);
}

/* --- both ------------------------------------------------------------------------------------- */

rl_blur *rl_blur_new(device *dev, const array *psf, position centre, const rl_geometry *g,
	bool in_file, GError **err)
{
	g_autoptr(rl_blur) b = g_new0(rl_blur, 1);
	g_autoptr(array) there = array_lend(psf, dev);
	shape s = psf->shape;
	const rl_reach x = reach_of(g->window.x, s.x, centre.x, g->grid.x, g->border);
	b->geometry = *g;
	b->z = reach_of(g->window.z, s.z, centre.z, g->grid.z, g->border);
	b->y = reach_of(g->window.y, s.y, centre.y, g->grid.y, g->border);
	b->box = box_sums(psf, &x);
	if (dev != psf->dev) {
		g_autoptr(array) here = b->box;
		b->box = array_move(here, dev);
	}
	b->factor = spectrum_of(there, centre, g, in_file && g->grid.z > 1);
	if (!dev->opencl && !dev->error)
		b->factor = folded(b->factor, psf, centre);
	return device_ok(psf->dev, err) && device_ok(dev, err) ? g_steal_pointer(&b) : NULL;
}

void rl_blur_free(rl_blur *b)
{
	if (!b)
		return;
	array_free(b->factor);
	array_free(b->box);
	g_free(b);
}
