/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-admm.c - total variation by the fused ADMM, and the Wiener filter */
#include "mode/lensless-admm.h"

#include <math.h>
#include "core/error.h"
#include "math/admm.h"
#include "math/fourier.h"
#include "math/vec.h"

/* One channel on the device where it is computed. */
typedef struct {
	array *b, *h, *result;
} channel;

static void channel_clear(channel *c)
{
	array_free(c->b);
	array_free(c->h);
	array_free(c->result);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(channel, channel_clear)

static bool channel_load(channel *c, const task *t, const lensless_data *d, int64_t i, GError **err)
{
	array b = array_channel(d->b, i);
	array psf = array_channel(d->psf, d->psf->shape.c == 1 ? 0 : i);
	g_autoptr(array) moved = array_move(&psf, t->dev);
	c->b = array_move(&b, t->dev);
	c->result = array_like(c->b);
	c->h = psf_spectrum(moved, d->grid, err);
	return c->h != NULL;
}

/* What weights and penalties are measured against. */
typedef struct {
	double peak;            /* the largest |M'C'b| of all channels */
	double gain;            /* the largest |H|^2 */
	double level;           /* scene value that would explain the mean of b: |mean b| / |H|max */
} data_scale;

static bool measure(const task *t, const lensless_data *d, data_scale *m, GError **err)
{
	*m = (data_scale){ 0 };
	for (int64_t i = 0; i < d->b->shape.c; i++) {
		g_auto(channel) c = { 0 };
		if (!channel_load(&c, t, d, i, err))
			return false;
		m->peak = MAX(m->peak, fourier_correlation_peak(c.b, c.h, d->grid));
		m->gain = MAX(m->gain, fourier_gain(c.h));
	}
	if (m->gain > 0)
		m->level = fabs(vec_sum(d->b)) / (double)shape_count(d->b->shape) / sqrt(m->gain);
	return device_ok(t->dev, err);
}

/*
 * Penalties in the data's own units, so that the number of iterations does not depend on scale,
 * size or weight.  The constants were chosen on real captures (a hand, five photographs) at three
 * resolutions and weights from 1e-5 to 1e-3: fifty iterations come closer to the optimum than five
 * hundred with the published ones, and residual balancing did worse than no change at all.
 */
static admm_penalties automatic(double level, double gain, double tau)
{
	double mu1 = 0.316, mu3 = 0.01 * mu1 * gain;
	double mu2 = level > 0 && tau > 0 ? tau / (0.02 * level) : 1e-3 * mu1 * gain;
	return (admm_penalties){ (float)mu1, (float)mu2, (float)(mu3 > 0 ? mu3 : 1) };
}

admm_penalties lensless_penalties(const task *t, double level, double gain, double tau)
{
	const lensless_options *o = t->options;
	admm_penalties mu = { 1e-6f, 1e-5f, 4e-5f };    /* as published */
	if (o->mu == 0 || (o->mu < 0 && !o->compat))
		mu = automatic(level, gain, tau);
	mu.mu1 = isnan(o->mu1) ? mu.mu1 : (float)o->mu1;
	mu.mu2 = isnan(o->mu2) ? mu.mu2 : (float)o->mu2;
	mu.mu3 = isnan(o->mu3) ? mu.mu3 : (float)o->mu3;
	report_number(t->report, "mu1", (double)mu.mu1);
	report_number(t->report, "mu2", (double)mu.mu2);
	report_number(t->report, "mu3", (double)mu.mu3);
	return mu;
}

/* A PSF with noise in it fits the data by noise in the scene, the more the longer one iterates. */
static admm_settings settings_for(const task *t, const lensless_data *d, const data_scale *m)
{
	const lensless_options *o = t->options;
	double tau = !isnan(o->tau) ? o->tau : !isnan(o->tv_weight) ? o->tv_weight * m->peak :
		o->compat ? 1e-4 : LENSLESS_TV_WEIGHT * m->peak;
	admm_settings s = {
		.tau = (float)tau, .background = lensless_fits_background(t, d),
		.isotropic = o->tv < 0 ? !o->compat : o->tv == 1,
		.order = o->order >= 0 ? (enum admm_order)o->order :
			o->compat == COMPAT_LENSLESSPICAM ? ADMM_LPC : ADMM_TUTORIAL,
		.iterations = o->iterations > 0 ? o->iterations : d->noisy && !o->compat ? 20 : 100,
		.tolerance = o->tolerance
	};
	report_number(t->report, "tau", tau);
	report_number(t->report, "tv_weight", m->peak > 0 ? tau / m->peak : NAN);
	s.mu = lensless_penalties(t, m->level, m->gain, tau);
	return s;
}

static void tell(const task *t, const admm_outcome *o, int64_t iterations)
{
	report_integer(t->report, "iterations", iterations);
	report_number(t->report, "objective", o->objective);
	report_number(t->report, "transforms_per_iteration", o->fft_per_iteration);
}

bool lensless_admm(task *t, const lensless_data *d, array *result, GError **err)
{
	data_scale scale;
	if (!measure(t, d, &scale, err))
		return false;
	admm_settings s = settings_for(t, d, &scale);
	admm_outcome total = { 0 }, o;
	int64_t most = 0;
	s.channels = d->b->shape.c;
	for (s.channel = 0; s.channel < s.channels; s.channel++) {
		g_auto(channel) c = { 0 };
		array to = array_channel(result, s.channel);
		if (!channel_load(&c, t, d, s.channel, err) ||
		    !admm_tv(c.result, c.b, c.h, d->grid, &s, t->watch, &o, err))
			return false;
		array_assign(&to, c.result);
		total.objective += o.objective;
		total.fft_per_iteration = o.fft_per_iteration;
		most = MAX(most, o.iterations);
	}
	tell(t, &total, most);
	return device_ok(t->dev, err);
}

bool lensless_wiener(task *t, const lensless_data *d, array *result, GError **err)
{
	const lensless_options *o = t->options;
	for (int64_t i = 0; i < d->b->shape.c; i++) {
		g_auto(channel) c = { 0 };
		array to = array_channel(result, i);
		if (!channel_load(&c, t, d, i, err))
			return false;
		fourier_wiener(c.result, c.b, c.h, d->grid, o->wiener);
		vec_clamp(c.result, 0, INFINITY);
		if (!device_ok(t->dev, err))
			return false;
		array_assign(&to, c.result);
	}
	return device_ok(t->dev, err);
}
