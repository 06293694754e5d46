/* SPDX-License-Identifier: BSD-3-Clause */
/* data.h - where public captures lie, for tests that use them when they are there */
#ifndef TESTS_DATA_H
#define TESTS_DATA_H

#include <glib.h>

/* A file of the folder of public captures, as "lensless/a.tif", to be freed; NULL: not there. */
static inline char *data_file(const char *name)
{
	const char *set = g_getenv("RELUMINE_DATA"), *from = g_getenv("RELUMINE_SOURCE");
	char *path = set ? g_build_filename(set, name, NULL) :
		g_build_filename(from ? from : ".", "..", "shared", "data", name, NULL);
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		g_clear_pointer(&path, g_free);
	return path;
}

#endif
