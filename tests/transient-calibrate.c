/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-calibrate.c - shifts, time zero, gate, background, pile-up, bins, pulse: by formula */
#include <math.h>
#include "math/vec.h"
#include "stage/random.h"
#include "stage/transient.h"
#include "tests/command.h"

device *cpu;

enum { ROWS = 3, COLUMNS = 7, BINS = 96, TRACES = 2 * ROWS * COLUMNS };
static const shape small = { 2, BINS, ROWS, COLUMNS };

static double bin_of(const array *a, int64_t i, int64_t m)
{
	return m >= 0 && m < a->shape.z ? (double)transient_trace(a, i)[m * transient_stride(a)] : 0;
}

static double gauss(double t, double sigma)
{
	return exp(-0.5 * t * t / (sigma * sigma));
}

/* Trace i has its pulse at 40 + i / 8. */
static double pulses(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double at = 40 + 0.125 * (double)((c * ROWS + y) * COLUMNS + x);
	return 100 * gauss((double)z - at, 2);
}

/* --- shifts ----------------------------------------------------------------------------------- */

static void whole_shifts(void)
{
	static const double by[] = { 0, 1, -1, 17, -40, 95, -96, 200, -1e9 };
	g_autoptr(array) a = make(small, scrambled);
	for (size_t k = 0; k < 2 * G_N_ELEMENTS(by); k++) {
		double later[ROWS * COLUMNS];
		g_autoptr(array) b = array_copy(a);
		for (int i = 0; i < ROWS * COLUMNS; i++)
			later[i] = i % 2 ? by[k / 2] : 0;
		transient_shift_traces(b, ROWS * COLUMNS, later, k % 2 ? SHIFT_LINEAR : SHIFT_FOURIER);
		for (int64_t i = 0; i < TRACES; i++)
			for (int64_t m = 0; m < BINS; m++)
				g_assert_cmpfloat(bin_of(b, i, m), ==,
					bin_of(a, i, m - (int64_t)later[i % (ROWS * COLUMNS)]));
	}
}

static void linear_shifts(void)
{
	double later[TRACES];
	g_autoptr(array) a = make(small, scrambled), b = array_copy(a);
	for (int i = 0; i < TRACES; i++)
		later[i] = 0.37 * i - 7.5;
	transient_shift_traces(b, TRACES, later, SHIFT_LINEAR);
	for (int64_t i = 0; i < TRACES; i++)
		for (int64_t m = 0; m < BINS; m++) {
			int64_t whole = (int64_t)floor(later[i]);
			double part = later[i] - floor(later[i]);
			g_assert_cmpfloat_with_epsilon(bin_of(b, i, m), (1 - part) * bin_of(a, i, m - whole) +
				part * bin_of(a, i, m - whole - 1), 0.02);      /* of 65521 */
		}
}

/* A pulse that the bins can show is moved as it is, and not brought back at the other end. */
static void fourier_shifts(void)
{
	double later[TRACES];
	g_autoptr(array) a = make(small, pulses);
	for (int i = 0; i < TRACES; i++)
		later[i] = -40 + 2.2625 * i;
	transient_shift_traces(a, TRACES, later, SHIFT_FOURIER);
	for (int64_t i = 0; i < TRACES; i++) {
		double at = 40 + 0.125 * (double)i + later[i];
		for (int64_t m = 0; m < BINS && at > 0 && at < 90; m++)
			g_assert_cmpfloat_with_epsilon(bin_of(a, i, m), 100 * gauss((double)m - at, 2), 2e-4);
	}
}

static void shift_threads(void)
{
	double later[TRACES];
	g_autoptr(device) one = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) a = make(small, scrambled), b = array_move(a, one);
	for (int i = 0; i < TRACES; i++)
		later[i] = 0.37 * i - 7.5;
	transient_shift_traces(a, TRACES, later, SHIFT_FOURIER);
	transient_shift_traces(b, TRACES, later, SHIFT_FOURIER);
	transient_deconvolve_jitter(a, 3, 0.01);
	transient_deconvolve_jitter(b, 3, 0.01);
	g_assert_true(same(a, b));
}

/* --- time zero -------------------------------------------------------------------------------- */

static void bounces(void)
{
	double at[TRACES], strength[TRACES];
	g_autoptr(array) a = make(small, pulses);
	for (int64_t m = 0; m < BINS; m++)
		transient_trace(a, 5)[m * transient_stride(a)] = 0;
	for (int mark = MARK_PEAK; mark <= MARK_EDGE; mark++) {
		transient_find_bounce(a, (enum transient_mark)mark, at, strength);
		g_assert_cmpfloat(strength[5], ==, 0);
		for (int i = 0; i < TRACES; i++) {
			double want = 40 + 0.125 * i - (mark == MARK_EDGE ? 2 * sqrt(2 * log(2)) : 0);
			g_assert_true(i == 5 || fabs(at[i] - want) < 0.06);
			g_assert_true(i == 5 || fabs(strength[i] - 100) < 4);
		}
	}
}

/* A paraboloid, a quarter of whose traces say something else. */
static void surfaces(void)
{
	enum { H = 20, W = 30 };
	static const double k[] = { 200, -7, 3, 5, 0.5, -2 };
	double at[H * W], strength[H * W];
	transient_surface_fit f;
	for (int i = 0; i < H * W; i++) {
		double x = 2.0 * (i % W) / (W - 1) - 1, y = 2.0 * (i / W) / (H - 1) - 1;
		at[i] = k[0] + k[1] * x + k[2] * y + k[3] * x * x + k[4] * x * y + k[5] * y * y;
		at[i] = i % 4 == 1 ? 220 + 17 * (i % 31) : at[i];
		strength[i] = i % 50 != 3;
	}
	g_assert_true(transient_fit_surface(H, W, at, strength, &f));
	g_assert_cmpint(f.degree, ==, 4);
	for (int i = 0; i < 15; i++)
		g_assert_cmpfloat_with_epsilon(f.k[i], i < 6 ? k[i] : 0, 1e-4);
	g_assert_cmpfloat_with_epsilon(f.used, 0.75, 0.02);
	g_assert_cmpfloat_with_epsilon(transient_surface_at(&f, H, W, H - 1, 0),
		200 + 7 + 3 + 5 - 0.5 - 2, 1e-3);
	/* one row says nothing of y, but all the same something of its points */
	g_assert_true(transient_fit_surface(1, W, at, strength, &f));
	g_assert_cmpfloat_with_epsilon(transient_surface_at(&f, 1, W, 0, 8), at[8], 0.5);
	memset(strength, 0, sizeof(strength));
	g_assert_false(transient_fit_surface(H, W, at, strength, &f));
}

/* Ways to and from devices near the wall, from counts of a scan. */
static void ways(void)
{
	enum { N = 24 };
	static const double laser[] = { -0.3, 0.1, 1.2 }, camera[] = { 0.2, -0.1, 1.4 };
	static const char *const options[] = { "scene", "points", "grid", "24", "bins", "400", "bin", "16",
		"clock", "devices", "laser", "-0.3,0.1,1.2", "camera", "0.2,-0.1,1.4", "start", "7000",
		"direct", "100", "photons", "20000", NULL };
	static const given nothing[] = { { 0 } };
	double at[N * N], strength[N * N], most = 0;
	transient_surface_fit f;
	g_autoptr(array) a = command_run("simulate nlos", nothing, options, NULL);
	transient_find_bounce(a, MARK_PEAK, at, strength);
	g_assert_true(transient_fit_surface(N, N, at, strength, &f));
	for (int i = 0; i < N * N; i++) {
		double x = (double)(i % N) / (N - 1) - 0.5, y = (double)(i / N) / (N - 1) - 0.5;
		double way = sqrt(pow(x - laser[0], 2) + pow(y - laser[1], 2) + pow(laser[2], 2)) +
			sqrt(pow(x - camera[0], 2) + pow(y - camera[1], 2) + pow(camera[2], 2));
		double want = (way / 299792458 - 7e-9) / 16e-12;
		most = fmax(most, fabs(transient_surface_at(&f, N, N, i / N, i % N) - want));
	}
	g_test_message("off by %g bins at most", most);
	g_assert_cmpfloat(most, <, 0.4);
}

/* Captures turned around in time: the wall's light is where it has been turned to. */
static void turned(void)
{
	enum { N = 12, T = 512 };
	static const char *const options[] = { "scene", "letters", "grid", "12", "bin", "16", "bins",
		"512", "time-shift", "320", "direct", "3", "photons", "100000", "background", "0.05", NULL };
	static const given nothing[] = { { 0 } };
	g_autoptr(array) a = command_run("simulate nlos", nothing, options, NULL);
	for (int by = -200; by <= 200; by += 25) {
		double at[N * N], strength[N * N];
		transient_surface_fit f;
		g_autoptr(array) b = array_like(a);
		for (int64_t m = 0; m < T; m++) {
			array to = array_plane(b, 0, (m + by + T) % T), from = array_plane(a, 0, m);
			array_assign(&to, &from);
		}
		transient_find_bounce(b, MARK_PEAK, at, strength);
		g_assert_true(transient_fit_surface(N, N, at, strength, &f));
		for (int i = 0; i < N * N; i++) {
			double found = transient_surface_at(&f, N, N, i / N, i % N);
			g_assert_cmpfloat(fabs(remainder(found - 20 - by, T)), <, 1);
		}
	}
}

/* Light of the wall with a tail, a scene whose light begins at 200, background. */
typedef struct { double wall, tail, scene, background; int64_t first; } light;

static array *with_tail(const light *l)
{
	array *a = array_new(cpu, REAL, (shape){ 1, 512, 8, 8 });
	for (int64_t i = 0; i < 512 * 64; i++) {
		double m = (double)(i / 64 - l->first), u = m - 200;
		double v = l->background + (m < 0 ? 0 : l->wall * exp(-m / l->tail)) +
			(u < 0 ? 0 : l->scene * u / 20 * exp(1 - u / 20));
		array_row(a, 0, i / 64, i / 8 % 8)[i % 8] = (float)v;
	}
	return a;
}

static void tails(void)
{
	static const struct { light l; int64_t least, most; } cases[] = {
		{ { 1000, 12, 5, 0.1, 2 }, 100, 140 },  /* 1000 exp(-m / 12) = 0.1 at 111 */
		{ { 1000, 12, 5, 0, 2 }, 150, 210 },    /* no floor: when the scene begins */
		{ { 1000, 60, 200, 0.1, 2 }, 190, 225 },        /* the tail meets the scene */
		{ { 1000, 0.5, 1, 0.01, 0 }, 3, 12 },   /* hardly a tail */
		{ { 0, 12, 5, 0.1, 2 }, 0, 0 },         /* no wall */
		{ { 1000, 12, 500, 0.1, 2 }, 0, 0 },    /* as strong as a scene */
		{ { 1000, 12, 5, 100, 2 }, 0, 0 },      /* hardly above the background */
		{ { 1000, 12, 5, 0.1, 60 }, 0, 0 },     /* later than the wall can be */
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(array) a = with_tail(&cases[i].l);
		int64_t end = transient_tail_end(a, 20);
		g_test_message("%d: %d", (int)i, (int)end);
		g_assert_cmpint(end, >=, cases[i].least);
		g_assert_cmpint(end, <=, cases[i].most);
	}
}

/* --- what is taken away ----------------------------------------------------------------------- */

static void gates(void)
{
	g_autoptr(array) a = make(small, scrambled), cut = array_copy(a), soft = array_copy(a);
	transient_gate(cut, 30, 0);
	transient_gate(soft, 30.5, 8);
	for (int64_t m = 0; m < BINS; m++) {
		double in = ((double)m - 30.5) / 8, weight = in < 0 ? 0 : in > 1 ? 1 : pow(sin(M_PI_2 * in), 2);
		g_assert_cmpfloat(bin_of(cut, 8, m), ==, m < 30 ? 0 : bin_of(a, 8, m));
		g_assert_cmpfloat_with_epsilon(bin_of(soft, 8, m), weight * bin_of(a, 8, m), 0.02);
	}
}

/* Between the wall's light and the scene's, or before both. */
static void quiet(void)
{
	const light l = { 1000, 12, 5, 0.1, 60 };
	g_autoptr(array) a = with_tail(&l);
	g_assert_cmpint(transient_quietest(a, 0, 40), <=, 20);
	int64_t first = transient_quietest(a, 61, 40);
	g_assert_cmpint(first, >=, 60 + 110);
	g_assert_cmpint(first, <=, 261 - 40);
	g_assert_cmpint(transient_quietest(a, 500, 12), ==, 500);
}

/* Poisson counts of known mean, few and many, in units of 1 or not, and a twentieth far above. */
static void backgrounds(void)
{
	static const double means[] = { 0, 0.04, 0.5, 0.8, 3.3, 100 }, units[] = { 1, 0.013 };
	enum { T = 2000, FIRST = 1000, N = 64 };
	for (size_t k = 0; k < 2 * G_N_ELEMENTS(means); k++) {
		double mean = means[k / 2], unit = units[k % 2];
		g_autoptr(array) a = array_new(cpu, REAL, (shape){ 1, T, 8, 8 });
		for (int64_t i = 0; i < T * N; i++) {
			random_stream s = random_at(3, 77, (uint64_t)i);
			double v = i / N < FIRST ? 50 : random_poisson(&s, mean);
			v += mean > 0 && i / N > FIRST && i / N % 20 == 0 ? 200 + 10 * mean : 0;
			array_row(a, 0, i / N, i / 8 % 8)[i % 8] = (float)(unit * v);
		}
		double level = transient_subtract_background(a, FIRST, T) / unit;
		/* (N x 950 counts, four deviations of their mean; and what is cut off of their own tail) */
		double away = 4 * sqrt(mean / (N * 950)) + 2e-3 * mean + 1e-6;
		g_test_message("mean %g: %g", mean, level);
		g_assert_cmpfloat_with_epsilon(level, mean, away);
		g_assert_cmpfloat_with_epsilon(bin_of(a, 9, 10) / unit, 50 - mean, 2 * sqrt(mean / 100) + 1e-5);
	}
}

/* What a detector that stops at its first photon counts of known rates. */
static void pile_up(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(array) a = array_new(cpu, REAL, (shape){ 1, BINS, 2, 2 });
	for (int64_t i = 0; i < 4; i++) {
		double before = 0;
		for (int64_t m = 0; m < BINS; m++) {
			double rate = 0.02 * gauss((double)(m - 50), 9) * (double)(i + 1);
			transient_trace(a, i)[m * transient_stride(a)] =
				(float)(1e5 * exp(-before) * (1 - exp(-rate)));
			before += rate;
		}
	}
	g_assert_true(transient_undo_pileup(a, 1e5, NULL));
	for (int64_t i = 0; i < 4; i++)
		for (int64_t m = 0; m < BINS; m++)
			g_assert_cmpfloat_with_epsilon(bin_of(a, i, m),
				2000 * gauss((double)(m - 50), 9) * (double)(i + 1), 0.01);
	g_autoptr(array) kept = array_copy(a);
	g_assert_false(transient_undo_pileup(a, 20000, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_INPUT);
	g_assert_nonnull(strstr(err->message, "--pulses"));
	g_assert_true(same(a, kept));
}

/* --- fewer of them ---------------------------------------------------------------------------- */

static void binning(void)
{
	g_autoptr(array) a = make(small, scrambled);
	g_autoptr(array) t = transient_bin_time(a, 7), s = transient_bin_space(a, 3);
	g_autoptr(array) crop = transient_crop(a, -5, 110);
	g_assert_true(shape_equal(t->shape, (shape){ 2, 13, ROWS, COLUMNS }));
	g_assert_true(shape_equal(s->shape, (shape){ 2, BINS, 1, 2 }));
	for (int64_t i = 0; i < TRACES; i++) {
		for (int64_t m = 0; m < 110; m++)
			g_assert_cmpfloat(bin_of(crop, i, m), ==, bin_of(a, i, m - 5));
		for (int64_t m = 0; m < 13; m++) {
			double sum = 0;
			for (int64_t k = 0; k < 7; k++)
				sum += bin_of(a, i, 7 * m + k);
			g_assert_cmpfloat_with_epsilon(bin_of(t, i, m), sum, 0.1);
		}
	}
	for (int64_t x = 0; x < 2; x++) {
		double sum = 0;
		for (int64_t k = 0; k < 9; k++)
			sum += at(a, 1, 11, k / 3, 3 * x + k % 3);
		g_assert_cmpfloat_with_epsilon(at(s, 1, 11, 0, x), sum, 0.1);
	}
	double places[3 * ROWS * COLUMNS];
	for (int i = 0; i < 3 * ROWS * COLUMNS; i++)
		places[i] = i % 3 == 0 ? i / 3 % COLUMNS : i % 3 == 1 ? 10 * (i / 3 / COLUMNS) : 0.5;
	g_autofree double *means = transient_bin_places(places, ROWS, COLUMNS, 3);
	const double want[] = { 1, 10, 0.5, 4, 10, 0.5 };
	for (int i = 0; i < 6; i++)
		g_assert_cmpfloat_with_epsilon(means[i], want[i], 1e-12);
}

/* --- the pulse -------------------------------------------------------------------------------- */

/* A Gaussian without a narrower one is narrower: variances subtract. */
static void jitter(void)
{
	const double wide = 3.2, taken = 2.4, left = sqrt(wide * wide - taken * taken);
	double values[41], fwhm = 2 * sqrt(2 * log(2)) * taken;
	g_autoptr(array) a = array_new(cpu, REAL, (shape){ 1, BINS, 3, 7 });
	for (int64_t i = 0; i < 21 * BINS; i++)
		transient_trace(a, i / BINS)[i % BINS * transient_stride(a)] =
			(float)gauss((double)(i % BINS) - 45.3, wide);
	for (int i = 0; i < 41; i++)
		values[i] = 7 * gauss(i - 20.0, taken);
	g_autoptr(array) b = array_copy(a);
	transient_deconvolve_jitter(a, fwhm, 1e-8);
	transient_deconvolve(b, &(transient_pulse){ values, 41, 20 }, 1e-8);
	for (int64_t m = 0; m < BINS; m++) {
		double want = wide / left * gauss((double)m - 45.3, left);
		g_assert_cmpfloat_with_epsilon(bin_of(a, 20, m), want, 4e-3);
		g_assert_cmpfloat_with_epsilon(bin_of(b, 20, m), want, 4e-3);
	}
}

/* A pulse of one bin, two after its middle, with noise as strong as light: half, two earlier. */
static void late_pulse(void)
{
	static const double values[] = { 0, 0, 0, 5, 0 };
	g_autoptr(array) a = make(small, scrambled), b = array_copy(a);
	transient_deconvolve(b, &(transient_pulse){ values, 5, 1 }, 1);
	for (int64_t i = 0; i < TRACES; i++)
		for (int64_t m = 0; m < BINS; m++)
			g_assert_cmpfloat_with_epsilon(bin_of(b, i, m), 0.5 * bin_of(a, i, m + 2), 0.1);
}

static const stage_test tests[] = {
	{ "/transient-calibrate/whole-shifts", whole_shifts },
	{ "/transient-calibrate/linear-shifts", linear_shifts },
	{ "/transient-calibrate/fourier-shifts", fourier_shifts },
	{ "/transient-calibrate/threads", shift_threads },
	{ "/transient-calibrate/bounces", bounces },
	{ "/transient-calibrate/surfaces", surfaces },
	{ "/transient-calibrate/ways", ways },
	{ "/transient-calibrate/turned", turned },
	{ "/transient-calibrate/tails", tails },
	{ "/transient-calibrate/gates", gates },
	{ "/transient-calibrate/quiet", quiet },
	{ "/transient-calibrate/backgrounds", backgrounds },
	{ "/transient-calibrate/pile-up", pile_up },
	{ "/transient-calibrate/binning", binning },
	{ "/transient-calibrate/jitter", jitter },
	{ "/transient-calibrate/late-pulse", late_pulse },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
