/* SPDX-License-Identifier: BSD-3-Clause */
/* repair.c - pixels without a value get one from their neighbours */
#include "stage/repair.h"

#include "core/error.h"

enum { GOOD, BAD, WAITING };    /* WAITING: bad, and in the queue */

/* The neighbours of (y, x) inside the plane, itself included; rows [y0, y1), columns [x0, x1). */
typedef struct { int64_t y0, y1, x0, x1; } around;

static around neighbours(const array *plane, int64_t y, int64_t x)
{
	return (around){ MAX(y - 1, 0), MIN(y + 2, plane->shape.y), MAX(x - 1, 0),
		MIN(x + 2, plane->shape.x) };
}

float repair_mean(const array *plane, const uint8_t *bad, int64_t y, int64_t x, int *n)
{
	around a = neighbours(plane, y, x);
	double sum = 0;
	*n = 0;
	for (int64_t j = a.y0; j < a.y1; j++)
		for (int64_t i = a.x0; i < a.x1; i++)
			if ((j != y || i != x) && !bad[j * plane->shape.x + i]) {
				sum += (double)array_row(plane, 0, 0, j)[i];
				++*n;
			}
	return *n ? (float)(sum / *n) : 0.0f;
}

static bool touches_good(const array *plane, const uint8_t *bad, int64_t y, int64_t x)
{
	int n;
	repair_mean(plane, bad, y, x, &n);
	return n > 0;
}

/* Bad pixels with a good neighbour, in reading order. */
static int64_t first_rim(const array *plane, uint8_t *bad, int64_t *queue)
{
	int64_t width = plane->shape.x, n = 0;
	for (int64_t i = 0; i < plane->shape.y * width; i++)
		if (bad[i] && touches_good(plane, bad, i / width, i % width))
			queue[n++] = i;
	for (int64_t k = 0; k < n; k++)
		bad[queue[k]] = WAITING;
	return n;
}

static int64_t enqueue_neighbours(const array *plane, uint8_t *bad, int64_t *queue, int64_t n, int64_t i)
{
	int64_t width = plane->shape.x;
	around a = neighbours(plane, i / width, i % width);
	for (int64_t y = a.y0; y < a.y1; y++)
		for (int64_t x = a.x0; x < a.x1; x++)
			if (bad[y * width + x] == BAD) {
				bad[y * width + x] = WAITING;
				queue[n++] = y * width + x;
			}
	return n;
}

/* One rim after the other, so that the result does not depend on the direction of travel. */
static void fill_rims(array *plane, uint8_t *bad, int64_t *queue, int64_t n)
{
	int64_t width = plane->shape.x, done = 0;
	while (done < n) {
		int64_t rim = n;
		for (int64_t k = done; k < rim; k++) {
			int count;
			float mean = repair_mean(plane, bad, queue[k] / width, queue[k] % width, &count);
			array_row(plane, 0, 0, queue[k] / width)[queue[k] % width] = mean;
		}
		for (int64_t k = done; k < rim; k++)
			bad[queue[k]] = GOOD;
		for (int64_t k = done; k < rim; k++)
			n = enqueue_neighbours(plane, bad, queue, n, queue[k]);
		done = rim;
	}
}

bool repair_plane(array *plane, uint8_t *bad, const char *path, GError **err)
{
	int64_t n = plane->shape.y * plane->shape.x, n_bad = 0;
	for (int64_t i = 0; i < n; i++)
		n_bad += bad[i];
	if (n_bad == 0)
		return true;
	if (n_bad == n) {
		error_set(err, RELUMINE_BAD_INPUT, path, "look at the file: relumine inspect FILE",
			"no pixel of a plane has a usable value");
		return false;
	}
	g_autofree int64_t *queue = g_try_new(int64_t, (gsize)n_bad);
	if (!queue) {
		error_set(err, RELUMINE_OVER_LIMIT, path, NULL, "no memory to repair %" G_GINT64_FORMAT
			" pixels", n_bad);
		return false;
	}
	fill_rims(plane, bad, queue, first_rim(plane, bad, queue));
	return true;
}
