/* SPDX-License-Identifier: BSD-3-Clause */
/* convolve-pass.c - a convolution in passes that skip known zeros and unwanted values */
#include "math/convolve-pass.h"

#include <string.h>
#include "math/fft-rows.h"
#include "math/fft.h"
#include "math/vec.h"
#include "lines.cl"

struct convolve_pass {
	device *dev;
	shape grid;
	fft_line *x, *y, *z;            /* z: NULL for one plane */
	array *scratch;                 /* a row a thread */
	int64_t scratch_floats;
	array *strips;                  /* FFT_STRIP rows a thread, and as many to spare */
	array *wide;                    /* COMPLEX: sixteen lines a thread */
	int slot;                       /* threads that have taken theirs, in the pass that runs */
	fft *whole;                     /* OpenCL */
	array *pixels, *spare;          /* OpenCL: the grid, and a plane of it */
};

static int64_t last_length(const convolve_pass *c)
{
	return c->z ? c->grid.z : c->grid.y;
}

convolve_pass *convolve_pass_new(device *dev, shape grid)
{
	convolve_pass *c = g_new0(convolve_pass, 1);
	int64_t threads = device_threads(dev);
	c->dev = dev;
	c->grid = grid;
	if (dev->opencl) {
		c->whole = fft_new(dev, grid, grid.z > 1 ? 3 : 2);
		c->pixels = array_new(dev, REAL, grid);
		c->spare = array_new(dev, REAL, (shape){ 1, 1, grid.y, grid.x });
		return c;
	}
	c->x = fft_line_new(dev, grid.x);
	c->y = fft_line_new(dev, grid.y);
	c->z = grid.z > 1 ? fft_line_new(dev, grid.z) : NULL;
	int64_t line = MAX(fft_line_scratch(grid.y), c->z ? fft_line_scratch(grid.z) : 0);
	c->scratch_floats = MAX(fft_rows_scratch(grid.x), line);
	c->scratch = fft_scratch_new(dev, threads, c->scratch_floats);
	c->strips = array_new(dev, REAL, (shape){ 1, 1, 2 * FFT_STRIP * threads, grid.x });
	c->wide = array_new(dev, COMPLEX, (shape){ 1, 1, last_length(c) * threads, FFT_LANES - 2 });
	return c;
}

void convolve_pass_free(convolve_pass *c)
{
	if (!c)
		return;
	fft_line_free(c->x);
	fft_line_free(c->y);
	fft_line_free(c->z);
	array_free(c->scratch);
	array_free(c->strips);
	array_free(c->wide);
	fft_free(c->whole);
	array_free(c->pixels);
	array_free(c->spare);
	g_free(c);
}

/* --- sixteen lines in place ------------------------------------------------------------------- */

/* Elements between `from` and where the transform begins to take zeros for granted. */
static bool clear_tail(fft_lanes at, int64_t from, int64_t n)
{
	bool half = n % 2 == 0 && from <= n / 2;
	int64_t end = half ? n / 2 : n;
	for (int64_t j = from; j < end; j++) {
		memset(at.re + j * at.stride, 0, FFT_LANES * sizeof(float));
		memset(at.im + j * at.stride, 0, FFT_LANES * sizeof(float));
	}
	return half;
}

static fft_lanes lanes_of(const array *s, int64_t offset, int64_t stride)
{
	return (fft_lanes){ s->mem + offset, s->mem + s->imag + offset, stride };
}

static fft_lanes swapped(fft_lanes a)
{
	return (fft_lanes){ a.im, a.re, a.stride };
}

static int64_t blocks_of(const array *s)
{
	return (s->shape.x + FFT_LANES - 1) / FFT_LANES;
}

/* --- rows ------------------------------------------------------------------------------------- */

struct rows_job {
	convolve_pass *c;
	array *spectrum;
	shape window;
	int directions;
	convolve_rows *body;
	void *data;
};

/* What one thread works with. */
struct desk {
	float *scratch;
	array strip, spare;
};

static struct desk take_desk(convolve_pass *c)
{
	int64_t slot = g_atomic_int_add(&c->slot, 1);
	array strip = array_from_row(c->strips, 0, 2 * slot * FFT_STRIP);
	array spare = array_from_row(&strip, 0, FFT_STRIP);
	return (struct desk){ fft_scratch_block(c->scratch, slot, c->scratch_floats), strip, spare };
}

static void strip_at(const struct rows_job *j, struct desk *d, int64_t z, int64_t y)
{
	const array *s = j->spectrum;
	float *re[FFT_STRIP], *im[FFT_STRIP], *row[FFT_STRIP];
	int64_t rows = MIN(FFT_STRIP, j->window.y - y);
	for (int64_t i = 0; i < rows; i++) {
		re[i] = array_row(s, 0, z, y + i);
		im[i] = re[i] + s->imag;
		row[i] = d->strip.mem + i * d->strip.pitch;
	}
	d->strip.shape = d->spare.shape = (shape){ 1, 1, rows, j->window.x };
	if (j->directions & CONVOLVE_INVERSE)
		fft_rows_inverse(j->c->x, row, j->window.x, (const float *const *)re,
			(const float *const *)im, rows, d->scratch);
	else
		memset(d->strip.mem, 0, (size_t)(rows * d->strip.pitch) * sizeof(float));
	j->body(j->data, &d->strip, &d->spare, z, y, rows);
	if (j->directions & CONVOLVE_FORWARD)
		fft_rows_forward(j->c->x, re, im, (const float *const *)row, j->window.x, rows, d->scratch);
}

/* y transforms of plane z, where z is the last axis. */
static void columns_of_plane(const struct rows_job *j, struct desk *d, int64_t z, bool forward)
{
	const array *s = j->spectrum;
	int64_t n = j->c->grid.y;
	for (int64_t block = 0; block < blocks_of(s); block++) {
		fft_lanes at = lanes_of(s, z * s->plane_rows * s->pitch + block * FFT_LANES, s->pitch);
		if (forward) {
			bool half = clear_tail(at, j->window.y, n);
			fft_line_run(j->c->y, at, at, half, false, d->scratch);
		} else {
			bool half = n % 2 == 0 && j->window.y <= n / 2;
			fft_line_run(j->c->y, swapped(at), swapped(at), false, half, d->scratch);
		}
	}
}

static void planes_body(int64_t first, int64_t end, void *data)
{
	const struct rows_job *j = data;
	struct desk d = take_desk(j->c);
	for (int64_t z = first; z < end; z++) {
		if (j->directions & CONVOLVE_INVERSE)
			columns_of_plane(j, &d, z, false);
		for (int64_t y = 0; y < j->window.y; y += FFT_STRIP)
			strip_at(j, &d, z, y);
		if (j->directions & CONVOLVE_FORWARD)
			columns_of_plane(j, &d, z, true);
		array_forget(j->spectrum, z, 0, j->c->grid.y);
	}
}

static void strips_body(int64_t first, int64_t end, void *data)
{
	const struct rows_job *j = data;
	struct desk d = take_desk(j->c);
	for (int64_t strip = first; strip < end; strip++)
		strip_at(j, &d, 0, strip * FFT_STRIP);
}

/* --- OpenCL: whole transforms --------------------------------------------------------------- */

static void keep_window(convolve_pass *c, shape window)
{
	for (int64_t z = 0; z < c->grid.z; z++) {
		array plane = array_plane(c->pixels, 0, z);
		if (z >= window.z)
			vec_fill(&plane, 0);
		else
			RUN(&plane, k_lines_keep, &plane, plane.pitch, c->grid.x, window.y, window.x);
	}
}

static void whole_rows(const struct rows_job *j)
{
	convolve_pass *c = j->c;
	if (j->directions & CONVOLVE_INVERSE)
		fft_inverse(c->whole, c->pixels, j->spectrum);
	else
		vec_fill(c->pixels, 0);
	for (int64_t z = 0; z < j->window.z; z++) {
		array plane = array_plane(c->pixels, 0, z), spare = *c->spare;
		plane.shape.y = spare.shape.y = j->window.y;
		plane.shape.x = spare.shape.x = j->window.x;
		j->body(j->data, &plane, &spare, z, 0, j->window.y);
	}
	if (j->directions & CONVOLVE_FORWARD) {
		keep_window(c, j->window);
		fft_forward(c->whole, j->spectrum, c->pixels);
	}
}

/* --- both ------------------------------------------------------------------------------------- */

void convolve_pass_rows(convolve_pass *c, array *spectrum, shape window, int directions,
	convolve_rows *body, void *data)
{
	struct rows_job j = { c, spectrum, window, directions, body, data };
	if (c->dev->error)
		return;
	if (c->whole) {
		whole_rows(&j);
		return;
	}
	c->slot = 0;
	c->dev->fft_count += (directions & CONVOLVE_INVERSE ? 1 : 0) +
		(directions & CONVOLVE_FORWARD ? 1 : 0);
	if (c->z)
		device_each(c->dev, window.z, 1, planes_body, &j);
	else
		device_each(c->dev, (window.y + FFT_STRIP - 1) / FFT_STRIP, 1, strips_body, &j);
}

/* --- lines ------------------------------------------------------------------------------------ */

struct lines_job {
	convolve_pass *c;
	array *spectrum;
	convolve_visit *visit;
	const void *data;
	const array *held;              /* what is read, or NULL */
};

/* Transform, filter, inverse transform. */
struct filtering {
	const convolve_pass *c;
	convolve_filter *filter;        /* NULL: no way back */
	const void *data;
	int64_t from, to;
};

/* The filter that multiplies. */
struct product {
	const convolve_pass *c;
	const array *h;
	bool conjugate;
};

/* Sixteen columns of h as rows of an array: element j of each line is row j. */
static array line_view(const array *h, int64_t offset, int64_t stride)
{
	array v = *h;
	v.mem += offset;
	v.pitch = stride;
	v.bytes = 0;
	v.buffer = NULL;
	return v;
}

/* Rows of wide by h or its conjugate; rows of h may run backwards. */
static void multiply(array *wide, int64_t first, int64_t end, const array *h, bool conjugate)
{
	if (h->type == REAL)
		RUN_PART(wide, first, end, k_lines_scale, wide, wide->pitch, h, h->pitch);
	else if (conjugate)
		RUN_PART(wide, first, end, k_lines_multiply_conj, wide, wide->pitch, h, h->pitch);
	else
		RUN_PART(wide, first, end, k_lines_multiply, wide, wide->pitch, h, h->pitch);
}

/* Lines of row y, x .. x + 15 of h; one plane: y = 0. */
static void multiply_lines(const void *data, array *wide, const convolve_block *b)
{
	const struct product *p = data;
	const array *h = p->h;
	bool deep = p->c->z != NULL;
	int64_t n = b->rows, kept = deep ? h->shape.z : h->shape.y;
	int64_t stride = deep ? h->plane_rows * h->pitch : h->pitch;
	int64_t offset = b->x + (b->y < h->shape.y ? b->y : p->c->grid.y - b->y) * h->pitch;
	array there = line_view(h, offset, stride), back = line_view(h, offset + n * stride, -stride);
	multiply(wide, 0, kept, &there, p->conjugate);
	if (kept < n)
		multiply(wide, kept, n, &back, !p->conjugate);
}

static void filter_lines(const void *data, const convolve_lanes *l)
{
	const struct filtering *f = data;
	int64_t n = last_length(f->c);
	array wide = line_view(f->c->wide, l->slot * n * f->c->wide->pitch, f->c->wide->pitch);
	fft_lanes at = lanes_of(&l->at, 0, l->at.pitch), mid = lanes_of(&wide, 0, wide.pitch);
	bool half = clear_tail(at, f->from, n);
	wide.shape.y = n;
	fft_line_run(l->line, f->filter ? mid : at, at, half, false, l->scratch);
	if (!f->filter)
		return;
	f->filter(f->data, &wide, &(convolve_block){ n, 1, l->y, l->x });
	fft_line_run(l->line, swapped(at), swapped(mid), false, n % 2 == 0 && f->to <= n / 2,
		l->scratch);
}

/* Rows after which what is in files need not be held any longer. */
#define HELD_ROWS 32

static void lines_body(int64_t first, int64_t end, void *data)
{
	const struct lines_job *j = data;
	convolve_pass *c = j->c;
	const array *s = j->spectrum;
	int64_t slot = g_atomic_int_add(&c->slot, 1), blocks = blocks_of(s);
	float *scratch = fft_scratch_block(c->scratch, slot, c->scratch_floats);
	for (int64_t i = first; i < end; i++) {
		int64_t y = i / blocks, x = i % blocks * FFT_LANES;
		array at = line_view(s, y * s->pitch + x, c->z ? s->plane_rows * s->pitch : s->pitch);
		at.shape = (shape){ 1, 1, c->z ? s->shape.z : s->shape.y, FFT_LANES };
		j->visit(j->data, &(convolve_lanes){ c->z ? c->z : c->y, at, y, x, slot, scratch });
		if ((i + 1) % (HELD_ROWS * blocks) && i + 1 < end)
			continue;
		array_forget_all(s);
		if (j->held)
			array_forget_all(j->held);
	}
}

static void each_line(convolve_pass *c, struct lines_job *j)
{
	c->slot = 0;
	device_each(c->dev, (c->z ? c->grid.y : 1) * blocks_of(j->spectrum), 1, lines_body, j);
}

static void filter_each(convolve_pass *c, array *s, const struct filtering *f, const array *held)
{
	each_line(c, &(struct lines_job){ c, s, filter_lines, f, held });
}

void convolve_pass_lines(convolve_pass *c, array *spectrum, const array *h, bool conjugate,
	int64_t from, int64_t to)
{
	const struct product p = { c, h, conjugate };
	const struct filtering f = { c, multiply_lines, &p, from, to };
	if (c->dev->error)
		return;
	if (c->whole && conjugate)
		RUN(spectrum, k_lines_conj_all, spectrum, h);
	else if (c->whole)
		RUN(spectrum, k_lines_all, spectrum, h);
	else
		filter_each(c, spectrum, &f, h);
}

void convolve_pass_filter(convolve_pass *c, array *spectrum, convolve_filter *filter,
	const void *data, int64_t from, int64_t to)
{
	const struct filtering f = { c, filter, data, from, to };
	if (c->dev->error)
		return;
	if (c->whole)
		filter(data, spectrum, &(convolve_block){ array_rows(spectrum), spectrum->plane_rows, 0, 0 });
	else
		filter_each(c, spectrum, &f, NULL);
}

void convolve_pass_visit(convolve_pass *c, array *s, convolve_visit *visit, const void *data)
{
	if (!c->dev->error)
		each_line(c, &(struct lines_job){ c, s, visit, data, NULL });
}

void convolve_pass_finish(convolve_pass *c, array *spectrum)
{
	const struct filtering f = { c, NULL, NULL, last_length(c), 0 };
	if (!c->dev->error && !c->whole)
		filter_each(c, spectrum, &f, NULL);
}

array *convolve_pass_fold(const array *h, enum array_type type)
{
	shape s = h->shape;
	array *part = array_new(h->dev, type, (shape){ 1, s.z / 2 + 1, s.y / 2 + 1, s.x });
	for (int64_t row = 0; row < part->shape.z * part->shape.y && !h->dev->error; row++) {
		const float *from = array_row(h, 0, row / part->shape.y, row % part->shape.y);
		float *to = array_row(part, 0, row / part->shape.y, row % part->shape.y);
		memcpy(to, from, (size_t)s.x * sizeof(float));
		if (type == COMPLEX)
			memcpy(to + part->imag, from + h->imag, (size_t)s.x * sizeof(float));
	}
	return part;
}
