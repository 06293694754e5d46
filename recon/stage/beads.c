/* SPDX-License-Identifier: BSD-3-Clause */
/* beads.c - beads shifted onto each other, and their mean */
#include "stage/beads.h"

#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/calibrate.h"
#include "stage/psf.h"
#include "stage/select.h"

#define TO_SIGMA (1 / 2.3548200450309493)       /* of a full width at half maximum of a Gaussian */
#define HOT_THRESHOLD 8.0       /* above the brightest neighbour, in noise */
#define ABOVE_NOISE 3.0         /* what is kept of the mean, smoothed */

/* --- hot pixels ------------------------------------------------------------------------------- */

/* calibrate_hot() also takes the peaks of small beads: those are given back. */
static int64_t give_back(array *repaired, const array *plane, double level)
{
	int64_t width = plane->shape.x, hot = 0;
	for (int64_t i = 0; i < plane->shape.y * width; i++) {
		double was = (double)array_row(plane, 0, 0, i / width)[i % width];
		float *now = array_row(repaired, 0, 0, i / width) + i % width;
		if ((double)*now >= was)
			continue;
		bool alone = was - level > 8 * fmax((double)*now - level, 0);
		hot += alone;
		*now = alone ? *now : (float)was;
	}
	return hot;
}

int64_t beads_repair(array *stack, GError **err)
{
	int64_t hot = 0;
	if (stack->shape.y * stack->shape.x == 1)       /* no neighbours */
		return 0;
	for (int64_t z = 0; z < stack->shape.z; z++) {
		array plane = array_plane(stack, 0, z);
		g_autoptr(array) was = array_copy(&plane);
		if (!device_ok(stack->dev, err) || calibrate_hot(&plane, HOT_THRESHOLD, err) < 0)
			return -1;
		double level = calibrate_percentile(was, -1, 50, err);
		if (isnan(level))
			return -1;
		hot += give_back(&plane, was, level);
	}
	return hot;
}

/* --- shifts by parts of a voxel --------------------------------------------------------------- */

enum { LOBES = 6, TAPS = 2 * LOBES };

static double sinc(double x)
{
	return fabs(x) < 1e-9 ? 1 : sin(M_PI * x) / (M_PI * x);
}

/* A value at `part` (0 to 1) behind tap LOBES - 1: Lanczos' windowed sinc, of sum 1. */
static void taps_at(double part, double tap[TAPS])
{
	double sum = 0;
	for (int i = 0; i < TAPS; i++) {
		double x = (double)(i - LOBES + 1) - part;
		tap[i] = fabs(x) < LOBES ? sinc(x) * sinc(x / LOBES) : 0;
		sum += tap[i];
	}
	for (int i = 0; i < TAPS; i++)
		tap[i] /= sum;
}

/* TAPS - 1 fewer values along the axis. */
static array *shifted(const array *a, int axis, double part)
{
	double tap[TAPS];
	int64_t n[3], step[3] = { 0 };
	beads_sides(a, n);
	step[axis] = 1;
	n[axis] -= TAPS - 1;
	taps_at(part, tap);
	array *out = array_new(a->dev, REAL, (shape){ 1, n[2], n[1], n[0] });
	for (int64_t i = 0; out->mem && i < n[0] * n[1] * n[2]; i++) {
		int64_t x = i % n[0], y = i / n[0] % n[1], z = i / n[0] / n[1];
		double sum = 0;
		for (int64_t k = 0; k < TAPS; k++)
			sum += tap[k] * (double)array_row(a, 0, z + k * step[2], y + k * step[1])[x + k * step[0]];
		array_row(out, 0, z, y)[x] = (float)sum;
	}
	return out;
}

/* A box of the stack from `first` on; beyond its ends the last voxels. */
static array *cut_out(const array *stack, const int64_t first[3], const int64_t size[3])
{
	int64_t n[3];
	beads_sides(stack, n);
	array *box = array_new(stack->dev, REAL, (shape){ 1, size[2], size[1], size[0] });
	for (int64_t i = 0; box->mem && i < size[1] * size[2]; i++) {
		const float *from = array_row(stack, 0, CLAMP(first[2] + i / size[1], 0, n[2] - 1),
			CLAMP(first[1] + i % size[1], 0, n[1] - 1));
		float *to = array_row(box, 0, i / size[1], i % size[1]);
		for (int64_t x = 0; x < size[0]; x++)
			to[x] = from[CLAMP(first[0] + x, 0, n[0] - 1)];
	}
	return box;
}

/* The box whose middle voxel is at `centre`. */
static array *centred_box(const array *stack, const double centre[3], const int64_t size[3])
{
	int64_t first[3], wide[3], n[3];
	double part[3];
	beads_sides(stack, n);
	for (int k = 0; k < 3; k++) {
		int64_t margin = n[k] > 1 ? LOBES - 1 : 0;
		part[k] = centre[k] - floor(centre[k]);
		first[k] = (int64_t)floor(centre[k]) - size[k] / 2 - margin;
		wide[k] = size[k] + (n[k] > 1 ? TAPS - 1 : 0);
	}
	array *box = cut_out(stack, first, wide);
	for (int k = 0; k < 3; k++) {
		if (n[k] == 1 || !box->mem)
			continue;
		array *next = shifted(box, k, part[k]);
		array_free(box);
		box = next;
	}
	return box;
}

/* --- one bead --------------------------------------------------------------------------------- */

/* In a face of the box beside the axis: at its ends there is light, out of focus. */
static bool in_rim(const int64_t n[3], int64_t x, int64_t y)
{
	return (n[0] > 1 && (x == 0 || x == n[0] - 1)) || (n[1] > 1 && (y == 0 || y == n[1] - 1));
}

/* Median of the values in those faces; NaN and *err without memory. */
static double rim_of(const array *box, GError **err)
{
	int64_t n[3], count = 0;
	beads_sides(box, n);
	g_autofree float *v = g_try_new(float, n[0] * n[1] * n[2]);
	if (!v) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, "a smaller --size", "no memory for a bead");
		return NAN;
	}
	for (int64_t i = 0; i < n[0] * n[1] * n[2]; i++) {
		int64_t x = i % n[0], y = i / n[0] % n[1], z = i / n[0] / n[1];
		if (in_rim(n, x, y))
			v[count++] = array_row(box, 0, z, y)[x];
	}
	return count ? select_percentile(v, count, 50) : 0;
}

typedef struct { double light, moment[3]; } weighted;

/* Light, and its moments, under a Gaussian about a place in the box. */
static weighted under_window(const array *box, const double at[3], const double sigma[3])
{
	weighted sum = { 0 };
	int64_t n[3];
	beads_sides(box, n);
	for (int64_t i = 0; i < n[0] * n[1] * n[2]; i++) {
		const int64_t place[3] = { i % n[0], i / n[0] % n[1], i / n[0] / n[1] };
		double d[3], square = 0;
		for (int k = 0; k < 3; k++) {
			d[k] = (double)place[k] - at[k];
			square += d[k] * d[k] / (sigma[k] * sigma[k]);
		}
		if (square > 25)
			continue;
		double v = exp(-0.5 * square) * (double)array_row(box, 0, place[2], place[1])[place[0]];
		sum.light += v;
		for (int k = 0; k < 3; k++)
			sum.moment[k] += v * d[k];
	}
	return sum;
}

/*
 * Where the first moments under a Gaussian as wide as the bead vanish: the peak of the continuous
 * picture smoothed by it, which uses all the light there is.  Each step is doubled, as a Gaussian
 * under itself needs it.
 */
static void find_centre(const array *box, const double sigma[3], double at[3])
{
	int64_t n[3];
	beads_sides(box, n);
	for (int step = 0; step < 30; step++) {
		weighted w = under_window(box, at, sigma);
		if (!(w.light > 0))
			return;
		for (int k = 0; k < 3; k++) {
			double middle = 0.5 * (double)(n[k] - 1), most = 0.25 * (double)(n[k] - 1);
			at[k] += CLAMP(2 * w.moment[k] / w.light, -1, 1);
			at[k] = CLAMP(at[k], middle - most, middle + most);
		}
	}
}

/* The bead alone, on the middle voxel, of light 1 under the window, before *light; its centre. */
static array *registered(const array *stack, bead *b, const beads_facts *f, double *light,
	GError **err)
{
	double at[3], middle[3], sigma[3];
	for (int k = 0; k < 3; k++) {
		sigma[k] = fmax(f->fwhm[k] * TO_SIGMA, 1);
		middle[k] = at[k] = (double)(f->size[k] / 2);
		b->centre[k] = (double)b->peak[k];
	}
	g_autoptr(array) rough = centred_box(stack, b->centre, f->size);
	double level = device_ok(stack->dev, err) ? rim_of(rough, err) : NAN;
	if (isnan(level))
		return NULL;
	vec_shift(rough, (float)-level);
	find_centre(rough, sigma, at);
	for (int k = 0; k < 3; k++)
		b->centre[k] += at[k] - middle[k];
	g_autoptr(array) box = centred_box(stack, b->centre, f->size);
	vec_shift(box, (float)-level);
	if (!device_ok(stack->dev, err))
		return NULL;
	*light = under_window(box, middle, sigma).light;
	vec_scale(box, *light > 0 ? (float)(1 / *light) : 0);
	return device_ok(stack->dev, err) ? g_steal_pointer(&box) : NULL;
}

/* --- the mean --------------------------------------------------------------------------------- */

/* What is left of the background goes; so does what its surroundings do not raise above noise. */
static bool clean(array *psf, double noise, GError **err)
{
	double level = device_ok(psf->dev, err) ? rim_of(psf, err) : NAN;
	if (isnan(level))
		return false;
	vec_shift(psf, (float)-level);
	g_autoptr(array) smooth = beads_smoothed(psf);
	if (!device_ok(psf->dev, err))
		return false;
	for (int64_t i = 0; i < psf->shape.z * psf->shape.y; i++) {
		float *row = array_row(psf, 0, i / psf->shape.y, i % psf->shape.y);
		const float *around = array_row(smooth, 0, i / psf->shape.y, i % psf->shape.y);
		for (int64_t x = 0; x < psf->shape.x; x++)
			row[x] = (double)around[x] > ABOVE_NOISE * noise && row[x] > 0 ? row[x] : 0;
	}
	return true;
}

/* Of one voxel, from that of the smoothed, of which 1 / (2 sqrt(pi)) is left for each axis. */
static double noise_of_voxel(shape s, double smoothed)
{
	int axes = (s.x > 1) + (s.y > 1) + (s.z > 1);
	return smoothed * pow(2 * sqrt(M_PI), 0.5 * axes);
}

array *beads_average(const array *stack, GArray *beads, const beads_facts *facts,
	const bead_ball *ball, GError **err)
{
	double light, variance = 0;
	shape s = { 1, facts->size[2], facts->size[1], facts->size[0] };
	g_autoptr(array) sum = array_new(stack->dev, REAL, s);
	vec_fill(sum, 0);
	for (guint i = 0; i < beads->len; i++) {
		bead *b = &g_array_index(beads, bead, i);
		if (b->fate != BEAD_USED)
			continue;
		g_autoptr(array) one = registered(stack, b, facts, &light, err);
		if (!one)
			return NULL;
		vec_add(sum, one);
		variance += light > 0 ? pow(facts->noise / light, 2) : 0;
	}
	if (ball) {
		array *sharp = beads_without_size(sum, ball, noise_of_voxel(s, sqrt(variance)), err);
		if (!sharp)
			return NULL;
		array_free(sum);
		sum = sharp;
	}
	if (!clean(sum, sqrt(variance), err) || !psf_normalise(sum, PSF_NORM_VOLUME, NULL, NULL, err))
		return NULL;
	return g_steal_pointer(&sum);
}

/* --- turned about the axis -------------------------------------------------------------------- */

enum { TURNS = 64 };

typedef struct {
	const array *from;
	array *to;
} turning;

/* Add what stands between pixels to (y, x), in all planes; beyond the edge it is dark. */
static void add_turned(const turning *t, int64_t y, int64_t x, double from_y, double from_x)
{
	double down[TAPS], across[TAPS];
	shape n = t->from->shape;
	int64_t y0 = (int64_t)floor(from_y) - LOBES + 1, x0 = (int64_t)floor(from_x) - LOBES + 1;
	taps_at(from_y - floor(from_y), down);
	taps_at(from_x - floor(from_x), across);
	for (int64_t z = 0; z < n.z; z++) {
		double sum = 0;
		for (int64_t j = MAX(-y0, 0); j < MIN(TAPS, n.y - y0); j++) {
			const float *row = array_row(t->from, 0, z, y0 + j);
			double along = 0;
			for (int64_t i = MAX(-x0, 0); i < MIN(TAPS, n.x - x0); i++)
				along += across[i] * (double)row[x0 + i];
			sum += down[j] * along;
		}
		array_row(t->to, 0, z, y)[x] += (float)(sum / TURNS);
	}
}

static void turn_rows(int64_t first, int64_t end, void *data)
{
	const turning *t = data;
	shape n = t->from->shape;
	for (int64_t i = first * n.x; i < end * n.x; i++) {
		int64_t y = i / n.x, x = i % n.x;
		double v = (double)(y - n.y / 2), u = (double)(x - n.x / 2);
		for (int k = 0; k < TURNS; k++) {
			double c = cos(2 * M_PI * k / TURNS), s = sin(2 * M_PI * k / TURNS);
			add_turned(t, y, x, c * v - s * u + (double)(n.y / 2), s * v + c * u + (double)(n.x / 2));
		}
	}
}

array *beads_turned(const array *psf, GError **err)
{
	g_autoptr(array) out = array_like(psf);
	turning t = { psf, out };
	if (!device_ok(psf->dev, err))
		return NULL;
	vec_fill(out, 0);
	device_each(psf->dev, psf->shape.y, 1, turn_rows, &t);
	vec_clamp(out, 0, G_MAXFLOAT);
	return psf_normalise(out, PSF_NORM_VOLUME, NULL, NULL, err) ? g_steal_pointer(&out) : NULL;
}
