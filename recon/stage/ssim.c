/* SPDX-License-Identifier: BSD-3-Clause */
/* ssim.c - structural similarity, as scikit-image defines it */
#include "stage/metric.h"

#include <math.h>
#include <string.h>
#include "core/error.h"

enum { UNIFORM_SIZE = 7, GAUSSIAN_SIZE = 11, MAX_SIZE = 11 };
#define GAUSSIAN_SIGMA 1.5      /* pixels */
#define K1 0.01
#define K2 0.03

/* The five windowed means a pixel needs. */
enum { MEAN_A, MEAN_B, MEAN_AA, MEAN_BB, MEAN_AB, N_MEANS };

typedef struct {
	int size;
	double weight[MAX_SIZE];        /* one axis, sum 1 */
	double sample;                  /* covariance: n / (n - 1) for n pixels in the window */
	double c1, c2;
} window;

static window window_new(enum metric_window kind, double range)
{
	window w = { .size = kind == METRIC_GAUSSIAN ? GAUSSIAN_SIZE : UNIFORM_SIZE };
	double sum = 0, n = (double)w.size * w.size;
	for (int i = 0; i < w.size; i++) {
		double d = (i - w.size / 2) / GAUSSIAN_SIGMA;
		w.weight[i] = kind == METRIC_GAUSSIAN ? exp(-0.5 * d * d) : 1;
		sum += w.weight[i];
	}
	for (int i = 0; i < w.size; i++)
		w.weight[i] /= sum;
	w.sample = n / (n - 1);
	w.c1 = K1 * range * K1 * range;
	w.c2 = K2 * range * K2 * range;
	return w;
}

/* Means along x of one row; `means` holds N_MEANS rows of `width` doubles. */
static void row_means(const window *w, const float *a, const float *b, double *means, int64_t width)
{
	for (int64_t x = 0; x < width; x++) {
		double m[N_MEANS] = { 0 };
		for (int i = 0; i < w->size; i++) {
			double u = (double)a[x + i], v = (double)b[x + i], k = w->weight[i];
			m[MEAN_A] += k * u;
			m[MEAN_B] += k * v;
			m[MEAN_AA] += k * u * u;
			m[MEAN_BB] += k * v * v;
			m[MEAN_AB] += k * u * v;
		}
		for (int j = 0; j < N_MEANS; j++)
			means[j * width + x] = m[j];
	}
}

static double similarity(const window *w, const double m[N_MEANS])
{
	double ab = m[MEAN_A] * m[MEAN_B], aa = m[MEAN_A] * m[MEAN_A], bb = m[MEAN_B] * m[MEAN_B];
	double var_a = w->sample * (m[MEAN_AA] - aa), var_b = w->sample * (m[MEAN_BB] - bb);
	double covariance = w->sample * (m[MEAN_AB] - ab);
	return (2 * ab + w->c1) * (2 * covariance + w->c2) /
		((aa + bb + w->c1) * (var_a + var_b + w->c2));
}

/* The sum over one row of windows; rows[i] holds the means along x of the window's row i. */
static double window_row(const window *w, double *const rows[], int64_t width)
{
	double sum = 0;
	for (int64_t x = 0; x < width; x++) {
		double m[N_MEANS] = { 0 };
		for (int i = 0; i < w->size; i++)
			for (int j = 0; j < N_MEANS; j++)
				m[j] += w->weight[i] * rows[i][j * width + x];
		sum += similarity(w, m);
	}
	return sum;
}

/* The sum over all windows inside one plane; `ring` holds the means of the last `size` rows. */
static double plane_sum(const window *w, const array *a, const array *b, int64_t plane,
	double *ring)
{
	int64_t width = a->shape.x - w->size + 1;
	double *rows[MAX_SIZE], sum = 0;
	for (int64_t y = 0; y < a->shape.y; y++) {
		double *newest = ring + y % w->size * N_MEANS * width;
		row_means(w, array_row(a, 0, plane, y), array_row(b, 0, plane, y), newest, width);
		for (int i = 0; i < w->size; i++)
			rows[i] = ring + (y + 1 + i) % w->size * N_MEANS * width;
		if (y >= w->size - 1)
			sum += window_row(w, rows, width);
	}
	return sum;
}

double metric_ssim(const array *picture, const array *reference, double range,
	enum metric_window kind, GError **err)
{
	window w = window_new(kind, range);
	shape s = picture->shape;
	int64_t width = s.x - w.size + 1, height = s.y - w.size + 1;
	if (width < 1 || height < 1)
		return NAN;
	g_autofree double *ring = g_try_new(double, (gsize)(w.size * N_MEANS * width));
	if (!ring) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory for the similarity of rows of %"
			G_GINT64_FORMAT " pixels", s.x);
		return NAN;
	}
	double sum = 0;
	for (int64_t p = 0; p < shape_planes(s); p++)
		sum += plane_sum(&w, picture, reference, p, ring);
	return sum / (double)(shape_planes(s) * width * height);
}
