/* SPDX-License-Identifier: BSD-3-Clause */
/* capture-grids.c - simulated captures with all places given: tal and the Zaragoza data set */
#include <math.h>
#include <string.h>
#include "io/capture.h"
#include "io/tal.h"

/* Times are ways of light in m, and bin i goes from start + i width to start + (i + 1) width. */
static bool read_times(struct capture *k, const char *width, const char *start, GError **err)
{
	transient *t = k->t;
	double from = NAN;
	if (!capture_positive(k, width, 1 / PATH_SPEED, &t->bin, err) ||
	    !capture_number(k, start, 1 / PATH_SPEED, &from, err))
		return false;
	t->start = from + t->bin / 2;
	return true;
}

/* Wall points of (n0, n1) and normals that go with them. */
struct grid {
	double *places, *normals;       /* owned; normals may be NULL */
	int64_t n, axes[2];
};

static void grid_clear(struct grid *g)
{
	g_free(g->places);
	g_free(g->normals);
}
typedef struct grid grid;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(grid, grid_clear)

/* False with *err, or without: there is none. */
static bool read_grid(struct container *c, const char *places, const char *normals, struct grid *g,
	GError **err)
{
	int64_t n = 0, axes[2];
	GError *cause = NULL;
	g->places = container_places(c, places, &g->n, g->axes, &cause);
	if (g->places)
		g->normals = container_places(c, normals, &n, axes, &cause);
	if (cause)
		g_propagate_error(err, cause);
	else if (g->normals && n != g->n)
		return reading_refuse(c->r, err, NULL, "'%s' and '%s' are not of one size", places, normals);
	return g->places && !cause;
}

static bool refuse_missing(const struct capture *k, const char *name, GError **err)
{
	if (err && *err)
		return false;
	return reading_refuse(k->c->r, err, NULL, "has no '%s', so that it is not known where the scanned "
		"points are", name);
}

/* numpy.allclose */
static bool same_places(const struct grid *a, const struct grid *b)
{
	bool same = a->n == b->n;
	for (int64_t i = 0; same && i < 3 * a->n; i++)
		same = fabs(a->places[i] - b->places[i]) <= 1e-8 + 1e-5 * fabs(b->places[i]);
	return same;
}

/* The fixed ends, the laser's: none of a confocal scan, else one for each set of traces. */
static bool set_fixed(struct capture *k, const struct grid *scanned, const struct grid *other,
	bool confocal, GError **err)
{
	k->t->confocal = confocal;
	if (confocal || !other->places)
		return true;
	if (other->n != capture_shape(k).c)
		return reading_refuse(k->c->r, err, NULL, "has %" G_GINT64_FORMAT " points of the laser for %"
			G_GINT64_FORMAT " scanned ones; confocal, one, or all with all are what can be used",
			other->n, scanned->n);
	transient_set_fixed(k->t, other->n, other->places);
	k->t->fixed_lit = true;
	return true;
}

/* --- tal (Royo et al.) ------------------------------------------------------------------------ */

/* Letters of the axes of H by H_format; those of Fourier coefficients are not traces. */
static const char *const tal_axes[] = {
	[TAL_T_SX_SY] = "txy", [TAL_T_LX_LY_SX_SY] = "tCcxy", [TAL_T_SI] = "tp", [TAL_T_LI_SI] = "tcp",
};

static bool tal_traces(struct capture *k, GError **err)
{
	double format = 0;
	if (!container_get(k->c, "H_format", 1, &format, err))
		return false;
	const char *axes = format >= 1 && format < (double)G_N_ELEMENTS(tal_axes) ?
		tal_axes[(int)format] : NULL;
	return axes ? capture_traces(k, "H", axes, err) : reading_refuse(k->c->r, err,
		"save the traces themselves: T_Sx_Sy, T_Lx_Ly_Sx_Sy, T_Si or T_Li_Si", "has H of the format %g, "
		"which is not one of traces", format);
}

static bool tal_points(struct capture *k, const struct grid *g, GError **err)
{
	char *rows = strchr(k->axes, 'p');
	return rows ? capture_points(k, g->n, g->places, (int)(rows - k->axes), err) :
		capture_grid(k, g->places, g->axes, true, err);
}

/* Both ways that tal says whether the outer ways are counted: a truth value, 0 or 1. */
static bool tal_clock(struct capture *k, GError **err)
{
	double counted = NAN;
	if (!container_get(k->c, "t_accounts_first_and_last_bounces", 1, &counted, err))
		return false;
	if (!isnan(counted))
		k->t->clock = counted != 0 ? CLOCK_AT_DEVICES : CLOCK_AT_WALL;
	return true;
}

/* The first index of its grids is x, the second y. */
static bool read_tal(struct capture *k, GError **err)
{
	g_auto(grid) seen = { 0 }, lit = { 0 };
	transient *t = k->t;
	if (!tal_traces(k, err) || !read_times(k, "delta_t", "t_start", err) || !tal_clock(k, err) ||
	    !container_get(k->c, "sensor_xyz", 3, t->camera, err) ||
	    !container_get(k->c, "laser_xyz", 3, t->laser, err))
		return false;
	if (!read_grid(k->c, "sensor_grid_xyz", "sensor_grid_normals", &seen, err))
		return refuse_missing(k, "sensor_grid_xyz", err);
	g_autoptr(GError) cause = NULL;
	if (!read_grid(k->c, "laser_grid_xyz", "laser_grid_normals", &lit, &cause) && cause) {
		g_propagate_error(err, g_steal_pointer(&cause));
		return false;
	}
	bool all = strchr(k->axes, 'c') != NULL, confocal = !all && lit.places && same_places(&seen, &lit);
	if (!tal_points(k, &seen, err) || !set_fixed(k, &seen, &lit, confocal, err))
		return false;
	if (seen.normals)
		capture_turn_to_wall(k, seen.n, seen.normals, capture_shape(k).x);
	capture_measure_wall(k);
	return true;
}

const struct capture_layout layout_tal = { "tal (H, H_format)", "H H_format delta_t", NULL,
	read_tal, NULL };

/* --- Galindo et al., A dataset for benchmarking time-resolved NLOS imaging (2019) ------------- */

/*
 * data[colour][t][bounce][x][y], or with the laser's [x][y] behind; or all axes the other way
 * round.  Which, is told by the sizes of the grids.
 */
static const struct {
	int rank;
	const char *axes;
	int scanned, lit;       /* first of their two axes */
	bool x_first;
} zaragoza_orders[] = {
	{ 5, "+t+xy", 3, -1, true }, { 5, "yx+t+", 0, -1, false },
	{ 7, "+t+xyCc", 3, 5, true }, { 7, "Ccyx+t+", 2, 0, false },
};

static bool zaragoza_fits(const struct variable *v, size_t i, const struct grid *seen,
	const struct grid *lit)
{
	int s = zaragoza_orders[i].scanned, l = zaragoza_orders[i].lit;
	return v->rank == zaragoza_orders[i].rank && v->n[s] == seen->axes[0] &&
		v->n[s + 1] == seen->axes[1] &&
		(l < 0 || (v->n[l] == lit->axes[0] && v->n[l + 1] == lit->axes[1]));
}

static bool zaragoza_traces(struct capture *k, const struct grid *seen, const struct grid *lit,
	GError **err)
{
	const struct variable *v = container_find(k->c, "data");
	for (size_t i = 0; i < G_N_ELEMENTS(zaragoza_orders); i++)
		if (zaragoza_fits(v, i, seen, lit))
			return capture_traces(k, "data", zaragoza_orders[i].axes, err) &&
				capture_grid(k, seen->places, seen->axes, zaragoza_orders[i].x_first, err);
	g_autofree char *size = variable_size_text(v);
	return reading_refuse(k->c->r, err, NULL, "'data' (%s) does not go with the grids of points (%"
		G_GINT64_FORMAT " x %" G_GINT64_FORMAT ")", size, seen->axes[0], seen->axes[1]);
}

static bool read_zaragoza(struct capture *k, GError **err)
{
	g_auto(grid) seen = { 0 }, lit = { 0 };
	transient *t = k->t;
	if (!read_times(k, "deltaT", "t0", err) ||
	    !container_get(k->c, "cameraPosition", 3, t->camera, err) ||
	    !container_get(k->c, "laserPosition", 3, t->laser, err))
		return false;
	if (!read_grid(k->c, "cameraGridPositions", "cameraGridNormals", &seen, err))
		return refuse_missing(k, "cameraGridPositions", err);
	if (!read_grid(k->c, "laserGridPositions", "laserGridNormals", &lit, err))
		return refuse_missing(k, "laserGridPositions", err);
	if (!zaragoza_traces(k, &seen, &lit, err))
		return false;
	bool confocal = k->traces->rank == 5 && lit.n != 1;
	if (confocal && !same_places(&seen, &lit))
		return reading_refuse(k->c->r, err, NULL, "has traces as of a confocal scan, but the laser's "
			"points are not those of the camera");
	if (!set_fixed(k, &seen, &lit, confocal, err))
		return false;
	t->clock = CLOCK_AT_DEVICES;
	transient_take(t, "time counted from laser to detector (--clock devices)");
	if (seen.normals)
		capture_turn_to_wall(k, seen.n, seen.normals, capture_shape(k).x);
	capture_measure_wall(k);
	return true;
}

const struct capture_layout layout_zaragoza = { "Zaragoza (data, deltaT, cameraGridPositions)",
	"data deltaT cameraGridPositions laserGridPositions", NULL, read_zaragoza, NULL };
