/* SPDX-License-Identifier: BSD-3-Clause */
/* diffuse-slab.cl - the response of a scattering slab, and Wiener's filter for what went through it
 * twice */
#include "kern.h"

/* Rows from y0 on of a grid around element (0, 0): power exp(-across x^2 - down y^2) */
ROW_KERNEL(k_slab_spread, OUT(v), INT(pitch), INT(y0), INT(height), INT(width), NUM(power),
	NUM(across), NUM(down))
{
	EACH_ROW(r) {
		idx row = y0 + r < height - y0 - r ? y0 + r : height - y0 - r;
		float y = (float)row, there = power * exp(-down * y * y);

		EACH_COLUMN(i, width) {
			float x = (float)(i < width - i ? i : width - i);
			v[r * pitch + i] = there * exp(-across * x * x);
		}
	}
}

/* h, of one way, becomes conj(h^2) scale / (|h^2|^2 + noise) */
KERNEL(k_slab_wiener, OUT2(h), NUM(noise), NUM(scale))
{
	EACH(i) {
		float2 both = mul2(GET2(h, i), GET2(h, i));
		float weight = scale / (norm2(both) + noise);
		PUT2(h, i, MAKE2(both.x * weight, -both.y * weight));
	}
}
