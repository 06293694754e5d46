/* SPDX-License-Identifier: BSD-3-Clause */
/* capture-steps.c - what layouts of captures share: times, places, files side by side */
#include "io/capture.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How far places may be off their lattice, in parts of its shorter side; times, of a bin. */
#define LATTICE_SLACK 1e-3
#define TIME_SLACK 1e-2

/* --- numbers ---------------------------------------------------------------------------------- */

bool capture_number(struct capture *k, const char *name, double unit, double *to, GError **err)
{
	double value = NAN;
	if (!container_get(k->c, name, 1, &value, err))
		return false;
	if (!isnan(value))
		*to = value * unit;
	return true;
}

bool capture_positive(struct capture *k, const char *name, double unit, double *to, GError **err)
{
	if (!capture_number(k, name, unit, to, err))
		return false;
	return !container_find(k->c, name) || *to > 0 ||
		reading_refuse(k->c->r, err, NULL, "variable '%s' is not above 0", name);
}

bool capture_traces(struct capture *k, const char *name, const char *axes, GError **err)
{
	k->traces = container_find(k->c, name);
	g_strlcpy(k->axes, axes, sizeof(k->axes));
	if (k->traces->stranger)
		return reading_refuse(k->c->r, err, "save it as an array of real numbers",
			"variable '%s' holds %s, not real numbers", name, k->traces->stranger);
	if (k->traces->rank == (int)strlen(axes))
		return true;
	g_autofree char *size = variable_size_text(k->traces);
	return reading_refuse(k->c->r, err, "choose a variable (FILE:NAME) and say what its axes are "
		"(--axes)", "variable '%s' has %d axes (%s), not %d", name, k->traces->rank, size,
		(int)strlen(axes));
}

bool capture_times(struct capture *k, const char *name, double unit, GError **err)
{
	const struct variable *v = container_find(k->c, name);
	g_autofree double *times = v ? container_numbers(k->c, v, err) : NULL;
	int64_t n = v ? variable_count(v) : 0;
	if (!times)
		return !v;
	if (n == 1) {
		k->t->bin = times[0] * unit;
		return times[0] > 0 || reading_refuse(k->c->r, err, NULL, "variable '%s' is not above 0", name);
	}
	double step = (times[n - 1] - times[0]) / (double)(n - 1);
	for (int64_t i = 0; i < n; i++)
		if (!(step > 0 && fabs(times[i] - times[0] - (double)i * step) <= TIME_SLACK * step))
			return reading_refuse(k->c->r, err, "resample the traces", "times in '%s' do not rise in "
				"equal steps (number %" G_GINT64_FORMAT ": %g after %g)", name, i, times[i],
				times[MAX(i - 1, 0)]);
	if (n != capture_shape(k).z)
		return reading_refuse(k->c->r, err, NULL, "'%s' has %" G_GINT64_FORMAT " times for %"
			G_GINT64_FORMAT " bins", name, n, capture_shape(k).z);
	k->t->bin = step * unit;
	k->t->start = times[0] * unit;
	return true;
}

/* --- places ----------------------------------------------------------------------------------- */

static double distance(const double *a, const double *b)
{
	return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
		(a[2] - b[2]) * (a[2] - b[2]));
}

/* Whether place (i, j) is that of (0, 0) and the steps of its row and its column. */
static bool is_lattice(const double *p, int64_t n, int64_t inner)
{
	double row_length = distance(p, p + 3 * (inner - 1));
	double slack = LATTICE_SLACK * MIN(row_length, distance(p, p + 3 * (n - inner)));
	for (int64_t i = 0; i < n; i++) {
		const double *row = p + 3 * (i - i % inner), *column = p + 3 * (i % inner);
		double ideal[3];
		for (int a = 0; a < 3; a++)
			ideal[a] = row[a] + column[a] - p[a];
		if (distance(p + 3 * i, ideal) > slack)
			return false;
	}
	return true;
}

/* Whether c lies on the way from a through b, or behind. */
static bool is_ahead(const double *a, const double *b, const double *c)
{
	double step = distance(a, b), along = 0;
	for (int i = 0; i < 3; i++)
		along += (b[i] - a[i]) * (c[i] - a[i]);
	return along >= (1 - LATTICE_SLACK) * step * distance(a, c);
}

/* A run goes on as the first two places do. */
int64_t lattice_run(const double *p, int64_t n)
{
	int64_t run = MIN(n, 2);
	while (run < n && is_ahead(p, p + 3, p + 3 * run))
		run++;
	return run > 1 && run < n && n % run == 0 && is_lattice(p, n, run) ? run : 0;
}

static bool refuse_count(const struct capture *k, int64_t places, int64_t traces, GError **err)
{
	return reading_refuse(k->c->r, err, NULL, "has %" G_GINT64_FORMAT " places for %" G_GINT64_FORMAT
		" traces", places, traces);
}

/* places[outer][inner] with x fastest; the caller's */
static double *sorted_places(const struct capture *k, const double *places, const int64_t n[2],
	bool first_is_x)
{
	int64_t nx = n[!first_is_x], count = n[0] * n[1];
	double *sorted = g_new(double, 3 * count);
	for (int64_t i = 0; i < count; i++) {
		int64_t y = first_is_x ? i % n[1] : i / n[1], x = first_is_x ? i / n[1] : i % n[1];
		int64_t to = y * nx + (k->mirrored ? nx - 1 - x : x);
		memcpy(sorted + 3 * to, places + 3 * i, 3 * sizeof(*sorted));
	}
	return sorted;
}

static void set_sorted(struct capture *k, const double *places, const int64_t n[2], bool first_is_x)
{
	g_autofree double *sorted = sorted_places(k, places, n, first_is_x);
	transient_set_points(k->t, n[0] * n[1], sorted);
}

bool capture_points(struct capture *k, int64_t n, const double *places, int axis, GError **err)
{
	if (n != k->traces->n[axis])
		return refuse_count(k, n, k->traces->n[axis], err);
	int64_t run = lattice_run(places, n);
	const double *end = places + 3 * (run - 1);
	bool x_is_slow = run && fabs(end[1] - places[1]) > fabs(end[0] - places[0]);
	k->axes[axis] = x_is_slow ? 'P' : 'p';
	k->inner = run;
	set_sorted(k, places, (int64_t[]){ run ? n / run : 1, run ? run : n }, x_is_slow);
	return true;
}

bool capture_others(struct capture *k, int64_t n, const double *places, int axis, GError **err)
{
	int64_t inner = k->inner ? k->inner : n;
	if (n != k->traces->n[axis])
		return refuse_count(k, n, k->traces->n[axis], err);
	g_autofree double *sorted = sorted_places(k, places, (int64_t[]){ n / inner, inner },
		k->axes[axis] == 'P');
	transient_set_fixed(k->t, n, sorted);
	k->t->paired = true;
	return true;
}

bool capture_grid(struct capture *k, const double *places, const int64_t n[2], bool first_is_x,
	GError **err)
{
	shape s = capture_shape(k);
	if (n[0] != (first_is_x ? s.x : s.y) || n[1] != (first_is_x ? s.y : s.x))
		return refuse_count(k, n[0] * n[1], s.y * s.x, err);
	set_sorted(k, places, n, first_is_x);
	return true;
}

void capture_measure_wall(struct capture *k)
{
	transient *t = k->t;
	shape s = capture_shape(k);
	if (s.x < 2 || s.y < 2 || t->n_points != s.x * s.y || !is_lattice(t->points, t->n_points, s.x))
		return;
	t->wall[0] = distance(t->points, t->points + 3 * (s.x - 1));
	t->wall[1] = distance(t->points, t->points + 3 * (s.y - 1) * s.x);
	t->extent = EXTENT_SPAN;
}

/* --- the wall's own axes ---------------------------------------------------------------------- */

static bool normalise(double v[3])
{
	double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
	for (int i = 0; i < 3; i++)
		v[i] /= length;
	return length > 0;
}

static double dot(const double *a, const double *b)
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static void turn(double axes[3][3], const double origin[3], int64_t n, double *places)
{
	for (int64_t i = 0; places && i < n; i++) {
		double from[3];
		for (int a = 0; a < 3; a++)
			from[a] = places[3 * i + a] - origin[a];
		for (int a = 0; a < 3; a++)
			places[3 * i + a] = dot(axes[a], from);
	}
}

/* x: the way along the first row, upright on z; y: what is upright on both, towards later rows. */
static bool wall_axes(const transient *t, int64_t nx, double axes[3][3])
{
	const double *p = t->points, *end = p + 3 * (nx - 1), *last = p + 3 * (t->n_points - 1);
	double *x = axes[0], *y = axes[1], *z = axes[2], along = 0;
	for (int a = 0; a < 3; a++)
		x[a] = end[a] - p[a];
	double off = dot(x, z);
	for (int a = 0; a < 3; a++)
		x[a] -= off * z[a];
	if (!normalise(x))
		return false;
	for (int a = 0; a < 3; a++) {
		int b = (a + 1) % 3, c = (a + 2) % 3;
		y[a] = z[b] * x[c] - z[c] * x[b];
	}
	for (int a = 0; a < 3; a++)
		along += y[a] * (last[a] - p[a]);
	for (int a = 0; a < 3 && along < 0; a++)
		y[a] = -y[a];
	return true;
}

void capture_turn_to_wall(struct capture *k, int64_t n, const double *normals, int64_t nx)
{
	transient *t = k->t;
	double axes[3][3] = { { 0 } }, origin[3] = { 0 };
	for (int64_t i = 0; i < 3 * n; i++)
		axes[2][i % 3] += normals[i];
	bool upright = normalise(axes[2]) && fabs(axes[2][2] - 1) > LATTICE_SLACK;
	if (!upright || t->n_points < 2 || nx < 2 || !wall_axes(t, nx, axes))
		return;
	for (int64_t i = 0; i < 3 * t->n_points; i++)
		origin[i % 3] += t->points[i] / (double)t->n_points;
	turn(axes, origin, t->n_points, t->points);
	turn(axes, origin, t->n_fixed, t->fixed);
	turn(axes, origin, 1, t->laser);
	turn(axes, origin, 1, t->camera);
	turn(axes, (double[3]){ 0, 0, 0 }, t->normals ? t->n_points : 0, t->normals);
	transient_take(t, "places in the wall's own axes: x and y along the grid, z along its normal, "
		"origin in its middle");
}

/* --- files side by side ----------------------------------------------------------------------- */


static const struct {
	const char *start;
	size_t size;
	struct container *(*open)(struct reading *r, GError **err);
} kinds[] = {
	{ "MATLAB 5.0", 10, mat_open }, { "MATLAB 7.3", 10, hdf5_open },
	{ "\x89HDF\r\n\x1a\n", 8, hdf5_open },
};

static struct container *open_sibling(struct reading *r, GError **err)
{
	char start[16] = { 0 };
	struct stat st;
	if (fstat(r->fd, &st) != 0 || !S_ISREG(st.st_mode) || pread(r->fd, start, sizeof(start), 0) < 10) {
		reading_refuse(r, err, NULL, "cannot be read");
		return NULL;
	}
	r->file_bytes = st.st_size;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (!memcmp(start, kinds[i].start, kinds[i].size))
			return kinds[i].open(r, err);
	reading_refuse(r, err, NULL, "is not a MAT or HDF5 file");
	return NULL;
}

void sibling_close(struct container *c)
{
	if (!c)
		return;
	struct reading *r = c->r;
	container_free(c);
	close(r->fd);
	image_free(r->im);
	json_decref(r->facts);
	g_free((char *)(uintptr_t)r->path);
	g_free(r);
}

struct container *capture_sibling(const struct capture *k, const char *name, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(k->c->r->path);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	struct reading *r = g_new0(struct reading, 1);
	r->path = g_steal_pointer(&path);
	r->fd = fd;
	r->im = image_new(NULL);
	r->im->format = "HDF5";
	r->facts = json_object();
	struct container *c = open_sibling(r, err);
	if (!c) {
		struct container *empty = container_new(r);
		sibling_close(empty);
	}
	return c;
}
