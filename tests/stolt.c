/* SPDX-License-Identifier: BSD-3-Clause */
/* stolt.c - f-k migration against plain sums in double precision; points found where they are */
#include <complex.h>
#include <math.h>
#include <unistd.h>
#include "math/stolt.h"
#include "tests/five-points.h"
#include "tests/stage.h"

device *cpu;

typedef double complex wave;

static double counts(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return floor(scrambled(c, z, y, x) / 65521 * 9) - 1;    /* some below zero */
}

static double amplitude(const stolt_setting *s, int64_t z, int64_t y, int64_t x)
{
	double weight = s->weights ? s->weights[z] : 1, v = counts(0, z, y, x);
	return s->field ? weight * v : sqrt(weight * fmax(v, 0));
}

static wave turn(double t)
{
	return cexp(2 * I * G_PI * t);
}

/* --- the plain way ---------------------------------------------------------------------------- */

static int64_t at_least(int64_t n)
{
	int64_t p = 1;
	while (p < n)
		p *= 2;
	return p;
}

static shape padded(shape w)
{
	return (shape){ 1, at_least(2 * w.z), at_least(2 * w.y), at_least(2 * w.x) };
}

/* Frequency `f` of time, which need not be a whole number, at ky, kx; bin 0 is at `start`. */
static wave spectrum_at(const stolt_setting *s, double f, int64_t ky, int64_t kx, double start)
{
	shape w = s->window, g = padded(w);
	wave sum = 0;
	for (int64_t i = 0; i < w.z * w.y * w.x; i++) {
		int64_t z = i / (w.y * w.x), y = i / w.x % w.y, x = i % w.x;
		sum += amplitude(s, z, y, x) * turn(-f * ((double)z + start) / (double)g.z -
			(double)(ky * y) / (double)g.y - (double)(kx * x) / (double)g.x);
	}
	return sum;
}

/* The published step: between two frequencies of the grid. */
static wave between(const stolt_setting *s, double f, int64_t ky, int64_t kx)
{
	double below = floor(f);
	if (f > (double)(s->window.z - 1))
		return 0;
	return (below + 1 - f) * spectrum_at(s, below, ky, kx, 0) +
		(f - below) * spectrum_at(s, below + 1, ky, kx, 0);
}

static double ease(double f, double limit)
{
	return cos(G_PI / 2 * f / limit);
}

/* What stands at (k, ky, kx) of the scene's spectrum. */
static wave moved(const stolt_setting *s, int64_t k, int64_t ky, int64_t kx)
{
	shape g = padded(s->window);
	double z = (double)k, y = (double)ky, x = (double)kx, half = (double)g.z / 2;
	double across = hypot((double)g.z * x / ((double)g.x * s->pitch[0]),
		(double)g.z * y / ((double)g.y * s->pitch[1])), f = hypot(z, across);
	if (s->published)
		return between(s, f, ky, kx) * z / f;
	if (f > half)
		return 0;
	return spectrum_at(s, f, ky, kx, s->start) * turn(z * s->start / (double)g.z) * z / f *
		ease(f, half) * ease(y, (double)g.y / 2) * ease(x, (double)g.x / 2);
}

/* Axes one by one: sum over the first of a set of three. */
static void transform_back(wave *v, shape g)
{
	int64_t n[3] = { g.z, g.y, g.x }, step[3] = { g.y * g.x, g.x, 1 }, all = g.z * g.y * g.x;
	for (int axis = 0; axis < 3; axis++) {
		g_autofree wave *line = g_new(wave, n[axis]);
		for (int64_t i = 0; i < all; i++) {
			if (i / step[axis] % n[axis])
				continue;
			for (int64_t m = 0; m < n[axis]; m++) {
				line[m] = 0;
				for (int64_t k = 0; k < n[axis]; k++)
					line[m] += v[i + k * step[axis]] * turn((double)(k * m % n[axis]) / (double)n[axis]);
			}
			for (int64_t m = 0; m < n[axis]; m++)
				v[i + m * step[axis]] = line[m] / (double)n[axis];
		}
	}
}

static wave *plain(const stolt_setting *s)
{
	shape g = padded(s->window);
	wave *v = g_new0(wave, shape_count(g));
	for (int64_t i = g.y * g.x; i < shape_count(g) / 2; i++) {
		int64_t k = i / (g.y * g.x), ky = i / g.x % g.y, kx = i % g.x;
		v[i] = moved(s, k, ky >= g.y / 2 ? ky - g.y : ky, kx >= g.x / 2 ? kx - g.x : kx);
	}
	transform_back(v, g);
	return v;
}

/* --- the comparison --------------------------------------------------------------------------- */

static const double rising[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static const stolt_setting trials[] = {
	{ { 1, 8, 4, 4 }, { 1.7, 1.7 }, 0, .weights = rising, .published = true },
	{ { 1, 16, 2, 8 }, { 2.5, 0.8 }, 0, .weights = rising, .field = true, .published = true },
	{ { 1, 8, 4, 4 }, { 1.7, 1.7 }, 0, .weights = rising },
	{ { 1, 9, 5, 3 }, { 1.2, 2.3 }, 0, .weights = NULL },
	{ { 1, 11, 1, 7 }, { 0.9, 1 }, 4.25, .weights = rising },
	{ { 1, 7, 3, 4 }, { 3, 1.5 }, -6.5, .weights = NULL, .field = true },
	{ { 1, 1, 1, 1 }, { 1, 1 }, 0, .weights = NULL },
};

static array *migrated(device *dev, const stolt_setting *s, const array *data)
{
	g_autoptr(array) there = array_move(data, dev);
	g_autoptr(array) power = array_like(there);
	g_autoptr(stolt) plan = stolt_new(dev, s);
	stolt_migrate(plan, power, there);
	g_autoptr(GError) err = NULL;
	device_ok(dev, &err);
	g_assert_no_error(err);
	return array_move(power, cpu);
}

/* Of the largest value. */
static double gap(const array *a, const wave *v, shape g)
{
	double worst = 0, most = 1e-30;
	for (int64_t z = 0; z < a->shape.z; z++) {
		for (int64_t i = 0; i < a->shape.y * a->shape.x; i++) {
			int64_t y = i / a->shape.x, x = i % a->shape.x;
			double size = cabs(v[(z * g.y + y) * g.x + x]), off = fabs(at(a, 0, z, y, x) - size * size);
			worst = off <= worst ? worst : off;
			most = fmax(most, size * size);
		}
	}
	return worst / most;
}

static void against_sums(device *dev)
{
	for (size_t i = 0; i < G_N_ELEMENTS(trials); i++) {
		g_autoptr(array) data = make(trials[i].window, counts);
		g_autoptr(array) power = migrated(dev, &trials[i], data);
		g_autofree wave *v = plain(&trials[i]);
		double off = gap(power, v, padded(trials[i].window));
		g_test_message("trial %d: %g", (int)i, off);
		g_assert_cmpfloat(off, <, 1e-4);
	}
}

static void on_cpu(void)
{
	against_sums(cpu);
}

static void on_opencl(void)
{
	on_opencl_device(against_sums);
}

static void threads(void)
{
	const stolt_setting s = { { 1, 70, 9, 40 }, { 1.2, 3.3 }, 3, .weights = NULL };
	g_autoptr(array) data = make(s.window, counts);
	g_autoptr(array) two = migrated(cpu, &s, data);
	for (int n = 1; n <= 8; n += n < 3 ? 2 : 5) {
		g_autoptr(device) dev = device_new("cpu", n, NULL, NULL);
		g_autoptr(array) many = migrated(dev, &s, data);
		g_assert_true(same(two, many));
	}
}

/* Kept in files, where there is a folder for them: not a bit differs. */
static void in_files(void)
{
	stolt_setting s = { { 1, 70, 9, 40 }, { 1.2, 3.3 }, 3, .weights = NULL };
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	g_autofree char *folder = g_dir_make_tmp("relumine-XXXXXX", NULL);
	dev->spill = g_strdup(folder);
	g_autoptr(array) data = make(s.window, counts);
	g_autoptr(array) memory = migrated(dev, &s, data);
	s.in_file = true;
	g_autoptr(array) file = migrated(dev, &s, data);
	g_assert_true(same(memory, file));
	g_assert_cmpint(rmdir(folder), ==, 0);  /* nothing was left there */
}

/* Power and data in one array. */
static void in_place(void)
{
	const stolt_setting s = { { 1, 20, 9, 12 }, { 1.2, 3.3 }, 3, .weights = NULL };
	g_autoptr(array) data = make(s.window, counts);
	g_autoptr(array) power = migrated(cpu, &s, data);
	g_autoptr(stolt) plan = stolt_new(cpu, &s);
	stolt_migrate(plan, data, data);
	g_assert_true(same(data, power));
}

/* Any size is as good as the next power of two, filled up with zeros. */
static void zeros_around(void)
{
	stolt_setting s = { { 1, 700, 33, 48 }, { 3.3, 2.5 }, 12, .weights = NULL };
	shape w = s.window, large = { 1, 1024, 64, 64 };
	g_autoptr(array) data = make(w, counts);
	g_autoptr(array) extended = array_new(cpu, REAL, large);
	for (int64_t i = 0; i < shape_count(large); i++) {
		int64_t z = i / (large.y * large.x), y = i / large.x % large.y, x = i % large.x;
		array_row(extended, 0, z, y)[x] = z < w.z && y < w.y && x < w.x ? (float)at(data, 0, z, y, x) : 0;
	}
	g_autoptr(array) a = migrated(cpu, &s, data);
	s.window = large;
	g_autoptr(array) b = migrated(cpu, &s, extended);
	double worst = 0, most = 0;
	for (int64_t i = 0; i < shape_count(w); i++) {
		int64_t z = i / (w.y * w.x), y = i / w.x % w.y, x = i % w.x;
		worst = fmax(worst, fabs(at(a, 0, z, y, x) - at(b, 0, z, y, x)));
		most = fmax(most, at(b, 0, z, y, x));
	}
	g_test_message("%g", worst / most);
	g_assert_cmpfloat(worst, <=, 1e-4 * most);
}

/* --- points ----------------------------------------------------------------------------------- */

static double *squares_of_time(int64_t n, double start)
{
	double *w = g_new(double, n);
	for (int64_t m = 0; m < n; m++)
		w[m] = ((double)m + start) * ((double)m + start);
	return w;
}

/* One point's counts, 1/r^4, with a pulse of 2 bins FWHM; lengths in depths of a bin. */
static const double place[3] = { 21.3, 14.6, 95.2 };
static const double pitch[2] = { 1.9, 2.4 };
enum { LATE = 60 };

static double from_point(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double dx = (double)x * pitch[0] - place[0], dy = (double)y * pitch[1] - place[1];
	double r = sqrt(dx * dx + dy * dy + place[2] * place[2]);
	double t = ((double)z + LATE - r) / (2 / 2.3548);
	(void)c;
	return 1e9 / (r * r * r * r) * exp(-0.5 * t * t);
}

/* Bins begin late, pitches differ, no size is round. */
static void finds_point(void)
{
	stolt_setting s = { { 1, 90, 17, 27 }, { pitch[0], pitch[1] }, LATE, .weights = NULL };
	g_autofree double *weights = squares_of_time(s.window.z, LATE);
	double found[3];
	s.weights = weights;
	g_autoptr(array) data = make(s.window, from_point);
	g_autoptr(array) power = migrated(cpu, &s, data);
	centroid(power, (double[3]){ place[0] / pitch[0], place[1] / pitch[1], place[2] - LATE },
		found);
	g_test_message("%g %g %g", found[0], found[1], found[2]);
	g_assert_cmpfloat_with_epsilon(found[0], place[0] / pitch[0], 0.1);
	g_assert_cmpfloat_with_epsilon(found[1], place[1] / pitch[1], 0.1);
	g_assert_cmpfloat_with_epsilon(found[2], place[2] - LATE, 0.1);
}

static void finds_five(void)
{
	double depth = POINT_PATH / 2, step = POINT_WALL / 63 / depth;
	g_autofree double *weights = squares_of_time(POINT_BINS, 0);
	const stolt_setting s = { { 1, POINT_BINS, 64, 64 }, { step, step }, 0, .weights = weights };
	g_autoptr(array) data = five_traces(64, 64);
	g_autoptr(array) power = migrated(cpu, &s, data);
	point_error e = five_errors(power, 0, depth);
	g_test_message("lateral %.4f voxels, dz %.4f mm", e.lateral, e.depth * 1e3);
	g_assert_cmpfloat(e.lateral, <=, 0.02);
	g_assert_cmpfloat(e.depth, <=, 0.15e-3);
}

static const stage_test tests[] = {
	{ "/stolt/cpu", on_cpu },
	{ "/stolt/opencl", on_opencl },
	{ "/stolt/threads", threads },
	{ "/stolt/in-files", in_files },
	{ "/stolt/in-place", in_place },
	{ "/stolt/zeros-around", zeros_around },
	{ "/stolt/point", finds_point },
	{ "/stolt/five-points", finds_five },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
