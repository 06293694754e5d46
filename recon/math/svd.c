/* SPDX-License-Identifier: BSD-3-Clause */
/* svd.c - the singular value decomposition of a small dense matrix, in double */
#include "math/svd.h"

#include <float.h>
#include <string.h>
#include "core/error.h"
#include "kern.h"

/*
 * Rotations of pairs of columns from the right until all columns are orthogonal: A V = U S
 * (Hestenes, J. SIAM 6, 1958).  Of a pair the longer column goes to the front, which sorts on the
 * way and settles sooner (de Rijk, SIAM J. Sci. Stat. Comput. 10, 1989).  Pairs are taken as in a
 * tournament, where those of a round have no column in common and may turn at once (Brent and Luk,
 * SIAM J. Sci. Stat. Comput. 6, 1985): what a round does depends on no order.
 */
enum { SWEEPS = 60 };           /* some ten are needed */

/* Columns of A with those of V below them, so that one rotation turns both. */
typedef struct {
	double *w;
	int64_t rows, columns, length;          /* rows >= columns; length = rows + columns */
	int64_t players, round;                 /* columns, and one more where they are odd */
	double least;                           /* square of a length that is rounding */
	gint turned;                            /* pairs that were not orthogonal, in this sweep */
} jacobi;

typedef struct { double pp, qq, pq; } products;

KERNEL_CLONES static products multiply(int64_t n, const double *restrict p,
	const double *restrict q)
{
	double pp = 0, qq = 0, pq = 0;
	PRAGMA_(omp simd reduction(+:pp, qq, pq))
	for (int64_t i = 0; i < n; i++) {
		pp += p[i] * p[i];
		qq += q[i] * q[i];
		pq += p[i] * q[i];
	}
	return (products){ pp, qq, pq };
}

/* (p, q) becomes (c p - s q, s p + c q) */
KERNEL_CLONES static void turn(int64_t n, double *restrict p, double *restrict q, double c,
	double s)
{
	PRAGMA_(omp simd)
	for (int64_t i = 0; i < n; i++) {
		double a = p[i], b = q[i];
		p[i] = c * a - s * b;
		q[i] = s * a + c * b;
	}
}

/* The same of the two exchanged. */
KERNEL_CLONES static void turn_over(int64_t n, double *restrict p, double *restrict q, double c,
	double s)
{
	PRAGMA_(omp simd)
	for (int64_t i = 0; i < n; i++) {
		double a = p[i], b = q[i];
		p[i] = c * b - s * a;
		q[i] = s * b + c * a;
	}
}

/* Whether the two were not orthogonal. */
static bool settle(const jacobi *j, double *p, double *q)
{
	products m = multiply(j->rows, p, q);
	double more = MAX(m.pp, m.qq), less = MIN(m.pp, m.qq), c = 1, s = 0;
	bool skew = less > j->least &&
		fabs(m.pq) > DBL_EPSILON * sqrt((double)j->rows) * sqrt(more) * sqrt(less);
	if (skew) {
		double zeta = (less - more) / (2 * m.pq);
		double t = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
		c = 1 / sqrt(1 + t * t);
		s = c * t;
	}
	if (m.pp < m.qq)
		turn_over(j->length, p, q, c, s);
	else if (skew)
		turn(j->length, p, q, c, s);
	return skew;
}

/* Pairs [first, end) of the round: the last player stays, the others go round. */
static void play(int64_t first, int64_t end, void *data)
{
	jacobi *j = data;
	int64_t others = j->players - 1;
	gint turned = 0;
	for (int64_t i = first; i < end; i++) {
		int64_t a = (j->round + i) % others;
		int64_t b = i == 0 ? others : (j->round - i + others) % others;
		int64_t p = MIN(a, b), q = MAX(a, b);
		if (q < j->columns)
			turned += settle(j, j->w + p * j->length, j->w + q * j->length);
	}
	g_atomic_int_add(&j->turned, turned);
}

static bool orthogonalise(jacobi *j, device *dev)
{
	for (int sweep = 0; sweep < SWEEPS; sweep++) {
		j->turned = 0;
		for (j->round = 0; j->round < j->players - 1; j->round++)
			device_each(dev, j->players / 2, 8, play, j);
		if (j->turned == 0)
			return true;
	}
	return false;
}

/* --- in and out ------------------------------------------------------------------------------- */

/* A or, where it is wide, A'; below it the unit matrix. */
static void fill(jacobi *j, const double *a, bool wide)
{
	double sum = 0;
	memset(j->w, 0, (size_t)(j->columns * j->length) * sizeof(double));
	for (int64_t k = 0; k < j->columns; k++) {
		double *column = j->w + k * j->length;
		for (int64_t i = 0; i < j->rows; i++) {
			column[i] = wide ? a[k * j->rows + i] : a[i * j->columns + k];
			sum += column[i] * column[i];
		}
		column[j->rows + k] = 1;
	}
	j->least = sum * DBL_EPSILON * DBL_EPSILON;
}

typedef struct {
	double length;
	int64_t column;
} rank_entry;

static int longer_first(const void *a, const void *b)
{
	const rank_entry *x = a, *y = b;
	return x->length != y->length ? (x->length < y->length ? 1 : -1) :
		x->column < y->column ? -1 : 1;
}

/* Columns by length; those that are nothing but rounding do not count. */
static int64_t order(const jacobi *j, rank_entry *entries)
{
	for (int64_t k = 0; k < j->columns; k++) {
		const double *column = j->w + k * j->length;
		entries[k] = (rank_entry){ sqrt(multiply(j->rows, column, column).pp), k };
	}
	qsort(entries, (size_t)j->columns, sizeof(rank_entry), longer_first);
	double least = (double)j->rows * DBL_EPSILON * entries[0].length;
	int64_t rank = 0;
	while (rank < j->columns && entries[rank].length > least)
		rank++;
	return rank;
}

/* wide: what was found is A' = U S V', so that the two change places. */
static svd *collect(const jacobi *j, bool wide)
{
	g_autofree rank_entry *entries = g_new(rank_entry, (gsize)j->columns);
	svd *d = g_new0(svd, 1);
	d->rank = order(j, entries);
	d->rows = wide ? j->columns : j->rows;
	d->columns = wide ? j->rows : j->columns;
	d->u = g_new(double, (gsize)(d->rank * d->rows));
	d->s = g_new(double, (gsize)d->rank);
	d->v = g_new(double, (gsize)(d->rank * d->columns));
	for (int64_t i = 0; i < d->rank; i++) {
		const double *column = j->w + entries[i].column * j->length;
		double *u = (wide ? d->v : d->u) + i * j->rows;
		d->s[i] = entries[i].length;
		for (int64_t k = 0; k < j->rows; k++)
			u[k] = column[k] / d->s[i];
		memcpy((wide ? d->u : d->v) + i * j->columns, column + j->rows,
			(size_t)j->columns * sizeof(double));
	}
	return d;
}

void svd_free(svd *d)
{
	if (!d)
		return;
	g_free(d->u);
	g_free(d->s);
	g_free(d->v);
	g_free(d);
}

svd *svd_new(device *dev, const double *a, int64_t rows, int64_t columns, GError **err)
{
	bool wide = columns > rows;
	jacobi j = { .rows = MAX(rows, columns), .columns = MIN(rows, columns) };
	j.length = rows + columns;
	j.players = j.columns + j.columns % 2;
	int64_t bytes = j.columns * j.length * (int64_t)sizeof(double);
	/* once to work on, once for what comes of it */
	if (!array_would_fit(dev, 2 * bytes, "singular values", err))
		return NULL;
	g_autofree double *work = j.w = g_try_malloc((gsize)bytes);
	if (!work) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory for the singular values of %"
			G_GINT64_FORMAT " x %" G_GINT64_FORMAT " numbers", rows, columns);
		return NULL;
	}
	fill(&j, a, wide);
	if (!orthogonalise(&j, dev)) {
		error_set(err, RELUMINE_BAD_NUMBERS, NULL, NULL,
			"singular values have not settled in %d sweeps", SWEEPS);
		return NULL;
	}
	return collect(&j, wide);
}

svd *svd_of_plane(const array *a, int64_t c, int64_t z, GError **err)
{
	shape s = a->shape;
	int64_t bytes = s.y * s.x * (int64_t)sizeof(double);
	g_autofree double *packed = NULL;
	if (!array_would_fit(a->dev, bytes, "a matrix", err))
		return NULL;
	packed = g_try_malloc((gsize)bytes);
	if (!packed) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory for a matrix of %"
			G_GINT64_FORMAT " x %" G_GINT64_FORMAT " numbers", s.y, s.x);
		return NULL;
	}
	for (int64_t y = 0; y < s.y; y++)
		for (int64_t x = 0; x < s.x; x++)
			packed[y * s.x + x] = (double)array_row(a, c, z, y)[x];
	return svd_new(a->dev, packed, s.y, s.x, err);
}
