/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl.h - the OpenCL side of device, array and launch; the only room with cl calls beside
 * math/fft-vk.c */
#ifndef CORE_OPENCL_H
#define CORE_OPENCL_H

#include "core/launch.h"

/* index: -1 picks the first GPU or accelerator, never a CPU device; NULL without *err: none here */
struct opencl *opencl_new(int index, const char *cache, GError **err);
void opencl_free(struct opencl *cl);
const char *opencl_name(const struct opencl *cl);

/* Lines for `relumine devices`: what was found, what is missing, what mends it.  For g_free. */
char *opencl_survey(bool json);

/* All of these note failures on the device. */
void *opencl_alloc(device *dev, int64_t bytes);
void opencl_release(void *buffer);
void opencl_fill_nan(device *dev, void *buffer, int64_t bytes);
void opencl_copy(device *dev, void *to, int64_t to_offset, const void *from, int64_t from_offset,
	int64_t bytes);
/* Rows of `row_bytes` between packed host memory and a buffer, `pitch_bytes` from row to row. */
void opencl_write_rows(device *dev, void *buffer, int64_t offset, int64_t pitch_bytes,
	const void *host, int64_t row_bytes, int64_t rows);
void opencl_read_rows(device *dev, const void *buffer, int64_t offset, int64_t pitch_bytes,
	void *host, int64_t row_bytes, int64_t rows);
void opencl_launch(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args);
void opencl_finish(device *dev);

#endif
