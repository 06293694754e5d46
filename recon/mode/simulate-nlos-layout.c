/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-nlos-layout.c - where a simulated scan has its points, and when it counts */
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "core/numbers.h"
#include "mode/numbers.h"
#include "mode/simulate-nlos.h"

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
	if (o->geometry == CONFOCAL)
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
		const double *seen = l->fixed ? l->fixed + 3 * (i / (l->rows * l->columns)) : lit;
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
	shape s = file->data->shape;
	double low[2] = { INFINITY, INFINITY }, high[2] = { -INFINITY, -INFINITY };
	if (s.x != 3 || shape_planes(s) != 1) {
		error_set(err, RELUMINE_BAD_INPUT, file->path, "save an array of shape (points, 3)",
			"places are rows of X, Y, Z, and this has %d columns", (int)s.x);
		return false;
	}
	g_free(l->scanned);
	l->scanned = g_new(double, (gsize)(3 * s.y));
	l->rows = 1;
	l->columns = s.y;
	for (int64_t i = 0; i < 3 * s.y; i++) {
		double v = l->scanned[i] = (double)array_row(file->data, 0, 0, i / 3)[i % 3];
		if (i % 3 < 2) {
			low[i % 3] = fmin(low[i % 3], v);
			high[i % 3] = fmax(high[i % 3], v);
		}
	}
	for (int k = 0; k < 2; k++)
		l->wall[k] = high[k] - low[k];
	return true;
}

bool nlos_layout_make(const nlos_scan *o, const input *places, nlos_layout *l, GError **err)
{
	if (!numbers_parse_size("--grid", o->grid, GRID_MOST, &l->rows, &l->columns, err) ||
	    !parse_wall(o, l, err) || !place_fixed(o, l, err) ||
	    !parse_place("--laser", o->laser, l->laser, err) ||
	    !parse_place("--camera", o->camera, l->camera, err))
		return false;
	l->pitch[0] = l->wall[0] / (double)MAX(l->columns - 1, 1);
	l->pitch[1] = l->wall[1] / (double)MAX(l->rows - 1, 1);
	l->scanned = spread_points(l->wall, l->rows, l->columns);
	if (places && !take_points(places, l, err))
		return false;
	l->scan = (scanner){ .scanned = l->scanned, .bin = o->bin * PICOSECOND,
		.start = isnan(o->start) ? nlos_first_light(o, l) : o->start * PICOSECOND,
		.later = o->later * PICOSECOND, .jitter = o->jitter * PICOSECOND, .speed = o->speed,
		.retroreflective = o->surface == RETRO };
	if (o->clock == AT_DEVICES) {
		l->scan.laser = l->laser;
		l->scan.camera = l->camera;
	}
	return true;
}
