/* SPDX-License-Identifier: BSD-3-Clause */
/* microscope.c - points of PSFs against closed forms, plain sums and a reference file */
#include <glib.h>
#include <math.h>
#include "math/quadrature.h"
#include "math/vec.h"
#include "tests/microscope.h"

device *cpu;

/* --- quadrature ------------------------------------------------------------------------------- */

static void gauss_is_exact(void)
{
	static const int counts[] = { 1, 2, 3, 8, 57, 500 };
	double x[500], w[500];
	for (size_t k = 0; k < G_N_ELEMENTS(counts); k++) {
		int n = counts[k];
		gauss_legendre(n, x, w);
		for (int power = 0; power < 2 * n && power < 40; power++) {
			double sum = 0;
			for (int i = 0; i < n; i++)
				sum += w[i] * pow(x[i], power);
			g_assert_cmpfloat_with_epsilon(sum, power % 2 ? 0 : 2.0 / (power + 1), 1e-13);
		}
	}
}

/* --- Born and Wolf ---------------------------------------------------------------------------- */

static void born_wolf_table(void)
{
	static const double known[][3] = {       /* r and z in um, intensity */
		{ 0.1, 0, 0.465801 }, { 0.2, 0, 0.0121162 }, { 0.3, 0, 0.0174326 }, { 0, 0.2, 0.812245 },
		{ 0, 0.4, 0.409200 }, { 0, 0.8, 2.349e-5 }, { 0.2, 0.4, 0.0721792 },
		{ 0.5, 1.0, 0.0215617 },
	};
	lens l = oil(LENS_BORN_WOLF);
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		double v = lens_intensity(&l, known[i][0] * 1e3, known[i][1] * 1e3);
		g_test_message("%g %g: %.8g", known[i][0], known[i][1], v);
		g_assert_cmpfloat_with_epsilon(v, known[i][2], 1e-6);
		g_assert_cmpfloat_with_epsilon(v, known[i][2], 3e-4 * known[i][2]);
	}
}

/* In focus the Airy pattern, on the axis a sinc: both to rounding, near and far. */
static void born_wolf_closed_forms(void)
{
	lens l = oil(LENS_BORN_WOLF);
	for (double r = 1; r < 20000; r *= 1.7) {
		double v = K * 1.4 * r, airy = pow(2 * j1(v) / v, 2);
		g_assert_cmpfloat_with_epsilon(lens_intensity(&l, r, 0), airy, 1e-13);
	}
	for (double z = 1; z < 50000; z *= 1.7) {
		double u = K * 1.96 * z / (4 * 1.515), axis = pow(sin(u) / u, 2);
		g_assert_cmpfloat_with_epsilon(lens_intensity(&l, 0, z), axis, 1e-13);
		g_assert_cmpfloat_with_epsilon(lens_intensity(&l, 0, -z), axis, 1e-13);
	}
	g_assert_cmpfloat_with_epsilon(lens_intensity(&l, lens_width_nm(&l) / 2, 0), 0.5, 1e-6);
	g_assert_cmpfloat_with_epsilon(lens_intensity(&l, 0, lens_height_nm(&l) / 2), 0.5, 1e-6);
}

/* --- other lenses ----------------------------------------------------------------------------- */

/* Amplitude of a ring for the definition below: J_order f(p) p at p, with the phase in radians. */
typedef void ring(double p, double r, double z, int order, double *size, double *phase);

/* The plain sum over 200,000 rings of equal width: no cleverness shared with the library. */
static double by_definition(ring *f, double open, int orders, double r, double z)
{
	enum { RINGS = 200000 };
	double sum = 0;
	for (int m = 0; m < orders; m++) {
		double re = 0, im = 0, size, phase;
		for (int i = 0; i < RINGS; i++) {
			f((i + 0.5) / RINGS * open, r, z, m, &size, &phase);
			re += size * cos(phase) * open / RINGS;
			im += size * sin(phase) * open / RINGS;
		}
		sum += (m == 1 ? 2 : 1) * (re * re + im * im);
	}
	return sum;
}

/* Richards and Wolf over the sine; the angle's form has sqrt(cos) sin dangle. */
static void vector_ring(double p, double r, double z, int order, double *size, double *phase)
{
	double n = 1.515, sine = 1.4 * p / n, cosine = sqrt(1 - sine * sine);
	double part[] = { 1 + cosine, sine, 1 - cosine };
	*size = part[order] / sqrt(cosine) * jn(order, K * n * r * sine) * p;
	*phase = K * n * z * cosine;
}

static void scalar_ring(double p, double r, double z, int order, double *size, double *phase)
{
	double n = 1.515, sine = 1.4 * p / n, cosine = sqrt(1 - sine * sine);
	*size = (order == 0) * j0(K * 1.4 * p * r) * p / sqrt(cosine);
	*phase = K * n * z * cosine;
}

static const double places[][2] = { { 0, 0 }, { 90, 0 }, { 210, -150 }, { 0, 400 }, { 700, 900 },
	{ 2500, 3000 } };

static void high_aperture(void)
{
	lens vector = oil(LENS_RICHARDS_WOLF), scalar = oil(LENS_SCALAR);
	double v0 = by_definition(vector_ring, 1, 3, 0, 0);
	double s0 = by_definition(scalar_ring, 1, 1, 0, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		double r = places[i][0], z = places[i][1];
		g_assert_cmpfloat_with_epsilon(lens_intensity(&vector, r, z),
			by_definition(vector_ring, 1, 3, r, z) / v0, 1e-8);
		g_assert_cmpfloat_with_epsilon(lens_intensity(&scalar, r, z),
			by_definition(scalar_ring, 1, 1, r, z) / s0, 1e-8);
	}
}

/* At a small aperture all models are one. */
static void low_aperture(void)
{
	lens born = lens_ideal(LENS_BORN_WOLF, 0.1, 520, 1);
	for (int model = LENS_SCALAR; model <= LENS_RICHARDS_WOLF; model++) {
		lens other = lens_ideal((enum lens_model)model, 0.1, 520, 1);
		for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
			double r = 4 * places[i][0], z = 20 * places[i][1];
			g_assert_cmpfloat_with_epsilon(lens_intensity(&other, r, z),
				lens_intensity(&born, r, z), 3e-3);
		}
	}
}

/* --- Gibson and Lanni ------------------------------------------------------------------------- */

/* Equation 5 of Gibson and Lanni (1992), all of it, piston too. */
static void layered_ring(double p, double r, double z, int order, double *size, double *phase)
{
	double s = 1.4 * p, s2 = s * s;
	double path = 3000 * sqrt(1.33 * 1.33 - s2) + (120e3 + z) * sqrt(1.515 * 1.515 - s2) -
		120e3 * sqrt(1.51 * 1.51 - s2) + 172e3 * sqrt(1.52 * 1.52 - s2) -
		170e3 * sqrt(1.525 * 1.525 - s2);
	*size = (order == 0) * j0(K * s * r) * p;
	*phase = K * path;
}

static void layers_by_definition(void)
{
	lens l = layered();
	double open = 1.33 / 1.4, focus = lens_focus_nm(&l), most = 0;
	g_assert_cmpfloat_with_epsilon(lens_open(&l), open, 1e-12);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		double r = places[i][0], z = focus + places[i][1];
		/* in the middle without aberrations: open^2 / 2 */
		double unit = pow(open * open / 2, 2);
		g_assert_cmpfloat_with_epsilon(lens_intensity(&l, r, z),
			by_definition(layered_ring, open, 1, r, z) / unit, 2e-6);
	}
	/* the focus is the brightest of the axis */
	for (double z = -30000; z < 30000; z += 41)
		most = fmax(most, lens_intensity(&l, 0, z));
	g_assert_cmpfloat(lens_intensity(&l, 0, focus), >=, most - 1e-12);
	g_assert_cmpfloat(most, <, 0.9);
}

/* As designed: no aberration, and the specimen's index counts for nothing. */
static void layers_as_designed(void)
{
	lens l = layered();
	l.ni0 = l.ni;
	l.ng0 = l.ng;
	l.tg0_nm = l.tg_nm;
	l.depth_nm = 0;
	l.ns = 1.515;
	g_assert_cmpfloat_with_epsilon(lens_intensity(&l, 0, 0), 1, 1e-12);
	g_assert_cmpfloat_with_epsilon(lens_focus_nm(&l), 0, 0.01);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		g_assert_cmpfloat_with_epsilon(lens_intensity(&l, places[i][0], places[i][1]),
			lens_intensity(&l, places[i][0], -places[i][1]), 1e-9);
	/* in focus nothing but the Airy pattern is left */
	lens born = oil(LENS_BORN_WOLF);
	for (double r = 0; r < 3000; r += 70)
		g_assert_cmpfloat_with_epsilon(lens_intensity(&l, r, 0), lens_intensity(&born, r, 0),
			1e-12);
}

/* A thin specimen's focus moves by depth ni / ns at a small aperture: paraxial refraction. */
static void focus_in_water(void)
{
	lens l = lens_ideal(LENS_GIBSON_LANNI, 0.1, 520, 1);
	l.ns = 1.33;
	l.depth_nm = 50000;
	g_assert_cmpfloat_with_epsilon(lens_focus_nm(&l), -50000 / 1.33, 100);
}

/*
 * A reference of 18 x 128 x 128: no sample at 0, radial table in steps of half a pixel, lines
 * between them; so this is done with the points here.
 */
static double from_table(const double *table, double r_pixels)
{
	int i = (int)(2 * r_pixels);
	double t = 2 * r_pixels - i;
	return (1 - t) * table[i] + t * table[i + 1];
}

static void gibson_lanni_reference(void)
{
	enum { ROWS = 200 };
	lens l = { LENS_GIBSON_LANNI, 1.4, 610, .ni = 1.5, .ns = 1.33, .ni0 = 1.5, .ng = 1.5,
		.ng0 = 1.5, .depth_nm = 0, .ti0_nm = 150e3, .tg_nm = 170e3, .tg0_nm = 170e3 };
	g_autoptr(image) file = public_file("sdeconv_gibsonlanni_ref.tif");
	if (!file)
		return;
	g_autoptr(array) mine = array_new(cpu, REAL, file->data->shape);
	for (int z = 0; z < 18; z++) {
		double table[ROWS];
		for (int i = 0; i < ROWS; i++)
			table[i] = lens_intensity(&l, 50 * i, 250 * (z - 9) + 125);
		for (int i = 0; i < 128 * 128; i++) {
			double r = hypot(i % 128 - 63.5, i / 128 - 63.5);
			array_row(mine, 0, z, i / 128)[i % 128] = (float)from_table(table, r);
		}
	}
	g_test_message("correlation: %.8f", correlation(mine, file->data));
	g_assert_cmpfloat(correlation(mine, file->data), >, 0.9999);
}

static const stage_test tests[] = {
	{ "/microscope/quadrature", gauss_is_exact },
	{ "/microscope/born-wolf-table", born_wolf_table },
	{ "/microscope/born-wolf-closed-forms", born_wolf_closed_forms },
	{ "/microscope/high-aperture", high_aperture },
	{ "/microscope/low-aperture", low_aperture },
	{ "/microscope/layers", layers_by_definition },
	{ "/microscope/layers-as-designed", layers_as_designed },
	{ "/microscope/focus", focus_in_water },
	{ "/microscope/gibson-lanni-reference", gibson_lanni_reference },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
