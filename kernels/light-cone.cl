/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone.cl - steps of the light-cone transform: resampling in time, filters of spectra */
#include "kern.h"

/* rows of y += w x */
ROW_KERNEL(k_cone_add, OUT(y), INT(y_pitch), IN(x), INT(x_pitch), INT(width), NUM(w))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] += w * x[r * x_pitch + i];
	}
}

/*
 * The spectrum of the cone, and what is made of it.  A row of `s` is one frequency along v (row r
 * / plane_rows, of n) and one along y (y0 + r % plane_rows, of ny); cone(kv, ky, kx) = along_x(kv,
 * kx) along_y(ky, kv).  Kept are kv <= n / 2 and ky <= ny / 2; of the others the first is the
 * conjugate, the second the same.  (Halo rows count as ky = 0.)
 */
#define CONE_ROW(r) \
	idx kv_ = (r) / plane_rows, ky_ = y0 + (r) % plane_rows; \
	idx mirrored_ = kv_ > n / 2, v_ = mirrored_ ? n - kv_ : kv_; \
	idx y_ = ky_ > ny / 2 ? (ky_ < ny ? ny - ky_ : 0) : ky_; \
	float side_ = mirrored_ ? -1.0f : 1.0f

/* s conj(h) / (|h|^2 + noise), times `scale` */
ROW_KERNEL(k_cone_wiener, OUT2(s), INT(pitch), INT(plane_rows), INT(y0), IN2(along_x),
	INT(x_pitch), IN2(along_y), INT(y_pitch), INT(n), INT(ny), INT(width), NUM(noise), NUM(scale))
{
	EACH_ROW(r) {
		CONE_ROW(r);
		float2 b = GET2(along_y, y_ * y_pitch + v_);
		EACH_COLUMN(x, width) {
			float2 h = mul2(GET2(along_x, v_ * x_pitch + x), b);
			h.y *= side_;
			float2 back = scale2(conj_mul2(h, GET2(s, r * pitch + x)), scale / (norm2(h) + noise));
			PUT2(s, r * pitch + x, back);
		}
	}
}

/* s mu / (|h|^2 + mu), times `scale` */
ROW_KERNEL(k_cone_pull, OUT2(s), INT(pitch), INT(plane_rows), INT(y0), IN2(along_x), INT(x_pitch),
	IN2(along_y), INT(y_pitch), INT(n), INT(ny), INT(width), NUM(mu), NUM(scale))
{
	EACH_ROW(r) {
		CONE_ROW(r);
		float b = norm2(GET2(along_y, y_ * y_pitch + v_));
		float gain = side_ * side_ * scale * mu;        /* of both sides alike */
		EACH_COLUMN(x, width) {
			float power = norm2(GET2(along_x, v_ * x_pitch + x)) * b;
			PUT2(s, r * pitch + x, scale2(GET2(s, r * pitch + x), gain / (power + mu)));
		}
	}
}

/* s h, or with sign -1 s conj(h); times `scale` */
ROW_KERNEL(k_cone_multiply, OUT2(s), INT(pitch), INT(plane_rows), INT(y0), IN2(along_x),
	INT(x_pitch), IN2(along_y), INT(y_pitch), INT(n), INT(ny), INT(width), NUM(sign), NUM(scale))
{
	EACH_ROW(r) {
		CONE_ROW(r);
		float2 b = scale2(GET2(along_y, y_ * y_pitch + v_), scale);
		EACH_COLUMN(x, width) {
			float2 h = mul2(GET2(along_x, v_ * x_pitch + x), b);
			h.y *= side_ * sign;
			PUT2(s, r * pitch + x, mul2(h, GET2(s, r * pitch + x)));
		}
	}
}

/* h becomes conj(h) / (power |h|^2 + noise), times `scale` */
KERNEL(k_cone_invert, OUT2(h), NUM(power), NUM(noise), NUM(scale))
{
	EACH(i) {
		float2 v = GET2(h, i);
		float gain = scale / (power * norm2(v) + noise);
		PUT2(h, i, MAKE2(v.x * gain, -v.y * gain));
	}
}

/*
 * The directional filter: s conj(h) of one moment over the sum of all three |h|^2 + noise.  The
 * moments along x and y have tables of their own; odd in kx or ky, they are
 * turned round once more at -kv.
 */
ROW_KERNEL(k_cone_normals, OUT2(s), INT(pitch), INT(plane_rows), INT(y0), IN2(plain_x),
	IN2(moment_x), INT(x_pitch), IN2(plain_y), IN2(moment_y), INT(y_pitch), INT(n), INT(ny),
	INT(width), INT(which), NUM(noise), NUM(scale))
{
	EACH_ROW(r) {
		CONE_ROW(r);
		float2 py = GET2(plain_y, y_ * y_pitch + v_);
		float2 my = scale2(GET2(moment_y, y_ * y_pitch + v_), ky_ > ny / 2 ? -1.0f : 1.0f);
		EACH_COLUMN(x, width) {
			float2 px = GET2(plain_x, v_ * x_pitch + x), mx = GET2(moment_x, v_ * x_pitch + x);
			float2 a = mul2(mx, py), b = mul2(px, my), c = mul2(px, py);
			float2 h = which == 0 ? a : which == 1 ? b : c;
			float gain = scale / (norm2(a) + norm2(b) + norm2(c) + noise);
			h = which == 2 ? MAKE2(h.x, side_ * h.y) : MAKE2(side_ * h.x, h.y);
			PUT2(s, r * pitch + x, scale2(conj_mul2(h, GET2(s, r * pitch + x)), gain));
		}
	}
}
