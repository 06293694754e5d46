/* SPDX-License-Identifier: BSD-3-Clause */
/* capture-confocal.c - captures whose laser and detector share each scanned point of a flat wall */
#include <math.h>
#include <string.h>
#include "io/capture.h"

/* Time 0 at the wall, as these layouts have it once they are rectified. */
static void take_rectified(transient *t)
{
	t->confocal = true;
	t->clock = CLOCK_AT_WALL;
	t->start = 0;
	transient_take(t, "confocal");
	transient_take(t, "time counted from the wall to the wall (--clock wall)");
	transient_take(t, "the first bin at 0 ps (--start)");
}

static void take_bin(transient *t, double ps)
{
	t->bin = ps * 1e-12;
	transient_take(t, "bin %g ps (--bin)", ps);
}

static void take_span(transient *t)
{
	t->extent = EXTENT_SPAN;
	transient_take(t, "the wall's size from the first point to the last (--wall-extent span)");
}

static bool has_axes(const struct container *c, const char *name, int rank)
{
	const struct variable *v = container_find(c, name);
	return v && v->rank == rank;
}

/* `width` is half of the wall's side. */
static bool half_wall(struct capture *k, GError **err)
{
	double half = NAN;
	if (!capture_positive(k, "width", 1, &half, err))
		return false;
	k->t->wall[0] = k->t->wall[1] = 2 * half;
	return true;
}

/* --- light-cone transform: O'Toole et al., Nature 555 (2018) ---------------------------------- */

#define LCT_BIN 4.0             /* ps */
#define LCT_GATE_BINS 600       /* in which the wall itself still shines */

/* rect_data(x, y, t): published front views have the first index to the left, the second down */
static bool read_lct(struct capture *k, GError **err)
{
	k->mirrored = true;
	if (!capture_traces(k, "rect_data", "xyt", err) || !half_wall(k, err))
		return false;
	take_bin(k->t, LCT_BIN);
	take_rectified(k->t);
	take_span(k->t);
	k->t->gate = LCT_GATE_BINS * LCT_BIN * 1e-12;
	transient_take(k->t, "the wall itself until %g ps (--gate)", LCT_GATE_BINS * LCT_BIN);
	return true;
}

const struct capture_layout layout_lct = { "LCT 2018 (rect_data, width)", "rect_data width", NULL,
	read_lct, NULL };

/* --- f-k migration: Lindell et al., ACM Trans. Graph. 38 (2019) ------------------------------- */

#define FK_BIN 32.0             /* ps */
#define FK_WALL 2.0             /* m */

static bool is_time_last(const struct container *c)
{
	const struct variable *v = container_find(c, "meas");
	return v->rank == 3 && v->n[0] == v->n[1];
}

/* tofgrid(x, y), ps: when light is back from the wall itself; here or in tof.mat beside it */
static bool read_tofgrid(struct capture *k, struct container *c, GError **err)
{
	const struct variable *v = container_find(c, "tofgrid");
	shape s = capture_shape(k);
	if (!v)
		return true;
	if (v->rank != 2 || v->n[0] != s.x || v->n[1] != s.y) {
		g_autofree char *size = variable_size_text(v);
		return reading_refuse(c->r, err, NULL, "'tofgrid' is not of the size of the wall (%s)", size);
	}
	g_autofree double *ps = container_numbers(c, v, err);
	g_autofree double *seconds = ps ? g_new(double, s.x * s.y) : NULL;
	for (int64_t i = 0; ps && i < s.x * s.y; i++) {
		int64_t x = i / s.y;
		seconds[i % s.y * s.x + (k->mirrored ? s.x - 1 - x : x)] = ps[i] * 1e-12;
		if (!isfinite(ps[i]))
			return reading_refuse(c->r, err, NULL, "'tofgrid' has values that are not finite");
	}
	if (ps)
		transient_set_bounces(k->t, s.x * s.y, seconds);
	return ps != NULL;
}

static bool find_tofgrid(struct capture *k, GError **err)
{
	g_autoptr(GError) cause = NULL;
	if (container_find(k->c, "tofgrid"))
		return read_tofgrid(k, k->c, err);
	struct container *beside = capture_sibling(k, "tof.mat", &cause);
	bool done = !beside || read_tofgrid(k, beside, &cause);
	if (beside && k->t->first_bounce)
		transient_take(k->t, "times of the wall from tof.mat in the same folder");
	sibling_close(beside);
	if (cause)
		g_propagate_error(err, g_steal_pointer(&cause));
	return done && !cause;
}

/* meas(x, y, t): as rect_data */
static bool read_fk(struct capture *k, GError **err)
{
	transient *t = k->t;
	k->mirrored = true;
	if (!capture_traces(k, "meas", "xyt", err) || !find_tofgrid(k, err))
		return false;
	take_bin(t, FK_BIN);
	t->wall[0] = t->wall[1] = FK_WALL;
	transient_take(t, "wall %g m (--wall)", FK_WALL);
	take_span(t);
	t->confocal = true;
	transient_take(t, "confocal");
	t->start = 0;
	transient_take(t, "the first bin at 0 ps (--start)");
	if (t->first_bounce)
		t->clock = CLOCK_AT_DEVICES;
	return true;
}

const struct capture_layout layout_fk = { "f-k 2019 (meas)", "meas", is_time_last, read_fk, NULL };

/* --- confocal diffuse tomography: Lindell and Wetzstein, Nature Communications 11 (2020) ------ */

#define CDT_BIN 16.0            /* ps */
#define CDT_SLAB 0.0254         /* m */

static bool is_time_first(const struct container *c)
{
	const struct variable *v = container_find(c, "meas");
	return v->rank == 3 && v->n[1] == v->n[2];
}

/* meas(t, y, x) in MATLAB, so that bins run fastest */
static bool read_cdt(struct capture *k, GError **err)
{
	if (!capture_traces(k, "meas", "tyx", err))
		return false;
	take_bin(k->t, CDT_BIN);
	take_rectified(k->t);
	take_span(k->t);
	k->t->slab = CDT_SLAB;
	transient_take(k->t, "a scattering slab of %g m before the scene (--slab)", CDT_SLAB);
	return true;
}

const struct capture_layout layout_cdt = { "CDT 2020 (meas)", "meas", is_time_first, read_cdt,
	NULL };

/* --- over 1.43 km: Wu et al., PNAS 118 (2021) ------------------------------------------------- */

/* sig_in(x, y, t) as rect_data, timeRes in s, pulsewidth in ps (full width), radius in m */
static bool read_long_range(struct capture *k, GError **err)
{
	transient *t = k->t;
	k->mirrored = true;
	if (!capture_traces(k, "sig_in", "xyt", err) || !half_wall(k, err) ||
	    !capture_positive(k, "timeRes", 1, &t->bin, err) ||
	    !capture_positive(k, "pulsewidth", 1e-12, &t->jitter, err) ||
	    !capture_positive(k, "radius", 1, &t->beam, err))
		return false;
	take_rectified(t);
	take_span(t);
	return true;
}

const struct capture_layout layout_long_range = { "long range (sig_in, timeRes, width)",
	"sig_in timeRes width", NULL, read_long_range, NULL };

/* --- own simulation of points: clean and noisy (t, x, y) of one scene ------------------------ */

#define POINTS_SPEED 3e8        /* m/s: light of that simulation */

static bool has_scalars(const struct container *c)
{
	return has_axes(c, "clean", 3) && has_axes(c, "noisy", 3) &&
		variable_count(container_find(c, "wall")) == 1 && variable_count(container_find(c, "bin")) == 1;
}

static bool read_points(struct capture *k, GError **err)
{
	transient *t = k->t;
	const char *member = k->c->r->member;
	if (!member)
		return reading_refuse(k->c->r, err, "choose one of clean, noisy, as in FILE.npz:noisy",
			"holds two captures, and none was chosen");
	if (!capture_traces(k, member, "txy", err) ||
	    !capture_positive(k, "bin", 1, &t->bin, err) ||
	    !capture_positive(k, "wall", 1, &t->wall[0], err))
		return false;
	t->wall[1] = t->wall[0];
	take_rectified(t);
	take_span(t);
	transient_take(t, "made with light of %g m/s (--light-speed)", POINTS_SPEED);
	return true;
}

const struct capture_layout layout_points = { "simulated points (clean, noisy, wall, bin)",
	"clean noisy wall bin", has_scalars, read_points, "clean noisy" };
