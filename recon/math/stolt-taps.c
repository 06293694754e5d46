/* SPDX-License-Identifier: BSD-3-Clause */
/* stolt-taps.c - Kaiser and Bessel's window as interpolation kernel of a signal in half of its
 * period (Jackson and others, IEEE Trans. Med. Imaging 10, 1991): the signal is divided by the
 * window that the taps amount to, and what they add beyond is 1e-5 of it */
#include "math/stolt-taps.h"

#include <math.h>
#include <string.h>

enum { TAPS = 6, FIRST_TAP = -2, COEFFICIENTS = 8 };

/* Of the window: its lobes begin where the first image of the signal does, 3/4 of the period. */
#define SHARPNESS (0.75 * G_PI * TAPS)

/* I0, the modified Bessel function of the first kind, by its series */
static double bessel_i0(double x)
{
	double sum = 1, term = 1;
	for (int k = 1; term > 1e-17 * sum; k++) {
		term *= x / 2 / k * x / 2 / k;
		sum += term;
	}
	return sum;
}

static double window(double x)
{
	double t = 2 * x / TAPS, inside = 1 - t * t;
	return inside > 0 ? bessel_i0(SHARPNESS * sqrt(inside)) / bessel_i0(SHARPNESS) : 0;
}

/* The transform of the window. */
double stolt_taps_gain(double at)
{
	double x = G_PI * TAPS * at, d = sqrt(SHARPNESS * SHARPNESS - x * x);
	return TAPS * sinh(d) / d / bessel_i0(SHARPNESS);
}

/* i^j is i for odd j, 1 for even ones, times this. */
static double sign_of(int j)
{
	return ((j % 4) + 4) % 4 < 2 ? 1 : -1;
}

/* Newton's divided differences through values at Chebyshev's points, then powers of u. */
static void fit(double *c, int tap)
{
	double u[COEFFICIENTS], d[COEFFICIENTS];
	for (int i = 0; i < COEFFICIENTS; i++) {
		u[i] = 0.5 * cos(G_PI * (i + 0.5) / COEFFICIENTS);
		d[i] = window(tap - (u[i] + 0.5)) * sign_of(tap);
	}
	for (int k = 1; k < COEFFICIENTS; k++)
		for (int i = COEFFICIENTS - 1; i >= k; i--)
			d[i] = (d[i] - d[i - 1]) / (u[i] - u[i - k]);
	memset(c, 0, COEFFICIENTS * sizeof *c);
	for (int i = COEFFICIENTS - 1; i >= 0; i--) {
		for (int k = COEFFICIENTS - 1; k > 0; k--)
			c[k] = c[k - 1] - u[i] * c[k];
		c[0] = d[i] - u[i] * c[0];
	}
}

array *stolt_taps(device *dev, bool linear)
{
	double c[TAPS][COEFFICIENTS] = { 0 };
	array *list = array_new_list(dev, TAPS * COEFFICIENTS);
	g_autofree float *packed = g_new0(float, shape_count(list->shape));
	c[-FIRST_TAP][0] = c[1 - FIRST_TAP][0] = 0.5;
	c[-FIRST_TAP][1] = -1;
	c[1 - FIRST_TAP][1] = 1;
	for (int i = 0; i < TAPS; i++) {
		if (!linear)
			fit(c[i], i + FIRST_TAP);
		for (int k = 0; k < COEFFICIENTS; k++)
			packed[i * COEFFICIENTS + k] = (float)c[i][k];
	}
	array_upload(list, packed);
	return list;
}
