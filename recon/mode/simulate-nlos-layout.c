/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-nlos-layout.c - where a simulated scan has its points, and when it counts */
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "core/numbers.h"
#include "mode/numbers.h"
#include "mode/places.h"
#include "mode/simulate-nlos.h"
#include "stage/random.h"

enum { GRID_MOST = 1024, DETECTORS_MOST = 64 };

void nlos_layout_clear(nlos_layout *l)
{
	g_free(l->scanned);
	g_free(l->fixed);
}

static bool parse_place(const char *option, const char *text, double to[3], GError **err)
{
	double found[3];
	if (numbers_read(text, -1e4, 1e4, 3, found) == 3) {
		memcpy(to, found, sizeof(found));
		return true;
	}
	error_set(err, RELUMINE_BAD_USAGE, option, "write it as 0.1,-0.2,0",
		"'%s' is not three numbers of metres", text);
	return false;
}

static bool parse_wall(const nlos_scan *o, nlos_layout *l, GError **err)
{
	double most = (double)MAX(MAX(l->rows, l->columns) - 1, 1);
	int n = numbers_read(o->wall, 1e-3, 1e3, 2, l->wall);
	if (n == 0)
		error_set(err, RELUMINE_BAD_USAGE, "--wall", "write it as 1 or 1,0.8, each 0.001 to 1000",
			"'%s' is not one or two numbers of metres", o->wall);
	if (n == 1) {
		double step = l->wall[0] / most;
		l->wall[0] = step * (double)(l->columns - 1);
		l->wall[1] = step * (double)(l->rows - 1);
	}
	return n > 0;
}

/* Points from edge to edge of the wall, x fastest, in the plane z = 0. */
static double *spread_points(const double wall[2], int64_t rows, int64_t columns)
{
	double *to = g_new0(double, (gsize)(3 * rows * columns));
	for (int64_t i = 0; i < rows * columns; i++) {
		double x = columns > 1 ? (double)(i % columns) / (double)(columns - 1) - 0.5 : 0;
		double y = rows > 1 ? (double)(i / columns) / (double)(rows - 1) - 0.5 : 0;
		to[3 * i] = x * wall[0];
		to[3 * i + 1] = y * wall[1];
	}
	return to;
}

static bool place_fixed(const nlos_scan *o, nlos_layout *l, GError **err)
{
	int64_t rows, columns;
	l->n_fixed = 1;
	if (o->geometry == CONFOCAL || o->geometry == PAIRS)
		return true;
	if (o->geometry == SINGLE) {
		l->fixed = g_new0(double, 3);
		return parse_place("--detector", o->detector, l->fixed, err);
	}
	if (!numbers_parse_size("--detectors", o->detectors, DETECTORS_MOST, &rows, &columns, err))
		return false;
	l->n_fixed = rows * columns;
	l->fixed = spread_points(l->wall, rows, columns);
	return true;
}

double nlos_first_light(const nlos_scan *o, const nlos_layout *l)
{
	double least = INFINITY;
	if (o->clock == AT_WALL)
		return 0;
	for (int64_t i = 0; i < l->rows * l->columns * l->n_fixed; i++) {
		const double *lit = l->scanned + 3 * (i % (l->rows * l->columns));
		int64_t other = o->geometry == PAIRS ? i : i / (l->rows * l->columns);
		const double *seen = l->fixed ? l->fixed + 3 * other : lit;
		double to = 0, from = 0;
		for (int k = 0; k < 3; k++) {
			to += pow(l->laser[k] - lit[k], 2);
			from += pow(l->camera[k] - seen[k], 2);
		}
		least = fmin(least, sqrt(to) + sqrt(from));
	}
	return least / o->speed;
}

/* The scanned points from a file, in one row; their extent takes the place of the wall's. */
static bool take_points(const input *file, nlos_layout *l, GError **err)
{
	double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
	int64_t n;
	double *places = input_places(file, &n, err);
	if (!places)
		return false;
	g_free(l->scanned);
	l->scanned = places;
	l->rows = 1;
	l->columns = n;
	for (int64_t i = 0; i < 3 * l->columns; i++)
		if (i % 3 < 2) {
			low[i % 3] = fmin(low[i % 3], places[i]);
			high[i % 3] = fmax(high[i % 3], places[i]);
		}
	for (int k = 0; k < 2; k++)
		l->wall[k] = high[k] - low[k];
	return true;
}

/* Places anywhere on the wall, by chance; side: lit ones and those looked at. */
static double *strew_points(const nlos_scan *o, const nlos_layout *l, uint64_t side)
{
	int64_t n = l->rows * l->columns;
	double *to = g_new0(double, (gsize)(3 * n));
	for (int64_t i = 0; i < n; i++) {
		random_stream s = random_at((uint64_t)o->seed, RANDOM_PLACES, 2 * (uint64_t)i + side);
		for (int k = 0; k < 2; k++)
			to[3 * i + k] = (random_uniform(&s) - 0.5) * l->wall[k];
	}
	return to;
}

/* Both points of each trace, from files or by chance. */
static bool place_pairs(const nlos_scan *o, const input *lasers, const input *detectors,
	nlos_layout *l, GError **err)
{
	int64_t n = l->rows * l->columns, places;
	l->rows = 1;
	l->columns = n;
	if (!lasers) {
		g_free(l->scanned);
		l->scanned = strew_points(o, l, 0);
	}
	if (detectors && detectors->data->shape.y != n) {
		error_set(err, RELUMINE_MISMATCH, detectors->path, lasers ? NULL : "give --laser-positions too, "
			"or as many as --grid has points", "has %d places to look at, and %d are lit",
			(int)detectors->data->shape.y, (int)n);
		return false;
	}
	l->fixed = detectors ? input_places(detectors, &places, err) : strew_points(o, l, 1);
	return l->fixed != NULL;
}

bool nlos_layout_make(const nlos_scan *o, const input *lasers, const input *detectors,
	nlos_layout *l, GError **err)
{
	if (!numbers_parse_size("--grid", o->grid, GRID_MOST, &l->rows, &l->columns, err) ||
	    !parse_wall(o, l, err) || !place_fixed(o, l, err) ||
	    !parse_place("--laser", o->laser, l->laser, err) ||
	    !parse_place("--camera", o->camera, l->camera, err))
		return false;
	l->pitch[0] = l->wall[0] / (double)MAX(l->columns - 1, 1);
	l->pitch[1] = l->wall[1] / (double)MAX(l->rows - 1, 1);
	l->scanned = spread_points(l->wall, l->rows, l->columns);
	if ((lasers && !take_points(lasers, l, err)) ||
	    (o->geometry == PAIRS && !place_pairs(o, lasers, detectors, l, err)))
		return false;
	l->scan = (scanner){ .scanned = l->scanned, .paired = o->geometry == PAIRS,
		.bin = o->bin * PICOSECOND,
		.start = isnan(o->start) ? nlos_first_light(o, l) : o->start * PICOSECOND,
		.later = o->later * PICOSECOND, .jitter = o->jitter * PICOSECOND, .speed = o->speed,
		.retroreflective = o->surface == RETRO };
	if (o->clock == AT_DEVICES) {
		l->scan.laser = l->laser;
		l->scan.camera = l->camera;
	}
	return true;
}
