/* SPDX-License-Identifier: BSD-3-Clause */
/* array.c - planes of numbers on one device: the one place that allocates image memory */
#include "core/array.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/error.h"
#include "core/memory.h"
#include "core/opencl.h"

/* Elements of one set of planes; halo: 1 with the ring around each plane, 0 without. */
static bool set_size(shape s, int64_t halo, int64_t *pitch, int64_t *elements)
{
	int64_t n;
	if (s.c < 1 || s.z < 1 || s.y < 1 || s.x < 1 || s.x > INT32_MAX || s.y > INT32_MAX)
		return false;
	*pitch = (s.x + 2 * halo + ARRAY_PITCH_MULTIPLE - 1) / ARRAY_PITCH_MULTIPLE *
		ARRAY_PITCH_MULTIPLE;
	/* room for the elements left of row -1 and right of the last one */
	if (__builtin_mul_overflow(s.y + halo * ARRAY_HALO_ROWS, s.c, &n) ||
	    __builtin_mul_overflow(n, s.z, &n) || __builtin_mul_overflow(n + 2 * halo, *pitch, &n) ||
	    n > INT64_MAX / 64)
		return false;
	*elements = n;
	return true;
}

int64_t array_bytes(enum array_type type, shape s)
{
	int64_t pitch, elements;
	if (!set_size(s, 1, &pitch, &elements))
		return INT64_MAX;
	return elements * (int64_t)sizeof(float) * (type == COMPLEX ? 2 : 1);
}

bool array_would_fit(device *dev, int64_t bytes, const char *what, GError **err)
{
	if (dev->memory_limit == 0 || bytes <= dev->memory_limit - dev->memory_used)
		return true;
	g_autofree char *need = g_format_size_full((guint64)bytes, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *left = g_format_size_full(
		(guint64)MAX(dev->memory_limit - dev->memory_used, 0), G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *limit = g_format_size_full((guint64)dev->memory_limit,
		G_FORMAT_SIZE_IEC_UNITS);
	error_set(err, RELUMINE_OVER_LIMIT, "--max-memory", "raise the limit, or make the input "
		"smaller with --downsample", "%s needs %s, but only %s of %s are left", what, need, left,
		limit);
	return false;
}

static void fail_size(device *dev, shape s)
{
	GError *err = NULL;
	error_set(&err, RELUMINE_OVER_LIMIT, NULL, NULL, "an array of %" G_GINT64_FORMAT " x %"
		G_GINT64_FORMAT " x %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT
		" numbers (channels, z, y, x) is not possible", s.c, s.z, s.y, s.x);
	device_fail(dev, err);
}

/* Count `bytes` against the limit. */
static bool reserve(device *dev, int64_t bytes)
{
	GError *err = NULL;
	g_mutex_lock(&dev->mutex);
	bool fits = array_would_fit(dev, bytes, "an array", &err);
	if (fits) {
		dev->memory_used += bytes;
		dev->memory_peak = MAX(dev->memory_peak, dev->memory_used);
	}
	g_mutex_unlock(&dev->mutex);
	if (!fits)
		device_fail(dev, err);
	return fits;
}

static void unreserve(device *dev, int64_t bytes)
{
	g_mutex_lock(&dev->mutex);
	dev->memory_used -= bytes;
	g_mutex_unlock(&dev->mutex);
}

static void *room_for(const array *a, GError **err)
{
	void *buffer = a->in_file ? memory_new_in_file(a->dev->spill, a->bytes, err) :
		memory_new(a->bytes);
	if (buffer || a->in_file)
		return buffer;
	g_autofree char *need = g_format_size_full((guint64)a->bytes, G_FORMAT_SIZE_IEC_UNITS);
	error_set(err, RELUMINE_OVER_LIMIT, NULL, "make the input smaller with --downsample, or "
		"free memory", "the system has no %s left for an array", need);
	return NULL;
}

static bool allocate(array *a, int64_t elements)
{
	GError *err = NULL;
	a->buffer = a->dev->opencl ? opencl_alloc(a->dev, a->bytes) : room_for(a, &err);
	if (err)
		device_fail(a->dev, err);
	if (!a->buffer)
		return false;
	if (!a->dev->opencl) {
		a->mem = (float *)a->buffer + a->origin;
		a->imag = a->type == COMPLEX ? elements : 0;
	}
#ifdef RELUMINE_DEBUG
	if (a->dev->opencl)
		opencl_fill_nan(a->dev, a->buffer, a->bytes);
	else
		for (int64_t i = 0; i < a->bytes / (int64_t)sizeof(float); i++)
			((float *)a->buffer)[i] = NAN;
#endif
	return true;
}

static array *new_array(device *dev, enum array_type type, shape s, int64_t halo, bool in_file)
{
	array *a = g_new0(array, 1);
	int64_t elements;
	a->dev = dev;
	a->type = type;
	a->shape = s;
	a->plane_rows = s.y + halo * ARRAY_HALO_ROWS;
	if (dev->error)
		return a;
	if (!set_size(s, halo, &a->pitch, &elements)) {
		fail_size(dev, s);
		return a;
	}
	a->bytes = elements * (int64_t)sizeof(float) * (type == COMPLEX ? 2 : 1);
	a->origin = halo * 2 * a->pitch;        /* one halo row, and one for what is left of it */
	a->in_file = in_file && dev->spill;
	if (!a->in_file && !reserve(dev, a->bytes)) {
		a->bytes = 0;
	} else if (!allocate(a, elements)) {
		if (!a->in_file)
			unreserve(dev, a->bytes);
		a->bytes = 0;
	}
	return a;
}

array *array_new(device *dev, enum array_type type, shape s)
{
	return new_array(dev, type, s, 1, false);
}

array *array_new_bare(device *dev, enum array_type type, shape s)
{
	return new_array(dev, type, s, 0, false);
}

array *array_new_in_file(device *dev, enum array_type type, shape s)
{
	return new_array(dev, type, s, 1, true);
}

/* A picture as large as this share of what all arrays may take leaves too little to work in. */
#define LARGE_SHARE 8

array *array_new_picture(device *dev, shape s)
{
	bool large = dev->memory_limit > 0 && array_bytes(REAL, s) > dev->memory_limit / LARGE_SHARE;
	return new_array(dev, REAL, s, 1, large);
}

array *array_new_list(device *dev, int64_t n)
{
	const int64_t row = 64 * ARRAY_PITCH_MULTIPLE;
	return array_new_bare(dev, REAL, (shape){ 1, 1, MAX(n, 1) / row + 1, row });
}

array *array_like(const array *a)
{
	return array_new(a->dev, a->type, a->shape);
}

array *array_copy(const array *a)
{
	return array_move(a, a->dev);
}

void array_free(array *a)
{
	if (!a)
		return;
	if (a->bytes && a->in_file) {
		memory_free_in_file(a->buffer, a->bytes);
	} else if (a->bytes) {
		unreserve(a->dev, a->bytes);
		if (a->dev->opencl)
			opencl_release(a->buffer);
		else
			memory_free(a->buffer, a->bytes);
	}
	g_free(a);
}

static array view(const array *a, int64_t first_plane, shape s)
{
	array v = *a;
	v.bytes = 0;
	v.shape = s;
	if (a->mem)
		v.mem = a->mem + first_plane * a->plane_rows * a->pitch;
	v.origin = a->origin + first_plane * a->plane_rows * a->pitch;
	return v;
}

array array_slices(const array *a, int64_t c, int64_t z, int64_t n)
{
	return view(a, c * a->shape.z + z, (shape){ 1, n, a->shape.y, a->shape.x });
}

array array_channel(const array *a, int64_t c)
{
	return array_slices(a, c, 0, a->shape.z);
}

array array_plane(const array *a, int64_t c, int64_t z)
{
	return array_slices(a, c, z, 1);
}

array array_from_row(const array *a, int64_t z, int64_t y)
{
	array v = view(a, z, (shape){ 1, 1, a->shape.y - y, a->shape.x });
	if (v.mem)
		v.mem += y * a->pitch;
	v.origin += y * a->pitch;
	return v;
}

static void upload_row(array *a, int64_t plane, int64_t y, const float *packed)
{
	float *row = a->mem + (plane * a->plane_rows + y) * a->pitch;
	if (a->type == REAL) {
		memcpy(row, packed, (size_t)a->shape.x * sizeof(float));
		return;
	}
	for (int64_t x = 0; x < a->shape.x; x++) {
		row[x] = packed[2 * x];
		row[a->imag + x] = packed[2 * x + 1];
	}
}

static void download_row(const array *a, int64_t plane, int64_t y, float *packed)
{
	const float *row = a->mem + (plane * a->plane_rows + y) * a->pitch;
	if (a->type == REAL) {
		memcpy(packed, row, (size_t)a->shape.x * sizeof(float));
		return;
	}
	for (int64_t x = 0; x < a->shape.x; x++) {
		packed[2 * x] = row[x];
		packed[2 * x + 1] = row[a->imag + x];
	}
}

static int64_t element_size(const array *a)
{
	return (int64_t)sizeof(float) * (a->type == COMPLEX ? 2 : 1);
}

void array_upload(array *a, const float *packed)
{
	int64_t width = a->shape.x * (a->type == COMPLEX ? 2 : 1), size = element_size(a);
	if (a->dev->error)
		return;
	for (int64_t p = 0; p < shape_planes(a->shape); p++) {
		const float *plane = packed + p * a->shape.y * width;
		if (a->dev->opencl)
			opencl_write_rows(a->dev, a->buffer, (a->origin + p * a->plane_rows * a->pitch) * size,
				a->pitch * size, plane, a->shape.x * size, a->shape.y);
		else
			for (int64_t y = 0; y < a->shape.y; y++)
				upload_row(a, p, y, plane + y * width);
	}
}

void array_download(const array *a, float *packed)
{
	int64_t width = a->shape.x * (a->type == COMPLEX ? 2 : 1), size = element_size(a);
	if (a->dev->error)
		return;
	for (int64_t p = 0; p < shape_planes(a->shape); p++) {
		float *plane = packed + p * a->shape.y * width;
		if (a->dev->opencl)
			opencl_read_rows(a->dev, a->buffer, (a->origin + p * a->plane_rows * a->pitch) * size,
				a->pitch * size, plane, a->shape.x * size, a->shape.y);
		else
			for (int64_t y = 0; y < a->shape.y; y++)
				download_row(a, p, y, plane + y * width);
	}
}

/* Between devices by way of packed host memory, plane by plane. */
void array_assign(array *to, const array *from)
{
	if (to->dev->error || from->dev->error)
		return;
	g_autofree float *packed = g_try_malloc((gsize)(to->shape.y * to->shape.x * element_size(to)));
	if (!packed) {
		fail_size(to->dev, to->shape);
		return;
	}
	for (int64_t c = 0; c < to->shape.c; c++) {
		for (int64_t z = 0; z < to->shape.z; z++) {
			array from_plane = array_plane(from, c, z), to_plane = array_plane(to, c, z);
			array_download(&from_plane, packed);
			array_upload(&to_plane, packed);
		}
	}
}

array *array_move(const array *a, device *dev)
{
	array *to = array_new(dev, a->type, a->shape);
	if (!to->dev->error)
		array_assign(to, a);
	return to;
}

array *array_lend(const array *a, device *dev)
{
	if (a->dev != dev)
		return array_move(a, dev);
	array *v = g_new(array, 1);
	*v = *a;
	v->bytes = 0;
	return v;
}

static void forget(const array *a, const float *start, int64_t rows)
{
	int64_t bytes = rows * a->pitch * (int64_t)sizeof(float);
	if (!a->in_file || !a->mem)
		return;
	memory_forget(start, bytes);
	if (a->imag)
		memory_forget(start + a->imag, bytes);
}

void array_forget(const array *a, int64_t z, int64_t y, int64_t rows)
{
	forget(a, array_row(a, 0, z, y), rows);
}

void array_forget_all(const array *a)
{
	forget(a, a->mem, array_rows(a));
}
