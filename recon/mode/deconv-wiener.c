/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-wiener.c - one division in the Fourier domain, of the picture and its mirror images */
#include <math.h>

#include "math/fft.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "mirror.cl"

static array *with_mirror_images(const array *y, shape grid)
{
	array *wide = array_new(y->dev, REAL, grid);
	RUN(wide, k_mirror, wide, y, wide->pitch, wide->plane_rows, grid.z, grid.y, grid.x, y->pitch,
		y->plane_rows, y->shape.z, y->shape.y, y->shape.x);
	return wide;
}

static int64_t padded(int64_t picture, int64_t psf)
{
	return psf == 1 ? picture : fft_good_size(picture + psf - 1);
}

/* --- how much to smooth ----------------------------------------------------------------------- */

/*
 * (M'M + weight R + ridge)^-1 M' y, with the R of one frequency for each method, g that of the
 * square of the gradient and |H| <= 1 its blur:
 *   Wiener          1, the same noise to signal everywhere
 *   Tikhonov        g over its largest value (Miller 1970)
 *   RIF             g^2, that of the square of the Laplacian, over its largest value
 *   unsupervised    g^2, by as much as the picture itself asks for
 */
#define BALANCE 0.01            /* noise to signal, where none is given */

typedef struct {
	array *penalty;
	double weight, ridge;
} smoothing;

static smoothing smoothing_of(const task *t, const distances *d, const linop *m, const array *y)
{
	const deconv_options *o = t->options;
	int axes = m->domain.shape.z > 1 ? 3 : 2;
	double noise = (isnan(o->balance) ? BALANCE : o->balance) * m->norm2;
	double steepest = gradient_steepest(axes, d);
	smoothing s = {
		gradient_spectrum(t->dev, m->domain.shape, axes, d), noise / steepest, 1e-6 * noise
	};
	if (o->method == DECONV_WIENER) {
		s.weight = 0;
		s.ridge = noise;
	} else if (o->method != DECONV_TIKHONOV) {
		vec_multiply(s.penalty, s.penalty);
		s.weight /= steepest;
	}
	if (o->method == DECONV_UNSUPERVISED) {
		g_autoptr(array) blur = linop_convolve_power(m);
		s.weight = deconv_likeliest(t, y, m->domain.shape, blur, s.penalty);
		s.ridge = 1e-9;
	}
	return s;
}

static array *divide(const task *t, const distances *d, const deconv_stack *stack)
{
	const array *y = stack->y;
	shape s = y->shape, p = stack->psf->shape;
	shape grid = { 1, padded(s.z, p.z), padded(s.y, p.y), padded(s.x, p.x) };
	const position corner = { 0 };
	g_autoptr(array) wide = with_mirror_images(y, grid);
	g_autoptr(linop) m = linop_convolve(y->dev, grid, stack->psf, stack->centre,
		grid.z > 1 ? 3 : 2);
	smoothing how = smoothing_of(t, d, m, y);
	g_autoptr(array) penalty = how.penalty;
	g_autoptr(linop) inverse = linop_convolve_inverse_by(m, 1, penalty, how.weight, how.ridge);
	g_autoptr(linop) crop = linop_crop(y->dev, s, grid, corner);
	g_autoptr(array) back = array_like(wide);
	array *x = array_like(y);
	linop_adjoint(m, back, wide);
	linop_apply(inverse, wide, back);
	linop_apply(crop, x, wide);
	return x;
}

static bool solve(task *t, const deconv_data *d, deconv_stack *s, void *tally, GError **err)
{
	(void)tally;
	if (s->offset)
		vec_subtract(s->y, s->offset);
	if (!isnan(d->background))
		vec_shift(s->y, (float)-d->background);
	g_autoptr(array) x = divide(t, &d->apart, s);
	vec_copy(s->result, x);
	vec_clamp(s->result, 0, INFINITY);
	return device_ok(t->dev, err);
}

bool deconv_wiener(task *t, const deconv_data *d, array *result, GError **err)
{
	return deconv_each(t, d, result, &(deconv_method){ solve, NULL }, err);
}
