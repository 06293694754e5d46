/* SPDX-License-Identifier: BSD-3-Clause */
/* hdf5-none.c - HDF5 files where the library for them was not there when this was built */
#include "io/capture.h"

struct container *hdf5_open(struct reading *r, GError **err)
{
	reading_refuse(r, err, "build Relumine where the package libhdf5-dev is installed, or save the "
		"data as .npz or as a MAT file of version 7", "is an HDF5 file (%s), which this build cannot "
		"read: it lacks libhdf5", r->im->format);
	return NULL;
}

bool hdf5_write(const image *im, int fd, const char *path, GError **err)
{
	(void)im;
	(void)fd;
	error_set(err, RELUMINE_BAD_USAGE, path, "write .npz, or build Relumine where the package "
		"libhdf5-dev is installed", "this build cannot write HDF5: it lacks libhdf5");
	return false;
}
