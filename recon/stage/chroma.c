/* SPDX-License-Identifier: BSD-3-Clause */
/* chroma.c - colour noise taken out, brightness left as it is */
#include "stage/chroma.h"

#include <math.h>
#include "math/prox.h"
#include "math/vec.h"
#include "chroma.cl"

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
