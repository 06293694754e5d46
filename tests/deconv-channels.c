/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-channels.c - each channel and point of time is restored as if it were alone */
#include <math.h>
#include "math/vec.h"
#include "tests/command.h"

device *cpu;

/* The second channel on a bright background. */
static double cells(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double d = (double)((y - 9) * (y - 9) + (x - 12 - c) * (x - 12 - c) + (z % 3 - 1) * 4);
	return (c ? 501 : 1) + 900 * exp(-d / 9) + floor(scrambled(c, z, y, x) / 65521 * 20);
}

static double bump(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return exp(-(double)((y - 3) * (y - 3) + (x - 3) * (x - 3)) / 5);
}

static const char *const ways[][9] = {
	{ "method", "rl", "stop", "fixed", "iterations", "20", "gain", "1", NULL },
	{ "method", "rl-tv", "stop", "fixed", "iterations", "20", "gain", "1", NULL },
	{ "compat", "deconwolf", "stop", "fixed", "iterations", "20", NULL },
};

/* Two channels of two points of time against each of the four by itself. */
static void one_by_one(void)
{
	g_autoptr(array) picture = make((shape){ 2, 6, 20, 24 }, cells);
	g_autoptr(array) psf = make((shape){ 1, 1, 7, 7 }, bump);
	g_autoptr(image_scale) scale = image_scale_new();
	scale->frames = 2;
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		const given all[] = { { .data = picture, .scale = scale }, { "psf", psf, 0, NULL }, { 0 } };
		g_autoptr(array) together = command_run("deconv", all, ways[i], NULL);
		for (int64_t c = 0; c < 2; c++) {
			array channel = array_channel(picture, c), of_all = array_channel(together, c);
			const given one[] = { { .data = &channel, .scale = scale }, { "psf", psf, 0, NULL },
				{ 0 } };
			g_autoptr(array) alone = command_run("deconv", one, ways[i], NULL);
			g_assert_true(same(alone, &of_all));
		}
	}
}

static const stage_test tests[] = {
	{ "/deconv-channels/one-by-one", one_by_one },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
