/* SPDX-License-Identifier: BSD-3-Clause */
/* npz-write.h - captures in our own layout; for the files of io only */
#ifndef IO_NPZ_WRITE_H
#define IO_NPZ_WRITE_H

#include "io/image.h"

bool npz_write(const image *im, int fd, const char *path, GError **err);

/* A capture that is to be written; BAD_USAGE for a picture that is none. */
const transient *capture_to_write(const image *im, const char *path, const char *format,
	GError **err);

#endif
