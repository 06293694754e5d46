/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel-shape.c - small kernels tidied up, centred, enlarged and measured, on the CPU */
#include "stage/kernel.h"

#include <math.h>
#include "math/vec.h"

/* Of the largest value: what is fainter is noise. */
#define FAINT 0.05
/* Of all light: a part by itself that has less is a speck. */
#define SPECK 0.1

static array *square(device *dev, int64_t size)
{
	array *k = array_new(dev, REAL, (shape){ 1, 1, size, size });
	vec_fill(k, 0);
	return k;
}

static float *value(const array *k, int64_t i)
{
	return &array_row(k, 0, 0, i / k->shape.x)[i % k->shape.x];
}

/* --- specks ----------------------------------------------------------------------------------- */

/* Parts of a kernel that touch, corners too, bear one number. */
typedef struct {
	const array *k;
	int *part;              /* of each pixel; 0: none yet */
	int64_t *queue;
} parts;

/* Fills the part that pixel i belongs to; its light. */
static double fill_part(const parts *p, int64_t i, int number)
{
	int64_t n = p->k->shape.x, first = 0, end = 0;
	double light = 0;
	p->part[i] = number;
	p->queue[end++] = i;
	while (first < end) {
		int64_t at = p->queue[first++];
		light += (double)*value(p->k, at);
		for (int64_t j = 0; j < 9; j++) {
			int64_t y = at / n + j / 3 - 1, x = at % n + j % 3 - 1, next = y * n + x;
			bool inside = y >= 0 && y < n && x >= 0 && x < n;
			if (!inside || p->part[next] || !(*value(p->k, next) > 0))
				continue;
			p->part[next] = number;
			p->queue[end++] = next;
		}
	}
	return light;
}

static void remove_specks(array *k)
{
	int64_t n = k->shape.x * k->shape.x;
	g_autofree int *part = g_new0(int, n);
	g_autofree int64_t *queue = g_new(int64_t, n);
	g_autofree double *light = g_new0(double, n + 1);
	const parts p = { k, part, queue };
	double all = vec_sum(k), most = 0;
	int count = 0;
	for (int64_t i = 0; i < n; i++) {
		if (part[i] || !(*value(k, i) > 0))
			continue;
		count++;
		light[count] = fill_part(&p, i, count);
		most = fmax(most, light[count]);
	}
	for (int64_t i = 0; i < n; i++)
		if (light[part[i]] < SPECK * all && light[part[i]] < most)
			*value(k, i) = 0;
}

bool kernel_tidy(array *k)
{
	float least, most;
	vec_range(k, &least, &most);
	if (!(most > 0) || !vec_finite(k))
		return false;
	vec_cut_below(k, (float)FAINT * most);
	remove_specks(k);
	vec_scale(k, (float)(1 / vec_sum(k)));
	return true;
}

/* --- where it stands -------------------------------------------------------------------------- */

/* Of a sum of 1, from the middle. */
static void centre_of_mass(const array *k, double *y, double *x)
{
	int64_t n = k->shape.x;
	*y = *x = 0;
	for (int64_t i = 0; i < n * n; i++) {
		*y += (double)*value(k, i) * (double)(i / n - n / 2);
		*x += (double)*value(k, i) * (double)(i % n - n / 2);
	}
}

array *kernel_centred(const array *k)
{
	int64_t n = k->shape.x;
	double y, x;
	array *to = square(k->dev, n);
	centre_of_mass(k, &y, &x);
	int64_t down = (int64_t)floor(y + 0.5), right = (int64_t)floor(x + 0.5);
	for (int64_t i = 0; to->mem && i < n * n; i++) {
		int64_t v = i / n + down, u = i % n + right;
		if (v >= 0 && v < n && u >= 0 && u < n)
			*value(to, i) = *value(k, v * n + u);
	}
	vec_scale(to, (float)(1 / vec_sum(to)));
	return to;
}

/* Linear between pixels, 0 outside. */
static double between(const array *k, double y, double x)
{
	int64_t n = k->shape.x, v = (int64_t)floor(y), u = (int64_t)floor(x);
	double sum = 0;
	for (int64_t j = 0; j < 4; j++) {
		int64_t row = v + j / 2, column = u + j % 2;
		if (row >= 0 && row < n && column >= 0 && column < n)
			sum += (1 - fabs(y - (double)row)) * (1 - fabs(x - (double)column)) *
				(double)*value(k, row * n + column);
	}
	return sum;
}

array *kernel_enlarged(const array *k, int64_t size, double ratio)
{
	array *to = square(k->dev, size);
	double middle = (double)(k->shape.x / 2);
	for (int64_t i = 0; to->mem && i < size * size; i++) {
		double y = (double)(i / size - size / 2) / ratio, x = (double)(i % size - size / 2) / ratio;
		*value(to, i) = (float)between(k, middle + y, middle + x);
	}
	vec_scale(to, (float)(1 / vec_sum(to)));
	return to;
}

/* --- how large it is -------------------------------------------------------------------------- */

static int64_t from_middle(int64_t i, int64_t n)
{
	return ABS(i - n / 2);
}

double kernel_rim(const array *k)
{
	int64_t n = k->shape.x;
	double rim = 0;
	for (int64_t i = 0; i < n * n; i++)
		if (MAX(from_middle(i / n, n), from_middle(i % n, n)) >= n / 2 - 1)
			rim += (double)*value(k, i);
	return rim;
}

void kernel_reach(const array *k, int64_t *y, int64_t *x)
{
	int64_t n = k->shape.x;
	*y = *x = 0;
	for (int64_t i = 0; i < n * n; i++) {
		if (!(*value(k, i) > 0))
			continue;
		*y = MAX(*y, from_middle(i / n, n));
		*x = MAX(*x, from_middle(i % n, n));
	}
}
