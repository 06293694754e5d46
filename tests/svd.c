/* SPDX-License-Identifier: BSD-3-Clause */
/* svd.c - singular values against products that are known, and against the definition */
#include <glib.h>
#include <math.h>
#include "core/error.h"
#include "math/svd.h"
#include "math/uniform.h"
#include "tests/stage.h"

device *cpu;

static double *uniform(int64_t rows, int64_t columns, uint64_t seed)
{
	double *a = g_new(double, (gsize)(rows * columns));
	for (int64_t i = 0; i < rows * columns; i++)
		a[i] = (double)uniform_at(seed, (uint64_t)i);
	return a;
}

/* rows x inner times inner x columns */
static double *product(const double *a, const double *b, int64_t rows, int64_t inner,
	int64_t columns)
{
	double *c = g_new0(double, (gsize)(rows * columns));
	for (int64_t i = 0; i < rows; i++)
		for (int64_t k = 0; k < inner; k++)
			for (int64_t j = 0; j < columns; j++)
				c[i * columns + j] += a[i * inner + k] * b[k * columns + j];
	return c;
}

static double off_unit(const double *q, int64_t length, int64_t count)
{
	double most = 0;
	for (int64_t i = 0; i < count; i++)
		for (int64_t j = 0; j < count; j++) {
			double sum = i == j ? -1 : 0;
			for (int64_t k = 0; k < length; k++)
				sum += q[i * length + k] * q[j * length + k];
			most = fmax(most, fabs(sum));
		}
	return most;
}

/* The largest |A - U S V'|. */
static double off_product(const svd *d, const double *a)
{
	double most = 0;
	for (int64_t y = 0; y < d->rows; y++)
		for (int64_t x = 0; x < d->columns; x++) {
			double sum = -a[y * d->columns + x];
			for (int64_t i = 0; i < d->rank; i++)
				sum += d->u[i * d->rows + y] * d->s[i] * d->v[i * d->columns + x];
			most = fmax(most, fabs(sum));
		}
	return most;
}

static svd *decompose(const double *a, int64_t rows, int64_t columns)
{
	GError *err = NULL;
	svd *d = svd_new(cpu, a, rows, columns, &err);
	g_assert_no_error(err);
	g_assert_cmpint(d->rows, ==, rows);
	g_assert_cmpint(d->columns, ==, columns);
	for (int64_t i = 0; i < d->rank; i++)
		g_assert_true(d->s[i] > 0 && (i == 0 || d->s[i] <= d->s[i - 1]));
	g_assert_cmpfloat(off_unit(d->u, rows, d->rank), <, 1e-12);
	g_assert_cmpfloat(off_unit(d->v, columns, d->rank), <, 1e-12);
	g_assert_cmpfloat(off_product(d, a), <, 1e-12 * (1 + (d->rank ? d->s[0] : 0)));
	return d;
}

static void any_shape(void)
{
	static const int64_t sizes[][2] = {
		{ 1, 1 }, { 1, 9 }, { 9, 1 }, { 2, 2 }, { 3, 2 }, { 2, 3 }, { 7, 7 }, { 8, 8 }, { 31, 17 },
		{ 17, 31 }, { 64, 33 }, { 33, 64 }
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree double *a = uniform(sizes[i][0], sizes[i][1], i);
		g_autoptr(svd) d = decompose(a, sizes[i][0], sizes[i][1]);
		g_assert_cmpint(d->rank, ==, MIN(sizes[i][0], sizes[i][1]));
	}
}

/* The reflection 1 - 2 w w' / (w'w): orthogonal, and its own inverse. */
static double *reflection(int64_t n, uint64_t seed)
{
	g_autofree double *w = uniform(n, 1, seed);
	double *q = g_new(double, (gsize)(n * n)), ww = 0;
	for (int64_t i = 0; i < n; i++)
		ww += w[i] * w[i];
	for (int64_t i = 0; i < n * n; i++)
		q[i] = (i / n == i % n) - 2 * w[i / n] * w[i % n] / ww;
	return q;
}

/* reflection x diag(s) x reflection, rows x columns */
static double *with_values(const double *s, int64_t rows, int64_t columns)
{
	g_autofree double *left = reflection(rows, 5), *right = reflection(columns, 6);
	g_autofree double *middle = g_new0(double, (gsize)(rows * columns));
	for (int64_t i = 0; i < MIN(rows, columns); i++)
		middle[i * columns + i] = s[i];
	g_autofree double *half = product(left, middle, rows, rows, columns);
	return product(half, right, rows, columns, columns);
}

static void known_values(void)
{
	const double s[] = { 5, 5, 1, 1e-3, 1e-6, 1e-9 };       /* also one that is there twice */
	for (int wide = 0; wide < 2; wide++) {
		g_autofree double *a = with_values(s, wide ? 6 : 11, wide ? 11 : 6);
		g_autoptr(svd) d = decompose(a, wide ? 6 : 11, wide ? 11 : 6);
		g_assert_cmpint(d->rank, ==, 6);
		for (int i = 0; i < 6; i++)
			g_assert_cmpfloat_with_epsilon(d->s[i], s[i], 1e-14);
	}
}

/*
 * The Hilbert matrix of order 5: its largest and smallest eigenvalues (J. Todd, "The condition of
 * the finite segments of the Hilbert matrix", 1954), and its determinant, 1 / 266716800000.
 */
static void hilbert(void)
{
	double a[25], product_of_all = 1;
	for (int i = 0; i < 25; i++)
		a[i] = 1.0 / (i / 5 + i % 5 + 1);
	g_autoptr(svd) d = decompose(a, 5, 5);
	g_assert_cmpint(d->rank, ==, 5);
	g_assert_cmpfloat_with_epsilon(d->s[0], 1.567050691, 1e-9);
	g_assert_cmpfloat_with_epsilon(d->s[4], 3.287928772e-6, 1e-14);
	for (int i = 0; i < 5; i++)
		product_of_all *= d->s[i];
	g_assert_cmpfloat_with_epsilon(product_of_all * 266716800000.0, 1, 1e-9);
}

static void rank_deficient(void)
{
	g_autofree double *left = uniform(20, 3, 1), *right = uniform(3, 12, 2);
	g_autofree double *a = product(left, right, 20, 3, 12);
	g_autoptr(svd) d = decompose(a, 20, 12);
	g_assert_cmpint(d->rank, ==, 3);
	const double ones[12] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	g_autoptr(svd) one = decompose(ones, 3, 4);
	g_assert_cmpint(one->rank, ==, 1);
	g_assert_cmpfloat_with_epsilon(one->s[0], sqrt(12), 1e-14);
	const double zeros[12] = { 0 };
	g_autoptr(svd) none = decompose(zeros, 4, 3);
	g_assert_cmpint(none->rank, ==, 0);
}

static void any_magnitude(void)
{
	for (double scale = 1e-36; scale < 1e37; scale *= 1e12) {
		g_autofree double *a = uniform(9, 6, 3);
		for (int i = 0; i < 54; i++)
			a[i] *= scale;
		g_autoptr(svd) d = svd_new(cpu, a, 9, 6, NULL);
		g_assert_cmpint(d->rank, ==, 6);
		g_assert_cmpfloat(off_product(d, a), <, 1e-13 * scale);
	}
}

static void any_threads(void)
{
	g_autofree double *a = uniform(90, 77, 4);
	g_autoptr(svd) first = decompose(a, 90, 77);
	for (int threads = 1; threads < 6; threads += 2) {
		g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
		g_autoptr(svd) d = svd_new(dev, a, 90, 77, NULL);
		g_assert_true(!memcmp(d->u, first->u, 77 * 90 * sizeof(double)));
		g_assert_true(!memcmp(d->s, first->s, 77 * sizeof(double)));
		g_assert_true(!memcmp(d->v, first->v, 77 * 77 * sizeof(double)));
	}
}

static void over_the_limit(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autofree double *a = uniform(40, 40, 4);
	g_autoptr(GError) err = NULL;
	dev->memory_limit = 1000;
	g_assert_null(svd_new(dev, a, 40, 40, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_OVER_LIMIT);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/svd/any-shape", any_shape },
		{ "/svd/known-values", known_values },
		{ "/svd/hilbert", hilbert },
		{ "/svd/rank-deficient", rank_deficient },
		{ "/svd/any-magnitude", any_magnitude },
		{ "/svd/any-threads", any_threads },
		{ "/svd/over-the-limit", over_the_limit },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
