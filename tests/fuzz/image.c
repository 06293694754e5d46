/* SPDX-License-Identifier: BSD-3-Clause */
/* image.c - any bytes to image_describe and image_read (libFuzzer) */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "io/image.h"

#define MEMORY_MOST ((int64_t)256 << 20)        /* bytes of arrays */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool fine)
{
	if (!fine)
		abort();
}

/* Whatever the bytes: a picture, or an error and nothing left in memory. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static device *dev;
	if (!dev)
		dev = device_new("cpu", 1, NULL, NULL);
	dev->memory_limit = MEMORY_MOST;
	int fd = memfd_create("fuzz", 0);
	char path[64];
	require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	{
		g_autoptr(GError) err = NULL, described = NULL;
		json_auto_t *facts = image_describe(path, &described);
		require(!facts == !!described);
		g_autoptr(image) im = image_read(dev, path, &err);
		require(!im == !!err && (facts || !im));
	}
	require(dev->memory_used == 0 && !dev->error);
	close(fd);
	return 0;
}
