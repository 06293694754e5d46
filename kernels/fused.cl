/* SPDX-License-Identifier: BSD-3-Clause */
/* fused.cl - the passes of the fused ADMM for  min 1/2 |C M v - b|^2 + tau TV(v), v >= 0
 *
 * Splitting of Antipa et al. 2018: x = M v, u = grad v, w = v with penalties mu1, mu2, mu3.  In
 * place of u, w and their duals it carries
 *   d = c - grad v    c = dual of u, scaled by mu2, a clamp of q = grad v + (grad v + d)
 *   m = n - v         n = dual of w, scaled by mu3, the negative part of p = v + (v + m)
 * where v is the estimate before this pass, so that u = q - c and w = p - n need no memory.
 * grad is the periodic backward difference: (v[y-1] - v[y], v[x-1] - v[x]).
 */
#include "kern.h"

/* Columns 0..width (one more than the image: the halo column keeps a dual of its own). */
ROW_KERNEL(k_tv_dual, OUT(d0), OUT(d1), IN(v), INT(pitch), INT(width), NUM(t))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width + 1) {
			idx i = r * pitch + x;
			float g0 = v[i - pitch] - v[i], g1 = v[i - 1] - v[i];
			d0[i] = clamp_to(2.0f * g0 + d0[i], -t, t) - g0;
			d1[i] = clamp_to(2.0f * g1 + d1[i], -t, t) - g1;
		}
	}
}

/* What brings (q0, q1) back to the disc of radius t. */
static inline float disc_scale(float q0, float q1, float t)
{
	return t / pick_max(sqrt(q0 * q0 + q1 * q1), pick_max(t, 1e-30f));
}

/* The same for isotropic TV: the pair (c0, c1) is brought back to the disc of radius t. */
ROW_KERNEL(k_tv_dual_isotropic, OUT(d0), OUT(d1), IN(v), INT(pitch), INT(width), NUM(t))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width + 1) {
			idx i = r * pitch + x;
			float g0 = v[i - pitch] - v[i], g1 = v[i - 1] - v[i];
			float q0 = 2.0f * g0 + d0[i], q1 = 2.0f * g1 + d1[i];
			float s = disc_scale(q0, q1, t);
			d0[i] = s * q0 - g0;
			d1[i] = s * q1 - g1;
		}
	}
}

/* adjoint of grad applied to c = d + grad v, at element i */
static inline float divergence(GLOBAL const float *v, GLOBAL const float *d0,
	GLOBAL const float *d1, idx i, idx pitch)
{
	float c0 = d0[i] + v[i - pitch] - v[i], c0_below = d0[i + pitch] + v[i] - v[i + pitch];
	float c1 = d1[i] + v[i - 1] - v[i], c1_right = d1[i + 1] + v[i] - v[i + 1];
	return c0_below - c0 + c1_right - c1;
}

/* What drives v besides the data; w after v (the order of the DiffuserCam tutorial), m is n. */
ROW_KERNEL(k_tv_drive_after, OUT(drive), OUT(m), IN(v), IN(d0), IN(d1), INT(pitch), INT(width),
	NUM(mu2), NUM(mu3))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x;
			float before = m[i], n = pick_min(v[i] + before, 0.0f);
			m[i] = n;
			drive[i] = mu3 * (before - 2.0f * n) - mu2 * divergence(v, d0, d1, i, pitch);
		}
	}
}

/* w before v (Monakhova 2019 and LenslessPiCam). */
ROW_KERNEL(k_tv_drive_before, OUT(drive), OUT(m), IN(v), IN(d0), IN(d1), INT(pitch), INT(width),
	NUM(mu2), NUM(mu3))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x;
			float n = pick_min(2.0f * v[i] + m[i], 0.0f);
			m[i] = n - v[i];
			drive[i] = -mu3 * n - mu2 * divergence(v, d0, d1, i, pitch);
		}
	}
}

/* x, the minimiser of 1/2 (x - b)^2 + mu1/2 (M v - x)^2 + dual (M v - x) */
static inline float data_fit(float model, float dual, float b, float mu1)
{
	return (dual + mu1 * model + b) / (1.0f + mu1);
}

/*
 * The data term inside the window: g = C M v comes in, what drives v through M' goes out.
 * xi is the dual of x less mu1 x, `shift` short of it; `even` is light that falls on every pixel
 * alike.
 */
ROW_KERNEL(k_data_drive, OUT(g), INT(g_pitch), OUT(xi), IN(b), INT(pitch), INT(width), NUM(even),
	NUM(shift), NUM(mu1))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x, j = r * g_pitch + x;
			float model = g[j], dual = xi[i] + shift + mu1 * model;
			float fit = data_fit(model, dual, b[i] - even, mu1);
			g[j] = mu1 * (fit - model) - dual;
			xi[i] = dual - mu1 * fit;
		}
	}
}

/*
 * Periodic halo: rows -1 and height, columns -1 and width.  Row r of this kernel is row r - 1 of
 * the array, column x is column x - 1.
 */
ROW_KERNEL(k_wrap_halo, OUT(v), INT(pitch), INT(height), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width + 2) {
			idx from_row = (r - 1 + height) % height, from_column = (x - 1 + width) % width;
			if (r == 0 || r == height + 1 || x == 0 || x == width + 1)
				v[(r - 1) * pitch + x - 1] = v[from_row * pitch + from_column];
		}
	}
}

/* Rows of an array as wide as the grid: nothing outside the window. */
ROW_KERNEL(k_keep_window, OUT(g), INT(pitch), INT(grid_width), INT(height), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, grid_width) {
			if (r >= height || x >= width)
				g[r * pitch + x] = 0.0f;
		}
	}
}

/* Spectra: e less `mean` in each pixel of the window, whose spectrum is along_y times along_x. */
ROW_KERNEL(k_take_mean, OUT2(e), IN2(along_y), IN2(along_x), INT(pitch), INT(width), NUM(mean))
{
	EACH_ROW(r) {
		float2 row = scale2(GET2(along_y, r), -mean);
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x;
			PUT2(e, i, add2(GET2(e, i), mul2(row, GET2(along_x, x))));
		}
	}
}

/* 1 / (mu1 |h|^2 + mu2 (lx + ly) + mu3), times `scale`; along_y = mu2 ly + mu3 */
static inline float inverse_at(float2 h, float lx, float along_y, float mu1, float mu2, float scale)
{
	return scale / (mu1 * norm2(h) + mu2 * lx + along_y);
}

/*
 * Spectra: v += (drive + conj(h) e) scale / (mu1 |h|^2 + mu2 (lx + ly) + mu3); then drive becomes
 * v and e becomes h v, ready for their inverse transforms.  ly is the eigenvalue of grad' grad
 * along y of row 0 on, lx along x.
 */
ROW_KERNEL(k_admm_spectrum, OUT2(v), OUT2(drive), OUT2(e), IN2(h), IN(lx), IN(ly), INT(pitch),
	INT(e_pitch), INT(width), NUM(mu1), NUM(mu2), NUM(mu3), NUM(scale))
{
	EACH_ROW(r) {
		float along_y = mu2 * ly[r] + mu3;
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x, j = r * e_pitch + x;
			float2 k = GET2(h, i);
			float gain = inverse_at(k, lx[x], along_y, mu1, mu2, scale);
			float2 push = add2(GET2(drive, i), conj_mul2(k, GET2(e, j)));
			float2 now = add2(GET2(v, i), scale2(push, gain));
			PUT2(v, i, now);
			PUT2(drive, i, now);
			PUT2(e, j, mul2(k, now));
		}
	}
}

/* --- sums, one number a row ----------------------------------------------------------------- */

SUM_KERNEL(k_misfit, OUT(result), IN(g), INT(g_pitch), IN(b), INT(pitch), INT(width), NUM(even))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(x, width, sum) {
			float d = g[r * g_pitch + x] + even - b[r * pitch + x];
			sum += d * d;
		}
		result[r] = sum;
	}
}

SUM_KERNEL(k_remainder, OUT(result), IN(g), INT(g_pitch), IN(b), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(x, width, sum)
			sum += b[r * pitch + x] - g[r * g_pitch + x];
		result[r] = sum;
	}
}

/*
 * What v is about to change by and what it will be: mean squares over the grid of M v, grad v and
 * v itself, by Parseval, v's spectrum being 1 / pixels too small.  To be asked before
 * k_admm_spectrum.  Column `first` on of
 * half a spectrum of nx columns: those that stand for two count twice.  Six rows of results.
 */
SUM_KERNEL(k_admm_change, OUT(result), INT(stride), IN2(v), IN2(drive), IN2(e), IN2(h), IN(lx),
	IN(ly), INT(pitch), INT(e_pitch), INT(width), INT(first), INT(nx), NUM(mu1), NUM(mu2), NUM(mu3),
	NUM(scale))
{
	EACH_ROW(r) {
		float along_y = mu2 * ly[r] + mu3;
		float model = 0.0f, slope = 0.0f, image = 0.0f;
		float model_size = 0.0f, slope_size = 0.0f, image_size = 0.0f;
		SUM_COLUMN(x, width, model, slope, image, model_size, slope_size, image_size) {
			idx i = r * pitch + x, j = r * e_pitch + x;
			float2 k = GET2(h, i);
			float gain = inverse_at(k, lx[x], along_y, mu1, mu2, scale);
			float2 change = scale2(add2(GET2(drive, i), conj_mul2(k, GET2(e, j))), gain);
			float twice = first + x == 0 || 2 * (first + x) == nx ? 1.0f : 2.0f;
			float moved = twice * norm2(change), size = twice * norm2(add2(GET2(v, i), change));
			image += moved;
			slope += (lx[x] + ly[r]) * moved;
			model += norm2(k) * moved;
			image_size += size;
			slope_size += (lx[x] + ly[r]) * size;
			model_size += norm2(k) * size;
		}
		result[r] = model;
		result[stride + r] = slope;
		result[2 * stride + r] = image;
		result[3 * stride + r] = model_size;
		result[4 * stride + r] = slope_size;
		result[5 * stride + r] = image_size;
	}
}

/* |M v - x|^2 in the window, before k_data_drive */
SUM_KERNEL(k_data_gap, OUT(result), IN(g), INT(g_pitch), IN(xi), IN(b), INT(pitch), INT(width),
	NUM(even), NUM(shift), NUM(mu1))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(x, width, sum) {
			idx i = r * pitch + x;
			float model = g[r * g_pitch + x], dual = xi[i] + shift + mu1 * model;
			float gap = model - data_fit(model, dual, b[i] - even, mu1);
			sum += gap * gap;
		}
		result[r] = sum;
	}
}

/* |grad v - u|^2, before k_tv_dual: u = q - c, so the gap is what d changes by */
SUM_KERNEL(k_tv_gap, OUT(result), IN(d0), IN(d1), IN(v), INT(pitch), INT(width), INT(isotropic),
	NUM(t))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(x, width, sum) {
			idx i = r * pitch + x;
			float g0 = v[i - pitch] - v[i], g1 = v[i - 1] - v[i];
			float q0 = 2.0f * g0 + d0[i], q1 = 2.0f * g1 + d1[i];
			float s = disc_scale(q0, q1, t);
			float c0 = isotropic ? s * q0 : clamp_to(q0, -t, t);
			float c1 = isotropic ? s * q1 : clamp_to(q1, -t, t);
			float gap0 = c0 - g0 - d0[i], gap1 = c1 - g1 - d1[i];
			sum += gap0 * gap0 + gap1 * gap1;
		}
		result[r] = sum;
	}
}

/* |v - w|^2, before k_tv_drive_after (before = 0) or k_tv_drive_before (before = 1) */
SUM_KERNEL(k_positive_gap, OUT(result), IN(m), IN(v), INT(pitch), INT(width), NUM(before))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(x, width, sum) {
			idx i = r * pitch + x;
			float n = pick_min((1.0f + before) * v[i] + m[i], 0.0f);
			float gap = n - before * v[i] - m[i];
			sum += gap * gap;
		}
		result[r] = sum;
	}
}

/* what drives v, after k_data_drive */
SUM_KERNEL(k_drive_sum, OUT(result), IN(g), INT(g_pitch), INT(width))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(x, width, sum)
			sum += g[r * g_pitch + x];
		result[r] = sum;
	}
}

SUM_KERNEL(k_tv_value, OUT(result), IN(v), INT(pitch), INT(width), INT(isotropic))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		if (isotropic) {
			SUM_COLUMN(x, width, sum) {
				idx i = r * pitch + x;
				float g0 = v[i - pitch] - v[i], g1 = v[i - 1] - v[i];
				sum += sqrt(g0 * g0 + g1 * g1);
			}
		} else {
			SUM_COLUMN(x, width, sum) {
				idx i = r * pitch + x;
				sum += fabs(v[i - pitch] - v[i]) + fabs(v[i - 1] - v[i]);
			}
		}
		result[r] = sum;
	}
}

/* --- in and out ----------------------------------------------------------------------------- */

/* y = max(x, 0), between arrays of different pitch; NaN stays */
ROW_KERNEL(k_positive_part, OUT(y), INT(y_pitch), IN(x), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] = x[r * pitch + i] < 0.0f ? 0.0f : x[r * pitch + i];
	}
}
