/* SPDX-License-Identifier: BSD-3-Clause */
/* device.c - choosing where to compute, and the errors that stick there */
#include "core/device.h"

#include <string.h>
#include "core/error.h"
#include "core/opencl.h"
#include "core/pool.h"

/* "opencl" -> -1, "opencl:3" -> 3 */
static bool parse_index(const char *name, int *index, GError **err)
{
	*index = -1;
	if (!strcmp(name, "opencl") || !strcmp(name, "auto"))
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
	int index;
	if (!parse_index(name, &index, err))
		return false;
	if (!strcmp(name, "auto")) {
		dev->opencl = opencl_new(-1, cache, NULL);
		return true;
	}
	g_autoptr(GError) cause = NULL;
	dev->opencl = opencl_new(index, cache, &cause);
	if (!dev->opencl && cause)
		g_propagate_error(err, g_steal_pointer(&cause));
	else if (!dev->opencl)
		error_set(err, RELUMINE_DEVICE_LOST, "--device", "`relumine devices` says what is "
			"missing; --device cpu needs nothing", "no OpenCL GPU or accelerator was found");
	return dev->opencl != NULL;
}

device *device_new(const char *name, int threads, const char *cache, GError **err)
{
	g_autoptr(device) dev = g_new0(device, 1);
	g_mutex_init(&dev->mutex);
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
	g_mutex_clear(&dev->mutex);
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

void launch(const array *over, int64_t first, int64_t end, const struct kernel *k, const void *args)
{
	device *dev = over->dev;
	if (dev->error)
		return;
	if (dev->opencl) {
		opencl_launch(over, first, end, k, args);
		return;
	}
	bool linear = k->form == KERNEL_LINEAR;
	int64_t grain = linear ? LINEAR_GRAIN : MAX(LINEAR_GRAIN / over->pitch, 1);
	struct cpu_job job = { k, args, first };
	end = MIN(end, linear ? array_extent(over) : array_rows(over));
	device_each(dev, end - first, grain, run_part, &job);
}
