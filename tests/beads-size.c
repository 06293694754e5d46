/* SPDX-License-Identifier: BSD-3-Clause */
/* beads-size.c - the size of beads, taken out of the PSF that they gave */
#include <glib.h>
#include <math.h>
#include "math/vec.h"
#include "stage/beads.h"
#include "stage/psf.h"
#include "stage/random.h"
#include "tests/command.h"
#include "tests/microscope.h"

device *cpu;

/* --- the ball's transform --------------------------------------------------------------------- */

/* The integral of (6 / pi) pi (1/4 - x^2) cos(2 pi f x) from -1/2 to 1/2, by Simpson's rule. */
static double by_integration(double diameter, double f)
{
	enum { STEPS = 2000 };
	double sum = 0;
	for (int i = 0; i <= STEPS; i++) {
		double x = (double)i / STEPS - 0.5, w = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;
		sum += w * 6 * (0.25 - x * x) * cos(2 * M_PI * f * diameter * x);
	}
	return sum / (3 * STEPS);
}

static void transfer(void)
{
	for (double f = 0; f < 30; f += 0.013)
		g_assert_cmpfloat_with_epsilon(ball_transfer(0.2, f), by_integration(0.2, f), 1e-6);
}

/* --- one wave --------------------------------------------------------------------------------- */

static const bead_ball ball_of_250 = { 250, { 80, 90, 200 }, NAN, NAN, NAN };

/* k half periods along an axis: its mirror images go on with it. */
static array *wave(int axis, int64_t k)
{
	static const int64_t n[3] = { 32, 24, 16 };
	array *a = array_new(cpu, REAL, (shape){ 1, n[2], n[1], n[0] });
	for (int64_t i = 0; i < n[0] * n[1] * n[2]; i++) {
		const int64_t at_voxel[3] = { i % n[0], i / n[0] % n[1], i / n[0] / n[1] };
		double phase = M_PI * (double)k * ((double)at_voxel[axis] + 0.5) / (double)n[axis];
		array_row(a, 0, at_voxel[2], at_voxel[1])[at_voxel[0]] = (float)cos(phase);
	}
	return a;
}

/* Each comes out larger by the inverse of the ball's transform at its frequency. */
static void waves_grow(void)
{
	static const int64_t n[3] = { 32, 24, 16 };
	for (int axis = 0; axis < 3; axis++)
		for (int64_t k = 0; k < n[axis]; k++) {
			double f = (double)k / (2 * (double)n[axis] * ball_of_250.voxel_nm[axis]);
			double ball = by_integration(250, f);
			if (fabs(ball) < 0.25)
				continue;
			g_autoptr(array) a = wave(axis, k);
			g_autoptr(array) b = beads_without_size(a, &ball_of_250, 0, NULL);
			double grown = vec_dot(a, b) / vec_dot(a, a);
			g_assert_cmpfloat_with_epsilon(grown * ball, 1, 0.05);
			vec_axpy(b, (float)-grown, a);
			g_assert_cmpfloat(vec_norm(b), <, 1e-4 * vec_norm(a));
		}
}

/* What is not above the noise is not amplified, but left out. */
static void noise_goes(void)
{
	g_autoptr(array) a = wave(0, 5);
	g_autoptr(array) b = beads_without_size(a, &ball_of_250, 100, NULL);
	g_assert_cmpfloat((double)vec_max_abs(b), <, 1e-6);
}

/* A lens's own light passes its aperture, noise beyond does not. */
static void aperture(void)
{
	lens l = oil(LENS_BORN_WOLF);
	bead_ball open = { 1, { 80, 80, 200 }, l.aperture, l.wavelength_nm, l.ni }, shut = open;
	const psf_grid g = { { 31, 31, 25 }, { 80, 80, 200 }, 0, PSF_OVER_VOXELS };
	g_autoptr(array) psf = psf_widefield(cpu, &l, &g, NULL, NULL);
	g_autoptr(array) same_psf = beads_without_size(psf, &open, 0, NULL);
	shut.aperture = 0.3;
	g_autoptr(array) less = beads_without_size(psf, &shut, 0, NULL);
	g_test_message("correlation %.6f, with a small aperture %.3f", correlation(same_psf, psf),
		correlation(less, psf));
	g_assert_cmpfloat(correlation(same_psf, psf), >, 0.999);
	g_assert_cmpfloat(correlation(less, psf), <, 0.9);
	g_autoptr(array) noise = make(psf->shape, scrambled);
	vec_shift(noise, (float)(-vec_sum(noise) / (double)shape_count(noise->shape)));
	g_autoptr(array) left = beads_without_size(noise, &open, 0, NULL);
	g_assert_cmpfloat(vec_norm(left), <, 0.7 * vec_norm(noise));
}

/* --- beads ------------------------------------------------------------------------------------ */

enum { CELL_NM = 25, REACH = 5, BOX = 27, DEEP = 21, BACKGROUND = 100 };
/* (a ball of 250 nm is 10 cells across) */
static const double sigma_nm[3] = { 100, 100, 300 }, voxel_nm[3] = { 80, 80, 200 };

/* Of a Gaussian about `from`, all in nm: the part in voxel i of an axis. */
static double part(int axis, int64_t i, double from)
{
	double low = ((double)i - 0.5) * voxel_nm[axis] - from, high = low + voxel_nm[axis];
	double scale = M_SQRT1_2 / sigma_nm[axis];
	return 0.5 * (erf(high * scale) - erf(low * scale));
}

/* A point of light at `nm`, seen through the Gaussian. */
static void add_point(array *stack, const double nm[3], double light)
{
	const int64_t n[3] = { stack->shape.x, stack->shape.y, stack->shape.z };
	int64_t first[3], end[3];
	double parts[3][64];
	for (int k = 0; k < 3; k++) {
		int64_t middle = (int64_t)floor(nm[k] / voxel_nm[k] + 0.5);
		first[k] = MAX(middle - 12, 0);
		end[k] = MIN(middle + 13, n[k]);
		for (int64_t i = first[k]; i < end[k]; i++)
			parts[k][i - first[k]] = part(k, i, nm[k]);
	}
	for (int64_t z = first[2]; z < end[2]; z++)
		for (int64_t y = first[1]; y < end[1]; y++) {
			double across = light * parts[2][z - first[2]] * parts[1][y - first[1]];
			float *row = array_row(stack, 0, z, y);
			for (int64_t x = first[0]; x < end[0]; x++)
				row[x] += (float)(across * parts[0][x - first[0]]);
		}
}

/* A ball of 250 nm: its cells, whose middles are in it. */
static void add_ball(array *stack, const double nm[3], double light)
{
	int64_t cells = 0;
	for (int round = 0; round < 2; round++)
		for (int64_t i = 0; i < 8 * REACH * REACH * REACH; i++) {
			const int64_t c[3] = { i % (2 * REACH), i / (2 * REACH) % (2 * REACH),
				i / (4 * REACH * REACH) };
			double at_nm[3], square = 0;
			for (int k = 0; k < 3; k++) {
				double off = ((double)(c[k] - REACH) + 0.5) * CELL_NM;
				square += off * off;
				at_nm[k] = nm[k] + off;
			}
			if (square > 125 * 125)
				continue;
			if (round)
				add_point(stack, at_nm, light / (double)cells);
			cells += !round;
		}
}

/* Nine of them; Poisson noise for a seed above 0. */
static array *balls(uint64_t seed)
{
	array *stack = array_new(cpu, REAL, (shape){ 1, 31, 130, 130 });
	vec_fill(stack, BACKGROUND);
	for (int i = 0; i < 9; i++)
		add_ball(stack, (const double[3]){ 80 * (24 + 40 * (i % 3)) + 9 * i, 80 * (24 + 40 * (i / 3)) +
			7 * i, 200 * 15 + 20 * i }, 300000);
	for (int64_t i = 0; seed && i < shape_count(stack->shape); i++) {
		random_stream r = random_at(seed, RANDOM_PHOTONS, (uint64_t)i);
		float *v = array_row(stack, 0, i / (130 * 130), i / 130 % 130) + i % 130;
		*v = (float)random_poisson(&r, (double)*v);
	}
	return stack;
}

static array *measured(array *stack, const char *diameter)
{
	const char *const options[] = { "size", "27,27,21", "voxel", "80,80,200",
		diameter ? "diameter" : NULL, diameter, NULL };
	const given pictures[] = { { .data = stack }, { 0 } };
	return command_run("psf beads", pictures, options, NULL);
}

/* Widths over the truth's: along x, y, z. */
static void widths(const array *psf, const array *truth, double ratio[3])
{
	spot_facts a, b;
	spot_measure(psf, 0, &a);
	spot_measure(truth, 0, &b);
	for (int k = 0; k < 3; k++)
		ratio[k] = a.fwhm[k] / b.fwhm[k];
}

/* Balls widen by D^2 / 20, a variance: 14 % across; without their size next to nothing is left. */
static void beads_become_points(void)
{
	g_autoptr(array) truth = array_new(cpu, REAL, (shape){ 1, DEEP, BOX, BOX });
	vec_fill(truth, 0);
	add_point(truth, (const double[3]){ 80 * (BOX / 2), 80 * (BOX / 2), 200 * (DEEP / 2) }, 1);
	for (uint64_t seed = 0; seed < 3; seed++) {
		g_autoptr(array) stack = balls(seed);
		g_autoptr(array) wide = measured(stack, NULL), sharp = measured(stack, "250");
		double before[3], after[3], a = correlation(wide, truth), b = correlation(sharp, truth);
		widths(wide, truth, before);
		widths(sharp, truth, after);
		g_test_message("correlation %.5f, was %.5f; widths %.3f %.3f %.3f, were %.3f %.3f %.3f", b, a,
			after[0], after[1], after[2], before[0], before[1], before[2]);
		double expected = sqrt((1e4 + 250 * 250 / 20.0 + 80 * 80 / 12.0) / (1e4 + 80 * 80 / 12.0));
		g_assert_cmpfloat_with_epsilon(before[0], expected, 0.02);
		g_assert_cmpfloat(1 - b, <, 0.2 * (1 - a));
		for (int k = 0; k < 3; k++)
			g_assert_cmpfloat_with_epsilon(after[k], 1, seed ? 0.04 : 0.02);
	}
}

static void refusals(void)
{
	static const char *const alone[] = { "diameter", "100", NULL };
	static const char *const half[] = { "diameter", "100", "voxel", "80,80,200", "na", "1.4", NULL };
	static const char *const stray[] = { "na", "1.4", "wavelength", "520", NULL };
	static const char *const too_much[] = { "diameter", "100", "voxel", "80,80,200", "na", "1.4",
		"wavelength", "520", "ni", "1.33", NULL };
	static const struct { const char *const *options, *word; } cases[] = {
		{ alone, "--voxel" }, { half, "--wavelength" }, { stray, "--diameter" }, { too_much, "--ni" },
	};
	g_autoptr(array) stack = balls(0);
	const given pictures[] = { { .data = stack }, { 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *message = command_refused("psf beads", pictures, cases[i].options,
			RELUMINE_BAD_USAGE);
		g_assert_nonnull(strstr(message, cases[i].word));
	}
}

static const stage_test tests[] = {
	{ "/beads-size/transfer", transfer },
	{ "/beads-size/waves", waves_grow },
	{ "/beads-size/noise", noise_goes },
	{ "/beads-size/aperture", aperture },
	{ "/beads-size/points", beads_become_points },
	{ "/beads-size/refusals", refusals },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
