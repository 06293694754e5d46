/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone.c - the light-cone transform, forward and inverse */
#include "math/light-cone.h"

#include <math.h>
#include "math/convolve-pass.h"
#include "math/fft.h"
#include "math/light-cone-inside.h"
#include "math/vec.h"
#include "light-cone.cl"
#include "rows.cl"

struct light_cone {
	light_cone_geometry geometry;
	device *dev;
	int64_t rows;                   /* of v */
	shape grid;
	cone_runs spread, gather;       /* P and P' */
	double *weight;                 /* of each bin */
	array *along[2][2];             /* [axis][moment]: tables; moments: made when asked for */
	array *published, *inverse;     /* h and Wiener's filter in its place, where published */
	double noise;                   /* of `inverse` */
	convolve_pass *passes;
	array *spectrum;
	array *scene;                   /* (1, rows, y, x): along v */
};

/* --- making ----------------------------------------------------------------------------------- */

static array *table(light_cone *c, int axis, int moment)
{
	GError *cause = NULL;
	g_autoptr(device) cpu = device_new("cpu", 1, NULL, &cause);
	if (!cpu) {
		device_fail(c->dev, cause);
		return NULL;
	}
	g_autoptr(array) here = cone_table(cpu, &c->geometry, c->rows, axis, moment);
	return array_move(here, c->dev);
}

/*
 * Half of the grid's planes are zeros on the way in and not wanted on the way out; transforms of
 * such lengths on the CPU do not touch them.
 */
#define HALF_LEAST 64

static array *spectrum_new(const light_cone *c)
{
	shape s = fft_spectrum_shape(c->grid);
	if (!c->dev->opencl && !c->geometry.published && s.z >= HALF_LEAST)
		s.z /= 2;
	int64_t left = c->dev->memory_limit - c->dev->memory_used;
	bool large = c->dev->memory_limit > 0 && array_bytes(COMPLEX, s) > left / 4 * 3;
	return (large ? array_new_in_file : array_new)(c->dev, COMPLEX, s);
}

light_cone *light_cone_new(device *dev, const light_cone_geometry *g)
{
	light_cone *c = g_new0(light_cone, 1);
	c->geometry = *g;
	c->dev = dev;
	c->rows = cone_rows_of(g);
	c->grid = cone_grid(g, c->rows);
	c->noise = NAN;
	cone_resampling(g, c->rows, &c->spread, &c->gather);
	c->weight = g_new(double, g->data.z);
	for (int64_t bin = 0; bin < g->data.z; bin++)
		c->weight[bin] = cone_bin_weight(g, bin);
	c->passes = convolve_pass_new(dev, c->grid);
	if (g->published)
		c->published = cone_published(dev, g, c->grid);
	for (int axis = 0; axis < 2 && !g->published; axis++)
		c->along[axis][0] = table(c, axis, 0);
	c->scene = array_new(dev, REAL, (shape){ 1, c->rows, g->data.y, g->data.x });
	c->spectrum = spectrum_new(c);
	return c;
}

void light_cone_free(light_cone *c)
{
	if (!c)
		return;
	cone_runs_clear(&c->spread);
	cone_runs_clear(&c->gather);
	g_free(c->weight);
	for (int i = 0; i < 4; i++)
		array_free(c->along[i / 2][i % 2]);
	array_free(c->published);
	array_free(c->inverse);
	convolve_pass_free(c->passes);
	array_free(c->spectrum);
	array_free(c->scene);
	g_free(c);
}

/* --- into the spectrum and out ---------------------------------------------------------------- */

struct sheets {
	const light_cone *c;
	const array *from;
	const double *weight;           /* NULL: 1 */
	array *to;
};

static void spread_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct sheets *s = data;
	const cone_runs *p = &s->c->spread;
	(void)spare;
	for (int64_t i = p->at[z]; i < p->at[z + 1]; i++) {
		int64_t bin = p->first[z] + i - p->at[z];
		array from = array_from_row(s->from, bin, y);
		double w = (double)p->weight[i] * (s->weight ? s->weight[bin] : 1);
		RUN_PART(strip, 0, rows, k_cone_add, strip, strip->pitch, &from, from.pitch,
			s->from->shape.x, (float)w);
	}
}

static void keep_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct sheets *s = data;
	array to = array_from_row(s->to, z, y);
	(void)spare;
	RUN_PART(&to, 0, rows, k_rows_scale, &to, to.pitch, strip, strip->pitch, s->to->shape.x, 1.0f);
}

static void place_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const struct sheets *s = data;
	array from = array_from_row(s->from, z, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_rows_scale, strip, strip->pitch, &from, from.pitch,
		s->from->shape.x, 1.0f);
}

static void forward_rows(light_cone *c, const array *v)
{
	struct sheets s = { c, v, NULL, NULL };
	convolve_pass_rows(c->passes, c->spectrum, c->scene->shape, CONVOLVE_FORWARD, place_rows, &s);
}

static void backward_rows(light_cone *c, array *u)
{
	struct sheets s = { c, NULL, NULL, u };
	convolve_pass_rows(c->passes, c->spectrum, c->scene->shape, CONVOLVE_INVERSE, keep_rows, &s);
}

static void forward(light_cone *c, const array *from, const double *weight)
{
	struct sheets s = { c, from, weight, NULL };
	convolve_pass_rows(c->passes, c->spectrum, c->scene->shape, CONVOLVE_FORWARD, spread_rows, &s);
}

void light_cone_from_rows(light_cone *c, array *to, const array *u)
{
	const cone_runs *p = &c->gather;
	vec_fill(to, 0);
	for (int64_t bin = 0; bin < p->rows; bin++) {
		array plane = array_plane(to, 0, bin);
		for (int64_t i = p->at[bin]; i < p->at[bin + 1]; i++) {
			array from = array_plane(u, 0, p->first[bin] + i - p->at[bin]);
			RUN(&plane, k_cone_add, &plane, plane.pitch, &from, from.pitch, to->shape.x,
				p->weight[i]);
		}
	}
}

static void backward(light_cone *c, array *to)
{
	backward_rows(c, c->scene);
	light_cone_from_rows(c, to, c->scene);
}

/* --- filters ---------------------------------------------------------------------------------- */

struct filter {
	const light_cone *c;
	double noise, sign;
	int moment;
};

static float per_element(const light_cone *c)
{
	return (float)(1 / (double)shape_count(c->grid));
}

/* Columns from x on of a table along x; and how many there are. */
static array columns_from(const array *a, int64_t x)
{
	array v = array_plane(a, 0, 0);
	v.mem = a->mem ? a->mem + x : NULL;
	v.origin += x;
	return v;
}

static int64_t width_of(const light_cone *c, const convolve_block *b)
{
	return MIN(c->grid.x / 2 + 1 - b->x, b->plane_rows == 1 && !c->dev->opencl ? 16 : INT64_MAX);
}

static void wiener(const void *data, array *lines, const convolve_block *b)
{
	const struct filter *f = data;
	const light_cone *c = f->c;
	const array x = columns_from(c->along[0][0], b->x), *y = c->along[1][0];
	RUN_PART(lines, 0, b->rows, k_cone_wiener, lines, lines->pitch, b->plane_rows, b->y, &x, x.pitch,
		y, y->pitch, c->grid.z, c->grid.y, width_of(c, b), (float)f->noise, per_element(c));
}

static void multiply(const void *data, array *lines, const convolve_block *b)
{
	const struct filter *f = data;
	const light_cone *c = f->c;
	const array x = columns_from(c->along[0][0], b->x), *y = c->along[1][0];
	RUN_PART(lines, 0, b->rows, k_cone_multiply, lines, lines->pitch, b->plane_rows, b->y, &x,
		x.pitch, y, y->pitch, c->grid.z, c->grid.y, width_of(c, b), (float)f->sign, per_element(c));
}

/* conj(h) / (|h|^2 + noise) of the published cone */
static const array *published_inverse(light_cone *c, double noise)
{
	if (c->noise == noise)
		return c->inverse;
	array_free(c->inverse);
	c->inverse = array_copy(c->published);
	c->noise = noise;
	RUN(c->inverse, k_cone_invert, c->inverse, isinf(noise) ? 0.0f : 1.0f,
		isinf(noise) ? 1.0f : (float)noise, per_element(c));
	return c->inverse;
}

static void filter(light_cone *c, double noise)
{
	struct filter f = { c, noise, -1, 0 };
	if (c->published)
		convolve_pass_lines(c->passes, c->spectrum, published_inverse(c, noise), false, c->rows,
			c->rows);
	else
		convolve_pass_filter(c->passes, c->spectrum, isinf(noise) ? multiply : wiener, &f, c->rows,
			c->rows);
}

void light_cone_solve(light_cone *c, array *scene, const array *traces, double noise)
{
	forward(c, traces, c->weight);
	filter(c, noise);
	backward(c, scene);
}

/* --- in steps --------------------------------------------------------------------------------- */

int64_t light_cone_rows(const light_cone *c)
{
	return c->rows;
}

void light_cone_to_rows(light_cone *c, array *v, const array *traces)
{
	const struct sheets s = { c, traces, c->weight, NULL };
	vec_fill(v, 0);
	for (int64_t z = 0; z < c->rows; z++) {
		array plane = array_plane(v, 0, z);
		spread_rows((void *)(uintptr_t)&s, &plane, NULL, z, 0, plane.shape.y);
	}
}

void light_cone_filter(light_cone *c, array *u, const array *v, double noise)
{
	forward_rows(c, v);
	filter(c, noise);
	backward_rows(c, u);
}

struct pull {
	linop base;
	light_cone *cone;
	double mu;
};

static void pull_filter(const void *data, array *lines, const convolve_block *b)
{
	const struct pull *p = data;
	const light_cone *c = p->cone;
	const array x = columns_from(c->along[0][0], b->x), *y = c->along[1][0];
	RUN_PART(lines, 0, b->rows, k_cone_pull, lines, lines->pitch, b->plane_rows, b->y, &x, x.pitch,
		y, y->pitch, c->grid.z, c->grid.y, width_of(c, b), (float)p->mu, per_element(c));
}

/* Real and even in frequency: its own adjoint. */
static void pull_apply(const linop *a, array *y, const array *x)
{
	light_cone *c = ((const struct pull *)a)->cone;
	forward_rows(c, x);
	convolve_pass_filter(c->passes, c->spectrum, pull_filter, a, c->rows, c->rows);
	backward_rows(c, y);
}

linop *light_cone_pull(light_cone *c, double mu)
{
	static const linop_class class = { "light cone pull", pull_apply, pull_apply, NULL };
	const space s = { REAL, c->scene->shape };
	struct pull *a = linop_new(&class, sizeof(*a), c->dev, s, s);
	a->cone = c;
	a->mu = mu;
	return &a->base;
}

/* --- the directional transform ---------------------------------------------------------------- */

static void normals(const void *data, array *lines, const convolve_block *b)
{
	const struct filter *f = data;
	const light_cone *c = f->c;
	const array x = columns_from(c->along[0][0], b->x), moment = columns_from(c->along[0][1], b->x);
	RUN_PART(lines, 0, b->rows, k_cone_normals, lines, lines->pitch, b->plane_rows, b->y, &x,
		&moment, x.pitch, c->along[1][0], c->along[1][1], c->along[1][0]->pitch, c->grid.z,
		c->grid.y, width_of(c, b), f->moment, (float)f->noise, per_element(c));
}

/* In the u domain the sideways parts have a factor of 1 / (2 z) that the plain one has not. */
static void to_lengths(const light_cone *c, array *scene, int axis)
{
	const light_cone_geometry *g = &c->geometry;
	for (int64_t bin = 0; bin < scene->shape.z; bin++) {
		array plane = array_plane(scene, 0, bin);
		double z = fmax((double)bin + g->start, 0) * g->path / 2;
		vec_scale(&plane, (float)(z / cone_length(g, axis)));
	}
}

void light_cone_normals(light_cone *c, array *const scenes[CONE_MOMENTS], const array *traces,
	double noise)
{
	for (int axis = 0; axis < 2 && !c->along[axis][1]; axis++)
		c->along[axis][1] = table(c, axis, 1);
	for (int moment = 0; moment < CONE_MOMENTS && !c->dev->error; moment++) {
		struct filter f = { c, noise, 1, moment };
		forward(c, traces, c->weight);
		convolve_pass_filter(c->passes, c->spectrum, normals, &f, c->rows, c->rows);
		backward(c, scenes[moment]);
		if (moment != CONE_PLAIN)
			to_lengths(c, scenes[moment], moment);
	}
}

/* --- as an operator --------------------------------------------------------------------------- */

struct cone_operator {
	linop base;
	light_cone *cone;
};

static void convolve(const linop *a, array *to, const array *from, double sign)
{
	light_cone *c = ((const struct cone_operator *)a)->cone;
	struct filter f = { c, 0, sign, 0 };
	forward(c, from, NULL);
	convolve_pass_filter(c->passes, c->spectrum, multiply, &f, c->rows, c->rows);
	backward(c, to);
}

static void cone_apply(const linop *a, array *y, const array *x)
{
	convolve(a, y, x, 1);
}

static void cone_adjoint(const linop *a, array *x, const array *y)
{
	convolve(a, x, y, -1);
}

linop *light_cone_operator(light_cone *c)
{
	static const linop_class class = { "light cone", cone_apply, cone_adjoint, NULL };
	const space s = { REAL, c->geometry.data };
	struct cone_operator *a = linop_new(&class, sizeof(*a), c->dev, s, s);
	a->cone = c;
	return &a->base;
}
