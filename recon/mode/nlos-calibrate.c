/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-calibrate.c - traces without what is not light of the scene, in the bins to be used */
#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/numbers.h"
#include "math/vec.h"
#include "mode/nlos.h"
#include "stage/transient.h"

/* What is done to every frame, in this order; times are in bins as they are by then. */
struct nlos_calibration {
	double pulses;                  /* NaN: no pile-up is undone */
	int64_t first, n;               /* bins of the file that are used */
	double *later;                  /* of each trace or point; NULL: all are in time */
	int64_t n_later;
	int64_t bin_time, bin_space;
	double gate, edge;              /* 0: none */
	double background;              /* counts; NaN: of each trace's quiet bins; 0: none */
	double jitter;                  /* FWHM; 0: none to be undone */
};

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

static array *taken_for(array *old, array *new)
{
	array_free(old);
	return new;
}

/* Where all traces together are quietest after the wall's own light, each its own level. */
static void subtract_quietest(array *a, int64_t from)
{
	int64_t width = MIN(MAX(a->shape.z / QUIET, 1), a->shape.z - from);
	int64_t first = transient_quietest(a, from, width);
	transient_subtract_background(a, first, first + width);
}

/* Bins at the end of which traces that came forward know nothing, if there are some to spare. */
static int64_t unknown_bins(const nlos_calibration *k, int64_t bins)
{
	double most = 0;
	for (int64_t i = 0; k->later && i < k->n_later; i++)
		most = fmax(most, -k->later[i]);
	return most <= (double)bins / QUIET ? (int64_t)ceil(most) : 0;
}

array *nlos_calibrate(const nlos_calibration *k, array *raw, GError **err)
{
	g_autoptr(array) a = raw;
	if (!isnan(k->pulses) && !transient_undo_pileup(a, k->pulses, err))
		return NULL;
	if (k->first > 0 || k->n < a->shape.z)
		a = taken_for(a, transient_crop(a, k->first, k->n));
	int64_t unknown = unknown_bins(k, a->shape.z);
	if (k->later)
		transient_shift_traces(a, k->n_later, k->later, SHIFT_LINEAR);
	if (unknown > 0)
		a = taken_for(a, transient_crop(a, 0, a->shape.z - unknown));
	if (k->bin_time > 1)
		a = taken_for(a, transient_bin_time(a, k->bin_time));
	if (k->bin_space > 1)
		a = taken_for(a, transient_bin_space(a, k->bin_space));
	if (isnan(k->background))
		subtract_quietest(a, (int64_t)fmax(ceil(k->gate), 0));
	else if (k->background != 0)
		vec_shift(a, (float)-k->background);
	if (k->gate > 0)
		transient_gate(a, k->gate, k->edge);
	if (k->jitter > 0)
		transient_deconvolve_jitter(a, k->jitter, PULSE_NOISE);
	return device_ok(a->dev, err) ? g_steal_pointer(&a) : NULL;
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
	c->start += range[0] * c->bin;
	return true;
}

/* --- time zero -------------------------------------------------------------------------------- */

static double distance(const double *a, const double *b)
{
	return hypot(hypot(a[0] - b[0], a[1] - b[1]), a[2] - b[2]);
}

/* What light needs from the laser to the wall and from the wall to the detector, s, every trace. */
static double *device_delays(const transient *f, const nlos_capture *c)
{
	shape s = c->counts->shape;
	int64_t points = s.y * s.x;
	double *delay = g_new(double, s.c * points);
	for (int64_t i = 0; i < s.c * points; i++) {
		const double *scanned = f->points + 3 * (i % points);
		const double *fixed = f->n_fixed ? f->fixed + 3 * (f->paired ? i : i / points) : scanned;
		const double *lit = f->fixed_lit ? fixed : scanned, *seen = f->fixed_lit ? scanned : fixed;
		delay[i] = (distance(f->laser, lit) + distance(seen, f->camera)) / c->speed;
	}
	return delay;
}

/* delay: s, taken: time is counted from there, in every trace; the least of them in `start`. */
static void count_from(nlos_calibration *k, nlos_capture *c, double *delay, int64_t n)
{
	double least = INFINITY;
	for (int64_t i = 0; i < n; i++)
		least = fmin(least, delay[i]);
	for (int64_t i = 0; i < n; i++)
		delay[i] = (least - delay[i]) / c->bin;
	c->start -= least;
	k->later = delay;
	k->n_later = n;
}

static bool first_bounces(const task *t, nlos_calibration *k, const transient *f, nlos_capture *c,
	GError **err)
{
	const input *file = task_picture(t, "first-bounce");
	int64_t points = c->counts->shape.y * c->counts->shape.x;
	int64_t n = file ? shape_count(file->data->shape) : f->n_bounce;
	if (n != points) {
		error_set(err, RELUMINE_MISMATCH, file ? file->path : t->inputs[0].path, NULL,
			"has %d times of first light for %d points", (int)n, (int)points);
		return false;
	}
	double *delay = g_new(double, points);
	for (int64_t i = 0; i < points; i++)
		delay[i] = !file ? f->first_bounce[i] : 1e-12 * (double)array_row(file->data, 0, 0,
			i / file->data->shape.x)[i % file->data->shape.x];
	count_from(k, c, delay, points);
	return true;
}

/* The wall's own light is this many times what comes later, and stands on a surface this well. */
#define BOUNCE_ABOVE 4
#define BOUNCE_SHARE 0.8
#define BOUNCE_RESIDUAL 3       /* bins */
#define BOUNCE_WIDTH 300e-12    /* s: after it, light is of the scene */

/* Whether the traces' largest light is the wall's own: it is well above all that comes later. */
static bool stands_out(const array *counts, const double *at, const double *strength, double width)
{
	double first = 0, later = 0;
	for (int64_t i = 0; i < transient_traces(counts); i++) {
		const float *trace = transient_trace(counts, i);
		double most = 0;
		for (int64_t m = (int64_t)(at[i] + width); m < counts->shape.z; m++)
			most = fmax(most, (double)trace[m * transient_stride(counts)]);
		first += strength[i];
		later += most;
	}
	return first > BOUNCE_ABOVE * later && first > 0;
}

/*
 * Time zero where the wall is seen, if it is; else the first bin's.  A file without a layout is
 * more likely to hold a scene alone, whose own first light might be taken for the wall's.
 */
static void find_zero(nlos_calibration *k, transient *taken, nlos_capture *c)
{
	shape s = c->counts->shape;
	int64_t n = transient_traces(c->counts);
	g_autofree double *at = g_new(double, n), *strength = g_new(double, n);
	transient_surface_fit fit;
	transient_find_bounce(c->counts, MARK_PEAK, at, strength);
	bool found = s.c == 1 && stands_out(c->counts, at, strength, BOUNCE_WIDTH / c->bin) &&
		transient_fit_surface(s.y, s.x, at, strength, &fit) && fit.used > BOUNCE_SHARE &&
		fit.residual < BOUNCE_RESIDUAL;
	c->start = 0;
	if (!found || !taken->layout) {
		transient_take(taken, "the first bin at time 0 (--start)");
		return;
	}
	double *delay = g_new(double, n), middle = 0;
	for (int64_t i = 0; i < n; i++) {
		delay[i] = transient_surface_at(&fit, s.y, s.x, i / s.x, i % s.x) * c->bin;
		middle += delay[i] / (double)n;
	}
	transient_take(taken, "time 0 where the wall's own light is, %.0f ps after the first bin on "
		"average (--start)", middle * 1e12);
	count_from(k, c, delay, n);
}

static bool devices_known(const task *t, const transient *f, GError **err)
{
	if (!isnan(f->laser[0]) && !isnan(f->camera[0]) && f->n_points)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, t->inputs[0].path, "give --first-bounce FILE, or --clock wall "
		"if time does count from the wall", "time counts from the laser's pulse, and the file does "
		"not say where laser, detector and points are");
	return false;
}

/* Points before the plane see what is straight ahead that much too early, there and back. */
static void straighten(nlos_calibration *k, const nlos_capture *c)
{
	int64_t n = transient_traces(c->counts);
	if (!c->depths)
		return;
	if (!k->later)
		k->later = g_new0(double, n);
	k->n_later = n;
	for (int64_t i = 0; i < n; i++)
		k->later[i] += 2 * c->depths[i] / (c->speed * c->bin);
}

static bool choose_zero(const task *t, nlos_calibration *k, transient *f, nlos_capture *c,
	GError **err)
{
	if (task_picture(t, "first-bounce") || f->n_bounce) {
		c->start = isnan(c->start) ? 0 : c->start;
		if (!first_bounces(t, k, f, c, err))
			return false;
	} else if (f->clock == CLOCK_AT_DEVICES) {
		if (!devices_known(t, f, err))
			return false;
		c->start = isnan(c->start) ? 0 : c->start;
		count_from(k, c, device_delays(f, c), transient_traces(c->counts));
	} else if (isnan(c->start)) {
		find_zero(k, f, c);
	}
	straighten(k, c);
	return true;
}

/* --- larger bins ------------------------------------------------------------------------------ */

static void choose_sums(const task *t, nlos_calibration *k, nlos_capture *c)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	k->bin_time = o->bin_time > 0 ? o->bin_time : MAX((int64_t)(BIN_TIME / c->bin + 1e-6), 1);
	k->bin_time = MIN(k->bin_time, k->n);
	k->bin_space = MIN(o->bin_space, MIN(s.y, s.x));
	c->start += (double)(k->bin_time - 1) / 2 * c->bin;
	c->bin *= (double)k->bin_time;
	if (k->bin_space == 1)
		return;
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
	k->gate = isnan(seconds) ? (double)tail : seconds == 0 ? 0 : (seconds - c->start) / c->bin;
	k->edge = EDGE / c->bin;
	if (k->gate >= (double)c->counts->shape.z) {
		error_set(err, RELUMINE_BAD_USAGE, "--gate", "a shorter one, or --gate none", "the gate opens "
			"after %.0f ps, and the record ends at %.0f ps", seconds * 1e12,
			(c->start + c->bin * (double)c->counts->shape.z) * 1e12);
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

/* --- all of it -------------------------------------------------------------------------------- */

static bool has_light(const task *t, const array *counts, GError **err)
{
	if (vec_max_abs(counts) > 0)
		return true;
	error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path, "relumine inspect shows what is in it",
		"all counts that are left are 0");
	return false;
}

nlos_calibration *nlos_calibration_new(task *t, const transient *f, nlos_capture *c, GError **err)
{
	const nlos_options *o = t->options;
	g_autoptr(nlos_calibration) k = g_new0(nlos_calibration, 1);
	g_autoptr(transient) taken = transient_copy(f);
	k->pulses = o->pulses;
	bool counted = nlos_is_counted(c->counts);
	if (!has_light(t, c->counts, err) || !choose_bins(t, k, c, err) ||
	    !choose_zero(t, k, taken, c, err))
		return NULL;
	nlos_tell_taken(t, taken);
	choose_sums(t, k, c);
	/* up to here all is known; the gate is chosen by what comes of it, and noise by what is left */
	array *raw = g_steal_pointer(&c->counts);
	c->counts = nlos_calibrate(k, raw, err);
	if (!c->counts || !choose_gate(t, k, f, c, err) || !choose_background(t, k, f, err))
		return NULL;
	double noise = nlos_noise_power(c, k->gate);
	nlos_calibration rest = { .pulses = NAN, .n = c->counts->shape.z, .background = k->background,
		.gate = k->gate, .edge = k->edge };
	k->jitter = rest.jitter = nlos_undoes_jitter(t, c) ? c->jitter / c->bin : 0;
	raw = g_steal_pointer(&c->counts);
	c->counts = nlos_calibrate(&rest, raw, err);
	if (!c->counts || !has_light(t, c->counts, err))
		return NULL;
	double all = nlos_power(c);
	c->noise = counted && all > 0 ? noise / fmax(all - noise, all / 100) : NAN;
	report_number(t->report, "noise_to_signal", c->noise);
	return g_steal_pointer(&k);
}
