/* SPDX-License-Identifier: BSD-3-Clause */
/* device.c - choosing where to compute, and the errors that stick there */
#include "core/device.h"

#include <assert.h>
#include <string.h>
#include "core/error.h"
#include "core/opencl.h"
#include "core/pool.h"

/* "opencl" -> OPENCL_ANY, "opencl:3" -> 3 */
static bool parse_index(const char *name, int *index, GError **err)
{
	*index = OPENCL_ANY;
	if (!strcmp(name, "opencl"))
		return true;
	gint64 n = 0;
	if (g_str_has_prefix(name, "opencl:") &&
	    g_ascii_string_to_signed(name + strlen("opencl:"), 10, 0, 999, &n, NULL)) {
		*index = (int)n;
		return true;
	}
	error_set(err, RELUMINE_BAD_USAGE, "--device", "use auto, cpu, opencl or opencl:N; "
		"`relumine devices` lists them", "'%s' is not a device", name);
	return false;
}

static bool choose(device *dev, const char *name, const char *cache, GError **err)
{
	if (!strcmp(name, "cpu"))
		return true;
	if (!strcmp(name, "auto")) {
		dev->opencl = opencl_new(OPENCL_AUTO, cache, NULL);
		return true;
	}
	int index;
	if (!parse_index(name, &index, err))
		return false;
	g_autoptr(GError) cause = NULL;
	dev->opencl = opencl_new(index, cache, &cause);
	if (!dev->opencl && cause)
		g_propagate_error(err, g_steal_pointer(&cause));
	else if (!dev->opencl)
		error_set(err, RELUMINE_DEVICE_LOST, "--device", "`relumine devices` says what is "
			"missing; --device cpu needs nothing", "no OpenCL device was found");
	return dev->opencl != NULL;
}

device *device_new(const char *name, int threads, const char *cache, GError **err)
{
	g_autoptr(device) dev = g_new0(device, 1);
	g_mutex_init(&dev->mutex);
	dev->warnings = g_ptr_array_new_with_free_func(g_free);
	dev->pool = pool_new(threads > 0 ? threads : (int)g_get_num_processors(), err);
	if (!dev->pool || !choose(dev, name, cache, err))
		return NULL;
	return g_steal_pointer(&dev);
}

void device_free(device *dev)
{
	if (!dev)
		return;
	opencl_free(dev->opencl);
	pool_free(dev->pool);
	g_clear_error(&dev->error);
	g_ptr_array_unref(dev->warnings);
	g_mutex_clear(&dev->mutex);
	g_free(dev->spill);
	g_free(dev);
}

int device_threads(const device *dev)
{
	return pool_threads(dev->pool);
}

char *device_name(const device *dev)
{
	if (dev->opencl)
		return g_strdup_printf("OpenCL, %s", opencl_name(dev->opencl));
	int threads = device_threads(dev);
	return g_strdup_printf("CPU, %d thread%s", threads, threads == 1 ? "" : "s");
}

void device_warn(device *dev, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	if (!g_ptr_array_find_with_equal_func(dev->warnings, text, g_str_equal, NULL))
		g_ptr_array_add(dev->warnings, g_steal_pointer(&text));
}

void device_fail(device *dev, GError *error)
{
	g_mutex_lock(&dev->mutex);
	if (dev->error)
		g_error_free(error);
	else
		dev->error = error;
	g_mutex_unlock(&dev->mutex);
}

bool device_ok(device *dev, GError **err)
{
	device_finish(dev);
	if (!dev->error)
		return true;
	g_propagate_error(err, g_steal_pointer(&dev->error));
	return false;
}

void device_finish(device *dev)
{
	if (dev->opencl)
		opencl_finish(dev);
}

void device_each(device *dev, int64_t n, int64_t grain, device_body *body, void *data)
{
	pool_each(dev->pool, n, grain, body, data);
}

struct cpu_job {
	const struct kernel *kernel;
	const void *args;
	int64_t first;
};

static void run_part(int64_t first, int64_t end, void *data)
{
	const struct cpu_job *job = data;
	job->kernel->call(job->first + first, job->first + end, job->args);
}

/* Items enough to be worth waking a thread for (some 10 us): elements, and rows of them. */
enum { LINEAR_GRAIN = 16384 };

static void launch_cpu(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args)
{
	bool linear = k->form == KERNEL_LINEAR;
	int64_t grain = linear ? LINEAR_GRAIN : MAX(LINEAR_GRAIN / over->pitch, 1);
	struct cpu_job job = { k, args, first };
	device_each(over->dev, end - first, grain, run_part, &job);
}

enum { MOST_PARAMS = 32, MOST_ARGS_BYTES = MOST_PARAMS * 8 };

/* The same once more for the imaginary parts: between them and the real ones lie other planes. */
static void launch_imaginary(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args)
{
	array parts[MOST_PARAMS];
	union { char bytes[MOST_ARGS_BYTES]; int64_t align; } shifted;
	const struct kernel_param *last = &k->params[k->n_params - 1];
	size_t size = last->offset + (last->type == KERNEL_FLOAT ? sizeof(float) : sizeof(int64_t));
	assert(k->n_params <= MOST_PARAMS && size <= sizeof(shifted));
	memcpy(shifted.bytes, args, size);
	for (size_t i = 0; i < k->n_params; i++) {
		if (k->params[i].type != KERNEL_ARRAY)
			continue;
		array **slot = (array **)(void *)(shifted.bytes + k->params[i].offset);
		parts[i] = **slot;
		parts[i].mem += parts[i].imag;
		*slot = &parts[i];
	}
	launch_cpu(over, first, end, k, shifted.bytes);
}

static bool takes_complex(const struct kernel *k)
{
	for (size_t i = 0; i < k->n_params; i++)
		if (k->params[i].type == KERNEL_COMPLEX)
			return true;
	return false;
}

void launch(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args)
{
	device *dev = over->dev;
	if (dev->error)
		return;
	bool linear = k->form == KERNEL_LINEAR;
	bool two_parts = linear && over->type == COMPLEX && !takes_complex(k);
	int64_t rows = array_rows(over), items = linear ? (rows - 1) * over->pitch + over->shape.x : rows;
	if (dev->opencl) {
		opencl_launch(over, first, MIN(end, two_parts ? 2 * items : items), k, args);
		return;
	}
	launch_cpu(over, first, MIN(end, items), k, args);
	if (two_parts)
		launch_imaginary(over, first, MIN(end, items), k, args);
}
