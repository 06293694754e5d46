/* SPDX-License-Identifier: BSD-3-Clause */
/* device.h - where arrays live and kernels run: the CPU's threads or one OpenCL device */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct device device;
struct pool;
struct opencl;

struct device {
	struct pool *pool;              /* the CPU's threads; also serve an OpenCL device's host side */
	struct opencl *opencl;          /* NULL on the CPU */
	GError *error;                  /* the first failure; sticks until device_ok takes it */
	GMutex mutex;                   /* guards error and the memory counts */
	int64_t memory_limit;           /* bytes of arrays, 0: none */
	int64_t memory_used, memory_peak;
	char *spill;                    /* folder for arrays that memory may not hold; NULL: none */
	int64_t fft_count;              /* real transforms of one plane or volume done so far */
	GPtrArray *warnings;            /* char *: what the user should know of the device */
};

/*
 * name     "auto" (the first OpenCL GPU or accelerator, else the CPU), "cpu", "opencl" (the same,
 *          else a CPU device of OpenCL), "opencl:N" (N counts as `relumine devices` does)
 * threads  0: as many as the machine has
 * cache    folder for compiled OpenCL programs, created at need; NULL: no cache
 * Fails with RELUMINE_DEVICE_LOST when the forced device is missing.
 */
device *device_new(const char *name, int threads, const char *cache, GError **err);
void device_free(device *dev);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(device, device_free)

/* A one-line description: "CPU, 2 threads" or the OpenCL device's name.  Free with g_free. */
char *device_name(const device *dev);
int device_threads(const device *dev);

/* Note a warning, once. */
void device_warn(device *dev, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Note a failure; the first one stays.  Takes `error`. */
void device_fail(device *dev, GError *error);

/* Whether all went well since the last call; if not, moves the failure to *err and forgets it. */
bool device_ok(device *dev, GError **err);

/* Wait until all launched work is done (for timing). */
void device_finish(device *dev);

/*
 * Call body(first, end, data) for parts of [0, n) on the CPU's threads and wait.  Parts are
 * multiples of `grain` (the last may be shorter), one for each thread; below two grains, or when
 * called from inside such a body, everything runs in the calling thread.
 */
typedef void device_body(int64_t first, int64_t end, void *data);
void device_each(device *dev, int64_t n, int64_t grain, device_body *body, void *data);

#endif
