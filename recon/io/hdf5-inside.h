/* SPDX-License-Identifier: BSD-3-Clause */
/* hdf5-inside.h - one thread at a time in libhdf5, and without a word from it */
#ifndef IO_HDF5_INSIDE_H
#define IO_HDF5_INSIDE_H

#include <hdf5.h>

struct hdf5_quiet {
	H5E_auto2_t print;
	void *data;
};

/* From one to the other the caller is alone in the library; may be nested. */
void hdf5_enter(struct hdf5_quiet *q);
void hdf5_leave(struct hdf5_quiet *q);

#endif
