/* SPDX-License-Identifier: BSD-3-Clause */
/* separable.c - separable masks: means, planes, solutions against plain loops and dense algebra */
#include <glib.h>
#include <jansson.h>
#include <math.h>
#include "core/error.h"
#include "io/image.h"
#include "math/op.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "mode/lensless-gradient.h"
#include "mode/lensless-separable.h"
#include "stage/demosaic.h"
#include "stage/separable.h"
#include "tests/dense.h"
#include "tests/data.h"
#include "tests/stage.h"

device *cpu;

/* --- a task by hand --------------------------------------------------------------------------- */

typedef struct {
	task t;
	lensless_options options;
	lensless_data data;
	input capture, left, right;
} trial;

static array *random_plane(int64_t c, int64_t z, int64_t y, int64_t x, uint64_t seed)
{
	array *a = array_new(cpu, REAL, (shape){ c, z, y, x });
	array_fill_uniform(a, seed);
	return a;
}

/* Takes the arrays. */
static trial *trial_new(device *dev, array *capture, array *left, array *right)
{
	trial *s = g_new0(trial, 1);
	s->options = (lensless_options){ .left = (char *)"l", .right = (char *)"r", .method = -1,
		.means = -1, .tau = NAN, .tv_weight = NAN, .tikhonov = NAN, .dark_level = NAN, .tv = 1 };
	s->capture = (input){ .path = "capture", .data = capture };
	s->left = (input){ .path = "left", .data = left };
	s->right = (input){ .path = "right", .data = right };
	s->t = (task){ .cpu = cpu, .dev = dev, .options = &s->options, .report = report_new(),
		.n_inputs = 1, .inputs = &s->capture, .pictures = g_hash_table_new(g_str_hash, g_str_equal) };
	g_hash_table_insert(s->t.pictures, (char *)"left", &s->left);
	g_hash_table_insert(s->t.pictures, (char *)"right", &s->right);
	return s;
}

static void trial_free(trial *s)
{
	lensless_data_clear(&s->data);
	array_free(s->capture.data);
	array_free(s->left.data);
	array_free(s->right.data);
	g_hash_table_unref(s->t.pictures);
	report_free(s->t.report);
	g_free(s);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(trial, trial_free)

static double metric(const trial *s, const char *name)
{
	return json_number_value(json_object_get(report_metrics(s->t.report), name));
}

typedef bool method(task *t, const lensless_data *d, array *result, GError **err);

/* In the capture's units. */
static array *solve(trial *s, method *by)
{
	GError *err = NULL;
	separable_prepare(&s->t, &s->data, &err);
	g_assert_no_error(err);
	shape size = s->data.grid;
	size.c = s->data.b->shape.c;
	array *result = array_new(cpu, REAL, size);
	by(&s->t, &s->data, result, &err);
	g_assert_no_error(err);
	vec_scale(result, (float)(s->data.b_scale * s->data.psf_sum));
	return result;
}

/* --- means and planes against plain loops ----------------------------------------------------- */

static void check_means(const array *a)
{
	g_autoptr(array) got = array_copy(a);
	separable_take_means(got);
	double size = (double)vec_max_abs(a);
	for (int64_t c = 0; c < a->shape.c; c++)
		for (int64_t y = 0; y < a->shape.y; y += 1 + a->shape.y / 16)
			for (int64_t x = 0; x < a->shape.x; x += 1 + a->shape.x / 16) {
				double row = 0, column = 0, all = 0;
				for (int64_t i = 0; i < a->shape.x; i++)
					row += at(a, c, 0, y, i) / (double)a->shape.x;
				for (int64_t i = 0; i < a->shape.y; i++)
					column += at(a, c, 0, i, x) / (double)a->shape.y;
				for (int64_t i = 0; i < a->shape.y * a->shape.x; i++)
					all += at(a, c, 0, i / a->shape.x, i % a->shape.x) /
						(double)(a->shape.y * a->shape.x);
				g_assert_cmpfloat_with_epsilon(at(got, c, 0, y, x),
					at(a, c, 0, y, x) - row - column + all, 1e-6 * size);
			}
}

static void means(void)
{
	g_autoptr(array) a = make((shape){ 3, 1, 7, 12 }, scrambled);
	check_means(a);
	/* what is a sum of something of its row and something of its column leaves nothing */
	g_autoptr(array) b = random_plane(1, 1, 5, 6, 1);
	for (int64_t i = 0; i < 30; i++)
		array_row(b, 0, 0, i / 6)[i % 6] = (float)(100 * (i / 6) + (i % 6) * (i % 6));
	separable_take_means(b);
	g_assert_cmpfloat((double)vec_max_abs(b), <, 1e-4);
}

/* The published order (tanjasper/flatcam): R [1::2, 1::2], Gr [1::2, 0::2], Gb [0::2, 1::2], B. */
static void check_planes(const array *sensor, const array *planes)
{
	static const int64_t first[4][2] = { { 1, 1 }, { 1, 0 }, { 0, 1 }, { 0, 0 } };
	g_assert_cmpint(planes->shape.c, ==, 4);
	for (int64_t c = 0; c < 4; c++)
		for (int64_t y = 0; y < planes->shape.y; y++)
			for (int64_t x = 0; x < planes->shape.x; x++)
				g_assert_cmpfloat(at(planes, c, 0, y, x), ==,
					at(sensor, 0, 0, first[c][0] + 2 * y, first[c][1] + 2 * x));
}

static void flatcam_capture(void)
{
	g_autofree char *path = data_file("lensless/flatcam/fc_6.png");
	if (!path) {
		g_test_skip("no captures (set RELUMINE_DATA)");
		return;
	}
	GError *err = NULL;
	g_autoptr(image) im = image_read(cpu, path, &err);
	g_assert_no_error(err);
	g_assert_cmpint(im->data->shape.y, ==, 1024);
	g_assert_cmpint(im->data->shape.x, ==, 1280);
	g_autoptr(array) planes = demosaic_split(im->data, BAYER_BGGR, path, &err);
	g_assert_no_error(err);
	check_planes(im->data, planes);
	check_means(planes);
}

/* --- Tikhonov --------------------------------------------------------------------------------- */

/* (c, y, x): the columns' means taken out, by a loop */
static void centre(array *m)
{
	for (int64_t c = 0; c < m->shape.c; c++)
		for (int64_t x = 0; x < m->shape.x; x++) {
			double mean = 0;
			for (int64_t y = 0; y < m->shape.y; y++)
				mean += at(m, c, 0, y, x) / (double)m->shape.y;
			for (int64_t y = 0; y < m->shape.y; y++)
				array_row(m, c, 0, y)[x] -= (float)mean;
		}
}

/*
 * x = (A'A + lambda)^-1 A'b by elimination, lambda absolute and for the matrices as they came; the
 * capture with its means: as A has none, A' takes them out.
 */
static void check_dense(const array *found, const array *b, const array *l, const array *r,
	double lambda)
{
	g_autoptr(linop) a = linop_separable((shape){ 1, 1, l->shape.x, r->shape.x }, l, r);
	g_autofree float *packed = g_new(float, (gsize)shape_count(b->shape));
	array_download(b, packed);
	g_autofree double *x = normal_solution(a, packed, lambda);
	double most = 0;
	for (int64_t i = 0; i < shape_count(found->shape); i++) {
		most = fmax(most, fabs(x[i]));
		x[i] = fmax(x[i], 0);
	}
	expect(found, x, 1e-5 * most);
}

static const int64_t sizes[][4] = {     /* rows and columns of L, then of R */
	{ 9, 5, 12, 7 }, { 6, 6, 6, 6 }, { 5, 8, 7, 4 }, { 4, 7, 3, 6 }, { 2, 1, 9, 1 }
};

static void check_tikhonov(device *dev, int how)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		const int64_t *n = sizes[i];
		g_autoptr(trial) s = trial_new(dev, random_plane(1, 1, n[0], n[2], 7),
			random_plane(1, 1, n[0], n[1], 8), random_plane(1, 1, n[2], n[3], 9));
		vec_scale(s->capture.data, 50);
		vec_scale(s->left.data, 3);
		s->options.means = how;
		s->options.tikhonov = 0.02;
		g_autoptr(array) found = solve(s, lensless_tikhonov);
		g_autoptr(array) l = array_copy(s->left.data);
		g_autoptr(array) r = array_copy(s->right.data);
		if (how == MEANS_SUBTRACT) {
			centre(l);
			centre(r);
		}
		check_dense(found, s->capture.data, l, r, metric(s, "tikhonov_absolute"));
		g_assert_cmpfloat_with_epsilon(metric(s, "tikhonov"), 0.02, 1e-9);
	}
}

static void tikhonov(void)
{
	check_tikhonov(cpu, MEANS_SUBTRACT);
	check_tikhonov(cpu, MEANS_KEEP);
}

static void tikhonov_on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (dev)
		check_tikhonov(dev, MEANS_SUBTRACT);
	else
		g_test_skip("no OpenCL device");
}

/*
 * The relative weight is measured against |A|^2: for L = diag(3, 1) over rows of zeros and R = (2)
 * the largest squared product is 36.
 */
static void weight_is_relative(void)
{
	g_autoptr(trial) s = trial_new(cpu, random_plane(1, 1, 4, 3, 1), random_plane(1, 1, 4, 2, 1),
		random_plane(1, 1, 3, 1, 1));
	const float left[] = { 3, 0, 0, 1, 0, 0, 0, 0 }, right[] = { 2, 0, 0 };
	array_upload(s->left.data, left);
	array_upload(s->right.data, right);
	s->options.means = MEANS_KEEP;
	s->options.tikhonov = 0.5;
	array_free(solve(s, lensless_tikhonov));
	g_assert_cmpfloat_with_epsilon(metric(s, "tikhonov_absolute"), 18, 1e-4);
	g_assert_cmpfloat_with_epsilon(metric(s, "left_condition"), 3, 1e-6);
}

/* As the published program: lambda is absolute, matrices are as given. */
static void compat_flatcam(void)
{
	const int64_t *n = sizes[0];
	g_autoptr(trial) s = trial_new(cpu, random_plane(1, 1, n[0], n[2], 7),
		random_plane(1, 1, n[0], n[1], 8), random_plane(1, 1, n[2], n[3], 9));
	s->options.compat = COMPAT_FLATCAM;
	s->options.tikhonov = 0.7;
	g_autoptr(array) found = solve(s, lensless_tikhonov);
	g_autoptr(array) b = array_copy(s->capture.data);
	separable_take_means(b);
	check_dense(found, b, s->left.data, s->right.data, 0.7);
}

/* Each of four Bayer planes with its own matrix; pages of a file; the greens' mean. */
static void colours(void)
{
	g_autoptr(trial) s = trial_new(cpu, random_plane(1, 1, 18, 24, 7),
		random_plane(1, 4, 9, 5, 8), random_plane(1, 1, 12, 7, 9));
	s->options.bayer = 1 + BAYER_BGGR;
	s->options.tikhonov = 0.02;
	array *found = solve(s, lensless_tikhonov);
	g_autoptr(array) planes = demosaic_split(s->capture.data, BAYER_BGGR, "", NULL);
	g_autoptr(array) r = array_copy(s->right.data);
	centre(r);
	for (int64_t c = 0; c < 4; c++) {
		array channel = array_channel(found, c), b = array_channel(planes, c);
		array page = array_plane(s->left.data, 0, c);
		g_autoptr(array) l = array_copy(&page);
		centre(l);
		check_dense(&channel, &b, l, r, metric(s, "tikhonov_absolute"));
	}
	g_autoptr(array) before = array_copy(found);
	g_autoptr(array) rgb = separable_colour(found);
	g_assert_cmpint(rgb->shape.c, ==, 3);
	for (int64_t i = 0; i < 35; i++) {
		double green = (at(before, 1, 0, i / 7, i % 7) + at(before, 2, 0, i / 7, i % 7)) / 2;
		g_assert_cmpfloat(at(rgb, 0, 0, i / 7, i % 7), ==, at(before, 0, 0, i / 7, i % 7));
		g_assert_cmpfloat_with_epsilon(at(rgb, 1, 0, i / 7, i % 7), green, 1e-6 * fabs(green) + 1e-30);
		g_assert_cmpfloat(at(rgb, 2, 0, i / 7, i % 7), ==, at(before, 3, 0, i / 7, i % 7));
	}
}

/* The middle of a capture that is larger than the matrices, as geometry has it. */
static void middle(void)
{
	g_autoptr(trial) s = trial_new(cpu, random_plane(1, 1, 14, 17, 7), random_plane(1, 1, 9, 5, 8),
		random_plane(1, 1, 12, 7, 9));
	g_autoptr(array) found = solve(s, lensless_tikhonov);
	g_autoptr(trial) part = trial_new(cpu, random_plane(1, 1, 9, 12, 0),
		random_plane(1, 1, 9, 5, 8), random_plane(1, 1, 12, 7, 9));
	for (int64_t y = 0; y < 9; y++)
		memcpy(array_row(part->capture.data, 0, 0, y), array_row(s->capture.data, 0, 0, y + 2) + 2,
			12 * sizeof(float));
	g_autoptr(array) same_found = solve(part, lensless_tikhonov);
	g_assert_true(same(found, same_found));
}

/* --- ADMM ------------------------------------------------------------------------------------- */

static double by_method(method *solver, int64_t iterations)
{
	g_autoptr(trial) s = trial_new(cpu, random_plane(1, 1, 15, 18, 7),
		random_plane(1, 1, 15, 9, 8), random_plane(1, 1, 18, 11, 9));
	s->options.tv_weight = 0.02;
	s->options.iterations = iterations;
	g_autoptr(array) found = solve(s, solver);
	g_assert_cmpfloat((double)vec_max_abs(found), >, 0);
	return metric(s, "objective");
}

/* Two methods with no step in common but the prior's end at one minimum. */
static void admm_and_fista_agree(void)
{
	double admm = by_method(lensless_split, 400), fista = by_method(lensless_fista, 4000);
	g_assert_cmpfloat_with_epsilon(admm, fista, 1e-4 * fista);
}

/* --- the mask of the simulation --------------------------------------------------------------- */

/*
 * A register of k bits gives a sequence of period N = 2^k - 1 and of cyclic autocorrelation N at 0
 * and -1 elsewhere.  Columns of N rows are shifts of a whole period, softened by (1, 4, 1) / 6,
 * whose autocorrelation is (1, 8, 18, 8, 1) / 36: so their products are (N + 1) times that, less 1.
 */
static void sequences_have_no_echo(void)
{
	static const double soft[] = { 18.0 / 36, 8.0 / 36, 1.0 / 36, 0, 0, 0 };
	for (int bits = 4; bits <= 16; bits++) {
		int64_t n = (1 << bits) - 1;
		/* as many rows as two columns leave of what this register is chosen for */
		g_autoptr(array) m = separable_mask(cpu, n - 3, 2, 3, bits % 2);
		g_autofree double *period = g_new(double, (gsize)n);
		for (int64_t y = 0; y < n - 3; y++)
			period[y] = at(m, 0, 0, y, 0);
		period[n - 3] = at(m, 0, 0, n - 4, 1);
		for (int64_t k = 0; k < 6; k++) {
			double sum = 0;
			for (int64_t y = 0; y + k < n - 2; y++)
				sum += period[y] * period[y + k];
			/* what is missing of the cycle: k + 2 products of at most 1 */
			g_assert_cmpfloat_with_epsilon(sum, soft[k] * (double)(n + 1) - 1, (double)k + 2.001);
		}
	}
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/separable/means", means },
		{ "/separable/flatcam-capture", flatcam_capture },
		{ "/separable/tikhonov", tikhonov },
		{ "/separable/tikhonov-opencl", tikhonov_on_opencl },
		{ "/separable/weight-is-relative", weight_is_relative },
		{ "/separable/compat-flatcam", compat_flatcam },
		{ "/separable/colours", colours },
		{ "/separable/middle", middle },
		{ "/separable/admm-fista", admm_and_fista_agree },
		{ "/separable/sequences", sequences_have_no_echo },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
