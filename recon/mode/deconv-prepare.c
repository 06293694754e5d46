/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-prepare.c - counts and PSF made ready: offset, gain, saturation, background, centre */
#include <math.h>

#include "core/error.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/calibrate.h"
#include "stage/geometry.h"
#include "stage/noise.h"
#include "stage/psf.h"

void deconv_data_clear(deconv_data *d)
{
	g_clear_pointer(&d->y, array_free);
	g_clear_pointer(&d->weights, array_free);
	for (int64_t i = 0; i < d->n_spreads; i++)
		array_free(d->spreads[i].psf);
	g_clear_pointer(&d->spreads, g_free);
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

static void crop_psf(deconv_spread *a, shape w)
{
	position c = a->centre;
	shape p = a->psf->shape;
	position first = { first_needed(c.z, w.z), first_needed(c.y, w.y), first_needed(c.x, w.x) };
	position end = { end_needed(p.z, c.z, w.z), end_needed(p.y, c.y, w.y), end_needed(p.x, c.x, w.x) };
	g_autoptr(array) whole = a->psf;
	a->psf = part_of(whole, first, end);
	a->centre = (position){ c.z - first.z, c.y - first.y, c.x - first.x };
}

/* What a PSF from a file may have that a PSF cannot: mended, and told. */
static void mend_psf(const task *t, const input *p, deconv_spread *a)
{
	const deconv_options *o = t->options;
	position middle = middle_of(a->psf->shape), peak = peak_of(a->psf);
	double sum = vec_sum(a->psf);
	calibrate_subtract(a->psf, 0, true);
	if (vec_sum(a->psf) > sum * (1 + 1e-6))
		report_warn(t->report, "%s has negative values, which a PSF cannot have: taken as 0", p->path);
	if (o->centre != CENTRE_MIDDLE)
		a->centre = peak;
	if (a->centre.z != middle.z || a->centre.y != middle.y || a->centre.x != middle.x)
		report_warn(t->report, "%s is brightest %d, %d, %d pixels (z, y, x) off its middle: taken as its "
			"centre; --psf-centre middle for the middle", p->path, (int)(peak.z - middle.z),
			(int)(peak.y - middle.y), (int)(peak.x - middle.x));
}

static bool prepare_psf(const task *t, shape stack, deconv_spread *a, GError **err)
{
	const input *p = task_picture(t, "psf");
	const char *name = p ? p->path : "the PSF";
	if (!psf_check(a->psf, name, err))
		return false;
	a->centre = middle_of(a->psf->shape);
	if (p)
		mend_psf(t, p, a);
	crop_psf(a, stack);
	return device_ok(t->cpu, err) && psf_normalise(a->psf, PSF_NORM_VOLUME, NULL, name, err);
}

static bool prepare_psfs(const task *t, deconv_data *d, GError **err)
{
	shape stack = d->y->shape;
	stack.z /= d->frames;
	g_autoptr(GPtrArray) all = deconv_psfs(t, stack, err);
	if (!all)
		return false;
	if (all->len != 1 && all->len != (guint)stack.c) {
		error_set(err, RELUMINE_MISMATCH, task_picture(t, "psf")->path, "give one channel, or one for "
			"each of the picture's", "the PSF has %d channels, the picture %d", (int)all->len,
			(int)stack.c);
		return false;
	}
	d->n_spreads = all->len;
	d->spreads = g_new0(deconv_spread, all->len);
	for (guint i = 0; i < all->len; i++) {
		d->spreads[i].psf = all->pdata[i];
		all->pdata[i] = NULL;
	}
	for (guint i = 0; i < all->len; i++)
		if (!prepare_psf(t, stack, &d->spreads[i], err))
			return false;
	return true;
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
		error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path,
			"--saturation COUNTS says from where on they are", "all pixels are saturated");
		return false;
	}
	return device_ok(t->cpu, err);
}

/*
 * Counts less what the camera adds, in electrons, and the variance of reading them, so that the sum
 * is nearly Poisson (Snyder, Hammoud and White, J. Opt. Soc. Am. A 10, 1993).
 */
static bool to_electrons(const task *t, deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	GError *failed = NULL;
	double noise = o->read_noise, gain = isnan(o->gain) ? noise_gain(d->y, &failed) : o->gain;
	if (failed) {
		g_propagate_error(err, failed);
		return false;
	}
	d->scale = isnan(gain) ? 1 : gain;
	d->shift = noise * noise;
	vec_shift(d->y, (float)-o->offset);
	vec_scale(d->y, (float)d->scale);
	vec_shift(d->y, (float)d->shift);
	vec_clamp(d->y, 0, INFINITY);
	report_number(t->report, "gain", d->scale);
	return true;
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
	d->frames = in->scale && in->scale->frames > 0 && d->y->shape.z % in->scale->frames == 0 ?
		in->scale->frames : 1;
	if (!device_ok(t->cpu, err) || (isfinite(level) && !weigh(t, d, level, err)))
		return false;
	bool blind = o->blind && !deconv_has_start(t);
	if (!to_electrons(t, d, err) || !(blind ? deconv_blind_kernel : prepare_psfs)(t, d, err) ||
	    !find_background(t, d, err))
		return false;
	report_number(t->report, "least", d->least);
	report_number(t->report, "background", d->background);
	return device_ok(t->cpu, err);
}
