/* SPDX-License-Identifier: BSD-3-Clause */
/* beads-size.c - the size of the beads themselves, taken out of the PSF that they gave */
#include "stage/beads.h"

#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/fft.h"
#include "math/vec.h"
#include "mirror.cl"

double ball_transfer(double diameter, double frequency)
{
	double q = M_PI * diameter * frequency;
	return q < 1e-2 ? 1 - q * q / 10 : 3 * (sin(q) - q * cos(q)) / (q * q * q);
}

/* Gains end at 1 / (2 sqrt(RIDGE)) = 9: near the zeros of the transform is nothing to find. */
#define RIDGE 0.003
/* Powers below this many times the noise's are noise: e^-4 of those of noise alone are above. */
#define NOISE_MARGIN 4.0

typedef struct {
	const bead_ball *ball;
	array *spectrum;
	int64_t grid[3], box[3];        /* voxels: x, y, z */
	double noise;           /* power of a frequency */
} filter;

/* Of element i of an axis, 1/nm. */
static double frequency(const filter *f, int axis, int64_t i)
{
	int64_t n = f->grid[axis], k = 2 * i > n ? i - n : i;
	return (double)k / ((double)n * f->ball->voxel_nm[axis]);
}

/*
 * What a widefield lens passes: up to 2 NA / lambda across, and along the axis a torus (Streibl, J.
 * Opt. Soc. Am. A 2, 1985); a box blurs both by the inverse of its length.
 */
static bool passes(const filter *f, double across, double along)
{
	const bead_ball *b = f->ball;
	double length = b->ni / b->wavelength_nm, rim = b->aperture / b->wavelength_nm;
	double slack = 1 / ((double)MIN(f->box[0], f->box[1]) * fmax(b->voxel_nm[0], b->voxel_nm[1]));
	double slack_z = f->box[2] > 1 ? 1 / ((double)f->box[2] * b->voxel_nm[2]) : INFINITY;
	if (isnan(rim))
		return true;
	if (across > 2 * rim + slack)
		return false;
	double off = fmax(fabs(across - rim) - slack, 0);
	return fabs(along) <= sqrt(fmax(length * length - off * off, 0)) -
		sqrt(length * length - rim * rim) + slack_z;
}

/* Inverse of the ball, as far as the light is above the noise. */
static double gain_at(const filter *f, const double at[3], double power)
{
	double across = hypot(at[0], at[1]), ball = ball_transfer(f->ball->diameter_nm,
		hypot(across, at[2]));
	if (!passes(f, across, at[2]) || power <= NOISE_MARGIN * f->noise)
		return 0;
	return (1 - NOISE_MARGIN * f->noise / power) * (1 + RIDGE) * ball / (ball * ball + RIDGE);
}

static void filter_rows(int64_t first, int64_t end, void *data)
{
	const filter *f = data;
	shape s = f->spectrum->shape;
	for (int64_t row = first; row < end; row++) {
		float *re = array_row(f->spectrum, 0, row / s.y, row % s.y), *im = re + f->spectrum->imag;
		for (int64_t x = 0; x < s.x; x++) {
			const double at[3] = { frequency(f, 0, x), frequency(f, 1, row % s.y),
				f->grid[2] > 1 ? frequency(f, 2, row / s.y) : 0 };
			double power = (double)re[x] * (double)re[x] + (double)im[x] * (double)im[x];
			float gain = (float)gain_at(f, at, power);
			re[x] *= gain;
			im[x] *= gain;
		}
	}
}

static int64_t doubled(int64_t n)
{
	return n == 1 ? 1 : fft_good_size(2 * n);
}

/* On the CPU, with mirror images around, so that ends meet. */
array *beads_without_size(const array *box, const bead_ball *ball, double noise, GError **err)
{
	shape s = box->shape, g = { 1, doubled(s.z), doubled(s.y), doubled(s.x) };
	g_autoptr(array) wide = array_new(box->dev, REAL, g);
	g_autoptr(array) spectrum = array_new(box->dev, COMPLEX, fft_spectrum_shape(g));
	g_autoptr(fft) plan = fft_new(box->dev, g, g.z > 1 ? 3 : 2);
	filter f = { ball, spectrum, { g.x, g.y, g.z }, { s.x, s.y, s.z },
		noise * noise * (double)shape_count(g) };
	RUN(wide, k_mirror, wide, box, wide->pitch, wide->plane_rows, g.z, g.y, g.x, box->pitch,
		box->plane_rows, s.z, s.y, s.x);
	fft_forward(plan, spectrum, wide);
	if (!device_ok(box->dev, err))
		return NULL;
	device_each(box->dev, spectrum->shape.z * spectrum->shape.y, 1, filter_rows, &f);
	fft_inverse(plan, wide, spectrum);
	vec_scale(wide, 1 / (float)shape_count(g));
	g_autoptr(array) out = array_like(box);
	for (int64_t i = 0; i < s.z * s.y && out->mem && wide->mem; i++)
		memcpy(array_row(out, 0, i / s.y, i % s.y), array_row(wide, 0, i / s.y, i % s.y),
			(size_t)s.x * sizeof(float));
	return device_ok(box->dev, err) ? g_steal_pointer(&out) : NULL;
}
