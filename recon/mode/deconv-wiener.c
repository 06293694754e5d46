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

/* --- how much to doubt the blur -------------------------------------------------------------- */

/*
 * The mirror images were not blurred by H, nor does anybody know H to the last digit.  Where a
 * microscope's H has nothing, in the missing cone, a smooth object costs nothing either, and there
 * such an error would be blown up without bound.  An error q of the power |H|^2, spread over all
 * frequencies, is noise as strong as q times the object, so that
 *   x = H' y / ((1 - q) (|H|^2 + weight R) + q),
 * which leaves an even picture as it is.  How large q is the object tells, which has no negative
 * light: what was blown up swings, and cut off at 0 and blurred again it does not give the picture
 * back.  Taken is the least q with a squared misfit of at most twice the least (after the
 * discrepancy principle: Morozov, Soviet Math. Doklady 7, 1966).
 */
#define DOUBT_MOST 0.1
#define DOUBT_LEAST 9e-6
#define MISFIT_RATIO 2

typedef struct {
	const array *y;
	const linop *m, *crop;
	const smoothing *how;
	const array *back;              /* M'y */
	array *x, *blurred, *misfit;
} division;

static void divide(division *d, double doubt)
{
	const smoothing *s = d->how;
	g_autoptr(linop) inverse = linop_convolve_inverse_by(d->m, 1 - doubt, s->penalty,
		(1 - doubt) * s->weight, s->ridge + doubt);
	linop_apply(inverse, d->x, d->back);
}

static double misfit_of(division *d, double doubt)
{
	divide(d, doubt);
	vec_clamp(d->x, 0, INFINITY);
	linop_apply(d->m, d->blurred, d->x);
	linop_apply(d->crop, d->misfit, d->blurred);
	vec_subtract(d->misfit, d->y);
	return vec_dot(d->misfit, d->misfit);
}

static double find_doubt(const task *t, division *d)
{
	double least = INFINITY, doubt = DOUBT_MOST, next = doubt;
	do {
		double misfit = misfit_of(d, next);
		if (!(misfit <= MISFIT_RATIO * least))
			break;
		least = fmin(misfit, least);
		doubt = next;
		next = next / sqrt(10) > DOUBT_LEAST ? next / sqrt(10) : 0;
	} while (doubt > 0);
	report_number(t->report, "doubt", doubt);
	return doubt;
}

static void invert(const task *t, const distances *apart, const deconv_stack *stack)
{
	const array *y = stack->y;
	shape s = y->shape, p = stack->psf->shape;
	shape grid = { 1, padded(s.z, p.z), padded(s.y, p.y), padded(s.x, p.x) };
	g_autoptr(array) x = with_mirror_images(y, grid);
	g_autoptr(linop) m = linop_convolve(y->dev, grid, stack->psf, stack->centre,
		grid.z > 1 ? 3 : 2);
	const smoothing how = smoothing_of(t, apart, m, y);
	g_autoptr(array) penalty = how.penalty;
	g_autoptr(linop) crop = linop_crop(y->dev, s, grid, (position){ 0 });
	g_autoptr(array) back = array_like(x);
	g_autoptr(array) blurred = NULL;
	division d = { y, m, crop, &how, back, x, NULL, stack->result };
	double doubt = 0;
	linop_adjoint(m, back, x);
	if (((const deconv_options *)t->options)->method != DECONV_WIENER) {
		d.blurred = blurred = array_like(x);
		doubt = find_doubt(t, &d);
	}
	divide(&d, doubt);
	linop_apply(crop, stack->result, x);
}

static bool solve(task *t, const deconv_data *d, deconv_stack *s, void *tally, GError **err)
{
	(void)tally;
	if (s->offset)
		vec_subtract(s->y, s->offset);
	if (!isnan(d->background))
		vec_shift(s->y, (float)-d->background);
	invert(t, &d->apart, s);
	vec_clamp(s->result, 0, INFINITY);
	return device_ok(t->dev, err);
}

bool deconv_wiener(task *t, const deconv_data *d, array *result, GError **err)
{
	return deconv_each(t, d, result, &(deconv_method){ solve, NULL }, err);
}
