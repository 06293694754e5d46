/* SPDX-License-Identifier: BSD-3-Clause */
/* dense.c - small linear algebra in double, to hold solvers against */
#include "tests/dense.h"

#include <glib.h>
#include <math.h>

void eliminate(int n, double *s, double *b)
{
	for (int k = 0; k < n; k++) {
		int best = k;
		for (int i = k + 1; i < n; i++)
			best = fabs(s[i * n + k]) > fabs(s[best * n + k]) ? i : best;
		for (int j = 0; j < n; j++) {
			double swap = s[k * n + j];
			s[k * n + j] = s[best * n + j];
			s[best * n + j] = swap;
		}
		double swap = b[k];
		b[k] = b[best];
		b[best] = swap;
		for (int i = k + 1; i < n; i++) {
			double f = s[i * n + k] / s[k * n + k];
			for (int j = k; j < n; j++)
				s[i * n + j] -= f * s[k * n + j];
			b[i] -= f * b[k];
		}
	}
	for (int k = n - 1; k >= 0; k--) {
		for (int j = k + 1; j < n; j++)
			b[k] -= s[k * n + j] * b[j];
		b[k] /= s[k * n + k];
	}
}

double *matrix_of(const linop *a)
{
	int64_t n = shape_count(a->domain.shape), m = shape_count(a->range.shape);
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	g_autofree float *unit = g_new0(float, n), *column = g_new(float, m);
	double *matrix = g_new(double, n * m);
	for (int64_t j = 0; j < n; j++) {
		unit[j] = 1;
		array_upload(x, unit);
		unit[j] = 0;
		linop_apply(a, y, x);
		array_download(y, column);
		for (int64_t i = 0; i < m; i++)
			matrix[i * n + j] = (double)column[i];
	}
	return matrix;
}

double *normal_solution(const linop *a, const float *b, double ridge)
{
	int n = (int)shape_count(a->domain.shape), m = (int)shape_count(a->range.shape);
	g_autofree double *matrix = matrix_of(a), *s = g_new0(double, n * n);
	double *x = g_new0(double, n);
	for (int i = 0; i < n; i++) {
		for (int j = 0; j < n; j++)
			for (int k = 0; k < m; k++)
				s[i * n + j] += matrix[k * n + i] * matrix[k * n + j];
		s[i * n + i] += ridge;
		for (int k = 0; k < m; k++)
			x[i] += matrix[k * n + i] * (double)b[k];
	}
	eliminate(n, s, x);
	return x;
}

void expect(const array *a, const double *values, double tolerance)
{
	g_autofree float *got = g_new(float, shape_count(a->shape));
	array_download(a, got);
	for (int64_t i = 0; i < shape_count(a->shape); i++)
		g_assert_cmpfloat_with_epsilon((double)got[i], values[i], tolerance);
}
