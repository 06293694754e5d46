/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate.c - what a sensor would record of a scene */
#include "stage/simulate.h"

#include <math.h>
#include "core/error.h"
#include "math/fft.h"
#include "math/vec.h"
#include "stage/geometry.h"
#include "stage/random.h"
#include "spectrum.cl"

#define HEADROOM 0.9            /* the brightest expected pixel on the converter's scale */

/* --- the optics ------------------------------------------------------------------------------- */

static bool fits(const array *scene, const array *psf, int64_t height, int64_t width, GError **err)
{
	shape s = scene->shape, p = psf->shape;
	if ((p.c != 1 && p.c != s.c) || p.z != s.z) {
		error_set(err, RELUMINE_MISMATCH, "--psf", "use one channel, or as many as the scene",
			"the PSF has %" G_GINT64_FORMAT " channels and %" G_GINT64_FORMAT " depths, the scene %"
			G_GINT64_FORMAT " and %" G_GINT64_FORMAT, p.c, p.z, s.c, s.z);
		return false;
	}
	if (s.y < height || s.x < width) {
		error_set(err, RELUMINE_MISMATCH, "--scene", NULL, "the scene is smaller than the sensor");
		return false;
	}
	return true;
}

/* The spectrum of a plane that stands in the corner of the grid. */
static void transform(fft *plan, array *spectrum, const array *plane, shape grid)
{
	g_autoptr(array) wide = geometry_placed(plane, 0, 0, grid.y, grid.x);
	fft_forward(plan, spectrum, wide);
}

/* One channel of the scene through all depths, on the whole grid. */
static void add_depths(fft *plan, array *wide, const array *scene, const array *psf, int64_t c)
{
	shape grid = wide->shape, half = fft_spectrum_shape(grid);
	g_autoptr(array) a = array_new(wide->dev, COMPLEX, half);
	g_autoptr(array) b = array_new(wide->dev, COMPLEX, half);
	g_autoptr(array) sum = array_new(wide->dev, COMPLEX, half);
	g_autoptr(array) over = array_new(wide->dev, REAL, half);
	vec_fill(sum, 0);
	for (int64_t z = 0; z < scene->shape.z; z++) {
		array light = array_plane(scene, c, z);
		array spread = array_plane(psf, MIN(c, psf->shape.c - 1), z);
		transform(plan, a, &light, grid);
		transform(plan, b, &spread, grid);
		RUN(over, k_add_product, sum, a, b);
	}
	fft_inverse(plan, wide, sum);
	vec_scale(wide, 1 / (float)(grid.y * grid.x));
}

array *simulate_capture(const array *scene, const array *psf, int64_t height, int64_t width,
	GError **err)
{
	if (!fits(scene, psf, height, width, err))
		return NULL;
	shape s = scene->shape, p = psf->shape;
	shape grid = { 1, 1, fft_good_size(s.y + p.y - 1), fft_good_size(s.x + p.x - 1) };
	g_autoptr(array) capture = array_new(scene->dev, REAL, (shape){ s.c, 1, height, width });
	g_autoptr(array) wide = array_new(scene->dev, REAL, grid);
	g_autoptr(fft) plan = fft_new(scene->dev, grid, 2);
	for (int64_t c = 0; c < s.c; c++) {
		add_depths(plan, wide, scene, psf, c);
		g_autoptr(array) seen = geometry_crop(wide, (s.y - height) / 2 + (p.y + 1) / 2,
			(s.x - width) / 2 + (p.x + 1) / 2, height, width);
		array channel = array_channel(capture, c);
		vec_copy(&channel, seen);
	}
	vec_clamp(capture, 0, INFINITY);        /* rounding of the transforms */
	return device_ok(scene->dev, err) ? g_steal_pointer(&capture) : NULL;
}

/* --- the sensor ------------------------------------------------------------------------------- */

typedef struct {
	array *light;
	const sensor *sensor;
	double electrons;       /* for a light of 1 */
	double gain, white;     /* numbers for an electron, the largest; 1 and infinity: no converter */
	gint clipped;
} exposure;

static double expose(const exposure *e, double light, uint64_t pixel)
{
	const sensor *s = e->sensor;
	double electrons = light * e->electrons;
	if (s->photons > 0) {
		random_stream photons = random_at(s->seed, RANDOM_PHOTONS, pixel);
		random_stream noise = random_at(s->seed, RANDOM_READ_NOISE, pixel);
		electrons = random_poisson(&photons, electrons) + s->read_noise * random_gauss(&noise);
	}
	double number = electrons * e->gain + s->dark_level;
	return s->bits > 0 ? floor(number + 0.5) : number;
}

static void expose_rows(int64_t first, int64_t end, void *data)
{
	exposure *e = data;
	shape s = e->light->shape;
	gint clipped = 0;
	for (int64_t r = first; r < end; r++) {
		float *row = array_row(e->light, 0, r / s.y, r % s.y);
		for (int64_t x = 0; x < s.x; x++) {
			double v = expose(e, (double)row[x], (uint64_t)(r * s.x + x));
			clipped += v > e->white;
			row[x] = (float)(e->sensor->bits > 0 ? fmin(fmax(v, 0), e->white) : v);
		}
	}
	g_atomic_int_add(&e->clipped, clipped);
}

static exposure exposure_of(array *light, const sensor *s)
{
	double peak = (double)vec_max_abs(light), full = s->photons > 0 ? s->photons : 1;
	exposure e = { light, s, peak > 0 ? full / peak : 0, 1, INFINITY, 0 };
	if (s->bits > 0) {
		e.white = exp2(s->bits) - 1;
		e.gain = HEADROOM * e.white / full;
	}
	return e;
}

double simulate_counts_for_light(array *light, const sensor *s)
{
	const exposure e = exposure_of(light, s);
	return e.electrons * e.gain;
}

double simulate_sensor(array *light, const sensor *s)
{
	exposure e = exposure_of(light, s);
	if (light->mem)
		device_each(light->dev, shape_planes(light->shape) * light->shape.y, 8, expose_rows, &e);
	return (double)e.clipped / (double)shape_count(light->shape);
}
