/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl.c - one OpenCL device: its queue, its buffers, and the launch of kernels */
#include "core/opencl-inside.h"

#include <assert.h>
#include <math.h>
#include "core/error.h"

/* --- opening and closing --------------------------------------------------------------------- */

static void release_kernel(gpointer kernel)
{
	clReleaseKernel(kernel);
}

static opencl *open_device(cl_device_id id, GError **err)
{
	g_autoptr(opencl) cl = g_new0(opencl, 1);
	cl->id = id;
	cl->name = opencl_text(id, CL_DEVICE_NAME);
	cl->kernels = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, release_kernel);
	cl->largest_buffer = (int64_t)MIN(opencl_number(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE), INT64_MAX);
	cl->memory = (int64_t)MIN(opencl_number(id, CL_DEVICE_GLOBAL_MEM_SIZE), INT64_MAX);
	cl_int code;
	cl->context = clCreateContext(NULL, 1, &id, NULL, NULL, &code);
	if (!opencl_succeeded(code, cl->name, "opening the OpenCL device", err))
		return NULL;
	cl->queue = clCreateCommandQueue(cl->context, id, 0, &code);
	if (!opencl_succeeded(code, cl->name, "opening the OpenCL device", err))
		return NULL;
	return g_steal_pointer(&cl);
}

struct opencl *opencl_new(int index, const char *cache, GError **err)
{
	g_autoptr(GPtrArray) devices = opencl_devices();
	cl_device_id id = opencl_pick(devices, index);
	if (!id && index >= 0)
		error_set(err, RELUMINE_DEVICE_LOST, "--device", "`relumine devices` lists what there is "
			"and what is missing; --device cpu needs nothing",
			"there is no opencl:%d: OpenCL devices found: %u", index, devices->len);
	if (!id)
		return NULL;
	g_autoptr(opencl) cl = open_device(id, err);
	if (!cl || !opencl_build(cl, cache, err))
		return NULL;
	return g_steal_pointer(&cl);
}

void opencl_free(struct opencl *cl)
{
	if (!cl)
		return;
	if (cl->queue)
		clFinish(cl->queue);
	g_hash_table_destroy(cl->kernels);
	if (cl->program)
		clReleaseProgram(cl->program);
	if (cl->queue)
		clReleaseCommandQueue(cl->queue);
	if (cl->context)
		clReleaseContext(cl->context);
	g_free(cl->name);
	g_free(cl);
}

const char *opencl_name(const struct opencl *cl)
{
	return cl->name;
}

void opencl_finish(device *dev)
{
	opencl_check(dev, clFinish(dev->opencl->queue), "waiting for the OpenCL device");
}

/* --- buffers --------------------------------------------------------------------------------- */

static void fail_limit(device *dev, int64_t need, const char *what, int64_t limit)
{
	GError *err = NULL;
	g_autofree char *need_text = g_format_size_full((guint64)need, G_FORMAT_SIZE_IEC_UNITS);
	g_autofree char *limit_text = g_format_size_full((guint64)limit, G_FORMAT_SIZE_IEC_UNITS);
	error_set(&err, RELUMINE_OVER_LIMIT, dev->opencl->name, "make the input smaller with "
		"--downsample, or use --device cpu", "%s of %s is needed, but the limit of the OpenCL device "
		"is %s", what, need_text, limit_text);
	device_fail(dev, err);
}

/* Drivers that find room only at the first use would fail far from here, so limits are checked. */
void *opencl_alloc(device *dev, int64_t bytes)
{
	const opencl *cl = dev->opencl;
	cl_int code;
	if (dev->error)
		return NULL;
	if (bytes > cl->largest_buffer) {
		fail_limit(dev, bytes, "a buffer", cl->largest_buffer);
		return NULL;
	}
	if (dev->memory_used > cl->memory) {    /* array_new has counted `bytes` already */
		fail_limit(dev, dev->memory_used, "memory", cl->memory);
		return NULL;
	}
	cl_mem buffer = clCreateBuffer(cl->context, CL_MEM_READ_WRITE, (size_t)bytes, NULL, &code);
	return opencl_check(dev, code, "allocating an array") ? buffer : NULL;
}

void opencl_release(void *buffer)
{
	if (buffer)
		clReleaseMemObject(buffer);
}

void opencl_fill_nan(device *dev, void *buffer, int64_t bytes)
{
	cl_float value = NAN;
	if (!dev->error)
		opencl_check(dev, clEnqueueFillBuffer(dev->opencl->queue, buffer, &value, sizeof(value), 0,
			(size_t)bytes, 0, NULL, NULL), "filling an array");
}

void opencl_copy(device *dev, void *to, int64_t to_offset, const void *from, int64_t from_offset,
	int64_t bytes)
{
	if (!dev->error)
		opencl_check(dev, clEnqueueCopyBuffer(dev->opencl->queue, (cl_mem)from, to,
			(size_t)from_offset, (size_t)to_offset, (size_t)bytes, 0, NULL, NULL),
			"copying an array");
}

static const size_t host_origin[3];

void opencl_write_rows(device *dev, void *buffer, int64_t offset, int64_t pitch_bytes,
	const void *host, int64_t row_bytes, int64_t rows)
{
	size_t pitch = (size_t)pitch_bytes, width = (size_t)row_bytes;
	const size_t origin[3] = { (size_t)offset % pitch, (size_t)offset / pitch, 0 };
	const size_t region[3] = { width, (size_t)rows, 1 };
	if (!dev->error)
		opencl_check(dev, clEnqueueWriteBufferRect(dev->opencl->queue, buffer, CL_TRUE, origin,
			host_origin, region, pitch, 0, width, 0, host, 0, NULL, NULL),
			"sending an array to the OpenCL device");
}

void opencl_read_rows(device *dev, const void *buffer, int64_t offset, int64_t pitch_bytes,
	void *host, int64_t row_bytes, int64_t rows)
{
	size_t pitch = (size_t)pitch_bytes, width = (size_t)row_bytes;
	const size_t origin[3] = { (size_t)offset % pitch, (size_t)offset / pitch, 0 };
	const size_t region[3] = { width, (size_t)rows, 1 };
	if (!dev->error)
		opencl_check(dev, clEnqueueReadBufferRect(dev->opencl->queue, (cl_mem)buffer, CL_TRUE, origin,
			host_origin, region, pitch, 0, width, 0, host, 0, NULL, NULL),
			"fetching an array from the OpenCL device");
}

/* --- launches -------------------------------------------------------------------------------- */

/* Work-items of a group: a few warps, along rows where neighbours share a cache line. */
static const struct {
	size_t x, y;
} group[] = {
	[KERNEL_LINEAR] = { 128, 1 },
	[KERNEL_ROWS] = { 32, 4 },
	[KERNEL_SUMS] = { 1, 32 },
};

static cl_kernel find_kernel(device *dev, const char *name)
{
	opencl *cl = dev->opencl;
	cl_kernel kernel = g_hash_table_lookup(cl->kernels, name);
	cl_int code;
	if (kernel)
		return kernel;
	kernel = clCreateKernel(cl->program, name, &code);
	if (!opencl_check(dev, code, name))
		return NULL;
	g_hash_table_insert(cl->kernels, (gpointer)name, kernel);
	return kernel;
}

/* An array takes two arguments: its buffer, and where in that its first element stands. */
static cl_int set_array(cl_kernel kernel, cl_uint *position, enum kernel_type type, const array *a)
{
	cl_long origin = a->origin;
	if (type == KERNEL_ARRAY && a->type == COMPLEX)
		origin *= 2;            /* in floats */
	cl_int code = clSetKernelArg(kernel, (*position)++, sizeof(cl_mem), &a->buffer);
	return code ? code : clSetKernelArg(kernel, (*position)++, sizeof(origin), &origin);
}

static cl_int set_argument(cl_kernel kernel, cl_uint *position, const struct kernel_param *p,
	const void *args, const device *dev)
{
	const void *value = (const char *)args + p->offset;
	if (p->type == KERNEL_FLOAT)
		return clSetKernelArg(kernel, (*position)++, sizeof(cl_float), value);
	if (p->type == KERNEL_INT)
		return clSetKernelArg(kernel, (*position)++, sizeof(cl_long), value);
	const array *a = *(array *const *)value;
	assert(a->dev == dev && a->buffer);
	(void)dev;
	return set_array(kernel, position, p->type, a);
}

static size_t round_up(int64_t n, size_t multiple)
{
	return ((size_t)n + multiple - 1) / multiple * multiple;
}

static cl_int start(const array *over, int64_t items, enum kernel_form form, cl_kernel kernel)
{
	const opencl *cl = over->dev->opencl;
	int64_t columns = form == KERNEL_LINEAR ? items : form == KERNEL_ROWS ? over->shape.x : 1;
	int64_t rows = form == KERNEL_LINEAR ? 1 : items;
	size_t local[2] = { group[form].x, group[form].y };
	size_t global[2] = { round_up(columns, local[0]), round_up(rows, local[1]) };
	size_t most = 0;
	clGetKernelWorkGroupInfo(kernel, cl->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof(most), &most, NULL);
	bool fits = local[0] * local[1] <= most;
	return clEnqueueNDRangeKernel(cl->queue, kernel, 2, NULL, global, fits ? local : NULL, 0, NULL,
		NULL);
}

void opencl_launch(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args)
{
	device *dev = over->dev;
	if (dev->error || first >= end)
		return;
	cl_kernel kernel = find_kernel(dev, k->name);
	if (!kernel)
		return;
	const cl_long range[2] = { first, end };
	cl_uint position = 0;
	cl_int code = CL_SUCCESS;
	for (int i = 0; i < 2 && !code; i++)
		code = clSetKernelArg(kernel, position++, sizeof(range[i]), &range[i]);
	for (size_t i = 0; i < k->n_params && !code; i++)
		code = set_argument(kernel, &position, &k->params[i], args, dev);
	opencl_check(dev, code ? code : start(over, end - first, k->form, kernel), k->name);
}
