/* SPDX-License-Identifier: BSD-3-Clause */
/* stolt.c - the axes one by one, zeros left out, the lines along time moved while in cache */
#include "math/stolt.h"

#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/convolve-pass.h"
#include "math/fft.h"
#include "math/stolt-taps.h"
#include "math/vec.h"
#include "rows.cl"
#include "stolt.cl"

struct stolt {
	device *dev;
	stolt_setting setting;
	shape grid;
	double ratio[2];        /* x, y: frequency steps, in those of time */
	float *weights;         /* of each bin */
	float *ease;            /* of each bin: what the taps will take away from it */
	array *taps;
	convolve_pass *passes;
	/*
	 * The scene's wave is a + i b.  On the CPU the lines of the data become those of a, in the
	 * first planes, and of b, behind them; OpenCL keeps whole spectra.
	 */
	array *spectrum, *other;
	array *wide;            /* CPU, COMPLEX: three times sixteen lines a thread */
	array *power;           /* in stolt_migrate */
	const array *data;
};

static int64_t power_of_two(int64_t n)
{
	int64_t p = 1;
	while (p < n && p < INT64_MAX / 2)
		p *= 2;
	return p;
}

shape stolt_grid(shape w)
{
	return (shape){ 1, power_of_two(MAX(2 * w.z, 8)), power_of_two(2 * w.y), power_of_two(2 * w.x) };
}

/* What lines are kept of: twice the moments, all frequencies of the wall. */
static shape kept(const device *dev, shape window)
{
	shape s = fft_spectrum_shape(stolt_grid(window));
	s.z = dev->opencl ? s.z : 2 * window.z;
	return s;
}

int64_t stolt_bytes(device *dev, shape window)
{
	shape grid = stolt_grid(window), s = kept(dev, window);
	int64_t bytes = array_bytes(COMPLEX, s);
	if (!dev->opencl)
		return bytes;
	return bytes > INT64_MAX / 4 ? INT64_MAX : 2 * bytes + array_bytes(REAL, grid);
}

/* Memory is addressed in 32 bits where sixteen lines are gathered at once. */
static bool too_large(stolt *s)
{
	shape k = kept(s->dev, s->setting.window);
	GError *err = NULL;
	if (!s->dev->opencl || array_bytes(COMPLEX, k) / 8 <= INT32_MAX)
		return false;
	error_set(&err, RELUMINE_OVER_LIMIT, "--device", "use --device cpu", "f-k migration of %"
		G_GINT64_FORMAT " x %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " values is too large for OpenCL",
		s->setting.window.z, s->setting.window.y, s->setting.window.x);
	device_fail(s->dev, err);
	return true;
}

static void weigh_bins(stolt *s)
{
	int64_t t = s->setting.window.z, n = s->grid.z;
	s->weights = g_new(float, t);
	s->ease = g_new(float, t);
	for (int64_t m = 0; m < t; m++) {
		double offset = s->setting.published ? 0 : (double)m / (double)n - 0.25;
		s->weights[m] = s->setting.weights ? (float)s->setting.weights[m] : 1.0f;
		s->ease[m] = s->setting.published ? 1.0f : (float)(1 / stolt_taps_gain(offset));
	}
}

stolt *stolt_new(device *dev, const stolt_setting *setting)
{
	stolt *s = g_new0(stolt, 1);
	s->dev = dev;
	s->setting = *setting;
	s->grid = stolt_grid(setting->window);
	s->ratio[0] = (double)s->grid.z / ((double)s->grid.x * setting->pitch[0]);
	s->ratio[1] = (double)s->grid.z / ((double)s->grid.y * setting->pitch[1]);
	weigh_bins(s);
	s->taps = stolt_taps(dev, setting->published);
	if (too_large(s))
		return s;
	s->passes = convolve_pass_new(dev, s->grid);
	s->spectrum = (setting->in_file ? array_new_in_file : array_new)(dev, COMPLEX,
		kept(dev, setting->window));
	if (dev->opencl)
		s->other = array_like(s->spectrum);
	else
		s->wide = array_new(dev, COMPLEX,
			(shape){ 1, 1, 3 * s->grid.z * device_threads(dev), FFT_LANES - 2 });
	return s;
}

void stolt_free(stolt *s)
{
	if (!s)
		return;
	g_free(s->weights);
	g_free(s->ease);
	array_free(s->taps);
	convolve_pass_free(s->passes);
	array_free(s->spectrum);
	array_free(s->other);
	array_free(s->wide);
	g_free(s);
}

/* --- frequencies moved ------------------------------------------------------------------------ */

/* Columns x .. of row y: p from `from`, q as well; see k_stolt. */
static void move(const stolt *s, array *p, int64_t p_stride, array *q, int64_t q_stride,
	const array *from, int64_t stride, int64_t y, int64_t x, int64_t columns)
{
	const stolt_setting *t = &s->setting;
	double n = (double)s->grid.z, above = (double)MIN(y, s->grid.y - y);
	double ky = s->ratio[1] * above, edge = above / (double)s->grid.y * 2;
	double soft = t->published ? 0 : 1, count = (double)shape_count(s->grid);
	double ease = cos(soft * edge * G_PI / 2);
	RUN_PART(p, 1, s->grid.z / 2, k_stolt, p, p_stride, q, q_stride, from, stride, s->taps,
		s->grid.z, x, columns, (float)(ky * ky), (float)s->ratio[0], 2 / (float)s->grid.x,
		(float)(t->published ? 0 : t->start / n), t->published ? 0 : 0.25f,
		(float)(n / 2 - (t->published ? 1 : 0)), (float)soft,
		(float)(0.5 * ease / count));
}

/* Part i of three of a thread's lines. */
static array wide_part(const stolt *s, int64_t slot, int64_t i)
{
	array v = array_from_row(s->wide, 0, (3 * slot + i) * s->grid.z);
	v.shape.y = s->grid.z;
	return v;
}

static void clear_rows(array *a, int64_t first, int64_t end)
{
	if (end <= first)
		return;
	size_t bytes = (size_t)((end - first) * a->pitch) * sizeof(float);
	memset(a->mem + first * a->pitch, 0, bytes);
	memset(a->mem + first * a->pitch + a->imag, 0, bytes);
}

/* Sixteen lines by themselves. */
static void clear_lines(const array *a)
{
	for (int64_t r = 0; r < a->shape.y; r++) {
		memset(a->mem + r * a->pitch, 0, FFT_LANES * sizeof(float));
		memset(a->mem + a->imag + r * a->pitch, 0, FFT_LANES * sizeof(float));
	}
}

/* The highest frequencies of the wall, which are eased down to nothing, and none beyond them. */
static bool is_last(const stolt *s, const convolve_lanes *l)
{
	return !s->setting.published && (2 * l->x == s->grid.x || 2 * l->y == s->grid.y);
}

static fft_lanes lanes_of(const array *a)
{
	return (fft_lanes){ a->mem, a->mem + a->imag, a->pitch };
}

/*
 * p has frequencies 1 .. n / 2 - 1 and is transformed back; so has q, which stands for the negative
 * ones: forward is their way back.
 */
static void move_lines(const void *data, const convolve_lanes *l)
{
	const stolt *s = data;
	int64_t t = s->setting.window.z;
	array from = wide_part(s, l->slot, 0), p = wide_part(s, l->slot, 1);
	array q = wide_part(s, l->slot, 2), a = l->at, b = l->at;
	fft_lanes in = lanes_of(&from), at_p = lanes_of(&p), at_q = lanes_of(&q);
	fft_lanes back = { at_p.im, at_p.re, at_p.stride };
	b.mem += t * b.pitch;
	if (is_last(s, l)) {
		clear_lines(&a);
		return;
	}
	RUN_PART(&from, 0, t, k_stolt_take, &from, from.pitch, &a, a.pitch, FFT_LANES);
	clear_rows(&from, t, s->grid.z / 2);
	fft_line_run(l->line, in, in, true, false, l->scratch);
	move(s, &p, p.pitch, &q, q.pitch, &from, from.pitch, l->y, l->x, FFT_LANES);
	clear_rows(&p, 0, 1);
	clear_rows(&q, 0, 1);
	fft_line_run(l->line, back, back, true, true, l->scratch);
	fft_line_run(l->line, at_q, at_q, true, true, l->scratch);
	RUN_PART(&p, 0, t, k_stolt_part, &a, &b, a.pitch, &p, &q, p.pitch, FFT_LANES);
}

/* OpenCL: `other` gets the spectrum of a, `spectrum` that of b. */
static void move_whole(stolt *s)
{
	int64_t n = s->grid.z, half = n / 2, stride = s->other->plane_rows * s->other->pitch;
	array before = array_slices(s->other, 0, 1, half - 1);
	array b = array_slices(s->spectrum, 0, 1, half - 1);
	array after = array_slices(s->other, 0, half + 1, half - 1);
	array b_after = array_slices(s->spectrum, 0, half + 1, half - 1);
	vec_fill(s->other, 0);
	for (int64_t y = 0; y < s->grid.y; y++) {
		array p = array_from_row(s->other, 0, y), from = array_from_row(s->spectrum, 0, y), q = p;
		p.shape.y = half;       /* rows of the kernel: the planes */
		q.origin += n * stride;
		move(s, &p, stride, &q, -stride, &from, stride, y, 0, s->other->shape.x);
	}
	vec_fill(s->spectrum, 0);
	RUN(&b, k_stolt_quarter, &b, &before, -1.0f);
	RUN(&b_after, k_stolt_quarter, &b_after, &after, 1.0f);
}

/* --- rows ------------------------------------------------------------------------------------- */

static void take_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const stolt *s = data;
	array in = array_from_row(s->data, z, y);
	(void)spare;
	if (s->setting.field)
		RUN_PART(strip, 0, rows, k_rows_scale, strip, strip->pitch, &in, in.pitch, strip->shape.x,
			s->weights[z] * s->ease[z]);
	else
		RUN_PART(strip, 0, rows, k_stolt_root, strip, strip->pitch, &in, in.pitch, strip->shape.x,
			s->weights[z], s->ease[z]);
}

static void square_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const stolt *s = data;
	array out = array_from_row(s->power, z, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_stolt_square, &out, out.pitch, strip, strip->pitch,
		strip->shape.x);
}

static void add_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const stolt *s = data;
	array out = array_from_row(s->power, z, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_stolt_add_square, &out, out.pitch, strip, strip->pitch,
		strip->shape.x);
}

void stolt_migrate(stolt *s, array *power, const array *data)
{
	shape w = s->setting.window;
	if (s->dev->error)
		return;
	s->power = power;
	s->data = data;
	convolve_pass_rows(s->passes, s->spectrum, w, CONVOLVE_FORWARD, take_rows, s);
	if (s->dev->opencl) {
		move_whole(s);
		convolve_pass_rows(s->passes, s->other, w, CONVOLVE_INVERSE, square_rows, s);
		convolve_pass_rows(s->passes, s->spectrum, w, CONVOLVE_INVERSE, add_rows, s);
		return;
	}
	array b = array_slices(s->spectrum, 0, w.z, w.z);
	convolve_pass_visit(s->passes, s->spectrum, move_lines, s);
	convolve_pass_rows(s->passes, s->spectrum, w, CONVOLVE_INVERSE, square_rows, s);
	convolve_pass_rows(s->passes, &b, w, CONVOLVE_INVERSE, add_rows, s);
}
