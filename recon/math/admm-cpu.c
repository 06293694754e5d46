/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-cpu.c - the passes of the fused ADMM on the CPU: strips of rows and blocks of columns that
 * go through transform, arithmetic and transform back while they are in cache */
#include "math/admm-inside.h"

#include <string.h>
#include "math/fft-rows.h"

/*
 * Each thread has a chunk of rows [first, end) of the grid.  Row y needs v of rows y - 1 and
 * y + 1 and the dual of row y + 1, so a chunk keeps for itself
 *   - copies of the spectra of rows first - 1 and end, which its neighbours overwrite;
 *   - a dual row `end`, which goes through the same values as row `end` of the next chunk.
 * d0, d1 therefore have one more row a chunk.  No value depends on where chunks begin.
 */
struct admm_cpu {
	struct admm *s;
	fft_line *x, *y;
	int64_t chunks;
	array *halo;                    /* COMPLEX: two rows a chunk */
	array *v, *work;                /* rows of a strip a chunk: v (with two carried), others */
	array *scratch;                 /* one row a thread */
	int64_t scratch_floats;
	array *e_block;                 /* COMPLEX: sixteen columns a thread, padding included */
	int slot;
};

enum { CARRIED = 2, STRIP_ROWS = CARRIED + FFT_STRIP + 2 };

/* At least two strips to a chunk, or the halo rows would cost too much. */
static int64_t admm_cpu_chunks(const device *dev, shape grid)
{
	return CLAMP(grid.y / (2 * FFT_STRIP), 1, device_threads(dev));
}

static void *admm_cpu_new(struct admm *s)
{
	struct admm_cpu *p = g_new0(struct admm_cpu, 1);
	device *dev = s->dev;
	shape g = s->grid;
	p->s = s;
	p->x = fft_line_new(dev, g.x);
	p->y = fft_line_new(dev, g.y);
	p->chunks = admm_cpu_chunks(dev, g);
	p->halo = array_new(dev, COMPLEX, (shape){ 1, 1, 2 * p->chunks, g.x / 2 + 1 });
	p->v = array_new(dev, REAL, (shape){ 1, 1, STRIP_ROWS * p->chunks, g.x });
	p->work = array_new(dev, REAL, (shape){ 1, 1, FFT_STRIP * p->chunks, g.x });
	int64_t floats = fft_rows_scratch(g.x);
	p->scratch_floats = MAX(floats, fft_line_scratch(g.y));
	p->scratch = fft_scratch_new(dev, device_threads(dev), p->scratch_floats);
	p->e_block = array_new(dev, COMPLEX, (shape){ 1, 1, device_threads(dev) * g.y, FFT_LANES - 2 });
	return p;
}

static void admm_cpu_free(void *schedule)
{
	struct admm_cpu *p = schedule;
	fft_line_free(p->x);
	fft_line_free(p->y);
	array_free(p->halo);
	array_free(p->v);
	array_free(p->work);
	array_free(p->scratch);
	array_free(p->e_block);
	g_free(p);
}

static int64_t chunk_first(const struct admm_cpu *p, int64_t chunk)
{
	return p->s->grid.y * chunk / p->chunks;
}

static float *spectrum_row(const array *a, int64_t y)
{
	return a->mem + y * a->pitch;
}

/* --- rows ----------------------------------------------------------------------------------- */

static void copy_spectrum_row(const array *to, int64_t row, const array *from, int64_t y)
{
	size_t size = (size_t)from->shape.x * sizeof(float);
	memcpy(spectrum_row(to, row), spectrum_row(from, y), size);
	memcpy(spectrum_row(to, row) + to->imag, spectrum_row(from, y) + from->imag, size);
}

static void save_halo(int64_t first, int64_t end, void *data)
{
	struct admm_cpu *p = data;
	int64_t ny = p->s->grid.y;
	for (int64_t k = first; k < end; k++) {
		copy_spectrum_row(p->halo, 2 * k, p->s->drive, (chunk_first(p, k) + ny - 1) % ny);
		copy_spectrum_row(p->halo, 2 * k + 1, p->s->drive, chunk_first(p, k + 1) % ny);
	}
}

/* One chunk on its way down.  v row j stands for grid row first + j - 1, j = 0 .. rows + 1. */
struct walk {
	struct admm_cpu *p;
	int64_t chunk, first, rows;
	array v, work;                  /* its strips */
	float *scratch;
};

static void fill_halo_columns(const struct walk *w, int64_t first, int64_t end)
{
	int64_t nx = w->p->s->grid.x;
	for (int64_t i = first; i < end; i++) {
		float *row = w->v.mem + i * w->v.pitch;
		row[nx] = row[0];
		row[-1] = row[nx - 1];
	}
}

/* v rows j .. j + count - 1 into strip rows CARRIED .. */
static void fetch_v(const struct walk *w, int64_t j, int64_t count)
{
	const struct admm_cpu *p = w->p;
	const array *a = p->s->drive;
	const float *re[FFT_STRIP], *im[FFT_STRIP];
	float *row[FFT_STRIP];
	for (int64_t i = 0; i < count; i++) {
		bool edge = j + i == 0 || j + i == w->rows + 1;
		const array *from = edge ? p->halo : a;
		int64_t y = edge ? 2 * w->chunk + (j + i > 0) : w->first + j + i - 1;
		re[i] = spectrum_row(from, y);
		im[i] = re[i] + from->imag;
		row[i] = w->v.mem + (CARRIED + i) * w->v.pitch;
	}
	fft_rows_inverse(p->x, row, p->s->grid.x, re, im, count, w->scratch);
	fill_halo_columns(w, CARRIED, CARRIED + count);
}

static void transform_rows(const struct walk *w, const array *spectrum, int64_t y, int64_t rows,
	int64_t width, bool forward)
{
	float *re[FFT_STRIP], *im[FFT_STRIP], *row[FFT_STRIP];
	for (int64_t i = 0; i < rows; i++) {
		re[i] = spectrum_row(spectrum, y + i);
		im[i] = re[i] + spectrum->imag;
		row[i] = w->work.mem + i * w->work.pitch;
	}
	if (forward)
		fft_rows_forward(w->p->x, re, im, (const float *const *)row, width, rows, w->scratch);
	else
		fft_rows_inverse(w->p->x, row, width, (const float *const *)re,
			(const float *const *)im, rows, w->scratch);
}

/* The data term of grid rows y .. y + rows - 1, as far as they are in the window. */
static void data_rows(const struct walk *w, int64_t y, int64_t rows, bool from_zero)
{
	struct admm *s = w->p->s;
	rows = MIN(rows, s->window.y - y);
	if (rows <= 0)
		return;
	array g = w->work, xi = row_view(s->xi, y), b = row_view(s->b, y);
	if (from_zero)
		memset(g.mem, 0, (size_t)(rows * g.pitch) * sizeof(float));
	else
		transform_rows(w, s->e, y, rows, s->window.x, false);
	if (s->wants_sums)
		admm_misfit_rows(s, &g, &b, y, rows);
	if (s->settings->background)
		admm_remainder_rows(s, &g, &b, y, rows);
	admm_data_rows(s, &g, &xi, &b, rows);
	transform_rows(w, s->e, y, rows, s->window.x, true);
}

/* Row `u` of the chunk in the duals, which have one row more for each chunk before. */
static array dual_view(const struct walk *w, const array *d, int64_t u)
{
	return row_view(d, w->first + w->chunk + u);
}

/* v rows up to j + count - 1 have come: duals one row, drives two rows behind. */
static void strip_rows(const struct walk *w, int64_t j, int64_t count)
{
	struct admm *s = w->p->s;
	int64_t u = MAX(j - 1, 0), duals = j + count - 1 - u;
	array v = row_view(&w->v, CARRIED + u + 1 - j);
	array d0 = dual_view(w, s->d0, u), d1 = dual_view(w, s->d1, u);
	admm_dual_rows(s, &d0, &d1, &v, duals);
	u = MAX(j - 2, 0);
	int64_t rows = j + count - 2 - u, y = w->first + u;
	if (rows <= 0)
		return;
	array drive = w->work, m = row_view(s->m, y);
	v = row_view(&w->v, CARRIED + u + 1 - j);
	d0 = dual_view(w, s->d0, u);
	d1 = dual_view(w, s->d1, u);
	admm_drive_rows(s, &drive, &m, &v, &d0, &d1, rows);
	if (s->wants_sums)
		admm_tv_rows(s, &v, y, rows);
	transform_rows(w, s->drive, y, rows, s->grid.x, true);
	data_rows(w, y, rows, false);
}

static void carry(const struct walk *w, int64_t count)
{
	for (int64_t i = 0; i < CARRIED; i++)
		memcpy(w->v.mem + i * w->v.pitch, w->v.mem + (count + i) * w->v.pitch,
			(size_t)w->p->s->grid.x * sizeof(float));
	fill_halo_columns(w, 0, CARRIED);
}

static struct walk begin_walk(struct admm_cpu *p, int64_t chunk)
{
	int64_t first = chunk_first(p, chunk);
	return (struct walk){
		.p = p, .chunk = chunk, .first = first, .rows = chunk_first(p, chunk + 1) - first,
		.v = row_view(p->v, chunk * STRIP_ROWS + 1),    /* its row -1 holds a halo element */
		.work = row_view(p->work, chunk * FFT_STRIP),
		.scratch = fft_scratch_block(p->scratch, chunk, p->scratch_floats)
	};
}

static void walk_down(int64_t first, int64_t end, void *data)
{
	for (int64_t k = first; k < end; k++) {
		struct walk w = begin_walk(data, k);
		for (int64_t j = 0; j < w.rows + 2; j += FFT_STRIP) {
			int64_t count = MIN(FFT_STRIP, w.rows + 2 - j);
			fetch_v(&w, j, count);
			strip_rows(&w, j, count);
			carry(&w, count);
		}
	}
}

static void admm_cpu_pixels(void *schedule)
{
	struct admm_cpu *p = schedule;
	p->s->dev->fft_count += 4;      /* v and the model here, their drives back */
	device_each(p->s->dev, p->chunks, 1, save_halo, p);
	device_each(p->s->dev, p->chunks, 1, walk_down, p);
}

static void begin_rows(int64_t first, int64_t end, void *data)
{
	for (int64_t k = first; k < end; k++) {
		struct walk w = begin_walk(data, k);
		for (int64_t u = 0; u < w.rows; u += FFT_STRIP)
			data_rows(&w, w.first + u, MIN(FFT_STRIP, w.rows - u), true);
	}
}

static void admm_cpu_begin(void *schedule)
{
	struct admm_cpu *p = schedule;
	p->s->dev->fft_count++;
	device_each(p->s->dev, p->chunks, 1, begin_rows, p);
}

struct result_job {
	struct admm_cpu *p;
	array *result;
};

static void result_rows(int64_t first, int64_t end, void *data)
{
	const struct result_job *job = data;
	const struct admm *s = job->p->s;
	for (int64_t k = first; k < end; k++) {
		struct walk w = begin_walk(job->p, k);
		for (int64_t y = w.first; y < MIN(w.first + w.rows, s->window.y); y += FFT_STRIP) {
			int64_t rows = MIN(MIN(FFT_STRIP, w.first + w.rows - y), s->window.y - y);
			transform_rows(&w, s->drive, y, rows, s->window.x, false);
			array to = row_view(job->result, y);
			to.shape.y = rows;
			admm_positive(&to, &w.work);
		}
	}
}

static void admm_cpu_result(void *schedule, array *result)
{
	struct admm_cpu *p = schedule;
	struct result_job job = { p, result };
	p->s->dev->fft_count++;
	device_each(p->s->dev, p->chunks, 1, result_rows, &job);
}

/* --- columns -------------------------------------------------------------------------------- */

/* From column x of a complex array on. */
static array column_view(const array *a, int64_t x)
{
	array v = *a;
	v.bytes = 0;
	v.mem += x;
	return v;
}

/* The lower half of a block of e's columns is known: zero on the way in, unwanted on the way out;
 * what is left between the window and that half is cleared here. */
static void clear_below_window(const struct admm *s, fft_lanes e)
{
	for (int64_t y = s->window.y; y < s->e->shape.y; y++) {
		memset(e.re + y * e.stride, 0, FFT_LANES * sizeof(float));
		memset(e.im + y * e.stride, 0, FFT_LANES * sizeof(float));
	}
}

static void one_block(struct admm_cpu *p, int64_t block, int64_t slot)
{
	struct admm *s = p->s;
	float *scratch = fft_scratch_block(p->scratch, slot, p->scratch_floats);
	int64_t x = block * FFT_LANES, columns = MIN(FFT_LANES, s->h->shape.x - x);
	bool half = s->e->shape.y < s->grid.y;
	array v = column_view(s->v_spectrum, x), h = column_view(s->h, x), lx = column_view(s->lx, x);
	array drive = column_view(s->drive, x), e = column_view(s->e, x);
	array spread = row_view(p->e_block, slot * s->grid.y);
	fft_lanes d = { drive.mem, drive.mem + drive.imag, drive.pitch };
	fft_lanes narrow = { e.mem, e.mem + e.imag, e.pitch };
	fft_lanes wide = { spread.mem, spread.mem + spread.imag, FFT_LANES };
	clear_below_window(s, narrow);
	fft_line_run(p->y, d, d, false, false, scratch);
	fft_line_run(p->y, wide, narrow, half, false, scratch);
	admm_spectrum_block(s, &v, &drive, &spread, &h, &lx, columns);
	fft_lanes d_back = { d.im, d.re, d.stride };
	fft_lanes wide_back = { wide.im, wide.re, wide.stride };
	fft_line_run(p->y, d_back, d_back, false, false, scratch);
	fft_line_run(p->y, wide_back, wide_back, false, half, scratch);
	for (int64_t y = 0; y < s->window.y; y++) {
		memcpy(narrow.re + y * narrow.stride, wide.re + y * FFT_LANES, FFT_LANES * sizeof(float));
		memcpy(narrow.im + y * narrow.stride, wide.im + y * FFT_LANES, FFT_LANES * sizeof(float));
	}
}

static void block_columns(int64_t first, int64_t end, void *data)
{
	struct admm_cpu *p = data;
	int slot = g_atomic_int_add(&p->slot, 1);
	for (int64_t block = first; block < end; block++)
		one_block(p, block, slot);
}

static void admm_cpu_spectrum(void *schedule)
{
	struct admm_cpu *p = schedule;
	p->slot = 0;
	device_each(p->s->dev, (p->s->h->shape.x + FFT_LANES - 1) / FFT_LANES, 1, block_columns, p);
}

const struct admm_schedule admm_on_cpu = {
	admm_cpu_chunks, admm_cpu_new, admm_cpu_free, admm_cpu_begin, admm_cpu_spectrum, admm_cpu_pixels,
	admm_cpu_result
};
