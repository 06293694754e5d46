/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-radial.c - light that depends on the distance from the axis alone: tables, pixels, volumes */
#include "stage/psf-radial.h"

#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/quadrature.h"
#include "stage/psf-pupil.h"

/* --- places along the axis -------------------------------------------------------------------- */

slices *slices_new(const psf_grid *g, bool mirrored, double band_z)
{
	slices *s = g_new0(slices, 1);
	int64_t half = g->size[2] / 2;
	double thick = g->over == PSF_OVER_VOXELS && g->voxel_nm[2] > 0 ? g->voxel_nm[2] : 0;
	s->mirrored = mirrored;
	s->planes = mirrored ? half + 1 : g->size[2];
	s->nodes = thick > 0 ? 3 + (int64_t)ceil(band_z * thick / 2) : 1;
	s->z_nm = g_new(double, (gsize)(s->planes * s->nodes));
	s->weight = g_new(double, (gsize)s->nodes);
	g_autofree double *x = g_new(double, (gsize)s->nodes);
	gauss_legendre(s->nodes, x, s->weight);
	for (int64_t i = 0; i < s->planes * s->nodes; i++) {
		int64_t plane = i / s->nodes - (mirrored ? 0 : half);
		s->z_nm[i] = (plane ? (double)plane * g->voxel_nm[2] : 0) + x[i % s->nodes] * thick / 2;
	}
	for (int64_t i = 0; i < s->nodes; i++)
		s->weight[i] /= 2;
	return s;
}

void slices_free(slices *s)
{
	if (!s)
		return;
	g_free(s->z_nm);
	g_free(s->weight);
	g_free(s);
}

/* --- the table of a lens ---------------------------------------------------------------------- */

#define STEPS_MOST 1e11         /* multiplications: a minute or so on one core */

/* Six points of a polynomial reach two rows below and three above a place. */
enum { BELOW = 2, ABOVE = 3, POINTS = 6 };

int64_t radial_rows(const psf_grid *g, double step_nm)
{
	double x = 0.5 * (double)g->size[0] * g->voxel_nm[0];
	double y = 0.5 * (double)g->size[1] * g->voxel_nm[1];
	return (int64_t)ceil(hypot(x, y) / step_nm) + ABOVE + 1;
}

typedef struct {
	const pupil *light;
	const waves *waves;
	double step;
	array *table;
} tabulation;

static void tabulate(int64_t first, int64_t end, void *data)
{
	const tabulation *t = data;
	int64_t n = t->waves->n;
	g_autofree double *re = g_new(double, (gsize)n), *im = g_new(double, (gsize)n);
	g_autofree double *row = g_new(double, (gsize)n);
	for (int64_t i = first; i < end; i++) {
		pupil_row(t->light, t->waves, (double)i * t->step, re, im, row);
		for (int64_t j = 0; j < n; j++)
			array_row(t->table, 0, 0, i)[j] = (float)row[j];
	}
}

static bool affordable(const pupil *p, int64_t rows, int64_t n, GError **err)
{
	if ((double)rows * (double)n * (double)p->rings * p->orders <= STEPS_MOST)
		return true;
	error_set(err, RELUMINE_OVER_LIMIT, "--size", "a smaller --size, or the right --voxel: with as "
		"much blur as this, few voxels matter", "a PSF of this size, for voxels that are so large "
		"beside the focus, takes too long");
	return false;
}

array *radial_table(device *dev, const lens *l, int64_t rows, double step_nm, const slices *s,
	double z0_nm, GError **err)
{
	int64_t n = s->planes * s->nodes;
	g_autofree double *z = g_new(double, (gsize)n);
	for (int64_t i = 0; i < n; i++)
		z[i] = z0_nm + s->z_nm[i];
	g_autoptr(pupil) p = pupil_new(l, (double)rows * step_nm, z[0], z[n - 1], err);
	if (!p || !affordable(p, rows, n, err) ||
	    !array_would_fit(dev, 16 * p->rings * n, "the table of a PSF", err))
		return NULL;
	g_autoptr(waves) w = waves_new(p, n, z);
	g_autoptr(array) table = array_new(dev, REAL, (shape){ 1, 1, rows, n });
	if (!w)
		error_set(err, RELUMINE_OVER_LIMIT, "--size", "a smaller --size", "the system has no "
			"memory left for the table of a PSF");
	if (!w || !device_ok(dev, err))
		return NULL;
	device_each(dev, rows, 4, tabulate, &(tabulation){ p, w, step_nm, table });
	return g_steal_pointer(&table);
}

array *radial_planes(const array *table, const slices *s)
{
	array *out = array_new(table->dev, REAL, (shape){ 1, 1, table->shape.y, s->planes });
	for (int64_t i = 0; out->mem && i < table->shape.y * s->planes; i++) {
		const float *from = array_row(table, 0, 0, i / s->planes) + i % s->planes * s->nodes;
		double sum = 0;
		for (int64_t k = 0; k < s->nodes; k++)
			sum += s->weight[k] * (double)from[k];
		array_row(out, 0, 0, i / s->planes)[i % s->planes] = (float)sum;
	}
	return out;
}

/* --- sums over places between the rows -------------------------------------------------------- */

/* What each row counts for; beyond [first, end) nothing. */
typedef struct { double *weight; int64_t first, end; } stencil;

/*
 * Lagrange's polynomial through six rows.  Rows below 0 are those above it: the light is even.
 */
static void stencil_add(stencil *s, double row, double weight)
{
	static const double over[POINTS] = { -120, 24, -12, 12, -24, 120 };
	int64_t base = (int64_t)floor(row) - BELOW;
	double at = row - (double)base;
	for (int j = 0; j < POINTS; j++) {
		double product = weight / over[j];
		for (int k = 0; k < POINTS; k++)
			product *= k == j ? 1 : at - k;
		int64_t i = ABS(base + j);
		s->weight[i] += product;
		s->first = MIN(s->first, i);
		s->end = MAX(s->end, i + 1);
	}
}

/* The weighted sum of the table's rows, into `to`; forgets the weights. */
static void stencil_take(stencil *s, const array *table, double *to)
{
	int64_t n = table->shape.x;
	memset(to, 0, (size_t)n * sizeof *to);
	for (int64_t i = s->first; i < s->end; i++) {
		const float *row = array_row(table, 0, 0, i);
		double w = s->weight[i];
		for (int64_t j = 0; j < n; j++)
			to[j] += w * (double)row[j];
		s->weight[i] = 0;
	}
	s->first = table->shape.y;
	s->end = 0;
}

/* Polar coordinates around a point `row` from the axis; the disc is symmetric, so half of it. */
static void stencil_disc(stencil *s, double row, double radius, int64_t n, const double *x,
	const double *w)
{
	int64_t turns = 2 * n + 6;
	for (int64_t i = 0; i < n * turns; i++) {
		double t = (1 + x[i / turns]) / 2, angle = M_PI * ((double)(i % turns) + 0.5) /
			(double)turns;
		double u = row + radius * t * cos(angle), v = radius * t * sin(angle);
		stencil_add(s, hypot(u, v), t * w[i / turns] / (double)turns);
	}
}

typedef struct {
	const array *from;
	array *to;
	double radius;
	int64_t nodes;
	const double *x, *w;
} averaging;

static void average_rows(int64_t first, int64_t end, void *data)
{
	const averaging *a = data;
	int64_t rows = a->from->shape.y, n = a->from->shape.x;
	g_autofree double *weight = g_new0(double, (gsize)rows), *sum = g_new(double, (gsize)n);
	stencil s = { weight, rows, 0 };
	for (int64_t i = first; i < end; i++) {
		stencil_disc(&s, (double)i, a->radius, a->nodes, a->x, a->w);
		stencil_take(&s, a->from, sum);
		for (int64_t j = 0; j < n; j++)
			array_row(a->to, 0, 0, i)[j] = (float)sum[j];
	}
}

array *radial_averaged(const array *table, int64_t rows, double radius_rows, double band_rows)
{
	array *out = array_new(table->dev, REAL, (shape){ 1, 1, rows, table->shape.x });
	int64_t n = 4 + (int64_t)ceil(band_rows * radius_rows);
	g_autofree double *x = g_new(double, (gsize)n), *w = g_new(double, (gsize)n);
	gauss_legendre(n, x, w);
	if (out->mem)
		device_each(table->dev, rows, 4, average_rows,
			&(averaging){ table, out, radius_rows, n, x, w });
	return out;
}

/* --- pixels ----------------------------------------------------------------------------------- */

typedef struct {
	const array *planes;
	const psf_grid *grid;
	array *psf;
	double pitch[2];        /* pixels, in rows of the table: along x and y */
	bool mirrored;
	int64_t nodes;
	const double *x, *w;
} drawing;

static void stencil_pixel(stencil *s, const drawing *d, int64_t x, int64_t y)
{
	double width = d->pitch[0], height = d->pitch[1];
	/* where pixels are square, those across the diagonal are added up in one order */
	int64_t u = width < height || width > height ? x : MAX(x, y);
	int64_t v = width < height || width > height ? y : MIN(x, y);
	for (int64_t i = 0; i < d->nodes * d->nodes; i++) {
		int64_t a = i / d->nodes, b = i % d->nodes;
		stencil_add(s, hypot(((double)u + d->x[a] / 2) * width, ((double)v + d->x[b] / 2) * height),
			d->w[a] * d->w[b] / 4);
	}
}

/* From the quarter's row y, as (plane, x), into all rows and planes that are its mirror images. */
static void spread(const drawing *d, int64_t y, const double *quarter)
{
	shape s = d->psf->shape;
	int64_t n = d->planes->shape.x;
	for (int64_t z = 0; z < s.z; z++) {
		int64_t plane = d->mirrored ? ABS(z - s.z / 2) : z;
		float *up = array_row(d->psf, 0, z, s.y / 2 - y), *low = array_row(d->psf, 0, z, s.y / 2 + y);
		for (int64_t x = 0; x < s.x; x++)
			up[x] = low[x] = (float)fmax(quarter[ABS(x - s.x / 2) * n + plane], 0);
	}
}

static void draw_rows(int64_t first, int64_t end, void *data)
{
	const drawing *d = data;
	int64_t rows = d->planes->shape.y, n = d->planes->shape.x, half = d->psf->shape.x / 2;
	g_autofree double *weight = g_new0(double, (gsize)rows);
	g_autofree double *quarter = g_new(double, (gsize)((half + 1) * n));
	stencil s = { weight, rows, 0 };
	for (int64_t y = first; y < end; y++) {
		for (int64_t x = 0; x <= half; x++) {
			stencil_pixel(&s, d, x, y);
			stencil_take(&s, d->planes, quarter + x * n);
		}
		spread(d, y, quarter);
	}
}

array *radial_volume(const array *planes, const psf_grid *g, double step_nm, bool mirrored,
	int64_t nodes)
{
	array *psf = array_new(planes->dev, REAL, (shape){ 1, g->size[2], g->size[1], g->size[0] });
	g_autofree double *x = g_new(double, (gsize)nodes), *w = g_new(double, (gsize)nodes);
	gauss_legendre(nodes, x, w);
	if (psf->mem)
		device_each(planes->dev, g->size[1] / 2 + 1, 1, draw_rows, &(drawing){ planes, g, psf,
			{ g->voxel_nm[0] / step_nm, g->voxel_nm[1] / step_nm }, mirrored, nodes, x, w });
	return psf;
}
