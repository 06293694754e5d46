/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-wavelength.c - which wave the phasor field sends, and what is to be feared of it */
#include <math.h>

#include "core/error.h"
#include "mode/nlos.h"

/* Distances of points in a wavelength, if nobody says: both ways 4 is the least that is free of
 * false images, one way 2.  Where traces are noise at that, longer ones are tried. */
static const double pitches[] = { 4, 5, 6, 8, 10, 12 };

/* A wave shorter than this share of the path that light makes in the timing's uncertainty, full
 * width at half maximum, is damped to less than a tenth: exp(-2 (pi s / wavelength)^2), s = FWHM /
 * 2.355. */
#define OF_JITTER 1.25

/* Bins in a wavelength, for the pulse's shortest waves, half as long, to be in the traces. */
#define BINS 4

/* How far points of the wall are apart, m. */
static double pitch_of(const nlos_capture *c, const nlos_grid *g)
{
	shape s = c->counts->shape;
	if (c->regular)
		return fmax(s.x > 1 ? c->pitch[0] : 0, s.y > 1 ? c->pitch[1] : 0);
	double width = g->step[0] * (double)g->n[0], height = g->step[1] * (double)g->n[1];
	return sqrt(width * height / (double)(s.y * s.x));
}

/* --- noise ------------------------------------------------------------------------------------ */

/* Traces looked at, at most: of more, some. */
enum { LOOKED_AT = 512 };

/* Mean |H|^2 of the traces at frequency q, cycles a bin. */
static double power_at(const array *counts, double q)
{
	shape s = counts->shape;
	int64_t traces = s.c * s.y * s.x, stride = MAX(traces / LOOKED_AT, 1), n = 0;
	g_autofree double *wave = g_new(double, 2 * s.z);
	for (int64_t m = 0; m < s.z; m++) {
		wave[2 * m] = cos(2 * G_PI * q * (double)m);
		wave[2 * m + 1] = sin(2 * G_PI * q * (double)m);
	}
	double sum = 0;
	for (int64_t i = 0; i < traces; i += stride, n++) {
		double re = 0, im = 0;
		const float *v = array_row(counts, i / (s.y * s.x), 0, i / s.x % s.y) + i % s.x;
		for (int64_t m = 0; m < s.z; m++, v += counts->plane_rows * counts->pitch) {
			re += (double)*v * wave[2 * m];
			im += (double)*v * wave[2 * m + 1];
		}
		sum += re * re + im * im;
	}
	return sum / (double)n;
}

/* The mean of that over `n` frequencies. */
static double band_power(const array *counts, double low, double high, int n)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += power_at(counts, low + (high - low) * (i + 0.5) / n);
	return sum / n;
}

/* Photons come by chance, which is as loud at all frequencies; light of the scene is smooth, and
 * has none of the highest.  Waves are worth sending where what is heard is this much louder. */
#define LOUDER 1.2

/* A wavelength that is not drowned in noise: m.  least: of what other reasons there are. */
static double audible(const nlos_capture *c, double pitch, double least)
{
	double bin = c->bin * c->speed, floor_power = band_power(c->counts, 0.36, 0.5, 16);
	size_t i = 0;
	for (; i + 1 < G_N_ELEMENTS(pitches); i++) {
		double q = bin / fmax(pitches[i] * pitch, least);
		if (band_power(c->counts, 0.8 * q, 1.2 * q, 8) >= LOUDER * floor_power)
			break;
	}
	return fmax(pitches[i] * pitch, least);
}

/* --- the choice ------------------------------------------------------------------------------- */

static void warn(task *t, const nlos_capture *c, double pitch, double w)
{
	double jitter = c->jitter * c->speed, bin = c->bin * c->speed;
	double least = pitch * (c->confocal ? 4 : 2);
	if (w < least * (1 - 1e-6))
		report_warn(t->report, "a wavelength of %.3g m is less than %d distances of points, which are "
			"%.3g m apart: there may be false images unless it is %.3g m or more", w,
			c->confocal ? 4 : 2, pitch, least);
	if (w < OF_JITTER * jitter * (1 - 1e-6))
		report_warn(t->report, "the timing is uncertain by %.3g ps, %.3g m of path: of waves shorter "
			"than %.3g m, as these of %.3g m, little is left", c->jitter * 1e12, jitter,
			OF_JITTER * jitter, w);
	else if (w < BINS * bin * (1 - 1e-6))
		report_warn(t->report, "a bin is %.3g m of path: waves of less than %d bins, as these of "
			"%.3g m, are not all in the traces", bin, BINS, w);
}

double nlos_wavelength(task *t, const nlos_capture *c, const nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	double pitch = pitch_of(c, g), bin = c->bin * c->speed;
	double shortest = fmax(OF_JITTER * c->jitter * c->speed, BINS * bin);
	double w = !isnan(o->wavelength) ? o->wavelength : audible(c, pitch, shortest);
	warn(t, c, pitch, w);
	if (w >= 2 * bin)
		return w;
	error_set(err, RELUMINE_BAD_USAGE, "--wavelength", "take a longer one, or leave it out",
		"of waves of %.3g m traces know nothing: their bins are %.3g m of path", w, bin);
	return NAN;
}
