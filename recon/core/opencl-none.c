/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-none.c - what a build without OpenCL answers */
#include "core/opencl.h"

#include "core/error.h"

#define REMEDY "apt install opencl-headers ocl-icd-opencl-dev libvkfft-dev, then configure " \
	"and make again"

struct opencl *opencl_new(int index, const char *cache, GError **err)
{
	(void)index;
	(void)cache;
	error_set(err, RELUMINE_DEVICE_LOST, "--device", "use --device cpu, or build with OpenCL: "
		REMEDY, "this build has no OpenCL");
	return NULL;
}

void opencl_free(struct opencl *cl)
{
	(void)cl;
}

const char *opencl_name(const struct opencl *cl)
{
	(void)cl;
	return "none";
}

char *opencl_survey(bool json)
{
	return g_strdup(json ? "{\"devices\":[],\"missing\":[{\"what\":\"this build has no OpenCL\","
		"\"try\":\"" REMEDY "\"}]}" :
		"missing:   this build has no OpenCL\n  try:     " REMEDY "\n");
}

void *opencl_alloc(device *dev, int64_t bytes)
{
	(void)dev;
	(void)bytes;
	return NULL;
}

void opencl_release(void *buffer)
{
	(void)buffer;
}

void opencl_fill_nan(device *dev, void *buffer, int64_t bytes)
{
	(void)dev;
	(void)buffer;
	(void)bytes;
}

void opencl_copy(device *dev, void *to, int64_t to_offset, const void *from, int64_t from_offset,
	int64_t bytes)
{
	(void)dev;
	(void)to;
	(void)to_offset;
	(void)from;
	(void)from_offset;
	(void)bytes;
}

void opencl_write_rows(device *dev, void *buffer, int64_t offset, int64_t pitch_bytes,
	const void *host, int64_t row_bytes, int64_t rows)
{
	(void)dev;
	(void)buffer;
	(void)offset;
	(void)pitch_bytes;
	(void)host;
	(void)row_bytes;
	(void)rows;
}

void opencl_read_rows(device *dev, const void *buffer, int64_t offset, int64_t pitch_bytes,
	void *host, int64_t row_bytes, int64_t rows)
{
	(void)dev;
	(void)buffer;
	(void)offset;
	(void)pitch_bytes;
	(void)host;
	(void)row_bytes;
	(void)rows;
}

void opencl_launch(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args)
{
	(void)over;
	(void)first;
	(void)end;
	(void)k;
	(void)args;
}

void opencl_finish(device *dev)
{
	(void)dev;
}
