/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-direct.c - the phasor field of points anywhere, sum by sum in time
 *
 * The sum over frequencies of w(f) H(x, f) exp(2 pi i f L) is the trace's answer to the pulse at
 * path length L.  So the traces, seen through the pulse's real and imaginary part at steps fine
 * enough to go linearly from one to the next, are projected back. */
#include "math/phasor-direct.h"

#include <math.h>
#include "math/halo.h"
#include "math/vec.h"
#include "pulse.cl"

/* Steps in a wavelength: between two of them a wave is a straight line but for 0.3 %. */
#define STEPS 40

/* Where the pulse ends, standard deviations of its envelope: there it is 3e-4. */
#define REACH 4

/* Traces that go through together. */
#define TOGETHER_BYTES (32 << 20)

struct direct {
	const phasor_direct_setup *s;
	device *dev;
	int64_t fine, taps;             /* steps a bin; bins that a pulse reaches */
	linop *project;
	array *weights, *pulse[2];      /* real, imaginary part */
	array *traces, *apart, *woven;  /* of some points: counts; by place in the bin; in order */
	array *part[2];                 /* voxels */
	int64_t together;
};

static array *pulse_table(const struct direct *d, double quarter)
{
	const phasor_direct_setup *s = d->s;
	array *a = array_new_bare(d->dev, REAL, (shape){ 1, 1, 1, d->fine * d->taps });
	double e = s->cycles * s->wavelength / 6;
	g_autofree float *packed = g_new(float, d->fine * d->taps);
	for (int64_t i = 0; i < d->fine * d->taps; i++) {
		double place = (double)(i / d->taps) / (double)d->fine;
		double path = (place - (double)(i % d->taps - d->taps / 2)) * s->wall.bin;
		packed[i] = (float)(exp(-path * path / (2 * e * e)) / (sqrt(2 * G_PI) * e) *
			cos(2 * G_PI * (path / s->wavelength - quarter)));
	}
	if (!d->dev->error)
		array_upload(a, packed);
	return a;
}

static array *weight_table(const struct direct *d)
{
	const backproject_setup *w = &d->s->wall;
	array *a = array_new_bare(d->dev, REAL, (shape){ 1, 1, 1, w->bins });
	g_autofree float *packed = g_new(float, w->bins);
	for (int64_t m = 0; m < w->bins; m++)
		packed[m] = (float)pow(fmax(w->start + w->bin * (double)m, 0), d->s->power);
	if (!d->dev->error)
		array_upload(a, packed);
	return a;
}

static struct direct direct_new(device *dev, const phasor_direct_setup *s, shape voxels)
{
	struct direct d = { .s = s, .dev = dev };
	const backproject_setup *w = &s->wall;
	d.fine = MAX((int64_t)ceil(w->bin * STEPS / s->wavelength), 1);
	d.taps = 2 * (int64_t)ceil(REACH * s->cycles * s->wavelength / 6 / w->bin) + 1;
	backproject_setup fine = *w;
	fine.bins *= d.fine;
	fine.bin /= (double)d.fine;
	fine.falloff = 1;
	d.project = linop_backproject(dev, &fine);
	d.together = CLAMP(TOGETHER_BYTES / (fine.bins * 4), 1, w->n_points);
	d.weights = weight_table(&d);
	d.traces = array_new_bare(dev, REAL, (shape){ 1, 1, d.together, w->bins + d.taps });
	d.apart = array_new_bare(dev, REAL, (shape){ 1, 1, d.together, fine.bins });
	d.woven = array_new_bare(dev, REAL, (shape){ 1, 1, d.together, fine.bins });
	for (int i = 0; i < 2; i++) {
		d.pulse[i] = pulse_table(&d, i * 0.25);
		d.part[i] = array_new(dev, REAL, voxels);
		vec_fill(d.part[i], 0);
	}
	vec_fill(d.traces, 0);
	return d;
}

static void direct_clear(struct direct *d)
{
	linop_free(d->project);
	array_free(d->weights);
	array_free(d->traces);
	array_free(d->apart);
	array_free(d->woven);
	for (int i = 0; i < 2; i++) {
		array_free(d->pulse[i]);
		array_free(d->part[i]);
	}
}

static void some_points(struct direct *d, const array *counts, int64_t fixed, int64_t first,
	int64_t n)
{
	int64_t bins = d->s->wall.bins;
	backproject_traces(d->traces, counts, d->weights, fixed, first, n, d->taps / 2);
	for (int i = 0; i < 2; i++) {
		RUN_PART(d->apart, 0, n, k_pulse, d->apart, d->traces, d->pulse[i], d->fine, d->taps, bins,
			d->apart->pitch, d->traces->pitch);
		RUN_PART(d->woven, 0, n, k_pulse_weave, d->woven, d->apart, d->fine, bins, d->woven->pitch,
			d->apart->pitch);
		backproject_add(d->project, d->part[i], d->woven, fixed, first, n);
	}
}

bool phasor_direct_run(device *dev, const phasor_direct_setup *s, const array *counts,
	array *volume, watch *w, GError **err)
{
	struct direct d = direct_new(dev, s, volume->shape);
	int64_t points = s->wall.n_points, steps = (points + d.together - 1) / d.together;
	int64_t rounds = counts->shape.c * steps;
	bool going = true;
	for (int64_t i = 0; i < rounds && going && !dev->error; i++) {
		int64_t first = i % steps * d.together;
		some_points(&d, counts, i / steps, first, MIN(d.together, points - first));
		going = watch_tick(w, &(iteration_note){
			.iteration = i + 1, .iterations = rounds, .channels = 1,
			.objective = NAN, .primal = NAN, .dual = NAN, .mu1 = NAN, .mu2 = NAN, .mu3 = NAN
		});
	}
	float scale = (float)(1 / (double)points);
	RUN(volume, k_pulse_power, volume, d.part[0], d.part[1], volume->plane_rows, volume->shape.x,
		volume->pitch, scale * scale, (float)s->wall.first[2], (float)s->wall.step[2]);
	direct_clear(&d);
	return device_ok(dev, err) && going;
}
