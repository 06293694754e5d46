/* SPDX-License-Identifier: BSD-3-Clause */
/* separable.c - masks whose pattern is a product of one of rows and one of columns */
#include "stage/separable.h"

#include <math.h>

#include "math/op.h"
#include "math/vec.h"
#include "stage/random.h"

/* --- means ------------------------------------------------------------------------------------ */

/* Means of the rows and columns of a plane, and of all. */
static double measure_means(const array *plane, double *rows, double *columns)
{
	shape s = plane->shape;
	double all = 0;
	for (int64_t y = 0; y < s.y; y++) {
		const float *row = array_row(plane, 0, 0, y);
		for (int64_t x = 0; x < s.x; x++) {
			rows[y] += (double)row[x] / (double)s.x;
			columns[x] += (double)row[x] / (double)s.y;
		}
		all += rows[y] / (double)s.y;
	}
	return all;
}

static void take_means(array *plane, bool of_rows)
{
	shape s = plane->shape;
	g_autofree double *rows = g_new0(double, (gsize)s.y), *columns = g_new0(double, (gsize)s.x);
	double all = measure_means(plane, rows, columns);
	for (int64_t y = 0; y < s.y; y++) {
		float *row = array_row(plane, 0, 0, y);
		for (int64_t x = 0; x < s.x; x++) {
			double rest = (double)row[x] - columns[x];
			row[x] = (float)(of_rows ? rest - (rows[y] - all) : rest);
		}
	}
}

static void each_plane(array *a, bool of_rows)
{
	for (int64_t p = 0; a->mem && p < shape_planes(a->shape); p++) {
		array plane = array_plane(a, p / a->shape.z, p % a->shape.z);
		take_means(&plane, of_rows);
	}
}

void separable_take_means(array *a)
{
	each_plane(a, true);
}

void separable_centre_columns(array *matrix)
{
	each_plane(matrix, false);
}

/* --- a mask ----------------------------------------------------------------------------------- */

/*
 * Taps of shift registers that go through all states but 0, by their number of bits: a new bit is
 * the parity of the bits marked (P. Alfke, Xilinx application note 052, 1996).
 */
static const uint32_t taps[] = {
	[2] = 0x3, [3] = 0x6, [4] = 0xc, [5] = 0x14, [6] = 0x30, [7] = 0x60, [8] = 0xb8, [9] = 0x110,
	[10] = 0x240, [11] = 0x500, [12] = 0x829, [13] = 0x100d, [14] = 0x2015, [15] = 0x6000,
	[16] = 0xd008
};

static int parity(uint32_t bits)
{
	int odd = 0;
	for (; bits; bits &= bits - 1)
		odd ^= 1;
	return odd;
}

/* +1 and -1, n of a sequence of 2^order - 1; free with g_free */
static float *maximum_length(int order, int64_t n, uint32_t state)
{
	float *sequence = g_new(float, (gsize)n);
	uint32_t all = ((uint32_t)1 << order) - 1;
	for (int64_t i = 0; i < n; i++) {
		sequence[i] = state & 1 ? 1 : -1;
		state = (state << 1 | (uint32_t)parity(state & taps[order])) & all;
	}
	return sequence;
}

array *separable_mask(device *dev, int64_t rows, int64_t columns, uint64_t seed, int axis)
{
	array *matrix = array_new(dev, REAL, (shape){ 1, 1, rows, columns });
	random_stream random = random_at(seed, RANDOM_MASK, (uint64_t)axis);
	int64_t n = rows + columns + 1;         /* with one element more on either side */
	int order = 2;
	while (((int64_t)1 << order) - 1 < n && order < 16)
		order++;
	uint32_t start = 1 + random_word(&random) % (((uint32_t)1 << order) - 1);
	g_autofree float *s = maximum_length(order, n, start);
	for (int64_t y = 0; matrix->mem && y < rows; y++)
		for (int64_t x = 0; x < columns; x++) {
			const float *at = s + y + x + 1;
			array_row(matrix, 0, 0, y)[x] = (at[-1] + 4 * at[0] + at[1]) / 6;
		}
	return matrix;
}

array *separable_capture(const array *scene, const array *left, const array *right)
{
	g_autoptr(linop) mask = linop_separable(scene->shape, left, right);
	array *capture = linop_new_range(mask);
	linop_apply(mask, capture, scene);
	for (int64_t c = 0; c < capture->shape.c; c++) {
		array from = array_channel(scene, c), to = array_channel(capture, c);
		vec_shift(&to, (float)vec_sum(&from));
	}
	vec_scale(capture, 0.5f);
	vec_clamp(capture, 0, INFINITY);        /* rounding */
	return capture;
}
