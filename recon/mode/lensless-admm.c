/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-admm.c - total variation by the fused ADMM, and the Wiener filter */
#include "mode/lensless-admm.h"

#include <math.h>
#include "core/error.h"
#include "math/admm.h"
#include "math/fourier.h"
#include "math/vec.h"

/* In units of the largest |M'C'b|. */
#define DEFAULT_TV_WEIGHT 1e-4

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

/* Weights are given for data and PSF of unit scale; what they mean there, the largest |M'C'b|. */
static bool data_size(const task *t, const lensless_data *d, double *size, GError **err)
{
	*size = 0;
	for (int64_t i = 0; i < d->b->shape.c; i++) {
		g_auto(channel) c = { 0 };
		if (!channel_load(&c, t, d, i, err))
			return false;
		*size = MAX(*size, fourier_correlation_peak(c.b, c.h, d->grid));
	}
	return device_ok(t->dev, err);
}

static admm_settings settings_for(const task *t, double size)
{
	const lensless_options *o = t->options;
	double tau = !isnan(o->tau) ? o->tau : !isnan(o->tv_weight) ? o->tv_weight * size :
		o->compat ? 1e-4 : DEFAULT_TV_WEIGHT * size;
	admm_settings s = {
		.tau = (float)tau, .isotropic = o->tv == 1,
		.order = o->compat == COMPAT_LENSLESSPICAM ? ADMM_LPC : ADMM_TUTORIAL,
		.mu = { (float)o->mu1, (float)o->mu2, (float)o->mu3 },
		.adapt = o->mu == 0 || (o->mu < 0 && !o->compat),
		.iterations = o->iterations, .tolerance = o->tolerance
	};
	report_number(t->report, "tau", tau);
	report_number(t->report, "tv_weight", tau / size);
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
	double size;
	if (!data_size(t, d, &size, err))
		return false;
	admm_settings s = settings_for(t, size);
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
