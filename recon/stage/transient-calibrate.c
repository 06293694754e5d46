/* SPDX-License-Identifier: BSD-3-Clause */
/* transient-calibrate.c - gate, background, pile-up and binning of captures of time of flight */
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/select.h"
#include "stage/transient.h"

void transient_gate(array *counts, double first, double edge)
{
	shape s = counts->shape;
	for (int64_t m = 0; counts->mem && m < s.z && (double)m < first + edge; m++) {
		double in = (double)m - first;
		float weight = in < 0 ? 0 : (float)(0.5 - 0.5 * cos(M_PI * in / edge));
		for (int64_t r = 0; r < s.c * s.y; r++) {
			float *row = array_row(counts, r / s.y, m, r % s.y);
			for (int64_t x = 0; x < s.x; x++)
				row[x] = weight > 0 ? weight * row[x] : 0;
		}
	}
}

/* --- background ------------------------------------------------------------------------------- */

typedef struct {
	array *counts;
	int64_t first, end;
	double *level;          /* of each trace */
} darkness;

#define MEDIAN_TO_DEVIATION 1.4826      /* of a normal distribution */

/* The least count there is: 1, or what a factor has made of it; 0: there is none. */
static double unit_of(const float *values, int64_t n)
{
	float least = INFINITY;
	for (int64_t i = 0; i < n; i++)
		least = values[i] > 0 && values[i] < least ? values[i] : least;
	return isfinite(least) ? (double)least : 0;
}

/*
 * The mean of what is within four deviations: of the median's, or where counts are few of Poisson's
 * about the mean found so far, and two counts more.  Uses up `scratch`, of n too.
 */
static double level_of(const float *values, int64_t n, float *scratch)
{
	const double deviations = 4;
	double unit = unit_of(values, n);
	memcpy(scratch, values, (size_t)n * sizeof(float));
	double level = (double)select_nth(scratch, n, n / 2);
	for (int64_t i = 0; i < n; i++)
		scratch[i] = (float)fabs((double)values[i] - level);
	double spread = MEDIAN_TO_DEVIATION * (double)select_nth(scratch, n, n / 2);
	for (int round = 0; round < 6; round++) {
		double reach = fmax(deviations * spread, deviations * sqrt(fabs(level) * unit) + 2 * unit);
		double sum = 0, used = 0;
		for (int64_t i = 0; i < n; i++) {
			bool near = fabs((double)values[i] - level) <= reach;
			sum += near ? (double)values[i] : 0;
			used += near;
		}
		level = used > 0 ? sum / used : level;
	}
	return level;
}

static void subtract_level(int64_t first, int64_t end, void *data)
{
	const darkness *j = data;
	int64_t n = j->end - j->first, stride = transient_stride(j->counts);
	g_autofree float *values = g_new(float, (gsize)(2 * n));
	for (int64_t i = first; i < end; i++) {
		float *trace = transient_trace(j->counts, i);
		for (int64_t m = 0; m < n; m++)
			values[m] = trace[(j->first + m) * stride];
		j->level[i] = level_of(values, n, values + n);
		for (int64_t m = 0; m < j->counts->shape.z; m++)
			trace[m * stride] -= (float)j->level[i];
	}
}

double transient_subtract_background(array *counts, int64_t first, int64_t end)
{
	int64_t n = transient_traces(counts);
	g_autofree double *level = g_new0(double, (gsize)n);
	darkness j = { counts, MAX(first, 0), MIN(end, counts->shape.z), level };
	double sum = 0;
	if (!counts->mem || j.first >= j.end)
		return 0;
	device_each(counts->dev, n, 8, subtract_level, &j);
	for (int64_t i = 0; i < n; i++)
		sum += level[i];
	return sum / (double)n;
}

/* --- pile-up ---------------------------------------------------------------------------------- */

/* Whether all of a trace can be: counts, fewer than pulses. */
static bool countable(const array *counts, int64_t i, double pulses)
{
	const float *trace = transient_trace(counts, i);
	int64_t stride = transient_stride(counts);
	double sum = 0;
	for (int64_t m = 0; m < counts->shape.z; m++) {
		if (!(trace[m * stride] >= 0))
			return false;
		sum += (double)trace[m * stride];
	}
	return sum < pulses;
}

static void undo_pileup(array *counts, int64_t i, double pulses)
{
	float *trace = transient_trace(counts, i);
	int64_t stride = transient_stride(counts);
	double left = pulses;
	for (int64_t m = 0; m < counts->shape.z; m++) {
		double seen = (double)trace[m * stride];
		trace[m * stride] = (float)(-pulses * log1p(-seen / left));
		left -= seen;
	}
}

bool transient_undo_pileup(array *counts, double pulses, GError **err)
{
	int64_t n = counts->mem ? transient_traces(counts) : 0;
	for (int64_t i = 0; i < n; i++)
		if (!countable(counts, i, pulses)) {
			shape s = counts->shape;
			error_set(err, RELUMINE_BAD_INPUT, "--pulses", "give the number of laser pulses for each "
				"point, and the counts as they were taken", "the trace of row %d, column %d has "
				"counts below zero, or as many as the %g pulses or more", (int)(i / s.x % s.y),
				(int)(i % s.x), pulses);
			return false;
		}
	for (int64_t i = 0; i < n; i++)
		undo_pileup(counts, i, pulses);
	return true;
}

/* --- larger bins, fewer points ---------------------------------------------------------------- */

array *transient_bin_time(const array *counts, int64_t factor)
{
	shape s = counts->shape;
	array *to = array_new(counts->dev, REAL, (shape){ s.c, s.z / factor, s.y, s.x });
	vec_fill(to, 0);
	for (int64_t r = 0; to->mem && counts->mem && r < s.c * (s.z / factor * factor) * s.y; r++) {
		int64_t c = r / (s.z / factor * factor * s.y), m = r / s.y % (s.z / factor * factor);
		const float *row = array_row(counts, c, m, r % s.y);
		float *sum = array_row(to, c, m / factor, r % s.y);
		for (int64_t x = 0; x < s.x; x++)
			sum[x] += row[x];
	}
	return to;
}

array *transient_bin_space(const array *counts, int64_t factor)
{
	shape s = counts->shape;
	int64_t rows = s.y / factor, columns = s.x / factor;
	array *to = array_new(counts->dev, REAL, (shape){ s.c, s.z, rows, columns });
	vec_fill(to, 0);
	for (int64_t p = 0; to->mem && counts->mem && p < s.c * s.z; p++)
		for (int64_t i = 0; i < rows * factor * columns * factor; i++) {
			int64_t y = i / (columns * factor), x = i % (columns * factor);
			array_row(to, 0, p, y / factor)[x / factor] += array_row(counts, 0, p, y)[x];
		}
	return to;
}

double *transient_bin_places(const double *places, int64_t rows, int64_t columns, int64_t factor)
{
	int64_t across = columns / factor, n = rows / factor * across;
	double *to = g_new0(double, (gsize)MAX(3 * n, 1)), each = 1 / (double)(factor * factor);
	for (int64_t i = 0; i < 3 * n * factor * factor; i++) {
		int64_t k = i % 3, block = i / 3 % n, inside = i / 3 / n;
		int64_t y = block / across * factor + inside / factor;
		int64_t x = block % across * factor + inside % factor;
		to[3 * block + k] += each * places[3 * (y * columns + x) + k];
	}
	return to;
}
