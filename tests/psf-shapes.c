/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-shapes.c - confocal PSFs, light sheets, Gaussians, discs, motion; measures of compact ones */
#include <glib.h>
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/optics.h"
#include "stage/psf.h"
#include "tests/microscope.h"

device *cpu;

/* --- confocal and light sheet ----------------------------------------------------------------- */

/* The mean of the emission over a disc, by points of a fine square grid. */
static double through_pinhole(const lens *l, double r, double z, double radius)
{
	enum { SIDE = 60 };
	double sum = 0, n = 0;
	for (int i = 0; i < SIDE * SIDE; i++) {
		double u = (2.0 * (i % SIDE) + 1) / SIDE - 1, v = (2.0 * (i / SIDE) + 1) / SIDE - 1;
		if (u * u + v * v > 1)
			continue;
		sum += lens_intensity(l, hypot(r + u * radius, v * radius), z);
		n++;
	}
	return sum / n;
}

static void confocal(void)
{
	static const double radii[] = { 0, 90, 250 };
	lens em = oil(LENS_BORN_WOLF), ex = em;
	ex.wavelength_nm = 488;
	psf_grid g = { { 9, 9, 5 }, { 60, 60, 150 }, 0, PSF_OVER_POINTS };
	for (size_t k = 0; k < G_N_ELEMENTS(radii); k++) {
		g_autoptr(array) psf = psf_confocal(cpu, &em, 488, radii[k], &g, NULL);
		g_assert_nonnull(psf);
		double unit = at(psf, 0, 2, 4, 4) / through_pinhole(&em, 0, 0, radii[k]);
		for (int i = 0; i < 45; i += 4) {
			double r = 60 * hypot(i % 9 - 4, i / 9 - 2), z = 150 * (i % 5 - 2);
			double v = lens_intensity(&ex, r, z) * through_pinhole(&em, r, z, radii[k]);
			g_assert_cmpfloat_with_epsilon(at(psf, 0, i % 5, i / 9 + 2, i % 9) / unit, v, 1e-3);
		}
	}
	g_assert_cmpfloat_with_epsilon(2 * psf_pinhole_nm(&em, 1.5), 1.5 * 1.22 * 520 / 1.4, 1e-9);
}

static void light_sheet(void)
{
	lens l = oil(LENS_RICHARDS_WOLF);
	psf_grid g = { { 5, 5, 11 }, { 80, 80, 150 }, 0, PSF_OVER_POINTS };
	g_autoptr(array) psf = psf_light_sheet(cpu, &l, 600, &g, NULL);
	double unit = at(psf, 0, 5, 2, 2);
	/* half as bright 300 nm from its middle: a quarter of the width is 2^(-1/4) */
	g_assert_cmpfloat_with_epsilon(at(psf, 0, 7, 2, 2) / unit, lens_intensity(&l, 0, 300) / 2, 1e-6);
	g_assert_cmpfloat_with_epsilon(at(psf, 0, 4, 2, 3) / unit,
		lens_intensity(&l, 80, 150) * pow(0.5, 0.25), 1e-6);
}

/* --- shapes ----------------------------------------------------------------------------------- */

static double moment(const array *psf, int axis)
{
	double sum = 0, light = 0;
	shape s = psf->shape;
	for (int64_t i = 0; i < shape_count(s); i++) {
		int64_t p[3] = { i % s.x, i / s.x % s.y, i / s.x / s.y }, size[3] = { s.x, s.y, s.z };
		double v = at(psf, 0, p[2], p[1], p[0]), d = (double)(p[axis] - size[axis] / 2);
		light += v;
		sum += v * d * d;
	}
	return sum / light;
}

/* A voxel of width 1 adds its own variance, 1/12. */
static void gaussians(void)
{
	const double sigma[3] = { 1.7, 0, 1.1 };
	const int64_t size[3] = { 25, 7, 15 };
	g_autoptr(array) psf = psf_gaussian(cpu, sigma, size, NULL);
	g_assert_cmpfloat_with_epsilon(vec_sum(psf), 1, 1e-6);
	g_assert_cmpfloat_with_epsilon(moment(psf, 0), 1.7 * 1.7 + 1.0 / 12, 1e-5);
	g_assert_cmpfloat_with_epsilon(moment(psf, 1), 0, 1e-9);
	g_assert_cmpfloat_with_epsilon(moment(psf, 2), 1.1 * 1.1 + 1.0 / 12, 1e-5);
	lens l = lens_ideal(LENS_BORN_WOLF, 0.8, 600, 1.33);
	double nm[3];
	psf_gaussian_sigma(&l, nm);     /* the published 0.225 and 0.78 */
	g_assert_cmpfloat_with_epsilon(nm[0] * 0.8 / 600, 0.225, 5e-4);
	g_assert_cmpfloat_with_epsilon(nm[2] * 0.64 / 600 / 1.33, 0.78, 5e-4);
}

/* Shares of pixels by counting: of a disc in 300 x 300 points, of a line in 100,000. */
static void discs(void)
{
	const double radius = 3.3;
	g_autoptr(array) psf = psf_disc(cpu, radius, (int64_t[3]){ 9, 11, 1 }, NULL);
	for (int i = 0; i < 99; i++) {
		int n = 0, x = i % 9 - 4, y = i / 9 - 5;
		for (int k = 0; k < 300 * 300; k++)
			n += hypot(x + (k % 300 + 0.5) / 300 - 0.5, y + (k / 300 + 0.5) / 300 - 0.5) < radius;
		g_assert_cmpfloat_with_epsilon(at(psf, 0, 0, y + 5, x + 4),
			n / 9e4 / (M_PI * radius * radius), 1e-5);
	}
}

static void motions(void)
{
	static const double angles[] = { 0, 30, 45, 90, 133, -200 };
	enum { POINTS = 100000 };
	for (size_t k = 0; k < G_N_ELEMENTS(angles); k++) {
		double counted[15][15] = { { 0 } }, angle = angles[k] * M_PI / 180;
		g_autoptr(array) psf = psf_motion(cpu, 8.6, angles[k], (int64_t[3]){ 15, 15, 1 }, NULL);
		for (int i = 0; i < POINTS; i++) {
			double t = 8.6 * ((i + 0.5) / POINTS - 0.5);
			counted[(int)floor(7.5 - t * sin(angle))][(int)floor(7.5 + t * cos(angle))] += 1;
		}
		for (int i = 0; i < 225; i++)
			g_assert_cmpfloat_with_epsilon(at(psf, 0, 0, i / 15, i % 15),
				counted[i / 15][i % 15] / POINTS, 3e-5);
	}
}

static void shapes_refuse(void)
{
	const int64_t size[3] = { 5, 5, 1 }, even[3] = { 4, 5, 1 };
	const double bad[3] = { 1, -1, 0 }, good[3] = { 1, 1, 0 };
	g_assert_null(psf_gaussian(cpu, bad, size, NULL));
	g_assert_null(psf_gaussian(cpu, (double[3]){ 1, NAN, 0 }, size, NULL));
	g_assert_null(psf_gaussian(cpu, good, even, NULL));
	g_assert_null(psf_disc(cpu, 0, size, NULL));
	g_assert_null(psf_motion(cpu, INFINITY, 0, size, NULL));
}

/* --- what compact PSFs measure ---------------------------------------------------------------- */

static int faults_of(const array *psf)
{
	psf_facts f;
	spot_facts spot;
	g_assert_true(psf_measure(psf, 0, &f, NULL));
	spot_measure(psf, f.floor_level, &spot);
	g_assert_true(spot_is_compact(&spot));
	return spot_faults(&f, &spot, psf->shape);
}

static void spot_of_a_gaussian(void)
{
	const double sigma[3] = { 2, 3, 1.5 };
	g_autoptr(array) psf = psf_gaussian(cpu, sigma, (int64_t[3]){ 21, 31, 15 }, NULL);
	spot_facts f;
	spot_measure(psf, 0, &f);
	for (int k = 0; k < 3; k++) {
		double variance = sigma[k] * sigma[k] + 1.0 / 12;
		g_assert_cmpfloat_with_epsilon(f.fwhm[k], 2 * sqrt(2 * M_LN2 * variance), 0.02);
		g_assert_cmpfloat_with_epsilon(f.asymmetry[k], 0, 1e-6);
		g_assert_cmpfloat_with_epsilon(f.offset[k], 0, 1e-6);
	}
	g_assert_true(f.peak[0] == 10 && f.peak[1] == 15 && f.peak[2] == 7);
	/* the edge: 10 voxels of sigma 2; 7 of 1.5 */
	g_assert_cmpfloat_with_epsilon(f.edge_most, exp(-0.5 * 49 / (2.25 + 1.0 / 12)), 2e-5);
	g_assert_cmpint(faults_of(psf), ==, 0);
}

/* Two equal points, one voxel apart, in an even size: the middle is between them. */
static void spot_between_voxels(void)
{
	g_autoptr(array) psf = array_new(cpu, REAL, (shape){ 1, 1, 9, 16 });
	spot_facts f;
	vec_fill(psf, 0);
	array_row(psf, 0, 0, 4)[7] = array_row(psf, 0, 0, 4)[8] = 1;
	spot_measure(psf, 0, &f);
	g_assert_cmpfloat_with_epsilon(f.asymmetry[0], 0, 1e-12);
	g_assert_cmpfloat_with_epsilon(f.offset[0], 0, 1e-12);
	g_assert_cmpint(faults_of(psf), ==, 0);
	array_row(psf, 0, 0, 4)[8] = 0.5f;      /* about the middle: |1 - 1/2| twice over 1 + 1/2 */
	spot_measure(psf, 0, &f);
	g_assert_cmpfloat_with_epsilon(f.asymmetry[0], 2.0 / 3, 1e-6);
	array_row(psf, 0, 0, 4)[12] = 3;
	g_assert_cmpint(faults_of(psf), ==, PSF_OFF_CENTRE);
}

static void spot_spoilt(void)
{
	const int64_t size[3] = { 21, 21, 1 }, small[3] = { 5, 5, 1 };
	const double sigma[3] = { 2, 2, 0 };
	g_autoptr(array) psf = psf_gaussian(cpu, sigma, size, NULL);
	g_autoptr(array) cut = psf_gaussian(cpu, sigma, small, NULL);
	g_autoptr(array) lifted = array_copy(psf);
	vec_shift(lifted, 0.1f * vec_max_abs(psf));
	g_assert_cmpint(faults_of(lifted), ==, PSF_BACKGROUND);
	g_assert_true(faults_of(cut) & PSF_EDGE);
	array_row(psf, 0, 0, 2)[10] = -0.1f * vec_max_abs(psf);
	g_assert_true(faults_of(psf) & PSF_NEGATIVE);
	g_autofree char *words = psf_verdict(PSF_OFF_CENTRE | PSF_NEGATIVE);
	g_assert_cmpstr(words, ==, "peak off centre, negative values");
}

static bool compact(const array *psf)
{
	spot_facts f;
	spot_measure(psf, 0, &f);
	return spot_is_compact(&f);
}

static void spots_and_patterns(void)
{
	for (int64_t side = 30; side <= 150; side += 40) {
		g_autoptr(array) caustic = optics_caustic(cpu, side, side + 20, 1, 1);
		g_autoptr(array) mask = optics_mask(cpu, side, side + 20);
		g_assert_false(compact(caustic) || compact(mask));
	}
	for (int degrees = 0; degrees < 180; degrees += 15)
		for (int length = 1; length < 40; length += 6) {
			g_autoptr(array) line = psf_motion(cpu, length, degrees, (int64_t[3]){ 41, 41, 1 },
				NULL);
			g_assert_true(compact(line));
		}
	for (int radius = 1; radius < 20; radius++) {
		g_autoptr(array) disc = psf_disc(cpu, radius, (int64_t[3]){ 41, 41, 1 }, NULL);
		g_assert_true(compact(disc));
	}
	g_autoptr(array) flat = array_new(cpu, REAL, (shape){ 1, 1, 8, 8 });
	vec_fill(flat, 0);
	g_assert_false(compact(flat));
}

static const stage_test tests[] = {
	{ "/psf-shapes/confocal", confocal },
	{ "/psf-shapes/light-sheet", light_sheet },
	{ "/psf-shapes/gaussian", gaussians },
	{ "/psf-shapes/disc", discs },
	{ "/psf-shapes/motion", motions },
	{ "/psf-shapes/refuse", shapes_refuse },
	{ "/spot/gaussian", spot_of_a_gaussian },
	{ "/spot/between", spot_between_voxels },
	{ "/spot/spoilt", spot_spoilt },
	{ "/spot/kinds", spots_and_patterns },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
