/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-camera.c - counts made electrons, pixels that are not believed, and the background */
#include <math.h>

#include "core/error.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/camera.h"
#include "stage/noise.h"

/* A map, or the number that the text is; NaN for none. */
static pixel_value value_of(const task *t, const char *option, const char *text)
{
	const input *file = task_picture(t, option);
	double number = file || !text ? NAN : g_ascii_strtod(text, NULL);
	return (pixel_value){ number, file ? file->data : NULL, file ? file->path : NULL };
}

static camera camera_of(const task *t, const deconv_data *d)
{
	const deconv_options *o = t->options;
	const input *in = &t->inputs[0];
	camera c = {
		.offset = value_of(t, "offset", o->offset), .gain = value_of(t, "gain", o->gain),
		.read_noise = value_of(t, "read-noise", o->read_noise), .mask = value_of(t, "mask", NULL),
		.white = o->saturation >= 0 ? o->saturation : in->white > 0 ? in->white : INFINITY,
		.planes = d->y->shape.z / d->frames, .path = in->path
	};
	c.mask.number = 1;
	return c;
}

static bool is_direct(int method)
{
	return method == DECONV_WIENER || method == DECONV_TIKHONOV || method == DECONV_RIF ||
		method == DECONV_UNSUPERVISED;
}

static void tell_faults(const task *t, const camera_faults *f, const deconv_data *d)
{
	const deconv_options *o = t->options;
	int64_t filled = f->holes + f->masked + f->dead;
	report_integer(t->report, "saturated", f->saturated);
	report_integer(t->report, "not_finite", f->holes);
	report_integer(t->report, "masked", f->masked);
	report_integer(t->report, "dead", f->dead);
	if (f->holes)
		report_warn(t->report, "%d of %d values are NaN or infinite: not believed", (int)f->holes,
			(int)shape_count(d->y->shape));
	if (!is_direct(o->method))
		return;
	if (filled)
		report_warn(t->report, "%d pixels that are not believed were given the mean of their "
			"neighbours; rl and the least squares leave them out", (int)filled);
	if (f->saturated)
		report_warn(t->report, "%d saturated pixels are taken as they are; rl and the least squares "
			"leave them out", (int)f->saturated);
}

static bool to_electrons(const task *t, const camera *c, deconv_data *d, GError **err)
{
	GError *failed = NULL;
	double gain = camera_mean(&c->gain, d->weights);
	if (isnan(gain))
		gain = noise_gain(d->y, &failed);
	if (failed) {
		g_propagate_error(err, failed);
		return false;
	}
	d->scale = isnan(gain) ? 1 : gain;
	d->shift = camera_least_variance(c, d->weights);
	if (c->read_noise.map)
		d->offset = array_new_picture(t->cpu, d->y->shape);
	if (!device_ok(t->cpu, err))
		return false;
	camera_electrons(c, d->y, d->weights, d->scale, d->shift, d->offset);
	d->saturation = (c->white - camera_mean(&c->offset, d->weights)) * d->scale + d->shift;
	report_number(t->report, "gain", d->scale);
	report_number(t->report, "least_read_noise", sqrt(d->shift));
	return true;
}

/* Least and most of the pixels that are believed, less what their own noise adds. */
static void range_of(const deconv_data *d, int64_t channel, double *least, double *most)
{
	shape s = d->y->shape;
	*least = INFINITY;
	*most = 0;
	for (int64_t p = channel * s.z; p < (channel + 1) * s.z; p++) {
		for (int64_t i = 0; i < s.y * s.x; i++) {
			if (!(array_row(d->weights, 0, p, i / s.x)[i % s.x] > 0))
				continue;
			double v = (double)array_row(d->y, 0, p, i / s.x)[i % s.x];
			v -= d->offset ? (double)array_row(d->offset, 0, p, i / s.x)[i % s.x] : 0;
			*least = fmin(*least, v);
			*most = fmax(*most, v);
		}
		array_forget(d->y, p, 0, s.y);
		array_forget(d->weights, p, 0, s.y);
	}
}

/*
 * A background that the estimate holds itself: it starts and stays above the darkest counts, which
 * converges faster than one that is added to the model.  The same goes for the variance that all
 * pixels have.  Each channel has its own.
 */
static bool find_background(const task *t, const camera *c, deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	int64_t channels = d->y->shape.c;
	double brightest = 0, dark = camera_mean(&c->offset, d->weights);
	g_autofree double *most = g_new(double, channels);
	d->background = isnan(o->background) ? NAN : (o->background - dark) * d->scale + d->shift;
	d->least = g_new(double, channels);
	for (int64_t k = 0; k < channels; k++) {
		range_of(d, k, &d->least[k], &most[k]);
		brightest = fmax(brightest, most[k]);
	}
	for (int64_t k = 0; k < channels; k++)
		d->least[k] = fmax(isnan(d->background) ? d->least[k] : 0,
			fmax(1e-5 * most[k], 1e-8 * brightest));
	if (brightest > 0)
		return true;
	error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path, dark > 0 || dark < 0 ? "check --offset" :
		"check that this is the right file: relumine inspect", "the picture holds no light");
	return false;
}

static bool is_weighed(int method)
{
	return method == DECONV_FISTA || method == DECONV_FISTA_WAVELET || method == DECONV_NNLS ||
		method == DECONV_ICTM;
}

/*
 * Least squares weigh a pixel by the root of what its variance is worth: that of mean light, over
 * that and what reading it adds.  (ADMM's inverse needs weights of 0 and 1.)
 */
static void weigh_noise(const deconv_data *d)
{
	shape s = d->y->shape;
	double mean = fmax(vec_sum(d->y) / (double)shape_count(s), 1e-30);
	for (int64_t p = 0; p < shape_planes(s) && d->y->mem; p++)
		for (int64_t i = 0; i < s.y * s.x; i++) {
			double more = (double)array_row(d->offset, 0, p, i / s.x)[i % s.x];
			array_row(d->weights, 0, p, i / s.x)[i % s.x] *= (float)sqrt(mean / (mean + more));
		}
}

bool deconv_take_counts(const task *t, deconv_data *d, GError **err)
{
	const input *in = &t->inputs[0];
	camera_faults faults;
	d->y = input_take(&t->inputs[0]);
	d->frames = in->scale && in->scale->frames > 0 && d->y->shape.z % in->scale->frames == 0 ?
		in->scale->frames : 1;
	d->weights = array_new_picture(t->cpu, d->y->shape);
	const camera c = camera_of(t, d);
	if (!device_ok(t->cpu, err) || !camera_above_offset(&c, d->y, d->weights, &faults, err))
		return false;
	tell_faults(t, &faults, d);
	if (!to_electrons(t, &c, d, err) || !find_background(t, &c, d, err))
		return false;
	bool weighed = d->offset && is_weighed(((const deconv_options *)t->options)->method);
	if (weighed)
		weigh_noise(d);
	if (!weighed && faults.holes + faults.masked + faults.dead + faults.saturated == 0)
		g_clear_pointer(&d->weights, array_free);
	report_number(t->report, "least", d->least[0]);
	report_number(t->report, "background", d->background);
	return device_ok(t->cpu, err);
}
