/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone.c - the light-cone transform: against its authors' formulas in plain loops, points at
 * known places, its adjoint, sizes, devices and threads */
#include <complex.h>
#undef I
#include <math.h>
#include "math/light-cone.h"
#include "math/vec.h"
#include "tests/five-points.h"
#include "tests/stage.h"

device *cpu;

static double noise_like(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c, z, y, x) / 65521;
}

static light_cone_geometry five_geometry(shape s)
{
	return (light_cone_geometry){ .data = s, .path = POINT_PATH, .power = 4,
		.pitch = { POINT_WALL / (double)(s.x - 1), POINT_WALL / (double)(s.y - 1) } };
}

static array *solved(device *dev, const light_cone_geometry *g, const array *traces, double noise)
{
	g_autoptr(array) there = array_move(traces, dev);
	g_autoptr(array) scene = array_like(there);
	g_autoptr(light_cone) c = light_cone_new(dev, g);
	light_cone_solve(c, scene, there, noise);
	g_assert_true(device_ok(dev, NULL));
	return array_move(scene, cpu);
}

static double largest_difference(const array *a, const array *b)
{
	double most = 0, scale = 0;
	for (int64_t p = 0; p < a->shape.z; p++)
		for (int64_t i = 0; i < a->shape.y * a->shape.x; i++) {
			double u = at(a, 0, p, i / a->shape.x, i % a->shape.x);
			double v = at(b, 0, p, i / a->shape.x, i % a->shape.x);
			most = fmax(most, fabs(u - v));
			scale = fmax(scale, fabs(v));
		}
	return most / scale;
}

/* --- as published, in plain loops ------------------------------------------------------------ */

typedef struct { int z, y, x; double complex *v; } cube;

static cube cube_new(int z, int y, int x)
{
	return (cube){ z, y, x, g_new0(double complex, z * y * x) };
}

static double complex *element(const cube *c, int z, int y, int x)
{
	return &c->v[(z * c->y + y) * c->x + x];
}

/* One axis of n elements, `step` apart, of all `count` lines: the definition. */
static void transform_axis(cube *c, int n, int step, double sign)
{
	double complex *line = g_new(double complex, n);
	int total = c->z * c->y * c->x;
	for (int first = 0; first < total; first++) {
		if (first / step % n)
			continue;
		for (int k = 0; k < n; k++) {
			line[k] = 0;
			for (int j = 0; j < n; j++)
				line[k] += c->v[first + j * step] * cexp(sign * 2 * G_PI * _Complex_I * j * k / n);
		}
		for (int k = 0; k < n; k++)
			c->v[first + k * step] = line[k];
	}
	g_free(line);
}

static void transform(cube *c, double sign)
{
	transform_axis(c, c->x, 1, sign);
	transform_axis(c, c->y, c->x, sign);
	transform_axis(c, c->z, c->x * c->y, sign);
}

/* P, dense: q = 1 .. M^2 adds 1 / (M sqrt q) at row floor((q - 1) / M), column ceil(sqrt q) - 1. */
static double *resampler(int m)
{
	double *p = g_new0(double, m * m);
	for (int q = 1; q <= m * m; q++)
		p[(q - 1) / m * m + (int)ceil(sqrt(q)) - 1] += 1 / (m * sqrt(q));
	return p;
}

static double point_on(int i, int n, double from, double to)
{
	return from + (to - from) * i / (n - 1);
}

/* 1 where linspace(0, 2, 2 M) is nearest to (4 s)^2 (gx^2 + gy^2); L2-normalised; rolled. */
static cube drawn_cone(int m, int ny, int nx, double slope)
{
	cube c = cube_new(2 * m, 2 * ny, 2 * nx);
	for (int y = 0; y < c.y; y++)
		for (int x = 0; x < c.x; x++) {
			double gx = point_on(x, c.x, -1, 1), gy = point_on(y, c.y, -1, 1);
			double target = 16 * slope * slope * (gx * gx + gy * gy);
			int nearest = 0;
			for (int z = 1; z < c.z; z++)
				if (fabs(point_on(z, c.z, 0, 2) - target) <
				    fabs(point_on(nearest, c.z, 0, 2) - target) - 1e-12)
					nearest = z;
			*element(&c, nearest, (y + ny) % c.y, (x + nx) % c.x) = 1 / sqrt(c.y * c.x);
		}
	return c;
}

static void published_solution(const array *traces, double slope, double noise, double *out)
{
	int m = (int)traces->shape.z, ny = (int)traces->shape.y, nx = (int)traces->shape.x;
	double *p = resampler(m);
	cube h = drawn_cone(m, ny, nx, slope), d = cube_new(2 * m, 2 * ny, 2 * nx);
	for (int k = 0; k < m; k++)
		for (int j = 0; j < m; j++)
			for (int i = 0; i < ny * nx; i++)
				*element(&d, k, i / nx, i % nx) += p[k * m + j] * pow(j / (m - 1.0), 4) *
					at(traces, 0, j, i / nx, i % nx);
	transform(&h, -1);
	transform(&d, -1);
	for (int i = 0; i < d.z * d.y * d.x; i++)
		d.v[i] *= conj(h.v[i]) / (cabs(h.v[i]) * cabs(h.v[i]) + noise) / (d.z * d.y * d.x);
	transform(&d, 1);
	for (int j = 0; j < m; j++)
		for (int i = 0; i < ny * nx; i++) {
			out[j * ny * nx + i] = 0;
			for (int k = 0; k < m; k++)
				out[j * ny * nx + i] += p[k * m + j] * creal(*element(&d, k, i / nx, i % nx));
		}
	g_free(p);
	g_free(h.v);
	g_free(d.v);
}

static void agrees_with_published(shape s, double half_wall)
{
	g_autoptr(array) traces = make(s, noise_like);
	light_cone_geometry g = { .data = s, .path = 0.01, .power = 4, .published = true,
		.half_wall = half_wall };
	g_autoptr(array) scene = solved(cpu, &g, traces, 0.5);
	g_autofree double *expected = g_new(double, shape_count(s));
	published_solution(traces, half_wall / (0.01 * (double)s.z), 0.5, expected);
	double most = 0, scale = 0;
	for (int64_t i = 0; i < shape_count(s); i++) {
		int64_t y = i / s.x % s.y;
		scale = fmax(scale, fabs(expected[i]));
		most = fmax(most, fabs(at(scene, 0, i / s.x / s.y, y, i % s.x) - expected[i]));
	}
	g_assert_cmpfloat(most, <, 1e-5 * scale);
}

static void published(void)
{
	agrees_with_published((shape){ 1, 8, 4, 4 }, 0.02);
	agrees_with_published((shape){ 1, 10, 5, 3 }, 0.03);
	agrees_with_published((shape){ 1, 7, 3, 4 }, 0.09);      /* beyond zeta = 2 */
}

/* --- points ---------------------------------------------------------------------------------- */

static void points(void)
{
	g_autoptr(array) traces = five_traces(64, 64);
	const light_cone_geometry g = five_geometry(traces->shape);
	g_autoptr(array) scene = solved(cpu, &g, traces, 1.25);
	vec_clamp(scene, 0, INFINITY);
	point_error e = five_errors(scene, 0, POINT_PATH / 2);
	g_test_message("lateral %.4f voxel, depth %.3f mm", e.lateral, e.depth * 1e3);
	g_assert_cmpfloat(e.lateral, <, 0.05);
	g_assert_cmpfloat(e.depth, <, 0.5e-3);
}

/* Time may begin anywhere. */
static void points_elsewhere(void)
{
	enum { CUT = 100 };
	g_autoptr(array) all = five_traces(64, 64);
	array part = array_slices(all, 0, CUT, POINT_BINS - CUT);
	g_autoptr(array) traces = array_copy(&part);
	light_cone_geometry g = five_geometry(traces->shape);
	g.start = CUT;
	g_autoptr(array) scene = solved(cpu, &g, traces, 1.25);
	vec_clamp(scene, 0, INFINITY);
	point_error e = five_errors(scene, CUT * POINT_PATH / 2, POINT_PATH / 2);
	g_assert_cmpfloat(e.lateral, <, 0.05);
	g_assert_cmpfloat(e.depth, <, 0.5e-3);
}

/* The scene of a spot alone is seen latest where the wall is farthest: path = 2 |spot - point|. */
static void operator_arrivals(void)
{
	const shape s = { 1, 256, 16, 16 };
	light_cone_geometry g = { .data = s, .path = 0.01, .power = 4, .pitch = { 0.05, 0.05 } };
	g_autoptr(light_cone) c = light_cone_new(cpu, &g);
	g_autoptr(linop) a = light_cone_operator(c);
	g_autoptr(array) scene = linop_new_domain(a);
	g_autoptr(array) traces = linop_new_range(a);
	vec_fill(scene, 0);
	array_row(scene, 0, 120, 8)[3] = 1;
	linop_apply(a, traces, scene);
	for (int64_t i = 0; i < 256; i++) {
		double y = (double)(i / 16 - 8) * 0.05, x = (double)(i % 16 - 3) * 0.05;
		double bin = 2 * sqrt(0.6 * 0.6 + x * x + y * y) / 0.01;
		int64_t best = 0;
		for (int64_t m = 0; m < 256; m++)
			best = at(traces, 0, m, i / 16, i % 16) > at(traces, 0, best, i / 16, i % 16) ? m : best;
		if (bin < 250)
			g_assert_cmpfloat(fabs((double)best - bin), <=, 1.01);
	}
}

/* --- algebra --------------------------------------------------------------------------------- */

static void adjoints(device *dev)
{
	static const shape shapes[] = {
		{ 1, 1, 1, 1 }, { 1, 2, 3, 1 }, { 1, 13, 5, 7 }, { 1, 40, 8, 11 }, { 1, 100, 9, 4 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
		light_cone_geometry g = { .data = shapes[i], .path = 0.02, .start = (double)i,
			.pitch = { 0.03, 0.02 }, .beam = i % 2 ? 0.04 : 0 };
		g_autoptr(light_cone) c = light_cone_new(dev, &g);
		g_autoptr(linop) a = light_cone_operator(c);
		g_assert_cmpfloat(linop_adjoint_gap(a, 5), <, 1e-6);
	}
}

static void adjoint(void)
{
	adjoints(cpu);
}

static array *extended(const array *a, shape s)
{
	array *b = array_new(cpu, REAL, s);
	vec_fill(b, 0);
	for (int64_t p = 0; p < a->shape.z; p++)
		for (int64_t y = 0; y < a->shape.y; y++)
			memcpy(array_row(b, 0, p, y), array_row(a, 0, p, y),
				(size_t)a->shape.x * sizeof(float));
	return b;
}

static array *part_of(const array *a, shape s)
{
	array *b = array_new(cpu, REAL, s);
	for (int64_t p = 0; p < s.z; p++)
		for (int64_t y = 0; y < s.y; y++)
			memcpy(array_row(b, 0, p, y), array_row(a, 0, p, y), (size_t)s.x * sizeof(float));
	return b;
}

static void any_size(void)
{
	const shape small = { 1, 700, 48, 33 }, large = { 1, 1024, 64, 64 };
	light_cone_geometry g = { .data = small, .path = 0.005, .power = 4, .pitch = { 0.012, 0.01 } };
	g_autoptr(array) traces = make(small, noise_like);
	g_autoptr(array) wide = extended(traces, large);
	g_autoptr(array) direct = solved(cpu, &g, traces, 2);
	g.data = large;
	g_autoptr(array) whole = solved(cpu, &g, wide, 2);
	g_autoptr(array) part = part_of(whole, small);
	g_assert_cmpfloat(largest_difference(direct, part), <, 1e-5);
}

static void threads(void)
{
	const shape s = { 1, 70, 20, 18 };
	light_cone_geometry g = { .data = s, .path = 0.01, .power = 2, .pitch = { 0.02, 0.02 } };
	g_autoptr(array) traces = make(s, noise_like);
	g_autoptr(device) one = device_new("cpu", 1, NULL, NULL);
	g_autoptr(device) five = device_new("cpu", 5, NULL, NULL);
	g_autoptr(array) a = solved(one, &g, traces, 1);
	g_autoptr(array) b = solved(five, &g, traces, 1);
	g_assert_true(same(a, b));
}

static void same_on_opencl(const light_cone_geometry *g, device *dev)
{
	g_autoptr(array) traces = make(g->data, noise_like);
	const double noises[] = { 1, INFINITY };
	for (int i = 0; i < 2; i++) {
		g_autoptr(array) a = solved(cpu, g, traces, noises[i]);
		g_autoptr(array) b = solved(dev, g, traces, noises[i]);
		g_assert_cmpfloat(largest_difference(b, a), <, 1e-4);
	}
}

static void opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device");
		return;
	}
	light_cone_geometry g = { .data = { 1, 60, 9, 14 }, .path = 0.01, .power = 4,
		.pitch = { 0.02, 0.02 }, .half_wall = 0.1 };
	same_on_opencl(&g, dev);
	g.published = true;
	same_on_opencl(&g, dev);
	adjoints(dev);
}

/* A spot that sends light by the cosine to its normal, n: found with that direction. */
static double angle_of_normal(const double n[3])
{
	const double z = 0.6;
	const shape s = { 1, POINT_BINS, 32, 32 };
	g_autoptr(array) traces = array_new(cpu, REAL, s);
	for (int64_t i = 0; i < 32 * 32; i++) {
		double x = POINT_WALL * (double)(i % 32 - 16) / 31, y = POINT_WALL * (double)(i / 32 - 16) / 31;
		double r = sqrt(x * x + y * y + z * z), shine = n[0] * x + n[1] * y + n[2] * z;
		for (int64_t m = 0; m < POINT_BINS; m++) {
			double off = ((double)m * POINT_PATH - 2 * r) / POINT_JITTER;
			double light = exp(-off * off / 2) * shine / pow(r, 5);
			array_row(traces, 0, m, i / 32)[i % 32] = (float)light;
		}
	}
	light_cone_geometry g = five_geometry(s);
	g.power = 5;
	g_autoptr(light_cone) c = light_cone_new(cpu, &g);
	g_autoptr(array) a = array_like(traces);
	g_autoptr(array) b = array_like(traces);
	g_autoptr(array) plain = array_like(traces);
	light_cone_normals(c, (array *const[]){ a, b, plain }, traces, 0.1);
	int64_t best = 0;
	for (int64_t m = 1; m < POINT_BINS; m++)
		best = at(plain, 0, m, 16, 16) > at(plain, 0, best, 16, 16) ? m : best;
	double u[3] = { at(a, 0, best, 16, 16), at(b, 0, best, 16, 16), at(plain, 0, best, 16, 16) };
	double length = sqrt(u[0] * u[0] + u[1] * u[1] + u[2] * u[2]);
	g_test_message("%g,%g,%g found as %.3f,%.3f,%.3f", n[0], n[1], n[2], u[0] / length,
		u[1] / length, u[2] / length);
	return acos((u[0] * n[0] + u[1] * n[1] + u[2] * n[2]) / length) * 180 / G_PI;
}

static void normals(void)
{
	static const double directions[][3] = { { 0, 0, 1 }, { 0.6, 0, 0.8 }, { 0, -0.6, 0.8 },
		{ 0.48, 0.36, 0.8 } };
	for (size_t i = 0; i < G_N_ELEMENTS(directions); i++)
		g_assert_cmpfloat(angle_of_normal(directions[i]), <, 8);
	g_assert_true(device_ok(cpu, NULL));
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/light-cone/published", published }, { "/light-cone/points", points },
		{ "/light-cone/points-elsewhere", points_elsewhere },
		{ "/light-cone/arrivals", operator_arrivals }, { "/light-cone/adjoint", adjoint },
		{ "/light-cone/any-size", any_size }, { "/light-cone/threads", threads },
		{ "/light-cone/opencl", opencl }, { "/light-cone/normals", normals },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
