/* SPDX-License-Identifier: BSD-3-Clause */
/* op-convolve.c - circular convolution and its relatives, through the Fourier transform */
#include <assert.h>
#include <math.h>
#include "core/error.h"
#include "math/fft.h"
#include "math/op.h"
#include "math/vec.h"
#include "spectral.cl"

struct convolve {
	linop base;
	fft *transform;
	int axes;
	array *factor;          /* F psf / number of elements of one transform; (1 or c, z, y, x/2+1) */
	array *spectrum;        /* scratch, of the domain */
	array *sum;             /* scratch, of the range; NULL unless depths are added */
};

static double transform_size(shape s, int axes)
{
	return (double)s.y * (double)s.x * (axes == 3 ? (double)s.z : 1);
}

/* rows after which the factor begins again */
static int64_t period(const array *factor)
{
	return shape_planes(factor->shape) * factor->plane_rows;
}

static void convolve_apply(const linop *a, array *y, const array *x)
{
	const struct convolve *c = (const struct convolve *)a;
	array *s = c->spectrum;
	fft_forward(c->transform, s, x);
	RUN(s, k_spectrum_multiply, s, c->factor, s->pitch, s->shape.x, period(c->factor));
	fft_inverse(c->transform, y, s);
}

static void convolve_adjoint(const linop *a, array *x, const array *y)
{
	const struct convolve *c = (const struct convolve *)a;
	array *s = c->spectrum;
	fft_forward(c->transform, s, y);
	RUN(s, k_spectrum_multiply_conj, s, c->factor, s->pitch, s->shape.x, period(c->factor));
	fft_inverse(c->transform, x, s);
}

static void convolve_free(linop *a)
{
	struct convolve *c = (struct convolve *)a;
	fft_free(c->transform);
	array_free(c->factor);
	array_free(c->spectrum);
	array_free(c->sum);
}

/* of the factor, taken back to the scale of F psf */
static array *power_of(const struct convolve *c)
{
	const array *h = c->factor;
	array *p = array_new(h->dev, REAL, h->shape);
	double n = transform_size(c->base.domain.shape, c->axes);
	RUN(h, k_spectrum_power, p, h, h->pitch, h->shape.x);
	vec_scale(p, (float)(n * n));
	return p;
}

/*
 * The spectrum of a PSF whose element `origin` is the centre, over the number of elements of a
 * transform: what `f`, a plan for the grid, makes of a picture, times this, is inverted to its
 * convolution.  Shapes as for linop_convolve; the caller's.
 */
static array *psf_factor(fft *f, const array *psf, shape grid, position origin, int axes)
{
	shape s = psf->shape;
	grid.c = s.c;
	g_autoptr(array) wrapped = array_new(psf->dev, REAL, grid);
	array *factor = array_new(psf->dev, COMPLEX, fft_spectrum_shape(grid));
	RUN(wrapped, k_wrap, wrapped, psf, wrapped->pitch, wrapped->plane_rows, grid.z, grid.y, grid.x,
		psf->pitch, psf->plane_rows, s.z, s.y, s.x, axes == 3 ? origin.z : 0, origin.y, origin.x);
	vec_scale(wrapped, (float)(1 / transform_size(grid, axes)));
	fft_forward(f, factor, wrapped);
	return factor;
}

static struct convolve *convolve_new(const linop_class *class, device *dev, space domain,
	space range, int axes)
{
	struct convolve *c = linop_new(class, sizeof(struct convolve), dev, domain, range);
	c->axes = axes;
	c->transform = fft_new(dev, domain.shape, axes);
	c->spectrum = array_new(dev, COMPLEX, fft_spectrum_shape(domain.shape));
	return c;
}

static const linop_class convolve_class = {
	"convolve", convolve_apply, convolve_adjoint, convolve_free
};

static void check_psf(shape s, shape psf, int axes)
{
	assert(axes == 2 || axes == 3);
	assert((psf.c == 1 || psf.c == s.c) && psf.y <= s.y && psf.x <= s.x);
	assert(axes == 3 ? psf.z <= s.z : psf.z == s.z);
	(void)s;
	(void)psf;
	(void)axes;
}

linop *linop_convolve(device *dev, shape s, const array *psf, position origin, int axes)
{
	space same = { REAL, s };
	check_psf(s, psf->shape, axes);
	struct convolve *c = convolve_new(&convolve_class, dev, same, same, axes);
	c->factor = psf_factor(c->transform, psf, s, origin, axes);
	g_autoptr(array) power = power_of(c);
	c->base.norm2 = (double)vec_max_abs(power);
	return &c->base;
}

position psf_origin(shape psf, shape grid)
{
	position at = window_centre(psf, grid);
	return (position){ grid.z / 2 - at.z, grid.y / 2 - at.y, grid.x / 2 - at.x };
}

/* --- all depths onto one plane --------------------------------------------------------------- */

static int64_t rows_of_channel(const array *factor)
{
	return factor->shape.c == 1 ? 0 : factor->shape.z * factor->plane_rows;
}

static void sum_apply(const linop *a, array *y, const array *x)
{
	const struct convolve *c = (const struct convolve *)a;
	array *s = c->sum;
	fft_forward(c->transform, c->spectrum, x);
	RUN(s, k_spectrum_sum, s, c->spectrum, c->factor, s->pitch, s->shape.x, s->plane_rows,
		x->shape.z, rows_of_channel(c->factor));
	fft_inverse(c->transform, y, s);
}

static void sum_adjoint(const linop *a, array *x, const array *y)
{
	const struct convolve *c = (const struct convolve *)a;
	array *s = c->spectrum;
	fft_forward(c->transform, c->sum, y);
	RUN(s, k_spectrum_spread, s, c->sum, c->factor, s->pitch, s->shape.x, s->plane_rows,
		x->shape.z, rows_of_channel(c->factor));
	fft_inverse(c->transform, x, s);
}

static const linop_class sum_class = {
	"convolve and add", sum_apply, sum_adjoint, convolve_free
};

linop *linop_convolve_sum(device *dev, shape s, const array *psf, position origin)
{
	shape one = { s.c, 1, s.y, s.x };
	check_psf(s, psf->shape, 2);
	struct convolve *c = convolve_new(&sum_class, dev, (space){ REAL, s }, (space){ REAL, one },
		2);
	c->sum = array_new(dev, COMPLEX, fft_spectrum_shape(one));
	c->factor = psf_factor(c->transform, psf, s, origin, 2);
	/* at each frequency A is one row: its squared length */
	g_autoptr(array) power = power_of(c);
	g_autoptr(linop) add = linop_sum_depth(dev, power->shape);
	g_autoptr(array) total = linop_new_range(add);
	linop_apply(add, total, power);
	c->base.norm2 = (double)vec_max_abs(total);
	return &c->base;
}

/* --- what inverts the normal equations ------------------------------------------------------- */

array *linop_convolve_power(const linop *convolve)
{
	assert(convolve->class == &convolve_class);
	return power_of((const struct convolve *)convolve);
}

linop *linop_convolve_inverse_by(const linop *convolve, double data, const array *penalty,
	double weight, double ridge)
{
	const struct convolve *m = (const struct convolve *)convolve;
	assert(convolve->class == &convolve_class && ridge > 0);
	struct convolve *c = convolve_new(&convolve_class, convolve->dev, convolve->domain,
		convolve->range, m->axes);
	g_autoptr(array) power = power_of(m);
	c->factor = array_like(m->factor);
	RUN(c->factor, k_spectrum_inverse, c->factor, power, penalty, power->pitch, power->shape.x,
		period(penalty), (float)(1 / transform_size(convolve->domain.shape, m->axes)), (float)data,
		(float)weight, (float)ridge);
	c->base.norm2 = 1 / (ridge * ridge);
	return &c->base;
}

linop *linop_convolve_inverse(const linop *convolve, double data, double smooth, double ridge,
	const distances *d)
{
	const struct convolve *m = (const struct convolve *)convolve;
	g_autoptr(array) laplacian = gradient_spectrum(convolve->dev, convolve->domain.shape, m->axes,
		d);
	return linop_convolve_inverse_by(convolve, data, laplacian, smooth, ridge);
}

/* With all depths in one plane each frequency has a matrix: a diagonal one and one of rank 1. */
struct depth_inverse {
	linop base;
	linop *sum;             /* whose transform, factor and scratch serve here too */
	array *laplacian;
	float data, smooth, ridge;
};

static void depth_inverse_apply(const linop *a, array *y, const array *x)
{
	const struct depth_inverse *d = (const struct depth_inverse *)a;
	const struct convolve *c = (const struct convolve *)d->sum;
	array *s = c->spectrum;
	array one = array_plane(s, 0, 0);
	one.shape.c = x->shape.c;
	double n = transform_size(x->shape, 2);
	fft_forward(c->transform, s, x);
	float scale = (float)(1 / n), data = (float)((double)d->data * n * n);
	RUN(&one, k_depth_inverse, s, c->factor, d->laplacian, s->pitch, s->shape.x, s->plane_rows,
		x->shape.z, rows_of_channel(c->factor), scale, data, d->smooth, d->ridge);
	fft_inverse(c->transform, y, s);
}

static void depth_inverse_free(linop *a)
{
	struct depth_inverse *d = (struct depth_inverse *)a;
	array_free(d->laplacian);
	linop_free(d->sum);
}

linop *linop_convolve_sum_inverse(linop *sum, double data, double smooth, double ridge)
{
	static const linop_class class = {
		"inverse of many depths", depth_inverse_apply, depth_inverse_apply, depth_inverse_free
	};
	assert(sum->class == &sum_class && ridge > 0);
	struct depth_inverse *d = linop_new(&class, sizeof(struct depth_inverse), sum->dev, sum->domain,
		sum->domain);
	d->sum = linop_ref(sum);
	d->laplacian = gradient_spectrum(sum->dev, sum->domain.shape, 2, NULL);
	d->data = (float)data;
	d->smooth = (float)smooth;
	d->ridge = (float)ridge;
	d->base.norm2 = 1 / (ridge * ridge);
	return &d->base;
}

static double wave(int64_t k, int64_t n, double apart)
{
	return (2 - 2 * cos(2 * G_PI * (double)k / (double)n)) / (apart * apart);
}

array *gradient_spectrum(device *dev, shape s, int axes, const distances *d)
{
	const distances apart = distances_of(d);
	shape half = fft_spectrum_shape((shape){ 1, axes == 3 ? s.z : 1, s.y, s.x });
	array *result = array_new(dev, REAL, half);
	if (dev->error)
		return result;
	g_autofree float *packed = g_try_new(float, (gsize)shape_count(half));
	if (!packed) {
		GError *err = NULL;
		error_set(&err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory is left for a spectrum");
		device_fail(dev, err);
		return result;
	}
	int64_t i = 0;
	for (int64_t z = 0; z < half.z; z++)
		for (int64_t y = 0; y < half.y; y++)
			for (int64_t x = 0; x < half.x; x++)
				packed[i++] = (float)(wave(z, half.z, apart.z) + wave(y, s.y, apart.y) +
					wave(x, s.x, apart.x));
	array_upload(result, packed);
	return result;
}
