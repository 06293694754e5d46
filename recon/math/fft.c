/* SPDX-License-Identifier: BSD-3-Clause */
/* fft.c - real transforms of planes and volumes, axis by axis, so that the result does not depend
 * on the number of threads and no plan needs measuring */
#include "math/fft.h"

#include <string.h>
#include "math/fft-rows.h"
#include "math/fft-vk.h"

struct fft {
	device *dev;
	shape s;
	int axes;
	int64_t rows;                   /* of a plane, that count */
	fft_line *x, *y, *z;            /* CPU; z with three axes */
	array *scratch;                 /* CPU: one row for each thread */
	struct vkfft_plan *vk;          /* OpenCL */
	device *host;                   /* OpenCL, a size VkFFT will not do: the CPU does it */
	int slot;                       /* scratch rows given out in the pass that runs */
};

int64_t fft_good_size(int64_t n)
{
	for (int64_t size = MAX((n + 1) / 2 * 2, 2);; size += 2) {
		int64_t left = size;
		for (int64_t p = 2; p <= 7; p++)
			while (left % p == 0)
				left /= p;
		if (left == 1)
			return size;
	}
}

shape fft_spectrum_shape(shape s)
{
	s.x = s.x / 2 + 1;
	return s;
}

static int64_t scratch_floats(shape s, int axes)
{
	int64_t y = fft_line_scratch(s.y), z = axes == 3 ? fft_line_scratch(s.z) : 0;
	return MAX(fft_rows_scratch(s.x), MAX(y, z));
}

static void plan_on_cpu(fft *f, device *cpu)
{
	f->x = fft_line_new(cpu, f->s.x);
	f->y = fft_line_new(cpu, f->s.y);
	f->z = f->axes == 3 ? fft_line_new(cpu, f->s.z) : NULL;
	f->scratch = fft_scratch_new(cpu, device_threads(cpu), scratch_floats(f->s, f->axes));
}

fft *fft_new(device *dev, shape s, int axes)
{
	fft *f = g_new0(fft, 1);
	f->dev = dev;
	f->s = s;
	f->axes = axes;
	f->rows = s.y;
	if (!dev->opencl) {
		plan_on_cpu(f, dev);
		return f;
	}
	f->vk = vkfft_plan_new(dev, s, axes);
	if (!f->vk && !dev->error) {
		f->host = device_new("cpu", device_threads(dev), NULL, NULL);
		device_warn(dev, "the device cannot do Fourier transforms of %" G_GINT64_FORMAT " x %"
			G_GINT64_FORMAT ": they run on the CPU, which is slower", s.y, s.x);
		plan_on_cpu(f, f->host);
	}
	return f;
}

void fft_window(fft *f, int64_t rows)
{
	f->rows = rows;
}

void fft_free(fft *f)
{
	if (!f)
		return;
	fft_line_free(f->x);
	fft_line_free(f->y);
	fft_line_free(f->z);
	array_free(f->scratch);
	vkfft_plan_free(f->vk);
	device_free(f->host);
	g_free(f);
}

/* --- passes on the CPU ---------------------------------------------------------------------- */

struct job {
	fft *f;
	const array *image;
	array *spectrum;
	bool forward;
	int axis;                       /* of the line pass: 1 y, 2 z */
};

static float *take_scratch(fft *f)
{
	int slot = g_atomic_int_add(&f->slot, 1);
	return fft_scratch_block(f->scratch, slot, scratch_floats(f->s, f->axes));
}

static int64_t strips_of(const fft *f)
{
	return (f->rows + FFT_STRIP - 1) / FFT_STRIP;
}

static void one_strip(const struct job *j, int64_t strip, float *scratch)
{
	const array *image = j->image, *spectrum = j->spectrum;
	float *row[FFT_STRIP], *re[FFT_STRIP], *im[FFT_STRIP];
	int64_t strips = strips_of(j->f), plane = strip / strips;
	int64_t y = strip % strips * FFT_STRIP, rows = MIN(FFT_STRIP, j->f->rows - y);
	for (int64_t i = 0; i < rows; i++) {
		row[i] = image->mem + (plane * image->plane_rows + y + i) * image->pitch;
		re[i] = spectrum->mem + (plane * spectrum->plane_rows + y + i) * spectrum->pitch;
		im[i] = re[i] + spectrum->imag;
	}
	if (j->forward)
		fft_rows_forward(j->f->x, re, im, (const float *const *)row, image->shape.x, rows, scratch);
	else
		fft_rows_inverse(j->f->x, row, image->shape.x, (const float *const *)re,
			(const float *const *)im, rows, scratch);
}

static void row_pass(int64_t first, int64_t end, void *data)
{
	const struct job *j = data;
	float *scratch = take_scratch(j->f);
	for (int64_t strip = first; strip < end; strip++)
		one_strip(j, strip, scratch);
}

static int64_t blocks_of(const array *spectrum)
{
	return (spectrum->shape.x + FFT_LANES - 1) / FFT_LANES;
}

/* Sixteen lines: along y at (plane, block), or along z at (channel and y, block). */
static fft_lanes lines_at(const struct job *j, int64_t line, int64_t block)
{
	const array *a = j->spectrum;
	int64_t plane = a->plane_rows * a->pitch, at = line * plane, stride = a->pitch;
	if (j->axis == 2) {
		at = line / a->shape.y * a->shape.z * plane + line % a->shape.y * a->pitch;
		stride = plane;
	}
	float *re = a->mem + at + block * FFT_LANES;
	if (j->forward)
		return (fft_lanes){ re, re + a->imag, stride };
	return (fft_lanes){ re + a->imag, re, stride };
}

/* Rows that do not count become zeros, or are left for the transform to take as such. */
static void clear_rows(fft_lanes at, int64_t from, int64_t end)
{
	for (int64_t y = from; y < end; y++) {
		memset(at.re + y * at.stride, 0, FFT_LANES * sizeof(float));
		memset(at.im + y * at.stride, 0, FFT_LANES * sizeof(float));
	}
}

static void line_pass(int64_t first, int64_t end, void *data)
{
	const struct job *j = data;
	const fft_line *line = j->axis == 1 ? j->f->y : j->f->z;
	float *scratch = take_scratch(j->f);
	int64_t blocks = blocks_of(j->spectrum), height = j->f->s.y, rows = j->f->rows;
	bool half = j->axis == 1 && height % 2 == 0 && rows <= height / 2;
	for (int64_t i = first; i < end; i++) {
		fft_lanes at = lines_at(j, i / blocks, i % blocks);
		if (j->forward && j->axis == 1)
			clear_rows(at, rows, half ? height / 2 : height);
		fft_line_run(line, at, at, half && j->forward, half && !j->forward, scratch);
	}
}

static void run_rows(struct job *j)
{
	j->f->slot = 0;
	device_each(j->spectrum->dev, shape_planes(j->image->shape) * strips_of(j->f), 1, row_pass, j);
}

static void run_lines(struct job *j, int axis)
{
	shape s = j->spectrum->shape;
	j->axis = axis;
	j->f->slot = 0;
	int64_t lines = axis == 1 ? s.c * s.z : s.c * s.y;
	device_each(j->spectrum->dev, lines * blocks_of(j->spectrum), 1, line_pass, j);
}

/* --- the transforms ------------------------------------------------------------------------- */

static void forward_on_cpu(fft *f, array *spectrum, const array *image)
{
	struct job j = { .f = f, .image = image, .spectrum = spectrum, .forward = true };
	run_rows(&j);
	run_lines(&j, 1);
	if (f->axes == 3)
		run_lines(&j, 2);
}

static void inverse_on_cpu(fft *f, array *image, array *spectrum)
{
	struct job j = { .f = f, .image = image, .spectrum = spectrum };
	if (f->axes == 3)
		run_lines(&j, 2);
	run_lines(&j, 1);
	run_rows(&j);
}

/* y = F x or F^-1 x on the host, for arrays of the OpenCL device */
static void by_way_of_host(fft *f, array *y, const array *x, bool forward)
{
	g_autoptr(array) from = array_move(x, f->host);
	g_autoptr(array) to = array_new(f->host, y->type, y->shape);
	GError *err = NULL;
	if (!device_ok(f->host, &err)) {
		device_fail(f->dev, err);
		return;
	}
	if (forward)
		forward_on_cpu(f, to, from);
	else
		inverse_on_cpu(f, to, from);
	array_assign(y, to);
}

void fft_forward(fft *f, array *spectrum, const array *image)
{
	if (f->dev->error)
		return;
	f->dev->fft_count += f->axes == 2 ? shape_planes(image->shape) : image->shape.c;
	if (f->vk)
		vkfft_forward(f->vk, spectrum, image);
	else if (f->host)
		by_way_of_host(f, spectrum, image, true);
	else
		forward_on_cpu(f, spectrum, image);
}

void fft_inverse(fft *f, array *image, array *spectrum)
{
	if (f->dev->error)
		return;
	f->dev->fft_count += f->axes == 2 ? shape_planes(image->shape) : image->shape.c;
	if (f->vk)
		vkfft_inverse(f->vk, image, spectrum);
	else if (f->host)
		by_way_of_host(f, image, spectrum, false);
	else
		inverse_on_cpu(f, image, spectrum);
}
