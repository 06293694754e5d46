/* SPDX-License-Identifier: BSD-3-Clause */
/* diffuse-slab.c - scattering slabs: how much light they let through, their blur undone, and a
 * point behind one */
#include <complex.h>
#include <math.h>
#include "stage/diffuse-slab.h"
#include "tests/captures.h"
#include "tests/command.h"
#include "tests/five-points.h"
#include "tests/stage.h"

device *cpu;

#define LIGHT 299792458.0
#define THICKNESS 0.0254

typedef double complex wave;

/* Area under the response aside: 4 pi D v t */
static double gathered(const scatterer *s, double t)
{
	return slab_passes(s, THICKNESS, LIGHT, t) * G_PI / slab_narrowness(s, LIGHT, t);
}

/* The steady current through the slab: of a source at 1 / mu, seen at the surface, with the light
 * gone at the extrapolated ones (diffusion equation, by hand). */
static void lets_through(void)
{
	scatterer s = scatterer_foam;
	const double absorptions[] = { 1e-6, 0.53, 20 };
	for (size_t i = 0; i < G_N_ELEMENTS(absorptions); i++) {
		s.absorption = absorptions[i];
		double k = sqrt(3 * s.absorption * (s.absorption + s.scattering)), ze = s.extrapolation;
		double wanted = sinh(k * (1 / s.scattering + ze)) * cosh(k * ze) /
			sinh(k * (THICKNESS + 2 * ze));
		double sum = 0, step = 2e-13;
		for (int64_t m = 1; m < 400000; m++)
			sum += gathered(&s, (double)m * step) * step;
		g_test_message("absorption %g: %g, %g", s.absorption, sum, wanted);
		g_assert_cmpfloat_with_epsilon(sum / wanted, 1, 2e-3);
	}
}

/* --- against the plain filter ----------------------------------------------------------------- */

static const slab_setting small = {
	{ 1, 12, 3, 4 }, 150e-12, LIGHT, { 0.02, 0.03 }, THICKNESS, 1e-3, &scatterer_foam
};

static double counts(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c, z, y, x) / 65521;
}

/* v becomes its transform, all axes, sign -1 or +1; rows of an odd grid too. */
static void transform(wave *v, shape g, double sign)
{
	int64_t all = shape_count(g);
	g_autofree wave *out = g_new0(wave, all);
	for (int64_t k = 0; k < all; k++) {
		for (int64_t i = 0; i < all; i++) {
			double turns = (double)(k / (g.y * g.x) * (i / (g.y * g.x))) / (double)g.z +
				(double)(k / g.x % g.y * (i / g.x % g.y)) / (double)g.y +
				(double)(k % g.x * (i % g.x)) / (double)g.x;
			out[k] += v[i] * cexp(sign * 2 * I * G_PI * turns);
		}
	}
	memcpy(v, out, (size_t)all * sizeof *v);
}

static wave *responses(const slab_setting *s, shape g)
{
	wave *h = g_new0(wave, shape_count(g));
	double sum = 0;
	for (int64_t i = g.y * g.x; i < s->window.z * g.y * g.x; i++) {
		double t = (double)(i / (g.y * g.x)) * s->bin;
		double y = (double)MIN(i / g.x % g.y, g.y - i / g.x % g.y) * s->pitch[1];
		double x = (double)MIN(i % g.x, g.x - i % g.x) * s->pitch[0];
		h[i] = slab_passes(s->made_of, s->thickness, LIGHT, t) *
			exp(-(x * x + y * y) * slab_narrowness(s->made_of, LIGHT, t));
		sum += creal(h[i]);
	}
	for (int64_t i = 0; i < shape_count(g); i++)
		h[i] /= sum;
	return h;
}

static array *undone(device *dev, const slab_setting *s)
{
	g_autoptr(array) data = make(s->window, counts);
	g_autoptr(array) there = array_move(data, dev);
	g_autoptr(diffuse_slab) slab = diffuse_slab_new(dev, s);
	diffuse_slab_undo(slab, there, there);
	g_autoptr(GError) err = NULL;
	device_ok(dev, &err);
	g_assert_no_error(err);
	return array_move(there, cpu);
}

static void against_sums(device *dev)
{
	const shape w = small.window, g = { 1, 24, 6, 8 };
	g_autoptr(array) ours = undone(dev, &small);
	g_autofree wave *h = responses(&small, g), *v = g_new0(wave, shape_count(g));
	for (int64_t i = 0; i < w.z * w.y * w.x; i++) {
		int64_t z = i / (w.y * w.x), y = i / w.x % w.y, x = i % w.x;
		v[(z * g.y + y) * g.x + x] = counts(0, z, y, x);
	}
	transform(h, g, -1);
	transform(v, g, -1);
	for (int64_t i = 0; i < shape_count(g); i++) {
		wave both = h[i] * h[i];
		v[i] *= conj(both) / (creal(both * conj(both)) + small.noise) / (double)shape_count(g);
	}
	transform(v, g, 1);
	int64_t told = 0;
	for (int64_t i = 0; i < w.z * w.y * w.x; i++) {
		int64_t z = i / (w.y * w.x), y = i / w.x % w.y, x = i % w.x;
		double mine = at(ours, 0, z, y, x);
		if (mine == 0)          /* the end, of which nothing is known */
			continue;
		g_assert_cmpfloat_with_epsilon(mine, creal(v[(z * g.y + y) * g.x + x]), 1e-4);
		told = z + 1;
	}
	g_test_message("%d of %d bins", (int)told, (int)w.z);
	g_assert_cmpint(told, >=, w.z / 2);
	g_assert_cmpint(told, <, w.z);
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
	slab_setting s = small;
	s.window = (shape){ 1, 40, 13, 17 };
	g_autoptr(array) two = undone(cpu, &s);
	for (int n = 1; n <= 8; n += n < 3 ? 2 : 5) {
		g_autoptr(device) dev = device_new("cpu", n, NULL, NULL);
		g_autoptr(array) many = undone(dev, &s);
		g_assert_true(same(two, many));
	}
}

/* --- a point behind a slab -------------------------------------------------------------------- */

/*
 * What comes back through the slab twice: falls aside like Gaussians, whose widths add up, so that
 * of both ways in time t together it falls as of one.
 */
enum { BINS = 160, POINTS = 20 };
#define BIN 32e-12
#define PITCH 0.025
static const double place[3] = { 0.31, 0.16, 0.4 };    /* m; x, y from the first point */

/* One way and back in bins 0 .. BINS - 1, at no distance aside. */
static void both_ways(double twice[BINS])
{
	for (int64_t t = 0; t < BINS; t++) {
		twice[t] = 0;
		for (int64_t in = 1; in < t; in++)
			twice[t] += gathered(&scatterer_foam, (double)in * BIN) *
				gathered(&scatterer_foam, (double)(t - in) * BIN) *
				slab_narrowness(&scatterer_foam, LIGHT, (double)t * BIN);
	}
}

static double aside(int64_t to, int64_t from)
{
	double x = (double)(to % POINTS - from % POINTS), y = (double)(to / POINTS - from / POINTS);
	return (x * x + y * y) * PITCH * PITCH;
}

/* Light of the far side's point `from` at the near side's point `to`. */
static void add_light(array *a, int64_t to, int64_t from, const double twice[BINS])
{
	double dx = (double)(from % POINTS) * PITCH - place[0];
	double dy = (double)(from / POINTS) * PITCH - place[1];
	double r2 = dx * dx + dy * dy + place[2] * place[2], late = 2 * sqrt(r2) / LIGHT / BIN;
	int64_t whole = (int64_t)late;
	float part = (float)(late - (double)whole);
	for (int64_t t = 2; t + whole + 1 < BINS; t++) {
		float light = (float)(1e-6 / (r2 * r2) * twice[t] *
			exp(-aside(to, from) * slab_narrowness(&scatterer_foam, LIGHT, (double)t * BIN)));
		array_row(a, 0, t + whole, to / POINTS)[to % POINTS] += light * (1 - part);
		array_row(a, 0, t + whole + 1, to / POINTS)[to % POINTS] += light * part;
	}
}

static double nothing(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 0;
}

static array *behind_slab(void)
{
	array *a = make((shape){ 1, BINS, POINTS, POINTS }, nothing);
	double twice[BINS];
	both_ways(twice);
	for (int64_t i = 0; i < POINTS * POINTS * POINTS * POINTS; i++)
		add_light(a, i / (POINTS * POINTS), i % (POINTS * POINTS), twice);
	return a;
}

static void find(const char *scattering, double lateral, double depth)
{
	g_autoptr(array) a = behind_slab();
	const given pictures[] = { { NULL, a, 0, NULL }, { 0 } };
	const char *const options[] = { "axes", "tyx", "bin", "32", "wall", "0.475", "wall-extent", "span",
		"clock", "wall", "start", "0", "gate", "none", "background", "none", "slab", "0.0254",
		"scattering", scattering, NULL };
	g_autoptr(array) v = command_run("nlos", pictures, options, NULL);
	double wanted[3] = { place[0] / PITCH, place[1] / PITCH, place[2] / (LIGHT * BIN / 2) }, found[3];
	centroid(v, wanted, found);
	g_test_message("%g %g %g for %g %g %g", found[0], found[1], found[2], wanted[0], wanted[1],
		wanted[2]);
	g_assert_cmpfloat_with_epsilon(found[0], wanted[0], lateral);
	g_assert_cmpfloat_with_epsilon(found[1], wanted[1], lateral);
	g_assert_cmpfloat_with_epsilon(found[2], wanted[2], depth);
}

/* The pulse that is left is 10 bins long. */
static void finds_point(void)
{
	find("262", 0.3, 1.5);
}

/* What the slab is made of is not told. */
static void finds_scattering(void)
{
	find("auto", 0.5, 4);
}

/* The brightest of all depths around a place of 32 x 32. */
static double seen(const array *v, int64_t y, int64_t x)
{
	double most = 0;
	for (int64_t z = 0; z < v->shape.z; z++)
		most = fmax(most, at(v, 0, z, y, x));
	return most;
}

/* Strokes and gaps of a letter S through an inch of foam (Lindell and Wetzstein 2020). */
static void reads_letter(void)
{
	g_autoptr(image) im = capture("nlos/cdt/letter_s.mat");
	if (!im)
		return;
	const given pictures[] = { { NULL, im->data, 0, NULL }, { 0 } };
	const char *const options[] = { "axes", "tyx", "bin", "16", "wall", "0.6", "wall-extent", "span",
		"clock", "wall", "start", "0", "slab", "0.0254", NULL };
	g_autoptr(array) v = command_run("nlos", pictures, options, NULL);
	double upper_left = seen(v, 9, 6), upper_gap = seen(v, 9, 18), upper_right = seen(v, 9, 25);
	double middle = seen(v, 15, 14), lower_left = seen(v, 21, 5), lower_gap = seen(v, 21, 12);
	double lower_right = seen(v, 20, 24), bottom = seen(v, 27, 13);
	g_test_message("%g %g %g; %g; %g %g %g; %g", upper_left, upper_gap, upper_right, middle,
		lower_left, lower_gap, lower_right, bottom);
	g_assert_cmpfloat(upper_left, >, 1.5 * upper_gap);
	g_assert_cmpfloat(upper_left, >, 1.5 * upper_right);
	g_assert_cmpfloat(middle, >, 1.5 * upper_gap);
	g_assert_cmpfloat(middle, >, 1.5 * lower_gap);
	g_assert_cmpfloat(lower_right, >, 1.5 * lower_gap);
	g_assert_cmpfloat(lower_right, >, 1.5 * lower_left);
	g_assert_cmpfloat(bottom, >, 1.2 * lower_gap);
}

static void needs_slab(void)
{
	g_autoptr(array) a = make((shape){ 1, 16, 4, 4 }, counts);
	const given pictures[] = { { NULL, a, 0, NULL }, { 0 } };
	const char *const options[] = { "axes", "tyx", "bin", "32", "wall", "1", "clock", "wall",
		"gate", "none", "background", "none", "method", "diffuse", NULL };
	g_autofree char *message = command_refused("nlos", pictures, options, 2);
	g_assert_nonnull(strstr(message, "--slab"));
}

static const stage_test tests[] = {
	{ "/diffuse-slab/lets-through", lets_through },
	{ "/diffuse-slab/cpu", on_cpu },
	{ "/diffuse-slab/opencl", on_opencl },
	{ "/diffuse-slab/threads", threads },
	{ "/diffuse-slab/point", finds_point },
	{ "/diffuse-slab/scattering", finds_scattering },
	{ "/diffuse-slab/letter", reads_letter },
	{ "/diffuse-slab/needs-slab", needs_slab },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
