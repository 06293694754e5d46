/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-calibrate.c - traces without what is not light of the scene, in the bins to be used */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/numbers.h"
#include "math/vec.h"
#include "mode/nlos-calibrate.h"
#include "stage/transient.h"

void nlos_calibration_free(nlos_calibration *k)
{
	if (!k)
		return;
	g_free(k->later);
	g_free(k);
}

#define QUIET 8                 /* the quietest 1 / QUIET of the bins tell the background */
#define EDGE 100e-12            /* s: over which a gate opens */
#define BIN_TIME 16e-12         /* s: shorter bins are added up to this */
#define PULSE_NOISE 0.1         /* noise to signal where the pulse is undone */
enum { BINS_LEAST = 2 };

static array *taken_for(array *old, array *new)
{
	array_free(old);
	return new;
}

/*
 * Where all traces together are quietest after the wall's own light, each its own level.  What some
 * traces do not have at the end is dark in all of them then.
 */
static void subtract_quietest(array *a, int64_t from, int64_t unknown)
{
	int64_t end = a->shape.z - unknown, first = MIN(from, end - 1);
	int64_t width = MIN(MAX(a->shape.z / QUIET, 1), end - first);
	g_autoptr(array) known = unknown > 0 ? transient_crop(a, 0, end) : NULL;
	first = transient_quietest(known ? known : a, first, width);
	transient_subtract_background(a, first, first + width);
	for (int64_t c = 0; unknown > 0 && c < a->shape.c; c++) {
		array rest = array_slices(a, c, end, unknown);
		vec_fill(&rest, 0);
	}
}

/* Bins at the end that traces which came forward do not have, if there are some to spare. */
static int64_t unknown_bins(const nlos_calibration *k)
{
	double most = 0;
	for (int64_t i = 0; k->later && i < k->n_later; i++)
		most = fmax(most, -k->later[i]);
	return most <= (double)k->n / QUIET ? (int64_t)ceil(most / (double)k->bin_time) : 0;
}

array *nlos_calibrate(const nlos_calibration *k, array *raw, GError **err)
{
	g_autoptr(array) a = raw;
	if (!isnan(k->pulses) && !transient_undo_pileup(a, k->pulses, err))
		return NULL;
	if (k->first > 0 || k->n < a->shape.z)
		a = taken_for(a, transient_crop(a, k->first, k->n));
	if (k->later)
		transient_shift_traces(a, k->n_later, k->later, SHIFT_LINEAR);
	if (k->bin_time > 1)
		a = taken_for(a, transient_bin_time(a, k->bin_time));
	if (k->bin_space > 1)
		a = taken_for(a, transient_bin_space(a, k->bin_space));
	if (isnan(k->background))
		subtract_quietest(a, (int64_t)fmax(ceil(k->gate), 0), k->unknown);
	else if (k->background != 0)
		vec_shift(a, (float)-k->background);
	if (k->gate > 0)
		transient_gate(a, k->gate, k->edge);
	if (k->jitter > 0)
		transient_deconvolve_jitter(a, k->jitter, PULSE_NOISE);
	return device_ok(a->dev, err) ? g_steal_pointer(&a) : NULL;
}

static bool has_light(const array *counts, int64_t from)
{
	shape s = counts->shape;
	int64_t bins = s.z - from;
	for (int64_t i = 0; i < s.c * bins * s.y; i++) {
		const float *v = array_row(counts, i / s.y / bins, from + i / s.y % bins, i % s.y);
		for (int64_t x = 0; x < s.x; x++)
			if (v[x] > 0)
				return true;
	}
	return false;
}

/* --- which bins ------------------------------------------------------------------------------- */

static bool choose_bins(const task *t, nlos_calibration *k, nlos_capture *c, GError **err)
{
	const nlos_options *o = t->options;
	double range[2] = { 0, (double)c->counts->shape.z };
	k->n = c->counts->shape.z;
	if (!o->bins)
		return true;
	if (numbers_read(o->bins, 0, (double)k->n, 2, range) != 2 || range[0] >= range[1] ||
	    range[0] != floor(range[0]) || range[1] != floor(range[1])) {
		error_set(err, RELUMINE_BAD_USAGE, "--bins", "write it as 100,600",
			"'%s' is not two whole numbers from 0 to %d, the second the larger", o->bins, (int)k->n);
		return false;
	}
	k->first = (int64_t)range[0];
	k->n = (int64_t)range[1] - k->first;
	return true;
}

/* --- larger bins ------------------------------------------------------------------------------ */

static bool room_for_sums(const task *t, const nlos_calibration *k, shape s, GError **err)
{
	if (k->n / k->bin_time < BINS_LEAST)
		error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "use more bins (--bins), add up fewer "
			"(--bin-time), or say which axis is time (--axes)", "traces of %d bins, %d added up to one, "
			"leave fewer than %d", (int)k->n, (int)k->bin_time, BINS_LEAST);
	else if (k->bin_space > MIN(s.y, s.x))
		error_set(err, RELUMINE_MISMATCH, "--bin-space", "a smaller number", "cannot add up %d x %d "
			"points of %d x %d", (int)k->bin_space, (int)k->bin_space, (int)s.x, (int)s.y);
	else
		return true;
	return false;
}

static bool choose_sums(const task *t, nlos_calibration *k, nlos_capture *c, GError **err)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	int64_t short_bins = MAX((int64_t)(BIN_TIME / c->bin + 1e-6), 1);
	k->bin_time = o->bin_time > 0 ? o->bin_time : MAX(MIN(short_bins, k->n / BINS_LEAST), 1);
	k->bin_space = o->bin_space;
	if (!room_for_sums(t, k, s, err))
		return false;
	c->start += (double)(k->bin_time - 1) / 2 * c->bin;
	c->bin *= (double)k->bin_time;
	if (k->bin_space == 1)
		return true;
	for (int end = 0; end < (c->paired ? 2 : 1); end++) {
		double **at = end ? &c->fixed : &c->points;
		double *places = transient_bin_places(*at, s.y, s.x, k->bin_space);
		g_free(*at);
		*at = places;
	}
	for (int i = 0; i < 2; i++) {
		c->first[i] += c->pitch[i] * (double)(k->bin_space - 1) / 2;
		c->pitch[i] *= (double)k->bin_space;
	}
	return true;
}

/* --- background and gate ---------------------------------------------------------------------- */

/* A number, or one of the words 'auto' (NaN) and 'none' (0). */
static bool word_or_number(const char *option, const char *text, double *to, GError **err)
{
	if (!text || !strcmp(text, "auto"))
		*to = NAN;
	else if (!strcmp(text, "none"))
		*to = 0;
	else if (numbers_read(text, 0, 1e9, 1, to) != 1) {
		error_set(err, RELUMINE_BAD_USAGE, option, "a number, auto or none", "'%s' is none of these",
			text);
		return false;
	}
	return true;
}

/* first: bins of the calibrated traces that are left dark; edge: over which they open. */
static bool choose_gate(const task *t, nlos_calibration *k, const transient *f, nlos_capture *c,
	GError **err)
{
	const nlos_options *o = t->options;
	double seconds;
	if (!word_or_number("--gate", o->gate, &seconds, err))
		return false;
	seconds *= 1e-12;
	if (!o->gate && !isnan(f->gate))
		seconds = f->gate;
	int64_t within = (int64_t)((BOUNCE_WIDTH - c->start) / c->bin) + 1;
	int64_t tail = isnan(seconds) && within > 0 ?
		transient_tail_end(c->counts, MIN(within, c->counts->shape.z)) : 0;
	k->gate = isnan(seconds) ? (double)tail : seconds == 0 ? 0 :
		fmax((seconds - c->start) / c->bin, 0);
	k->edge = EDGE / c->bin;
	double end = (c->start + c->bin * (double)c->counts->shape.z) * 1e12;
	bool past = k->gate >= (double)c->counts->shape.z;
	if (past || !has_light(c->counts, (int64_t)k->gate)) {
		error_set(err, RELUMINE_BAD_USAGE, o->gate ? "--gate" : t->inputs[0].path,
			o->gate ? "an earlier one, or --gate none" : "--gate PS for another one, or --gate none",
			past ? "the gate opens after %.0f ps, and the record ends at %.0f ps" :
			"the gate opens after %.0f ps, and nothing arrives from then on to %.0f ps",
			isnan(seconds) ? (c->start + k->gate * c->bin) * 1e12 : seconds * 1e12, end);
		return false;
	}
	report_number(t->report, "gate_ps", k->gate > 0 ? (c->start + k->gate * c->bin) * 1e12 : 0);
	return true;
}

static bool choose_background(const task *t, nlos_calibration *k, const transient *f, GError **err)
{
	const nlos_options *o = t->options;
	if (!o->background && f->slab > 0)
		return true;            /* a slab's echo is long: there are no dark bins */
	return word_or_number("--background", o->background, &k->background, err);
}

/* --- noise ------------------------------------------------------------------------------------ */

static double time_weight(const nlos_capture *c, int64_t m)
{
	double t = fmax(c->start + (double)m * c->bin, 0);
	double end = c->start + (double)c->counts->shape.z * c->bin;
	return pow(t / end, c->retroreflective ? 2 : 4);
}

static bool whole_numbers(const array *a)
{
	for (int64_t row = 0; row < shape_planes(a->shape) * a->shape.y; row++) {
		const float *v = array_row(a, 0, row / a->shape.y, row % a->shape.y);
		for (int64_t x = 0; x < a->shape.x; x++)
			if (v[x] < 0 || v[x] != floorf(v[x]))
				return false;
	}
	return true;
}

/* Power of counting noise, whose variance is the counts, from the gate on. */
static double counting_noise(const nlos_capture *c, double gate)
{
	double sum = 0;
	for (int64_t m = (int64_t)gate; m < c->counts->shape.z; m++)
		for (int64_t i = 0; i < c->counts->shape.c; i++) {
			array plane = array_plane(c->counts, i, m);
			double w = time_weight(c, m);
			sum += w * w * vec_sum(&plane);
		}
	return sum;
}

static double weighted_power(const nlos_capture *c)
{
	double sum = 0;
	for (int64_t m = 0; m < c->counts->shape.z; m++)
		for (int64_t i = 0; i < c->counts->shape.c; i++) {
			array plane = array_plane(c->counts, i, m);
			double w = time_weight(c, m);
			sum += w * w * vec_dot(&plane, &plane);
		}
	return sum;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* What comes of the traces must hold something above 0.  step: what was done, for the message. */
static bool left_dark(const task *t, const array *counts, const char *option, const char *step,
	GError **err)
{
	if (has_light(counts, 0))
		return false;
	g_autofree char *remedy = g_strdup_printf("relumine inspect shows what is in it%s%s",
		option ? "; try another " : "", option ? option : "");
	error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path, remedy, "no count is above 0%s", step);
	return true;
}

nlos_calibration *nlos_calibration_new(task *t, const transient *f, nlos_capture *c, GError **err)
{
	const nlos_options *o = t->options;
	g_autoptr(nlos_calibration) k = g_new0(nlos_calibration, 1);
	g_autoptr(transient) taken = transient_copy(f);
	k->pulses = o->pulses;
	bool counted = whole_numbers(c->counts);
	if (!choose_bins(t, k, c, err) || !nlos_choose_zero(t, k, taken, c, err) ||
	    !choose_sums(t, k, c, err) || left_dark(t, c->counts, NULL, "", err))
		return NULL;
	nlos_tell_taken(t, taken);
	k->unknown = unknown_bins(k);
	/* up to here all is known; the gate is chosen by what comes of it, and noise by what is left */
	array *raw = g_steal_pointer(&c->counts);
	c->counts = nlos_calibrate(k, raw, err);
	if (!c->counts || left_dark(t, c->counts, "--bins", " in the bins that are used", err) ||
	    !choose_gate(t, k, f, c, err) || !choose_background(t, k, f, err))
		return NULL;
	double noise = counting_noise(c, k->gate);
	nlos_calibration rest = { .pulses = NAN, .n = c->counts->shape.z, .background = k->background,
		.gate = k->gate, .edge = k->edge, .unknown = k->unknown };
	k->jitter = rest.jitter = nlos_undoes_jitter(t, c) ? c->jitter / c->bin : 0;
	raw = g_steal_pointer(&c->counts);
	c->counts = nlos_calibrate(&rest, raw, err);
	if (!c->counts || left_dark(t, c->counts, "--background", " once the background is taken off",
	    err))
		return NULL;
	double all = weighted_power(c);
	c->noise = counted && all > 0 ? noise / fmax(all - noise, all / 100) : NAN;
	report_number(t->report, "noise_to_signal", c->noise);
	return g_steal_pointer(&k);
}
