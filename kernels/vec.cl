/* SPDX-License-Identifier: BSD-3-Clause */
/* vec.cl - arithmetic of whole arrays, element by element */
#include "kern.h"

KERNEL(k_fill, OUT(y), NUM(value))
{
	EACH(i)
		y[i] = value;
}

KERNEL(k_copy, OUT(y), IN(x))
{
	EACH(i)
		y[i] = x[i];
}

KERNEL(k_scale, OUT(y), NUM(a))
{
	EACH(i)
		y[i] *= a;
}

KERNEL(k_shift, OUT(y), NUM(a))
{
	EACH(i)
		y[i] += a;
}

KERNEL(k_add, OUT(y), IN(x))
{
	EACH(i)
		y[i] += x[i];
}

KERNEL(k_subtract, OUT(y), IN(x))
{
	EACH(i)
		y[i] -= x[i];
}

KERNEL(k_multiply, OUT(y), IN(x))
{
	EACH(i)
		y[i] *= x[i];
}

/* y = y / x where x is above `floor`, else 0 */
KERNEL(k_divide, OUT(y), IN(x), NUM(floor_value))
{
	EACH(i)
		y[i] = x[i] > floor_value ? y[i] / x[i] : 0.0f;
}

KERNEL(k_axpy, OUT(y), NUM(a), IN(x))
{
	EACH(i)
		y[i] += a * x[i];
}

/* y = x + a y */
KERNEL(k_xpay, OUT(y), NUM(a), IN(x))
{
	EACH(i)
		y[i] = x[i] + a * y[i];
}

/* y = a + m (a - b): extrapolation */
KERNEL(k_extrapolate, OUT(y), IN(a), IN(b), NUM(m))
{
	EACH(i)
		y[i] = a[i] + m * (a[i] - b[i]);
}

KERNEL(k_clamp, OUT(y), NUM(low), NUM(high))
{
	EACH(i)
		y[i] = clamp_to(y[i], low, high);
}

KERNEL(k_cut_below, OUT(y), NUM(level))
{
	EACH(i)
		y[i] = y[i] < level ? 0.0f : y[i];
}

/* proximal operator of t |x|_1 */
KERNEL(k_soft, OUT(y), NUM(t))
{
	EACH(i)
		y[i] = copysign(pick_max(fabs(y[i]) - t, 0.0f), y[i]);
}

/* Sums over rows: result[r] for row r, whose elements stand from r * pitch. */
SUM_KERNEL(k_dot, OUT(result), IN(x), IN(y), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(i, width, sum)
			sum += x[r * pitch + i] * y[r * pitch + i];
		result[r] = sum;
	}
}

SUM_KERNEL(k_sum, OUT(result), IN(x), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(i, width, sum)
			sum += x[r * pitch + i];
		result[r] = sum;
	}
}

SUM_KERNEL(k_sum_abs, OUT(result), IN(x), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(i, width, sum)
			sum += fabs(x[r * pitch + i]);
		result[r] = sum;
	}
}

/* the largest s * x of each row: s = 1 for the maximum, -1 for minus the minimum */
SUM_KERNEL(k_max, OUT(result), IN(x), NUM(s), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float most = -INFINITY;
		MAX_COLUMN(i, width, most)
			most = pick_max(s * x[r * pitch + i], most);
		result[r] = most;
	}
}

/*
 * 0 for a row of finite numbers, NaN for any other.  Not x * 0: with -fno-signed-zeros GCC 12 takes
 * the vectors of that for zeros.
 */
SUM_KERNEL(k_finite, OUT(result), IN(x), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(i, width, sum)
			sum += x[r * pitch + i] - x[r * pitch + i];
		result[r] = sum;
	}
}
