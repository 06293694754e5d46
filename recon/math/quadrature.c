/* SPDX-License-Identifier: BSD-3-Clause */
/* quadrature.c - nodes and weights for integrals of smooth functions */
#include "math/quadrature.h"

#include <math.h>

/* The Legendre polynomial of degree n at x, and its derivative, by the three-term recurrence. */
static double legendre(int64_t n, double x, double *slope)
{
	double before = 1, p = x;
	for (int64_t k = 2; k <= n; k++) {
		double next = ((double)(2 * k - 1) * x * p - (double)(k - 1) * before) / (double)k;
		before = p;
		p = next;
	}
	*slope = (double)n * (before - x * p) / (1 - x * x);
	return p;
}

void gauss_legendre(int64_t n, double *x, double *w)
{
	for (int64_t i = 0; i < (n + 1) / 2; i++) {
		/* Tricomi's guess, then Newton's steps, which double the digits */
		double root = cos(M_PI * ((double)i + 0.75) / ((double)n + 0.5)), slope = 1;
		for (int step = 0; step < 8; step++) {
			double change = legendre(n, root, &slope) / slope;
			root -= change;
			if (fabs(change) < 1e-15)
				break;
		}
		if (2 * i + 1 == n)
			root = 0;
		legendre(n, root, &slope);
		x[i] = -root;
		x[n - 1 - i] = root;
		w[i] = w[n - 1 - i] = 2 / ((1 - root * root) * slope * slope);
	}
}
