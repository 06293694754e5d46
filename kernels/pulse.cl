/* SPDX-License-Identifier: BSD-3-Clause */
/* pulse.cl - traces as a pulse would have made them, at finer steps than their bins */
#include "kern.h"

/*
 * Rows of y: for each of `fine` places between two bins, numbers of all bins.  x: `taps` / 2 zeros
 * stand before and behind the bins.  pulse: `taps` weights for each place.
 */
ROW_KERNEL(k_pulse, OUT(y), IN(x), IN(pulse), INT(fine), INT(taps), INT(bins), INT(pitch),
	INT(x_pitch))
{
	EACH_ROW(r) {
		for (idx p = 0; p < fine; p++) {
			idx to = r * pitch + p * bins;
			EACH_COLUMN(m, bins)
				y[to + m] = 0.0f;
			for (idx t = 0; t < taps; t++) {
				float weight = pulse[p * taps + t];
				EACH_COLUMN(m, bins)
					y[to + m] += weight * x[r * x_pitch + m + t];
			}
		}
	}
}

/* The same in order of time. */
ROW_KERNEL(k_pulse_weave, OUT(y), IN(x), INT(fine), INT(bins), INT(pitch), INT(x_pitch))
{
	EACH_ROW(r) {
		for (idx p = 0; p < fine; p++) {
			EACH_COLUMN(m, bins)
				y[r * pitch + m * fine + p] = x[r * x_pitch + p * bins + m];
		}
	}
}

/* y = scale z^2 (a^2 + b^2), planes of `rows` rows being at z = depth, depth + step .. */
ROW_KERNEL(k_pulse_power, OUT(y), IN(a), IN(b), INT(rows), INT(width), INT(pitch), NUM(scale),
	NUM(depth), NUM(step))
{
	EACH_ROW(r) {
		float z = depth + (float)(r / rows) * step, size = scale * z * z;

		EACH_COLUMN(i, width) {
			float u = a[r * pitch + i], v = b[r * pitch + i];
			y[r * pitch + i] = size * (u * u + v * v);
		}
	}
}
