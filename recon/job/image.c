/* SPDX-License-Identifier: BSD-3-Clause */
/* image.c - pictures in memory: the library's way in and out without files */
#include "job/job.h"

#include <string.h>
#include "core/error.h"

/* Takes no array yet; a device with no thread but the caller's. */
static relumine_image *empty_image(GError **err)
{
	device *dev = device_new("cpu", 1, NULL, err);
	if (!dev)
		return NULL;
	relumine_image *im = g_new0(relumine_image, 1);
	im->dev = dev;
	return im;
}

void relumine_image_free(relumine_image *im)
{
	if (!im)
		return;
	array_free(im->data);
	image_scale_free(im->scale);
	device_free(im->dev);
	g_free(im);
}

/* The packed index of (c, z, y, x) when channels run fastest. */
static int64_t packed_index(shape s, int64_t c, int64_t z, int64_t y, int64_t x)
{
	return ((z * s.y + y) * s.x + x) * s.c + c;
}

typedef void each_value(float *stored, int64_t packed, void *data);

static void for_each(const array *a, each_value *body, void *data)
{
	shape s = a->shape;
	for (int64_t c = 0; c < s.c; c++)
		for (int64_t zy = 0; zy < s.z * s.y; zy++) {
			float *row = array_row(a, c, zy / s.y, zy % s.y);
			for (int64_t x = 0; x < s.x; x++)
				body(row + x, packed_index(s, c, zy / s.y, zy % s.y, x), data);
		}
}

static void store_value(float *stored, int64_t packed, void *data)
{
	*stored = ((const float *)data)[packed];
}

static void fetch_value(float *stored, int64_t packed, void *data)
{
	((float *)data)[packed] = *stored;
}

relumine_image *relumine_image_new(int64_t z, int64_t y, int64_t x, int64_t channels,
	const float *values, GError **err)
{
	g_autoptr(relumine_image) im = empty_image(err);
	if (!im)
		return NULL;
	im->data = array_new(im->dev, REAL, (shape){ channels, z, y, x });
	if (!device_ok(im->dev, err))
		return NULL;
	for_each(im->data, store_value, (float *)(uintptr_t)values);
	return g_steal_pointer(&im);
}

relumine_image *image_from(const array *a, double white, const image_scale *scale, GError **err)
{
	g_autoptr(relumine_image) im = empty_image(err);
	if (!im)
		return NULL;
	im->white = white;
	im->scale = image_scale_copy(scale);
	im->data = array_move(a, im->dev);
	return device_ok(im->dev, err) ? g_steal_pointer(&im) : NULL;
}

relumine_image *relumine_image_read(const char *path, GError **err)
{
	g_autoptr(relumine_image) im = empty_image(err);
	g_autoptr(image) file = im ? image_read(im->dev, path, err) : NULL;
	if (!file)
		return NULL;
	im->white = image_white(file);
	im->data = g_steal_pointer(&file->data);
	im->scale = g_steal_pointer(&file->scale);
	return g_steal_pointer(&im);
}

bool relumine_image_write(const relumine_image *im, const char *path, bool overwrite, GError **err)
{
	g_autoptr(array) copy = array_copy(im->data);
	if (!device_ok(im->dev, err))
		return false;
	g_autoptr(image) file = image_new(g_steal_pointer(&copy));
	image_set_scale(file, im->scale);
	return image_write(file, path, overwrite, err);
}

void relumine_image_size(const relumine_image *im, int64_t size[4])
{
	shape s = im->data->shape;
	memcpy(size, (int64_t[]){ s.z, s.y, s.x, s.c }, 4 * sizeof *size);
}

void relumine_image_values(const relumine_image *im, float *values)
{
	for_each(im->data, fetch_value, values);
}

/* --- into a job and out of it ---------------------------------------------------------------- */

bool relumine_job_set_image(relumine_job *job, const char *option, const relumine_image *im,
	GError **err)
{
	static const char name[] = "(picture in memory)";
	const relumine_option *o = option ? options_find(job->mode->command.options, option) : NULL;
	if (option && (!o || o->type != RELUMINE_FILE_IN)) {
		g_autofree char *where = g_strconcat("--", option, NULL);
		error_set(err, RELUMINE_BAD_USAGE, where, NULL, "`%s` takes no picture of that name",
			job->mode->command.name);
		return false;
	}
	g_autoptr(relumine_image) copy = image_from(im->data, im->white, im->scale, err);
	if (!copy || (o && !relumine_job_set(job, option, name, err)))
		return false;
	source *s = source_new(option, name);
	s->memory = g_steal_pointer(&copy);
	g_ptr_array_add(job->sources, s);
	return true;
}

relumine_image *relumine_job_result(const relumine_job *job)
{
	return job->task.result ? image_from(job->task.result, 0, job->task.scale, NULL) : NULL;
}
