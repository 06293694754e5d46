/* SPDX-License-Identifier: BSD-3-Clause */
/* hdf5-write.c - captures as files of tal (names and types: y-tal, NLOSCaptureData) */
#include <hdf5.h>
#include <math.h>
#include <string.h>
#include "io/capture.h"
#include "io/hdf5-inside.h"
#include "io/npz-write.h"
#include "io/tal.h"

struct out {
	hid_t file;
	const transient *t;
	const array *data;
	bool rows;              /* points in a row: no grid */
	hsize_t lit[2];         /* grid of the fixed points, the second faster */
};

struct word {
	const char *name;
	int value;
};

static const struct word h_formats[] = {
	{ "UNKNOWN", 0 }, { "T_Sx_Sy", TAL_T_SX_SY }, { "T_Lx_Ly_Sx_Sy", TAL_T_LX_LY_SX_SY },
	{ "T_Si", TAL_T_SI }, { "T_Li_Si", TAL_T_LI_SI }, { NULL, 0 }
};
static const struct word grid_formats[] = {
	{ "UNKNOWN", 0 }, { "N_3", TAL_N_3 }, { "X_Y_3", TAL_X_Y_3 }, { NULL, 0 }
};
static const struct word truths[] = { { "FALSE", 0 }, { "TRUE", 1 }, { NULL, 0 } };

/* --- data sets -------------------------------------------------------------------------------- */

/* Without the time of day: the same capture gives the same bytes. */
static hid_t new_data(const struct out *o, const char *name, hid_t type, hid_t space)
{
	hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_obj_track_times(plan, false);
	hid_t data = H5Dcreate2(o->file, name, type, space, H5P_DEFAULT, plan, H5P_DEFAULT);
	H5Pclose(plan);
	return data;
}

static bool put_data(const struct out *o, const char *name, hid_t type, hid_t space,
	const void *values)
{
	hid_t data = new_data(o, name, type, space);
	bool done = data >= 0 && (!values ||
		H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
	H5Dclose(data);
	H5Sclose(space);
	return done;
}

/* How tal writes None. */
static bool put_nothing(const struct out *o, const char *name)
{
	return put_data(o, name, H5T_NATIVE_DOUBLE, H5Screate(H5S_NULL), NULL);
}

static bool put_number(const struct out *o, const char *name, double value)
{
	return isnan(value) ? put_nothing(o, name) :
		put_data(o, name, H5T_NATIVE_DOUBLE, H5Screate(H5S_SCALAR), &value);
}

static bool put_place(const struct out *o, const char *name, const double place[3])
{
	hsize_t three = 3;
	return isnan(place[0]) ? put_nothing(o, name) :
		put_data(o, name, H5T_NATIVE_DOUBLE, H5Screate_simple(1, &three, NULL), place);
}

/* base: H5T_NATIVE_INT of one number in a list, as its enums are, or a truth value of one byte. */
static bool put_word(const struct out *o, const char *name, const struct word *words, int value,
	bool truth)
{
	hsize_t one = 1;
	hid_t type = H5Tenum_create(truth ? H5T_NATIVE_INT8 : H5T_NATIVE_INT);
	int8_t small = (int8_t)value;
	for (; words->name; words++) {
		int8_t narrow = (int8_t)words->value;
		H5Tenum_insert(type, words->name, truth ? (const void *)&narrow : &words->value);
	}
	hid_t space = truth ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &one, NULL);
	bool done = put_data(o, name, type, space, truth ? (const void *)&small : &value);
	H5Tclose(type);
	return done;
}

static bool put_text(const struct out *o, const char *name, const char *text)
{
	hid_t type = H5Tcopy(H5T_C_S1);
	H5Tset_size(type, H5T_VARIABLE);
	H5Tset_cset(type, H5T_CSET_UTF8);
	bool done = put_data(o, name, type, H5Screate(H5S_SCALAR), &text);
	H5Tclose(type);
	return done;
}

/* --- places ----------------------------------------------------------------------------------- */

/* Points with x fastest to [x][y]. */
static double *x_slowest(const double *from, shape s)
{
	double *to = g_new(double, 3 * s.x * s.y);
	for (int64_t i = 0; i < s.x * s.y; i++)
		memcpy(to + 3 * (i % s.x * s.y + i / s.x), from + 3 * i, 3 * sizeof(*to));
	return to;
}

/* Those of a regular grid in the middle of the wall. */
static double *regular_points(const transient *t, shape s)
{
	double *p = g_new0(double, 3 * s.x * s.y);
	int64_t less = t->extent == EXTENT_SPAN;
	double pitch[2] = { t->wall[0] / (double)MAX(s.x - less, 1),
		t->wall[1] / (double)MAX(s.y - less, 1) };
	for (int64_t i = 0; i < s.x * s.y; i++) {
		p[3 * i] = ((double)(i % s.x) - (double)(s.x - 1) / 2) * pitch[0];
		p[3 * i + 1] = ((double)(i / s.x) - (double)(s.y - 1) / 2) * pitch[1];
	}
	return p;
}

/* Under NAME_grid_xyz: (n0, n1, 3), or (n0, 3) of points in a row. */
static bool put_grid(const struct out *o, const char *end, const char *what, const hsize_t n[3],
	const double *places)
{
	g_autofree char *name = g_strconcat(end, "_grid_", what, NULL);
	if (!places)
		return put_nothing(o, name);
	hsize_t row[2] = { n[0] * n[1], 3 };
	return put_data(o, name, H5T_NATIVE_DOUBLE, o->rows ? H5Screate_simple(2, row, NULL) :
		H5Screate_simple(3, n, NULL), places);
}

static bool put_places(const struct out *o)
{
	const transient *t = o->t;
	shape s = o->data->shape;
	hsize_t grid[3] = { (hsize_t)s.x, (hsize_t)s.y, 3 }, fixed[3] = { o->lit[0], o->lit[1], 3 };
	g_autofree double *regular = t->n_points ? NULL : regular_points(t, s);
	g_autofree double *points = x_slowest(t->n_points ? t->points : regular, s);
	g_autofree double *normals = t->normals ? x_slowest(t->normals, s) : NULL;
	bool lit = t->confocal || t->n_fixed;
	/* The sensor scans in tal.  Light takes the same time the other way: devices change places. */
	bool turned = t->n_fixed && !t->fixed_lit;
	int format = o->rows ? TAL_N_3 : TAL_X_Y_3;
	return put_place(o, "sensor_xyz", turned ? t->laser : t->camera) &&
		put_place(o, "laser_xyz", turned ? t->camera : t->laser) &&
		put_grid(o, "sensor", "xyz", grid, points) && put_grid(o, "sensor", "normals", grid, normals) &&
		put_word(o, "sensor_grid_format", grid_formats, format, false) &&
		put_grid(o, "laser", "xyz", t->confocal ? grid : fixed,
			t->confocal ? points : t->n_fixed ? t->fixed : NULL) &&
		put_grid(o, "laser", "normals", grid, t->confocal ? normals : NULL) &&
		put_word(o, "laser_grid_format", grid_formats, lit ? format : 0, false);
}

/* --- traces ----------------------------------------------------------------------------------- */

/* One bin: [c][x][y], which is the file's order. */
static void gather(const array *a, int64_t t, float *to)
{
	shape s = a->shape;
	for (int64_t c = 0; c < s.c; c++)
		for (int64_t y = 0; y < s.y; y++)
			for (int64_t x = 0; x < s.x; x++)
				to[(c * s.x + x) * s.y + y] = array_row(a, c, t, y)[x];
}

static bool put_bins(const struct out *o, hid_t data, hid_t space)
{
	shape s = o->data->shape;
	hsize_t count = (hsize_t)(s.c * s.y * s.x);
	g_autofree float *bin = g_try_malloc_n((gsize)count, sizeof(*bin));
	hid_t memory = H5Screate_simple(1, &count, NULL);
	bool done = bin != NULL;
	for (int64_t t = 0; done && t < s.z; t++) {
		hsize_t start[5] = { (hsize_t)t }, size[5];
		H5Sget_simple_extent_dims(space, size, NULL);
		size[0] = 1;
		gather(o->data, t, bin);
		done = H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL) >= 0 &&
			H5Dwrite(data, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, bin) >= 0;
	}
	H5Sclose(memory);
	return done;
}

static bool put_traces(const struct out *o)
{
	shape s = o->data->shape;
	hsize_t t = (hsize_t)s.z, c = (hsize_t)s.c, y = (hsize_t)s.y, x = (hsize_t)s.x, n = x * y;
	const hsize_t *l = o->lit;
	const struct { int format, rank; hsize_t n[5]; } kinds[2][2] = {
		{ { TAL_T_SX_SY, 3, { t, x, y } }, { TAL_T_LX_LY_SX_SY, 5, { t, l[0], l[1], x, y } } },
		{ { TAL_T_SI, 2, { t, n } }, { TAL_T_LI_SI, 3, { t, c, n } } },
	};
	bool all = s.c > 1;
	hid_t space = H5Screate_simple(kinds[o->rows][all].rank, kinds[o->rows][all].n, NULL);
	hid_t data = new_data(o, "H", H5T_NATIVE_FLOAT, space);
	bool done = data >= 0 && put_bins(o, data, space) &&
		put_word(o, "H_format", h_formats, kinds[o->rows][all].format, false);
	H5Dclose(data);
	H5Sclose(space);
	return done;
}

/* Lengths of path, from the beginning of the first bin. */
static bool put_times(const struct out *o)
{
	const transient *t = o->t;
	bool counted = t->clock == CLOCK_AT_DEVICES;
	return put_number(o, "delta_t", t->bin * PATH_SPEED) &&
		put_number(o, "t_start", (t->start - t->bin / 2) * PATH_SPEED) &&
		(t->clock == CLOCK_UNKNOWN ? put_nothing(o, "t_accounts_first_and_last_bounces") :
		put_word(o, "t_accounts_first_and_last_bounces", truths, counted, true)) &&
		put_text(o, "scene_info", "original_format: relumine\n");
}

static bool is_complete(const transient *t, shape s, const char *path, GError **err)
{
	if (t->paired) {
		error_set(err, RELUMINE_BAD_USAGE, path, "write .npz", "each trace of this capture has its own "
			"two points, which a file of tal has no place for");
		return false;
	}
	if ((t->n_points && t->n_points != s.x * s.y) || (t->n_fixed && t->n_fixed != s.c)) {
		error_set(err, RELUMINE_BAD_USAGE, path, NULL, "has %" G_GINT64_FORMAT " places and %"
			G_GINT64_FORMAT " fixed points for %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " traces",
			t->n_points, t->n_fixed, s.x * s.y, s.c);
		return false;
	}
	bool wall = t->n_points || (t->wall[0] > 0 && t->wall[1] > 0 && t->extent != EXTENT_UNKNOWN);
	if (wall && t->bin > 0)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, path, "write .npz, which may leave things open",
		"%s of this capture is not known, without which a file of tal says nothing",
		wall ? "the width of a bin" : "the size of the wall");
	return false;
}

/* Fixed points on a lattice are a grid; others have one place in each of its rows. */
static void find_lit(struct out *o)
{
	const transient *t = o->t;
	int64_t run = t->n_fixed ? lattice_run(t->fixed, t->n_fixed) : 0;
	o->lit[1] = (hsize_t)MAX(run, 1);
	o->lit[0] = (hsize_t)o->data->shape.c / o->lit[1];
}

bool hdf5_write(const image *im, int fd, const char *path, GError **err)
{
	const transient *t = capture_to_write(im, path, "HDF5", err);
	if (!t || !is_complete(t, im->data->shape, path, err))
		return false;
	struct hdf5_quiet quiet;
	g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", fd);
	hdf5_enter(&quiet);
	hid_t access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_file_locking(access, false, true);
	struct out o = { H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, access), t, im->data,
		im->data->shape.y == 1 && im->data->shape.x > 1, { 1, 1 } };
	find_lit(&o);
	bool done = o.file >= 0 && put_traces(&o) && put_places(&o) && put_times(&o);
	done = o.file >= 0 && H5Fclose(o.file) >= 0 && done;
	H5Pclose(access);
	hdf5_leave(&quiet);
	if (!done)
		error_set(err, RELUMINE_BAD_OUTPUT, path, NULL, "cannot be written: libhdf5 failed (is the disk "
			"full?)");
	return done;
}
