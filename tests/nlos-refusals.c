/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-refusals.c - what `nlos` does not take, and how it says so; small and strange captures */
#include <math.h>
#include "math/vec.h"
#include "tests/small-scan.h"

device *cpu;

/* Four parts: what it is about, what is wrong, while doing what, what to try. */
static void says(const char *message, const char *word)
{
	g_test_message("%s", message);
	g_assert_nonnull(strstr(message, word));
	g_assert_nonnull(strstr(message, "while: nlos"));
	g_assert_nonnull(strstr(message, "try:"));
}

static void refused(const given *pictures, const char *const *options, int status, const char *word)
{
	g_autofree char *message = command_refused("nlos", pictures, options, status);
	says(message, word);
}

/* --- geometry --------------------------------------------------------------------------------- */

/* All that is missing in one message, and for each what supplies it. */
static void missing(void)
{
	static const char *const none[] = { NULL }, *const devices[] = { "clock", "devices", NULL },
		*const bin[] = { "bin", "32", NULL };
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	g_autoptr(array) wide = make((shape){ 1, 20, SMALL_ROWS, 40 }, small_counts);
	const given one[] = { { NULL, scan, 0, NULL }, { 0 } }, two[] = { { NULL, wide, 0, NULL }, { 0 } };
	refused(one, none, RELUMINE_BAD_USAGE, "--bin PS --wall X,Y");
	refused(one, bin, RELUMINE_BAD_USAGE, "give --wall X,Y");
	refused(one, devices, RELUMINE_BAD_USAGE,
		"--bin PS --wall X,Y --first-bounce FILE (or --clock wall)");
	refused(two, none, RELUMINE_BAD_USAGE, "--axes ORDER --bin PS --wall X,Y");
}

static const struct { const char *option[9], *word; int status; } wrong[] = {
	{ { "wall", "0" }, "--wall", RELUMINE_BAD_USAGE },
	{ { "wall", "1,2,3" }, "--wall", RELUMINE_BAD_USAGE },
	{ { "detector", "0.1" }, "--detector", RELUMINE_BAD_USAGE },
	{ { "detector", "50,0" }, "49.8 m", RELUMINE_MISMATCH },
	{ { "axes", "tyy" }, "--axes", RELUMINE_BAD_USAGE },
	{ { "axes", "ty" }, "--axes", RELUMINE_BAD_USAGE },
	{ { "gate", "4490" }, "nothing arrives", RELUMINE_BAD_USAGE },
	{ { "gate", "5000" }, "the record ends at 4500 ps", RELUMINE_BAD_USAGE },
	{ { "gate", "soon" }, "--gate", RELUMINE_BAD_USAGE },
	{ { "background", "1e8" }, "--background", RELUMINE_BAD_INPUT },
	{ { "background", "-1" }, "--background", RELUMINE_BAD_USAGE },
	{ { "bins", "0,91" }, "0 to 90", RELUMINE_BAD_USAGE },
	{ { "bins", "50,50" }, "--bins", RELUMINE_BAD_USAGE },
	{ { "bins", "0,20" }, "--bins", RELUMINE_BAD_INPUT },
	{ { "bins", "60,61" }, "--bins", RELUMINE_MISMATCH },
	{ { "bin-time", "60" }, "--bin-time", RELUMINE_MISMATCH },
	{ { "bin-space", "8" }, "--bin-space", RELUMINE_MISMATCH },
	{ { "start", "-5000" }, "500 ps before", RELUMINE_MISMATCH },
	{ { "depth", "0.5,0.2" }, "--depth", RELUMINE_BAD_USAGE },
	{ { "depth", "3,4" }, "--depth", RELUMINE_BAD_USAGE },
	{ { "depth", "3,4", "method", "phasor" }, "--depth", RELUMINE_BAD_USAGE },
	{ { "depth-step", "1e-5", "method", "phasor", "bin", "1000" }, "65536", RELUMINE_BAD_USAGE },
	{ { "frames", "7" }, "7 captures", RELUMINE_MISMATCH },
	{ { "frames", "90" }, "--bins", RELUMINE_MISMATCH },
	{ { "pulses", "10" }, "--pulses", RELUMINE_BAD_INPUT },
	{ { "method", "diffuse" }, "--slab", RELUMINE_BAD_USAGE },
	{ { "detector", "0,0", "method", "lct" }, "not confocal", RELUMINE_MISMATCH },
	{ { "detector", "0,0", "method", "directional" }, "not confocal", RELUMINE_MISMATCH },
	{ { "detector", "0,0", "method", "lct-tv" }, "not confocal", RELUMINE_MISMATCH },
	{ { "detector", "0,0", "method", "diffuse" }, "not confocal", RELUMINE_MISMATCH },
	{ { "compat", "published", "method", "lct-tv" }, "lct and fk alone", RELUMINE_MISMATCH },
	{ { "compat", "published", "method", "directional" }, "lct and fk alone", RELUMINE_MISMATCH },
	{ { "compat", "published", "method", "lct" }, "square wall", RELUMINE_MISMATCH },
	{ { "compat", "published", "start", "500" }, "time 0", RELUMINE_MISMATCH },
	{ { "normals", "x.npy", "method", "lct" }, "--normals", RELUMINE_BAD_USAGE },
	{ { "normals", "x.npy", "frames", "2" }, "--normals", RELUMINE_BAD_USAGE },
	{ { "depth-map", "x.npy", "frames", "2" }, "--depth-map", RELUMINE_BAD_USAGE },
};

static void wrong_options(void)
{
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	const given pictures[] = { { NULL, scan, 0, NULL }, { 0 } };
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		const char *options[32] = { SMALL_SCAN };
		int n = 0;
		while (options[n])
			n++;
		memcpy(options + n, wrong[i].option, sizeof(wrong[i].option));
		refused(pictures, options, wrong[i].status, wrong[i].word);
	}
}

static double few_rows(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return 0.1 * (double)(y * 3 + x);
}

/* Places that do not fit the traces, or each other. */
static void wrong_places(void)
{
	static const char *const scan_options[] = { SMALL_SCAN, NULL };
	static const char *const twice[] = { SMALL_SCAN, "detector", "0,0", NULL };
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	g_autoptr(array) five = make((shape){ 1, 1, 5, 3 }, few_rows);
	g_autoptr(array) one = make((shape){ 1, 1, 1, 3 }, few_rows);
	g_autoptr(array) flat = make((shape){ 1, 1, 5, 2 }, few_rows);
	const given pictures[][4] = {
		{ { NULL, scan, 0, NULL }, { "laser-positions", five, 0, NULL } },
		{ { NULL, scan, 0, NULL }, { "laser-positions", one, 0, NULL },
			{ "detector-positions", five, 0, NULL } },
		{ { NULL, scan, 0, NULL }, { "laser-positions", one, 0, NULL },
			{ "detector-positions", one, 0, NULL } },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(pictures); i++)
		refused(pictures[i], scan_options, RELUMINE_MISMATCH, "70");
	const given columns[] = { pictures[0][0], { "laser-positions", flat, 0, NULL }, { 0 } };
	refused(columns, scan_options, RELUMINE_BAD_INPUT, "2 columns");
	const given both[] = { pictures[0][0], { "laser-positions", one, 0, NULL }, { 0 } };
	refused(both, twice, RELUMINE_BAD_USAGE, "--detector");
	const given times[] = { pictures[0][0], { "first-bounce", five, 0, NULL }, { 0 } };
	refused(times, scan_options, RELUMINE_MISMATCH, "15 times");
}

/* --- counts ----------------------------------------------------------------------------------- */

static double constant(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 3;
}

static void wrong_counts(void)
{
	static const char *const options[] = { SMALL_GRID, NULL };
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	const given pictures[] = { { NULL, scan, 0, NULL }, { 0 } };
	array_row(scan, 0, 40, 3)[2] = NAN;
	refused(pictures, options, RELUMINE_BAD_INPUT, "1 of 6300 values");
	vec_fill(scan, 0);
	refused(pictures, options, RELUMINE_BAD_INPUT, "no count is above 0");
	vec_fill(scan, -1);
	refused(pictures, options, RELUMINE_BAD_INPUT, "no count is above 0");
	vec_fill(scan, 3);
	refused(pictures, options, RELUMINE_BAD_INPUT, "background");
	g_autoptr(array) sets = make((shape){ 3, SMALL_BINS, SMALL_ROWS, SMALL_COLUMNS }, constant);
	const given many[] = { { NULL, sets, 0, NULL }, { 0 } };
	refused(many, options, RELUMINE_MISMATCH, "3 sets of traces");
}

/* --- strange, but a capture ------------------------------------------------------------------- */

static const char *const all_methods[] = { "auto", "lct", "fk", "phasor", "backprojection",
	"filtered", "lct-tv", "directional", "diffuse" };

/* The scene of a capture that may be too little for the method is finite, or refused. */
static void survives(const array *scan, const char *const *options)
{
	const given pictures[] = { { NULL, scan, 0, NULL }, { 0 } };
	relumine_job *job = command_job("nlos", pictures, options);
	g_autoptr(GError) err = NULL;
	if (relumine_job_run(job, &err)) {
		g_autoptr(array) scene = command_result(job);
		bool dark = !((double)vec_max_abs(scene) > 0);
		g_assert_true(isfinite(vec_sum(scene)));
		g_assert_true(dark == (strstr(relumine_job_warnings(job), "nothing is seen") != NULL));
	} else {
		says(err->message, "");
		int status = relumine_exit_status(err);
		g_assert_true(status >= RELUMINE_BAD_USAGE && status <= RELUMINE_OVER_LIMIT);
	}
	relumine_job_free(job);
}

static double bright(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return small_counts(c, z + 40, y, x);
}

static void small_sizes(void)
{
	static const shape sizes[] = { { 1, 20, 1, 1 }, { 1, 20, 1, 7 }, { 1, 20, 7, 1 }, { 1, 2, 2, 2 },
		{ 1, 2, 1, 1 }, { 1, 3, 2, 1 }, { 1, 20, 2, 2 }, { 1, 20, 3, 20 } };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
		for (size_t k = 0; k < G_N_ELEMENTS(all_methods); k++) {
			const char *const options[] = { SMALL_GRID, "start", "2000", SMALL_PLAIN, "method",
				all_methods[k], strcmp(all_methods[k], "diffuse") ? NULL : "slab", "0.02", NULL };
			g_autoptr(array) scan = make(sizes[i], bright);
			survives(scan, options);
		}
}

/* Light that arrives when it cannot, walls of no size and walls like a town. */
static void strange_times(void)
{
	static const char *const starts[] = { "-4000", "-1000", "2345.678", "1e6", "1e9" };
	static const char *const walls[] = { "1e-4,1", "1000" };
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	for (size_t k = 0; k < G_N_ELEMENTS(all_methods); k++) {
		const char *own = strcmp(all_methods[k], "diffuse") ? NULL : "slab";
		for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
			const char *const options[] = { SMALL_GRID, "start", starts[i], "max-memory", "200M",
				"method", all_methods[k], own, "0.02", NULL };
			survives(scan, options);
		}
		for (size_t i = 0; i < G_N_ELEMENTS(walls); i++) {
			const char *const options[] = { "bin", "50", "wall", walls[i], "max-memory", "200M", "method",
				all_methods[k], own, "0.02", NULL };
			survives(scan, options);
		}
	}
}

static void strange_scales(void)
{
	static const double scales[] = { 1e-10, 1e10 };
	for (size_t k = 0; k < G_N_ELEMENTS(all_methods); k++)
		for (size_t i = 0; i < G_N_ELEMENTS(scales); i++) {
			const char *const options[] = { SMALL_SCAN, "method", all_methods[k],
				strcmp(all_methods[k], "diffuse") ? NULL : "slab", "0.02", NULL };
			g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
			vec_scale(scan, (float)scales[i]);
			g_test_message("%s, times %g", all_methods[k], scales[i]);
			survives(scan, options);
		}
}

/* --- warnings with numbers -------------------------------------------------------------------- */

static void warnings(void)
{
	static const char *const wave[] = { SMALL_SCAN, "method", "phasor", "wavelength", "0.1", NULL };
	static const char *const slow[] = { SMALL_SCAN, "method", "lct", "jitter", "1000", NULL };
	g_autoptr(array) scan = make(SMALL_SHAPE, small_counts);
	const given pictures[] = { { NULL, scan, 0, NULL }, { 0 } };
	g_autofree char *aliased = NULL, *coarse = NULL;
	g_autoptr(array) a = command_run("nlos", pictures, wave, &aliased);
	g_autoptr(array) b = command_run("nlos", pictures, slow, &coarse);
	g_test_message("%s%s", aliased, coarse);
	/* four points of 0.05 m; 1 ns is 0.15 m of depth, and more across */
	g_assert_nonnull(strstr(aliased, "0.05 m apart"));
	g_assert_nonnull(strstr(aliased, "0.2 m or more"));
	g_assert_nonnull(strstr(coarse, "1000 ps"));
	g_assert_nonnull(strstr(coarse, "0.45 m"));
}

static const stage_test tests[] = {
	{ "/nlos-refusals/missing", missing },
	{ "/nlos-refusals/options", wrong_options },
	{ "/nlos-refusals/places", wrong_places },
	{ "/nlos-refusals/counts", wrong_counts },
	{ "/nlos-refusals/small-sizes", small_sizes },
	{ "/nlos-refusals/strange-times", strange_times },
	{ "/nlos-refusals/strange-scales", strange_scales },
	{ "/nlos-refusals/warnings", warnings },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
