/* SPDX-License-Identifier: BSD-3-Clause */
/* svd.c - the singular value decomposition of a small dense matrix, in double */
#include "math/svd.h"

#include <float.h>
#include <string.h>
#include "core/error.h"
#include "math/qr.h"
#include "kern.h"

/*
 * A P = Q R first: R' is smaller, and nearer to having orthogonal columns, than A (Drmac and
 * Veselic, SIAM J. Matrix Anal. Appl. 29, 2008).  R' W = V S then, and A P = Q W S V'.
 *
 * Rotations of pairs of columns from the right until all columns are orthogonal: R' W = V S
 * (Hestenes, J. SIAM 6, 1958).  Of a pair the longer column goes to the front, which sorts on the
 * way and settles sooner (de Rijk, SIAM J. Sci. Stat. Comput. 10, 1989).  Blocks of columns meet
 * as in a tournament, where those of a round have no column in common and may turn at once (Brent
 * and Luk, SIAM J. Sci. Stat. Comput. 6, 1985): what a round does depends on no order.
 */
enum { SWEEPS = 60 };           /* some ten are needed */
enum { BLOCK = 16 };            /* columns; two blocks of 1000 numbers a column stay in a cache */

/* Columns of R' with those of W below them, so that one rotation turns both. */
typedef struct {
	double *w;
	int64_t n, length;              /* columns, of n numbers of each; length = 2 n */
	int64_t players, round;         /* blocks of columns, an even number: the last may be empty */
	double least;                   /* square of a length that is rounding */
	gint turned;                    /* pairs that were not orthogonal, in this sweep */
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
	products m = multiply(j->n, p, q);
	double more = MAX(m.pp, m.qq), less = MIN(m.pp, m.qq), c = 1, s = 0;
	bool skew = less > j->least &&
		fabs(m.pq) > DBL_EPSILON * sqrt((double)j->n) * sqrt(more) * sqrt(less);
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

/* All pairs of a column of [p, p_end) and one of [q, q_end) behind it. */
static gint settle_all(const jacobi *j, int64_t p, int64_t p_end, int64_t q, int64_t q_end)
{
	gint turned = 0;
	for (; p < p_end; p++)
		for (int64_t k = MAX(q, p + 1); k < q_end; k++)
			turned += settle(j, j->w + p * j->length, j->w + k * j->length);
	return turned;
}

/* Blocks [first, end), each in itself. */
static void warm_up(int64_t first, int64_t end, void *data)
{
	jacobi *j = data;
	gint turned = 0;
	for (int64_t i = first; i < end; i++) {
		int64_t p = i * BLOCK, p_end = MIN(p + BLOCK, j->n);
		turned += settle_all(j, p, p_end, p, p_end);
	}
	g_atomic_int_add(&j->turned, turned);
}

/* Matches [first, end) of the round: the last player stays, the others go round. */
static void play(int64_t first, int64_t end, void *data)
{
	jacobi *j = data;
	int64_t others = j->players - 1;
	gint turned = 0;
	for (int64_t i = first; i < end; i++) {
		int64_t a = (j->round + i) % others;
		int64_t b = i == 0 ? others : (j->round - i + others) % others;
		int64_t p = MIN(a, b) * BLOCK, q = MAX(a, b) * BLOCK;
		turned += settle_all(j, p, MIN(p + BLOCK, j->n), q, MIN(q + BLOCK, j->n));
	}
	g_atomic_int_add(&j->turned, turned);
}

static bool orthogonalise(jacobi *j, device *dev)
{
	for (int sweep = 0; sweep < SWEEPS; sweep++) {
		j->turned = 0;
		device_each(dev, j->players, 1, warm_up, j);
		for (j->round = 0; j->round < j->players - 1; j->round++)
			device_each(dev, j->players / 2, 1, play, j);
		if (j->turned == 0)
			return true;
	}
	return false;
}

/* --- in and out ------------------------------------------------------------------------------- */

/* A or, where it is wide, A', column after column. */
static void fill(qr *f, const double *a, bool wide)
{
	for (int64_t k = 0; k < f->columns; k++)
		for (int64_t i = 0; i < f->rows; i++)
			f->a[k * f->rows + i] = wide ? a[k * f->rows + i] : a[i * f->columns + k];
}

/* R' and below it the unit matrix. */
static void begin(jacobi *j, const qr *f)
{
	double sum = 0;
	memset(j->w, 0, (size_t)(j->n * j->length) * sizeof(double));
	for (int64_t k = 0; k < j->n; k++) {
		double *column = j->w + k * j->length;
		for (int64_t i = k; i < j->n; i++) {
			column[i] = f->a[i * f->rows + k];
			sum += column[i] * column[i];
		}
		column[j->n + k] = 1;
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

/* Columns by length; those that are nothing but rounding of `rows` numbers do not count. */
static int64_t order(const jacobi *j, rank_entry *entries, int64_t rows)
{
	for (int64_t k = 0; k < j->n; k++) {
		const double *column = j->w + k * j->length;
		entries[k] = (rank_entry){ sqrt(multiply(j->n, column, column).pp), k };
	}
	qsort(entries, (size_t)j->n, sizeof(rank_entry), longer_first);
	double least = (double)rows * DBL_EPSILON * entries[0].length;
	int64_t rank = 0;
	while (rank < j->n && entries[rank].length > least)
		rank++;
	return rank;
}

typedef struct {
	const jacobi *j;
	const qr *f;
	const rank_entry *entries;
	double *u, *s, *v;      /* of the tall matrix */
} harvest;

/* Singular vectors [first, end): U = Q W, V = P times what the columns of R' became. */
static void gather(int64_t first, int64_t end, void *data)
{
	const harvest *h = data;
	int64_t rows = h->f->rows, n = h->j->n;
	for (int64_t i = first; i < end; i++) {
		const double *column = h->j->w + h->entries[i].column * h->j->length;
		double *u = h->u + i * rows, *v = h->v + i * n;
		h->s[i] = h->entries[i].length;
		for (int64_t k = 0; k < n; k++)
			v[h->f->order[k]] = column[k] / h->s[i];
		memcpy(u, column + n, (size_t)n * sizeof(double));
		memset(u + n, 0, (size_t)(rows - n) * sizeof(double));
		qr_apply(h->f, u);
	}
}

/* wide: what was decomposed is A', so that U and V change places. */
static svd *collect(const jacobi *j, const qr *f, device *dev, bool wide)
{
	g_autofree rank_entry *entries = g_new(rank_entry, (gsize)j->n);
	svd *d = g_new0(svd, 1);
	d->rank = order(j, entries, f->rows);
	d->rows = wide ? f->columns : f->rows;
	d->columns = wide ? f->rows : f->columns;
	d->u = g_new(double, (gsize)(d->rank * d->rows));
	d->s = g_new(double, (gsize)d->rank);
	d->v = g_new(double, (gsize)(d->rank * d->columns));
	device_each(dev, d->rank, 4, gather,
		&(harvest){ j, f, entries, wide ? d->v : d->u, d->s, wide ? d->u : d->v });
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
	int64_t n = MIN(rows, columns), numbers = rows * columns + 2 * n * n;
	/* to work on, and what comes of it */
	if (!array_would_fit(dev, (numbers + (rows + columns) * n) * (int64_t)sizeof(double),
		"singular values", err))
		return NULL;
	g_autofree double *work = g_try_malloc((gsize)numbers * sizeof(double));
	g_autofree double *lengths = g_new(double, 2 * (gsize)n);
	g_autofree int64_t *places = g_new(int64_t, (gsize)n);
	if (!work) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory for the singular values of %"
			G_GINT64_FORMAT " x %" G_GINT64_FORMAT " numbers", rows, columns);
		return NULL;
	}
	qr f = { MAX(rows, columns), n, work, lengths, lengths + n, places };
	jacobi j = { .w = work + rows * columns, .n = n, .length = 2 * n,
		.players = (n + 2 * BLOCK - 1) / (2 * BLOCK) * 2 };
	fill(&f, a, wide);
	qr_factor(&f, dev);
	begin(&j, &f);
	if (orthogonalise(&j, dev))
		return collect(&j, &f, dev, wide);
	error_set(err, RELUMINE_BAD_NUMBERS, NULL, NULL,
		"singular values have not settled in %d sweeps", SWEEPS);
	return NULL;
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
