/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-real.c - first light and its tail in public captures, where they can be read */
#include <glib.h>
#include <math.h>
#include "stage/transient.h"
#include "tests/captures.h"
#include "tests/stage.h"

device *cpu;

/*
 * The authors cut 600 bins of each of the first four, by eye (O'Toole, Lindell and Wetzstein,
 * Nature 555, 2018); the others hold nothing of the wall.
 */
static const struct { const char *name; int64_t least, most; } tails[] = {
	{ "nlos/lct2018/data_s_u.mat", 500, 700 },
	{ "nlos/lct2018/data_exit_sign.mat", 500, 700 },
	{ "nlos/lct2018/data_resolution_chart_40cm.mat", 500, 650 },
	{ "nlos/lct2018/data_outdoor_s.mat", 500, 700 },
	{ "nlos/irregular/statue_full_sub_Sig.mat", 0, 0 },
	{ "nlos/irregular/figure_4_full_sub_Sig.mat", 0, 0 },
	{ "nlos/cdt/letter_s.mat", 0, 0 },
	{ "nlos/longrange/H_1430m.mat", 0, 0 },
};

static void ends_of_tails(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tails); i++) {
		g_autoptr(image) im = capture(tails[i].name);
		if (!im)
			return;
		int64_t end = transient_tail_end(im->data, 25);
		g_test_message("%s: %d", tails[i].name, (int)end);
		g_assert_cmpint(end, >=, tails[i].least);
		g_assert_cmpint(end, <=, tails[i].most);
	}
}

/* By how much a capture has been turned around in time is found to a bin. */
static void turned(void)
{
	g_autoptr(image) im = capture("nlos/lct2018/data_s_u.mat");
	if (!im)
		return;
	shape s = im->data->shape;
	int64_t n = s.y * s.x;
	g_autofree double *at = g_new(double, (gsize)(2 * n));
	double zero = 0;
	for (int by = 0; by <= 200; by = by > 0 ? -by : 40 - by) {
		transient_surface_fit f;
		g_autoptr(array) b = array_like(im->data);
		for (int64_t m = 0; m < s.z; m++) {
			array to = array_plane(b, 0, (m + by + s.z) % s.z), from = array_plane(im->data, 0, m);
			array_assign(&to, &from);
		}
		transient_find_bounce(b, MARK_PEAK, at, at + n);
		g_assert_true(transient_fit_surface(s.y, s.x, at, at + n, &f));
		zero = by == 0 ? f.k[0] : zero;
		g_assert_cmpfloat(fabs(remainder(f.k[0] - zero - by, (double)s.z)), <, 1);
	}
	g_assert_cmpfloat(fabs(zero), <, 1);
}

static const stage_test tests[] = {
	{ "/transient-real/tails", ends_of_tails },
	{ "/transient-real/turned", turned },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
