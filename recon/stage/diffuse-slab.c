/* SPDX-License-Identifier: BSD-3-Clause */
/* diffuse-slab.c - diffusion from mirrored dipoles as the blur of a capture; Wiener's filter */
#include "stage/diffuse-slab.h"

#include <math.h>
#include "math/convolve-pass.h"
#include "math/fft.h"
#include "diffuse-slab.cl"
#include "rows.cl"

const scatterer scatterer_foam = {
	.index = 1.12, .absorption = 0.53, .scattering = 262, .extrapolation = 0.0036
};

/* Mirror images on each side that count: those further off add 1e-9 of the light. */
enum { IMAGES = 20 };

static double diffusion(const scatterer *s)
{
	return 1 / (3 * (s->absorption + s->scattering));
}

double slab_narrowness(const scatterer *s, double light_speed, double t)
{
	return 1 / (4 * diffusion(s) * light_speed / s->index * t);
}

static double dipole(double z, double narrowness)
{
	return z * exp(-z * z * narrowness);
}

double slab_passes(const scatterer *s, double thickness, double light_speed, double t)
{
	double v = light_speed / s->index, narrowness = slab_narrowness(s, light_speed, t);
	double ze = s->extrapolation, first = 1 / s->scattering, sum = 0;
	for (int i = -IMAGES; i <= IMAGES; i++) {
		double far = thickness * (1 - 2 * i);
		sum += dipole(far - 4 * i * ze - first, narrowness) -
			dipole(far - (4 * i - 2) * ze + first, narrowness);
	}
	return 0.5 * pow(4 * G_PI * diffusion(s) * v, -1.5) * pow(t, -2.5) *
		exp(-s->absorption * v * t) * sum;
}

struct diffuse_slab {
	device *dev;
	shape window, grid;
	int64_t told;           /* bins of which the light got out before the capture ended */
	convolve_pass *passes;
	array *factor, *spectrum;
	array *seen;            /* in diffuse_slab_undo */
	const array *counts;
};

static shape grid_of(shape w)
{
	return (shape){ 1, fft_good_size(2 * w.z), fft_good_size(2 * w.y), fft_good_size(2 * w.x) };
}

int64_t diffuse_slab_bytes(shape window)
{
	int64_t bytes = array_bytes(COMPLEX, fft_spectrum_shape(grid_of(window)));
	return bytes > INT64_MAX / 2 ? INT64_MAX : 2 * bytes;
}

/* --- the filter ------------------------------------------------------------------------------- */

struct response {
	shape grid;
	int64_t bins;
	double *power;          /* of each bin: bin m is at m bins */
	double *across, *down;  /* exponents at 1 x 1 pitch */
	double delay;           /* its mean, in bins */
};

/* sum over a ring of n elements of exp(-a i^2) */
static double ring_sum(int64_t n, double a)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++) {
		double d = (double)MIN(i, n - i);
		sum += exp(-a * d * d);
	}
	return sum;
}

/* All light that gets through in the time of the capture counts as 1. */
static struct response response_of(const slab_setting *s, shape grid)
{
	int64_t n = s->window.z;
	struct response r = { grid, n, g_new0(double, n), g_new0(double, n), g_new0(double, n), 0 };
	double sum = 0;
	for (int64_t m = 1; m < n; m++) {
		double t = (double)m * s->bin, narrow = slab_narrowness(s->made_of, s->light_speed, t);
		r.across[m] = narrow * s->pitch[0] * s->pitch[0];
		r.down[m] = narrow * s->pitch[1] * s->pitch[1];
		r.power[m] = fmax(slab_passes(s->made_of, s->thickness, s->light_speed, t), 0);
		double light = r.power[m] * ring_sum(grid.x, r.across[m]) * ring_sum(grid.y, r.down[m]);
		sum += light;
		r.delay += light * (double)m;
	}
	for (int64_t m = 1; m < n && sum > 0; m++)
		r.power[m] /= sum;
	r.delay = sum > 0 ? r.delay / sum : 0;
	return r;
}

static void response_rows(void *data, array *strip, array *spare, int64_t z, int64_t y,
	int64_t rows)
{
	const struct response *r = data;
	(void)spare;
	if (z >= r->bins)
		return;
	RUN_PART(strip, 0, rows, k_slab_spread, strip, strip->pitch, y, r->grid.y, r->grid.x,
		(float)r->power[z], (float)r->across[z], (float)r->down[z]);
}

static void make_factor(diffuse_slab *d, const slab_setting *s)
{
	struct response r = response_of(s, d->grid);
	convolve_pass_rows(d->passes, d->factor, d->grid, CONVOLVE_FORWARD, response_rows, &r);
	convolve_pass_finish(d->passes, d->factor);
	d->told = s->window.z - MIN((int64_t)ceil(2 * r.delay), s->window.z / 2);
	RUN(d->factor, k_slab_wiener, d->factor, (float)s->noise,
		(float)(1 / (double)shape_count(d->grid)));
	g_free(r.power);
	g_free(r.across);
	g_free(r.down);
}

diffuse_slab *diffuse_slab_new(device *dev, const slab_setting *s)
{
	diffuse_slab *d = g_new0(diffuse_slab, 1);
	d->dev = dev;
	d->window = s->window;
	d->grid = grid_of(s->window);
	d->passes = convolve_pass_new(dev, d->grid);
	d->factor = array_new(dev, COMPLEX, fft_spectrum_shape(d->grid));
	d->spectrum = array_like(d->factor);
	if (!dev->error)
		make_factor(d, s);
	return d;
}

void diffuse_slab_free(diffuse_slab *d)
{
	if (!d)
		return;
	convolve_pass_free(d->passes);
	array_free(d->factor);
	array_free(d->spectrum);
	g_free(d);
}

/* --- its use ---------------------------------------------------------------------------------- */

static void take_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const diffuse_slab *d = data;
	array in = array_from_row(d->counts, z, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_rows_scale, strip, strip->pitch, &in, in.pitch, strip->shape.x, 1.0f);
}

static void give_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	const diffuse_slab *d = data;
	array out = array_from_row(d->seen, z, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_rows_scale, &out, out.pitch, strip, strip->pitch, strip->shape.x,
		z < d->told ? 1.0f : 0.0f);
}

void diffuse_slab_undo(diffuse_slab *d, array *seen, const array *counts)
{
	d->seen = seen;
	d->counts = counts;
	convolve_pass_rows(d->passes, d->spectrum, d->window, CONVOLVE_FORWARD, take_rows, d);
	convolve_pass_lines(d->passes, d->spectrum, d->factor, false, d->window.z, d->window.z);
	convolve_pass_rows(d->passes, d->spectrum, d->window, CONVOLVE_INVERSE, give_rows, d);
}
