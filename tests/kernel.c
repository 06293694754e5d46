/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel.c - the parts of finding a blur, against kernels and pictures that are known */
#include <math.h>
#include "stage/metric.h"
#include "tests/blind.h"

device *cpu;

static void tidied(void)
{
	/* a speck of 4 %, a faint value, a negative one, and two parts that touch at a corner */
	static const float rough[25] = {
		0, 0, 0, 0, 4,
		0, 40, 0, 0, 0,
		0, 0, 30, 1, 0,
		0, 0, 26, 0, 0,
		-3, 0, 0, 0, 0,
	};
	g_autoptr(array) k = kernel_of(5, rough);
	g_assert_true(kernel_tidy(k));
	for (int64_t i = 0; i < 25; i++) {
		double expected = rough[i] >= 26 ? (double)rough[i] / 96 : 0;
		g_assert_cmpfloat(fabs(at(k, 0, 0, i / 5, i % 5) - expected), <, 1e-6);
	}
	g_autoptr(array) none = kernel_of(2, (const float[4]){ 0, -1, 0, 0 });
	g_assert_false(kernel_tidy(none));
}

static void centred(void)
{
	static const float low[25] = { [15] = 1, [20] = 2, [21] = 1 };
	g_autoptr(array) k = of_sum_one(kernel_of(5, low));
	g_autoptr(array) c = kernel_centred(k);
	/* centre of mass at row 3.75, column 0.25: two rows up, two columns to the right */
	g_assert_cmpfloat(at(c, 0, 0, 1, 2), ==, 0.25);
	g_assert_cmpfloat(at(c, 0, 0, 2, 2), ==, 0.5);
	g_assert_cmpfloat(at(c, 0, 0, 2, 3), ==, 0.25);
	int64_t y, x;
	kernel_reach(c, &y, &x);
	g_assert_cmpint(y, ==, 1);
	g_assert_cmpint(x, ==, 1);
	/* of 5 pixels a side the outer two rings are all but the middle one */
	g_assert_cmpfloat(fabs(kernel_rim(c) - 0.5), <, 1e-6);
	g_autoptr(array) twice = kernel_enlarged(c, 9, 2);
	g_assert_cmpfloat(fabs(vec_sum(twice) - 1), <, 1e-6);
	/* at twice the size: half of the way between two values is their mean */
	g_assert_cmpfloat(fabs(at(twice, 0, 0, 3, 4) / at(twice, 0, 0, 4, 4) - 0.75), <, 1e-6);
}

/* The kernel that turns one known picture into another, though a part of that is spoilt. */
static void fitted(void)
{
	g_autoptr(array) k = shake_new();
	g_autoptr(array) scene = make((shape){ 1, 1, 150, 140 }, steps);
	add_noise(scene, 1);
	g_autoptr(array) y = seen_through(scene, k, 0);
	shape s = y->shape;
	/* one pixel that is clipped: what it spoils are the gradients within reach of it */
	g_autoptr(array) believed = array_like(y);
	vec_fill(believed, 1);
	for (int64_t i = 0; i < 25 * 25; i++)
		array_row(believed, 0, 0, 40 + i / 25)[50 + i % 25] = 0;
	array_row(y, 0, 0, 52)[62] = 300;
	g_autoptr(array) x = geometry_centred(scene, s.y, s.x);
	const kernel_problem p = { .picture = y, .believed = believed, .cpu = cpu };
	const kernel_problem all = { .picture = y, .cpu = cpu };
	g_autoptr(array) wide = geometry_placed(x, 0, 0, s.y + 2, s.x + 2);
	g_autoptr(array) found = kernel_fit(&p, wide, KERNEL, 0, NULL);
	g_autoptr(array) spoilt = kernel_fit(&all, wide, KERNEL, 0, NULL);
	g_assert_cmpfloat(likeness(found, k), >, 0.99);
	g_assert_cmpfloat(likeness(spoilt, k), <, 0.95);
}

/* Few gradients: noise goes, steps stay where they are and as high as they are. */
static void sharpened(void)
{
	static const float point[1] = { 1 };
	g_autoptr(array) k = kernel_of(1, point);
	g_autoptr(array) truth = make((shape){ 1, 1, 64, 96 }, steps);
	g_autoptr(array) y = array_copy(truth);
	add_noise(y, 0.02);
	double noise = metric_nrmse(y, truth);
	g_autoptr(array) x = kernel_sharpen(y, k, 0.01);
	g_assert_cmpfloat(metric_nrmse(x, truth), <, noise / 4);
}

static const stage_test tests[] = {
	{ "/kernel/tidied", tidied },
	{ "/kernel/centred", centred },
	{ "/kernel/fitted", fitted },
	{ "/kernel/sharpened", sharpened },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
