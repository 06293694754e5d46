/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-alternate.c - object and PSF found in turns, from a PSF that is nearly right */
#include <math.h>

#include "core/error.h"
#include "math/fft.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/psf.h"
#include "band.cl"

/* Steps of either before it is the other's turn: as published. */
enum { STEPS = 5 };
/*
 * And of the object at first: while it is softer than it can be the PSF becomes too narrow.  On
 * simulated points and discs PSFs 30 % too wide ended 2 % too narrow after 100 steps, 3 % too wide
 * after 300, and 11 % too narrow after 30.
 */
enum { FIRST_STEPS = 100 };
/* Voxels of which the sensor sees less than this share are left out, as the solver does. */
#define SEEN 0.01
/* Of the largest: a PSF's pixel that the object tells less of is left out. */
#define TOLD 1e-6

/* One channel, where it is computed; owned. */
typedef struct {
	double least;           /* the object does not fall below */
	device *dev;
	const deconv_data *d;
	rl_geometry g;
	position centre;
	array *psf;
	int64_t frames;
	array **y, **weights, **offset, **x;    /* of each point of time; weights: ones where all count */
	double cutoff[2];       /* y, x: cycles a pixel; NaN: not known */
} duet;

static void duet_clear(duet *s)
{
	array **all[] = { s->y, s->weights, s->offset, s->x };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		for (int64_t f = 0; all[i] && f < s->frames; f++)
			array_free(all[i][f]);
		g_free(all[i]);
	}
	array_free(s->psf);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(duet, duet_clear)

static array *frame_of(const duet *s, const array *a, int64_t channel, int64_t f)
{
	array here = deconv_frame(a, channel, f, s->frames);
	return array_move(&here, s->dev);
}

static void load_frame(duet *s, int64_t channel, int64_t f)
{
	const deconv_data *d = s->d;
	s->y[f] = frame_of(s, d->y, channel, f);
	s->weights[f] = d->weights ? frame_of(s, d->weights, channel, f) : array_like(s->y[f]);
	if (!d->weights)
		vec_fill(s->weights[f], 1);
	if (d->offset)
		s->offset[f] = frame_of(s, d->offset, channel, f);
	s->x[f] = array_new(s->dev, REAL, s->g.estimate);
	double mean = vec_sum(s->y[f]) / (double)shape_count(s->y[f]->shape);
	vec_fill(s->x[f], (float)fmax(mean - (isnan(d->background) ? 0 : d->background), s->least));
	vec_multiply(s->y[f], s->weights[f]);
}

static bool load(duet *s, const task *t, const deconv_data *d, int64_t channel, GError **err)
{
	const deconv_options *o = t->options;
	const deconv_spread *spread = deconv_spread_of(d, channel);
	shape w = { 1, d->y->shape.z / d->frames, d->y->shape.y, d->y->shape.x };
	*s = (duet){ .dev = t->dev, .d = d, .centre = spread->centre, .frames = d->frames,
		.least = d->least[channel],
		.g = rl_layout(w, spread->psf->shape, spread->centre, (enum rl_border)o->border) };
	s->psf = array_move(spread->psf, t->dev);
	s->y = g_new0(array *, d->frames);
	s->weights = g_new0(array *, d->frames);
	s->offset = g_new0(array *, d->frames);
	s->x = g_new0(array *, d->frames);
	for (int64_t f = 0; f < d->frames && !t->dev->error; f++)
		load_frame(s, channel, f);
	return device_ok(t->dev, err);
}

/* --- steps ------------------------------------------------------------------------------------ */

/* w y / (A v + background), of a point of time; the caller's. */
static array *ratio(const duet *s, const linop *a, const array *v, int64_t f)
{
	g_autoptr(array) model = linop_new_range(a);
	array *r = array_copy(s->y[f]);
	linop_apply(a, model, v);
	if (!isnan(s->d->background))
		vec_shift(model, (float)s->d->background);
	if (s->offset[f])
		vec_add(model, s->offset[f]);
	vec_divide(r, model, fmaxf(1e-6f * vec_max_abs(s->y[f]), 1e-30f));
	return r;
}

static void step_object(const duet *s, int64_t f, int steps)
{
	g_autoptr(linop) a = deconv_model(s->dev, &s->g, s->psf, s->centre);
	g_autoptr(array) seen = linop_new_domain(a);
	g_autoptr(array) back = linop_new_domain(a);
	linop_adjoint(a, seen, s->weights[f]);
	for (int k = 0; k < steps; k++) {
		g_autoptr(array) r = ratio(s, a, s->x[f], f);
		linop_adjoint(a, back, r);
		vec_divide(back, seen, (float)SEEN);
		vec_multiply(s->x[f], back);
		vec_clamp(s->x[f], (float)s->least, INFINITY);
	}
}

/* The same model with the roles exchanged: the object blurs the PSF. */
static linop *model_of_psf(const duet *s, int64_t f)
{
	const rl_geometry *g = &s->g;
	const position corner = { 0 };
	const position origin = { g->at.z + s->centre.z, g->at.y + s->centre.y, g->at.x + s->centre.x };
	linop *spread = linop_convolve(s->dev, g->grid, s->x[f], origin, g->grid.z > 1 ? 3 : 2);
	return linop_chain(linop_crop(s->dev, g->window, g->grid, corner),
		linop_chain(spread, linop_pad(s->dev, s->psf->shape, g->grid, corner)));
}

/* All points of time have one PSF. */
static void step_psf(const duet *s, linop *const *models, const array *told)
{
	g_autoptr(array) sum = array_like(s->psf);
	g_autoptr(array) back = array_like(s->psf);
	vec_fill(sum, 0);
	for (int64_t f = 0; f < s->frames; f++) {
		g_autoptr(array) r = ratio(s, models[f], s->psf, f);
		linop_adjoint(models[f], back, r);
		vec_add(sum, back);
	}
	vec_divide(sum, told, (float)TOLD * vec_max_abs(told));
	vec_multiply(s->psf, sum);
	vec_clamp(s->psf, 0, INFINITY);
}

/* A lens passes no detail finer than its aperture resolves. */
static void keep_band(const duet *s)
{
	shape p = s->psf->shape;
	if (isnan(s->cutoff[0]))
		return;
	g_autoptr(fft) f = fft_new(s->dev, p, 2);
	g_autoptr(array) spectrum = array_new(s->dev, COMPLEX, fft_spectrum_shape(p));
	fft_forward(f, spectrum, s->psf);
	RUN(spectrum, k_low_pass, spectrum, spectrum->pitch, spectrum->shape.x, spectrum->plane_rows, p.y,
		(float)(1 / (s->cutoff[0] * (double)p.y)), (float)(1 / (s->cutoff[1] * (double)p.x)),
		(float)(1 / (double)(p.y * p.x)));
	fft_inverse(f, s->psf, spectrum);
	vec_clamp(s->psf, 0, INFINITY);
}

static void find_psf(const duet *s)
{
	g_autoptr(array) told = array_like(s->psf);
	g_autoptr(array) back = array_like(s->psf);
	g_autofree linop **models = g_new0(linop *, s->frames);
	vec_fill(told, 0);
	for (int64_t f = 0; f < s->frames; f++) {
		models[f] = model_of_psf(s, f);
		linop_adjoint(models[f], back, s->weights[f]);
		vec_add(told, back);
	}
	for (int k = 0; k < STEPS; k++)
		step_psf(s, models, told);
	for (int64_t f = 0; f < s->frames; f++)
		linop_free(models[f]);
	keep_band(s);
	double sum = vec_sum(s->psf);
	if (sum > 0)
		vec_scale(s->psf, (float)(1 / sum));
}

/* --- all channels ----------------------------------------------------------------------------- */

/* 2 NA / lambda, in cycles a pixel, where the numbers of a microscope are known. */
static bool find_cutoff(const task *t, int64_t channel, double cutoff[2], GError **err)
{
	const deconv_options *o = t->options;
	const image_scale *f = t->inputs[0].scale;
	double voxel[3], aperture = isnan(o->na) && f ? f->aperture : o->na, light = o->wavelength;
	if (isnan(light) && f && channel < f->n_channels)
		light = f->channels[channel].emission;
	if (!deconv_voxel(t, voxel, err))
		return false;
	cutoff[0] = 2 * aperture / light * voxel[1];
	cutoff[1] = 2 * aperture / light * voxel[0];
	if (isnan(cutoff[1]))
		cutoff[0] = NAN;
	return true;
}

static bool refuse_numbers(const task *t, GError **err)
{
	error_set(err, RELUMINE_BAD_NUMBERS, t->inputs[0].path, "fewer --blind-rounds, or no --blind",
		"no light is left in the PSF that was searched for");
	return false;
}

static bool run_channel(const task *t, const deconv_data *d, int64_t channel, deconv_spread *to,
	GError **err)
{
	const deconv_options *o = t->options;
	g_auto(duet) s = { 0 };
	if (!load(&s, t, d, channel, err) || !find_cutoff(t, channel, s.cutoff, err))
		return false;
	for (int64_t k = 0; k < o->blind_rounds && !t->dev->error; k++) {
		if (!watch_step(t->watch, "find the PSF")) {
			error_set(err, RELUMINE_STOPPED, NULL, NULL, "stopped while the PSF was searched for");
			return false;
		}
		for (int64_t f = 0; f < s.frames; f++)
			step_object(&s, f, k == 0 ? FIRST_STEPS : STEPS);
		find_psf(&s);
	}
	bool sound = vec_finite(s.psf) && vec_sum(s.psf) > 0.5;
	if (!device_ok(t->dev, err))
		return false;
	if (!sound)
		return refuse_numbers(t, err);
	*to = (deconv_spread){ .psf = array_move(s.psf, t->cpu), .centre = s.centre,
		.size = s.psf->shape };
	return device_ok(t->cpu, err);
}

/* Of the first channel: how far it has come from its start, and its widths. */
static bool tell(const task *t, const array *before, const array *after, GError **err)
{
	double voxel[3];
	g_autoptr(array) change = array_copy(after);
	vec_subtract(change, before);
	report_number(t->report, "psf_change", vec_norm(change) / vec_norm(before));
	if (!deconv_voxel(t, voxel, err))
		return false;
	spot_tell_widths(after, voxel, t->report);
	return device_ok(t->cpu, err);
}

bool deconv_alternate(const task *t, deconv_data *d, GError **err)
{
	int64_t channels = d->y->shape.c;
	deconv_spread *found = g_new0(deconv_spread, channels), *start = d->spreads;
	bool done = true;
	int64_t starts = d->n_spreads;
	for (int64_t c = 0; done && c < channels; c++)
		done = run_channel(t, d, c, &found[c], err);
	done = done && tell(t, start[0].psf, found[0].psf, err);
	d->spreads = found;
	d->n_spreads = channels;
	for (int64_t i = 0; i < starts; i++)
		array_free(start[i].psf);
	g_free(start);
	if (!done)
		error_while(err, "deconv, finding the PSF of %s", t->inputs[0].path);
	return done;
}
