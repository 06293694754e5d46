/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-cpu.c - the pixel pass of the fused ADMM on the CPU: strips of rows that go through
 * transform, arithmetic and transform back while they are in cache */
#include "math/admm-cpu.h"

#include <string.h>
#include "math/fft-rows.h"

/*
 * Rows of v, j = 0 .. height + 1, stand for grid rows j - 1; they come in strips of FFT_STRIP.
 * Two rows share a complex line and with it their rounding, so strips lie where they lie
 * whatever the number of threads.  When strip j .. j + count - 1 has come, the duals of rows
 * up to j + count - 2 and the drives of rows up to j + count - 3 can be worked out.
 *
 * Each thread has a chunk of strips.  It keeps for itself
 *   - copies of the spectra that its neighbours overwrite: the whole strip before its first one
 *     (which it goes through again for the two rows that are carried on), and its last row;
 *   - a dual row behind its last, which goes through the same values as its neighbour's first.
 * d0, d1 therefore have one more row a chunk.
 */
enum { CARRIED = 2, STRIP_ROWS = CARRIED + FFT_STRIP + 2 };
/* the strip before, the row before the first strip of all, the last row */
enum { HALO_FIRST = FFT_STRIP, HALO_LAST, HALO_ROWS };

static int64_t strips_of(shape grid)
{
	return (grid.y + 2 + FFT_STRIP - 1) / FFT_STRIP;
}

/* At least four strips to a chunk, or going through one twice would cost too much. */
static int64_t admm_cpu_chunks(const device *dev, shape grid)
{
	return CLAMP(strips_of(grid) / 4, 1, device_threads(dev));
}

/* Chunk 0 has no strip before it, and no room for one. */
static int64_t halo_start(int64_t chunk)
{
	return chunk * HALO_ROWS - FFT_STRIP;
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
	p->halo = array_new(dev, COMPLEX, (shape){ 1, 1, halo_start(p->chunks), g.x / 2 + 1 });
	p->v = array_new(dev, REAL, (shape){ 1, 1, STRIP_ROWS * p->chunks, g.x });
	p->work = array_new(dev, REAL, (shape){ 1, 1, FFT_STRIP * device_threads(dev), g.x });
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
	array *all[] = { p->halo, p->v, p->work, p->scratch, p->e_block };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		array_free(all[i]);
	g_free(p);
}

/* The first row of v of a chunk. */
static int64_t chunk_start(const struct admm_cpu *p, int64_t chunk)
{
	return MIN(strips_of(p->s->grid) * chunk / p->chunks * FFT_STRIP, p->s->grid.y + 2);
}

static float *spectrum_row(const array *a, int64_t y)
{
	return a->mem + y * a->pitch;
}

static void copy_spectrum_row(const array *to, int64_t row, const array *from, int64_t y)
{
	size_t size = (size_t)from->shape.x * sizeof(float);
	memcpy(spectrum_row(to, row), spectrum_row(from, y), size);
	memcpy(spectrum_row(to, row) + to->imag, spectrum_row(from, y) + from->imag, size);
}

/* The spectrum of v row j, wherever it belongs. */
static int64_t grid_row(const struct admm_cpu *p, int64_t j)
{
	return (j - 1 + p->s->grid.y) % p->s->grid.y;
}

static void save_halo(int64_t first, int64_t end, void *data)
{
	struct admm_cpu *p = data;
	const array *from = p->s->drive;
	for (int64_t k = first; k < end; k++) {
		int64_t start = chunk_start(p, k), to = halo_start(k);
		for (int64_t i = 0; k > 0 && i < FFT_STRIP; i++)
			copy_spectrum_row(p->halo, to + i, from, grid_row(p, start - FFT_STRIP + i));
		copy_spectrum_row(p->halo, to + HALO_FIRST, from, grid_row(p, start));
		copy_spectrum_row(p->halo, to + HALO_LAST, from, grid_row(p, chunk_start(p, k + 1) - 1));
	}
}

/* One chunk on its way down: v rows start .. end - 1. */
struct walk {
	struct admm_cpu *p;
	int64_t chunk, start, end;
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

/* Where the spectrum of v row j is safe from the neighbours. */
static const array *spectrum_source(const struct walk *w, int64_t j, int64_t *row)
{
	const struct admm_cpu *p = w->p;
	int64_t halo = halo_start(w->chunk);
	if (j < w->start)
		*row = halo + j - w->start + FFT_STRIP;
	else if (j == 0)
		*row = halo + HALO_FIRST;
	else if (j == w->end - 1)
		*row = halo + HALO_LAST;
	else
		return *row = j - 1, p->s->drive;
	return p->halo;
}

/* v rows j .. j + count - 1 into strip rows CARRIED .. */
static void fetch_v(const struct walk *w, int64_t j, int64_t count)
{
	const float *re[FFT_STRIP], *im[FFT_STRIP];
	float *row[FFT_STRIP];
	for (int64_t i = 0; i < count; i++) {
		int64_t y;
		const array *from = spectrum_source(w, j + i, &y);
		re[i] = spectrum_row(from, y);
		im[i] = re[i] + from->imag;
		row[i] = w->v.mem + (CARRIED + i) * w->v.pitch;
	}
	fft_rows_inverse(w->p->x, row, w->p->s->grid.x, re, im, count, w->scratch);
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
	if (s->wants_sums) {
		admm_misfit_rows(s, &g, &b, y, rows);
		admm_remainder_rows(s, &g, &b, y, rows);
		admm_data_gap_rows(s, &g, &xi, &b, y, rows);
	}
	admm_data_rows(s, &g, &xi, &b, rows);
	if (s->settings->background)
		admm_drive_sum_rows(s, &g, y, rows);
	transform_rows(w, s->e, y, rows, s->window.x, true);
}

/* Grid row y in the duals, which have one row more for each chunk before. */
static array dual_view(const struct walk *w, const array *d, int64_t y)
{
	return row_view(d, y + w->chunk);
}

/* Duals of rows y .. y + rows - 1; row y of v is strip row `at`. */
static void dual_rows(const struct walk *w, int64_t y, int64_t rows, int64_t at, bool sums)
{
	struct admm *s = w->p->s;
	array v = row_view(&w->v, at), d0 = dual_view(w, s->d0, y), d1 = dual_view(w, s->d1, y);
	if (sums)
		admm_tv_gap_rows(s, &d0, &d1, &v, y, rows);
	admm_dual_rows(s, &d0, &d1, &v, rows);
}

/* Strip j .. j + count - 1 of v has come. */
static void strip_rows(const struct walk *w, int64_t j, int64_t count)
{
	struct admm *s = w->p->s;
	int64_t y = MAX(j - 1, 0);
	dual_rows(w, y, j + count - 1 - y, CARRIED + y + 1 - j, s->wants_sums);
	y = MAX(j - 2, 0);
	int64_t rows = j + count - 2 - y;
	if (rows <= 0)
		return;
	array drive = w->work, m = row_view(s->m, y), v = row_view(&w->v, CARRIED + y + 1 - j);
	array d0 = dual_view(w, s->d0, y), d1 = dual_view(w, s->d1, y);
	if (s->wants_sums) {
		admm_tv_rows(s, &v, y, rows);
		admm_positive_gap_rows(s, &m, &v, y, rows);
	}
	admm_drive_rows(s, &drive, &m, &v, &d0, &d1, rows);
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
	return (struct walk){
		.p = p, .chunk = chunk, .start = chunk_start(p, chunk), .end = chunk_start(p, chunk + 1),
		.v = row_view(p->v, chunk * STRIP_ROWS + 1),    /* its row -1 holds a halo element */
		.work = row_view(p->work, chunk * FFT_STRIP),
		.scratch = fft_scratch_block(p->scratch, chunk, p->scratch_floats)
	};
}

/* The strip before the chunk once more, for the two rows and the dual that it hands over. */
static void warm_up(const struct walk *w)
{
	fetch_v(w, w->start - FFT_STRIP, FFT_STRIP);
	carry(w, FFT_STRIP);
	dual_rows(w, w->start - CARRIED, 1, 1, false);
}

static void walk_down(int64_t first, int64_t end, void *data)
{
	for (int64_t k = first; k < end; k++) {
		struct walk w = begin_walk(data, k);
		if (k > 0)
			warm_up(&w);
		for (int64_t j = w.start; j < w.end; j += FFT_STRIP) {
			int64_t count = MIN(FFT_STRIP, w.end - j);
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

/* Strips of the window, for what is done once. */
static int64_t window_strips(const struct admm *s)
{
	return (s->window.y + FFT_STRIP - 1) / FFT_STRIP;
}

static struct walk borrow_walk(struct admm_cpu *p)
{
	return begin_walk(p, g_atomic_int_add(&p->slot, 1));
}

static void begin_rows(int64_t first, int64_t end, void *data)
{
	struct walk w = borrow_walk(data);
	for (int64_t strip = first; strip < end; strip++)
		data_rows(&w, strip * FFT_STRIP, FFT_STRIP, true);
}

static void admm_cpu_begin(void *schedule)
{
	struct admm_cpu *p = schedule;
	p->s->dev->fft_count++;
	p->slot = 0;
	device_each(p->s->dev, window_strips(p->s), 1, begin_rows, p);
}

struct result_job {
	struct admm_cpu *p;
	array *result;
};

static void result_rows(int64_t first, int64_t end, void *data)
{
	const struct result_job *job = data;
	const struct admm *s = job->p->s;
	struct walk w = borrow_walk(job->p);
	for (int64_t y = first * FFT_STRIP; y < MIN(end * FFT_STRIP, s->window.y); y += FFT_STRIP) {
		int64_t rows = MIN(FFT_STRIP, s->window.y - y);
		array to = row_view(job->result, y);
		to.shape.y = rows;
		transform_rows(&w, s->drive, y, rows, s->window.x, false);
		admm_positive(&to, &w.work);
	}
}

static void admm_cpu_result(void *schedule, array *result)
{
	struct admm_cpu *p = schedule;
	struct result_job job = { p, result };
	p->s->dev->fft_count++;
	p->slot = 0;
	device_each(p->s->dev, window_strips(p->s), 1, result_rows, &job);
}

const struct admm_schedule admm_on_cpu = {
	admm_cpu_chunks, admm_cpu_new, admm_cpu_free, admm_cpu_begin, admm_cpu_spectrum, admm_cpu_pixels,
	admm_cpu_result
};
