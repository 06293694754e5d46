/* SPDX-License-Identifier: BSD-3-Clause */
/* backproject.c - backprojection against plain sums, its adjoint, and its filter */
#include <glib.h>
#include <math.h>
#include "math/backproject.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "tests/stage.h"

device *cpu;

/* Points of a bent wall, in no order, and two that stand still. */
static const double points[] = {
	0.1, 0.02, 0, -0.2, 0.3, 0.05, 0.33, -0.25, -0.02, 0, 0, 0.01, -0.31, -0.3, 0, 0.21, 0.2, 0.07,
	0.05, -0.11, 0
};
static const double fixed[] = { 0.02, 0.4, 0, -0.5, 0.03, 0.1 };

static const backproject_setup wall = {
	.n_points = 7, .points = points, .fixed = fixed, .bins = 90, .bin = 0.02, .start = 0.3,
	.first = { -0.3, -0.2, 0.15 }, .step = { 0.05, 0.07, 0.06 }, .n = { 13, 6, 9 }
};

/* The other end of each point's paths. */
static const double others[] = {
	0.4, 0.1, 0.02, -0.2, 0.3, 0.05, 0, 0.25, 0.1, -0.4, -0.1, 0, 0.3, 0.31, 0.02, 0.1, -0.2, 0, -0.05,
	0.2, 0.03
};

static backproject_setup pairs_of(int falloff)
{
	backproject_setup s = wall;
	s.n_fixed = s.n_points;
	s.fixed = others;
	s.paired = true;
	s.falloff = falloff;
	return s;
}

static backproject_setup setup_of(int64_t n_fixed, int falloff)
{
	backproject_setup s = wall;
	s.n_fixed = n_fixed;
	s.falloff = falloff;
	return s;
}

static double distance(const double a[3], const double b[3])
{
	return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
		(a[2] - b[2]) * (a[2] - b[2]));
}

/* What trace k of channel c has for voxel v: linear between bins, nothing before and after. */
static double look_up(const backproject_setup *s, const array *traces, int64_t c, int64_t k,
	const double v[3])
{
	double r = distance(points + 3 * k, v), path = 2 * r;
	if (s->n_fixed)
		path = r + distance(s->fixed + 3 * (s->paired ? k : c), v);
	double t = (path - s->start) / s->bin, last = (double)(s->bins - 1);
	if (t < 0 || t > last)
		return 0;
	int64_t m = MIN((int64_t)t, s->bins - 2);
	double a = t - (double)m;
	return ((1 - a) * at(traces, c, 0, k, m) + a * at(traces, c, 0, k, m + 1)) / pow(r, s->falloff);
}

static double plain(const backproject_setup *s, const array *traces, int64_t z, int64_t y,
	int64_t x)
{
	double v[3] = { s->first[0] + s->step[0] * (double)x, s->first[1] + s->step[1] * (double)y,
		s->first[2] + s->step[2] * (double)z };
	double sum = 0;
	for (int64_t c = 0; c < traces->shape.c; c++)
		for (int64_t k = 0; k < s->n_points; k++)
			sum += look_up(s, traces, c, k, v);
	return sum;
}

static void check_sums(device *dev, const backproject_setup *s)
{
	g_autoptr(linop) a = linop_backproject(dev, s);
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	array_fill_uniform(x, 3);
	linop_apply(a, y, x);
	g_autoptr(array) traces = array_move(x, cpu);
	g_autoptr(array) voxels = array_move(y, cpu);
	g_assert_true(device_ok(dev, NULL));
	double scale = (double)vec_max_abs(voxels);
	for (int64_t i = 0; i < shape_count(voxels->shape); i++) {
		int64_t px = i % s->n[0], py = i / s->n[0] % s->n[1], pz = i / s->n[0] / s->n[1];
		double expected = plain(s, traces, pz, py, px);
		g_assert_cmpfloat(fabs(at(voxels, 0, pz, py, px) - expected), <, 1e-4 * scale);
	}
}

/* n: fixed points; 3: pairs */
static void check_all(device *dev)
{
	for (int64_t n = 0; n < 4; n++)
		for (int falloff = 0; falloff < 3; falloff++) {
			backproject_setup s = n == 3 ? pairs_of(falloff) : setup_of(n, falloff);
			check_sums(dev, &s);
			g_autoptr(linop) a = linop_backproject(dev, &s);
			g_assert_cmpfloat(linop_adjoint_gap(a, 4), <, 1e-5);
		}
}

static void sums(void)
{
	check_all(cpu);
}

static void on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (dev)
		check_all(dev);
	else
		g_test_skip("no OpenCL device");
}

/* Counts in planes of time become traces, weighted. */
static void traces_from_counts(void)
{
	g_autoptr(array) counts = make((shape){ 2, 5, 3, 4 }, scrambled);
	g_autoptr(array) weights = array_new_bare(cpu, REAL, (shape){ 1, 1, 1, 5 });
	g_autoptr(array) traces = array_new_bare(cpu, REAL, (shape){ 1, 1, 6, 8 });
	for (int64_t m = 0; m < 5; m++)
		weights->mem[m] = (float)m + 0.5f;
	backproject_traces(traces, counts, weights, 1, 5, 6, 2);
	for (int64_t i = 0; i < 6; i++)
		for (int64_t m = 0; m < 5; m++)
			g_assert_cmpfloat(at(traces, 0, 0, i, m + 2), ==,
				at(counts, 1, m, (i + 5) / 4, (i + 5) % 4) * ((double)m + 0.5));
}

static double flat(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 7;
}

static double one_voxel(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c;
	return z == 4 && y == 5 && x == 3;
}

/* The weights sum to nothing; a single voxel shows them, turned, which they do not notice. */
static void filter(void)
{
	g_autoptr(array) even = make((shape){ 1, 6, 7, 8 }, flat);
	g_autoptr(array) point = make((shape){ 1, 9, 10, 8 }, one_voxel);
	backproject_filter(even);
	backproject_filter(point);
	g_assert_cmpfloat((double)vec_max_abs(even), <, 1e-4);
	double mean = 0;
	for (int k = 0; k < 125; k++) {
		double r2 = pow(k % 5 - 2, 2) + pow(k / 5 % 5 - 2, 2) + pow(k / 25 - 2, 2);
		mean += (3 - r2) * exp(-r2 / 2) / 125;
	}
	for (int64_t i = 0; i < 125; i++) {
		int64_t z = i / 25 - 2, y = i / 5 % 5 - 2, x = i % 5 - 2;
		double r2 = (double)(x * x + y * y + z * z), tap = ((3 - r2) * exp(-r2 / 2) - mean) / 3;
		g_assert_cmpfloat(fabs(at(point, 0, 4 + z, 5 + y, 3 + x) - fmax(tap, 0)), <, 1e-6);
	}
}

/* Any number of threads gives the same bytes. */
static void check_bytes(const backproject_setup *s)
{
	g_autoptr(device) one = device_new("cpu", 1, NULL, NULL);
	g_autoptr(linop) a = linop_backproject(cpu, s);
	g_autoptr(linop) b = linop_backproject(one, s);
	g_autoptr(array) x = linop_new_domain(a);
	array_fill_uniform(x, 9);
	g_autoptr(array) again = array_move(x, one);
	g_autoptr(array) y = linop_new_range(a);
	g_autoptr(array) other = linop_new_range(b);
	linop_apply(a, y, x);
	linop_apply(b, other, again);
	g_assert_true(same(y, other));
	linop_adjoint(a, x, y);
	linop_adjoint(b, again, other);
	g_assert_true(same(x, again));
}

static void same_bytes(void)
{
	const backproject_setup fixed_points = setup_of(2, 1), pairs = pairs_of(1);
	check_bytes(&fixed_points);
	check_bytes(&pairs);
}

/* Pairs that all share their other end are a fixed point's. */
static void pairs_of_one(void)
{
	double end[21];
	backproject_setup one = setup_of(1, 1), pairs = pairs_of(1);
	for (int i = 0; i < 21; i++)
		end[i] = fixed[i % 3];
	pairs.fixed = end;
	g_autoptr(linop) a = linop_backproject(cpu, &one);
	g_autoptr(linop) b = linop_backproject(cpu, &pairs);
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	g_autoptr(array) other = linop_new_range(b);
	array_fill_uniform(x, 5);
	linop_apply(a, y, x);
	linop_apply(b, other, x);
	double scale = (double)vec_max_abs(y);
	vec_axpy(y, -1, other);
	g_assert_cmpfloat((double)vec_max_abs(y), <, 1e-5 * scale);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/backproject/sums and adjoint", sums },
		{ "/backproject/on OpenCL", on_opencl },
		{ "/backproject/traces from counts", traces_from_counts },
		{ "/backproject/filter", filter },
		{ "/backproject/any number of threads", same_bytes },
		{ "/backproject/pairs that share an end", pairs_of_one },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
