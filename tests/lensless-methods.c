/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-methods.c - gradient methods against closed forms and ADMM; volumes from one capture */
#include <glib.h>
#include <jansson.h>
#include <math.h>
#include "core/error.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "mode/lensless-admm.h"
#include "mode/lensless-gradient.h"
#include "tests/stage.h"

device *cpu;

enum { H = 13, W = 16 };        /* of the sensor */

enum { FIT = 1, NONE };         /* of --background */

typedef bool method(task *t, const lensless_data *d, array *result, GError **err);

/* --- a task by hand --------------------------------------------------------------------------- */

typedef struct {
	task t;
	lensless_options options;
	lensless_data data;
	array *result;
	watch w;
	int64_t stop_at, heard, channel;
} trial;

static bool hear(watch *w, const iteration_note *note)
{
	trial *s = (trial *)((char *)w - offsetof(trial, w));
	s->heard++;
	s->channel = note->channel;
	return s->heard != s->stop_at;
}

static trial *trial_new(device *dev, recipe *b, recipe *psf, int64_t channels, int64_t iterations)
{
	trial *s = g_new0(trial, 1);
	s->options = (lensless_options){ .iterations = iterations, .tau = NAN, .tv_weight = NAN,
		.mu = 1, .background = NONE, .order = -1, .mu1 = 0.5, .mu2 = 0.5, .mu3 = 0.5 };
	s->data = (lensless_data){
		.b = make((shape){ channels, 1, H, W }, b), .psf = make((shape){ 1, 1, H, W }, psf),
		.b_scale = 1, .psf_sum = 1, .grid = { 1, 1, 2 * H, 2 * W }
	};
	s->w = (watch){ .tick = hear, .wants_objective = true };
	s->t = (task){ .cpu = cpu, .dev = dev, .options = &s->options, .report = report_new(),
		.watch = &s->w };
	s->result = make(s->data.b->shape, b);
	return s;
}

static void trial_free(trial *s)
{
	lensless_data_clear(&s->data);
	array_free(s->result);
	report_free(s->t.report);
	g_free(s);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(trial, trial_free)

static double metric(const trial *s, const char *name)
{
	return json_number_value(json_object_get(report_metrics(s->t.report), name));
}

/* Positive and negative numbers. */
static double rough(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return scrambled(c, z, y, x) / 65521 - 0.4;
}

/* The pixel that padding in the middle of an even grid and `ifftshift` take to the origin. */
static double one_point(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z;
	return y == (H + 1) / 2 && x == (W + 1) / 2;
}

/* A sharp peak and two fainter ones beside it. */
static double three_points(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return one_point(c, z, y, x) + 0.4 * one_point(c, z, y + 3, x - 2) +
		0.3 * one_point(c, z, y - 2, x - 4);
}

/* --- planes ----------------------------------------------------------------------------------- */

/* With a point for a PSF and no TV the answer is the positive part of the capture. */
static void check_positive_part(device *dev)
{
	method *const all[] = { lensless_fista, lensless_nesterov, lensless_descent };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autoptr(trial) s = trial_new(dev, rough, one_point, 2, 300);
		GError *err = NULL;
		g_assert_true(all[i](&s->t, &s->data, s->result, &err));
		g_assert_no_error(err);
		double rest = 0;
		for (int64_t k = 0; k < 2 * H * W; k++) {
			double b = (double)(float)rough(k / (H * W), 0, k / W % H, k % W);
			double v = at(s->result, k / (H * W), 0, k / W % H, k % W);
			g_assert_cmpfloat_with_epsilon(v, fmax(b, 0), 1e-5);
			rest += b < 0 ? b * b / 2 : 0;
		}
		g_assert_cmpfloat_with_epsilon(metric(s, "objective"), rest, 1e-5 * rest);
		g_assert_cmpint(s->heard, ==, 2 * 300);
		g_assert_cmpint(s->channel, ==, 1);
	}
}

static void point_gives_the_positive_part(void)
{
	check_positive_part(cpu);
}

static void point_on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (dev)
		check_positive_part(dev);
	else
		g_test_skip("no OpenCL device");
}

/* ADMM shares no line with the gradient methods, and minimises the same function. */
static void compare_with_admm(double tau, int tv, method *solve)
{
	g_autoptr(trial) a = trial_new(cpu, rough, three_points, 1, 1500);
	g_autoptr(trial) s = trial_new(cpu, rough, three_points, 1, 1500);
	a->options.tau = s->options.tau = tau;
	a->options.tv = s->options.tv = tv;
	g_assert_true(lensless_admm(&a->t, &a->data, a->result, NULL));
	g_assert_true(solve(&s->t, &s->data, s->result, NULL));
	double least = metric(a, "objective");
	g_test_message("objective %.6g, ADMM %.6g", metric(s, "objective"), least);
	g_assert_cmpfloat_with_epsilon(metric(s, "objective"), least, 1e-3 * least);
	vec_subtract(a->result, s->result);
	g_assert_cmpfloat((double)vec_max_abs(a->result), <, 5e-3);
}

static void same_answer_as_admm(void)
{
	method *const all[] = { lensless_fista, lensless_nesterov, lensless_descent };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		for (int isotropic = 0; isotropic < 2; isotropic++) {
			compare_with_admm(0.003, isotropic, all[i]);
			compare_with_admm(0.03, isotropic, all[i]);
		}
}

/* A constant beside the scene changes neither the answer nor what is left unexplained. */
static void background_is_taken_out(void)
{
	g_autoptr(trial) without = trial_new(cpu, rough, three_points, 2, 200);
	g_autoptr(trial) with = trial_new(cpu, rough, three_points, 2, 200);
	without->options.background = with->options.background = FIT;
	without->options.tau = with->options.tau = 0.01;
	vec_shift(with->data.b, 0.75f);
	g_assert_true(lensless_fista(&without->t, &without->data, without->result, NULL));
	g_assert_true(lensless_fista(&with->t, &with->data, with->result, NULL));
	double objective = metric(without, "objective");
	g_assert_cmpfloat_with_epsilon(metric(with, "objective"), objective, 1e-4 * objective);
	vec_subtract(with->result, without->result);
	g_assert_cmpfloat((double)vec_max_abs(with->result), <, 1e-4);
	/* and a constant that is fitted explains more than one that is 0 */
	g_autoptr(trial) plain = trial_new(cpu, rough, three_points, 2, 200);
	plain->options.tau = 0.01;
	g_assert_true(lensless_fista(&plain->t, &plain->data, plain->result, NULL));
	g_assert_cmpfloat(objective, <, metric(plain, "objective"));
}

/* b's largest correlation with the PSF: in the middle of a bright square, the sum of the PSF. */
static double square(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)c, (void)z, (void)y, (void)x;
	return 1;
}

static void weight_is_relative(void)
{
	g_autoptr(trial) s = trial_new(cpu, square, three_points, 1, 5);
	s->options.tv_weight = 0.01;
	g_assert_true(lensless_fista(&s->t, &s->data, s->result, NULL));
	g_assert_cmpfloat_with_epsilon(metric(s, "tau"), 0.01 * 1.7, 1e-6);
}

static void tolerance_ends_early(void)
{
	g_autoptr(trial) s = trial_new(cpu, rough, three_points, 1, 1500);
	s->options.tolerance = 1e-3;
	g_assert_true(lensless_fista(&s->t, &s->data, s->result, NULL));
	g_assert_cmpfloat(metric(s, "iterations"), <, 300);
	g_assert_cmpfloat(metric(s, "iterations"), >, 2);
}

static void watch_stops(void)
{
	g_autoptr(trial) s = trial_new(cpu, rough, three_points, 2, 100);
	g_autoptr(GError) err = NULL;
	s->stop_at = 104;
	g_assert_false(lensless_fista(&s->t, &s->data, s->result, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_STOPPED);
	g_assert_cmpint(s->heard, ==, 104);
	g_assert_cmpint(s->channel, ==, 1);
}

/* --- volumes ---------------------------------------------------------------------------------- */

enum { DEPTHS = 4, HEIGHT = 21, WIDTH = 30, COLOURS = 3,
	VOXELS = DEPTHS * HEIGHT * WIDTH * COLOURS };

/* Each depth has dots of its own, a fifth of the inner pixels. */
static float pattern(int64_t z, int64_t y, int64_t x)
{
	if (y < 3 || x < 3 || y >= HEIGHT - 3 || x >= WIDTH - 3)
		return 0;
	return uniform_at(7, (uint64_t)((z * HEIGHT + y) * WIDTH + x)) > 0.6f ? 1 : 0;
}

static const struct { int64_t z, y, x; float light; } points[COLOURS] = {
	{ 2, 6, 20, 5 }, { 0, 10, 15, 3 }, { 3, 15, 4, 9 }
};

static relumine_image *stack_image(void)
{
	float values[DEPTHS * HEIGHT * WIDTH];
	for (int64_t i = 0; i < DEPTHS * HEIGHT * WIDTH; i++)
		values[i] = pattern(i / (HEIGHT * WIDTH), i / WIDTH % HEIGHT, i % WIDTH);
	return relumine_image_new(DEPTHS, HEIGHT, WIDTH, 1, values, NULL);
}

/* One point of light for each colour, its pattern moved by as much as it is off the origin. */
static relumine_image *capture_image(void)
{
	float values[HEIGHT * WIDTH * COLOURS];
	for (int64_t i = 0; i < HEIGHT * WIDTH * COLOURS; i++) {
		int64_t c = i % COLOURS, y = i / COLOURS / WIDTH, x = i / COLOURS % WIDTH;
		values[i] = points[c].light * pattern(points[c].z,
			y - points[c].y + (HEIGHT + 1) / 2, x - points[c].x + (WIDTH + 1) / 2);
	}
	return relumine_image_new(1, HEIGHT, WIDTH, COLOURS, values, NULL);
}

static relumine_job *volume_job(void)
{
	relumine_job *job = relumine_job_new("lensless", NULL);
	relumine_image *capture = capture_image(), *psf = stack_image();
	g_assert_true(relumine_job_set_image(job, NULL, capture, NULL));
	g_assert_true(relumine_job_set_image(job, "psf", psf, NULL));
	g_assert_true(relumine_job_set(job, "device", "cpu", NULL));
	relumine_image_free(capture);
	relumine_image_free(psf);
	return job;
}

static void check_volume(const float *v)
{
	for (int64_t c = 0; c < COLOURS; c++) {
		int64_t best = c;
		double sum = 0;
		for (int64_t i = c; i < DEPTHS * HEIGHT * WIDTH * COLOURS; i += COLOURS) {
			best = v[i] > v[best] ? i : best;
			sum += (double)v[i];
			g_assert_cmpfloat((double)v[i], >=, 0);
		}
		best /= COLOURS;
		g_assert_cmpint(best / (HEIGHT * WIDTH), ==, points[c].z);
		g_assert_cmpint(best / WIDTH % HEIGHT, ==, points[c].y);
		g_assert_cmpint(best % WIDTH, ==, points[c].x);
		double share = (double)v[best * COLOURS + c] / sum;
		g_test_message("point %d: %.3f of the light in its voxel", (int)c, share);
		g_assert_cmpfloat(share, >, 0.9);
	}
}

static void points_are_found_in_depth(const char *name, const char *tv_weight)
{
	relumine_job *job = volume_job();
	GError *err = NULL;
	g_assert_true(relumine_job_set(job, "iterations", "400", NULL));
	g_assert_true(relumine_job_set(job, "method", name, NULL));
	if (tv_weight)
		g_assert_true(relumine_job_set(job, "tv-weight", tv_weight, NULL));
	g_assert_true(relumine_job_run(job, &err));
	g_assert_no_error(err);
	relumine_image *volume = relumine_job_result(job);
	int64_t size[4];
	relumine_image_size(volume, size);
	g_assert_true(size[0] == DEPTHS && size[1] == HEIGHT);
	g_assert_true(size[2] == WIDTH && size[3] == COLOURS);
	g_autofree float *v = g_new(float, DEPTHS * HEIGHT * WIDTH * COLOURS);
	relumine_image_values(volume, v);
	check_volume(v);
	relumine_image_free(volume);
	relumine_job_free(job);
}

static void volume(void)
{
	points_are_found_in_depth("fista", NULL);
}

static void volume_with_tv(void)
{
	points_are_found_in_depth("fista", "1e-4");
	points_are_found_in_depth("admm", "1e-4");
}

static float *volume_by_admm(const char *device_name, const char *threads)
{
	relumine_job *job = volume_job();
	g_assert_true(relumine_job_set(job, "method", "admm", NULL));
	g_assert_true(relumine_job_set(job, "device", device_name, NULL));
	g_assert_true(relumine_job_set(job, "threads", threads, NULL));
	g_assert_true(relumine_job_run(job, NULL));
	relumine_image *volume = relumine_job_result(job);
	float *v = g_new(float, VOXELS);
	relumine_image_values(volume, v);
	relumine_image_free(volume);
	relumine_job_free(job);
	return v;
}

static void volume_on_threads(void)
{
	g_autofree float *one = volume_by_admm("cpu", "1"), *three = volume_by_admm("cpu", "3");
	for (int i = 0; i < VOXELS; i++)
		g_assert_true(one[i] == three[i]);
}

static void volume_on_opencl(void)
{
	g_autoptr(device) probe = device_new("opencl", 1, NULL, NULL);
	if (!probe) {
		g_test_skip("no OpenCL device on this machine");
		return;
	}
	g_autofree float *here = volume_by_admm("cpu", "1"), *there = volume_by_admm("opencl", "1");
	double off = 0, all = 0;
	for (int i = 0; i < VOXELS; i++) {
		off += pow((double)(here[i] - there[i]), 2);
		all += pow((double)here[i], 2);
	}
	g_assert_cmpfloat(sqrt(off / all), <, 1e-4);
}

/* What is set and not looked at is said, once each; what is looked at is not. */
static void idle_options_are_named(void)
{
	static const struct { const char *method, *option, *value; bool idle; } cases[] = {
		{ "fista", "mu2", "3", true }, { "fista", "wiener", "0.1", true },
		{ "fista", "tau", "1e-4", false }, { "admm", "mu2", "3", false }, { "admm", "wiener", "1", true },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		relumine_job *job = volume_job();
		g_assert_true(relumine_job_set(job, "iterations", "2", NULL));
		g_assert_true(relumine_job_set(job, "method", cases[i].method, NULL));
		g_assert_true(relumine_job_set(job, cases[i].option, cases[i].value, NULL));
		g_assert_true(relumine_job_run(job, NULL));
		g_autofree char *text = g_strdup_printf("--%s has no effect with --method %s",
			cases[i].option, cases[i].method);
		g_assert_true((strstr(relumine_job_warnings(job), text) != NULL) == cases[i].idle);
		g_assert_true((strstr(relumine_job_warnings(job), "no effect") != NULL) == cases[i].idle);
		relumine_job_free(job);
	}
}

static void wiener_refuses_stacks(void)
{
	relumine_job *job = volume_job();
	g_autoptr(GError) err = NULL;
	g_assert_true(relumine_job_set(job, "method", "wiener", NULL));
	g_assert_false(relumine_job_run(job, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
	g_assert_nonnull(strstr(err->message, "--method admm"));
	relumine_job_free(job);
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/lensless/gradient/point", point_gives_the_positive_part },
		{ "/lensless/gradient/point-opencl", point_on_opencl },
		{ "/lensless/gradient/same-as-admm", same_answer_as_admm },
		{ "/lensless/gradient/background", background_is_taken_out },
		{ "/lensless/gradient/weight", weight_is_relative },
		{ "/lensless/gradient/tolerance", tolerance_ends_early },
		{ "/lensless/gradient/stop", watch_stops },
		{ "/lensless/volume/points", volume },
		{ "/lensless/volume/points-tv", volume_with_tv },
		{ "/lensless/volume/threads", volume_on_threads },
		{ "/lensless/volume/opencl", volume_on_opencl },
		{ "/lensless/idle-options", idle_options_are_named },
		{ "/lensless/volume/refused", wiener_refuses_stacks },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
