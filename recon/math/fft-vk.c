/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-vk.c - real Fourier transforms on an OpenCL device, by VkFFT */
#include "math/fft-vk.h"

#include <complex.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/error.h"
#include "core/opencl-inside.h"

/* VkFFT prints what a device's compiler says of its programs; a library is not to print. */
#define printf(...) ((void)0)
#define VKFFT_BACKEND 3
#include <vkFFT.h>
#undef printf

enum { FORWARD = -1, INVERSE = 1 };     /* as VkFFTAppend counts */

/*
 * One plane (axes 2) or volume (axes 3) is transformed at a time, in place in `work`, whose rows
 * are packed: `half` complex numbers, or as many pairs of real ones.  Arrays are copied in and out.
 */
struct vkfft_plan {
	device *dev;
	int64_t z, y, x, half;
	array *work;
	cl_mem buffer;                  /* work's; VkFFT keeps pointers to this field and the next */
	uint64_t buffer_bytes;
	VkFFTApplication app;
	bool planned;
	int64_t hidden_bytes;           /* what VkFFT allocated by itself */
};

/* --- planning -------------------------------------------------------------------------------- */

/* The radices that VkFFT has; other sizes go through Bluestein's transform, with larger errors. */
static bool is_native(int64_t n)
{
	static const int64_t radices[] = { 2, 3, 5, 7, 11, 13 };
	for (size_t i = 0; i < G_N_ELEMENTS(radices); i++)
		while (n % radices[i] == 0)
			n /= radices[i];
	return n == 1;
}

/* VkFFT's own buffer, wanted for long axes, counts as the arrays do. */
static bool count_hidden(vkfft_plan *p)
{
	device *dev = p->dev;
	if (!p->app.configuration.allocateTempBuffer)
		return true;
	int64_t bytes = (int64_t)p->app.configuration.tempBufferSize[0];
	GError *err = NULL;
	g_mutex_lock(&dev->mutex);
	bool fits = array_would_fit(dev, bytes, "a Fourier transform", &err);
	if (fits) {
		p->hidden_bytes = bytes;
		dev->memory_used += bytes;
		dev->memory_peak = MAX(dev->memory_peak, dev->memory_used);
	}
	g_mutex_unlock(&dev->mutex);
	if (!fits)
		device_fail(dev, err);
	return fits;
}

static bool make_plan(vkfft_plan *p)
{
	opencl *cl = p->dev->opencl;
	VkFFTConfiguration c = { 0 };
	c.FFTdim = p->z > 1 ? 3 : p->y > 1 ? 2 : 1;
	c.size[0] = (uint64_t)p->x;
	c.size[1] = (uint64_t)p->y;
	c.size[2] = (uint64_t)p->z;
	c.performR2C = 1;
	c.device = &cl->id;
	c.context = &cl->context;
	c.bufferSize = &p->buffer_bytes;
	c.buffer = &p->buffer;
	c.useUint64 = p->buffer_bytes / sizeof(float) > INT32_MAX;
	c.useLUT = 1;           /* sines from tables: a device's own may be good to 1e-4 alone */
	p->planned = initializeVkFFT(&p->app, c) == VKFFT_SUCCESS;      /* else it has cleaned up */
	/* its own "no limit", 2^64 - 1, overflows where it rounds it by way of a double */
	for (int i = 0; i < 3; i++)
		p->app.configuration.maxComputeWorkGroupCount[i] = INT32_MAX;
	return p->planned && count_hidden(p);
}

static VkFFTResult transform(vkfft_plan *p, int direction)
{
	VkFFTLaunchParams launch = { 0 };
	launch.buffer = &p->buffer;
	launch.commandQueue = &p->dev->opencl->queue;
	return VkFFTAppend(&p->app, direction, &launch);
}

/* --- the plan's check of itself -------------------------------------------------------------- */

enum { CHECKED_FREQUENCIES = 6 };
#define TOLERANCE 1e-5  /* of the root mean square; rounding gives 1e-7 to 1e-6 */

/* sum over all elements of image exp(-2 pi i (kx x / X + ky y / Y + kz z / Z)), in double */
static double complex direct_sum(const vkfft_plan *p, const float *image, const int64_t k[3])
{
	g_autofree double complex *phase = g_new(double complex, p->x);
	double complex sum = 0;
	for (int64_t x = 0; x < p->x; x++)
		phase[x] = cexp(-2 * G_PI * I * (double)(k[2] * x % p->x) / (double)p->x);
	for (int64_t row = 0; row < p->z * p->y; row++) {
		int64_t z = row / p->y, y = row % p->y;
		double turns = (double)(k[0] * z % p->z) / (double)p->z +
			(double)(k[1] * y % p->y) / (double)p->y;
		double complex along = 0;
		for (int64_t x = 0; x < p->x; x++)
			along += (double)image[row * p->x + x] * phase[x];
		sum += along * cexp(-2 * G_PI * I * turns);
	}
	return sum;
}

/* Frequencies at random, after the mean and the highest of all axes. */
static bool check_frequencies(const vkfft_plan *p, const float *image, GRand *rand)
{
	g_autofree float *row = g_new0(float, 2 * p->half);
	double scale = sqrt((double)(p->z * p->y * p->x));
	for (int i = 0; i < CHECKED_FREQUENCIES; i++) {
		int64_t k[3] = { 0, 0, 0 };
		const int64_t size[3] = { p->z, p->y, p->half };
		for (int a = 0; a < 3 && i > 0; a++)
			k[a] = i == 1 ? size[a] - 1 : (int64_t)(g_rand_double(rand) * (double)size[a]);
		int64_t row_bytes = 2 * p->half * (int64_t)sizeof(float);
		opencl_read_rows(p->dev, p->work->buffer, (k[0] * p->y + k[1]) * row_bytes, row_bytes, row,
			row_bytes, 1);
		double complex found = (double)row[2 * k[2]] + I * (double)row[2 * k[2] + 1];
		if (!(cabs(found - direct_sum(p, image, k)) <= TOLERANCE * scale))
			return false;
	}
	return true;
}

static bool check_round_trip(const vkfft_plan *p, const float *image, float *back, int64_t n)
{
	opencl_read_rows(p->dev, p->work->buffer, 0, 2 * p->half * (int64_t)sizeof(float), back,
		p->x * (int64_t)sizeof(float), p->z * p->y);
	for (int64_t i = 0; i < n; i++)
		if (!(fabs((double)back[i] / (double)n - (double)image[i]) <= TOLERANCE))
			return false;
	return true;
}

static bool check(vkfft_plan *p)
{
	int64_t n = p->z * p->y * p->x;
	g_autofree float *image = g_try_new(float, (gsize)n), *back = g_try_new(float, (gsize)n);
	g_autoptr(GRand) rand = g_rand_new_with_seed(1);
	if (!image || !back)
		return false;
	for (int64_t i = 0; i < n; i++)
		image[i] = (float)g_rand_double_range(rand, -1.7, 1.7);        /* root mean square 1 */
	opencl_write_rows(p->dev, p->work->buffer, 0, 2 * p->half * (int64_t)sizeof(float), image,
		p->x * (int64_t)sizeof(float), p->z * p->y);
	return transform(p, FORWARD) == VKFFT_SUCCESS && check_frequencies(p, image, rand) &&
		transform(p, INVERSE) == VKFFT_SUCCESS && check_round_trip(p, image, back, n) &&
		!p->dev->error;
}

vkfft_plan *vkfft_plan_new(device *dev, shape s, int axes)
{
	if (!dev->opencl || dev->error || s.x < 2 || !is_native(s.x) || !is_native(s.y) ||
	    (axes == 3 && !is_native(s.z)))
		return NULL;
	g_autoptr(vkfft_plan) p = g_new0(vkfft_plan, 1);
	p->dev = dev;
	p->z = axes == 3 ? s.z : 1;
	p->y = s.y;
	p->x = s.x;
	p->half = s.x / 2 + 1;
	p->work = array_new(dev, REAL, (shape){ 1, p->z, p->y, 2 * p->half });
	p->buffer = p->work->buffer;
	p->buffer_bytes = (uint64_t)(p->z * p->y * p->half * 2) * sizeof(float);
	if (dev->error || !make_plan(p) || !check(p))
		return NULL;
	return g_steal_pointer(&p);
}

void vkfft_plan_free(vkfft_plan *plan)
{
	if (!plan)
		return;
	if (plan->planned) {
		clFinish(plan->dev->opencl->queue);
		deleteVkFFT(&plan->app);
	}
	g_mutex_lock(&plan->dev->mutex);
	plan->dev->memory_used -= plan->hidden_bytes;
	g_mutex_unlock(&plan->dev->mutex);
	array_free(plan->work);
	g_free(plan);
}

/* --- transforms ------------------------------------------------------------------------------ */

/* Plane or volume number `index` of `a` into the work buffer, or out of it. */
static bool copy(const vkfft_plan *p, const array *a, int64_t index, bool in)
{
	size_t element = sizeof(float) * (a->type == COMPLEX ? 2 : 1);
	size_t pitch = (size_t)a->pitch * element, packed = (size_t)p->half * 2 * sizeof(float);
	size_t slice = (size_t)a->plane_rows * pitch, packed_slice = (size_t)p->y * packed;
	int64_t first_row = a->origin / a->pitch + index * p->z * a->plane_rows;
	const size_t there[3] = { 0, (size_t)first_row, 0 }, here[3] = { 0, 0, 0 };
	const size_t region[3] = { (size_t)a->shape.x * element, (size_t)p->y, (size_t)p->z };
	cl_command_queue queue = p->dev->opencl->queue;
	cl_int code = in ?
		clEnqueueCopyBufferRect(queue, a->buffer, p->work->buffer, there, here, region, pitch, slice,
			packed, packed_slice, 0, NULL, NULL) :
		clEnqueueCopyBufferRect(queue, p->work->buffer, a->buffer, here, there, region, packed,
			packed_slice, pitch, slice, 0, NULL, NULL);
	return opencl_check(p->dev, code, "copying for a Fourier transform");
}

static bool transform_array(vkfft_plan *p, const array *to, const array *from, int direction)
{
	int64_t n = shape_planes(from->shape) / p->z;
	for (int64_t i = 0; i < n; i++) {
		if (p->dev->error || !copy(p, from, i, true))
			return false;
		VkFFTResult result = transform(p, direction);
		if (result != VKFFT_SUCCESS) {
			GError *err = NULL;
			error_set(&err, RELUMINE_DEVICE_LOST, p->dev->opencl->name, "use --device cpu",
				"VkFFT failed with its code %d", (int)result);
			error_while(&err, "Fourier transform");
			device_fail(p->dev, err);
			return false;
		}
		if (!copy(p, to, i, false))
			return false;
	}
	return true;
}

bool vkfft_forward(vkfft_plan *plan, array *spectrum, const array *image)
{
	return transform_array(plan, spectrum, image, FORWARD);
}

bool vkfft_inverse(vkfft_plan *plan, array *image, array *spectrum)
{
	return transform_array(plan, image, spectrum, INVERSE);
}
