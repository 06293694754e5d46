/* SPDX-License-Identifier: BSD-3-Clause */
/* optics.c - point spread functions of cameras without a lens */
#include "stage/optics.h"

#include <math.h>
#include "math/vec.h"
#include "stage/random.h"

/* Lengths are shares of the picture's shorter side. */
#define BUMP 0.026              /* standard deviation of the surface's Gaussian smoothing */
#define BEND 1.15               /* root mean square of the rays' shift on the sensor, over BUMP */
#define APERTURE 0.37           /* half the lit part of each side of the sensor */
#define SHRINK 0.25             /* from the nearest depth to the furthest */
#define SOURCE_BLUR 0.55        /* pixels: the point source is not quite a point */
enum { RAYS = 6 };              /* a side in each pixel of the diffuser */

/* --- smoothing -------------------------------------------------------------------------------- */

/*
 * Gaussian weights 0..radius, sum over both sides 1; free with g_free.  Cut off at 3.5 sigma, their
 * end would show as a weave in the caustic, which is made of second derivatives.
 */
static float *gaussian(double sigma, int64_t *radius)
{
	*radius = (int64_t)ceil(5.5 * sigma);
	float *weights = g_new(float, (gsize)*radius + 1);
	double sum = 0;
	for (int64_t i = 0; i <= *radius; i++)
		sum += (i ? 2 : 1) * exp(-0.5 * (double)(i * i) / (sigma * sigma));
	for (int64_t i = 0; i <= *radius; i++)
		weights[i] = (float)(exp(-0.5 * (double)(i * i) / (sigma * sigma)) / sum);
	return weights;
}

typedef struct {
	const array *from;
	array *to;
	const float *weights;
	int64_t radius;
	bool down;              /* along y, else along x */
} smoothing;

/* One row along x, its ends repeated. */
static void smooth_along(const smoothing *s, int64_t y, float *padded)
{
	int64_t width = s->from->shape.x;
	const float *from = array_row(s->from, 0, 0, y);
	float *to = array_row(s->to, 0, 0, y);
	for (int64_t x = -s->radius; x < width + s->radius; x++)
		padded[x + s->radius] = from[CLAMP(x, 0, width - 1)];
	for (int64_t i = -s->radius; i <= s->radius; i++) {
		float weight = s->weights[ABS(i)];
		for (int64_t x = 0; x < width; x++)
			to[x] = (i == -s->radius ? 0 : to[x]) + weight * padded[x + s->radius + i];
	}
}

static void smooth_down(const smoothing *s, int64_t y)
{
	float *to = array_row(s->to, 0, 0, y);
	for (int64_t i = -s->radius; i <= s->radius; i++) {
		const float *from = array_row(s->from, 0, 0, CLAMP(y + i, 0, s->from->shape.y - 1));
		float weight = s->weights[ABS(i)];
		for (int64_t x = 0; x < s->to->shape.x; x++)
			to[x] = (i == -s->radius ? 0 : to[x]) + weight * from[x];
	}
}

static void smooth_rows(int64_t first, int64_t end, void *data)
{
	const smoothing *s = data;
	g_autofree float *padded = g_new(float, (gsize)(s->from->shape.x + 2 * s->radius));
	for (int64_t y = first; y < end; y++)
		if (s->down)
			smooth_down(s, y);
		else
			smooth_along(s, y, padded);
}

/* One plane, in place. */
static void smooth_plane(array *a, double sigma)
{
	g_autoptr(array) between = array_new(a->dev, REAL, a->shape);
	int64_t radius;
	g_autofree float *weights = gaussian(sigma, &radius);
	if (!a->mem || !between->mem)
		return;
	device_each(a->dev, a->shape.y, 8, smooth_rows,
		&(smoothing){ a, between, weights, radius, false });
	device_each(a->dev, a->shape.y, 8, smooth_rows,
		&(smoothing){ between, a, weights, radius, true });
}

/* --- the diffuser ----------------------------------------------------------------------------- */

static void fill_noise(array *a, uint64_t seed)
{
	for (int64_t i = 0; a->mem && i < a->shape.y * a->shape.x; i++) {
		random_stream s = random_at(seed, RANDOM_SURFACE, (uint64_t)i);
		array_row(a, 0, 0, i / a->shape.x)[i % a->shape.x] = (float)random_gauss(&s);
	}
}

/* The surface's slope, channel 0 down and 1 to the right, of root mean square 1 together. */
static array *slopes(device *dev, int64_t height, int64_t width, uint64_t seed)
{
	g_autoptr(array) surface = array_new(dev, REAL, (shape){ 1, 1, height, width });
	array *slope = array_new(dev, REAL, (shape){ 2, 1, height, width });
	fill_noise(surface, seed);
	smooth_plane(surface, fmax(BUMP * (double)MIN(height, width), 0.8));
	for (int64_t y = 0; surface->mem && slope->mem && y < height; y++) {
		const float *up = array_row(surface, 0, 0, MAX(y - 1, 0));
		const float *down = array_row(surface, 0, 0, MIN(y + 1, height - 1));
		const float *row = array_row(surface, 0, 0, y);
		for (int64_t x = 0; x < width; x++) {
			array_row(slope, 0, 0, y)[x] = down[x] - up[x];
			array_row(slope, 1, 0, y)[x] = row[MIN(x + 1, width - 1)] - row[MAX(x - 1, 0)];
		}
	}
	double norm = vec_norm(slope) / sqrt((double)(height * width));
	if (norm > 0)
		vec_scale(slope, (float)(1 / norm));
	return slope;
}

/* Between four pixels. */
static double between(const array *a, int64_t c, double y, double x)
{
	int64_t j = CLAMP((int64_t)y, 0, a->shape.y - 1), i = CLAMP((int64_t)x, 0, a->shape.x - 1);
	int64_t j1 = MIN(j + 1, a->shape.y - 1), i1 = MIN(i + 1, a->shape.x - 1);
	double v = y - (double)j, u = x - (double)i;
	const float *top = array_row(a, c, 0, j), *low = array_row(a, c, 0, j1);
	return (1 - v) * ((1 - u) * (double)top[i] + u * (double)top[i1]) +
		v * ((1 - u) * (double)low[i] + u * (double)low[i1]);
}

/* Share the light of a ray between the four pixels around where it falls. */
static void land(array *plane, double y, double x, double light)
{
	double fy = floor(y), fx = floor(x), v = y - fy, u = x - fx;
	if (!(fy >= 0 && fx >= 0 && fy < (double)plane->shape.y - 1 && fx < (double)plane->shape.x - 1))
		return;
	float *top = array_row(plane, 0, 0, (int64_t)fy) + (int64_t)fx, *low = top + plane->pitch;
	top[0] += (float)(light * (1 - v) * (1 - u));
	top[1] += (float)(light * (1 - v) * u);
	low[0] += (float)(light * v * (1 - u));
	low[1] += (float)(light * v * u);
}

/* A rounded rectangle with a soft edge: u and v from -1 to 1 across the lit part. */
static double aperture(double v, double u)
{
	double u3 = u * u * u, v3 = v * v * v, r6 = u3 * u3 + v3 * v3;
	if (r6 >= 1 || r6 < 0.4)        /* 0.88^6 = 0.46: spare most rays the root */
		return r6 < 1;
	double t = (1 - pow(r6, 1.0 / 6)) / 0.12;
	return t >= 1 ? 1 : t * t * (3 - 2 * t);
}

/* All rays of one depth; one thread, so that sums of floats keep their order. */
static void trace(array *plane, const array *slope, double magnify)
{
	double height = (double)plane->shape.y, width = (double)plane->shape.x;
	double reach = BEND * fmax(BUMP * fmin(height, width), 0.8);
	double cy = (height - 1) / 2, cx = (width - 1) / 2;
	int64_t rows = plane->shape.y * RAYS, columns = plane->shape.x * RAYS;
	for (int64_t i = 0; i < rows; i++) {
		double y = ((double)i + 0.5) / RAYS - 0.5;
		for (int64_t j = 0; j < columns; j++) {
			double x = ((double)j + 0.5) / RAYS - 0.5;
			double light = aperture((y - cy) / (APERTURE * height), (x - cx) / (APERTURE * width));
			if (light > 0)
				land(plane, cy + (y - cy) * magnify + reach * between(slope, 0, y, x),
					cx + (x - cx) * magnify + reach * between(slope, 1, y, x), light);
		}
	}
}

static void scale_to_one(array *a)
{
	float most = vec_max_abs(a);
	if (most > 0)
		vec_scale(a, 1 / most);
}

array *optics_caustic(device *dev, int64_t height, int64_t width, int64_t depths, uint64_t seed)
{
	array *psf = array_new(dev, REAL, (shape){ 1, depths, height, width });
	g_autoptr(array) slope = slopes(dev, height, width, seed);
	vec_fill(psf, 0);
	for (int64_t z = 0; psf->mem && slope->mem && z < depths; z++) {
		array plane = array_plane(psf, 0, z);
		double share = depths > 1 ? (double)z / (double)(depths - 1) : 0;
		trace(&plane, slope, 1 - SHRINK * share);
		smooth_plane(&plane, SOURCE_BLUR);
	}
	if (psf->mem && vec_max_abs(psf) == 0)  /* a sensor too small for rays: a bare pinhole */
		array_row(psf, 0, 0, height / 2)[width / 2] = 1;
	scale_to_one(psf);
	return psf;
}

/* --- the mask --------------------------------------------------------------------------------- */

enum { MASK_PARTS = 8 };        /* a side in each pixel, to find how much of it a hole covers */
#define MASK_SHARE 0.72         /* of the shorter side of the sensor */

static bool is_prime(int64_t n)
{
	for (int64_t d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return n > 1;
}

static bool is_square(int64_t n, int64_t prime)
{
	for (int64_t i = 1; i < prime; i++)
		if (i * i % prime == n)
			return true;
	return false;
}

/* Whether element (row, column) of the array of order `prime` is open. */
static bool is_open(const bool *square, int64_t row, int64_t column)
{
	if (row == 0)
		return false;
	return column == 0 || square[row] == square[column];
}

array *optics_mask(device *dev, int64_t height, int64_t width)
{
	array *psf = array_new(dev, REAL, (shape){ 1, 1, height, width });
	double side = MASK_SHARE * (double)MIN(height, width);
	int64_t prime = CLAMP((int64_t)(side / 3.5), 5, 61), n = MASK_PARTS * MASK_PARTS;
	while (!is_prime(prime))
		prime--;
	bool square[64];
	for (int64_t i = 0; i < prime; i++)
		square[i] = is_square(i, prime);
	double element = side / (double)prime;
	for (int64_t i = 0; psf->mem && i < height * width; i++) {
		int64_t open = 0;
		for (int64_t k = 0; k < n; k++) {
			double y = (double)(i / width) + ((double)(k / MASK_PARTS) + 0.5) / MASK_PARTS;
			double x = (double)(i % width) + ((double)(k % MASK_PARTS) + 0.5) / MASK_PARTS;
			double row = floor((y - 0.5 * (double)height + 0.5 * side) / element);
			double column = floor((x - 0.5 * (double)width + 0.5 * side) / element);
			bool inside = row >= 0 && column >= 0 && row < (double)prime && column < (double)prime;
			open += inside && is_open(square, (int64_t)row, (int64_t)column);
		}
		array_row(psf, 0, 0, i / width)[i % width] = (float)open / (float)n;
	}
	smooth_plane(psf, fmax(0.22 * element, 0.4));
	scale_to_one(psf);
	return psf;
}
