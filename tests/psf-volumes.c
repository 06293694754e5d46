/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-volumes.c - PSFs on grids of voxels: means, symmetry, light, sizes, wrong use */
#include <glib.h>
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "tests/microscope.h"

device *cpu;

/* --- volumes ---------------------------------------------------------------------------------- */

static array *volume(const lens *l, const psf_grid *g)
{
	GError *err = NULL;
	array *psf = psf_widefield(cpu, l, g, NULL, &err);
	g_assert_no_error(err);
	return psf;
}

static const psf_grid fine = { { 127, 127, 127 }, { 100, 100, 200 }, 0, PSF_OVER_PIXELS };

/* Ratios to the middle as deconwolf's dw_bw has them, which integrates over pixels alone. */
static void pixels_of_deconwolf(void)
{
	lens l = oil(LENS_BORN_WOLF);
	g_autoptr(array) psf = volume(&l, &fine);
	double middle = at(psf, 0, 63, 63, 63);
	g_assert_cmpfloat_with_epsilon(at(psf, 0, 63, 63, 64) / middle, 0.50025, 1e-5);
	g_assert_cmpfloat_with_epsilon(at(psf, 0, 63, 63, 65) / middle, 0.034389, 1e-6);
	g_assert_cmpfloat_with_epsilon(at(psf, 0, 64, 63, 63) / middle, 0.812492, 1e-6);
	g_assert_cmpfloat_with_epsilon(at(psf, 0, 65, 63, 63) / middle, 0.409887, 1e-6);
	g_assert_cmpfloat_with_epsilon(at(psf, 0, 67, 63, 63) / middle, 0.000545, 1e-6);
	g_autoptr(image) file = public_file("syn_psf_bw.tif");
	if (!file)
		return;
	vec_scale(psf, (float)(at(file->data, 0, 63, 63, 63) / middle));
	g_test_message("correlation - 1: %g", correlation(psf, file->data) - 1);
	g_assert_cmpfloat(correlation(psf, file->data), >, 1 - 1e-9);
	vec_subtract(psf, file->data);
	g_test_message("difference %g of 1", (double)vec_max_abs(psf));
	g_assert_cmpfloat((double)vec_max_abs(psf), <, 1e-5 * at(file->data, 0, 63, 63, 63));
}

/* A volume of points holds the intensities; the other half of each axis is its mirror image. */
static void points_of_a_volume(void)
{
	lens lenses[] = { oil(LENS_BORN_WOLF), oil(LENS_SCALAR), layered(), oil(LENS_RICHARDS_WOLF) };
	for (size_t k = 0; k < G_N_ELEMENTS(lenses); k++) {
		psf_grid g = { { 21, 33, 9 }, { 110, 70, 190 }, lens_focus_nm(&lenses[k]),
			PSF_OVER_POINTS };
		g_autoptr(array) psf = volume(&lenses[k], &g);
		double unit = at(psf, 0, 4, 16, 10) / lens_intensity(&lenses[k], 0, g.focus_nm);
		g_assert_cmpfloat_with_epsilon(vec_sum(psf), 1, 1e-5);
		for (int i = 0; i < 21 * 33 * 9; i++) {
			int x = i % 21, y = i / 21 % 33, z = i / 21 / 33;
			g_assert_cmpfloat(at(psf, 0, z, y, x), ==, at(psf, 0, z, y, 20 - x));
			g_assert_cmpfloat(at(psf, 0, z, y, x), ==, at(psf, 0, z, 32 - y, x));
			if (i % 7)
				continue;
			double v = lens_intensity(&lenses[k], hypot(110 * (x - 10), 70 * (y - 16)),
				g.focus_nm + 190 * (z - 4));
			g_assert_cmpfloat_with_epsilon(at(psf, 0, z, y, x) / unit, v, 1e-6);
		}
	}
}

/* The mean over a voxel by 16 x 16 x 16 points of it, in the middle of as many parts. */
static double mean_of_voxel(const lens *l, const psf_grid *g, const int at_voxel[3])
{
	enum { PARTS = 16 };
	double sum = 0, place_nm[3];
	for (int i = 0; i < PARTS * PARTS * PARTS; i++) {
		int part[3] = { i % PARTS, i / PARTS % PARTS, i / PARTS / PARTS };
		for (int k = 0; k < 3; k++)
			place_nm[k] = (at_voxel[k] - 0.5 + (part[k] + 0.5) / PARTS) * g->voxel_nm[k];
		sum += lens_intensity(l, hypot(place_nm[0], place_nm[1]), g->focus_nm + place_nm[2]);
	}
	return sum / PARTS / PARTS / PARTS;
}

static void means_of_voxels(void)
{
	static const int voxels[][3] = { { 1, 0, 0 }, { 0, 2, 1 }, { 2, 1, -3 }, { 3, 3, 3 } };
	lens lenses[] = { oil(LENS_BORN_WOLF), layered() };
	for (size_t k = 0; k < G_N_ELEMENTS(lenses); k++) {
		psf_grid g = { { 7, 7, 7 }, { 120, 120, 300 }, lens_focus_nm(&lenses[k]), PSF_OVER_VOXELS };
		g_autoptr(array) psf = volume(&lenses[k], &g);
		double unit = at(psf, 0, 3, 3, 3) / mean_of_voxel(&lenses[k], &g, (int[3]){ 0, 0, 0 });
		for (size_t i = 0; i < G_N_ELEMENTS(voxels); i++) {
			const int *v = voxels[i];
			/* (the midpoints err by (1 / 16)^2 of the curvature) */
			g_assert_cmpfloat_with_epsilon(at(psf, 0, v[2] + 3, v[1] + 3, v[0] + 3) / unit,
				mean_of_voxel(&lenses[k], &g, v), 7e-4);
		}
	}
}

/* Light within a radius, in focus: 1 - J0^2 - J1^2 (Born and Wolf, 8.5.2). */
static double encircled(double r)
{
	double v = K * 1.4 * r;
	return 1 - j0(v) * j0(v) - j1(v) * j1(v);
}

static void light_inside(void)
{
	lens l = oil(LENS_BORN_WOLF);
	double inside;
	for (int64_t side = 7; side < 200; side += 24) {
		psf_grid g = { { side, side, 1 }, { 60, 60, 0 }, 0, PSF_OVER_PIXELS };
		g_autoptr(array) psf = psf_widefield(cpu, &l, &g, &inside, NULL);
		double half = 30.0 * (double)side;
		g_assert_nonnull(psf);
		g_assert_cmpfloat(inside, >, encircled(half));
		g_assert_cmpfloat(inside, <, encircled(half * G_SQRT2));
	}
}

static void sizes(void)
{
	lens l = oil(LENS_BORN_WOLF);
	int64_t size[3], stack[3] = { 64, 900, 20 }, plane[3] = { 5000, 5000, 1 };
	psf_size_for(&l, (double[3]){ 100, 100, 200 }, stack, size);
	g_assert_true(size[0] % 2 && size[1] % 2 && size[0] <= 127 && size[1] <= 255);
	g_assert_cmpint(size[2], ==, 39);
	psf_size_for(&l, (double[3]){ 100, 100, 0 }, plane, size);
	g_assert_cmpint(size[2], ==, 1);
	double half = 50.0 * (double)size[0];
	g_assert_cmpfloat_with_epsilon(encircled(half), 0.995, 5e-4);
	psf_size_for(&l, (double[3]){ 100, 100, 200 }, NULL, size);
	g_assert_cmpfloat((double)size[2] * 200, >, 3 * lens_height_nm(&l));
	g_assert_cmpint(size[2] % 2, ==, 1);
}

/* --- wrong use, threads ----------------------------------------------------------------------- */

static void refused(const lens *l, const psf_grid *g, const char *option)
{
	g_autoptr(GError) err = NULL;
	g_assert_null(psf_widefield(cpu, l, g, NULL, &err));
	g_test_message("%s", err->message);
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
	g_assert_true(g_str_has_prefix(err->message, option));
	g_assert_nonnull(strstr(err->message, "\n  try:   "));
}

static void refusals(void)
{
	lens good = layered();
	psf_grid small = { { 5, 5, 5 }, { 100, 100, 200 }, 0, PSF_OVER_VOXELS };
#define WITHOUT(option, field, value) do { \
		lens bad = good; \
		bad.field = value; \
		refused(&bad, &small, option); \
	} while (0)
	WITHOUT("--na", aperture, 1.6);
	WITHOUT("--na", aperture, 0);
	WITHOUT("--wavelength", wavelength_nm, 0);
	WITHOUT("--wavelength", wavelength_nm, NAN);
	WITHOUT("--ni", ni, 0.5);
	WITHOUT("--ns", ns, INFINITY);
	WITHOUT("--depth", depth_nm, -1);
	WITHOUT("--size", depth_nm, 9e7);       /* the phase changes too fast */
#define WITHOUT_GRID(option, field, value) do { \
		psf_grid bad = small; \
		bad.field = value; \
		refused(&good, &bad, option); \
	} while (0)
	WITHOUT_GRID("--size", size[0], 4);
	WITHOUT_GRID("--size", size[2], 0);
	WITHOUT_GRID("--size", size[1], INT64_MAX);
	WITHOUT_GRID("--size", size[1], INT64_MIN + 1);
	WITHOUT_GRID("--voxel", voxel_nm[0], 0);
	WITHOUT_GRID("--voxel", voxel_nm[2], NAN);
	WITHOUT_GRID("--voxel", voxel_nm[1], 1e7);
	g_autoptr(device) tight = device_new("cpu", 1, NULL, NULL);
	g_autoptr(GError) err = NULL;
	tight->memory_limit = 1 << 20;
	g_assert_null(psf_widefield(tight, &good, &fine, NULL, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_OVER_LIMIT);
}

static array *with_threads(int threads)
{
	g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
	psf_grid g = { { 33, 33, 17 }, { 60, 60, 150 }, 0, PSF_OVER_VOXELS };
	lens l = oil(LENS_RICHARDS_WOLF);
	g_autoptr(array) psf = psf_confocal(dev, &l, 488, 200, &g, NULL);
	return array_move(psf, cpu);
}

static void same_for_any_threads(void)
{
	g_autoptr(array) one = with_threads(1);
	for (int threads = 2; threads <= 8; threads += 3) {
		g_autoptr(array) many = with_threads(threads);
		g_assert_true(same(one, many));
	}
}

/*
 * By rays: through oil into water, of a point at the depth d, those of sine p NA leave as if from a
 * focus at -d sqrt(n^2 - NA^2 p^2) / sqrt(ns^2 - NA^2 p^2), so those at the rim come from further
 * down than those in the middle.  The brightest place on the axis is between; what the others make
 * is a tail towards smaller z, where the stage is nearer: before it, and behind it when flipped.
 */
static void order_of_planes(void)
{
	const double depth = 10000, aperture = 1.2, n = 1.515, ns = 1.33;
	lens l = lens_ideal(LENS_GIBSON_LANNI, aperture, 520, n);
	l.ns = ns;
	l.depth_nm = depth;
	double middle = -depth * n / ns, focus = lens_focus_nm(&l);
	double rim = -depth * sqrt((n * n - aperture * aperture) / (ns * ns - aperture * aperture));
	g_test_message("focus %g, rays from %g to %g", focus, rim, middle);
	g_assert_cmpfloat(focus, >, rim);
	g_assert_cmpfloat(focus, <, middle);
	const psf_grid g = { { 1, 1, 101 }, { 100, 100, 100 }, focus, PSF_OVER_POINTS };
	g_autoptr(array) psf = volume(&l, &g);
	for (int turn = 0; turn < 2; turn++) {
		double before = 0, after = 0;
		for (int64_t z = 0; z < 35; z++) {
			before += at(psf, 0, z, 0, 0);
			after += at(psf, 0, 100 - z, 0, 0);
		}
		g_assert_cmpfloat(turn ? after : before, >, 2 * (turn ? before : after));
		psf_flip_z(psf);
	}
}

static const stage_test tests[] = {
	{ "/psf-volumes/deconwolf", pixels_of_deconwolf },
	{ "/psf-volumes/points", points_of_a_volume },
	{ "/psf-volumes/voxels", means_of_voxels },
	{ "/psf-volumes/light-inside", light_inside },
	{ "/psf-volumes/sizes", sizes },
	{ "/psf-volumes/refusals", refusals },
	{ "/psf-volumes/threads", same_for_any_threads },
	{ "/psf-volumes/order", order_of_planes },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
