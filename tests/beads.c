/* SPDX-License-Identifier: BSD-3-Clause */
/* beads.c - `relumine psf beads` on simulated beads, whose PSF and places are known */
#include <glib.h>
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "relumine.h"
#include "stage/beads.h"
#include "stage/psf.h"
#include "tests/beads.h"

device *cpu;

/* --- comparisons ------------------------------------------------------------------------------ */

static const beads_rule boxed = { .size = { BOX_XY, BOX_XY, BOX_Z }, .threshold = 10 };

static array *measured(array *stack, const beads_rule *rule, GArray **beads, beads_facts *f)
{
	GError *err = NULL;
	*f = (beads_facts){ 0 };
	f->hot = beads_repair(stack, &err);
	g_assert_no_error(err);
	*beads = beads_find(stack, rule, f, "stack", &err);
	g_assert_no_error(err);
	array *psf = beads_average(stack, *beads, f, NULL, &err);
	g_assert_no_error(err);
	return psf;
}

/* Widths within `share` of the truth's, and how alike they are. */
static void compare(const array *psf, const array *truth, double share, double least)
{
	spot_facts a, b;
	spot_measure(psf, 0, &a);
	spot_measure(truth, 0, &b);
	g_test_message("correlation %.5f, widths %.4f %.4f %.4f of %.4f %.4f %.4f",
		correlation(psf, truth), a.fwhm[0], a.fwhm[1], a.fwhm[2], b.fwhm[0], b.fwhm[1], b.fwhm[2]);
	g_assert_cmpfloat(correlation(psf, truth), >=, least);
	for (int k = 0; k < 3; k++)
		g_assert_cmpfloat_with_epsilon(a.fwhm[k] / b.fwhm[k], 1, share);
	g_assert_cmpfloat_with_epsilon(vec_sum(psf), 1, 1e-5);
	g_assert_true(a.peak[0] == psf->shape.x / 2 && a.peak[1] == psf->shape.y / 2 &&
		a.peak[2] == psf->shape.z / 2);
}

/* The largest distance of centres found from those put in, voxels along an axis. */
static double worst_centre(const GArray *beads, const source *s, size_t n)
{
	double worst = 0;
	for (guint i = 0; i < beads->len; i++) {
		const bead *b = &g_array_index(beads, bead, i);
		double nearest = INFINITY;
		for (size_t j = 0; j < n; j++) {
			double far = 0;
			for (int k = 0; k < 3; k++)
				far = fmax(far, fabs(b->centre[k] - (double)s[j].fifths[k] / FINER));
			nearest = fmin(nearest, far);
		}
		worst = fmax(worst, nearest);
	}
	return worst;
}

/* --- what comes out --------------------------------------------------------------------------- */

static void without_noise(void)
{
	source s[APART];
	beads_facts f;
	nine_sources(s);
	g_autoptr(GArray) beads = NULL;
	g_autoptr(array) stack = stack_of(wide, s, APART, 0);
	g_autoptr(array) psf = measured(stack, &boxed, &beads, &f), truth = true_psf();
	g_assert_cmpint(f.used, ==, APART);
	g_assert_cmpint(beads->len, ==, APART);
	g_assert_cmpint(f.hot, ==, 0);
	g_test_message("centres within %.4f", worst_centre(beads, s, APART));
	g_assert_cmpfloat(worst_centre(beads, s, APART), <, 0.01);
	compare(psf, truth, 0.01, 0.999);
}

static void with_noise(void)
{
	source s[APART];
	beads_facts f;
	nine_sources(s);
	g_autoptr(GArray) beads = NULL;
	g_autoptr(array) stack = stack_of(wide, s, APART, 7);
	/* hot pixels, some on a bead */
	for (int i = 0; i < 12; i++)
		array_row(stack, 0, 3 * i, 11 * i + 3)[5 * i + 30] = 20000;
	g_autoptr(array) psf = measured(stack, &boxed, &beads, &f), truth = true_psf();
	g_test_message("centres within %.4f, %d hot", worst_centre(beads, s, APART), (int)f.hot);
	g_assert_cmpint(f.used, ==, APART);
	g_assert_cmpint(beads->len, ==, APART);
	g_assert_cmpint(f.hot, ==, 12);
	g_assert_cmpfloat(worst_centre(beads, s, APART), <, 0.05);
	compare(psf, truth, 0.03, 0.99);
	g_autoptr(array) turned = beads_turned(psf, NULL);
	compare(turned, truth, 0.03, 0.99);
	g_assert_cmpfloat(correlation(turned, truth), >, correlation(psf, truth));
}

/* --- what is left out ------------------------------------------------------------------------- */

static int fates(const GArray *beads, enum bead_fate fate)
{
	int n = 0;
	for (guint i = 0; i < beads->len; i++)
		n += g_array_index(beads, bead, i).fate == fate;
	return n;
}

/* One in the open; two 12 voxels apart; one at the left, one at the last plane; one too bright. */
static void left_out(void)
{
	const source s[] = {
		{ { 5 * 30 + 1, 5 * 30 - 2, 5 * 17 }, 150000 },
		{ { 5 * 90, 5 * 30, 5 * 17 }, 140000 }, { { 5 * 102, 5 * 33, 5 * 17 }, 90000 },
		{ { 5 * 6, 5 * 110, 5 * 17 }, 130000 }, { { 5 * 50, 5 * 110, 5 * 28 }, 130000 },
		{ { 5 * 110, 5 * 110, 5 * 17 }, 2000000 },
	};
	beads_rule rule = boxed;
	beads_facts f;
	g_autoptr(GArray) beads = NULL;
	g_autoptr(array) stack = stack_of(wide, s, G_N_ELEMENTS(s), 3);
	rule.white = 4095;
	vec_clamp(stack, 0, 4095);
	g_autoptr(array) psf = measured(stack, &rule, &beads, &f);
	g_assert_nonnull(psf);
	g_assert_cmpint(beads->len, ==, 6);
	g_assert_cmpint(f.used, ==, 1);
	g_assert_cmpint(fates(beads, BEAD_SATURATED), ==, 1);
	g_assert_cmpint(fates(beads, BEAD_BORDER), ==, 2);
	g_assert_cmpint(fates(beads, BEAD_OVERLAP), ==, 2);
	/* a plateau below the largest sample is one all the same: 12 bits in 16 */
	rule.white = 65535;
	g_autoptr(GArray) again = beads_find(stack, &rule, &f, "stack", NULL);
	g_assert_cmpint(fates(again, BEAD_SATURATED), ==, 1);
	/* rings outside a small box are no beads */
	const beads_rule small = { .size = { 5, 5, 3 }, .threshold = 10, .white = 4095 };
	g_autoptr(GArray) cores = beads_find(stack, &small, &f, "stack", NULL);
	g_assert_cmpint(cores->len, ==, 6);
	g_assert_cmpint(fates(cores, BEAD_SATURATED), ==, 1);
	g_assert_cmpint(f.used, ==, 5);
}

/* Less than a tenth of the brightest one's light. */
static void too_faint(void)
{
	const source s[] = { { { 5 * 30, 5 * 30, 5 * 17 }, 600000 },
		{ { 5 * 90, 5 * 90, 5 * 17 }, 40000 } };
	beads_facts f;
	g_autoptr(GArray) beads = NULL;
	g_autoptr(array) stack = stack_of(wide, s, 2, 5);
	g_autoptr(array) psf = measured(stack, &boxed, &beads, &f);
	g_assert_nonnull(psf);
	g_assert_cmpint(f.used, ==, 1);
	g_assert_cmpint(fates(beads, BEAD_FAINT), ==, 1);
}

/* --- the command ------------------------------------------------------------------------------ */

static relumine_job *job_of(const array *stack, const char *const *options)
{
	g_autofree float *values = g_new(float, shape_count(stack->shape));
	array_download(stack, values);
	relumine_image *picture = relumine_image_new(stack->shape.z, stack->shape.y, stack->shape.x, 1,
		values, NULL);
	relumine_job *job = relumine_job_new("psf beads", NULL);
	g_assert_true(relumine_job_set_image(job, NULL, picture, NULL));
	relumine_image_free(picture);
	for (int i = 0; options[i]; i += 2)
		g_assert_true(relumine_job_set(job, options[i], options[i + 1], NULL));
	return job;
}

/* (1, z, y, x) */
static array *run_job(const array *stack, const char *const *options)
{
	GError *err = NULL;
	int64_t size[4];
	relumine_job *job = job_of(stack, options);
	g_assert_true(relumine_job_run(job, &err));
	g_assert_no_error(err);
	relumine_image *result = relumine_job_result(job);
	relumine_image_size(result, size);
	array *psf = array_new(cpu, REAL, (shape){ 1, size[0], size[1], size[2] });
	g_autofree float *values = g_new(float, shape_count(psf->shape));
	relumine_image_values(result, values);
	array_upload(psf, values);
	relumine_image_free(result);
	relumine_job_free(job);
	return psf;
}

static void refused(const array *stack, const char *const *options, int status, const char *word)
{
	GError *err = NULL;
	relumine_job *job = job_of(stack, options);
	g_assert_false(relumine_job_run(job, &err));
	g_test_message("%s", err->message);
	g_assert_cmpint(err->code, ==, status);
	g_assert_nonnull(strstr(err->message, word));
	g_assert_nonnull(strstr(err->message, "try:"));
	g_error_free(err);
	relumine_job_free(job);
}

/* A stack that is one bead, in the middle. */
static void one_bead(void)
{
	static const int64_t size[3] = { 61, 61, 45 };
	const source s = { { 5 * 30, 5 * 30, 5 * 22 }, 1000000 };
	static const char *const fixed[] = { "size", "31,31,25", NULL }, *const none[] = { NULL };
	g_autoptr(array) stack = stack_of(size, &s, 1, 11), truth = true_psf();
	g_autoptr(array) psf = run_job(stack, fixed);
	compare(psf, truth, 0.03, 0.99);
	g_autoptr(array) free_size = run_job(stack, none);
	g_assert_true(free_size->shape.x % 2 && free_size->shape.y % 2 && free_size->shape.z % 2);
	g_assert_cmpint(free_size->shape.x, >=, 15);
	g_assert_cmpfloat_with_epsilon(vec_sum(free_size), 1, 1e-5);
	/* in any unit */
	vec_scale(stack, 1e33f);
	g_autoptr(array) huge = run_job(stack, fixed);
	g_assert_cmpfloat(correlation(huge, psf), >, 1 - 1e-6);
}

/* Where boxes meet they are made smaller, as far as it helps. */
static void crowded(void)
{
	source s[APART];
	beads_facts f;
	nine_sources(s);
	for (int i = 0; i < APART; i++)
		for (int k = 0; k < 2; k++)
			s[i].fifths[k] = s[i].fifths[k] / 2 + 100;      /* 23 voxels apart instead of 46 */
	const beads_rule rule = { .threshold = 10 };
	g_autoptr(GArray) beads = NULL, boxes = NULL;
	g_autoptr(array) stack = stack_of(wide, s, APART, 23), psf = measured(stack, &rule, &beads, &f);
	g_assert_nonnull(psf);
	g_assert_cmpint(beads->len, ==, APART);
	g_assert_cmpint(f.used, >=, 5);
	g_assert_cmpint(f.size[0], <=, 23);
	g_assert_cmpint(f.size[0], >=, 15);
	boxes = beads_find(stack, &boxed, &f, "stack", NULL);
	g_assert_null(boxes);
}

/* One plane gives one plane. */
static void flat(void)
{
	source s[APART];
	static const char *const none[] = { "symmetric", NULL, NULL };
	nine_sources(s);
	g_autoptr(array) stack = stack_of(wide, s, APART, 13);
	array middle = array_plane(stack, 0, 17);
	g_autoptr(array) one = array_copy(&middle);
	g_autoptr(array) psf = run_job(one, none);
	spot_facts f;
	spot_measure(psf, 0, &f);
	g_assert_cmpint(psf->shape.z, ==, 1);
	g_assert_true(spot_is_compact(&f) && f.peak[0] == psf->shape.x / 2);
}

static void threads(void)
{
	source s[APART];
	nine_sources(s);
	g_autoptr(array) stack = stack_of(wide, s, 2, 17), first = NULL;
	static const char *const counts[] = { "1", "2", "3", "7" };
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		const char *const options[] = { "threads", counts[i], "symmetric", NULL, NULL };
		g_autoptr(array) psf = run_job(stack, options);
		g_assert_true(!first || same(first, psf));
		if (!first)
			first = g_steal_pointer(&psf);
	}
}

static void wrong_stacks(void)
{
	static const int64_t size[3] = { 61, 61, 45 };
	static const char *const none[] = { NULL }, *const large[] = { "size", "71,71,25", NULL };
	static const char *const long_box[] = { "size", "31,31,45", NULL };
	const source s = { { 5 * 30, 5 * 30, 5 * 24 }, 1000000 };
	g_autoptr(array) noise = stack_of(size, NULL, 0, 19), even = stack_of(size, NULL, 0, 0);
	g_autoptr(array) good = stack_of(size, &s, 1, 0), bad = array_copy(good), zero = array_like(good);
	vec_fill(zero, 0);
	array_row(bad, 0, 3, 4)[5] = NAN;
	refused(noise, none, RELUMINE_BAD_INPUT, "no beads");
	refused(even, none, RELUMINE_BAD_INPUT, "no beads");
	refused(zero, none, RELUMINE_BAD_INPUT, "no beads");
	refused(bad, none, RELUMINE_BAD_INPUT, "NaN");
	refused(good, large, RELUMINE_MISMATCH, "no box of 71 x 71 x 25");
	refused(good, long_box, RELUMINE_BAD_INPUT, "1 with boxes across the border");
	/* all of them saturated: only a file of whole numbers has a largest one */
	GError *err = NULL;
	beads_facts f = { 0 };
	beads_rule rule = { .threshold = 10, .white = 255 };
	vec_clamp(good, 0, 255);
	g_assert_null(beads_find(good, &rule, &f, "stack", &err));
	g_assert_error(err, relumine_error_quark(), (int)RELUMINE_BAD_INPUT);
	g_assert_nonnull(strstr(err->message, "1 saturated"));
	g_assert_nonnull(strstr(err->message, "less light"));
	g_error_free(err);
}

/* Hot pixels are gone from a real bead, and it is narrow and alone. */
static void public_bead(void)
{
	g_autoptr(image) file = public_file("pycudadecon_bead_psf.tif");
	if (!file)
		return;
	beads_facts f;
	g_autoptr(GArray) beads = NULL;
	const beads_rule rule = { .threshold = 10, .white = 65535 };
	g_autoptr(array) psf = measured(file->data, &rule, &beads, &f);
	spot_facts spot;
	spot_measure(psf, 0, &spot);
	g_assert_cmpint(f.used, ==, 1);
	g_assert_cmpint(f.hot, >, 5);
	g_assert_true(spot.fwhm[0] > 2 && spot.fwhm[0] < 4 && spot.fwhm[1] > 2 && spot.fwhm[1] < 4);
	g_assert_true(spot_is_compact(&spot));
	g_assert_cmpfloat(spot.edge_most, <, 0.02);
	for (int k = 0; k < 3; k++)
		g_assert_cmpint(spot.peak[k], ==, f.size[k] / 2);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/beads/without noise", without_noise },
		{ "/beads/with noise", with_noise },
		{ "/beads/left out", left_out },
		{ "/beads/too faint", too_faint },
		{ "/beads/one bead", one_bead },
		{ "/beads/crowded", crowded },
		{ "/beads/flat", flat },
		{ "/beads/threads", threads },
		{ "/beads/wrong stacks", wrong_stacks },
		{ "/beads/a public one", public_bead },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
