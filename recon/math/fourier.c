/* SPDX-License-Identifier: BSD-3-Clause */
/* fourier.c - PSF spectra, correlation and the Wiener filter on padded grids */
#include "math/fourier.h"

#include <assert.h>
#include "fourier.cl"
#include "math/fft.h"
#include "math/vec.h"

/* Where the first element of a PSF of `size` goes on a grid of `grid`. */
static int64_t wrapped_start(int64_t grid, int64_t size)
{
	int64_t start = (grid - size) / 2 - grid / 2;
	return start < 0 ? start + grid : start;
}

static array *place(const array *x, shape grid, int64_t down, int64_t right)
{
	assert(x->shape.y <= grid.y && x->shape.x <= grid.x);
	array *on_grid = array_new(x->dev, REAL, (shape){ 1, 1, grid.y, grid.x });
	vec_fill(on_grid, 0);
	RUN(x, k_place, on_grid, on_grid->pitch, grid.y, grid.x, x, x->pitch, x->shape.x, down, right);
	return on_grid;
}

array *psf_spectrum(const array *psf, shape grid, GError **err)
{
	g_autoptr(array) image = place(psf, grid, wrapped_start(grid.y, psf->shape.y),
		wrapped_start(grid.x, psf->shape.x));
	g_autoptr(array) spectrum = array_new(psf->dev, COMPLEX, fft_spectrum_shape(image->shape));
	g_autoptr(fft) f = fft_new(psf->dev, image->shape, 2);
	fft_forward(f, spectrum, image);
	return device_ok(psf->dev, err) ? g_steal_pointer(&spectrum) : NULL;
}

/* conj(h) F C'b scale / (weight |h|^2 + floor), back on the grid; the caller's */
static array *filtered(const array *b, const array *h, shape grid, float weight, float floor_value)
{
	g_autoptr(array) image = place(b, grid, 0, 0);
	g_autoptr(array) spectrum = array_new(b->dev, COMPLEX, h->shape);
	g_autoptr(fft) f = fft_new(b->dev, image->shape, 2);
	float scale = (float)(1.0 / ((double)grid.y * (double)grid.x));
	fft_forward(f, spectrum, image);
	RUN(spectrum, k_wiener, spectrum, h, h->pitch, h->shape.x, scale, weight, floor_value);
	fft_inverse(f, image, spectrum);
	return g_steal_pointer(&image);
}

double fourier_correlation_peak(const array *b, const array *h, shape grid)
{
	g_autoptr(array) correlation = filtered(b, h, grid, 0, 1);
	return (double)vec_max_abs(correlation);
}

double fourier_gain(const array *h)
{
	g_autoptr(array) rows = array_new(h->dev, REAL, (shape){ 1, 1, 1, h->shape.y });
	RUN(h, k_largest_norm, rows, h, h->pitch, h->shape.x);
	return (double)vec_max_abs(rows);
}

void fourier_wiener(array *result, const array *b, const array *h, shape grid, double noise)
{
	float floor_value = (float)(fourier_gain(h) * noise);
	g_autoptr(array) image = filtered(b, h, grid, 1, floor_value > 0 ? floor_value : 1);
	RUN(result, k_take, result, result->pitch, image, image->pitch, result->shape.x);
}
