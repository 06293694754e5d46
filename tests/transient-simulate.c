/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-simulate.c - light and times of simulated scans against closed forms and quadrature */
#include <glib.h>
#include <math.h>
#include "math/quadrature.h"
#include "math/vec.h"
#include "stage/hidden.h"
#include "stage/transient-simulate.h"
#include "tests/stage.h"

device *cpu;

enum { ROWS = 2, COLUMNS = 3, BINS = 200 };
#define BIN 20e-12      /* s */
#define SPEED 3e8       /* m/s */
#define FWHM 70e-12     /* s */

static const double scanned[3 * ROWS * COLUMNS] = {
	-0.3, -0.2, 0, 0.1, -0.2, 0, 0.4, -0.2, 0, -0.3, 0.3, 0, 0.1, 0.3, 0, 0.4, 0.3, 0 };
static const double fixed[] = { 0.05, -0.1, 0 }, laser[] = { -0.5, 0.2, 0.7 };
static const double camera[] = { 0.2, 0.1, 0.4 };

static array *one_piece(const double value[PIECE_NUMBERS])
{
	array *a = array_new(cpu, REAL, (shape){ PIECE_NUMBERS, 1, 1, 1 });
	for (int64_t k = 0; k < PIECE_NUMBERS; k++)
		array_row(a, k, 0, 0)[0] = (float)value[k];
	return a;
}

static double between(const double *a, const double *b)
{
	return sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
}

/* Cosines of the way from `from` to the piece, at the wall and at the piece. */
static double cosines(const double *p, const double *from)
{
	double r = between(p, from), facing = 0;
	for (int k = 0; k < 3; k++)
		facing += p[PIECE_NX + k] * (from[k] - p[k]);
	return p[2] / r * (facing / r > 0 ? facing / r : 0);
}

/* Part of a Gaussian pulse around `at` that falls into bin m. */
static double in_bin(const scanner *s, int64_t m, double at)
{
	double low = s->start + ((double)m - 0.5) * s->bin, scale = s->jitter / (2 * sqrt(log(2)));
	return 0.5 * (erf((low + s->bin - at) / scale) - erf((low - at) / scale));
}

static void against_formula(const scanner *s, const double *p)
{
	g_autoptr(array) piece = one_piece(p);
	g_autoptr(array) y = array_new(cpu, REAL, (shape){ 1, BINS, ROWS, COLUMNS });
	vec_fill(y, 0);
	double sent = transient_expose(y, piece, s), all = 0;
	for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
		const double *lit = scanned + 3 * i, *seen = s->fixed ? s->fixed : lit;
		double to = between(p, lit), from = between(p, seen), light = p[PIECE_LIGHT] / (to * to);
		light *= s->retroreflective ? 1 : 1 / (from * from);
		light *= s->lambert ? cosines(p, lit) * (s->retroreflective ? 1 : cosines(p, seen)) : 1;
		double length = to + from;
		if (s->laser)
			length += between(s->laser, lit) + between(seen, s->camera);
		all += light;
		for (int64_t m = 0; m < BINS; m++)
			g_assert_cmpfloat_with_epsilon(at(y, 0, m, i / COLUMNS, i % COLUMNS),
				light * in_bin(s, m, s->later + length / s->speed), 2e-6 * light + 1e-12);
	}
	g_assert_cmpfloat_with_epsilon(sent, all, 1e-6 * all);
}

static void single_pieces(void)
{
	static const double pieces[][PIECE_NUMBERS] = {
		{ 0.11, -0.07, 0.53, 0, 0, 0, 1.7 }, { -0.2, 0.3, 0.6, 0.6, 0, -0.8, 0.02 },
		{ 0.2, 0, 0.31, 0, 0, -1, 3 },
	};
	const scanner base = { .scanned = scanned, .bin = BIN, .jitter = FWHM, .speed = SPEED };
	for (size_t i = 0; i < G_N_ELEMENTS(pieces); i++)
		for (int kind = 0; kind < 32; kind++) {
			scanner s = base;
			s.lambert = kind & 1 && i > 0;
			s.fixed = kind & 2 ? fixed : NULL;
			s.retroreflective = kind & 4 && !s.fixed;
			s.laser = kind & 8 ? laser : NULL;
			s.camera = camera;
			s.later = kind & 16 ? 333e-12 : 0;
			s.start = kind & 16 ? 1.7e-9 : -55e-12;
			against_formula(&s, pieces[i]);
		}
}

/* The hind side of a surface gives nothing; a pulse without width is in one bin. */
static void limits(void)
{
	static const double behind[PIECE_NUMBERS] = { 0.1, 0, 0.25, 0, 0, 1, 1 };
	static const double front[PIECE_NUMBERS] = { 0.1, 0, 0.25, 0, 0, -1, 1 };
	scanner s = { .scanned = scanned, .bin = BIN, .speed = SPEED, .lambert = true };
	g_autoptr(array) hind = one_piece(behind), piece = one_piece(front);
	g_autoptr(array) y = array_new(cpu, REAL, (shape){ 1, BINS, ROWS, COLUMNS });
	vec_fill(y, 0);
	g_assert_cmpfloat(transient_expose(y, hind, &s), ==, 0);
	g_assert_cmpfloat(vec_sum(y), ==, 0);
	s.lambert = false;
	transient_expose(y, piece, &s);
	for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
		double r = between(front, scanned + 3 * i);
		int64_t m = (int64_t)floor(2 * r / SPEED / BIN + 0.5);
		g_assert_cmpfloat_with_epsilon(at(y, 0, m, i / COLUMNS, i % COLUMNS), pow(r, -4),
			1e-6 * pow(r, -4));
	}
	double seen = vec_sum(y);
	s.start = 1;    /* s: everything is over */
	g_assert_cmpfloat(transient_expose(y, piece, &s), >, 0);
	g_assert_cmpfloat(vec_sum(y), ==, seen);
}

static void bounce(void)
{
	const scanner s = { .scanned = scanned, .laser = laser, .camera = camera, .bin = BIN,
		.jitter = FWHM, .speed = SPEED, .later = 100e-12 };
	g_autoptr(array) y = array_new(cpu, REAL, (shape){ 1, 400, ROWS, COLUMNS });
	vec_fill(y, 0);
	transient_add_bounce(y, &s, 5);
	for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
		const double *lit = scanned + 3 * i;
		double when = 100e-12 + (between(laser, lit) + between(lit, camera)) / SPEED;
		for (int64_t m = 0; m < 400; m++)
			g_assert_cmpfloat_with_epsilon(at(y, 0, m, i / COLUMNS, i % COLUMNS),
				5 * in_bin(&s, m, when), 1e-5);
	}
}

/* --- scenes ----------------------------------------------------------------------------------- */

/* All light at the middle of the wall. */
static double at_middle(const array *pieces, bool lambert)
{
	static const double middle[3] = { 0 };
	const scanner s = { .scanned = middle, .bin = BIN, .jitter = FWHM, .speed = SPEED,
		.lambert = lambert };
	g_autoptr(array) y = array_new(cpu, REAL, (shape){ 1, 1000, 1, 1 });
	vec_fill(y, 0);
	double sent = transient_expose(y, pieces, &s);
	g_assert_cmpfloat_with_epsilon(vec_sum(y), sent, 1e-5 * sent);
	return sent;
}

/* Of a square of side 2 h at the distance z in front of it. */
static double of_plane(double h, double z, bool lambert)
{
	double x[40], w[40], sum = 0;
	gauss_legendre(40, x, w);
	for (int i = 0; i < 1600; i++) {
		double squared = z * z + h * h * (x[i / 40] * x[i / 40] + x[i % 40] * x[i % 40]);
		double cosine = lambert ? z / sqrt(squared) : 1;
		sum += w[i / 40] * w[i % 40] * h * h * pow(cosine, 4) / (squared * squared);
	}
	return sum;
}

/* Of a sphere of radius r whose centre is z away, by the angle from its nearest point. */
static double of_sphere(double r, double z)
{
	double x[200], w[200], sum = 0, end = acos(r / z);      /* (the rim as seen from there) */
	gauss_legendre(200, x, w);
	for (int i = 0; i < 200; i++) {
		double angle = 0.5 * end * (x[i] + 1), side = r * sin(angle), deep = z - r * cos(angle);
		double squared = side * side + deep * deep, far = sqrt(squared);
		double there = (z * cos(angle) - r) / far, wall = deep / far;
		sum += 0.5 * end * w[i] * 2 * M_PI * r * side * pow(there * wall, 2) / (squared * squared);
	}
	return sum;
}

static void surfaces(void)
{
	g_autoptr(array) plane = hidden_scene(cpu, "plane", 0.6, 1, 200);
	g_autoptr(array) sphere = hidden_scene(cpu, "sphere", 0.6, 1, 300);
	for (int lambert = 0; lambert < 2; lambert++) {
		double want = of_plane(0.3, 0.6, lambert);
		g_assert_cmpfloat_with_epsilon(at_middle(plane, lambert), want, 1e-3 * want);
	}
	double want = of_sphere(0.25, 0.85);
	g_assert_cmpfloat_with_epsilon(at_middle(sphere, true), want, 1e-3 * want);
	g_assert_true(hidden_faces(plane));
	g_assert_null(hidden_scene(cpu, "cat", 0.6, 1, 100));
}

/* The five points stand where they are said to. */
static void points(void)
{
	static const double places[][3] = { { 0, 0, 0.6 }, { 0.25, 0.25, 0.7 }, { -0.25, 0.2, 0.8 },
		{ 0.2, -0.25, 0.9 }, { -0.3, -0.3, 1 } };
	g_autoptr(array) pieces = hidden_scene(cpu, "points", 0.6, 1, 100);
	g_assert_cmpint(pieces->shape.x, ==, 5);
	g_assert_false(hidden_faces(pieces));
	for (int64_t i = 0; i < 5; i++)
		for (int64_t k = 0; k < 3; k++)
			g_assert_cmpfloat_with_epsilon(at(pieces, k, 0, 0, i), places[i][k], 1e-6);
}

static double slanted(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return x == 0 ? 0 : 0.5 + 0.4 * ((double)x - 20) / 40 - 0.3 * ((double)y - 15) / 40;
}

static double even(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return y == 0 ? 0 : 0.5 + 0 * (double)x;
}

/* A plane z = 0.5 + 0.2 x - 0.15 y, x and y from the middle of 2 m x 1.5 m; its area; its holes. */
static void maps(void)
{
	g_autoptr(array) depth = make((shape){ 1, 1, 30, 40 }, slanted);
	g_autoptr(array) albedo = make((shape){ 1, 1, 30, 40 }, even);
	g_autoptr(array) pieces = hidden_from_maps(depth, albedo, 2);
	double steep = sqrt(1 + 0.04 + 0.0225), area = 0.05 * 0.05 * steep;
	g_assert_cmpint(pieces->shape.x, ==, 29 * 39);
	for (int64_t i = 0; i < pieces->shape.x; i++) {
		double x = at(pieces, PIECE_X, 0, 0, i), y = at(pieces, PIECE_Y, 0, 0, i);
		double want[] = { -0.975 + 0.05 * (double)(1 + i % 39), -0.725 + 0.05 * (double)(1 + i / 39) };
		g_assert_cmpfloat_with_epsilon(x, want[0], 1e-6);
		g_assert_cmpfloat_with_epsilon(y, want[1], 1e-6);
		/* (pixel i has its middle half a pixel behind its edge) */
		g_assert_cmpfloat_with_epsilon(at(pieces, PIECE_Z, 0, 0, i),
			0.5 + 0.2 * (x - 0.025) - 0.15 * (y - 0.025), 1e-6);
		g_assert_cmpfloat_with_epsilon(at(pieces, PIECE_NX, 0, 0, i), 0.2 / steep, 1e-5);
		g_assert_cmpfloat_with_epsilon(at(pieces, PIECE_NY, 0, 0, i), -0.15 / steep, 1e-5);
		g_assert_cmpfloat_with_epsilon(at(pieces, PIECE_NZ, 0, 0, i), -1 / steep, 1e-5);
		g_assert_cmpfloat_with_epsilon(at(pieces, PIECE_LIGHT, 0, 0, i), 0.5 * area, 1e-5 * area);
	}
}

static void truth(void)
{
	const hidden_grid g = { { -0.5, -0.5, 0 }, { 1.0 / 63, 1.0 / 63, 0.0048 } };
	g_autoptr(array) pieces = hidden_scene(cpu, "points", 0.6, 1, 100);
	g_autoptr(array) letters = hidden_scene(cpu, "letters", 0.6, 1, 200);
	g_autoptr(array) volume = array_new(cpu, REAL, (shape){ 1, 300, 64, 64 });
	g_autoptr(array) map = array_new(cpu, REAL, (shape){ 1, 1, 64, 64 });
	vec_fill(volume, 0);
	hidden_add_to_volume(pieces, &g, volume);
	g_assert_cmpfloat_with_epsilon(vec_sum(volume), 5, 1e-5);
	double x = 0, near = 0;         /* centroid of the first point, that at (31.5, 31.5, 125) */
	for (int64_t i = 0; i < 8; i++) {
		double v = at(volume, 0, 124 + i / 4, 31 + i / 2 % 2, 31 + i % 2);
		near += v;
		x += v * (double)(31 + i % 2);
	}
	g_assert_cmpfloat_with_epsilon(near, 1, 1e-5);
	g_assert_cmpfloat_with_epsilon(x, 31.5, 1e-3);
	hidden_depth_map(letters, &g, map);
	int64_t found[3] = { 0 };
	for (int64_t i = 0; i < 64 * 64; i++) {
		double d = at(map, 0, 0, i / 64, i % 64);
		g_assert_true(d == 0 || fabs(d - 0.6) < 1e-6 || fabs(d - 0.8) < 1e-6);
		found[d == 0 ? 0 : d < 0.7 ? 1 : 2]++;
	}
	g_assert_cmpint(MIN(found[1], found[2]), >, 300);
}

static const stage_test tests[] = {
	{ "/transient-simulate/pieces", single_pieces },
	{ "/transient-simulate/limits", limits },
	{ "/transient-simulate/bounce", bounce },
	{ "/transient-simulate/surfaces", surfaces },
	{ "/transient-simulate/points", points },
	{ "/transient-simulate/maps", maps },
	{ "/transient-simulate/truth", truth },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
