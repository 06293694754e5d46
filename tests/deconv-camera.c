/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-camera.c - `relumine deconv` of cameras whose pixels differ, and of pixels not believed */
#include <math.h>
#include "math/vec.h"
#include "stage/random.h"
#include "tests/command.h"

device *cpu;

enum { SIDE = 48, PSF = 9, SEED = 11 };
static const shape square = { 1, 1, SIDE, SIDE };

/* --- an object, a blur, and a camera ---------------------------------------------------------- */

/* In electrons: bars and dots on a little light.  It repeats itself, and so does the blur. */
static double object(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return 20 + (x / 6 % 2 && y < SIDE / 2 ? 250 : 0) + (y > SIDE / 2 && y % 8 == 3 && x % 8 == 4 ?
		2500 : 0);
}

static double bell(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	double v = (double)(y - PSF / 2), u = (double)(x - PSF / 2);
	return exp(-(u * u + v * v) / (2 * 1.3 * 1.3));
}

static array *psf_new(void)
{
	array *psf = make((shape){ 1, 1, PSF, PSF }, bell);
	vec_scale(psf, (float)(1 / vec_sum(psf)));
	return psf;
}

/* x through the PSF, or back through its mirror image: the same here, as it is symmetric. */
static array *blurred(const array *x, const array *psf)
{
	array *y = array_like(x);
	for (int64_t i = 0; i < SIDE * SIDE; i++) {
		double sum = 0;
		for (int64_t j = 0; j < PSF * PSF; j++)
			sum += at(psf, 0, 0, j / PSF, j % PSF) * at(x, 0, 0, (i / SIDE + j / PSF - PSF / 2 + SIDE) %
				SIDE, (i % SIDE + j % PSF - PSF / 2 + SIDE) % SIDE);
		array_row(y, 0, 0, i / SIDE)[i % SIDE] = (float)sum;
	}
	return y;
}

static double uniform(int64_t what, int64_t y, int64_t x)
{
	random_stream r = random_at(SEED, (uint32_t)(100 + what), (uint64_t)(y * SIDE + x));
	return random_uniform(&r);
}

/* As data sheets of sCMOS sensors have them, but worse: each pixel is an amplifier of its own. */
static double offset_of(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return 70 + 60 * uniform(1, y, x);
}

static double gain_of(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return 0.35 + 0.3 * uniform(2, y, x);
}

static double noise_of(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return uniform(3, y, x) < 0.03 ? 60 : 1 + uniform(4, y, x);
}

typedef struct { array *psf, *truth, *light, *offset, *gain, *noise; } bench;

static bench bench_new(void)
{
	bench b = { .psf = psf_new(), .truth = make(square, object) };
	b.light = blurred(b.truth, b.psf);
	b.offset = make(square, offset_of);
	b.gain = make(square, gain_of);
	b.noise = make(square, noise_of);
	return b;
}

static void bench_free(bench *b)
{
	array *all[] = { b->psf, b->truth, b->light, b->offset, b->gain, b->noise };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(bench, bench_free)

/* Counts of the light; noisy: with photon noise and each pixel's read noise. */
static array *counts_new(const bench *b, bool noisy)
{
	array *y = array_like(b->light);
	for (int64_t i = 0; i < SIDE * SIDE; i++) {
		int64_t v = i / SIDE, u = i % SIDE;
		double electrons = at(b->light, 0, 0, v, u);
		random_stream photons = random_at(SEED, RANDOM_PHOTONS, (uint64_t)i);
		random_stream reading = random_at(SEED, RANDOM_READ_NOISE, (uint64_t)i);
		if (noisy)
			electrons = random_poisson(&photons, electrons) + at(b->noise, 0, 0, v, u) *
				random_gauss(&reading);
		array_row(y, 0, 0, v)[u] = (float)(electrons / at(b->gain, 0, 0, v, u) +
			at(b->offset, 0, 0, v, u));
	}
	return y;
}

static double mean_of(const array *a)
{
	return vec_sum(a) / (double)shape_count(a->shape);
}

/* |factor x - t| / |t|, both through the PSF: without it the finest noise would count most. */
static double error_of(const bench *b, const array *x, double factor)
{
	g_autoptr(array) soft = blurred(x, b->psf);
	g_autoptr(array) truth = blurred(b->truth, b->psf);
	vec_scale(soft, (float)factor);
	vec_subtract(soft, truth);
	return vec_norm(soft) / vec_norm(truth);
}

/* --- maps ------------------------------------------------------------------------------------- */

#define FIXED "border", "periodic", "stop", "fixed", "iterations", "20"

static array *with_maps(const bench *b, const array *y, const char *const *options)
{
	const given pictures[] = { { .data = y }, { "psf", b->psf, 0, NULL },
		{ "offset", b->offset, 0, NULL }, { "gain", b->gain, 0, NULL },
		{ "read-noise", b->noise, 0, NULL }, { 0 } };
	return command_run("deconv", pictures, options, NULL);
}

/* Maps that are the same everywhere are what the numbers are, to the last bit. */
static void maps_of_one_number(void)
{
	static const char *const methods[] = { "rl", "fista", "admm", "wiener" };
	g_auto(bench) b = bench_new();
	g_autoptr(array) y = counts_new(&b, true);
	vec_fill(b.offset, 100);
	vec_fill(b.gain, 0.5f);
	vec_fill(b.noise, 2);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const maps[] = { "method", methods[i], "iterations", "8", NULL };
		const char *const numbers[] = { "method", methods[i], "iterations", "8", "offset", "100",
			"gain", "0.5", "read-noise", "2", NULL };
		const given pictures[] = { { .data = y }, { "psf", b.psf, 0, NULL }, { 0 } };
		g_autoptr(array) with = with_maps(&b, y, maps);
		g_autoptr(array) without = command_run("deconv", pictures, numbers, NULL);
		g_assert_true(same(with, without));
	}
}

/* Without noise the maps undo what the pixels did: as if there were none. */
static void maps_undone(void)
{
	static const char *const methods[] = { "rl", "fista", "admm", "wiener" };
	g_auto(bench) b = bench_new();
	g_autoptr(array) y = counts_new(&b, false);
	vec_fill(b.noise, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const plain[] = { "method", methods[i], FIXED, "gain", "1", NULL };
		const char *const maps[] = { "method", methods[i], FIXED, NULL };
		const given pictures[] = { { .data = b.light }, { "psf", b.psf, 0, NULL }, { 0 } };
		g_autoptr(array) want = command_run("deconv", pictures, plain, NULL);
		g_autoptr(array) got = with_maps(&b, y, maps);
		vec_scale(got, (float)mean_of(b.gain));
		vec_subtract(got, want);
		g_test_message("%s: %g", methods[i], vec_norm(got) / vec_norm(want));
		g_assert_cmpfloat(vec_norm(got), <, 1e-4 * vec_norm(want));
	}
}

/*
 * Richardson-Lucy of  y = (counts - offset) gain + s^2 ~ Poisson(H x + s^2), by plain loops; what
 * all pixels have of s^2 is left to x.
 */
static void noise_map_formula(void)
{
	static const char *const options[] = { FIXED, "acceleration", "none", NULL };
	g_auto(bench) b = bench_new();
	g_autoptr(array) counts = counts_new(&b, true), y = array_like(counts), more = array_like(counts);
	double shift = INFINITY, least = INFINITY, most = 0;
	for (int64_t i = 0; i < SIDE * SIDE; i++)
		shift = fmin(shift, pow(at(b.noise, 0, 0, i / SIDE, i % SIDE), 2));
	for (int64_t i = 0; i < SIDE * SIDE; i++) {
		int64_t v = i / SIDE, u = i % SIDE;
		double square_noise = pow(at(b.noise, 0, 0, v, u), 2);
		double electrons = (at(counts, 0, 0, v, u) - at(b.offset, 0, 0, v, u)) * at(b.gain, 0, 0, v, u);
		array_row(y, 0, 0, v)[u] = (float)fmax(electrons + square_noise, 0);
		array_row(more, 0, 0, v)[u] = (float)(square_noise - shift);
		least = fmin(least, at(y, 0, 0, v, u) - at(more, 0, 0, v, u));
		most = fmax(most, at(y, 0, 0, v, u) - at(more, 0, 0, v, u));
	}
	g_autoptr(array) x = array_like(y);
	least = fmax(least, 1e-5 * most);
	vec_fill(x, (float)fmax(mean_of(y), least));
	for (int k = 0; k < 20; k++) {
		g_autoptr(array) m = blurred(x, b.psf);
		vec_add(m, more);
		g_autoptr(array) ratio = array_copy(y);
		vec_divide(ratio, m, 0);
		g_autoptr(array) back = blurred(ratio, b.psf);
		vec_multiply(x, back);
		vec_clamp(x, (float)least, INFINITY);
	}
	vec_shift(x, (float)-shift);
	vec_clamp(x, 0, INFINITY);
	g_autoptr(array) got = with_maps(&b, counts, options);
	vec_scale(got, (float)mean_of(b.gain));
	vec_subtract(got, x);
	g_test_message("difference %g", vec_norm(got) / vec_norm(x));
	g_assert_cmpfloat(vec_norm(got), <, 1e-4 * vec_norm(x));
}

/* Much nearer to the truth than with the means of the maps, whatever the method and the stop. */
static void nearer_with_maps(void)
{
	static const struct { const char *method, *stop; double most; } cases[] = {
		{ "rl", "change", 0.6 }, { "rl", "auto", 0.3 }, { "fista", "change", 0.6 },
		{ "nnls", "change", 0.3 }, { "admm", "change", 0.7 }, { "wiener", "change", 0.8 },
	};
	g_auto(bench) b = bench_new();
	g_autoptr(array) y = counts_new(&b, true);
	double gain = mean_of(b.gain), variance = pow(vec_norm(b.noise), 2) / (SIDE * SIDE);
	g_autofree char *offset = g_strdup_printf("%.6g", mean_of(b.offset));
	g_autofree char *electrons = g_strdup_printf("%.6g", gain);
	g_autofree char *noise = g_strdup_printf("%.6g", sqrt(variance));
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *const maps[] = { "method", cases[i].method, "stop", cases[i].stop, "border",
			"periodic", NULL };
		const char *const means[] = { "method", cases[i].method, "stop", cases[i].stop, "border",
			"periodic", "offset", offset, "gain", electrons, "read-noise", noise, NULL };
		const given pictures[] = { { .data = y }, { "psf", b.psf, 0, NULL }, { 0 } };
		g_autoptr(array) with = with_maps(&b, y, maps);
		g_autoptr(array) without = command_run("deconv", pictures, means, NULL);
		double near = error_of(&b, with, gain), far = error_of(&b, without, gain);
		g_test_message("%s, %s: %.4f with maps, %.4f with means", cases[i].method, cases[i].stop, near,
			far);
		g_assert_cmpfloat(near, <, cases[i].most * far);
	}
}

/* --- belief ----------------------------------------------------------------------------------- */

/* One pixel in twenty, and two rows. */
static bool is_bad(int64_t y, int64_t x)
{
	return uniform(5, y, x) < 0.05 || y == 20 || y == 21;
}

static double believed(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return is_bad(y, x) ? 0 : 1;
}

static void spoil(array *y, float value)
{
	for (int64_t i = 0; i < SIDE * SIDE; i++)
		if (is_bad(i / SIDE, i % SIDE))
			array_row(y, 0, 0, i / SIDE)[i % SIDE] = value;
}

static array *with_mask(const bench *b, const array *y, const char *method)
{
	g_autoptr(array) mask = make(square, believed);
	const given pictures[] = { { .data = y }, { "psf", b->psf, 0, NULL }, { "mask", mask, 0, NULL },
		{ 0 } };
	const char *const options[] = { "method", method, "border", "periodic", "gain", "1", NULL };
	return command_run("deconv", pictures, options, NULL);
}

/* Nothing that stands in a pixel that is not believed matters; holes are such pixels. */
static void masked(void)
{
	static const char *const methods[] = { "rl", "fista", "admm", "nnls", "wiener" };
	g_auto(bench) b = bench_new();
	g_autoptr(array) hot = array_copy(b.light), dark = array_copy(b.light);
	g_autoptr(array) holes = array_copy(b.light);
	spoil(hot, 1e7f);
	spoil(dark, 0);
	spoil(holes, NAN);
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const options[] = { "method", methods[i], "border", "periodic", "gain", "1", NULL };
		const given pictures[] = { { .data = holes }, { "psf", b.psf, 0, NULL }, { 0 } };
		g_autofree char *warnings = NULL;
		g_autoptr(array) a = with_mask(&b, hot, methods[i]), c = with_mask(&b, dark, methods[i]);
		g_autoptr(array) d = command_run("deconv", pictures, options, &warnings);
		g_assert_true(same(a, c));
		g_assert_true(same(a, d));
		g_assert_nonnull(strstr(warnings, "are NaN or infinite: not believed"));
		const given sound[] = { { .data = b.light }, { "psf", b.psf, 0, NULL }, { 0 } };
		g_autoptr(array) all = command_run("deconv", sound, options, NULL);
		double with = error_of(&b, a, 1), without = error_of(&b, all, 1);
		g_test_message("%s: %g, with all pixels %g", methods[i], with, without);
		g_assert_cmpfloat(with, <, 1.3 * without + 0.02);
	}
}

/* A pixel without gain, or of which a map says nothing, is dead; so is none with sound maps. */
static void dead(void)
{
	static const char *const options[] = { FIXED, NULL };
	g_auto(bench) b = bench_new();
	g_autoptr(array) y = counts_new(&b, false);
	vec_fill(b.noise, 0);
	g_autoptr(array) sound = with_maps(&b, y, options);
	array_row(b.gain, 0, 0, 7)[7] = 0;
	array_row(b.offset, 0, 0, 9)[30] = NAN;
	array_row(b.noise, 0, 0, 33)[12] = INFINITY;
	array_row(y, 0, 0, 7)[7] = 60000;
	array_row(y, 0, 0, 9)[30] = -500;
	array_row(y, 0, 0, 33)[12] = 60000;
	g_autoptr(array) x = with_maps(&b, y, options);
	double with = error_of(&b, x, mean_of(b.gain)), without = error_of(&b, sound, mean_of(b.gain));
	g_test_message("%g with dead pixels, %g without", with, without);
	g_assert_cmpfloat(with, <, 1.1 * without + 0.01);
}

/* A plane that is missing is filled by its neighbours' light; a whole stack cannot be. */
static void lost_plane(void)
{
	static const char *const methods[] = { "rl", "fista", "wiener" };
	g_auto(bench) b = bench_new();
	g_autoptr(array) stack = array_new(cpu, REAL, (shape){ 1, 5, SIDE, SIDE });
	for (int64_t z = 0; z < 5; z++) {
		array plane = array_plane(stack, 0, z);
		vec_copy(&plane, b.light);
		if (z == 2)
			vec_fill(&plane, NAN);
	}
	const given pictures[] = { { .data = stack }, { "psf", b.psf, 0, NULL }, { 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
		const char *const options[] = { "method", methods[i], "gain", "1", "iterations", "10", NULL };
		g_autoptr(array) x = command_run("deconv", pictures, options, NULL);
		g_assert_true(vec_finite(x));
	}
	static const char *const none[] = { NULL };
	vec_fill(stack, NAN);
	g_autofree char *message = command_refused("deconv", pictures, none, RELUMINE_BAD_INPUT);
	g_assert_nonnull(strstr(message, "no pixel"));
}

static void wrong_sizes(void)
{
	static const char *const options[] = { "offset", "mask", "gain", "read-noise" };
	static const char *const none[] = { NULL };
	g_auto(bench) b = bench_new();
	g_autoptr(array) small = array_new(cpu, REAL, (shape){ 1, 1, SIDE - 1, SIDE });
	vec_fill(small, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
		const given pictures[] = { { .data = b.light }, { "psf", b.psf, 0, NULL },
			{ options[i], small, 0, NULL }, { 0 } };
		g_autofree char *message = command_refused("deconv", pictures, none, RELUMINE_MISMATCH);
		g_assert_nonnull(strstr(message, "47 x 48 pixels"));
	}
}

static const stage_test tests[] = {
	{ "/deconv-camera/one-number", maps_of_one_number },
	{ "/deconv-camera/undone", maps_undone },
	{ "/deconv-camera/formula", noise_map_formula },
	{ "/deconv-camera/nearer", nearer_with_maps },
	{ "/deconv-camera/masked", masked },
	{ "/deconv-camera/dead", dead },
	{ "/deconv-camera/lost-plane", lost_plane },
	{ "/deconv-camera/wrong-sizes", wrong_sizes },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
