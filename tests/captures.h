/* SPDX-License-Identifier: BSD-3-Clause */
/* captures.h - where public captures lie */
#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

#include "io/image.h"
#include "tests/stage.h"

/* A capture of the folder RELUMINE_DATA (or ../shared/data beside the sources), or NULL and the
 * test is skipped. */
static inline image *capture(const char *name)
{
	const char *set = g_getenv("RELUMINE_DATA"), *source = g_getenv("RELUMINE_SOURCE");
	g_autofree char *path = set ? g_build_filename(set, name, NULL) :
		g_build_filename(source ? source : ".", "..", "shared", "data", name, NULL);
	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_test_skip("no folder of captures (set RELUMINE_DATA)");
		return NULL;
	}
	image *im = image_read(cpu, path, NULL);
	if (!im)        /* built without the library that reads it */
		g_test_skip("this build cannot read the captures");
	return im;
}

#endif
