/* SPDX-License-Identifier: BSD-3-Clause */
/* io-capture.c - every layout of time-of-flight captures, in every file that can hold it */
#include "arrays.h"
#include "io.h"

#define LIGHT 299792458.0

#define N(...) { __VA_ARGS__ }
#define SCALAR(name, x) { name, 'd', 2, N(1, 1), (const double[]){ x } }

/* Which number of the file stands at (c, t, y, x): sizes and steps of the letters. */
typedef struct {
	const char *name;               /* for messages */
	named_array arrays[10];
	shape s;
	int64_t first, c, t, y, x;      /* number at (0, 0, 0, 0), and what to add for each index */
	void (*check)(const transient *t);
	const char *member;             /* or NULL */
	int64_t sums, sum;              /* so many numbers are added, `sum` apart */
} layout_case;

static void near(double a, double b)
{
	g_assert_cmpfloat(fabs(a - b), <=, 1e-14 * fabs(b));
}

static void at_wall(const transient *t)
{
	g_assert_cmpint(t->clock, ==, CLOCK_AT_WALL);
	g_assert_cmpfloat(t->start, ==, 0);
}

static void confocal_span(const transient *t, double bin, double wall)
{
	at_wall(t);
	near(t->bin, bin);
	near(t->wall[0], wall);
	near(t->wall[1], wall);
	g_assert_cmpint(t->extent, ==, EXTENT_SPAN);
	g_assert_true(t->confocal);
	g_assert_cmpint(t->n_points, ==, 0);
	g_assert_cmpint(t->taken->len, >, 0);
}

static void check_place(const double *found, double x, double y, double z)
{
	g_assert_cmpfloat(fabs(found[0] - x) + fabs(found[1] - y) + fabs(found[2] - z), <=, 1e-12);
}

/* --- what each says of itself ----------------------------------------------------------------- */

static void check_lct(const transient *t)
{
	confocal_span(t, 4e-12, 0.7);
	near(t->gate, 2.4e-9);
}

static void check_fk(const transient *t)
{
	near(t->bin, 32e-12);
	near(t->wall[0], 2);
	g_assert_cmpint(t->clock, ==, CLOCK_AT_DEVICES);
	g_assert_cmpint(t->n_bounce, ==, 9);
	/* tofgrid(x, y) in ps is 1 + 3 x + y, and x runs to the left */
	for (int i = 0; i < 9; i++)
		near(t->first_bounce[i], (1 + 3 * (2 - i % 3) + i / 3) * 1e-12);
}

static void check_cdt(const transient *t)
{
	at_wall(t);
	near(t->bin, 16e-12);
	near(t->slab, 0.0254);
	g_assert_true(isnan(t->wall[0]) && t->confocal);
}

static void check_long_range(const transient *t)
{
	confocal_span(t, 32e-12, 0.85);
	near(t->jitter, 794.45e-12);
	near(t->beam, 0.14);
	g_assert_true(isnan(t->gate));
}

static void check_points(const transient *t)
{
	confocal_span(t, 32e-12, 1);
}

static void check_phasor_2020(const transient *t)
{
	at_wall(t);
	near(t->bin, 16e-12);
	near(t->wall[0], 0.02);
	near(t->wall[1], 0.01);
	g_assert_cmpint(t->n_fixed, ==, 1);
	check_place(t->fixed, 0.01, -0.005, 0);         /* the third along x, the first along y */
	g_assert_true(!t->confocal);
}

/* Lattice of 3 along x and 2 along y, x slow: (0.1 i, 0.2 j, 0) */
static void lattice(const transient *t)
{
	g_assert_cmpint(t->n_points, ==, 6);
	for (int i = 0; i < 6; i++)
		check_place(t->points + 3 * i, 0.1 * (i % 3), 0.2 * (i / 3), 0);
	near(t->wall[0], 0.2);
	near(t->wall[1], 0.2);
}

static void check_phasor_rows(const transient *t)
{
	at_wall(t);
	near(t->bin, 18.75e-12);
	lattice(t);
	check_place(t->fixed, 0.5, 0.25, 0);
	g_assert_true(t->fixed_lit);
}

static void check_phasor_2019(const transient *t)
{
	near(t->bin, 0.003 / LIGHT);
	near(t->start, 0.6 / LIGHT);
	lattice(t);
	g_assert_cmpint(t->n_fixed, ==, 2);
	g_assert_false(t->fixed_lit);
	check_place(t->fixed + 3, 0.4, 0.5, 0);
	check_place(t->laser, -1, 0, 1);
	check_place(t->camera, 1, 0, 1);
	g_assert_cmpint(t->clock, ==, CLOCK_AT_DEVICES);
}

/* (depth, horizontal, vertical) = (0, 10 i, 20 (1 - j)) cm, x to the left */
static void check_general(const transient *t)
{
	at_wall(t);
	near(t->bin, 16e-12);
	g_assert_cmpint(t->n_points, ==, 6);
	for (int i = 0; i < 6; i++)
		check_place(t->points + 3 * i, -0.1 * (2 - i % 3), -0.2 * (1 - i / 3), 0);
	check_place(t->fixed, -0.64, -0.55, 0);
	g_assert_true(!t->confocal);
}

static void check_general_confocal(const transient *t)
{
	at_wall(t);
	g_assert_true(t->confocal && isnan(t->bin) && isnan(t->wall[0]));
	g_assert_cmpint(t->n_points, ==, 0);
	g_assert_cmpint(t->n_fixed, ==, 0);
}

static void check_klein(const transient *t)
{
	near(t->bin, 0.01 / LIGHT);
	near(t->start, 0.5 / LIGHT);
	near(t->wall[0], 0.512);
	g_assert_cmpint(t->clock, ==, CLOCK_UNKNOWN);
	g_assert_cmpint(t->extent, ==, EXTENT_UNKNOWN);
	check_place(t->fixed, 0, 0, 0);
	g_assert_true(t->fixed_lit);
}

static void check_consumer(const transient *t)
{
	near(t->bin, 88e-12);
	near(t->start, -13 * 88e-12);
	g_assert_cmpint(t->n_points, ==, 8);
	g_assert_cmpint(t->n_bounce, ==, 8);
	/* (up, right, away) = (a, a + 1, a + 2), away being 13.5 on average */
	for (int i = 0; i < 8; i++) {
		double a = 3 * i + 1;
		check_place(t->points + 3 * i, -(a + 1), a, 13.5 - (a + 2));
		near(t->first_bounce[i] * LIGHT, 2 * sqrt(a * a + (a + 1) * (a + 1) + (a + 2) * (a + 2)));
	}
	g_assert_true(isnan(t->camera[0]));
}

/* Points [y][x] of the wall; `fixed` ones of what is not scanned. */
static void check_tal(const transient *t, int64_t fixed, bool confocal)
{
	lattice(t);
	near(t->bin, 0.003 / LIGHT);
	near(t->start, 0.6 / LIGHT + 0.5 * t->bin);
	g_assert_cmpint(t->n_fixed, ==, fixed);
	g_assert_true(t->confocal == confocal && t->fixed_lit == !confocal);
	check_place(t->camera, 1, 0, 1);
	check_place(t->laser, -1, 0, 1);
	if (fixed)
		check_place(t->fixed + 3 * (fixed - 1), fixed == 1 ? .3 : .4, .5, 0);
	g_assert_cmpint(t->taken->len, ==, 0);
}

static void check_tal_confocal(const transient *t)
{
	check_tal(t, 0, true);
	g_assert_cmpint(t->clock, ==, CLOCK_AT_WALL);
}

static void check_tal_single(const transient *t)
{
	check_tal(t, 1, false);
	g_assert_cmpint(t->clock, ==, CLOCK_AT_DEVICES);
}

static void check_tal_all(const transient *t)
{
	check_tal(t, 2, false);
	g_assert_cmpint(t->clock, ==, CLOCK_UNKNOWN);
}

/* A wall upright on y, seen from in front: its own axes are (x, z, -y), from its middle. */
static void check_zaragoza(const transient *t, int64_t fixed)
{
	near(t->bin, 0.003 / LIGHT);
	near(t->start, 0.6 / LIGHT + 0.5 * t->bin);
	g_assert_cmpint(t->clock, ==, CLOCK_AT_DEVICES);
	g_assert_cmpint(t->n_points, ==, 6);
	for (int i = 0; i < 6; i++)
		check_place(t->points + 3 * i, 0.1 * (i % 3 - 1), 0.2 * (i / 3 - 0.5), 0);
	check_place(t->camera, -0.1, -0.1, 1);
	g_assert_cmpint(t->n_fixed, ==, fixed);
	g_assert_true(t->confocal == !fixed && t->fixed_lit == !t->confocal);
	if (fixed)
		check_place(t->fixed + 3, 0.1, 0.1, 0);
	near(t->wall[1], 0.2);
}

static void check_zaragoza_confocal(const transient *t)
{
	check_zaragoza(t, 0);
}

static void check_zaragoza_all(const transient *t)
{
	check_zaragoza(t, 2);
}

/* --- the cases -------------------------------------------------------------------------------- */

static const double rows_places[] = { 0, 0, 0, 0, .2, 0, .1, 0, 0, .1, .2, 0, .2, 0, 0, .2, .2, 0 };
static const double rows_cm[] = { 0, 0, 20, 0, 0, 0, 0, 10, 20, 0, 10, 0, 0, 20, 20, 0, 20, 0 };
static const double fixed_cm[] = {
	0, 64, 55, 0, 64, 55, 0, 64, 55, 0, 64, 55, 0, 64, 55, 0, 64, 55
};
static const double tof[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
static const double two_detectors[] = { .3, .5, 0, .4, .5, 0 };

/* the wall of check_zaragoza as [coordinate][x][y], [y][x][coordinate]; two of it as [..][2][1] */
static const double wall_first[] = { 0, 0, .1, .1, .2, .2, 5, 5, 5, 5, 5, 5, 0, .2, 0, .2, 0, .2 };
static const double wall_last[] = { 0, 5, 0, .1, 5, 0, .2, 5, 0, 0, 5, .2, .1, 5, .2, .2, 5, .2 };
static const double normal_first[] = { 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0 };
static const double normal_last[] = { 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0, 0, -1, 0 };
static const double two_first[] = { 0, .2, 5, 5, 0, .2 };
static const double two_last[] = { 0, 5, 0, .2, 5, .2 };

#define TAL(format) { "H_format", 'B', 1, N(1), (const double[]){ format } }, \
	{ "sensor_grid_xyz", 'd', 3, N(3, 2, 3), rows_places }, SCALAR("delta_t", 0.003), \
	SCALAR("t_start", 0.6), { "sensor_xyz", 'd', 1, N(3), (const double[]){ 1, 0, 1 } }, \
	{ "laser_xyz", 'd', 1, N(3), (const double[]){ -1, 0, 1 } }
#define TAL_COUNTED(x) { "t_accounts_first_and_last_bounces", 'b', 1, N(1), (const double[]){ x } }
#define ZARAGOZA SCALAR("deltaT", 0.003), SCALAR("t0", 0.6), \
	{ "cameraPosition", 'd', 2, N(3, 1), (const double[]){ 0, 4, 0 } }

static const layout_case cases[] = {
	/* rect_data(x, y, t), sizes 3, 2, 4, x to the left */
	{ "LCT", { { "rect_data", 'H', 3, N(3, 2, 4), NULL }, SCALAR("width", 0.35) },
		{ 1, 4, 2, 3 }, 16, 0, 1, 4, -8, check_lct, NULL, 1, 0 },
	{ "f-k", { { "meas", 'f', 3, N(3, 3, 5), NULL }, { "tofgrid", 'd', 2, N(3, 3), tof } },
		{ 1, 5, 3, 3 }, 30, 0, 1, 5, -15, check_fk, NULL, 1, 0 },
	{ "CDT", { { "meas", 'f', 3, N(5, 3, 3), NULL } },
		{ 1, 5, 3, 3 }, 0, 0, 9, 3, 1, check_cdt, NULL, 1, 0 },
	{ "long range", { { "sig_in", 'd', 3, N(3, 2, 4), NULL }, SCALAR("timeRes", 32e-12),
		SCALAR("pulsewidth", 794.45), SCALAR("width", 0.425), SCALAR("radius", 0.14) },
		{ 1, 4, 2, 3 }, 16, 0, 1, 4, -8, check_long_range, NULL, 1, 0 },
	{ "points", { { "clean", 'f', 3, N(4, 3, 2), NULL }, { "noisy", 'H', 3, N(4, 3, 2), NULL },
		SCALAR("wall", 1), SCALAR("bin", 32e-12) },
		{ 1, 4, 2, 3 }, 0, 0, 6, 1, 2, check_points, "noisy", 1, 0 },
	{ "phasor 2020", { { "rect_data", 'f', 3, N(4, 3, 2), NULL }, SCALAR("sampling_spacing", 0.01),
		SCALAR("ts", 16e-12), { "SPAD_index", 'd', 2, N(1, 2), (const double[]){ 3, 1 } } },
		{ 1, 4, 2, 3 }, 0, 0, 6, 1, 2, check_phasor_2020, NULL, 1, 0 },
	{ "phasor rows", { { "total_rect_data", 'f', 2, N(6, 4), NULL },
		{ "camera_pos", 'd', 2, N(6, 3), rows_places }, SCALAR("ts", 18.75e-12),
		{ "laser_pos_base", 'd', 2, N(1, 3), (const double[]){ .5, .25, 0 } } },
		{ 1, 4, 2, 3 }, 0, 0, 1, 4, 8, check_phasor_rows, NULL, 1, 0 },
	{ "phasor rows, other name", { { "total_u_total", 'f', 2, N(6, 4), NULL },
		{ "camera_pos", 'd', 2, N(6, 3), rows_places }, SCALAR("ts", 18.75e-12),
		{ "laser_pos_base", 'd', 2, N(1, 3), (const double[]){ .5, .25, 0 } } },
		{ 1, 4, 2, 3 }, 0, 0, 1, 4, 8, check_phasor_rows, NULL, 1, 0 },
	{ "phasor 2019", { { "dataset.data", 'H', 3, N(4, 2, 6), NULL },
		{ "dataset.laserPos", 'd', 2, N(6, 3), rows_places },
		{ "dataset.cameraPos", 'd', 2, N(2, 3), two_detectors },
		{ "dataset.laserOrigin", 'd', 2, N(1, 3), (const double[]){ -1, 0, 1 } },
		{ "dataset.cameraOrigin", 'd', 2, N(1, 3), (const double[]){ 1, 0, 1 } },
		SCALAR("dataset.deltat", 0.003), SCALAR("dataset.t0", 0.6) },
		{ 2, 4, 2, 3 }, 0, 6, 12, 1, 2, check_phasor_2019, NULL, 1, 0 },
	{ "pairs of points", { { "sub_Sig", 'H', 2, N(6, 4), NULL },
		{ "C_i", 'B', 2, N(6, 3), rows_cm }, { "C_d", 'B', 2, N(6, 3), fixed_cm } },
		{ 1, 4, 2, 3 }, 16, 0, 1, 4, -8, check_general, NULL, 1, 0 },
	{ "pairs, confocal", { { "sub_Sig", 'B', 2, N(6, 4), NULL },
		{ "C_i", 'B', 2, N(6, 3), rows_cm }, { "C_d", 'B', 2, N(6, 3), rows_cm } },
		{ 1, 4, 2, 3 }, 16, 0, 1, 4, -8, check_general_confocal, NULL, 1, 0 },
	{ "Klein, time last", { { "data", 'f', 3, N(3, 3, 4), NULL }, SCALAR("tMin", 0.5),
		SCALAR("tDelta", 0.01) }, { 1, 4, 3, 3 }, 0, 0, 1, 12, 4, check_klein, NULL, 1, 0 },
	{ "Klein, time first", { { "data", 'f', 3, N(4, 3, 3), NULL }, SCALAR("tMin", 0.5),
		SCALAR("tDelta", 0.01) }, { 1, 4, 3, 3 }, 0, 0, 9, 3, 1, check_klein, NULL, 1, 0 },
	{ "tal, confocal", { { "H", 'f', 3, N(4, 3, 2), NULL }, TAL(1), TAL_COUNTED(0),
		{ "laser_grid_xyz", 'd', 3, N(3, 2, 3), rows_places } },
		{ 1, 4, 2, 3 }, 0, 0, 6, 1, 2, check_tal_confocal, NULL, 1, 0 },
	{ "tal, single", { { "H", 'f', 3, N(4, 3, 2), NULL }, TAL(1), TAL_COUNTED(1),
		{ "laser_grid_xyz", 'd', 3, N(1, 1, 3), two_detectors } },
		{ 1, 4, 2, 3 }, 0, 0, 6, 1, 2, check_tal_single, NULL, 1, 0 },
	{ "tal, exhaustive", { { "H", 'f', 5, N(4, 2, 1, 3, 2), NULL }, TAL(2),
		{ "laser_grid_xyz", 'd', 3, N(2, 1, 3), two_detectors } },
		{ 2, 4, 2, 3 }, 0, 6, 12, 1, 2, check_tal_all, NULL, 1, 0 },
	{ "tal, rows", { { "H", 'f', 2, N(4, 6), NULL }, TAL(3), TAL_COUNTED(0),
		{ "laser_grid_xyz", 'd', 3, N(3, 2, 3), rows_places } },
		{ 1, 4, 2, 3 }, 0, 0, 6, 1, 2, check_tal_confocal, NULL, 1, 0 },
	{ "tal, exhaustive rows", { { "H", 'f', 3, N(4, 2, 6), NULL }, TAL(4),
		{ "laser_grid_xyz", 'd', 2, N(2, 3), two_detectors } },
		{ 2, 4, 2, 3 }, 0, 6, 12, 1, 2, check_tal_all, NULL, 1, 0 },
	{ "Zaragoza", { { "data", 'f', 5, N(1, 4, 2, 3, 2), NULL }, ZARAGOZA,
		{ "cameraGridPositions", 'd', 3, N(3, 3, 2), wall_first },
		{ "cameraGridNormals", 'd', 3, N(3, 3, 2), normal_first },
		{ "laserGridPositions", 'd', 3, N(3, 3, 2), wall_first } },
		{ 1, 4, 2, 3 }, 0, 0, 12, 1, 2, check_zaragoza_confocal, NULL, 2, 6 },
	{ "Zaragoza, reversed", { { "data", 'f', 5, N(2, 3, 2, 4, 1), NULL }, ZARAGOZA,
		{ "cameraGridPositions", 'd', 3, N(2, 3, 3), wall_last },
		{ "cameraGridNormals", 'd', 3, N(2, 3, 3), normal_last },
		{ "laserGridPositions", 'd', 3, N(2, 3, 3), wall_last } },
		{ 1, 4, 2, 3 }, 0, 0, 1, 24, 8, check_zaragoza_confocal, NULL, 2, 4 },
	{ "Zaragoza, exhaustive", { { "data", 'f', 7, N(1, 4, 2, 3, 2, 2, 1), NULL }, ZARAGOZA,
		{ "cameraGridPositions", 'd', 3, N(3, 3, 2), wall_first },
		{ "cameraGridNormals", 'd', 3, N(3, 3, 2), normal_first },
		{ "laserGridPositions", 'd', 3, N(3, 2, 1), two_first } },
		{ 2, 4, 2, 3 }, 0, 1, 24, 2, 4, check_zaragoza_all, NULL, 2, 12 },
	{ "Zaragoza, exhaustive, reversed", { { "data", 'f', 7, N(1, 2, 2, 3, 2, 4, 1), NULL }, ZARAGOZA,
		{ "cameraGridPositions", 'd', 3, N(2, 3, 3), wall_last },
		{ "cameraGridNormals", 'd', 3, N(2, 3, 3), normal_last },
		{ "laserGridPositions", 'd', 3, N(1, 2, 3), two_last } },
		{ 2, 4, 2, 3 }, 0, 48, 1, 24, 8, check_zaragoza_all, NULL, 2, 4 },
	{ "moved module", { { "histogram", 'd', 4, N(2, 2, 2, 5), NULL },
		{ "point_cloud", 'd', 3, N(2, 4, 3), NULL }, { "distance", 'd', 3, N(2, 2, 2), NULL } },
		{ 1, 5, 2, 4 }, 0, 0, 1, 20, 5, check_consumer, NULL, 1, 0 },
};

static int count_arrays(const layout_case *k)
{
	int n = 0;
	while (n < (int)G_N_ELEMENTS(k->arrays) && k->arrays[n].name)
		n++;
	return n;
}

static void check_values(const layout_case *k, const image *im)
{
	shape s = k->s;
	for (int64_t i = 0; i < shape_count(s); i++) {
		int64_t x = i % s.x, y = i / s.x % s.y, t = i / (s.x * s.y) % s.z, c = i / (s.x * s.y * s.z);
		int64_t at = k->first + c * k->c + t * k->t + y * k->y + x * k->x;
		double sum = 0;
		for (int64_t b = 0; b < k->sums; b++)
			sum += array_value(at + b * k->sum);
		g_assert_cmpfloat(value_at(im, c, t, y, x), ==, (float)sum);
	}
}

static void every_layout(gconstpointer data)
{
	const layout_case *k = data;
	for (int kind = 0; kind < KINDS; kind++) {
		g_autofree char *path = write_arrays(kind, "layout", k->arrays, count_arrays(k));
		if (!path)
			continue;
		g_autofree char *chosen = g_strconcat(path, k->member ? ":" : "", k->member, NULL);
		g_test_message("%s as %s", k->name, kind_names[kind]);
		g_autoptr(image) im = read_good(chosen);
		assert_shape(im, k->s.c, k->s.z, k->s.y, k->s.x);
		g_assert_nonnull(im->scale->transient);
		check_values(k, im);
		k->check(im->scale->transient);
	}
}

void add_capture_tests(void)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = g_strdup_printf("/io/capture/%s", cases[i].name);
		g_test_add_data_func(name, &cases[i], every_layout);
	}
}
