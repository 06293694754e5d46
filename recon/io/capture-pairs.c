/* SPDX-License-Identifier: BSD-3-Clause */
/* capture-pairs.c - captures with one end of the light's way fixed, and lists of places */
#include <math.h>
#include <string.h>
#include "io/capture.h"

static void take_at_wall(transient *t)
{
	t->clock = CLOCK_AT_WALL;
	transient_take(t, "time counted from the wall to the wall (--clock wall)");
}

static void take_start(transient *t)
{
	if (!isnan(t->start))
		return;
	t->start = 0;
	transient_take(t, "the first bin at 0 ps (--start)");
}

/* --- phasor fields: Liu et al., Nature 572 (2019) --------------------------------------------- */

/* A device's place, where the file has it. */
static bool read_device(struct capture *k, const char *name, double to[3], GError **err)
{
	return container_get(k->c, name, 3, to, err);
}

/* data(t, detector, laser): few detectors, all points that the laser goes to; lengths in m */
static bool read_phasor_2019(struct capture *k, GError **err)
{
	transient *t = k->t;
	int64_t n = 0, fixed = 0, axes[2];
	if (!capture_traces(k, "dataset.data", "tcp", err) ||
	    !capture_positive(k, "dataset.deltat", 1 / PATH_SPEED, &t->bin, err) ||
	    !capture_number(k, "dataset.t0", 1 / PATH_SPEED, &t->start, err) ||
	    !read_device(k, "dataset.laserOrigin", t->laser, err) ||
	    !read_device(k, "dataset.cameraOrigin", t->camera, err))
		return false;
	g_autofree double *places = container_places(k->c, "dataset.laserPos", &n, axes, err);
	g_autofree double *detectors = places ?
		container_places(k->c, "dataset.cameraPos", &fixed, axes, err) : NULL;
	if (!detectors || !capture_points(k, n, places, 2, err))
		return false;
	transient_set_fixed(t, fixed, detectors);
	t->clock = CLOCK_AT_DEVICES;
	transient_take(t, "time counted from laser to detector (--clock devices)");
	take_start(t);
	capture_measure_wall(k);
	return true;
}

const struct capture_layout layout_phasor_2019 = { "phasor field 2019 (dataset)",
	"dataset.data dataset.laserPos dataset.cameraPos dataset.deltat", NULL, read_phasor_2019, NULL };

/* --- fast phasor fields: Liu et al., Nature Communications 11 (2020) -------------------------- */

/* SPAD_index: which scanned point the detector looks at, counted from 1 along x and y */
static bool read_detector_index(struct capture *k, double spacing, GError **err)
{
	double index[2] = { NAN, NAN }, place[3] = { 0 };
	shape s = capture_shape(k);
	if (!container_get(k->c, "SPAD_index", 2, index, err))
		return false;
	if (isnan(index[0]))
		return true;
	place[0] = (index[0] - 1 - (double)(s.x - 1) / 2) * spacing;
	place[1] = (index[1] - 1 - (double)(s.y - 1) / 2) * spacing;
	transient_set_fixed(k->t, 1, place);
	return true;
}

/* rect_data(t, x, y), sampling_spacing in m, ts in s */
static bool read_phasor_2020(struct capture *k, GError **err)
{
	transient *t = k->t;
	double spacing = NAN;
	if (!capture_traces(k, "rect_data", "txy", err) || !capture_times(k, "ts", 1, err) ||
	    !capture_positive(k, "sampling_spacing", 1, &spacing, err) ||
	    !read_detector_index(k, spacing, err))
		return false;
	shape s = capture_shape(k);
	t->wall[0] = spacing * (double)(s.x - 1);
	t->wall[1] = spacing * (double)(s.y - 1);
	t->extent = EXTENT_SPAN;
	take_at_wall(t);
	take_start(t);
	return true;
}

const struct capture_layout layout_phasor_2020 = {
	"phasor field 2020 (rect_data, sampling_spacing)", "rect_data sampling_spacing ts", NULL,
	read_phasor_2020, NULL };

/* Traces of points in a row: (point, t), camera_pos (point, 3) in m, ts in s. */
static bool read_rows(struct capture *k, const char *name, GError **err)
{
	int64_t n = 0, axes[2];
	double laser[3] = { NAN, NAN, NAN };
	if (!capture_traces(k, name, "pt", err) || !capture_times(k, "ts", 1, err) ||
	    !container_get(k->c, "laser_pos_base", 3, laser, err))
		return false;
	g_autofree double *places = container_places(k->c, "camera_pos", &n, axes, err);
	if (!places || !capture_points(k, n, places, 0, err))
		return false;
	k->t->fixed_lit = !isnan(laser[0]);
	if (k->t->fixed_lit)
		transient_set_fixed(k->t, 1, laser);
	take_at_wall(k->t);
	take_start(k->t);
	capture_measure_wall(k);
	return true;
}

static bool read_phasor_pairs(struct capture *k, GError **err)
{
	return read_rows(k, "total_rect_data", err);
}

/* Some of these files have the traces' Fourier coefficients instead. */
static bool read_phasor_spectra(struct capture *k, GError **err)
{
	const struct variable *v = container_find(k->c, "total_u_total");
	if (v->stranger)
		return reading_refuse(k->c->r, err, "give the file with the traces themselves "
			"(total_rect_data)", "'total_u_total' holds %s: spectra of traces, not the traces",
			v->stranger);
	return read_rows(k, "total_u_total", err);
}

const struct capture_layout layout_phasor_pairs = { "phasor field, rows (total_rect_data)",
	"total_rect_data camera_pos ts", NULL, read_phasor_pairs, NULL };
const struct capture_layout layout_phasor_spectra = { "phasor field, rows (total_u_total)",
	"total_u_total camera_pos ts", NULL, read_phasor_spectra, NULL };

/* --- any pairs of points: CC-SOCR, Liu et al., Nature Communications 14 (2023) ---------------- */

#define GENERAL_UNIT 0.01       /* m: places are in cm */
#define GENERAL_BIN 16.0        /* ps */

/* "scene_sub_Sig.mat" has "scene_C_i.mat" beside it. */
static char *sibling_name(const struct capture *k, const char *variable)
{
	g_autofree char *name = g_path_get_basename(k->c->r->path);
	const char *at = strstr(name, "sub_Sig");
	return at ? g_strdup_printf("%.*s%s%s", (int)(at - name), name, variable, at + 7) : NULL;
}

/* (depth, horizontal, vertical) to x to the right, y down and z into the scene: half a turn */
static double *turned(const double *from, int64_t n)
{
	double *to = g_new(double, 3 * n);
	for (int64_t i = 0; i < n; i++) {
		to[3 * i] = 0 - from[3 * i + 1] * GENERAL_UNIT;
		to[3 * i + 1] = 0 - from[3 * i + 2] * GENERAL_UNIT;
		to[3 * i + 2] = from[3 * i] * GENERAL_UNIT;
	}
	return to;
}

/* A list of places in the file, or beside it; none without *err: there is no such list. */
static double *general_places(struct capture *k, const char *variable, int64_t *n, GError **err)
{
	int64_t axes[2];
	g_autofree char *name = sibling_name(k, variable);
	struct container *beside = container_find(k->c, variable) || !name ? NULL :
		capture_sibling(k, name, err);
	g_autofree double *places = container_places(beside ? beside : k->c, variable, n, axes, err);
	if (beside && places)
		transient_take(k->t, "places from %s in the same folder", name);
	sibling_close(beside);
	return places ? turned(places, *n) : NULL;
}

static bool all_the_same(const double *places, int64_t n)
{
	for (int64_t i = 1; i < n; i++)
		if (memcmp(places, places + 3 * i, 3 * sizeof(*places)) != 0)
			return false;
	return true;
}

/* Grids that are both ends' are counted in points: of what size is not said. */
static void drop_index_grid(struct capture *k)
{
	transient_set_points(k->t, 0, NULL);
	k->t->confocal = true;
}

static bool refuse_places(const struct capture *k, GError **err)
{
	g_autofree char *i = sibling_name(k, "C_i"), *d = sibling_name(k, "C_d");
	g_autofree char *remedy = i && d ? g_strdup_printf("put %s and %s into its folder", i, d) : NULL;
	return reading_refuse(k->c->r, err, remedy, "has traces of pairs of points, but not where these "
		"are: variables C_i and C_d");
}

/* sub_Sig(pair, t); C_i and C_d (pair, 3): what the laser and the detector point at */
static bool read_general(struct capture *k, GError **err)
{
	transient *t = k->t;
	int64_t n = 0, m = 0;
	g_autoptr(GError) cause = NULL;
	k->mirrored = true;
	if (!capture_traces(k, "sub_Sig", "pt", err) || !capture_positive(k, "timeRes", 1, &t->bin, err))
		return false;
	g_autofree double *lit = general_places(k, "C_i", &n, &cause);
	g_autofree double *seen = lit ? general_places(k, "C_d", &m, &cause) : NULL;
	if (cause)
		g_propagate_error(err, g_steal_pointer(&cause));
	else if (!seen)
		refuse_places(k, err);
	if (!seen)
		return false;
	bool same = n == m && !memcmp(lit, seen, (size_t)n * 3 * sizeof(*lit));
	if (!capture_points(k, n, lit, 0, err) ||
	    (!same && !all_the_same(seen, m) && !capture_others(k, m, seen, 0, err)))
		return false;
	take_at_wall(t);
	take_start(t);
	if (same) {
		drop_index_grid(k);
		return true;
	}
	if (!t->paired)
		transient_set_fixed(t, 1, seen);
	transient_take(t, "places in cm");
	if (isnan(t->bin)) {
		t->bin = GENERAL_BIN * 1e-12;
		transient_take(t, "bin %g ps (--bin)", GENERAL_BIN);
	}
	capture_measure_wall(k);
	return true;
}

const struct capture_layout layout_general = { "pairs of points (sub_Sig, C_i, C_d)", "sub_Sig",
	NULL, read_general, NULL };

/* --- Klein et al., A quantitative platform for NLOS imaging problems (2018) ------------------- */

#define KLEIN_WALL 0.512        /* m */
#define KLEIN_SECONDS 1e-7      /* a bin below this is in seconds, else in metres of path */

/* data (y, x, t) or (t, y, x): the two axes that are as long as each other are the wall's */
static bool read_klein(struct capture *k, GError **err)
{
	transient *t = k->t;
	const struct variable *v = container_find(k->c, "data");
	bool last = v->rank == 3 && v->n[0] == v->n[1];
	if (!capture_traces(k, "data", last ? "yxt" : "tyx", err))
		return false;
	if (!last && v->n[1] != v->n[2])
		return reading_refuse(k->c->r, err, "choose it as FILE:data and say what its axes are (--axes)",
			"'data' has no two axes of one length, which the wall's would be");
	double bin = NAN;
	if (!capture_positive(k, "tDelta", 1, &bin, err) || !capture_number(k, "tMin", 1, &t->start, err))
		return false;
	bool seconds = bin < KLEIN_SECONDS;
	t->bin = seconds ? bin : bin / PATH_SPEED;
	t->start = seconds ? t->start : t->start / PATH_SPEED;
	transient_take(t, "tMin and tDelta in %s", seconds ? "seconds" : "metres of path");
	t->wall[0] = t->wall[1] = KLEIN_WALL;
	transient_take(t, "wall %g m (--wall)", KLEIN_WALL);
	transient_set_fixed(t, 1, (double[3]){ 0, 0, 0 });
	t->fixed_lit = true;
	transient_take(t, "the laser in the middle of the wall (--detector)");
	return true;
}

const struct capture_layout layout_klein = { "Klein 2018 (data, tMin, tDelta)", "data tMin tDelta",
	NULL, read_klein, NULL };

/* --- modules for telephones, moved about: Somasundaram et al., consumer lidar (2024) ---------- */

#define CONSUMER_BIN 88.0       /* ps */
#define CONSUMER_ZERO 13        /* bin at which light leaves the module */

/*
 * Where the module stood is in the published program alone: 6 x 6 places, to and fro, of which the
 * first was taken twice.
 */
enum { RASTER = 6, RASTER_FRAMES = RASTER * RASTER + 1 };
static const double raster_size[2] = { 1.28, 0.64 };    /* m, x and y */

static void module_place(int64_t frames, int64_t frame, double to[2])
{
	int64_t i = MAX(frame - 1, 0), row = i / RASTER, column = i % RASTER;
	int64_t at[2] = { row % 2 ? RASTER - 1 - column : column, row };
	for (int a = 0; a < 2; a++)
		to[a] = frames == RASTER_FRAMES ?
			raster_size[a] * (0.5 - (double)at[a] / (RASTER - 1)) : 0;
}

/*
 * What each field sees of the wall, m from the module, which looks at it: up, right, away.  Its way
 * there and back is what time counts from.  Gives places in the wall's frame: the scene is behind
 * the module.
 */
static double *module_sees(struct capture *k, const double *cloud, const int64_t n[2])
{
	double *to = g_new(double, 3 * n[0] * n[1]), wall = 0;
	g_autofree double *seconds = g_new(double, n[0] * n[1]);
	for (int64_t i = 0; i < n[0] * n[1]; i++)
		wall += cloud[3 * i + 2] / (double)(n[0] * n[1]);
	for (int64_t i = 0; i < n[0] * n[1]; i++) {
		const double *p = cloud + 3 * i;
		double stood[2];
		module_place(n[0], i / n[1], stood);
		to[3 * i] = stood[0] - p[1];
		to[3 * i + 1] = p[0] - stood[1];
		to[3 * i + 2] = wall - p[2];
		seconds[i] = 2 * sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]) / PATH_SPEED;
	}
	transient_set_bounces(k->t, n[0] * n[1], seconds);
	return to;
}

/* histogram[frame][row][column][t]; point_cloud[frame][9][3].  A row of the picture a frame. */
static bool read_consumer(struct capture *k, GError **err)
{
	transient *t = k->t;
	int64_t n = 0, axes[2];
	if (!capture_traces(k, "histogram", "yXxt", err))
		return false;
	g_autofree double *cloud = container_places(k->c, "point_cloud", &n, axes, err);
	g_autofree double *places = cloud ? module_sees(k, cloud, axes) : NULL;
	if (!places || !capture_grid(k, places, axes, false, err))
		return false;
	t->bin = CONSUMER_BIN * 1e-12;
	t->start = -CONSUMER_ZERO * t->bin;
	t->clock = CLOCK_AT_DEVICES;
	t->confocal = true;
	transient_take(t, "bin %g ps (--bin)", CONSUMER_BIN);
	transient_take(t, "light leaves in bin %d (--start)", CONSUMER_ZERO);
	if (axes[0] == RASTER_FRAMES)
		transient_take(t, "the module on %d x %d places over %g m x %g m, to and fro, the first one "
			"twice (--laser-positions)", RASTER, RASTER, raster_size[0], raster_size[1]);
	else
		transient_take(t, "the module always at the same place (--laser-positions)");
	transient_take(t, "confocal");
	return true;
}

const struct capture_layout layout_consumer = { "moved lidar module (histogram, point_cloud)",
	"histogram point_cloud distance", NULL, read_consumer, NULL };
