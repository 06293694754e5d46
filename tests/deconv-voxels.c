/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-voxels.c - PSFs whose voxels are not those of the picture */
#include <math.h>
#include "math/vec.h"
#include "stage/microscope.h"
#include "stage/psf.h"
#include "tests/command.h"

device *cpu;

static double spots(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double d = (double)((y - 11) * (y - 11) + (x - 9) * (x - 9));
	return 100 + 2000 * exp(-d / 8) + scrambled(c, z, y, x) / 65521;
}

static image_scale *scale_new(const double voxel[3])
{
	image_scale *s = image_scale_new();
	for (int k = 0; k < 3; k++)
		s->voxel[k] = voxel[k];
	return s;
}

static double variance_along(const array *psf, int axis, int64_t centre)
{
	const int64_t n[3] = { psf->shape.x, psf->shape.y, psf->shape.z };
	double sum = 0;
	for (int64_t i = 0; i < n[0] * n[1] * n[2]; i++) {
		const int64_t place[3] = { i % n[0], i / n[0] % n[1], i / n[0] / n[1] };
		sum += at(psf, 0, place[2], place[1], place[0]) * pow((double)(place[axis] - centre), 2);
	}
	return sum;
}

/*
 * A Gaussian integrated over voxels a has the variance sigma^2 + a^2 / 12; spread over them evenly
 * a^2 / 12 more; and gathered in voxels b again b^2 / 12 (Sheppard).
 */
static void resampled(void)
{
	static const double ratios[] = { 0.43, 0.65, 1, 1.7, 3.1 };
	const double sigma = 3.5, wide = 4.5;
	const int64_t size[3] = { 41, 43, 31 };
	g_autoptr(array) psf = psf_gaussian(cpu, (const double[3]){ sigma, wide, sigma }, size, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(ratios); i++) {
		double r = ratios[i], voxel = r < 1 || r > 1 ? r * r / 12 + 1.0 / 12 : 0;
		int64_t centre[3] = { 20, 21, 15 };
		g_autoptr(array) b = psf_resampled(psf, (const double[3]){ r, r, r }, centre,
			(const int64_t[3]){ 500, 500, 500 });
		double x = (sigma * sigma + 1.0 / 12) * r * r + voxel, y = (wide * wide + 1.0 / 12) * r * r +
			voxel;
		g_assert_cmpfloat_with_epsilon(vec_sum(b), vec_sum(psf), 1e-5);
		g_assert_cmpfloat_with_epsilon(variance_along(b, 0, centre[0]) / x, 1, 5e-3);
		g_assert_cmpfloat_with_epsilon(variance_along(b, 1, centre[1]) / y, 1, 5e-3);
		g_assert_cmpfloat(at(b, 0, centre[2], centre[1], centre[0]), >=,
			(1 - 1e-6) * (double)vec_max_abs(b));
	}
}

static array *gaussian_of(double sigma)
{
	return psf_gaussian(cpu, (const double[3]){ sigma, sigma, 0 }, (const int64_t[3]){ 25, 25, 1 },
		NULL);
}

/* Its own voxels and the picture's are compared; what is done is told, or refused. */
static void other_voxels(void)
{
	static const char *const plain[] = { NULL };
	static const char *const told[] = { "psf-voxel", "100,100", NULL };
	const double fine[3] = { 50, 50, NAN }, coarse[3] = { 100, 100, NAN }, lost[3] = { 1e6, 1e6, NAN };
	g_autoptr(image_scale) of_psf = scale_new(fine), of_picture = scale_new(coarse);
	g_autoptr(image_scale) far = scale_new(lost);
	g_autoptr(array) picture = make((shape){ 1, 1, 21, 24 }, spots);
	/* of 1.5 voxels of 100 nm: the variance of spread and voxel less, in voxels of 50 */
	g_autoptr(array) psf = gaussian_of(sqrt(4 * 1.5 * 1.5 - 1.0 / 12)), as_picture = gaussian_of(1.5);
	const given other[] = { { .data = picture, .scale = of_picture }, { "psf", psf, 0, of_psf },
		{ 0 } };
	const given right[] = { { .data = picture }, { "psf", as_picture, 0, NULL }, { 0 } };
	const given unknown[] = { { .data = picture }, { "psf", psf, 0, NULL }, { 0 } };
	g_autofree char *warnings = NULL, *none = NULL;
	g_autoptr(array) a = command_run("deconv", other, plain, &warnings);
	g_autoptr(array) b = command_run("deconv", right, plain, NULL);
	g_autoptr(array) c = command_run("deconv", other, told, &none);
	g_autoptr(array) d = command_run("deconv", unknown, plain, NULL);
	g_assert_nonnull(strstr(warnings, "resampled"));
	g_assert_cmpstr(none, ==, "");
	g_assert_true(same(c, d));
	vec_subtract(a, b);
	vec_subtract(d, b);
	g_test_message("%g, without %g", vec_norm(a) / vec_norm(b), vec_norm(d) / vec_norm(b));
	g_assert_cmpfloat(vec_norm(a), <, 0.02 * vec_norm(b));
	g_assert_cmpfloat(vec_norm(d), >, 0.1 * vec_norm(b));
	const given refused[] = { { .data = picture, .scale = of_picture }, { "psf", psf, 0, far },
		{ 0 } };
	g_autofree char *message = command_refused("deconv", refused, plain, RELUMINE_MISMATCH);
	g_assert_nonnull(strstr(message, "--psf-voxel"));
}

static const stage_test tests[] = {
	{ "/deconv-voxels/resampled", resampled },
	{ "/deconv-voxels/told", other_voxels },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
