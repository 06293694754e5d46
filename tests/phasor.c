/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor.c - the phasor field against sums in double, frequency by frequency and in time */
#include <complex.h>
#include <glib.h>
#include <math.h>
#include "math/phasor-direct.h"
#include "math/phasor-field.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "tests/stage.h"

device *cpu;

/* --- plain sums ------------------------------------------------------------------------------- */

static double envelope(const phasor_setup *s)
{
	return s->cycles * s->wavelength / 6;
}

/* The pulse at path length L, of which the spectrum is the weight of the header: in time. */
static double complex pulse(const phasor_setup *s, double path)
{
	const double floor_ = 1e-5;
	double e = envelope(s), band = sqrt(-2 * log(floor_)) / (2 * G_PI * e), centre = 1 / s->wavelength;
	double complex sum = 0;
	/* from 0 on: waves of negative frequency are those of positive ones, running backwards */
	double low = fmax(centre - band, 0), high = centre + band;
	int n = 2000;
	for (int i = 0; i < n; i++) {
		double f = low + (high - low) * (i + 0.5) / n, t = 2 * G_PI * e * (f - centre);
		sum += (exp(-t * t / 2) - floor_) / (1 - floor_) * cexp(2 * G_PI * I * f * path);
	}
	return sum * (high - low) / n;
}

/* Pulses for all path lengths that may come, close together: see look_up. */
typedef struct { double complex *value; int n; double first, step; } pulse_table;

static pulse_table pulses(const phasor_setup *s, double longest)
{
	double step = s->wavelength / 200;
	pulse_table t = { NULL, (int)(2 * longest / step) + 4, -longest, step };
	t.value = g_new(double complex, t.n);
	for (int i = 0; i < t.n; i++)
		t.value[i] = pulse(s, t.first + i * step);
	return t;
}

/* Cubic between four neighbours. */
static double complex look_up(const pulse_table *t, double path)
{
	double u = (path - t->first) / t->step;
	int i = CLAMP((int)u, 1, t->n - 3);
	double a = u - i;
	return t->value[i - 1] * (-a * (a - 1) * (a - 2) / 6) +
		t->value[i] * ((a + 1) * (a - 1) * (a - 2) / 2) +
		t->value[i + 1] * (-(a + 1) * a * (a - 2) / 2) + t->value[i + 2] * ((a + 1) * a * (a - 1) / 6);
}

static double distance(const double a[3], const double b[3])
{
	return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
		(a[2] - b[2]) * (a[2] - b[2]));
}

/* What trace (y, x) of channel c adds to voxel v. */
static double complex one_trace(const phasor_setup *s, const pulse_table *t, const array *counts,
	const int64_t at[3], const double v[3])
{
	double point[3] = { (double)at[2] * s->pitch[0], (double)at[1] * s->pitch[1], 0 };
	double r = distance(point, v), path = 2 * r;
	if (s->n_fixed)
		path = r + distance(s->fixed + 3 * at[0], v);
	double complex sum = 0;
	for (int64_t m = 0; m < s->bins; m++) {
		double there = s->start + s->bin * (double)m;
		double count = (double)array_row(counts, at[0], m, at[1])[at[2]];
		sum += count * pow(fmax(there, 0), s->power) * look_up(t, path - there);
	}
	return sum / r;
}

static array *plain(const phasor_setup *s, const array *counts)
{
	array *volume = array_new(cpu, REAL, (shape){ 1, s->depths, s->n[1], s->n[0] });
	double longest = s->start + s->bin * (double)s->bins + 4 * (s->depth + s->step *
		(double)s->depths + s->pitch[0] * (double)s->n[0] + s->pitch[1] * (double)s->n[1]);
	pulse_table t = pulses(s, longest);
	for (int64_t i = 0; i < shape_count(volume->shape); i++) {
		int64_t x = i % s->n[0], y = i / s->n[0] % s->n[1], z = i / s->n[0] / s->n[1];
		double v[3] = { (double)x * s->pitch[0], (double)y * s->pitch[1],
			s->depth + s->step * (double)z };
		double complex sum = 0;
		for (int64_t c = 0; c < MAX(s->n_fixed, 1); c++)
			for (int64_t k = 0; k < s->n[0] * s->n[1]; k++)
				sum += one_trace(s, &t, counts, (int64_t[]){ c, k / s->n[0], k % s->n[0] }, v);
		sum *= v[2] / (double)(s->n[0] * s->n[1]);
		array_row(volume, 0, z, y)[x] = (float)(creal(sum) * creal(sum) + cimag(sum) * cimag(sum));
	}
	g_free(t.value);
	return volume;
}

/* --- the same from the library ---------------------------------------------------------------- */

static array *random_counts(const phasor_setup *s)
{
	array *a = array_new(cpu, REAL, (shape){ MAX(s->n_fixed, 1), s->bins, s->n[1], s->n[0] });
	array_fill_uniform(a, 5);
	for (int64_t i = 0; i < shape_count(a->shape); i++) {
		float *v = array_row(a, i / s->n[0] / s->n[1] / s->bins, i / s->n[0] / s->n[1] % s->bins,
			i / s->n[0] % s->n[1]) + i % s->n[0];
		*v = *v * *v * 10;
	}
	return a;
}

static array *field_of(device *dev, const phasor_setup *s, const array *counts, int64_t keep,
	int times)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(phasor_field) f = phasor_field_new(dev, s, keep);
	array *volume = array_new(cpu, REAL, (shape){ 1, s->depths, s->n[1], s->n[0] });
	for (int i = 0; i < times; i++) {
		phasor_field_run(f, counts, volume, NULL, &err);
		g_assert_no_error(err);
	}
	return volume;
}

/* The largest difference of amplitudes, of the largest amplitude. */
static double apart(const array *a, const array *b)
{
	double most = 0, worst = 0;
	for (int64_t i = 0; i < a->shape.z * a->shape.y; i++) {
		const float *u = array_row(a, 0, i / a->shape.y, i % a->shape.y);
		const float *v = array_row(b, 0, i / a->shape.y, i % a->shape.y);
		for (int64_t x = 0; x < a->shape.x; x++) {
			most = fmax(most, sqrt((double)v[x]));
			worst = fmax(worst, fabs(sqrt((double)u[x]) - sqrt((double)v[x])));
		}
	}
	return worst / most;
}

static const double two_points[] = { 0.03, 0.11, 0, -0.1, 0.05, 0.02 };

static const phasor_setup confocal = {
	.n = { 12, 9 }, .pitch = { 0.02, 0.025 }, .bins = 150, .bin = 0.01, .start = 0.1,
	.depth = 0.2, .step = 0.02, .depths = 12, .wavelength = 0.08, .cycles = 5, .power = 1
};

static phasor_setup with_fixed(int64_t n)
{
	phasor_setup s = confocal;
	s.n_fixed = n;
	s.fixed = two_points;
	return s;
}

static void check_sums(device *dev, const phasor_setup *s)
{
	g_autoptr(array) counts = random_counts(s);
	g_autoptr(array) expected = plain(s, counts);
	g_autoptr(array) once = field_of(dev, s, counts, 0, 1);
	g_autoptr(array) kept = field_of(dev, s, counts, 1 << 30, 3);
	g_test_message("%g, kept %g", apart(once, expected), apart(kept, expected));
	g_assert_cmpfloat(apart(once, expected), <, 1e-4);
	g_assert_cmpfloat(apart(kept, expected), <, 1e-4);
}

static void confocal_sums(void)
{
	check_sums(cpu, &confocal);
}

static void fixed_sums(void)
{
	phasor_setup one = with_fixed(1), two = with_fixed(2);
	check_sums(cpu, &one);
	check_sums(cpu, &two);
}

/* --- backends, threads, memory ---------------------------------------------------------------- */

static void on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device");
		return;
	}
	for (int64_t n = 0; n < 3; n++) {
		phasor_setup s = n ? with_fixed(n) : confocal;
		g_autoptr(array) counts = random_counts(&s);
		g_autoptr(array) a = field_of(cpu, &s, counts, 0, 1);
		g_autoptr(array) b = field_of(dev, &s, counts, 0, 1);
		g_autoptr(array) kept = field_of(dev, &s, counts, 1 << 30, 2);
		g_assert_cmpfloat(apart(b, a), <, 1e-5);
		g_assert_cmpfloat(apart(kept, a), <, 1e-4);
	}
}

static void same_bytes(void)
{
	for (int64_t n = 0; n < 3; n++)
		for (int threads = 1; threads < 6; threads += 2) {
			g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
			phasor_setup s = n ? with_fixed(n) : confocal;
			g_autoptr(array) counts = random_counts(&s);
			g_autoptr(array) a = field_of(cpu, &s, counts, 1 << 30, 2);
			g_autoptr(array) b = field_of(dev, &s, counts, 1 << 30, 2);
			g_assert_true(same(a, b));
		}
}

/* Little memory: smaller blocks, and kernels made anew each time, for the same picture. */
static void little_memory(void)
{
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	phasor_setup s = confocal;
	s.n[0] = 60;
	s.n[1] = 50;
	s.pitch[0] = s.pitch[1] = 0.02;
	g_autoptr(array) counts = random_counts(&s);
	g_autoptr(array) whole = field_of(cpu, &s, counts, 1 << 30, 2);
	dev->memory_limit = 20 << 20;
	g_autoptr(array) part = field_of(dev, &s, counts, 0, 2);
	g_assert_cmpint(dev->memory_peak, <=, dev->memory_limit);
	g_assert_cmpfloat(apart(part, whole), <, 1e-4);
}

/* One row of points, one column, one point; bins that begin late; a scene nobody has seen. */
static void odd_walls(void)
{
	static const int64_t sizes[][2] = { { 7, 1 }, { 1, 8 }, { 1, 1 }, { 2, 3 } };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		phasor_setup s = confocal;
		s.n[0] = sizes[i][0];
		s.n[1] = sizes[i][1];
		s.start = 0.35;
		check_sums(cpu, &s);
	}
	phasor_setup s = confocal;
	s.depth = 5;
	g_autoptr(array) counts = random_counts(&s);
	g_autoptr(array) v = field_of(cpu, &s, counts, 0, 1);
	g_assert_true(vec_finite(v));
	g_assert_cmpfloat((double)vec_max_abs(v), <, 1e-6);
}

/* --- points anywhere -------------------------------------------------------------------------- */

static void direct_on(device *dev, const phasor_setup *s)
{
	g_autofree double *points = g_new(double, 3 * s->n[0] * s->n[1]);
	for (int64_t i = 0; i < s->n[0] * s->n[1]; i++) {
		points[3 * i] = (double)(i % s->n[0]) * s->pitch[0];
		points[3 * i + 1] = (double)(i / s->n[0]) * s->pitch[1];
		points[3 * i + 2] = 0;
	}
	const phasor_direct_setup d = {
		.wall = { .n_points = s->n[0] * s->n[1], .n_fixed = s->n_fixed, .points = points,
			.fixed = s->fixed, .bins = s->bins, .bin = s->bin, .start = s->start,
			.first = { 0, 0, s->depth }, .step = { s->pitch[0], s->pitch[1], s->step },
			.n = { s->n[0], s->n[1], s->depths } },
		.wavelength = s->wavelength, .cycles = s->cycles, .power = s->power
	};
	g_autoptr(GError) err = NULL;
	g_autoptr(array) counts = random_counts(s);
	g_autoptr(array) grid = field_of(cpu, s, counts, 0, 1);
	g_autoptr(array) traces = array_lend(counts, dev);
	g_autoptr(array) volume = array_new(dev, REAL, grid->shape);
	phasor_direct_run(dev, &d, traces, volume, NULL, &err);
	g_assert_no_error(err);
	g_autoptr(array) v = array_move(volume, cpu);
	g_test_message("%g", apart(v, grid));
	g_assert_cmpfloat(apart(v, grid), <, 5e-3);
}

static void direct(void)
{
	phasor_setup two = with_fixed(2);
	direct_on(cpu, &confocal);
	direct_on(cpu, &two);
}

static void direct_on_opencl(void)
{
	phasor_setup two = with_fixed(2);
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (dev)
		direct_on(dev, &two);
	else
		g_test_skip("no OpenCL device");
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/phasor/confocal", confocal_sums },
		{ "/phasor/fixed points", fixed_sums },
		{ "/phasor/on OpenCL", on_opencl },
		{ "/phasor/any number of threads", same_bytes },
		{ "/phasor/little memory", little_memory },
		{ "/phasor/odd walls", odd_walls },
		{ "/phasor/points anywhere", direct },
		{ "/phasor/points anywhere on OpenCL", direct_on_opencl },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
