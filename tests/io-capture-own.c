/* SPDX-License-Identifier: BSD-3-Clause */
/* io-capture-own.c - captures written and read again, and what is said of them */
#include <jansson.h>
#include "arrays.h"
#include "io.h"

#define N(...) { __VA_ARGS__ }

/* Numbers that have no end in binary, so that nothing is rounded unseen. */
static transient *full_transient(int64_t points, int64_t fixed)
{
	transient *t = transient_new();
	g_autofree double *places = g_new(double, 3 * points), *times = g_new(double, points);
	for (int64_t i = 0; i < 3 * points; i++)
		places[i] = (double)i / 7;
	for (int64_t i = 0; i < points; i++)
		times[i] = (double)i * 1e-9 / 3;
	t->layout = g_strdup("test");
	t->bin = 1e-11 / 3;
	t->start = 1e-10 / 7;
	t->clock = CLOCK_AT_DEVICES;
	t->wall[0] = 1.0 / 3;
	t->wall[1] = 2.0 / 3;
	t->extent = EXTENT_CELLS;
	transient_set_points(t, points, places);
	transient_set_normals(t, points, places);
	transient_set_fixed(t, fixed, places + 3);
	transient_set_bounces(t, points, times);
	for (int i = 0; i < 3; i++)
		t->laser[i] = t->camera[i] = 0.1 * i;
	t->jitter = 6e-11 / 7;
	t->beam = 0.01 / 3;
	t->gate = 1e-9 / 3;
	t->slab = 0.0254;
	t->surface = SURFACE_RETROREFLECTIVE;
	transient_take(t, "bin %d ps (--bin)", 3);
	transient_take(t, "confocal");
	return t;
}

static char *written(image *im, const char *name)
{
	g_autoptr(GError) err = NULL;
	char *path = scratch_path(name);
	image_write(im, path, true, &err);
	g_assert_no_error(err);
	return path;
}

static void same_numbers(const double *a, const double *b, int64_t n)
{
	g_assert_true(n == 0 || !memcmp(a, b, (size_t)n * sizeof(*a)));
}

static void npz_round_trip(void)
{
	static const shape shapes[] = { { 1, 5, 2, 3 }, { 2, 4, 3, 2 }, { 1, 1, 1, 1 }, { 1, 3, 1, 7 } };
	for (size_t i = 0; i < G_N_ELEMENTS(shapes); i++) {
		shape s = shapes[i];
		g_autoptr(image) im = numbered(s.c, s.z, s.y, s.x, 0.1f);
		transient *a = im->scale->transient = full_transient(s.y * s.x, s.y * s.x > 2 ? s.c : 0);
		a->paired = s.y == 1 && s.x > 1;
		a->fixed_lit = a->n_fixed > 1;
		im->scale->frames = s.z == 4 ? 2 : 1;
		if (a->paired)
			transient_set_fixed(a, s.x, a->normals);
		g_autofree char *path = written(im, "own.npz");
		g_autoptr(image) back = read_good(path);
		const transient *b = back->scale->transient;
		assert_same(back, im, 0);
		same_numbers(&a->bin, &b->bin, 1);
		same_numbers(&a->start, &b->start, 1);
		same_numbers(a->wall, b->wall, 2);
		same_numbers(a->laser, b->laser, 3);
		same_numbers(a->camera, b->camera, 3);
		same_numbers(&a->jitter, &b->jitter, 4);        /* beam, gate, slab */
		g_assert_cmpint(b->n_points, ==, s.y * s.x);
		same_numbers(a->points, b->points, 3 * b->n_points);
		same_numbers(a->normals, b->normals, 3 * b->n_points);
		g_assert_cmpint(b->n_fixed, ==, a->n_fixed);
		same_numbers(a->fixed, b->fixed, 3 * b->n_fixed);
		same_numbers(a->first_bounce, b->first_bounce, b->n_bounce);
		g_assert_true(a->clock == b->clock && a->extent == b->extent && a->surface == b->surface &&
			a->confocal == b->confocal && a->paired == b->paired && a->n_bounce == b->n_bounce &&
			a->fixed_lit == b->fixed_lit);
		g_assert_cmpint(back->scale->frames, ==, im->scale->frames);
		g_assert_cmpint(b->taken->len, ==, 2);
		g_assert_cmpstr(b->taken->pdata[0], ==, "bin 3 ps (--bin)");
	}
}

/* A video is told by `inspect` too; planes that are no whole captures are not called so. */
static void npz_frames(void)
{
	g_autoptr(image) im = numbered(1, 6, 2, 2, 1);
	im->scale->transient = transient_new();
	for (int64_t frames = 1; frames <= 4; frames++) {
		im->scale->frames = frames;
		g_autofree char *path = written(im, "video.npz");
		g_autoptr(image) back = read_good(path);
		json_auto_t *facts = image_describe(path, NULL);
		int64_t expected = frames < 4 ? frames : 1;
		g_assert_cmpint(back->scale->frames, ==, expected);
		g_assert_cmpint(json_integer_value(json_object_get(facts, "frames")), ==, expected);
		g_assert_cmpint(json_integer_value(json_object_get(facts, "bins")), ==, 6);
	}
}

/* What is not known stays so. */
static void npz_unknown(void)
{
	g_autoptr(image) im = numbered(1, 3, 2, 2, 1);
	im->scale->transient = transient_new();
	im->scale->transient->confocal = true;
	g_autofree char *path = written(im, "unknown.npz");
	g_autoptr(image) back = read_good(path);
	const transient *t = back->scale->transient;
	g_assert_true(isnan(t->bin) && isnan(t->start) && isnan(t->wall[0]) && isnan(t->jitter) &&
		isnan(t->laser[0]) && !t->n_points && !t->n_fixed && !t->n_bounce && t->confocal);
	g_assert_true(t->clock == CLOCK_UNKNOWN && t->extent == EXTENT_UNKNOWN);
}

/* The same capture gives the same bytes. */
static void same_bytes(void)
{
	static const char *const names[][2] = { { "a.npz", "b.npz" }, { "a.h5", "b.h5" } };
	g_autoptr(image) im = numbered(1, 5, 2, 3, 1);
	im->scale->transient = full_transient(6, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		char *bytes[2];
		gsize size[2];
#ifndef HAVE_HDF5
		if (i == 1)
			continue;
#endif
		for (int k = 0; k < 2; k++) {
			g_autofree char *path = written(im, names[i][k]);
			g_assert_true(g_file_get_contents(path, &bytes[k], &size[k], NULL));
			g_usleep(k ? 0 : 1100000);      /* the next second */
		}
		g_assert_true(size[0] == size[1] && !memcmp(bytes[0], bytes[1], size[0]));
		g_free(bytes[0]);
		g_free(bytes[1]);
	}
}

/* tal's files have places for points and places for lasers, and no pairs of them. */
static void pairs_in_tal(void)
{
#ifdef HAVE_HDF5
	g_autoptr(GError) err = NULL;
	g_autoptr(image) im = numbered(1, 3, 2, 2, 1);
	g_autofree char *path = scratch_path("pairs.h5");
	transient *t = im->scale->transient = full_transient(4, 0);
	transient_set_fixed(t, 4, t->normals);
	t->paired = true;
	g_assert_false(image_write(im, path, false, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
	g_assert_nonnull(strstr(err->message, "its own two points"));
#else
	g_test_skip("built without libhdf5");
#endif
}

/* --- where both ends of the light's way move -------------------------------------------------- */

static void check_place(const double *p, double x, double y, double z)
{
	g_assert_cmpfloat(fabs(p[0] - x) + fabs(p[1] - y) + fabs(p[2] - z), <, 1e-9);
}

/*
 * C_i is (0, 10 (i / 2), 20 - 20 (i % 2)) cm, C_d is (5, i, 2 i) cm, of trace i; the picture has x
 * to the left, and its point k is that of trace 2 (2 - k % 3) + k / 3.
 */
static void pairs_of_points(void)
{
	static const double lit[] = { 0, 0, 20, 0, 0, 0, 0, 10, 20, 0, 10, 0, 0, 20, 20, 0, 20, 0 };
	static const double seen[] = { 5, 0, 0, 5, 1, 2, 5, 2, 4, 5, 3, 6, 5, 4, 8, 5, 5, 10 };
	static const named_array arrays[] = { { "sub_Sig", 'H', 2, N(6, 4), NULL },
		{ "C_i", 'B', 2, N(6, 3), lit }, { "C_d", 'B', 2, N(6, 3), seen } };
	for (int kind = 0; kind < KINDS; kind++) {
		g_autofree char *path = write_arrays(kind, "pairs", arrays, 3);
		if (!path)
			continue;
		g_autoptr(image) im = read_good(path);
		const transient *t = im->scale->transient;
		g_assert_true(t->paired && !t->confocal && t->clock == CLOCK_AT_WALL);
		g_assert_true(t->n_points == 6 && t->n_fixed == 6);
		for (int k = 0; k < 6; k++) {
			int i = 2 * (2 - k % 3) + k / 3;
			check_place(t->points + 3 * k, -0.1 * (2 - k % 3), -0.2 * (1 - k / 3), 0);
			check_place(t->fixed + 3 * k, -0.01 * i, -0.02 * i, 0.05);
			g_assert_cmpfloat(value_at(im, 0, 1, k / 3, k % 3), ==, (float)array_value(4 * i + 1));
		}
	}
}

/* 37 frames of a module: 6 x 6 places to and fro over 1.28 m x 0.64 m, the first one twice. */
static void module_places(void)
{
	static const named_array arrays[] = { { "histogram", 'd', 4, N(37, 1, 1, 5), NULL },
		{ "point_cloud", 'd', 3, N(37, 1, 3), NULL }, { "distance", 'd', 3, N(37, 1, 1), NULL } };
	static const struct { int frame; double x, y; } stood[] = {
		{ 0, 0.64, 0.32 }, { 1, 0.64, 0.32 }, { 2, 0.384, 0.32 }, { 6, -0.64, 0.32 },
		{ 7, -0.64, 0.192 }, { 12, 0.64, 0.192 }, { 13, 0.64, 0.064 }, { 36, 0.64, -0.32 }
	};
	for (int kind = 0; kind < KINDS; kind++) {
		g_autofree char *path = write_arrays(kind, "module", arrays, 3);
		if (!path)
			continue;
		g_autoptr(image) im = read_good(path);
		const transient *t = im->scale->transient;
		g_assert_cmpint(t->n_points, ==, 37);
		/* (up, right, away) = (a, a + 1, a + 2), away being 57 on average */
		for (size_t k = 0; k < G_N_ELEMENTS(stood); k++) {
			double a = 3 * stood[k].frame + 1;
			check_place(t->points + 3 * stood[k].frame, stood[k].x - (a + 1), a - stood[k].y,
				57 - (a + 2));
		}
	}
}

static void pictures_are_none(void)
{
	static const char *const names[] = { "picture.npz", "picture.h5" };
	g_autoptr(image) im = numbered(1, 1, 2, 2, 1);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *path = scratch_path(names[i]);
		g_assert_false(image_write(im, path, false, &err));
		g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
		g_assert_nonnull(strstr(err->message, i == 0 ? "captures" : "HDF5"));
		g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	}
}

/* --- counts up to 2^24 ------------------------------------------------------------------------ */

static void large_counts(void)
{
	static const double counts[] = { 16777216, 16777215, 16777213, 1, 0, 8388609, 3, 12345677 };
	const named_array a[] = { { "rect_data", 'd', 3, { 2, 2, 2 }, counts },
		{ "width", 'd', 1, { 1 }, (const double[]){ 1 } } };
	for (int kind = 0; kind < KINDS; kind++) {
		g_autofree char *path = write_arrays(kind, "counts", a, 2);
		if (!path)
			continue;
		g_autoptr(image) im = read_good(path);
		for (int i = 0; i < 8; i++)
			g_assert_cmpfloat(value_at(im, 0, i % 2, i / 2 % 2, 1 - i / 4), ==, (float)counts[i]);
	}
}

/* --- what is said ----------------------------------------------------------------------------- */

static bool has_word(const json_t *list, const char *word)
{
	size_t i;
	json_t *text;
	json_array_foreach(list, i, text)
		if (strstr(json_string_value(text), word))
			return true;
	return false;
}

static void description(void)
{
	const named_array a[] = { { "meas", 'f', 3, { 5, 3, 3 }, NULL } };
	g_autofree char *path = write_arrays(MAT_PLAIN, "described", a, 1);
	json_auto_t *facts = image_describe(path, NULL);
	g_assert_nonnull(facts);
	g_assert_cmpint(json_integer_value(json_object_get(facts, "bins")), ==, 5);
	g_assert_cmpint(json_integer_value(json_array_get(json_object_get(facts, "grid"), 1)), ==, 3);
	g_assert_cmpfloat(fabs(json_real_value(json_object_get(facts, "bin_ps")) - 16), <=, 1e-9);
	g_assert_true(json_is_null(json_object_get(facts, "wall_m")));
	g_assert_true(json_is_true(json_object_get(facts, "confocal")));
	g_assert_cmpstr(json_string_value(json_object_get(facts, "clock")), ==, "wall");
	g_assert_true(has_word(json_object_get(facts, "missing"), "--wall X,Y"));
	g_assert_cmpint((int)json_array_size(json_object_get(facts, "missing")), ==, 1);
	g_assert_true(has_word(json_object_get(facts, "taken"), "--bin"));
}

/* --- captures from elsewhere ------------------------------------------------------------------ */

static const struct {
	const char *name;
	shape s;
	double bin;
	int64_t fixed;
	double most;
} files[] = {
	{ "nlos/lct2018/data_s_u.mat", { 1, 2048, 64, 64 }, 4e-12, 0, 2017 },
	{ "nlos/lct2018/data_exit_sign.mat", { 1, 2048, 64, 64 }, 4e-12, 0, NAN },
	{ "nlos/lct2018/data_resolution_chart_40cm.mat", { 1, 2048, 64, 64 }, 4e-12, 0, NAN },
	{ "nlos/lct2018/data_outdoor_s.mat", { 1, 4096, 32, 32 }, 4e-12, 0, NAN },
	{ "nlos/cdt/letter_s.mat", { 1, 512, 32, 32 }, 16e-12, 0, 578 },
	{ "nlos/cdt/letters_ut.mat", { 1, 512, 32, 32 }, 16e-12, 0, NAN },
	{ "nlos/irregular/figure_4_full_sub_Sig.mat", { 1, 1024, 64, 64 }, 16e-12, 1, 18873 },
	{ "nlos/irregular/statue_full_sub_Sig.mat", { 1, 512, 64, 64 }, NAN, 0, 41 },
	{ "nlos/longrange/H_1430m.mat", { 1, 512, 64, 64 }, 32e-12, 0, NAN },
	{ "nlos/sim/sim_points5.npz:noisy", { 1, 512, 64, 64 }, 32e-12, 0, 246 },
	{ "nlos/consumer_spad/ams_U.npz", { 1, 128, 37, 9 }, 88e-12, 0, NAN },
};

static float largest(const image *im)
{
	shape s = im->data->shape;
	float most = 0;
	for (int64_t k = 0; k < shape_count(s); k++)
		most = fmaxf(most, value_at(im, 0, k / (s.x * s.y), k / s.x % s.y, k % s.x));
	return most;
}

static void real_captures(void)
{
	int read = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
		g_auto(GStrv) parts = g_strsplit(files[i].name, ":", 2);
		g_autofree char *file = data_file(parts[0]);
#ifndef HAVE_HDF5
		if (strstr(files[i].name, "cdt"))
			continue;
#endif
		if (!file)
			continue;
		g_autofree char *path = g_strjoin(parts[1] ? ":" : NULL, file, parts[1], NULL);
		g_autoptr(image) im = read_good(path);
		const transient *t = im->scale->transient;
		shape s = files[i].s;
		assert_shape(im, s.c, s.z, s.y, s.x);
		g_assert_true(isnan(files[i].bin) ? isnan(t->bin) : fabs(t->bin - files[i].bin) < 1e-15);
		g_assert_cmpint(t->n_fixed, ==, files[i].fixed);
		float most = largest(im);
		g_assert_true(isnan(files[i].most) ? most > 0 : most == (float)files[i].most);
		read++;
	}
	if (read == 0)
		g_test_skip("no folder of real captures (set RELUMINE_DATA)");
}

void add_capture_own_tests(void)
{
	g_test_add_func("/io/capture-own/npz", npz_round_trip);
	g_test_add_func("/io/capture-own/frames", npz_frames);
	g_test_add_func("/io/capture-own/unknown", npz_unknown);
	g_test_add_func("/io/capture-own/same-bytes", same_bytes);
	g_test_add_func("/io/capture-own/pairs-in-tal", pairs_in_tal);
	g_test_add_func("/io/capture-own/pairs-of-points", pairs_of_points);
	g_test_add_func("/io/capture-own/module-places", module_places);
	g_test_add_func("/io/capture-own/pictures", pictures_are_none);
	g_test_add_func("/io/capture-own/large-counts", large_counts);
	g_test_add_func("/io/capture-own/description", description);
	g_test_add_func("/io/capture-own/real", real_captures);
}
