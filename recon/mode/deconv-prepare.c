/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-prepare.c - counts and PSF made ready: offset, gain, saturation, background, centre */
#include <math.h>

#include "core/error.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/calibrate.h"
#include "stage/geometry.h"
#include "stage/psf.h"

void deconv_data_clear(deconv_data *d)
{
	g_clear_pointer(&d->y, array_free);
	g_clear_pointer(&d->weights, array_free);
	g_clear_pointer(&d->psf, array_free);
}

/* --- the PSF ---------------------------------------------------------------------------------- */

/* The middle of an axis: for even sizes the element behind it, where a transform has its zero. */
static position middle_of(shape s)
{
	return (position){ s.z / 2, s.y / 2, s.x / 2 };
}

/* The brightest element; of several, the one nearest to the middle. */
static position peak_of(const array *psf)
{
	position m = middle_of(psf->shape), best = m;
	float most = -INFINITY;
	int64_t nearest = INT64_MAX;
	for (int64_t z = 0; z < psf->shape.z; z++) {
		for (int64_t y = 0; y < psf->shape.y; y++) {
			for (int64_t x = 0; x < psf->shape.x; x++) {
				float v = array_row(psf, 0, z, y)[x];
				int64_t far = (z - m.z) * (z - m.z) + (y - m.y) * (y - m.y) + (x - m.x) * (x - m.x);
				if (v < most || (v == most && far >= nearest))
					continue;
				most = v;
				nearest = far;
				best = (position){ z, y, x };
			}
		}
	}
	return best;
}

/* How much of an axis is of use: a voxel cannot send light further than the window is long. */
static int64_t first_needed(int64_t centre, int64_t window)
{
	return MAX(centre - (window - 1), 0);
}

static int64_t end_needed(int64_t size, int64_t centre, int64_t window)
{
	return MIN(centre + window, size);
}

static array *part_of(const array *a, position first, position end)
{
	shape s = { a->shape.c, end.z - first.z, end.y - first.y, end.x - first.x };
	array *part = array_new(a->dev, REAL, s);
	for (int64_t c = 0; c < s.c && !a->dev->error; c++) {
		for (int64_t z = 0; z < s.z; z++) {
			array plane = array_plane(a, c, z + first.z), to = array_plane(part, c, z);
			g_autoptr(array) cut = geometry_crop(&plane, first.y, first.x, s.y, s.x);
			vec_copy(&to, cut);
		}
	}
	return part;
}

static void crop_psf(deconv_data *d)
{
	shape w = d->y->shape, p = d->psf->shape;
	position first = { first_needed(d->centre.z, w.z), first_needed(d->centre.y, w.y),
		first_needed(d->centre.x, w.x) };
	position end = { end_needed(p.z, d->centre.z, w.z), end_needed(p.y, d->centre.y, w.y),
		end_needed(p.x, d->centre.x, w.x) };
	g_autoptr(array) whole = d->psf;
	d->psf = part_of(whole, first, end);
	d->centre = (position){ d->centre.z - first.z, d->centre.y - first.y, d->centre.x - first.x };
}

static bool prepare_psf(const task *t, deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	const input *p = task_picture(t, "psf");
	d->psf = array_copy(p->data);
	if (d->psf->shape.c != 1 && d->psf->shape.c != d->y->shape.c) {
		error_set(err, RELUMINE_MISMATCH, p->path, "give one channel, or one for each of the picture's",
			"the PSF has %d channels, the picture %d", (int)d->psf->shape.c, (int)d->y->shape.c);
		return false;
	}
	if (!device_ok(t->cpu, err) || !psf_check(d->psf, p->path, err))
		return false;
	double negative = vec_sum(d->psf);
	calibrate_subtract(d->psf, 0, true);
	if (vec_sum(d->psf) > negative * (1 + 1e-6))
		report_warn(t->report, "%s has negative values, which a PSF cannot have: taken as 0", p->path);
	array first = array_channel(d->psf, 0);
	position middle = middle_of(d->psf->shape);
	d->centre = o->centre == CENTRE_MIDDLE ? middle : peak_of(&first);
	if (d->centre.z != middle.z || d->centre.y != middle.y || d->centre.x != middle.x)
		report_warn(t->report, "%s is brightest %d, %d, %d pixels (z, y, x) off its middle: taken as its "
			"centre; --psf-centre middle for the middle", p->path, (int)(d->centre.z - middle.z),
			(int)(d->centre.y - middle.y), (int)(d->centre.x - middle.x));
	crop_psf(d);
	return device_ok(t->cpu, err) && psf_normalise(d->psf, PSF_NORM_VOLUME, NULL, p->path, err);
}

/* --- the data --------------------------------------------------------------------------------- */

/* Pixels at the largest value say no more than "at least so much". */
static bool weigh(const task *t, deconv_data *d, double level, GError **err)
{
	int64_t n = 0;
	d->weights = array_like(d->y);
	vec_fill(d->weights, 1);
	for (int64_t p = 0; p < shape_planes(d->y->shape) && !t->cpu->error; p++)
		for (int64_t y = 0; y < d->y->shape.y; y++)
			for (int64_t x = 0; x < d->y->shape.x; x++)
				if ((double)array_row(d->y, 0, p, y)[x] >= level) {
					array_row(d->weights, 0, p, y)[x] = 0;
					n++;
				}
	report_integer(t->report, "saturated", n);
	if (n == 0)
		g_clear_pointer(&d->weights, array_free);
	if (n == shape_count(d->y->shape)) {
		error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path, "--saturation none keeps them",
			"all pixels are saturated");
		return false;
	}
	return device_ok(t->cpu, err);
}

/*
 * Counts less what the camera adds, in electrons, and the variance of reading them, so that the sum
 * is nearly Poisson (Snyder, Hammoud and White, J. Opt. Soc. Am. A 10, 1993).
 */
static void to_electrons(const task *t, deconv_data *d)
{
	const deconv_options *o = t->options;
	double noise = o->read_noise;
	d->scale = isnan(o->gain) ? 1 : o->gain;
	d->shift = noise * noise;
	vec_shift(d->y, (float)-o->offset);
	vec_scale(d->y, (float)d->scale);
	vec_shift(d->y, (float)d->shift);
	vec_clamp(d->y, 0, INFINITY);
}

/*
 * A background that the estimate holds itself: it starts and stays above the darkest counts, which
 * converges faster than one that is added to the model.
 */
static bool find_background(const task *t, deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	float least, most;
	vec_range(d->y, &least, &most);
	double floor_value = fmax((double)least, 1e-5 * (double)most);
	d->background = isnan(o->background) ? NAN : (o->background - o->offset) * d->scale + d->shift;
	d->least = isnan(d->background) ? floor_value : 1e-5 * (double)most;
	if (most > 0)
		return true;
	error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path, o->offset != 0 ? "check --offset" :
		"check that this is the right file: relumine inspect", "the picture holds no light");
	return false;
}

bool deconv_prepare(const task *t, deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	const input *in = &t->inputs[0];
	double level = o->saturation >= 0 ? o->saturation : in->white > 0 ? in->white : INFINITY;
	d->y = array_copy(in->data);
	if (!device_ok(t->cpu, err) || (isfinite(level) && !weigh(t, d, level, err)))
		return false;
	to_electrons(t, d);
	if (!prepare_psf(t, d, err) || !find_background(t, d, err))
		return false;
	report_number(t->report, "least", d->least);
	report_number(t->report, "background", d->background);
	return device_ok(t->cpu, err);
}
