/* SPDX-License-Identifier: BSD-3-Clause */
/* qr.c - A P = Q R of a dense matrix in double, columns in the order of what is left of them */
#include "math/qr.h"

#include "kern.h"

KERNEL_CLONES static double product(int64_t n, const double *restrict x, const double *restrict y)
{
	double sum = 0;
	PRAGMA_(omp simd reduction(+:sum))
	for (int64_t i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* y -= a x; gives what is left of |y|^2 */
KERNEL_CLONES static double reduce(int64_t n, double *restrict y, double a,
	const double *restrict x)
{
	double sum = 0;
	PRAGMA_(omp simd reduction(+:sum))
	for (int64_t i = 0; i < n; i++) {
		y[i] -= a * x[i];
		sum += y[i] * y[i];
	}
	return sum;
}

/* The reflection 1 - tau (1, v)(1, v)', v below the diagonal of column k; |x|^2 below row k */
static double reflect(const qr *f, int64_t k, double *x)
{
	const double *v = f->a + k * f->rows + k + 1;
	int64_t n = f->rows - k - 1;
	double a = f->tau[k] * (x[k] + product(n, v, x + k + 1));
	x[k] -= a;
	return reduce(n, x + k + 1, a, v);
}

/* Column k becomes its reflection: beta on the diagonal, and v. */
static void make_reflection(qr *f, int64_t k)
{
	double *x = f->a + k * f->rows + k;
	int64_t n = f->rows - k;
	double length = sqrt(product(n, x, x)), beta = x[0] > 0 ? -length : length;
	f->tau[k] = length > 0 ? (beta - x[0]) / beta : 0;
	for (int64_t i = 1; i < n && length > 0; i++)
		x[i] /= x[0] - beta;
	x[0] = beta;
}

static void bring_longest(qr *f, int64_t k)
{
	int64_t best = k;
	for (int64_t j = k + 1; j < f->columns; j++)
		best = f->left[j] > f->left[best] ? j : best;
	if (best == k)
		return;
	double *p = f->a + k * f->rows, *q = f->a + best * f->rows;
	for (int64_t i = 0; i < f->rows; i++) {
		double x = p[i];
		p[i] = q[i];
		q[i] = x;
	}
	int64_t column = f->order[k];
	f->order[k] = f->order[best];
	f->order[best] = column;
	f->left[best] = f->left[k];
}

typedef struct {
	qr *f;
	int64_t k;
} stage;

/* Columns [first, end) behind column k. */
static void reflect_columns(int64_t first, int64_t end, void *data)
{
	const stage *s = data;
	for (int64_t j = s->k + 1 + first; j < s->k + 1 + end; j++)
		s->f->left[j] = reflect(s->f, s->k, s->f->a + j * s->f->rows);
}

void qr_factor(qr *f, device *dev)
{
	for (int64_t j = 0; j < f->columns; j++) {
		f->order[j] = j;
		f->left[j] = product(f->rows, f->a + j * f->rows, f->a + j * f->rows);
	}
	for (int64_t k = 0; k < f->columns; k++) {
		bring_longest(f, k);
		make_reflection(f, k);
		device_each(dev, f->columns - k - 1, 16, reflect_columns, &(stage){ f, k });
	}
}

void qr_apply(const qr *f, double *x)
{
	for (int64_t k = f->columns - 1; k >= 0; k--)
		reflect(f, k, x);
}
