/* SPDX-License-Identifier: BSD-3-Clause */
/* captures.h - public captures read, where they are there */
#ifndef TESTS_CAPTURES_H
#define TESTS_CAPTURES_H

#include <string.h>
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
	g_autoptr(GError) err = NULL;
	image *im = image_read(cpu, path, &err);
	if (!im && strstr(err->message, "lacks libhdf5"))
		g_test_skip("this build cannot read the captures");
	else
		g_assert_no_error(err);
	return im;
}

#endif
