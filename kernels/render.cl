/* SPDX-License-Identifier: BSD-3-Clause */
/* render.cl - linear values made fit to look at */
#include "kern.h"

/* IEC 61966-2-1 of values clipped to 0..1 after the stretch (y - low) scale */
ROW_KERNEL(k_render_srgb, OUT(y), INT(pitch), INT(width), NUM(low), NUM(scale))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			float v = clamp_to((y[r * pitch + x] - low) * scale, 0.0f, 1.0f);
			float curve = 1.055f * pow(v, 1.0f / 2.4f) - 0.055f;
			y[r * pitch + x] = v <= 0.0031308f ? 12.92f * v : curve;
		}
	}
}

/* the same with v^(1 / gamma) */
ROW_KERNEL(k_render_gamma, OUT(y), INT(pitch), INT(width), NUM(low), NUM(scale), NUM(exponent))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			float v = clamp_to((y[r * pitch + x] - low) * scale, 0.0f, 1.0f);
			y[r * pitch + x] = pow(v, exponent);
		}
	}
}

/* y = max(y, x): the maximum projection, plane upon plane */
KERNEL(k_project, OUT(y), IN(x))
{
	EACH(i)
		y[i] = pick_max(y[i], x[i]);
}
