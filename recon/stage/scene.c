/* SPDX-License-Identifier: BSD-3-Clause */
/* scene.c - scenes of known content */
#include "stage/scene.h"

#include <math.h>
#include <string.h>
#include "math/vec.h"
#include "stage/glyph.h"
#include "stage/random.h"

/*
 * The card is drawn on a plane of 4 x 3 units, (0, 0) at the top left.  Every part is a function
 * that gives the colour at a point, or says that it is not there; the first that is there wins.
 */
typedef struct { double r, g, b; } colour;
typedef bool painter(double x, double y, colour *c);

enum { SAMPLES = 4 };           /* points a side in each pixel */

static double smooth(double v)
{
	v = v < 0 ? 0 : v > 1 ? 1 : v;
	return v * v * (3 - 2 * v);
}

/* --- parts ------------------------------------------------------------------------------------ */

static bool letters(double x, double y, colour *c)
{
	static const char word[] = "RELUMINE";
	double dot = 0.058, u = (x - 0.64) / dot, v = (y - 0.3) / dot;
	int64_t column = (int64_t)floor(u), row = (int64_t)floor(v);
	if (u < 0 || column > 46 || !glyph_dot(word[column / 6], row, column % 6))
		return false;
	double t = u / 47;
	*c = (colour){ 0.95 - 0.85 * t, 0.42 + 0.3 * t, 0.04 + 0.86 * t };
	return true;
}

static bool sphere(double x, double y, double radius, colour base, colour *c)
{
	double d = (x * x + y * y) / (radius * radius);
	if (d >= 1)
		return false;
	double nx = x / radius, ny = y / radius, nz = sqrt(1 - d);
	double light = -0.48 * nx - 0.58 * ny + 0.66 * nz;
	double shine = pow(fmax(2 * light * nz - 0.66, 0), 24);
	double shade = 0.03 + 0.90 * fmax(light, 0), rim = 0.06 * pow(1 - nz, 2);
	shine *= 0.7;
	*c = (colour){ base.r * shade + shine + 0.5 * rim, base.g * shade + shine + 0.7 * rim,
		base.b * shade + shine + rim };
	return true;
}

static bool spheres(double x, double y, colour *c)
{
	return sphere(x - 0.78, y - 1.42, 0.38, (colour){ 0.95, 0.05, 0.02 }, c) ||
		sphere(x - 1.52, y - 1.52, 0.28, (colour){ 0.05, 0.60, 0.10 }, c) ||
		sphere(x - 2.06, y - 1.60, 0.20, (colour){ 0.03, 0.12, 0.95 }, c);
}

static bool siemens_star(double x, double y, colour *c)
{
	double u = x - 3.02, v = y - 1.42, r = hypot(u, v);
	if (r > 0.5)
		return false;
	double spoke = sin(18 * atan2(v, u)) > 0 ? 0.92 : 0.03;
	*c = r < 0.03 ? (colour){ 0.9, 0.1, 0.1 } : (colour){ spoke, spoke, spoke };
	return true;
}

/* Three lines and their gaps, finer from group to group: six upright, then six level ones. */
static bool line_groups(double x, double y, colour *c)
{
	double left = 0.42;
	for (int i = 0; i < 12; i++) {
		double line = 0.042 * pow(0.76, i % 6);
		double u = (x - left) / line, v = (y - 2.02) / line;
		left += 5 * line + 0.075;
		if (u < 0 || u >= 5 || v < 0 || v >= 5 || fmod(i < 6 ? u : v, 2) >= 1)
			continue;
		*c = (colour){ 0.9, 0.9, 0.86 };
		return true;
	}
	return false;
}

static bool patches(double x, double y, colour *c)
{
	static const colour row[] = {
		{ 0.72, 0.05, 0.04 }, { 0.85, 0.30, 0.03 }, { 0.88, 0.70, 0.05 }, { 0.35, 0.62, 0.06 },
		{ 0.05, 0.45, 0.20 }, { 0.04, 0.50, 0.55 }, { 0.05, 0.22, 0.70 }, { 0.25, 0.08, 0.55 },
		{ 0.60, 0.08, 0.40 }, { 0.75, 0.40, 0.30 },
	};
	double u = (x - 0.4) / 0.32, v = (y - 2.32) / 0.26;
	if (u < 0 || u >= 10 || v < 0 || v >= 1 || u - floor(u) > 0.9)
		return false;
	*c = row[(int)u];
	return true;
}

static bool wedge(double x, double y, colour *c)
{
	double u = (x - 0.4) / 3.168, v = (y - 2.64) / 0.1;
	if (u < 0 || u >= 1 || v < 0 || v >= 1)
		return false;
	double gray = v < 0.5 ? u : (floor(12 * u) + 0.5) / 12;
	gray = 0.95 * gray * gray;
	*c = (colour){ gray, gray, gray };
	return true;
}

/* Nothing is there: a dim stage, lit from above, dark towards the border. */
static bool backdrop(double x, double y, colour *c)
{
	double edge = smooth((2.3 - fabs(x - 2)) / 1.2) * smooth((1.75 - fabs(y - 1.5)) / 0.9);
	double glow = exp(-((x - 2) * (x - 2) / 2.4 + (y - 1.1) * (y - 1.1) / 0.9));
	double light = edge * (0.006 + 0.03 * glow);
	*c = (colour){ 0.65 * light, 0.85 * light, 1.3 * light };
	return true;
}

static painter *const parts[] = {
	letters, spheres, siemens_star, line_groups, patches, wedge, backdrop,
};

/* --- pictures --------------------------------------------------------------------------------- */

static colour card_at(double x, double y)
{
	colour c = { 0, 0, 0 };
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (parts[i](x, y, &c))
			break;
	return c;
}

static void card_rows(int64_t first, int64_t end, void *data)
{
	array *a = data;
	/* units in a pixel, so that 4 x 3 units just fit */
	double unit = fmax(4.0 / (double)a->shape.x, 3.0 / (double)a->shape.y), n = SAMPLES * SAMPLES;
	for (int64_t y = first; y < end; y++)
		for (int64_t x = 0; x < a->shape.x; x++) {
			colour sum = { 0, 0, 0 };
			for (int i = 0; i < SAMPLES * SAMPLES; i++) {
				double u = (double)x + (i % SAMPLES + 0.5) / SAMPLES - 0.5 * (double)a->shape.x;
				double v = (double)y + (i / SAMPLES + 0.5) / SAMPLES - 0.5 * (double)a->shape.y;
				colour c = card_at(2 + u * unit, 1.5 + v * unit);
				sum = (colour){ sum.r + c.r, sum.g + c.g, sum.b + c.b };
			}
			array_row(a, 0, 0, y)[x] = (float)fmin(sum.r / n, 1);
			array_row(a, 1, 0, y)[x] = (float)fmin(sum.g / n, 1);
			array_row(a, 2, 0, y)[x] = (float)fmin(sum.b / n, 1);
		}
}

array *scene_card(device *dev, int64_t height, int64_t width)
{
	array *a = array_new(dev, REAL, (shape){ 3, 1, height, width });
	if (a->mem)
		device_each(dev, height, 8, card_rows, a);
	return a;
}

array *scene_points(device *dev, int64_t height, int64_t width, uint64_t seed)
{
	array *a = array_new(dev, REAL, (shape){ 3, 1, height, width });
	int64_t n = 12 * height * width / 10000 + 1;
	vec_fill(a, 0);
	for (int64_t i = 0; a->mem && i < n; i++) {
		random_stream s = random_at(seed, RANDOM_SCENE, (uint64_t)i);
		int64_t y = (int64_t)(random_uniform(&s) * (double)height);
		int64_t x = (int64_t)(random_uniform(&s) * (double)width);
		double strength = pow(random_uniform(&s), 1.5), hue = 6 * random_uniform(&s);
		for (int64_t c = 0; c < 3; c++) {
			/* hue to colour: 1 within 60 degrees of its own angle, 0 beyond 120 */
			double away = fabs(remainder(hue - 2 * (double)c, 6));
			double v = strength * fmin(fmax(2 - away, 0.15), 1);
			array_row(a, c, 0, y)[x] = fmaxf(array_row(a, c, 0, y)[x], (float)v);
		}
	}
	return a;
}

array *scene_tilt(const array *a, int64_t depths)
{
	array *to = array_new(a->dev, REAL, (shape){ a->shape.c, depths, a->shape.y, a->shape.x });
	vec_fill(to, 0);
	for (int64_t i = 0; to->mem && i < a->shape.c * a->shape.y; i++) {
		int64_t c = i / a->shape.y, y = i % a->shape.y;
		for (int64_t x = 0; x < a->shape.x; x++)
			array_row(to, c, x * depths / a->shape.x, y)[x] = array_row(a, c, 0, y)[x];
	}
	return to;
}
