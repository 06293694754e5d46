/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-prepare.c - the PSF made ready: mended, centred, cut to what the picture can use */
#include <math.h>

#include "core/error.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/calibrate.h"
#include "stage/geometry.h"
#include "stage/psf.h"

static void deconv_spread_clear(deconv_spread *s)
{
	array_free(s->psf);
	rl_blur_free(s->blur);
}

void deconv_data_clear(deconv_data *d)
{
	g_clear_pointer(&d->y, array_free);
	g_clear_pointer(&d->weights, array_free);
	g_clear_pointer(&d->offset, array_free);
	g_clear_pointer(&d->least, g_free);
	for (int64_t i = 0; i < d->n_spreads; i++)
		deconv_spread_clear(&d->spreads[i]);
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

array *deconv_part(const array *a, position first, position end)
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
	a->psf = deconv_part(whole, first, end);
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

/* Voxels that differ by less than this share are the same. */
#define SAME_VOXEL 0.01
#define RATIO_MOST 20.0

/* A PSF taken with other voxels than the picture is brought to the picture's. */
static bool fit_voxels(const task *t, const input *p, shape w, deconv_spread *a, GError **err)
{
	double own[3], wanted[3], ratio[3] = { 1, 1, 1 };
	int64_t centre[3] = { a->centre.x, a->centre.y, a->centre.z };
	bool same = true;
	if (!deconv_voxel(t, wanted, err) || !deconv_psf_voxel(t, p->scale, own, err))
		return false;
	for (int k = 0; k < (w.z > 1 && a->psf->shape.z > 1 ? 3 : 2); k++) {
		ratio[k] = isnan(own[k] / wanted[k]) ? 1 : own[k] / wanted[k];
		same = same && fabs(ratio[k] - 1) <= SAME_VOXEL;
		if (ratio[k] <= RATIO_MOST && ratio[k] >= 1 / RATIO_MOST)
			continue;
		error_set(err, RELUMINE_MISMATCH, p->path, "--psf-voxel X,Y,Z says the size of the PSF's "
			"voxels, --voxel that of the picture's", "its voxels are %g nm along %c, those of the "
			"picture %g nm", own[k], "xyz"[k], wanted[k]);
		return false;
	}
	if (same)
		return true;
	report_warn(t->report, "%s has voxels of %g, %g, %g nm (x, y, z), the picture of %g, %g, %g: "
		"resampled to those; --psf-voxel and --voxel say if that is wrong", p->path, own[0], own[1],
		own[2], wanted[0], wanted[1], wanted[2]);
	g_autoptr(array) old = a->psf;
	a->psf = psf_resampled(old, ratio, centre, (const int64_t[3]){ w.x, w.y, w.z });
	a->centre = (position){ centre[2], centre[1], centre[0] };
	return device_ok(t->cpu, err);
}

static bool prepare_psf(const task *t, shape stack, deconv_spread *a, GError **err)
{
	const input *p = task_picture(t, "psf");
	const char *name = p ? p->path : "the PSF";
	if (!psf_check(a->psf, name, err))
		return false;
	a->centre = middle_of(a->psf->shape);
	if (p) {
		mend_psf(t, p, a);
		if (!fit_voxels(t, p, stack, a, err))
			return false;
	}
	crop_psf(a, stack);
	if (((const deconv_options *)t->options)->compat == COMPAT_DECONWOLF)
		deconwolf_crop(a);
	a->size = a->psf->shape;
	return device_ok(t->cpu, err) && psf_normalise(a->psf, PSF_NORM_VOLUME, NULL, name, err);
}

bool deconv_take_psfs(const task *t, deconv_data *d, GError **err)
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

/* A size that is not known counts as the smallest lateral one. */
static bool find_spacing(const task *t, deconv_data *d, GError **err)
{
	double voxel[3];
	if (!deconv_voxel(t, voxel, err))
		return false;
	double least = fmin(voxel[0], voxel[1]);
	for (int i = 0; i < 3; i++)
		voxel[i] = isnan(voxel[i] / least) ? 1 : CLAMP(voxel[i] / least, 0.01, 1e6);
	d->apart = (distances){ voxel[2], voxel[1], voxel[0] };
	report_number(t->report, "spacing_x", d->apart.x);
	report_number(t->report, "spacing_y", d->apart.y);
	report_number(t->report, "spacing_z", d->apart.z);
	return true;
}

bool deconv_prepare(const task *t, deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	d->saturation = INFINITY;
	return find_spacing(t, d, err) &&
		(o->compat ? deconwolf_take_counts : deconv_take_counts)(t, d, err) &&
		(deconv_finds_kernel(t) ? deconv_blind_kernel : deconv_take_psfs)(t, d, err);
}
