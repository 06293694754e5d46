/* SPDX-License-Identifier: BSD-3-Clause */
/* captures.h - public captures read, where they are there */
#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

#include "io/image.h"
#include "tests/data.h"
#include "tests/stage.h"

/* A public capture, or NULL and the test is skipped. */
static inline image *capture(const char *name)
{
	g_autofree char *path = data_file(name);
	if (!path) {
		g_test_skip("no folder of captures (set RELUMINE_DATA)");
		return NULL;
	}
	image *im = image_read(cpu, path, NULL);
	if (!im)        /* built without the library that reads it */
		g_test_skip("this build cannot read the captures");
	return im;
}

#endif
