/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel-fit.c - the two halves of finding a kernel: a picture of few edges, and what blurs it */
#include "stage/kernel.h"

#include "math/fft.h"
#include "math/op.h"
#include "math/solve.h"
#include "math/vec.h"
#include "blind.cl"

/* --- the picture, the kernel given ------------------------------------------------------------ */

/*
 * The copy of the gradient may differ from it at a price of beta, which doubles up to here, as
 * published.
 */
#define BETA_MOST 1e5
/* Keeps the division sound where neither kernel nor gradient says anything. */
#define RIDGE 1e-9

static void keep_steep(array *gradient, double level)
{
	array along_y = array_channel(gradient, 0), along_x = array_channel(gradient, 1);
	RUN(&along_y, k_keep_steep, &along_y, &along_x, (float)level);
}

array *kernel_sharpen(const array *y, const array *k, double weight)
{
	device *dev = y->dev;
	const position middle = { 0, k->shape.y / 2, k->shape.x / 2 };
	g_autoptr(array) psf = array_move(k, dev);
	g_autoptr(linop) blur = linop_convolve(dev, y->shape, psf, middle, 2);
	g_autoptr(linop) gradient = linop_gradient(dev, y->shape, 2, BORDER_PERIODIC, NULL);
	g_autoptr(array) laplacian = gradient_spectrum(dev, y->shape, 2, NULL);
	g_autoptr(array) back = array_like(y);
	g_autoptr(array) right = array_like(y);
	g_autoptr(array) steep = linop_new_range(gradient);
	array *x = array_copy(y);
	linop_adjoint(blur, back, y);
	for (double beta = 2 * weight; beta < BETA_MOST && !dev->error; beta *= 2) {
		g_autoptr(linop) inverse = linop_convolve_inverse_by(blur, 1, laplacian, beta, RIDGE);
		linop_apply(gradient, steep, x);
		keep_steep(steep, weight / beta);
		linop_adjoint(gradient, right, steep);
		vec_xpay(right, (float)beta, back);
		linop_apply(inverse, x, right);
	}
	return x;
}

/* --- the kernel, the picture given ------------------------------------------------------------ */

/* Conjugate gradients: published numbers. */
enum { FIT_ITERATIONS = 20 };
#define FIT_TOLERANCE 1e-5

static array *gradients(const array *a)
{
	g_autoptr(linop) gradient = linop_gradient(a->dev, a->shape, 2, BORDER_REPLICATE, NULL);
	array *to = linop_new_range(gradient);
	linop_apply(gradient, to, a);
	return to;
}

static array *part_of(const array *a, int64_t at, int64_t height, int64_t width)
{
	g_autoptr(linop) crop = linop_crop(a->dev, (shape){ a->shape.c, 1, height, width }, a->shape,
		(position){ 0, at, at });
	array *part = linop_new_range(crop);
	linop_apply(crop, part, a);
	return part;
}

/* Correlations of the gradients that a convolution is with, at lags of -reach and more. */
static array *correlation(const linop *with, const array *a)
{
	g_autoptr(linop) pad = linop_pad(a->dev, a->shape, with->domain.shape, (position){ 0 });
	g_autoptr(array) wide = linop_new_range(pad);
	g_autoptr(array) both = linop_new_domain(with);
	linop_apply(pad, wide, a);
	linop_adjoint(with, both, wide);
	array first = array_channel(both, 0), second = array_channel(both, 1);
	vec_add(&first, &second);
	return array_copy(&first);
}

/* The gradients that count: steep ones, where what the kernel makes of them is believed. */
static array *edges(const kernel_problem *p, const array *x, double least)
{
	shape s = p->picture->shape;
	g_autoptr(array) picture = part_of(x, 0, s.y, s.x);
	array *steep = gradients(picture);
	keep_steep(steep, least * least);
	for (int64_t c = 0; p->believed && c < 2; c++) {
		array one = array_channel(steep, c);
		vec_multiply(&one, p->believed);
	}
	return steep;
}

/* S k = b with S the convolution with `lags`, of which k and b are as far apart as k is large. */
static bool solve(array *k, const array *lags, const array *b, GError **err)
{
	int64_t n = k->shape.x, grid = fft_good_size(lags->shape.x);
	const shape square = { 1, 1, grid, grid };
	const position corner = { 0 };
	const stop_rule stop = { FIT_ITERATIONS, FIT_TOLERANCE, NULL };
	linop *crop = linop_crop(k->dev, k->shape, square, corner);
	linop *pad = linop_pad(k->dev, k->shape, square, corner);
	linop *spread = linop_convolve(k->dev, square, lags, (position){ 0, n - 1, n - 1 }, 2);
	g_autoptr(linop) s = linop_add(linop_chain(crop, linop_chain(spread, pad)),
		linop_scale(linop_identity(k->dev, k->shape), KERNEL_RIDGE));
	vec_fill(k, (float)(1 / (double)(n * n)));
	return solve_cg(k, s, b, &stop, err);
}

array *kernel_fit(const kernel_problem *p, const array *x, int64_t size, double least,
	GError **err)
{
	device *dev = x->dev;
	shape s = p->picture->shape;
	/* lags as far as two ends of a kernel: nothing wraps around that far */
	int64_t reach = size - 1;
	const shape grid = { 2, 1, fft_good_size(s.y + 2 * size), fft_good_size(s.x + 2 * size) };
	g_autoptr(array) steep = edges(p, x, least);
	g_autoptr(array) blurred = gradients(p->picture);
	g_autoptr(linop) with = linop_convolve(dev, grid, steep, (position){ 0, reach, reach }, 2);
	g_autoptr(array) own = correlation(with, steep);
	g_autoptr(array) mutual = correlation(with, blurred);
	g_autoptr(array) lags = part_of(own, 0, 2 * size - 1, 2 * size - 1);
	g_autoptr(array) right = part_of(mutual, reach - size / 2, size, size);
	g_autoptr(array) lags_here = array_move(lags, p->cpu);
	g_autoptr(array) right_here = array_move(right, p->cpu);
	g_autoptr(array) k = array_like(right_here);
	if (!device_ok(dev, err) || !solve(k, lags_here, right_here, err))
		return NULL;
	return g_steal_pointer(&k);
}
