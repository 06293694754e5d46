/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-bounce.c - when a capture sees the wall itself, and until when */
#include <math.h>
#include <string.h>
#include "stage/select.h"
#include "stage/transient.h"

/* --- in each trace ---------------------------------------------------------------------------- */

typedef struct {
	const array *counts;
	enum transient_mark mark;
	double *at, *strength;
} search;

/* The top of the parabola through three values, from the middle one; -1/2 to 1/2. */
static double top_of(double before, double here, double after)
{
	double bend = before - 2 * here + after;
	return bend < 0 ? CLAMP(0.5 * (before - after) / bend, -0.5, 0.5) : 0;
}

static double bin_at(const array *a, int64_t i, int64_t m)
{
	bool there = m >= 0 && m < a->shape.z;
	return there ? (double)transient_trace(a, i)[m * transient_stride(a)] : 0;
}

/* Going back from the peak: between the last bin below half of it and the one after. */
static double half_before(const array *a, int64_t i, int64_t peak, double most)
{
	for (int64_t m = peak; m >= 0; m--) {
		double below = bin_at(a, i, m - 1), above = bin_at(a, i, m);
		if (below < 0.5 * most)
			return (double)(m - 1) + (0.5 * most - below) / (above - below);
	}
	return 0;
}

static void search_traces(int64_t first, int64_t end, void *data)
{
	const search *j = data;
	for (int64_t i = first; i < end; i++) {
		int64_t peak = 0;
		double most = 0;
		for (int64_t m = 0; m < j->counts->shape.z; m++) {
			double v = bin_at(j->counts, i, m);
			peak = v > most ? m : peak;
			most = v > most ? v : most;
		}
		j->strength[i] = most;
		j->at[i] = 0;
		if (most > 0 && j->mark == MARK_EDGE)
			j->at[i] = half_before(j->counts, i, peak, most);
		else if (most > 0)
			j->at[i] = (double)peak + top_of(bin_at(j->counts, i, peak - 1), most,
				bin_at(j->counts, i, peak + 1));
	}
}

void transient_find_bounce(const array *counts, enum transient_mark mark, double *at,
	double *strength)
{
	search j = { counts, mark, at, strength };
	if (counts->mem)
		device_each(counts->dev, transient_traces(counts), 16, search_traces, &j);
}

/* --- a surface through all -------------------------------------------------------------------- */

enum { TERMS = SURFACE_TERMS_MOST, ROUNDS = 20 };

static double along(int64_t i, int64_t n)
{
	return n > 1 ? 2 * (double)i / (double)(n - 1) - 1 : 0;
}

/* The terms of a polynomial at point i; gives their number. */
static int terms_at(int64_t rows, int64_t columns, int64_t i, int degree, double t[TERMS])
{
	double x = along(i % columns, columns), y = along(i / columns, rows);
	int n = 0;
	for (int d = 0; d <= degree; d++)
		for (int k = 0; k <= d; k++)
			t[n++] = pow(x, d - k) * pow(y, k);
	return n;
}

double transient_surface_at(const transient_surface_fit *f, int64_t rows, int64_t columns,
	int64_t y, int64_t x)
{
	double t[TERMS], sum = 0;
	int n = terms_at(rows, columns, y * columns + x, f->degree, t);
	for (int k = 0; k < n; k++)
		sum += f->k[k] * t[k];
	return sum;
}

/* a x = b for a symmetric matrix that may lack a few dimensions, by Cholesky with a small ridge. */
static void solve_symmetric(int n, double a[TERMS][TERMS], double b[TERMS])
{
	double ridge = 0;
	for (int i = 0; i < n; i++)
		ridge += 1e-10 * a[i][i];
	for (int i = 0; i < n; i++) {
		for (int j = 0; j <= i; j++) {
			double sum = a[i][j] + (i == j ? ridge : 0);
			for (int k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			a[i][j] = i == j ? sqrt(fmax(sum, ridge)) : sum / a[j][j];
		}
	}
	for (int i = 0; i < n; i++) {
		for (int k = 0; k < i; k++)
			b[i] -= a[i][k] * b[k];
		b[i] /= a[i][i];
	}
	for (int i = n - 1; i >= 0; i--) {
		for (int k = i + 1; k < n; k++)
			b[i] -= a[k][i] * b[k];
		b[i] /= a[i][i];
	}
}

typedef struct {
	int64_t rows, columns;
	const double *at, *strength;
	float *away;            /* scratch, rows x columns */
} surface_data;

static double away_from(const surface_data *d, const transient_surface_fit *f, int64_t i)
{
	return d->at[i] - transient_surface_at(f, d->rows, d->columns, i / d->columns, i % d->columns);
}

/* 1.4826 times the median distance: the deviation of a normal distribution. */
static double spread_of(const surface_data *d, const transient_surface_fit *f)
{
	int64_t n = 0;
	for (int64_t i = 0; i < d->rows * d->columns; i++)
		if (d->strength[i] > 0)
			d->away[n++] = (float)fabs(away_from(d, f, i));
	return 1.4826 * (double)select_nth(d->away, n, n / 2);
}

/* One round: weights by how far traces are from the surface, and a better surface. */
static void improve(const surface_data *d, transient_surface_fit *f)
{
	const double cut = 4.685, least = 0.25;         /* deviations (95 % efficiency); bins */
	double a[TERMS][TERMS] = { 0 }, b[TERMS] = { 0 }, reach = cut * fmax(f->residual, least);
	double used = 0, all = 0;
	int n = 0;
	for (int64_t i = 0; i < d->rows * d->columns; i++) {
		double u = away_from(d, f, i) / reach, t[TERMS];
		all += d->strength[i] > 0;
		if (!(d->strength[i] > 0) || fabs(u) >= 1)
			continue;
		double w = (1 - u * u) * (1 - u * u);
		n = terms_at(d->rows, d->columns, i, f->degree, t);
		used++;
		for (int k = 0; k < n; k++) {
			b[k] += w * t[k] * d->at[i];
			for (int l = 0; l < n; l++)
				a[k][l] += w * t[k] * t[l];
		}
	}
	if (!(used > 0))
		return;
	solve_symmetric(n, a, b);
	memcpy(f->k, b, sizeof(b));
	f->used = used / all;
	f->residual = spread_of(d, f);
}

static int degree_for(int64_t rows, int64_t columns, int64_t lit)
{
	const int each = 8;
	int degree = 0;
	for (int d = 1; d <= SURFACE_DEGREE_MOST; d++)
		if (each * (rows > 1 && columns > 1 ? (d + 1) * (d + 2) / 2 : d + 1) <= lit)
			degree = d;
	return degree;
}

bool transient_fit_surface(int64_t rows, int64_t columns, const double *at, const double *strength,
	transient_surface_fit *fit)
{
	g_autofree float *away = g_new(float, (gsize)(rows * columns));
	const surface_data d = { rows, columns, at, strength, away };
	int64_t n = 0;
	for (int64_t i = 0; i < rows * columns; i++)
		if (strength[i] > 0)
			away[n++] = (float)at[i];
	if (n == 0)
		return false;
	*fit = (transient_surface_fit){ .degree = degree_for(rows, columns, n),
		.k = { (double)select_nth(away, n, n / 2) } };
	fit->residual = spread_of(&d, fit);
	for (int round = 0; round < ROUNDS; round++)
		improve(&d, fit);
	return true;
}

/* --- until when ------------------------------------------------------------------------------- */

typedef struct { const array *counts; double *mean; } averaging;

static void mean_bins(int64_t first, int64_t end, void *data)
{
	const averaging *j = data;
	shape s = j->counts->shape;
	for (int64_t m = first; m < end; m++) {
		double sum = 0;
		for (int64_t r = 0; r < s.c * s.y; r++) {
			const float *row = array_row(j->counts, r / s.y, m, r % s.y);
			for (int64_t x = 0; x < s.x; x++)
				sum += (double)row[x];
		}
		j->mean[m] = sum / (double)(s.c * s.y * s.x);
	}
}

/* Means over all traces; g_free. */
static double *mean_trace(const array *counts)
{
	double *mean = g_new0(double, (gsize)counts->shape.z);
	averaging j = { counts, mean };
	if (counts->mem)
		device_each(counts->dev, counts->shape.z, 8, mean_bins, &j);
	return mean;
}

int64_t transient_quietest(const array *counts, int64_t from, int64_t width)
{
	g_autofree double *mean = mean_trace(counts);
	double sum = 0, least = INFINITY;
	int64_t best = from;
	for (int64_t m = from; m < counts->shape.z; m++) {
		sum += mean[m] - (m - width >= from ? mean[m - width] : 0);
		if (m - width + 1 >= from && sum < least) {
			least = sum;
			best = m - width + 1;
		}
	}
	return best;
}

/* Means over so many bins to each side, fewer at the ends. */
static void smooth(const double *from, int64_t n, int64_t reach, float *to)
{
	for (int64_t m = 0; m < n; m++) {
		int64_t first = MAX(m - reach, 0), end = MIN(m + reach + 1, n);
		double sum = 0;
		for (int64_t k = first; k < end; k++)
			sum += from[k];
		to[m] = (float)(sum / (double)(end - first));
	}
}

static int64_t largest(const float *v, int64_t first, int64_t end)
{
	int64_t at = first;
	for (int64_t m = first; m < end; m++)
		at = v[m] > v[at] ? m : at;
	return at;
}

/* Where the fall from the peak ends: at the floor, or in the valley before what rises again. */
static int64_t end_of_fall(const float *mean, int64_t peak, int64_t n, float floor_level)
{
	const float rise = 2;           /* ripples of the tail stay below it */
	int64_t valley = peak;
	for (int64_t m = peak; m < n; m++) {
		if (mean[m] <= 2 * floor_level)
			return m;
		valley = mean[m] < mean[valley] ? m : valley;
		if (mean[m] > rise * mean[valley])
			return valley;
	}
	return valley;
}

int64_t transient_tail_end(const array *counts, int64_t within)
{
	const double floor_percent = 10, fall = 20, above = 4;
	int64_t n = counts->shape.z;
	if (!counts->mem || n < 8)
		return 0;
	g_autofree double *mean = mean_trace(counts);
	g_autofree float *fine = g_new(float, (gsize)(2 * n));
	float *sorted = fine + n;
	smooth(mean, n, n / 512, fine);
	int64_t peak = largest(fine, 0, n);
	if (peak >= within || !(fine[peak] > 0))
		return 0;
	memcpy(sorted, fine + peak, (size_t)(n - peak) * sizeof(float));
	float low = (float)select_percentile(sorted, n - peak, floor_percent);
	int64_t end = end_of_fall(fine, peak, n, fmaxf(low, 1e-6f * fine[peak]));
	double rest = (double)fine[largest(fine, end, n)], top = (double)fine[peak];
	bool fell = (double)fine[end] * fall <= top && rest * above <= top && 2 * end < n;
	return fell ? end : 0;
}
