/* SPDX-License-Identifier: BSD-3-Clause */
/* pairs.c - the PSF from scenes and their captures */
#include "stage/pairs.h"

#include <math.h>
#include "math/fft.h"
#include "math/op.h"
#include "math/vec.h"
#include "stage/geometry.h"

/*
 * One picture convolved with many is the adjoint of many convolved with the pictures' mirror
 * images and added up, where the mirrored origin is size - 1 - origin.
 */
linop *pairs_model(const array *scenes)
{
	device *dev = scenes->dev;
	shape s = scenes->shape, one = { 1, 1, s.y, s.x };
	shape grid = { 1, s.z, fft_good_size(2 * s.y - 1), fft_good_size(2 * s.x - 1) };
	shape flat = { 1, 1, grid.y, grid.x };
	const position corner = { 0 };
	position origin = psf_origin(one, flat);
	position mirrored = {
		0, (grid.y + s.y - 1 - origin.y) % grid.y, (grid.x + s.x - 1 - origin.x) % grid.x
	};
	g_autoptr(array) upside_down = geometry_flip_y(scenes);
	g_autoptr(array) turned = geometry_flip_x(upside_down);
	linop *spread = linop_transpose(linop_convolve_sum(dev, grid, turned, mirrored));
	return linop_chain(linop_crop(dev, s, grid, corner),
		linop_chain(spread, linop_pad(dev, one, flat, corner)));
}

static void centre_planes(array *a)
{
	for (int64_t i = 0; i < shape_planes(a->shape); i++) {
		array plane = array_plane(a, 0, i);
		vec_shift(&plane, (float)(-vec_sum(&plane) / (double)shape_count(plane.shape)));
	}
}

static double relative_residual(const linop *model, const array *h, const array *captures)
{
	g_autoptr(array) d = array_copy(captures);
	g_autoptr(array) r = linop_new_range(model);
	linop_apply(model, r, h);
	vec_subtract(r, d);
	centre_planes(r);
	centre_planes(d);
	return vec_norm(r) / vec_norm(d);
}

bool pairs_estimate(array *h, const array *scenes, const array *captures, pairs_fit *fit,
	GError **err)
{
	g_autoptr(linop) model = pairs_model(scenes);
	linop *gradient = linop_gradient(h->dev, captures->shape, 2, BORDER_REPLICATE, NULL);
	g_autoptr(linop) a = linop_chain(gradient, linop_ref(model));
	g_autoptr(array) b = linop_new_range(a);
	g_autoptr(array) back = array_like(h);
	float least, most;
	/* the product of the bounds is that of the mean of a scene, which has no differences */
	a->norm2 = -1;
	linop_apply(gradient, b, captures);
	linop_adjoint(a, back, b);
	vec_range(back, &least, &most);
	double size = fit->step > 0 ? 1 / fit->step : linop_norm2(a);
	if (!device_ok(h->dev, err))
		return false;
	if (!(most > 0) || !(size > 0)) {
		vec_fill(h, 0);
		return true;
	}
	fit->step = 1 / size;
	fit->lambda = fit->sparsity * (double)most;
	g_autoptr(prox) g = prox_soft_nonnegative((float)fit->lambda);
	const inverse_problem p = { a, b, g };
	const fista_settings settings = { .step = fit->step, .restart = true };
	if (!solve_fista(h, &p, &settings, &fit->stop, err))
		return false;
	fit->objective = inverse_objective(&p, h);
	fit->residual = relative_residual(model, h, captures);
	return device_ok(h->dev, err);
}

void pairs_expose(array *captures, const array *scenes, const array *h)
{
	g_autoptr(linop) model = pairs_model(scenes);
	g_autoptr(array) seen = linop_new_range(model);
	g_autoptr(array) d = array_copy(captures);
	int64_t n = scenes->shape.z;
	g_autofree double *factor = g_new(double, n);
	double sum = 0;
	linop_apply(model, seen, h);
	centre_planes(seen);
	centre_planes(d);
	for (int64_t k = 0; k < n; k++) {
		array from = array_plane(d, 0, k), to = array_plane(seen, 0, k);
		double size = vec_dot(&from, &from);
		factor[k] = size > 0 ? fmax(vec_dot(&from, &to) / size, 0) : 0;
		sum += factor[k];
	}
	for (int64_t k = 0; sum > 0 && k < n; k++) {
		array plane = array_plane(captures, 0, k);
		vec_scale(&plane, (float)(factor[k] * (double)n / sum));
	}
}
