/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl.h - the OpenCL side of device, array and launch; the only room with cl calls beside
 * math/fft-vk.c */
#ifndef CORE_OPENCL_H
#define CORE_OPENCL_H

#include "core/launch.h"

enum {
	OPENCL_AUTO = -1,       /* the first GPU or accelerator, never a CPU device */
	OPENCL_ANY = -2         /* the same, but a CPU device rather than none */
};

/*
 * index  0..: as `relumine devices` counts; or one of the above
 * cache  folder for compiled programs, created at need; NULL: no cache
 * NULL without *err: there is no such device on this machine, which is a normal state.
 */
struct opencl *opencl_new(int index, const char *cache, GError **err);
void opencl_free(struct opencl *cl);
const char *opencl_name(const struct opencl *cl);

/*
 * For `relumine devices`: what was found, what is missing, what mends it.  Lines of text, or one
 * JSON object { "devices": [{ "device": "opencl:0", "name", "type", "platform", "driver",
 * "memory_bytes", "auto" }], "missing": [{ "what", "try" }] }.  Free with g_free.
 */
char *opencl_survey(bool json);

/* All of these note failures on the device; one thread at a time may work with a device. */
void *opencl_alloc(device *dev, int64_t bytes);
void opencl_release(void *buffer);
void opencl_fill_nan(device *dev, void *buffer, int64_t bytes);
void opencl_copy(device *dev, void *to, int64_t to_offset, const void *from, int64_t from_offset,
	int64_t bytes);
/* Rows of `row_bytes` between packed host memory and a buffer, there `pitch_bytes` apart. */
void opencl_write_rows(device *dev, void *buffer, int64_t offset, int64_t pitch_bytes,
	const void *host, int64_t row_bytes, int64_t rows);
void opencl_read_rows(device *dev, const void *buffer, int64_t offset, int64_t pitch_bytes,
	void *host, int64_t row_bytes, int64_t rows);
/* [first, end) are items that exist: launch() has cut them to the array. */
void opencl_launch(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args);
void opencl_finish(device *dev);

#endif
