/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-pupil.c - the light in the pupil of a lens, as a sum over rings */
#include "stage/psf-pupil.h"

#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/quadrature.h"

enum { RINGS_MOST = 8192, PROBES = 512 };

lens lens_ideal(enum lens_model model, double aperture, double wavelength_nm, double ni)
{
	return (lens){ .model = model, .aperture = aperture, .wavelength_nm = wavelength_nm, .ni = ni,
		.ns = ni, .ni0 = ni, .ng = 1.515, .ng0 = 1.515, .ti0_nm = 150e3, .tg_nm = 170e3,
		.tg0_nm = 170e3 };
}

static double wave_number(const lens *l)
{
	return 2 * M_PI / l->wavelength_nm;
}

double lens_open(const lens *l)
{
	double least = fmin(l->aperture, l->ni);
	if (l->model == LENS_GIBSON_LANNI)
		least = fmin(fmin(fmin(least, l->ns), fmin(l->ni0, l->ng)), l->ng0);
	return least / l->aperture;
}

/* sqrt(n^2 - s^2) - n, without cancellation: the path across a layer, over its thickness. */
static double path(double n, double s)
{
	return -s * s / (sqrt(fmax(n * n - s * s, 0)) + n);
}

/* Radians per nm of z for a ray of sine s (times the refractive index). */
static double slope_at(const lens *l, double s)
{
	return wave_number(l) * (l->model == LENS_BORN_WOLF ? -s * s / (2 * l->ni) : path(l->ni, s));
}

/* Gibson and Lanni (1992), equation 5, less the part that is proportional to z. */
static double phase_at(const lens *l, double s)
{
	if (l->model != LENS_GIBSON_LANNI)
		return 0;
	return wave_number(l) * (l->depth_nm * path(l->ns, s) +
		l->ti0_nm * (path(l->ni, s) - path(l->ni0, s)) + l->tg_nm * path(l->ng, s) -
		l->tg0_nm * path(l->ng0, s));
}

double lens_band_r(const lens *l)
{
	return 2 * wave_number(l) * l->aperture * lens_open(l);
}

double lens_band_z(const lens *l)
{
	return fabs(slope_at(l, l->aperture * lens_open(l)));
}

double lens_width_nm(const lens *l)
{
	return 1.61634 * l->wavelength_nm / (M_PI * l->aperture);
}

double lens_height_nm(const lens *l)
{
	return 2 * 2.783115 * l->ni * l->wavelength_nm / (M_PI * l->aperture * l->aperture);
}

/*
 * Amplitudes of the orders.  With p dp = cos dcos: sqrt(cos) of the aplanatic lens becomes
 * 1 / sqrt(cos); Richards and Wolf (1959), equations 2.31, and the mean of 3.13 over the angle.
 */
static void amplitudes(const lens *l, double s, double to[3])
{
	double sine = s / l->ni, cosine = sqrt(fmax(1 - sine * sine, 1e-300));
	double base = l->model == LENS_BORN_WOLF || l->model == LENS_GIBSON_LANNI ? 1 :
		1 / sqrt(cosine);
	bool vector = l->model == LENS_RICHARDS_WOLF;
	to[0] = vector ? base * (1 + cosine) : base;
	to[1] = vector ? base * M_SQRT2 * sine : 0;
	to[2] = vector ? base * (1 - cosine) : 0;
}

/*
 * p = open sin t keeps every square root smooth up to the rim.  Gauss and Legendre's rule needs a
 * ring for every two radians of the fastest phase, over half the interval, and a few more.
 */
static int64_t rings_needed(const lens *l, double r_nm, double z0_nm, double z1_nm)
{
	double full = l->aperture * lens_open(l), fastest = 0, step = M_PI_2 / PROBES;
	double last0 = 0, last1 = 0;
	for (int i = 0; i <= PROBES; i++) {
		double s = full * sin(i * step);
		double a = phase_at(l, s) + slope_at(l, s) * z0_nm;
		double b = phase_at(l, s) + slope_at(l, s) * z1_nm;
		if (i > 0)
			fastest = fmax(fastest, fmax(fabs(a - last0), fabs(b - last1)) / step);
		last0 = a;
		last1 = b;
	}
	double rings = 28 + 0.6 * M_PI_4 * (fastest + wave_number(l) * full * r_nm);
	return rings < RINGS_MOST ? (int64_t)rings : RINGS_MOST + 1;
}

static void fill(pupil *p, const lens *l, const double *x, const double *w)
{
	double open = lens_open(l), k = wave_number(l), focus = 0, energy = 0;
	for (int64_t i = 0; i < p->rings; i++) {
		double t = M_PI_4 * (1 + x[i]), s = l->aperture * open * sin(t), amplitude[3];
		double area = M_PI_4 * w[i] * open * open * sin(t) * cos(t);
		amplitudes(l, s, amplitude);
		p->reach[i] = k * s;
		p->phase[i] = phase_at(l, s);
		p->slope[i] = slope_at(l, s);
		for (int m = 0; m < p->orders; m++) {
			p->weight[m][i] = amplitude[m] * area;
			energy += amplitude[m] * amplitude[m] * area;
		}
		focus += p->weight[0][i];
	}
	for (int m = 0; m < p->orders; m++)
		for (int64_t i = 0; i < p->rings; i++)
			p->weight[m][i] /= focus;
	/* Parseval, for Hankel's transform */
	p->energy = 2 * M_PI * energy / (focus * focus * k * k * l->aperture * l->aperture);
}

pupil *pupil_new(const lens *l, double r_nm, double z0_nm, double z1_nm, GError **err)
{
	int64_t n = rings_needed(l, r_nm, z0_nm, z1_nm);
	if (n > RINGS_MOST) {
		error_set(err, RELUMINE_BAD_USAGE, "--size", "a smaller --size or --voxel; are all lengths "
			"in nm?", "the phase of the light changes too fast over the lens for a field %g nm wide "
			"and %g nm high", 2 * r_nm, z1_nm - z0_nm);
		return NULL;
	}
	pupil *p = g_new0(pupil, 1);
	gsize count = (gsize)n;
	p->rings = n;
	p->orders = l->model == LENS_RICHARDS_WOLF ? 3 : 1;
	p->reach = g_new(double, count);
	p->phase = g_new(double, count);
	p->slope = g_new(double, count);
	for (int m = 0; m < p->orders; m++)
		p->weight[m] = g_new(double, count);
	g_autofree double *x = g_new(double, count), *w = g_new(double, count);
	gauss_legendre(n, x, w);
	fill(p, l, x, w);
	return p;
}

void pupil_free(pupil *p)
{
	if (!p)
		return;
	g_free(p->reach);
	g_free(p->phase);
	g_free(p->slope);
	for (int m = 0; m < 3; m++)
		g_free(p->weight[m]);
	g_free(p);
}

/* --- sums over the rings ---------------------------------------------------------------------- */

static double bessel(int order, double x)
{
	return order == 0 ? j0(x) : order == 1 ? j1(x) : jn(order, x);
}

double pupil_intensity(const pupil *p, double r_nm, double z_nm)
{
	double re, im, intensity;
	g_autoptr(waves) w = waves_new(p, 1, &z_nm);
	if (!w)
		return NAN;
	pupil_row(p, w, r_nm, &re, &im, &intensity);
	return intensity;
}

waves *waves_new(const pupil *p, int64_t n, const double *z_nm)
{
	waves *w = g_new0(waves, 1);
	w->n = n;
	w->re = g_try_new(double, (gsize)(p->rings * n));
	w->im = g_try_new(double, (gsize)(p->rings * n));
	if (!w->re || !w->im) {
		waves_free(w);
		return NULL;
	}
	for (int64_t i = 0; i < p->rings * n; i++) {
		double angle = p->phase[i / n] + p->slope[i / n] * z_nm[i % n];
		w->re[i] = cos(angle);
		w->im[i] = sin(angle);
	}
	return w;
}

void waves_free(waves *w)
{
	if (!w)
		return;
	g_free(w->re);
	g_free(w->im);
	g_free(w);
}

static void add_field(const pupil *p, const waves *w, int order, double r_nm, double *re,
	double *im)
{
	int64_t n = w->n;
	memset(re, 0, (size_t)n * sizeof *re);
	memset(im, 0, (size_t)n * sizeof *im);
	for (int64_t i = 0; i < p->rings; i++) {
		double a = p->weight[order][i] * bessel(order, p->reach[i] * r_nm);
		const double *wave_re = w->re + i * n, *wave_im = w->im + i * n;
		for (int64_t j = 0; j < n; j++) {
			re[j] += a * wave_re[j];
			im[j] += a * wave_im[j];
		}
	}
}

void pupil_row(const pupil *p, const waves *w, double r_nm, double *re, double *im,
	double *intensity)
{
	for (int m = 0; m < p->orders; m++) {
		add_field(p, w, m, r_nm, re, im);
		for (int64_t j = 0; j < w->n; j++)
			intensity[j] = (m ? intensity[j] : 0) + re[j] * re[j] + im[j] * im[j];
	}
}
