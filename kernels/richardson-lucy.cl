/* SPDX-License-Identifier: BSD-3-Clause */
/* richardson-lucy.cl - steps of Richardson-Lucy deconvolution with weights for unknown borders
 * (Richardson 1972, Lucy 1974; Bertero and Boccacci, Astron. Astrophys. 437, 2005)
 *
 * y counts, m = H p + background their model, a = H' w what the sensor can see of each voxel, p the
 * extrapolated estimate, x the last one.  Arrays of different pitch meet row by row.
 */
#include "kern.h"

/* m becomes y / (m + background), and 0 where y is: what the model must be multiplied with */
ROW_KERNEL(k_rl_ratio, OUT(m), INT(m_pitch), IN(y), INT(pitch), INT(width), NUM(background),
	NUM(least))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			float model = m[r * m_pitch + x] + background;
			m[r * m_pitch + x] = y[r * pitch + x] / pick_max(model, least);
		}
	}
}

/* rows of m by rows of w, or with w added */
ROW_KERNEL(k_rl_weigh, OUT(m), INT(m_pitch), IN(w), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width)
			m[r * m_pitch + x] *= w[r * pitch + x];
	}
}

ROW_KERNEL(k_rl_add, OUT(m), INT(m_pitch), IN(w), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width)
			m[r * m_pitch + x] += w[r * pitch + x];
	}
}

/* rows between arrays of different pitch */
ROW_KERNEL(k_rl_copy, OUT(y), INT(y_pitch), IN(x), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] = x[r * pitch + i];
	}
}

/*
 * One step from p by q = c / a, c = H' ratio, or with bold = 1 by q^(1 + 1/4 + 1/16), made of
 * square roots, which vectorise; where q is far from 1 the steps would swing, so that the power
 * makes of it a quarter more, or a fifth less, at most.  A voxel of which the sensor sees too
 * little stays at the least value.
 */
static inline float rl_next(float p, float c, float a, float seen, float least, float bold)
{
	float q = pick_max(c, 0.0f) / pick_max(a, seen);
	float fourth = sqrt(sqrt(q)), more = clamp_to(fourth * sqrt(sqrt(fourth)), 0.8f, 1.25f);
	float next = p * q * (bold * more + 1.0f - bold);
	return a > seen ? pick_max(next, least) : least;
}

/*
 * The next estimate extrapolated: it keeps the share `held` at least, as where it fell to next to
 * nothing, counts would then ask for the more.
 */
static inline float rl_ahead(float next, float before, float momentum, float held, float least)
{
	float ahead = pick_max(next + momentum * (next - before), held * next);
	return pick_max(ahead, least);
}

/* the first estimate, and its copy on the way to the transform */
ROW_KERNEL(k_rl_start, OUT(c), INT(c_pitch), OUT(p), OUT(x), INT(pitch), IN(a),
	INT(a_pitch), INT(width), NUM(seen), NUM(least), NUM(start), NUM(unseen))
{
	EACH_ROW(r) {
		EACH_COLUMN(j, width) {
			idx i = r * pitch + j;
			float first = a[r * a_pitch + j] > seen ? start : unseen;
			first = pick_max(first, least);
			x[i] = first;
			p[i] = first;
			c[r * c_pitch + j] = first;
		}
	}
}

/* The step, then the next extrapolation: p = x + momentum (x - x before). */
ROW_KERNEL(k_rl_update, OUT(c), INT(c_pitch), OUT(p), OUT(x), INT(pitch), IN(a),
	INT(a_pitch), INT(width), NUM(seen), NUM(least), NUM(bold), NUM(momentum), NUM(held))
{
	EACH_ROW(r) {
		EACH_COLUMN(j, width) {
			idx i = r * pitch + j;
			float next = rl_next(p[i], c[r * c_pitch + j], a[r * a_pitch + j], seen, least,
				bold);
			float ahead = rl_ahead(next, x[i], momentum, held, least);
			x[i] = next;
			p[i] = ahead;
			c[r * c_pitch + j] = ahead;
		}
	}
}

/*
 * The step alone, with what tells how far to extrapolate (Biggs and Andrews, Appl. Opt. 36, 1997):
 * g = x - p, its product with the g before, and the square of that.  p becomes the new x.
 */
SUM_KERNEL(k_rl_gradient, OUT(products), OUT(squares), IN(c), INT(c_pitch), OUT(p), OUT(g),
	INT(pitch), IN(a), INT(a_pitch), INT(width), NUM(seen), NUM(least), NUM(bold))
{
	EACH_ROW(r) {
		float product = 0.0f, square = 0.0f;
		SUM_COLUMN(j, width, product) {
			idx i = r * pitch + j;
			float next = rl_next(p[i], c[r * c_pitch + j], a[r * a_pitch + j], seen, least,
				bold);
			float step = next - p[i], before = g[i];
			product += step * before;
			p[i] = next;
			g[i] = step;
		}
		SUM_COLUMN(j, width, square)
			square += g[r * pitch + j] * g[r * pitch + j];
		products[r] = product;
		squares[r] = square;
	}
}

/* The extrapolation after it: p holds the new x, x the one before. */
ROW_KERNEL(k_rl_extrapolate, OUT(c), INT(c_pitch), OUT(p), OUT(x), INT(pitch), INT(width),
	NUM(least), NUM(momentum), NUM(held))
{
	EACH_ROW(r) {
		EACH_COLUMN(j, width) {
			idx i = r * pitch + j;
			float next = p[i];
			float ahead = rl_ahead(next, x[i], momentum, held, least);
			x[i] = next;
			p[i] = ahead;
			c[r * c_pitch + j] = ahead;
		}
	}
}

/*
 * log x of a normal x > 0, to 1e-7 of it or of 1, in arithmetic that vectorises, as the library's
 * does not: x = 2^n m, m near 1, and log m = 2 atanh(s), s = (m - 1) / (m + 1), by its first terms.
 */
static inline float rl_log(float x)
{
	int root_half = 0x3f3504f3, i = bits_of(x) - root_half;
	float n = (float)(i >> 23), m = of_bits((i & 0x007fffff) + root_half);
	float s = (m - 1.0f) / (m + 1.0f), z = s * s;
	float tail = z * (0.66666667f + z * (0.4f + z * (0.28571429f + z * 0.22222222f)));
	return n * 0.693147181f + 2.0f * s + s * tail;
}

/* Kullback-Leibler divergence of counts y from their model: sum of w (y log(y / m) - y + m) */
SUM_KERNEL(k_rl_divergence, OUT(result), IN(m), INT(m_pitch), IN(y), INT(pitch), INT(width),
	NUM(scale), NUM(background), NUM(least))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(x, width, sum) {
			float model = pick_max(scale * (m[r * m_pitch + x] + background), least);
			float count = y[r * pitch + x];
			sum += model - count + (count > 0.0f ? count * rl_log(count / model) : 0.0f);
		}
		result[r] = sum;
	}
}

/* a by the factor f of the smoothness; what is seen stays seen */
ROW_KERNEL(k_rl_smooth, OUT(a), INT(a_pitch), IN(f), INT(pitch), INT(width), NUM(seen))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			float whole = a[r * a_pitch + x];
			float part = pick_max(whole * f[r * pitch + x], 1.0001f * seen);
			a[r * a_pitch + x] = whole > seen ? part : 0.0f;
		}
	}
}

/* 1 / |(x, y, z)|, where that is not far below `small` */
static inline float rl_inverse_length(float x, float y, float z, float small)
{
	return 1.0f / sqrt(x * x + y * y + z * z + small * small);
}

/*
 * f = 1 - weight div(grad v / |grad v|), at least a tenth: forward differences by sx, sy, sz, one
 * over the voxel's size, and their adjoint.  before, after: the planes next to v.  Reads the halos.
 */
ROW_KERNEL(k_rl_curvature, OUT(f), IN(v), IN(before), IN(after), INT(pitch), INT(width), NUM(sx),
	NUM(sy), NUM(sz), NUM(small), NUM(weight))
{
	EACH_ROW(r) {
		EACH_COLUMN(x, width) {
			idx i = r * pitch + x, west = i - 1, north = i - pitch;
			float gx = sx * (v[i + 1] - v[i]), gy = sy * (v[i + pitch] - v[i]);
			float gz = sz * (after[i] - v[i]);
			float wx = sx * (v[i] - v[west]), ny = sy * (v[i] - v[north]);
			float bz = sz * (v[i] - before[i]);
			float own = rl_inverse_length(gx, gy, gz, small);
			float at_west = rl_inverse_length(wx, sy * (v[west + pitch] - v[west]),
				sz * (after[west] - v[west]), small);
			float at_north = rl_inverse_length(sx * (v[north + 1] - v[north]), ny,
				sz * (after[north] - v[north]), small);
			float at_before = rl_inverse_length(sx * (before[i + 1] - before[i]),
				sy * (before[i + pitch] - before[i]), bz, small);
			float curvature = sx * (gx * own - wx * at_west) + sy * (gy * own - ny * at_north) +
				sz * (gz * own - bz * at_before);
			f[i] = pick_max(1.0f - weight * curvature, 0.1f);
		}
	}
}
