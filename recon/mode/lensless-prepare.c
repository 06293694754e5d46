/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-prepare.c - a capture and its PSF: dark level, flat field, colour, size, scale */
#include <math.h>

#include "core/error.h"
#include "math/fft.h"
#include "math/vec.h"
#include "mode/lensless.h"
#include "stage/calibrate.h"
#include "stage/demosaic.h"
#include "stage/geometry.h"
#include "stage/psf.h"
#include "stage/resample.h"

void lensless_data_clear(lensless_data *d)
{
	g_clear_pointer(&d->b, array_free);
	g_clear_pointer(&d->psf, array_free);
	g_clear_pointer(&d->left, array_free);
	g_clear_pointer(&d->right, array_free);
	g_clear_pointer(&d->left_svd, g_ptr_array_unref);
	g_clear_pointer(&d->right_svd, g_ptr_array_unref);
}

bool lensless_fits_background(const task *t, const lensless_data *d)
{
	const lensless_options *o = t->options;
	return o->background == BACKGROUND_FIT || (o->background == BACKGROUND_AUTO && d->noisy &&
		!o->compat && d->psf && d->psf->shape.z == 1);
}

static const char *size_text(char text[64], shape s)
{
	g_snprintf(text, 64, "%d x %d pixels, %d channel%s", (int)s.x, (int)s.y, (int)s.c,
		s.c == 1 ? "" : "s");
	return text;
}

/* Steps that both pictures go through before the dark level is known. */
static array *develop(const task *t, const input *in, GError **err)
{
	const lensless_options *o = t->options;
	if (o->bayer <= 0 || in->data->shape.c != 1)
		return o->bgr && in->data->shape.c == 3 ? geometry_swap_channels(in->data) :
			array_copy(in->data);
	return demosaic(in->data, (enum bayer)(o->bayer - 1), DEMOSAIC_BILINEAR, in->path, err);
}

/* The PSF's own unlit corner tells the sensor's dark level, which the capture shares. */
static bool subtract_dark(const task *t, array *b, array *psf, GError **err)
{
	const lensless_options *o = t->options;
	const input *frame = task_picture(t, "dark-frame");
	bool picam = o->compat == COMPAT_LENSLESSPICAM;
	if (frame)
		return calibrate_subtract_frame(b, frame->data, false, frame->path, err) &&
			calibrate_subtract_frame(psf, frame->data, false, frame->path, err);
	if (!isnan(o->dark_level)) {
		calibrate_subtract(b, o->dark_level, false);
		calibrate_subtract(psf, o->dark_level, false);
		return true;
	}
	bool raw = t->inputs[0].white > 0 && task_picture(t, "psf")->white > 0;
	if (o->dark == DARK_NONE || (o->dark == DARK_AUTO && !raw && !o->compat))
		return true;
	if (!picam) {
		double level = calibrate_corner(psf, -1, CORNER_TUTORIAL);
		calibrate_subtract(psf, level, false);
		calibrate_subtract(b, level, false);
		report_number(t->report, "dark_level", level);
		return true;
	}
	for (int64_t c = 0; c < psf->shape.c; c++) {
		double level = calibrate_corner(psf, c, CORNER_LENSLESSPICAM);
		array psf_channel = array_channel(psf, c), b_channel = array_channel(b, MIN(c, b->shape.c - 1));
		calibrate_subtract(&psf_channel, level, true);
		calibrate_subtract(&b_channel, level, true);
	}
	return true;
}

static array *smaller(const lensless_options *o, array *taken)
{
	g_autoptr(array) a = taken;
	return o->downsample > 1 ? resample_box(a, o->downsample) : g_steal_pointer(&a);
}

static bool check_fit(const task *t, const array *b, const array *psf, GError **err)
{
	char first[64], second[64];
	const input *p = task_picture(t, "psf");
	const char *remedy = NULL;
	if (psf->shape.c != 1 && psf->shape.c != b->shape.c)
		remedy = "give a gray PSF, or one with a channel for each of the capture's";
	else if (b->shape.z != 1)
		remedy = "give a capture of one page";
	else if (psf->shape.y > b->shape.y || psf->shape.x > b->shape.x)
		remedy = "crop the PSF to the sensor, or check that the two files are not exchanged";
	else if (psf->shape.y * b->shape.x != psf->shape.x * b->shape.y && psf->shape.y == b->shape.x)
		remedy = "one of the two is turned by 90 degrees";
	if (!remedy)
		return true;
	error_set(err, RELUMINE_MISMATCH, p->path, remedy, "the PSF (%s) does not fit the capture (%s)",
		size_text(first, psf->shape), size_text(second, b->shape));
	return false;
}

/*
 * A PSF that was estimated has noise as wide as the picture, which stands in the way more than the
 * faint light that is cut off with it.  One that was photographed or computed is smooth there.
 */
static void cut_noise(const task *t, lensless_data *d)
{
	const lensless_options *o = t->options;
	const double noise_share = 0.05, noise_correlation = 0.5;
	double correlation = psf_faint_correlation(d->psf, noise_share);
	d->noisy = correlation < noise_correlation;
	double share = !isnan(o->psf_threshold) ? o->psf_threshold : d->noisy && !o->compat ?
		noise_share : 0;
	if (share > 0)
		psf_cut_below(d->psf, share);
	report_number(t->report, "psf_faint_correlation", correlation);
	report_number(t->report, "psf_threshold", share);
}

void lensless_scale(const task *t, lensless_data *d, double least)
{
	const lensless_options *o = t->options;
	d->b_scale = o->compat == COMPAT_TUTORIAL ? vec_norm(d->b) : (double)vec_max_abs(d->b);
	float root = (float)(1 / sqrt(d->b_scale));     /* twice: 1 / scale itself may be no float */
	if (d->b_scale >= least) {
		vec_scale(d->b, root);
		vec_scale(d->b, root);
	} else {
		vec_fill(d->b, 0);
		d->b_scale = 0;
		report_warn(t->report, "%s holds no light above the dark level", t->inputs[0].path);
	}
	report_number(t->report, "capture_scale", d->b_scale);
}

/* Both to the size of one unit, so that weights mean the same for every sensor and exposure. */
static bool normalise(const task *t, lensless_data *d, GError **err)
{
	const input *p = task_picture(t, "psf");
	double factor;
	cut_noise(t, d);
	if (!psf_normalise(d->psf, PSF_NORM_TOTAL, &factor, p->path, err))
		return false;
	d->psf_sum = vec_sum(d->psf) / (double)shape_planes(d->psf->shape);
	report_number(t->report, "psf_factor", factor);
	lensless_scale(t, d, LEAST_LIGHT);
	return device_ok(t->cpu, err);
}

/* LenslessPiCam pads to scipy's next_fast_len(2 N - 1): factors 2, 3, 5, odd ones too. */
static int64_t next_fast_length(int64_t n)
{
	for (;; n++) {
		int64_t left = n;
		for (int64_t p = 2; p <= 5; p++)
			while (left % p == 0)
				left /= p;
		if (left == 1)
			return n;
	}
}

static shape choose_grid(const lensless_options *o, shape s)
{
	shape g = { 1, 1, fft_good_size(2 * s.y - 1), fft_good_size(2 * s.x - 1) };
	if (o->compat == COMPAT_TUTORIAL)
		g = (shape){ 1, 1, 2 * s.y, 2 * s.x };
	if (o->compat == COMPAT_LENSLESSPICAM)
		g = (shape){ 1, 1, next_fast_length(2 * s.y - 1), next_fast_length(2 * s.x - 1) };
	return g;
}

bool lensless_even(const task *t, array *b, GError **err)
{
	const input *flat = task_picture(t, "flat");
	int64_t repaired = 0;
	if (flat && !calibrate_flat(b, flat->data, &repaired, flat->path, err))
		return false;
	if (repaired)
		report_warn(t->report, "%" G_GINT64_FORMAT " dead pixels were given the mean of their neighbours",
			repaired);
	return true;
}

bool lensless_prepare(const task *t, lensless_data *d, GError **err)
{
	const lensless_options *o = t->options;
	const input *p = task_picture(t, "psf");
	d->b = develop(t, &t->inputs[0], err);
	d->psf = d->b ? develop(t, p, err) : NULL;
	if (!d->psf || !check_fit(t, d->b, d->psf, err) || !subtract_dark(t, d->b, d->psf, err) ||
	    !lensless_even(t, d->b, err))
		return false;
	d->b = smaller(o, d->b);
	d->psf = smaller(o, d->psf);
	if (!psf_check(d->psf, p->path, err) || !device_ok(t->cpu, err) || !normalise(t, d, err))
		return false;
	d->grid = choose_grid(o, d->b->shape);
	return true;
}
