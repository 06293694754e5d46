/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-pass.c - butterflies of radix 2 to 10, and the passes made of them */
#include "math/fft-pass.h"

#include <math.h>
#include <stddef.h>
#include "kern.h"

#define INLINE static inline __attribute__((always_inline))

/* Butterflies work in place: (r, i)[k] = sum_j (r, i)[j] exp(-2 pi i j k / R).  `e` is the distance
 * between their elements, so that a larger one can be made of smaller ones. */

INLINE void butterfly2(float *r, float *i, int e)
{
	float ar = r[0], ai = i[0];
	r[0] = ar + r[e];
	i[0] = ai + i[e];
	r[e] = ar - r[e];
	i[e] = ai - i[e];
}

INLINE void butterfly3(float *r, float *i, int e)
{
	const float s = 0.866025403784438647f;          /* sin(pi / 3) */
	float tr = r[e] + r[2 * e], ti = i[e] + i[2 * e];
	float dr = s * (r[e] - r[2 * e]), di = s * (i[e] - i[2 * e]);
	float mr = r[0] - 0.5f * tr, mi = i[0] - 0.5f * ti;
	r[0] += tr;
	i[0] += ti;
	r[e] = mr + di;
	i[e] = mi - dr;
	r[2 * e] = mr - di;
	i[2 * e] = mi + dr;
}

INLINE void butterfly4(float *r, float *i, int e)
{
	float ar = r[0] + r[2 * e], ai = i[0] + i[2 * e];
	float br = r[0] - r[2 * e], bi = i[0] - i[2 * e];
	float cr = r[e] + r[3 * e], ci = i[e] + i[3 * e];
	float dr = r[e] - r[3 * e], di = i[e] - i[3 * e];
	r[0] = ar + cr;
	i[0] = ai + ci;
	r[e] = br + di;
	i[e] = bi - dr;
	r[2 * e] = ar - cr;
	i[2 * e] = ai - ci;
	r[3 * e] = br - di;
	i[3 * e] = bi + dr;
}

INLINE void butterfly5(float *r, float *i, int e)
{
	const float c1 = 0.309016994374947424f, c2 = -0.809016994374947424f;    /* cos 2 pi k / 5 */
	const float s1 = 0.951056516295153572f, s2 = 0.587785252292473129f;     /* sin 2 pi k / 5 */
	float ar = r[e] + r[4 * e], ai = i[e] + i[4 * e];
	float br = r[2 * e] + r[3 * e], bi = i[2 * e] + i[3 * e];
	float cr = r[e] - r[4 * e], ci = i[e] - i[4 * e];
	float dr = r[2 * e] - r[3 * e], di = i[2 * e] - i[3 * e];
	float pr = r[0] + c1 * ar + c2 * br, pi = i[0] + c1 * ai + c2 * bi;
	float qr = r[0] + c2 * ar + c1 * br, qi = i[0] + c2 * ai + c1 * bi;
	float ur = s1 * cr + s2 * dr, ui = s1 * ci + s2 * di;
	float vr = s2 * cr - s1 * dr, vi = s2 * ci - s1 * di;
	r[0] += ar + br;
	i[0] += ai + bi;
	r[e] = pr + ui;
	i[e] = pi - ur;
	r[2 * e] = qr + vi;
	i[2 * e] = qi - vr;
	r[3 * e] = qr - vi;
	i[3 * e] = qi + vr;
	r[4 * e] = pr - ui;
	i[4 * e] = pi + ur;
}

INLINE void butterfly7(float *r, float *i, int e)
{
	const float c1 = 0.623489801858733531f, c2 = -0.222520933956314404f, c3 = -0.900968867902419126f;
	const float s1 = 0.781831482468029809f, s2 = 0.974927912181823607f, s3 = 0.433883739117558120f;
	float ar = r[e] + r[6 * e], ai = i[e] + i[6 * e], dr = r[e] - r[6 * e], di = i[e] - i[6 * e];
	float br = r[2 * e] + r[5 * e], bi = i[2 * e] + i[5 * e];
	float er = r[2 * e] - r[5 * e], ei = i[2 * e] - i[5 * e];
	float cr = r[3 * e] + r[4 * e], ci = i[3 * e] + i[4 * e];
	float fr = r[3 * e] - r[4 * e], fi = i[3 * e] - i[4 * e];
	float pr = r[0] + c1 * ar + c2 * br + c3 * cr, pi = i[0] + c1 * ai + c2 * bi + c3 * ci;
	float qr = r[0] + c2 * ar + c3 * br + c1 * cr, qi = i[0] + c2 * ai + c3 * bi + c1 * ci;
	float tr = r[0] + c3 * ar + c1 * br + c2 * cr, ti = i[0] + c3 * ai + c1 * bi + c2 * ci;
	float ur = s1 * dr + s2 * er + s3 * fr, ui = s1 * di + s2 * ei + s3 * fi;
	float vr = s2 * dr - s3 * er - s1 * fr, vi = s2 * di - s3 * ei - s1 * fi;
	float wr = s3 * dr - s1 * er + s2 * fr, wi = s3 * di - s1 * ei + s2 * fi;
	r[0] += ar + br + cr;
	i[0] += ai + bi + ci;
	r[e] = pr + ui;
	i[e] = pi - ur;
	r[2 * e] = qr + vi;
	i[2 * e] = qi - vr;
	r[3 * e] = tr + wi;
	i[3 * e] = ti - wr;
	r[4 * e] = tr - wi;
	i[4 * e] = ti + wr;
	r[5 * e] = qr - vi;
	i[5 * e] = qi + vr;
	r[6 * e] = pr - ui;
	i[6 * e] = pi + ur;
}

/* (r, i) *= (c - i s) */
INLINE void rotate(float *r, float *i, float c, float s)
{
	float t = *r * c + *i * s;
	*i = *i * c - *r * s;
	*r = t;
}

INLINE void exchange(float *r, float *i, int a, int b)
{
	float tr = r[a], ti = i[a];
	r[a] = r[b];
	i[a] = i[b];
	r[b] = tr;
	i[b] = ti;
}

/* 6 = 2 x 3 and 10 = 2 x 5 without twiddles: Good and Thomas's index map */
INLINE void butterfly6(float *r, float *i)
{
	float xr[6] = { r[0], r[2], r[4], r[3], r[5], r[1] };
	float xi[6] = { i[0], i[2], i[4], i[3], i[5], i[1] };
	butterfly3(xr, xi, 1);
	butterfly3(xr + 3, xi + 3, 1);
	butterfly2(xr, xi, 3);
	butterfly2(xr + 1, xi + 1, 3);
	butterfly2(xr + 2, xi + 2, 3);
	r[0] = xr[0], r[1] = xr[4], r[2] = xr[2], r[3] = xr[3], r[4] = xr[1], r[5] = xr[5];
	i[0] = xi[0], i[1] = xi[4], i[2] = xi[2], i[3] = xi[3], i[4] = xi[1], i[5] = xi[5];
}

INLINE void butterfly10(float *r, float *i)
{
	float xr[10] = { r[0], r[2], r[4], r[6], r[8], r[5], r[7], r[9], r[1], r[3] };
	float xi[10] = { i[0], i[2], i[4], i[6], i[8], i[5], i[7], i[9], i[1], i[3] };
	butterfly5(xr, xi, 1);
	butterfly5(xr + 5, xi + 5, 1);
	butterfly2(xr, xi, 5);
	butterfly2(xr + 1, xi + 1, 5);
	butterfly2(xr + 2, xi + 2, 5);
	butterfly2(xr + 3, xi + 3, 5);
	butterfly2(xr + 4, xi + 4, 5);
	r[0] = xr[0], r[1] = xr[6], r[2] = xr[2], r[3] = xr[8], r[4] = xr[4];
	r[5] = xr[5], r[6] = xr[1], r[7] = xr[7], r[8] = xr[3], r[9] = xr[9];
	i[0] = xi[0], i[1] = xi[6], i[2] = xi[2], i[3] = xi[8], i[4] = xi[4];
	i[5] = xi[5], i[6] = xi[1], i[7] = xi[7], i[8] = xi[3], i[9] = xi[9];
}

INLINE void butterfly8(float *r, float *i)
{
	const float h = 0.707106781186547524f;
	butterfly2(r, i, 4);
	butterfly2(r + 1, i + 1, 4);
	butterfly2(r + 2, i + 2, 4);
	butterfly2(r + 3, i + 3, 4);
	rotate(r + 5, i + 5, h, h);
	rotate(r + 6, i + 6, 0.0f, 1.0f);
	rotate(r + 7, i + 7, -h, h);
	butterfly4(r, i, 1);
	butterfly4(r + 4, i + 4, 1);
	/* [k1 + 2 k2] stands at [4 k1 + k2] */
	float xr[8] = { r[0], r[4], r[1], r[5], r[2], r[6], r[3], r[7] };
	float xi[8] = { i[0], i[4], i[1], i[5], i[2], i[6], i[3], i[7] };
	r[0] = xr[0], r[1] = xr[1], r[2] = xr[2], r[3] = xr[3];
	r[4] = xr[4], r[5] = xr[5], r[6] = xr[6], r[7] = xr[7];
	i[0] = xi[0], i[1] = xi[1], i[2] = xi[2], i[3] = xi[3];
	i[4] = xi[4], i[5] = xi[5], i[6] = xi[6], i[7] = xi[7];
}

INLINE void butterfly9(float *r, float *i)
{
	butterfly3(r, i, 3);
	butterfly3(r + 1, i + 1, 3);
	butterfly3(r + 2, i + 2, 3);
	rotate(r + 4, i + 4, 0.766044443118978035f, 0.642787609686539327f);     /* 40 degrees */
	rotate(r + 5, i + 5, 0.173648177666930349f, 0.984807753012208059f);     /* 80 */
	rotate(r + 7, i + 7, 0.173648177666930349f, 0.984807753012208059f);
	rotate(r + 8, i + 8, -0.939692620785908384f, 0.342020143325668733f);    /* 160 */
	butterfly3(r, i, 1);
	butterfly3(r + 3, i + 3, 1);
	butterfly3(r + 6, i + 6, 1);
	exchange(r, i, 1, 3);
	exchange(r, i, 2, 6);
	exchange(r, i, 5, 7);
}

#define PLAIN2(r, i) butterfly2(r, i, 1)
#define PLAIN3(r, i) butterfly3(r, i, 1)
#define PLAIN4(r, i) butterfly4(r, i, 1)
#define PLAIN5(r, i) butterfly5(r, i, 1)
#define PLAIN6(r, i) butterfly6(r, i)
#define PLAIN7(r, i) butterfly7(r, i, 1)
#define PLAIN8(r, i) butterfly8(r, i)
#define PLAIN9(r, i) butterfly9(r, i)
#define PLAIN10(r, i) butterfly10(r, i)

#define TIMES2(m, ...) m(0, __VA_ARGS__) m(1, __VA_ARGS__)
#define TIMES3(m, ...) TIMES2(m, __VA_ARGS__) m(2, __VA_ARGS__)
#define TIMES4(m, ...) TIMES3(m, __VA_ARGS__) m(3, __VA_ARGS__)
#define TIMES5(m, ...) TIMES4(m, __VA_ARGS__) m(4, __VA_ARGS__)
#define TIMES6(m, ...) TIMES5(m, __VA_ARGS__) m(5, __VA_ARGS__)
#define TIMES7(m, ...) TIMES6(m, __VA_ARGS__) m(6, __VA_ARGS__)
#define TIMES8(m, ...) TIMES7(m, __VA_ARGS__) m(7, __VA_ARGS__)
#define TIMES9(m, ...) TIMES8(m, __VA_ARGS__) m(8, __VA_ARGS__)
#define TIMES10(m, ...) TIMES9(m, __VA_ARGS__) m(9, __VA_ARGS__)

#define LOAD(j, legs_in) \
	xr[j] = j < (legs_in) ? in_re[j * in_leg] : 0.0f; \
	xi[j] = j < (legs_in) ? in_im[j * in_leg] : 0.0f;
/* the first leg has the twiddle 1 */
#define STORE(k, legs_out) \
	if (k < (legs_out)) { \
		float wr = k ? w[2 * (k ? k - 1 : 0)] : 1.0f, wi = k ? w[2 * (k ? k - 1 : 0) + 1] : 0.0f; \
		out_re[k * out_leg] = k ? xr[k] * wr - xi[k] * wi : xr[k]; \
		out_im[k * out_leg] = k ? xr[k] * wi + xi[k] * wr : xi[k]; \
	}

/*
 * The work on one lane is a function of its own: inside the loop its arrays of legs would stay in
 * memory, here they become registers before the loop is vectorised.
 */
#define DEFINE_PASS(name, R, legs_in, legs_out) \
	INLINE void name##_lane(const float *restrict in_re, const float *restrict in_im, \
		int64_t in_leg, float *restrict out_re, float *restrict out_im, int64_t out_leg, \
		const float *restrict w) \
	{ \
		float xr[R], xi[R]; \
		TIMES##R(LOAD, legs_in) \
		PLAIN##R(xr, xi); \
		TIMES##R(STORE, legs_out) \
	} \
	KERNEL_CLONES static void name(const struct fft_pass *s) \
	{ \
		for (int64_t p = 0; p < s->m; p++) { \
			const float *w = s->twiddle + p * 2 * (R - 1); \
			for (int64_t c = 0; c < s->count; c++) { \
				int64_t in = p * s->in_group + c * s->in_side; \
				int64_t out = p * s->out_group + c * s->out_side; \
				const float *in_re = s->in_re + in, *in_im = s->in_im + in; \
				float *out_re = s->out_re + out, *out_im = s->out_im + out; \
				int64_t in_leg = s->in_leg, out_leg = s->out_leg; \
				PRAGMA_(omp simd) \
				for (int64_t t = 0; t < s->width; t++) \
					name##_lane(in_re + t, in_im + t, in_leg, out_re + t, out_im + t, out_leg, w); \
			} \
		} \
	}

DEFINE_PASS(pass2, 2, 2, 2)
DEFINE_PASS(pass3, 3, 3, 3)
DEFINE_PASS(pass4, 4, 4, 4)
DEFINE_PASS(pass5, 5, 5, 5)
DEFINE_PASS(pass6, 6, 6, 6)
DEFINE_PASS(pass7, 7, 7, 7)
DEFINE_PASS(pass8, 8, 8, 8)
DEFINE_PASS(pass9, 9, 9, 9)
DEFINE_PASS(pass10, 10, 10, 10)
DEFINE_PASS(pass2_in, 2, 1, 2)
DEFINE_PASS(pass4_in, 4, 2, 4)
DEFINE_PASS(pass6_in, 6, 3, 6)
DEFINE_PASS(pass8_in, 8, 4, 8)
DEFINE_PASS(pass10_in, 10, 5, 10)
DEFINE_PASS(pass2_out, 2, 2, 1)
DEFINE_PASS(pass3_out, 3, 3, 2)
DEFINE_PASS(pass4_out, 4, 4, 2)
DEFINE_PASS(pass5_out, 5, 5, 3)
DEFINE_PASS(pass6_out, 6, 6, 3)
DEFINE_PASS(pass7_out, 7, 7, 4)
DEFINE_PASS(pass8_out, 8, 8, 4)
DEFINE_PASS(pass9_out, 9, 9, 5)
DEFINE_PASS(pass10_out, 10, 10, 5)

/* One output leg of any radix: out = sum_j in_j root^(j k) w, r operations a number. */
KERNEL_CLONES static void any_leg(const struct fft_pass *s, int64_t k, float2 w,
	const int64_t at[2])
{
	const float *in_re = s->in_re + at[0], *in_im = s->in_im + at[0];
	float *restrict out_re = s->out_re + at[1], *restrict out_im = s->out_im + at[1];
	for (int64_t j = 0; j < s->radix; j++) {
		const float *root = s->roots + 2 * (j * k % s->radix);
		float2 c = mul2(MAKE2(root[0], root[1]), w);
		const float *xr = in_re + j * s->in_leg, *xi = in_im + j * s->in_leg;
		float keep = j ? 1.0f : 0.0f;
		PRAGMA_(omp simd)
		for (int64_t t = 0; t < s->width; t++) {
			float before_re = keep ? out_re[t] : 0.0f, before_im = keep ? out_im[t] : 0.0f;
			out_re[t] = before_re + (xr[t] * c.x - xi[t] * c.y);
			out_im[t] = before_im + (xr[t] * c.y + xi[t] * c.x);
		}
	}
}

static void pass_any(const struct fft_pass *s)
{
	for (int64_t p = 0; p < s->m; p++) {
		const float *w = s->twiddle + p * (s->radix - 1) * 2;
		for (int64_t k = 0; k < s->radix; k++) {
			float2 twiddle = k ? MAKE2(w[2 * k - 2], w[2 * k - 1]) : MAKE2(1, 0);
			for (int64_t c = 0; c < s->count; c++) {
				int64_t at[2] = {
					p * s->in_group + c * s->in_side,
					p * s->out_group + c * s->out_side + k * s->out_leg
				};
				any_leg(s, k, twiddle, at);
			}
		}
	}
}

typedef void pass_function(const struct fft_pass *s);

/* by radix: the full pass, with half of the input legs zero, with half of the output unwanted */
static pass_function *const passes[][3] = {
	[2] = { pass2, pass2_in, pass2_out },
	[3] = { pass3, NULL, pass3_out },
	[4] = { pass4, pass4_in, pass4_out },
	[5] = { pass5, NULL, pass5_out },
	[6] = { pass6, pass6_in, pass6_out },
	[7] = { pass7, NULL, pass7_out },
	[8] = { pass8, pass8_in, pass8_out },
	[9] = { pass9, NULL, pass9_out },
	[10] = { pass10, pass10_in, pass10_out }
};

bool fft_pass_halves(int64_t radix)
{
	return radix < (int64_t)(sizeof(passes) / sizeof(passes[0])) && passes[radix][1];
}

void fft_pass_run(const struct fft_pass *s)
{
	if (s->radix >= (int64_t)(sizeof(passes) / sizeof(passes[0])))
		pass_any(s);
	else
		passes[s->radix][s->half_in ? 1 : s->half_out ? 2 : 0](s);
}
