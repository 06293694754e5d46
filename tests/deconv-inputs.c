/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-inputs.c - `relumine deconv` of pictures, PSFs and metadata as they should not be */
#include <math.h>
#include "math/vec.h"
#include "tests/command.h"

device *cpu;

static const char *const methods[] = { "rl", "wiener", "tikhonov", "rif", "unsupervised", "fista",
	"fista-wavelet", "nnls", "admm" };

/* --- pictures and PSFs ------------------------------------------------------------------------ */

static double spots(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double d = (double)((y - 11) * (y - 11) + (x - 9) * (x - 9) + (z - 2) * (z - 2));
	return 100 + 10 * (double)c + 2000 * exp(-d / 8) + scrambled(c, z, y, x) / 65521;
}

static double constant(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 500;
}

static double zero(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 0;
}

static double below_zero(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return -spots(c, z, y, x);
}

static double nothing(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return NAN;
}

static double with_holes(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return y == 3 && x < 5 ? NAN : y == 8 && x == 8 ? -INFINITY : y == 12 && x == 2 ? INFINITY :
		spots(c, z, y, x);
}

static double half_saturated(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return x < 12 ? 4095 : spots(c, z, y, x);
}

static double saturated(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 65535;
}

static double huge(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 1e16 * spots(c, z, y, x);
}

static double tiny(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 1e-16 * spots(c, z, y, x);
}

/* Brightest at voxel 4 of each axis, which is the middle of 8 and of 9. */
static double bell(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	double d = (double)((y - 4) * (y - 4) + (x - 4) * (x - 4) + (z - 4) * (z - 4));
	return exp(-d / 4);
}

static double wide_bell(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	double d = (double)((y - 30) * (y - 30) + (x - 30) * (x - 30) + (z - 10) * (z - 10));
	return exp(-d / 40);
}

static double dented(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return bell(c, z, y, x) - 2e-4;
}

static double mostly_negative(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return bell(c, z, y, x) - 1;
}

static double holed(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return x == 0 && y == 0 ? NAN : bell(c, z, y, x);
}

static double balanced(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y;
	return x % 2 ? 1 : -1;
}

/* --- one after the other ---------------------------------------------------------------------- */

typedef struct {
	const char *name;
	recipe *picture, *psf;
	shape size, psf_size;
	double white;
	int status;
	const char *word;       /* of the message, or of the warnings; "": there are none */
} trial;

#define FLAT { 1, 1, 21, 24 }
#define STACK { 1, 5, 21, 24 }
#define NINE { 1, 1, 9, 9 }

static const trial trials[] = {
	{ "sound", spots, bell, FLAT, NINE, 0, 0, "" },
	{ "PSF of more planes", spots, wide_bell, STACK, { 1, 21, 9, 9 }, 0, 0, "off its middle" },
	{ "PSF of more pixels", spots, wide_bell, FLAT, { 1, 1, 61, 61 }, 0, 0, "" },
	{ "PSF of more of all", spots, wide_bell, STACK, { 1, 21, 61, 61 }, 0, 0, "" },
	{ "even PSF", spots, bell, FLAT, { 1, 1, 8, 8 }, 0, 0, "" },
	{ "even stack of PSF", spots, bell, STACK, { 1, 8, 8, 8 }, 0, 0, "" },
	{ "PSF off centre", spots, bell, FLAT, { 1, 1, 15, 12 }, 0, 0, "off its middle" },
	{ "PSF with negative values", spots, dented, FLAT, NINE, 0, 0, "has negative values" },
	{ "PSF of one pixel", spots, constant, FLAT, { 1, 1, 1, 1 }, 0, 0, "" },
	{ "negative PSF", spots, mostly_negative, FLAT, NINE, 0, 3, "the PSF sums to -" },
	{ "PSF without a sum", spots, balanced, FLAT, { 1, 1, 8, 8 }, 0, 3, "the PSF sums to 0" },
	{ "PSF of zeros", spots, zero, FLAT, NINE, 0, 3, "the PSF is zero everywhere" },
	{ "PSF with NaN", spots, holed, FLAT, NINE, 0, 3, "the PSF holds NaN" },
	{ "PSF of NaN", spots, nothing, FLAT, NINE, 0, 3, "the PSF holds NaN" },
	{ "PSF of other channels", spots, bell, { 3, 1, 21, 24 }, { 2, 1, 9, 9 }, 0, 4, "2 channels" },
	{ "flat picture, PSF of planes", spots, bell, FLAT, { 1, 9, 9, 9 }, 0, 0, "" },
	{ "stack, PSF of one plane", spots, bell, STACK, NINE, 0, 0, "" },
	{ "constant", constant, bell, FLAT, NINE, 0, 0, "" },
	{ "constant stack", constant, bell, STACK, { 1, 9, 9, 9 }, 0, 0, "" },
	{ "zeros", zero, bell, FLAT, NINE, 0, 3, "holds no light" },
	{ "negative picture", below_zero, bell, FLAT, NINE, 0, 3, "holds no light" },
	{ "NaN", nothing, bell, FLAT, NINE, 0, 3, "no pixel can be believed" },
	{ "holes", with_holes, bell, FLAT, NINE, 0, 0, "7 of 504 values are NaN or infinite" },
	{ "half saturated", half_saturated, bell, FLAT, NINE, 4095, 0, NULL },
	{ "saturated", saturated, bell, FLAT, NINE, 65535, 3, "504 are saturated" },
	{ "huge", huge, bell, FLAT, NINE, 0, 0, "" },
	{ "tiny", tiny, bell, FLAT, NINE, 0, 0, "" },
	{ "one pixel", constant, bell, { 1, 1, 1, 1 }, NINE, 0, 0, "" },
	{ "one row", spots, bell, { 1, 1, 1, 24 }, NINE, 0, 0, "" },
	{ "one column", spots, bell, { 1, 1, 21, 1 }, NINE, 0, 0, "" },
	{ "stack of one pixel", constant, bell, { 1, 5, 1, 1 }, NINE, 0, 0, "" },
};

static void run_trial(const trial *t, const char *method)
{
	const char *const options[] = { "method", method, "iterations", "5", NULL };
	g_autoptr(array) picture = make(t->size, t->picture), psf = make(t->psf_size, t->psf);
	const given pictures[] = { { .data = picture, .white = t->white }, { "psf", psf, 0, NULL },
		{ 0 } };
	g_test_message("%s, %s", t->name, method);
	if (t->status) {
		g_autofree char *message = command_refused("deconv", pictures, options, t->status);
		g_assert_nonnull(strstr(message, t->word));
		g_assert_nonnull(strstr(message, "\n  while: "));
		g_assert_nonnull(strstr(message, "\n  try:   "));
		return;
	}
	g_autofree char *warnings = NULL;
	g_autoptr(array) x = command_run("deconv", pictures, options, &warnings);
	g_assert_true(vec_finite(x) && shape_equal(x->shape, t->size));
	g_assert_cmpfloat((double)vec_max_abs(x), >, 0);
	if (t->word)
		g_assert_true(*t->word ? strstr(warnings, t->word) != NULL : !*warnings);
}

static void all_trials(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(trials); i++)
		for (size_t m = 0; m < G_N_ELEMENTS(methods); m++)
			run_trial(&trials[i], methods[m]);
}

/* A picture of one plane can use that plane of the PSF alone in which the point is. */
static void one_plane_of_many(void)
{
	static const char *const options[] = { NULL };
	g_autoptr(array) picture = make((shape)FLAT, spots), psf = make((shape){ 1, 9, 9, 9 }, bell);
	g_autoptr(array) plane = array_new(cpu, REAL, (shape)NINE);
	array middle = array_plane(psf, 0, 4);
	vec_copy(plane, &middle);
	const given volume[] = { { .data = picture }, { "psf", psf, 0, NULL }, { 0 } };
	const given flat[] = { { .data = picture }, { "psf", plane, 0, NULL }, { 0 } };
	g_autoptr(array) a = command_run("deconv", volume, options, NULL);
	g_autoptr(array) b = command_run("deconv", flat, options, NULL);
	g_assert_true(same(a, b));
}

/*
 * The same light everywhere is what a PSF that sums to 1 makes of itself; wiener takes 1 / (1 +
 * balance) of it.
 */
static void constant_stays(void)
{
	for (size_t m = 0; m < G_N_ELEMENTS(methods); m++) {
		const char *const options[] = { "method", methods[m], "border", "periodic", "tolerance", "1e-6",
			"balance", "1e-3", NULL };
		g_autoptr(array) picture = make((shape)FLAT, constant), psf = make((shape)NINE, bell);
		const given pictures[] = { { .data = picture }, { "psf", psf, 0, NULL }, { 0 } };
		g_autoptr(array) x = command_run("deconv", pictures, options, NULL);
		vec_shift(x, -500);
		g_test_message("%s: %g", methods[m], (double)vec_max_abs(x));
		g_assert_cmpfloat((double)vec_max_abs(x), <, 500 * 1.2e-3);
	}
}

/* --- metadata that lie ------------------------------------------------------------------------ */

typedef struct {
	const char *name;
	double voxel[3], aperture, refraction, emission;
	int status;
	const char *word, *warning;
} lie;

#define NM { 100, 100, 300 }

static const lie lies[] = {
	{ "none", NM, 1.2, 1.33, 520, 0, NULL, "" },
	{ "voxel 0", { 0, 0, 0 }, 1.2, 1.33, 520, 2, "--voxel", NULL },
	{ "voxel -1", { -100, -100, 300 }, 1.2, 1.33, 520, 2, "--voxel", NULL },
	{ "voxel NaN", { NAN, 100, 300 }, 1.2, 1.33, 520, 2, "--voxel", NULL },
	{ "voxel 1e9 um", { 1e12, 1e12, 1e12 }, 1.2, 1.33, 520, 2, "--voxel", NULL },
	{ "voxel of 1 m", { 1e9, 1e9, 1e9 }, 1.2, 1.33, 520, 2, "--voxel", NULL },
	{ "planes 1 m apart", { 100, 100, 1e9 }, 1.2, 1.33, 520, 2, "--voxel", NULL },
	{ "no planes' distance", { 100, 100, NAN }, 1.2, 1.33, 520, 2, "--voxel", NULL },
	{ "NA above ni", NM, 1.4, 1, 520, 2, "--ni", NULL },
	{ "NA 0", NM, 0, 1.33, 520, 2, "--na", NULL },
	{ "NA infinite", NM, INFINITY, 1.33, 520, 2, "--na", NULL },
	{ "wavelength 0", NM, 1.2, 1.33, 0, 2, "--wavelength", NULL },
	{ "wavelength -520", NM, 1.2, 1.33, -520, 2, "--wavelength", NULL },
	{ "wavelength NaN", NM, 1.2, 1.33, NAN, 2, "--wavelength", NULL },
	{ "ni 0", NM, 0.8, 0, 520, 0, NULL, "the refractive index is 0: not believed" },
	{ "ni unknown", NM, 0.8, NAN, 520, 0, NULL, "--ni says" },
};

static image_scale *scale_new(const double voxel[3])
{
	image_scale *s = image_scale_new();
	for (int k = 0; k < 3; k++)
		s->voxel[k] = voxel[k];
	return s;
}

static void metadata(void)
{
	static const char *const options[] = { "iterations", "3", NULL };
	g_autoptr(array) picture = make((shape)STACK, spots);
	for (size_t i = 0; i < G_N_ELEMENTS(lies); i++) {
		const lie *l = &lies[i];
		g_autoptr(image_scale) s = scale_new(l->voxel);
		s->aperture = l->aperture;
		s->refraction = l->refraction;
		image_scale_set_channels(s, 1);
		s->channels[0].emission = l->emission;
		const given pictures[] = { { .data = picture, .scale = s }, { 0 } };
		g_test_message("%s", l->name);
		if (l->status) {
			g_autofree char *message = command_refused("deconv", pictures, options, l->status);
			g_assert_nonnull(strstr(message, l->word));
			g_assert_nonnull(strstr(message, "\n  try:   "));
			continue;
		}
		g_autofree char *warnings = NULL;
		g_autoptr(array) x = command_run("deconv", pictures, options, &warnings);
		g_assert_true(vec_finite(x));
		g_assert_true(*l->warning ? strstr(warnings, l->warning) != NULL : !*warnings);
	}
}

/* --- options ---------------------------------------------------------------------------------- */

static void wrong_options(void)
{
	static const struct { const char *option, *value, *more, *with, *word; } cases[] = {
		{ "motion", "-5,0", NULL, NULL, "--motion" }, { "motion", "0,30", NULL, NULL, "--motion" },
		{ "motion", "nan,30", NULL, NULL, "--motion" }, { "gaussian", "1,2,3", NULL, NULL, "--gaussian" },
		{ "gaussian", "-1", NULL, NULL, "--gaussian" }, { "gaussian", "", NULL, NULL, "--gaussian" },
		{ "gaussian", "1", "disk", "2", "--psf" }, { "model", "gibson-lanni", "na", "1.2", "--depth" },
		{ "depth", "1000", "na", "1.2", "--depth" }, { "voxel", "100", "na", "1.2", "--voxel" },
	};
	g_autoptr(array) picture = make((shape)FLAT, spots);
	const given pictures[] = { { .data = picture }, { 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *const options[] = { cases[i].option, cases[i].value, "wavelength", "520",
			cases[i].more, cases[i].with, NULL };
		g_test_message("--%s %s", cases[i].option, cases[i].value);
		g_autofree char *message = command_refused("deconv", pictures, options, RELUMINE_BAD_USAGE);
		g_assert_nonnull(strstr(message, cases[i].word));
	}
	static const char *const numbers[][2] = { { "gain", "0" }, { "gain", "-1" },
		{ "read-noise", "-1" }, { "offset", "1e31" } };
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		relumine_job *job = relumine_job_new("deconv", NULL);
		g_autoptr(GError) err = NULL;
		g_assert_false(relumine_job_set(job, numbers[i][0], numbers[i][1], &err));
		g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
		relumine_job_free(job);
	}
}

static const stage_test tests[] = {
	{ "/deconv-inputs/pictures", all_trials },
	{ "/deconv-inputs/one-plane", one_plane_of_many },
	{ "/deconv-inputs/constant", constant_stays },
	{ "/deconv-inputs/metadata", metadata },
	{ "/deconv-inputs/options", wrong_options },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
