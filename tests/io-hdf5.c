/* SPDX-License-Identifier: BSD-3-Clause */
/* io-hdf5.c - HDF5 files: what tal expects of ours, and what leads astray in others' */
#include <hdf5.h>
#include <jansson.h>
#include "arrays.h"
#include "io.h"

/* --- as tal reads them ------------------------------------------------------------------------ */

typedef struct {
	shape s;
	int64_t fixed;
	bool confocal;
	int format;             /* of H */
	int rank;
	hsize_t n[5];
} tal_case;

static const tal_case tal_cases[] = {
	{ { 1, 5, 2, 3 }, 0, true, 1, 3, { 5, 3, 2 } },
	{ { 1, 5, 2, 3 }, 1, false, 1, 3, { 5, 3, 2 } },
	{ { 2, 5, 2, 3 }, 2, false, 2, 5, { 5, 2, 1, 3, 2 } },
	{ { 4, 5, 2, 3 }, 4, false, 2, 5, { 5, 2, 2, 3, 2 } },
	{ { 1, 5, 1, 6 }, 1, false, 3, 2, { 5, 6 } },
	{ { 2, 5, 1, 6 }, 2, false, 4, 3, { 5, 2, 6 } },
};

static image *tal_image(const tal_case *k)
{
	image *im = numbered(k->s.c, k->s.z, k->s.y, k->s.x, 0.1f);
	transient *t = im->scale->transient = transient_new();
	double places[18], fixed[12];
	for (int i = 0; i < 18; i++)            /* in the plane z = 0, on no lattice */
		places[i] = i % 3 == 2 ? 0 : 1.0 / (i + 3);
	for (int i = 0; i < 12; i++)            /* a lattice of 2 x 2, its second axis faster */
		fixed[i] = i % 3 == 0 ? 1.0 / 7 + (double)(i / 6) / 3 : i % 3 == 1 ? (double)(i / 3 % 2) / 7 : 0;
	transient_set_points(t, 6, places);
	transient_set_fixed(t, k->fixed, fixed);
	t->confocal = k->confocal;
	t->fixed_lit = k->fixed > 0;
	t->bin = 1e-11 / 3;
	t->start = 1e-10 / 7;
	t->clock = k->confocal ? CLOCK_AT_WALL : CLOCK_AT_DEVICES;
	t->camera[0] = t->camera[1] = t->camera[2] = 1.0 / 3;
	return im;
}

static hid_t class_of(hid_t file, const char *name, H5T_class_t class)
{
	hid_t data = H5Dopen2(file, name, H5P_DEFAULT), type = H5Dget_type(data);
	g_assert_cmpint(H5Tget_class(type), ==, class);
	H5Dclose(data);
	return type;
}

static H5S_class_t space_of(hid_t file, const char *name)
{
	hid_t data = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(data);
	H5S_class_t class = H5Sget_simple_extent_type(space);
	H5Sclose(space);
	H5Dclose(data);
	return class;
}

/* The names that h5py shows of an enum's values. */
static void expect_word(hid_t file, const char *name, int value, const char *word)
{
	char found[32];
	hid_t data = H5Dopen2(file, name, H5P_DEFAULT), type = class_of(file, name, H5T_ENUM);
	uint8_t stored[8] = { 0 };
	g_assert_cmpint(H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, stored), >=, 0);
	g_assert_cmpint(stored[0], ==, value);
	g_assert_cmpint(H5Tenum_nameof(type, stored, found, sizeof(found)), >=, 0);
	g_assert_cmpstr(found, ==, word);
	H5Tclose(type);
	H5Dclose(data);
}

static void check_tal_file(const char *path, const tal_case *k)
{
	static const char *const formats[] = { "", "T_Sx_Sy", "T_Lx_Ly_Sx_Sy", "T_Si", "T_Li_Si" };
	hsize_t n[H5S_MAX_RANK];
	hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	hid_t data = H5Dopen2(file, "H", H5P_DEFAULT), space = H5Dget_space(data);
	hid_t type = class_of(file, "H", H5T_FLOAT);
	g_assert_cmpint((int)H5Tget_size(type), ==, 4);
	g_assert_cmpint(H5Sget_simple_extent_dims(space, n, NULL), ==, k->rank);
	for (int i = 0; i < k->rank; i++)
		g_assert_cmpint((int)n[i], ==, (int)k->n[i]);
	expect_word(file, "H_format", k->format, formats[k->format]);
	expect_word(file, "sensor_grid_format", k->s.y > 1 ? 2 : 1, k->s.y > 1 ? "X_Y_3" : "N_3");
	expect_word(file, "t_accounts_first_and_last_bounces", !k->confocal,
		k->confocal ? "FALSE" : "TRUE");
	H5Tclose(class_of(file, "scene_info", H5T_STRING));
	g_assert_cmpint(space_of(file, "laser_xyz"), ==, H5S_NULL);
	g_assert_cmpint(space_of(file, "delta_t"), ==, H5S_SCALAR);
	g_assert_cmpint(space_of(file, "sensor_xyz"), ==, H5S_SIMPLE);
	H5Tclose(type);
	H5Sclose(space);
	H5Dclose(data);
	H5Fclose(file);
}

static void tal_round_trip(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(tal_cases); i++) {
		const tal_case *k = &tal_cases[i];
		g_autoptr(image) im = tal_image(k);
		g_autoptr(GError) err = NULL;
		g_autofree char *path = scratch_path("tal.hdf5");
		image_write(im, path, true, &err);
		g_assert_no_error(err);
		check_tal_file(path, k);
		g_autoptr(image) back = read_good(path);
		const transient *a = im->scale->transient, *b = back->scale->transient;
		assert_same(back, im, 0);
		g_assert_true(b->n_points == 6 && !memcmp(a->points, b->points, 18 * sizeof(double)));
		g_assert_true(b->n_fixed == k->fixed && b->confocal == k->confocal && b->clock == a->clock &&
			b->fixed_lit == a->fixed_lit);
		g_assert_true(!b->n_fixed ||
			!memcmp(a->fixed, b->fixed, 3 * (gsize)b->n_fixed * sizeof(double)));
		g_assert_true(!memcmp(a->camera, b->camera, sizeof(a->camera)) && isnan(b->laser[0]));
		g_assert_cmpfloat(fabs(b->bin - a->bin), <=, 4e-16 * a->bin);
		g_assert_cmpfloat(fabs(b->start - a->start), <=, 1e-15 * a->start);
	}
}

static double between(const double *a, const double *b)
{
	return sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
}

/* The way from the laser to the point that it lights, and from point i to the detector, m. */
static double outer_way(const transient *t, int i)
{
	const double *p = t->points + 3 * i;
	return t->fixed_lit ? between(t->laser, t->fixed) + between(p, t->camera) :
		between(t->laser, p) + between(t->fixed, t->camera);
}

static void place_of(hid_t file, const char *name, double *to)
{
	hid_t data = H5Dopen2(file, name, H5P_DEFAULT);
	g_assert_cmpint(H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, to), >=, 0);
	H5Dclose(data);
}

/* The same by the file's own names: the laser's grid is lit, the sensor's looked at, x slower. */
static double outer_way_in_file(const char *path, int i)
{
	double laser[3], sensor[3], lit[3], seen[18];
	hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	place_of(file, "laser_xyz", laser);
	place_of(file, "sensor_xyz", sensor);
	place_of(file, "laser_grid_xyz", lit);
	place_of(file, "sensor_grid_xyz", seen);
	H5Fclose(file);
	return between(laser, lit) + between(seen + 3 * (i % 3 * 2 + i / 3), sensor);
}

/* Whichever end is fixed, light needs as long in the file, and when it is read, as it did. */
static void tal_outer_ways(void)
{
	for (int lit = 0; lit < 2; lit++) {
		g_autoptr(image) im = tal_image(&tal_cases[1]);
		g_autofree char *path = scratch_path("ways.h5");
		transient *a = im->scale->transient;
		a->fixed_lit = lit;
		for (int k = 0; k < 3; k++) {
			a->laser[k] = (double[]){ -0.7, 0.2, 1.9 }[k];
			a->camera[k] = (double[]){ 0.4, -0.3, 1.1 }[k];
		}
		g_assert_true(image_write(im, path, true, NULL));
		g_autoptr(image) back = read_good(path);
		const transient *b = back->scale->transient;
		g_assert_true(b->fixed_lit && b->clock == CLOCK_AT_DEVICES);
		assert_same(back, im, 0);
		for (int i = 0; i < 6; i++) {
			double way = outer_way(a, i);
			g_assert_cmpfloat(fabs(outer_way_in_file(path, i) - way), <, 1e-12);
			g_assert_cmpfloat(fabs(outer_way(b, i) - way), <, 1e-12);
		}
	}
}

/* Places of a regular grid are those of its wall. */
static void tal_regular(void)
{
	static const struct { enum transient_extent extent; double first[2]; } ways[] = {
		{ EXTENT_SPAN, { -0.5, -0.25 } }, { EXTENT_CELLS, { -1.0 / 3, -0.125 } },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autoptr(image) im = numbered(1, 4, 2, 3, 1);
		transient *t = im->scale->transient = transient_new();
		g_autofree char *path = scratch_path("regular.h5");
		t->bin = 1e-12;
		t->wall[0] = 1;
		t->wall[1] = 0.5;
		t->extent = ways[i].extent;
		t->confocal = true;
		g_assert_true(image_write(im, path, true, NULL));
		g_autoptr(image) back = read_good(path);
		const transient *b = back->scale->transient;
		for (int a = 0; a < 2; a++) {
			g_assert_cmpfloat(fabs(b->points[a] - ways[i].first[a]), <=, 1e-15);
			g_assert_cmpfloat(fabs(b->points[15 + a] + ways[i].first[a]), <=, 1e-15);
		}
		g_assert_true(b->confocal && isnan(b->start) && b->extent == EXTENT_SPAN);
	}
}

static void tal_incomplete(void)
{
	g_autoptr(image) im = numbered(1, 4, 2, 3, 1);
	g_autoptr(GError) err = NULL;
	g_autofree char *path = scratch_path("incomplete.h5");
	im->scale->transient = transient_new();
	g_assert_false(image_write(im, path, true, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
	g_assert_nonnull(strstr(err->message, "the size of the wall"));
}

/* --- what leads astray ------------------------------------------------------------------------ */

#define UNKNOWN_FILTER 32004            /* LZ4's number, which libhdf5 does not bring */

static void put(hid_t file, const char *name, hid_t type, hid_t plan, hsize_t n)
{
	hid_t space = H5Screate_simple(1, &n, NULL);
	hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, plan, H5P_DEFAULT);
	g_assert_cmpint(data, >=, 0);
	H5Dclose(data);
	H5Sclose(space);
}

/* Groups in a ring, links out of the file and to nowhere, and numbers that cannot be had. */
static char *maze(void)
{
	char *path = scratch_path("maze.h5");
	hsize_t chunk = 4, far = (hsize_t)1 << 40;
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	hid_t group = H5Gcreate2(file, "ring", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_hard(file, "/ring", group, "again", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_external("/etc/passwd", "/a", file, "outside", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_soft("/nowhere", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
	hid_t plan = H5Pcreate(H5P_DATASET_CREATE), elsewhere = H5Pcopy(plan);
	H5Pset_chunk(plan, 1, &chunk);
	put(file, "far", H5T_NATIVE_FLOAT, plan, far);
	H5Pset_filter(plan, UNKNOWN_FILTER, H5Z_FLAG_OPTIONAL, 0, NULL);
	put(file, "packed", H5T_NATIVE_FLOAT, plan, 8);
	H5Pset_external(elsewhere, "/etc/passwd", 0, 32);
	put(file, "elsewhere", H5T_NATIVE_FLOAT, elsewhere, 8);
	hid_t pair = H5Tcreate(H5T_COMPOUND, 16);
	H5Tinsert(pair, "r", 0, H5T_NATIVE_DOUBLE);
	H5Tinsert(pair, "i", 8, H5T_NATIVE_DOUBLE);
	put(file, "complex", pair, H5P_DEFAULT, 3);
	put(file, "text", H5T_C_S1, H5P_DEFAULT, 3);
	H5Tclose(pair);
	H5Pclose(plan);
	H5Pclose(elsewhere);
	H5Gclose(group);
	H5Fclose(file);
	return path;
}

static void astray(void)
{
	static const struct { const char *name, *word; enum relumine_status status; } ways[] = {
		{ "outside", "no variable of that name", RELUMINE_BAD_INPUT },
		{ "soft", "no variable of that name", RELUMINE_BAD_INPUT },
		{ "far", "claims", RELUMINE_OVER_LIMIT },
		{ "packed", "a filter that is not there", RELUMINE_BAD_INPUT },
		{ "elsewhere", "in another file", RELUMINE_BAD_INPUT },
		{ "complex", "complex numbers or records", RELUMINE_BAD_INPUT },
		{ "text", "text", RELUMINE_BAD_INPUT },
	};
	g_autofree char *path = maze();
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		g_autofree char *chosen = g_strconcat(path, ":", ways[i].name, NULL);
		expect_refused(chosen, ways[i].status, ways[i].word);
	}
}

/* Not a word of libhdf5's own on stderr, and its reports are as before. */
static void quiet(void)
{
	if (g_test_subprocess()) {
		g_autofree char *path = scratch_file("no.h5", "\x89HDF\r\n\x1a\n and then nothing", 25);
		expect_refused(path, RELUMINE_BAD_INPUT, "cut off");
		return;
	}
	g_test_trap_subprocess(NULL, 0, 0);
	g_test_trap_assert_passed();
	g_test_trap_assert_stderr_unmatched("*HDF5-DIAG*");
}

void add_hdf5_tests(void)
{
	g_test_add_func("/io/hdf5/tal", tal_round_trip);
	g_test_add_func("/io/hdf5/tal-outer-ways", tal_outer_ways);
	g_test_add_func("/io/hdf5/tal-regular", tal_regular);
	g_test_add_func("/io/hdf5/tal-incomplete", tal_incomplete);
	g_test_add_func("/io/hdf5/astray", astray);
	g_test_add_func("/io/hdf5/quiet", quiet);
}
