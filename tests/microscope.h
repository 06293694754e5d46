/* SPDX-License-Identifier: BSD-3-Clause */
/* microscope.h - what the tests of microscopes share: two lenses, public files */
#ifndef TESTS_MICROSCOPE_H
#define TESTS_MICROSCOPE_H

#include <glib.h>
#include <math.h>
#include "io/image.h"
#include "stage/microscope.h"
#include "tests/data.h"
#include "tests/stage.h"

/* wave number, radians per nm */
#define K (2 * M_PI / 520)

static inline lens oil(enum lens_model model)
{
	return lens_ideal(model, 1.4, 520, 1.515);
}

/* Nothing is as it was designed. */
static inline lens layered(void)
{
	return (lens){ LENS_GIBSON_LANNI, 1.4, 520, .ni = 1.515, .ns = 1.33, .ni0 = 1.51, .ng = 1.52,
		.ng0 = 1.525, .depth_nm = 3000, .ti0_nm = 120e3, .tg_nm = 172e3, .tg0_nm = 170e3 };
}

/* A public file, or NULL and the test is skipped. */
static inline image *public_file(const char *name)
{
	g_autofree char *below = g_build_filename("deconv", name, NULL), *path = data_file(below);
	if (!path) {
		g_test_skip("the folder of public captures is not there (RELUMINE_DATA)");
		return NULL;
	}
	image *im = image_read(cpu, path, NULL);
	g_assert_nonnull(im);
	return im;
}

static inline double correlation(const array *a, const array *b)
{
	double n = (double)shape_count(a->shape), sa = vec_sum(a) / n, sb = vec_sum(b) / n;
	double ab = 0, aa = 0, bb = 0;
	for (int64_t i = 0; i < shape_count(a->shape); i++) {
		int64_t x = i % a->shape.x, y = i / a->shape.x % a->shape.y, z = i / a->shape.x / a->shape.y;
		double u = at(a, 0, z, y, x) - sa, v = at(b, 0, z, y, x) - sb;
		ab += u * v;
		aa += u * u;
		bb += v * v;
	}
	return ab / sqrt(aa * bb);
}

#endif
