/* SPDX-License-Identifier: BSD-3-Clause */
/* select.c - percentiles of numbers on the host */
#include "stage/select.h"

#include <math.h>

static void swap(float *a, float *b)
{
	float t = *a;
	*a = *b;
	*b = t;
}

static float median_of_three(float a, float b, float c)
{
	float low = a < b ? a : b, high = a < b ? b : a;
	return c < low ? low : c > high ? high : c;
}

/* Hoare's quickselect; three parts, so that many equal values (black pixels) do no harm. */
float select_nth(float *values, int64_t n, int64_t k)
{
	int64_t low = 0, high = n - 1;
	while (low < high) {
		float pivot = median_of_three(values[low], values[low + (high - low) / 2], values[high]);
		int64_t less = low, i = low, more = high;
		while (i <= more) {
			if (values[i] < pivot)
				swap(&values[i++], &values[less++]);
			else if (values[i] > pivot)
				swap(&values[i], &values[more--]);
			else
				i++;
		}
		if (k >= less && k <= more)
			return pivot;
		if (k < less)
			high = less - 1;
		else
			low = more + 1;
	}
	return values[k];
}

double select_percentile(float *values, int64_t n, double percent)
{
	double rank = percent / 100 * (double)(n - 1);
	int64_t k = (int64_t)floor(rank);
	double below = (double)select_nth(values, n, k), part = rank - (double)k;
	if (part == 0 || k + 1 >= n)
		return below;
	/* all that is above stands behind k now */
	return below + part * ((double)select_nth(values + k + 1, n - k - 1, 0) - below);
}
