/* SPDX-License-Identifier: BSD-3-Clause */
/* chroma.c - colour noise taken out, brightness left as it is */
#include "stage/chroma.h"

#include <math.h>
#include "core/error.h"
#include "math/prox.h"
#include "math/vec.h"
#include "stage/select.h"
#include "chroma.cl"

static float opponent(const array *rgb, int which, int64_t z, int64_t y, int64_t x)
{
	float r = array_row(rgb, 0, z, y)[x], g = array_row(rgb, 1, z, y)[x];
	float b = array_row(rgb, 2, z, y)[x];
	return which == 0 ? 0.70710678f * (r - b) : 0.40824829f * (r - 2 * g + b);
}

static float second_difference(const array *rgb, int which, int64_t z, int64_t y, int64_t x)
{
	return fabsf(4 * opponent(rgb, which, z, y, x) - opponent(rgb, which, z, y - 1, x) -
		opponent(rgb, which, z, y + 1, x) - opponent(rgb, which, z, y, x - 1) -
		opponent(rgb, which, z, y, x + 1));
}

double chroma_noise(const array *rgb, GError **err)
{
	shape s = rgb->shape;
	if (s.y < 3 || s.x < 3)
		return 0;
	int64_t n = 0, most = 2 * s.z * (s.y - 2) * (s.x - 2);
	g_autoptr(array) list = array_new_list(rgb->dev, most);
	float *values = list->mem;
	if (!device_ok(rgb->dev, err))
		return NAN;
	for (int which = 0; which < 2; which++)
		for (int64_t z = 0; z < s.z; z++)
			for (int64_t y = 1; y + 1 < s.y; y++)
				for (int64_t x = 1; x + 1 < s.x; x++)
					values[n++] = second_difference(rgb, which, z, y, x);
	/* median of |a normal number| over its deviation; the squared weights 4, 1, 1, 1, 1 add to 20 */
	return (double)select_nth(values, n, n / 2) / 0.67448975 / sqrt(20);
}

void chroma_smooth(array *rgb, double weight)
{
	static const tv_settings tv = {
		.axes = 2, .border = BORDER_REPLICATE, .isotropic = true, .iterations = 40, .tolerance = 2e-4f
	};
	array r = array_channel(rgb, 0), g = array_channel(rgb, 1), b = array_channel(rgb, 2);
	array differences = g;
	differences.shape.c = 2;
	g_autoptr(prox) p = prox_tv(rgb->dev, differences.shape, (float)weight, &tv);
	RUN(&r, k_opponent, &r, &g, &b);
	prox_step(p, &differences, 1);
	RUN(&r, k_opponent_back, &r, &g, &b);
	vec_clamp(rgb, 0, INFINITY);
}
