/* SPDX-License-Identifier: BSD-3-Clause */
/* linop.c - operators against plain loops and against each other */
#include <glib.h>
#include <math.h>
#include "core/array.h"
#include "math/fft.h"
#include "math/halo.h"
#include "math/op.h"
#include "math/uniform.h"
#include "math/vec.h"

static array *uniform(device *dev, shape s, uint64_t seed)
{
	array *a = array_new(dev, REAL, s);
	array_fill_uniform(a, seed);
	return a;
}

static void crop_that_pads_elsewhere(const linop *a, array *x, const array *y)
{
	g_autoptr(linop) other = linop_crop(a->dev, a->range.shape, a->domain.shape,
		(position){ 0, 2, 1 });
	linop_adjoint(other, x, y);
}

/* a wrong adjoint is found */
static void gap_finds_faults(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	shape s = { 1, 1, 9, 8 }, part = { 1, 1, 4, 4 };
	g_autoptr(linop) a = linop_crop(dev, part, s, (position){ 0, 1, 1 });
	g_assert_cmpfloat(linop_adjoint_gap(a, 1), <, 1e-6);
	linop_class wrong = *a->class;
	wrong.adjoint = crop_that_pads_elsewhere;
	a->class = &wrong;
	g_assert_cmpfloat(linop_adjoint_gap(a, 1), >, 1e-3);
}

/* --- against plain loops ------------------------------------------------------------------- */

static void halo(void)
{
	static const float expected[3][16] = {
		{ 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0 },
		{ 1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4 },
		{ 4, 3, 4, 3, 2, 1, 2, 1, 4, 3, 4, 3, 2, 1, 2, 1 },
	};
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(array) a = array_new(dev, REAL, (shape){ 1, 3, 2, 2 });
	array_upload(a, (float[]){ 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4 });
	for (int border = 0; border < 3; border++) {
		array_fill_halo(a, (enum border)border);
		for (int z = 0; z < 3; z++)
			for (int y = 0; y < 4; y++)
				for (int x = 0; x < 4; x++)
					g_assert_cmpfloat(array_row(a, 0, z, y - 1)[x - 1], ==,
						expected[border][4 * y + x]);
	}
}

/* (v[i - 1] - v[i]) / d on a 3 x 2 x 4 volume, by index arithmetic; d: powers of 2, so exact */
static void gradient_values(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	shape s = { 2, 3, 2, 4 };
	g_autoptr(array) v = uniform(dev, s, 3);
	const distances apart = { 4, 0.5, 2 };
	for (int around = 0; around < 2; around++) {
		g_autoptr(linop) d = linop_gradient(dev, s, 3,
			around ? BORDER_PERIODIC : BORDER_REPLICATE, &apart);
		g_autoptr(array) u = linop_new_range(d);
		linop_apply(d, u, v);
		for (int64_t i = 0; i < shape_count(s); i++) {
			int64_t x = i % 4, y = i / 4 % 2, z = i / 8 % 3, c = i / 24;
			int64_t bx = x ? x - 1 : around ? 3 : 0, by = y ? y - 1 : around ? 1 : 0;
			int64_t bz = z ? z - 1 : around ? 2 : 0;
			float here = array_row(v, c, z, y)[x];
			float up = array_row(v, c, z, by)[x] - here, left = array_row(v, c, z, y)[bx] - here;
			float under = array_row(v, c, bz, y)[x] - here;
			g_assert_cmpfloat(array_row(u, c, z, y)[x], ==, up * 2);
			g_assert_cmpfloat(array_row(u, 2 + c, z, y)[x], ==, left / 2);
			g_assert_cmpfloat(array_row(u, 4 + c, z, y)[x], ==, under / 4);
		}
	}
}

static void area_values(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(linop) third = linop_area(dev, (shape){ 1, 1, 1, 5 }, 1, 3);
	g_autoptr(array) x = linop_new_domain(third);
	g_autoptr(array) y = linop_new_range(third);
	float got[3];
	array_upload(x, (float[]){ 1, 2, 4, 8, 16 });
	linop_apply(third, y, x);
	array_download(y, got);
	/* each mean covers 5/3 pixels: (1, 2/3), (1/3, 1, 1/3), (2/3, 1), times 3/5 */
	g_assert_cmpfloat_with_epsilon((double)got[0], (1 + 4.0 / 3) * 0.6, 1e-6);
	g_assert_cmpfloat_with_epsilon((double)got[1], (2.0 / 3 + 4 + 8.0 / 3) * 0.6, 1e-6);
	g_assert_cmpfloat_with_epsilon((double)got[2], (16.0 / 3 + 16) * 0.6, 1e-6);
	g_autoptr(linop) boxes = linop_downsample(dev, (shape){ 1, 1, 2, 5 }, 2);
	g_autoptr(array) large = linop_new_domain(boxes);
	g_autoptr(array) small = linop_new_range(boxes);
	array_upload(large, (float[]){ 1, 2, 3, 4, 99, 5, 6, 7, 8, 99 });
	linop_apply(boxes, small, large);
	array_download(small, got);
	g_assert_cmpfloat_with_epsilon(got[0], 3.5f, 1e-6f);
	g_assert_cmpfloat_with_epsilon(got[1], 5.5f, 1e-6f);
}

static void separable_values(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) left = array_new(dev, REAL, (shape){ 1, 1, 3, 2 });
	g_autoptr(array) right = array_new(dev, REAL, (shape){ 1, 1, 1, 2 });
	array_upload(left, (float[]){ 1, 2, 3, 4, 5, 6 });
	array_upload(right, (float[]){ 10, 1 });
	g_autoptr(linop) a = linop_separable((shape){ 2, 1, 2, 2 }, left, right);
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	array_upload(x, (float[]){ 1, 2, 3, 4, 0, 0, 1, 0 });
	linop_apply(a, y, x);
	float got[6];
	array_download(y, got);
	/* X R' = (12, 34) and (0, 10) */
	static const float expected[] = { 80, 172, 264, 20, 40, 60 };
	for (int i = 0; i < 6; i++)
		g_assert_cmpfloat(got[i], ==, expected[i]);
}

/* the second difference on a ring of n: the largest eigenvalue is 4 for even n */
static void power_iteration(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(linop) d = linop_gradient(dev, (shape){ 1, 1, 1, 6 }, 2, BORDER_PERIODIC, NULL);
	d->norm2 = -1;
	g_assert_cmpfloat_with_epsilon(linop_norm2(d), 4 * 1.02, 1e-3);
}

/* --- convolution ----------------------------------------------------------------------------- */

static int64_t wrap(int64_t i, int64_t n)
{
	return (i % n + n) % n;
}

/* y(p) = sum over q of psf(q) x(p - q + origin), all indices around the grid */
static double direct(const array *x, const array *psf, position at, int64_t index[4])
{
	shape s = x->shape, k = psf->shape;
	double sum = 0;
	for (int64_t z = 0; z < k.z; z++)
		for (int64_t y = 0; y < k.y; y++)
			for (int64_t i = 0; i < k.x; i++)
				sum += (double)array_row(psf, k.c == 1 ? 0 : index[0], z, y)[i] *
					(double)array_row(x, index[0], wrap(index[1] - z + at.z, s.z),
						wrap(index[2] - y + at.y, s.y))[wrap(index[3] - i + at.x, s.x)];
	return sum;
}

static void compare_with_direct(shape s, shape k, position at, int axes)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autoptr(array) psf = uniform(dev, k, 31);
	g_autoptr(linop) a = linop_convolve(dev, s, psf, at, axes);
	g_autoptr(array) x = uniform(dev, s, 32);
	g_autoptr(array) y = array_like(x);
	linop_apply(a, y, x);
	for (int64_t i = 0; i < shape_count(s); i++) {
		int64_t index[4] = { i / (s.x * s.y * s.z), i / (s.x * s.y) % s.z, i / s.x % s.y, i % s.x };
		double truth = direct(x, psf, at, index);
		float got = array_row(y, index[0], index[1], index[2])[index[3]];
		g_assert_cmpfloat_with_epsilon((double)got, truth, 2e-5);
	}
}

static void convolve_values(void)
{
	compare_with_direct((shape){ 2, 1, 5, 7 }, (shape){ 1, 1, 3, 4 }, (position){ 0, 1, 2 }, 2);
	compare_with_direct((shape){ 2, 1, 6, 5 }, (shape){ 2, 1, 6, 5 }, (position){ 0, 3, 2 }, 2);
	compare_with_direct((shape){ 1, 4, 3, 5 }, (shape){ 1, 3, 3, 2 }, (position){ 1, 2, 0 }, 3);
	compare_with_direct((shape){ 1, 1, 1, 1 }, (shape){ 1, 1, 1, 1 }, (position){ 0, 0, 0 }, 2);
}

/* sum of convolutions = convolution of each, then the sum; and its norm is the largest found */
static void convolve_sum_values(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	shape s = { 2, 3, 7, 6 };
	position at = { 0, 2, 1 };
	for (int64_t channels = 1; channels <= 2; channels++) {
		g_autoptr(array) psf = uniform(dev, (shape){ channels, 3, 4, 5 }, 3);
		g_autoptr(linop) both = linop_chain(linop_sum_depth(dev, s),
			linop_convolve(dev, s, psf, at, 2));
		g_autoptr(linop) one = linop_convolve_sum(dev, s, psf, at);
		g_autoptr(array) x = uniform(dev, s, 4);
		g_autoptr(array) y = linop_new_range(one);
		g_autoptr(array) other = linop_new_range(both);
		linop_apply(one, y, x);
		linop_apply(both, other, x);
		vec_subtract(other, y);
		g_assert_cmpfloat(vec_norm(other), <, 1e-6 * vec_norm(y));
		double bound = one->norm2;
		one->norm2 = -1;
		g_assert_cmpfloat_with_epsilon(linop_norm2(one) / 1.02 / bound, 1, 0.01);
	}
}

/*
 * The centre rule: `ifftshift` of the PSF padded in the middle puts the origin at (n / 2) of the
 * grid; so an impulse there leaves the picture as it is.
 */
static void origin_rule(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	for (int64_t n = 1; n <= 6; n++) {
		for (int64_t grid = n; grid <= 13; grid++) {
			position at = psf_origin((shape){ 1, 1, 1, n }, (shape){ 1, 1, 1, grid });
			g_assert_cmpint(at.x, ==, wrap(-((grid - n) / 2 - grid / 2), grid));
			if (grid % 2 == 0 && n % 2 == 0)
				g_assert_cmpint(at.x, ==, n / 2);
		}
	}
	shape s = { 1, 1, 9, 12 };
	g_autoptr(array) psf = array_new(dev, REAL, (shape){ 1, 1, 4, 6 });
	vec_fill(psf, 0);
	array_row(psf, 0, 0, 2)[3] = 1;
	g_autoptr(linop) a = linop_convolve(dev, s, psf, (position){ 0, 2, 3 }, 2);
	g_autoptr(array) x = uniform(dev, s, 5);
	g_autoptr(array) y = array_like(x);
	linop_apply(a, y, x);
	vec_subtract(y, x);
	g_assert_cmpfloat((double)vec_max_abs(y), <, 1e-6);
}

/* F Psi'Psi x = L F x, whatever the distances */
static void gradient_spectrum_values(void)
{
	static const shape sizes[] = { { 1, 1, 6, 8 }, { 1, 1, 7, 5 }, { 1, 3, 4, 5 }, { 1, 1, 1, 1 } };
	const distances apart = { 2.5, 1.5, 0.8 };
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		shape s = sizes[i];
		int axes = s.z > 1 ? 3 : 2;
		g_autoptr(fft) f = fft_new(dev, s, axes);
		g_autoptr(linop) normal = linop_normal(linop_gradient(dev, s, axes, BORDER_PERIODIC,
			&apart));
		g_autoptr(array) x = uniform(dev, s, 6);
		g_autoptr(array) y = array_like(x);
		g_autoptr(array) x_hat = array_new(dev, COMPLEX, fft_spectrum_shape(s));
		g_autoptr(array) y_hat = array_like(x_hat);
		g_autoptr(array) l = gradient_spectrum(dev, s, axes, &apart);
		linop_apply(normal, y, x);
		fft_forward(f, x_hat, x);
		fft_forward(f, y_hat, y);
		for (int64_t z = 0; z < l->shape.z; z++)
			for (int64_t r = 0; r < l->shape.y; r++)
				for (int64_t k = 0; k < l->shape.x; k++)
					g_assert_cmpfloat_with_epsilon(array_row(y_hat, 0, z, r)[k],
						array_row(l, 0, z, r)[k] * array_row(x_hat, 0, z, r)[k], 1e-4f);
	}
}

/* R times its own operator is the identity */
static void inverse_values(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	const distances apart = { 3, 0.7, 1.2 };
	for (int axes = 2; axes <= 3; axes++) {
		shape s = { 2, axes == 3 ? 4 : 1, 9, 10 };
		g_autoptr(array) psf = uniform(dev, (shape){ 2, s.z, 4, 5 }, 3);
		g_autoptr(linop) m = linop_convolve(dev, s, psf, (position){ 0, 1, 2 }, axes);
		g_autoptr(linop) r = linop_convolve_inverse(m, 0.3, 0.2, 0.5, &apart);
		g_autoptr(linop) smooth = linop_normal(linop_gradient(dev, s, axes, BORDER_PERIODIC,
			&apart));
		g_autoptr(linop) forward = linop_add(linop_scale(linop_normal(linop_ref(m)), 0.3f),
			linop_add(linop_scale(linop_ref(smooth), 0.2f),
				linop_scale(linop_identity(dev, s), 0.5f)));
		g_autoptr(array) x = uniform(dev, s, 7);
		g_autoptr(array) y = array_like(x);
		g_autoptr(array) back = array_like(x);
		linop_apply(forward, y, x);
		linop_apply(r, back, y);
		vec_subtract(back, x);
		g_assert_cmpfloat((double)vec_max_abs(back), <, 2e-5);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/linop/gap-finds-faults", gap_finds_faults);
	g_test_add_func("/linop/halo", halo);
	g_test_add_func("/linop/gradient", gradient_values);
	g_test_add_func("/linop/area", area_values);
	g_test_add_func("/linop/separable", separable_values);
	g_test_add_func("/linop/power-iteration", power_iteration);
	g_test_add_func("/linop/convolve", convolve_values);
	g_test_add_func("/linop/convolve-sum", convolve_sum_values);
	g_test_add_func("/linop/origin", origin_rule);
	g_test_add_func("/linop/gradient-spectrum", gradient_spectrum_values);
	g_test_add_func("/linop/inverse", inverse_values);
	return g_test_run();
}
