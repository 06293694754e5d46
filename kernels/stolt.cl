/* SPDX-License-Identifier: BSD-3-Clause */
/* stolt.cl - migration in the frequency domain (Stolt, Geophysics 43, 1978; for hidden scenes
 * Lindell, Wetzstein and O'Toole, ACM Trans. Graph. 38, 2019) */
#include "kern.h"

/* cos and sin of 2 pi t: of pi f by their series, |f| <= 1/2, and the double angle */
static inline float2 stolt_turn(float t)
{
	float f = 3.14159265f * (t - floor(t + 0.5f)), q = f * f;
	float s = f * (1.0f + q * (-1.6666667e-1f + q * (8.3333333e-3f + q * (-1.9841270e-4f +
		q * (2.7557319e-6f - q * 2.5052108e-8f)))));
	float c = 1.0f + q * (-0.5f + q * (4.1666667e-2f + q * (-1.3888889e-3f + q * (2.4801587e-5f +
		q * (-2.7557319e-7f + q * 2.0876757e-9f)))));
	return MAKE2(1.0f - 2.0f * s * s, 2.0f * s * c);
}

/* cos(pi x / 2) of q = x^2 <= 1 */
static inline float stolt_ease(float q)
{
	return 1.0f + q * (-1.2337006f + q * (2.5366951e-1f + q * (-2.0863481e-2f +
		q * (9.1926027e-4f - q * 2.5202042e-5f))));
}

/* A tap's weight: its polynomial of degree 7 */
static inline float stolt_weight(GLOBAL const float *t, float u)
{
	return t[0] + u * (t[1] + u * (t[2] + u * (t[3] + u * (t[4] + u * (t[5] + u * (t[6] +
		u * t[7]))))));
}

/*
 * Row k of p and q: what is at depth frequency k and -k.  It stands in the data at the frequencies
 * k' and -k', k'^2 = k^2 + across + (ratio x)^2, and comes from six neighbours f = k' - floor k'
 * apart.  The middle of the data stands at centre n on the grid, bin 0 at start n.  Both ends of
 * the spectrum are eased down, as cosines are, where soft is 1 and not 0.
 */
#define TAP(j) GET2(from, ((floor_ + (j)) & mask) * row + lane)
#define MIRRORED(j) GET2(from, ((-floor_ - (j)) & mask) * row + lane)
ROW_KERNEL(k_stolt, OUT2(p), INT(p_stride), OUT2(q), INT(q_stride), IN2(from), INT(stride),
	IN(table), INT(n), INT(first), INT(columns), NUM(across), NUM(ratio), NUM(edge), NUM(start),
	NUM(centre), NUM(limit), NUM(soft), NUM(scale))
{
	int mask = (int)n - 1, row = (int)stride;

	EACH_ROW(r) {
		float k = (float)r;

		EACH_COLUMN(x, columns) {
			int lane = (int)x;
			float column = (float)(int)first + (float)lane, kx = ratio * column;
			float beyond = across + kx * kx, length = sqrt(k * k + beyond);
			float more = beyond / (length + k), whole = floor(more), f = more - whole;
			int floor_ = (int)r + (int)whole;
			float u = f - 0.5f;
			float a = stolt_weight(table, u), b = stolt_weight(table + 8, u);
			float c = stolt_weight(table + 16, u), d = stolt_weight(table + 24, u);
			float e = stolt_weight(table + 32, u), g = stolt_weight(table + 40, u);
			float2 even = add2(add2(scale2(TAP(-2), a), scale2(TAP(0), c)), scale2(TAP(2), e));
			float2 odd = add2(add2(scale2(TAP(-1), b), scale2(TAP(1), d)), scale2(TAP(3), g));
			float2 even_q = add2(add2(scale2(MIRRORED(-2), a), scale2(MIRRORED(0), c)),
				scale2(MIRRORED(2), e));
			float2 odd_q = add2(add2(scale2(MIRRORED(-1), b), scale2(MIRRORED(1), d)),
				scale2(MIRRORED(3), g));
			float2 phase = stolt_turn(-(start * more + centre * f));
			float2 quarter = MAKE2(1.0f - 4.0f * centre, 4.0f * centre);
			float relative = length / limit, side = edge * column;
			float weight = relative > 1.0f ? 0.0f : scale * k / length *
				stolt_ease(soft * relative * relative) * stolt_ease(soft * side * side);

			phase = scale2(phase, weight);
			PUT2(p, r * p_stride + x, mul2(phase, add2(even, mul2(quarter, odd))));
			PUT2(q, r * q_stride + x,
				conj_mul2(phase, add2(even_q, conj_mul2(quarter, odd_q))));
		}
	}
}

/* Their two real fields: a = p + q, b = -i (p - q) */
ROW_KERNEL(k_stolt_part, OUT2(a), OUT2(b), INT(stride), IN2(p), IN2(q), INT(pitch), INT(columns))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, columns) {
			float2 v = GET2(p, r * pitch + x), w = GET2(q, r * pitch + x);
			PUT2(a, r * stride + x, add2(v, w));
			PUT2(b, r * stride + x, MAKE2(v.y - w.y, w.x - v.x));
		}
	}
}

/* Lines from where they stand apart to where they stand together. */
ROW_KERNEL(k_stolt_take, OUT2(y), INT(pitch), IN2(x), INT(stride), INT(columns))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, columns)
			PUT2(y, r * pitch + i, GET2(x, r * stride + i));
	}
}

/* y = sign i x */
KERNEL(k_stolt_quarter, OUT2(y), IN2(x), NUM(sign))
{
	EACH(i) {
		float2 v = GET2(x, i);
		PUT2(y, i, MAKE2(-sign * v.y, sign * v.x));
	}
}

/* y = ease sqrt(weight x), counts below 0 being none */
ROW_KERNEL(k_stolt_root, OUT(y), INT(y_pitch), IN(x), INT(pitch), INT(width), NUM(weight),
	NUM(ease))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] = ease * sqrt(weight * pick_max(x[r * pitch + i], 0.0f));
	}
}

/* v = a^2 */
ROW_KERNEL(k_stolt_square, OUT(v), INT(pitch), IN(a), INT(a_pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width)
			v[r * pitch + x] = a[r * a_pitch + x] * a[r * a_pitch + x];
	}
}

/* v += a^2 */
ROW_KERNEL(k_stolt_add_square, OUT(v), INT(pitch), IN(a), INT(a_pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width)
			v[r * pitch + x] += a[r * a_pitch + x] * a[r * a_pitch + x];
	}
}
