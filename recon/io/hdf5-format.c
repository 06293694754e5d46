/* SPDX-License-Identifier: BSD-3-Clause */
/* hdf5-format.c - the two kinds of files that are HDF5 inside: by that name, and MATLAB's 7.3 */
#include <string.h>
#include "io/capture.h"

static const char signature[] = "\x89HDF\r\n\x1a\n";
static const char matlab[] = "MATLAB 7.3 MAT-f";

static bool hdf5_matches(const uint8_t *start, size_t size)
{
	return size >= 8 && !memcmp(start, signature, 8);
}

static bool mat73_matches(const uint8_t *start, size_t size)
{
	return size >= 16 && !memcmp(start, matlab, 16);
}

static bool hdf5_read(struct reading *r, GError **err)
{
	g_autoptr(container) c = hdf5_open(r, err);
	return c && container_read(c, err);
}

static const char *const extensions[] = { ".hdf5", ".h5", NULL };
static const char *const of_matlab[] = { ".mat", NULL };

const struct format format_hdf5 = { "HDF5", extensions, hdf5_matches, hdf5_read, hdf5_write };
const struct format format_mat73 = { "MAT 7.3", of_matlab, mat73_matches, hdf5_read, NULL };
