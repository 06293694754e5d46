/* SPDX-License-Identifier: BSD-3-Clause */
/* job.c - options by their tables, and jobs with a command of the test's own */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include "job/job.h"
#include "job/options.h"
#include "math/vec.h"

/* --- a command of our own ------------------------------------------------------------------- */

typedef struct {
	bool flag;
	int64_t rounds, bytes, both;
	double weight, automatic;
	int kind;
	char *text, *picture, *beside;
	char **many;
} own_options;

#define AT(field) OPTION_AT(own_options, field)

static const relumine_option table[] = {
	{ "flag", 'f', RELUMINE_FLAG, NULL, 0, 0, NULL, NULL, "", false, AT(flag) },
	{ "rounds", 0, RELUMINE_INTEGER, "10", 1, 1000, NULL, "rounds", "", false, AT(rounds) },
	{ "bytes", 0, RELUMINE_SIZE, NULL, 0, 1e18, NULL, "SIZE", "", false, AT(bytes) },
	{ "both", 0, RELUMINE_INTEGER, "all", 0, 9, "all", "N", "", false, AT(both) },
	{ "weight", 0, RELUMINE_NUMBER, "0.1", 0, 1, NULL, "of 1", "", false, AT(weight) },
	{ "automatic", 0, RELUMINE_NUMBER, "auto", 0, 0, "auto", "N", "", false, AT(automatic) },
	{ "kind", 0, RELUMINE_CHOICE, "plain", 0, 0, "plain|fancy|nan", NULL, "", false, AT(kind) },
	{ "text", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "TEXT", "", false, AT(text) },
	{ "picture", 0, RELUMINE_FILE_IN, NULL, 0, 0, NULL, "FILE", "", false, AT(picture) },
	{ "beside", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE", "", false, AT(beside) },
	{ "many", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "TEXT", "", true, AT(many) },
	{ 0 }
};

enum { PLAIN, FANCY, NOT_A_NUMBER };

/* The input once more, on the same voxels. */
static void put_beside(task *t)
{
	task_add_picture(t, "beside", array_copy(t->inputs[0].data));
	task_scale_picture(t, "beside", image_scale_copy(t->inputs[0].scale));
}

/*
 * Adds the picture of --picture to the input, then counts rounds in the trace.  The result's
 * voxels are twice as high as the input's.
 */
static bool run_own(task *t, GError **err)
{
	const own_options *own = t->options;
	const input *extra = task_picture(t, "picture");
	t->result = array_copy(t->inputs[0].data);
	t->scale = image_scale_copy(t->inputs[0].scale);
	if (t->scale)
		t->scale->voxel[2] *= 2;
	put_beside(t);
	if (extra)
		vec_add(t->result, extra->data);
	if (own->kind == NOT_A_NUMBER)
		vec_fill(t->result, NAN);
	if (!task_step(t, "count"))
		return false;
	for (int64_t i = 1; i <= own->rounds; i++) {
		iteration_note note = { i, own->rounds, 0, 1, 1.0 / (double)i, 0.5, NAN, 1, 2, 3 };
		if (!watch_tick(t->watch, &note))
			return false;
	}
	report_number(t->report, "rounds", (double)own->rounds);
	return device_ok(t->dev, err);
}

static const modality own = {
	.command = { .name = "own", .summary = "", .inputs = "PICTURE", .inputs_least = 1,
		.inputs_most = 1, .writes = true, .options = table },
	.options_size = sizeof(own_options),
	.reads_pictures = true,
	.run = run_own,
};

static char *scratch;

static relumine_image *test_image(float first)
{
	float values[6];
	for (int i = 0; i < 6; i++)
		values[i] = first + (float)i;
	return relumine_image_new(1, 2, 3, 1, values, NULL);
}

/* A job on 0 1 2 / 3 4 5. */
static relumine_job *own_job(void)
{
	g_autoptr(relumine_image) im = test_image(0);
	relumine_job *job = job_new(&own);
	g_assert_true(relumine_job_set_image(job, NULL, im, NULL));
	g_assert_true(relumine_job_set(job, "device", "cpu", NULL));
	return job;
}

static void expect_status(relumine_job *job, enum relumine_status status)
{
	g_autoptr(GError) err = NULL;
	g_assert_false(relumine_job_run(job, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, status);
}

/* --- options -------------------------------------------------------------------------------- */

static void options_are_read(void)
{
	own_options r = { 0 };
	options_reset(table, &r);
	g_assert_cmpint(r.rounds, ==, 10);
	g_assert_true(isnan(r.automatic) && r.both == INT64_MIN && r.bytes == INT64_MIN && !r.flag);
	const struct { const char *option, *text; } sets[] = {
		{ "flag", NULL }, { "rounds", "1000" }, { "bytes", "1.5k" }, { "both", "9" },
		{ "weight", "1e-3" }, { "automatic", "-2.5" }, { "kind", "fancy" }, { "text", "" },
		{ "many", "a" }, { "many", "b" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(sets); i++)
		g_assert_true(option_set(options_find(table, sets[i].option), &r, sets[i].text, NULL));
	g_assert_true(r.flag && r.rounds == 1000 && r.bytes == 1536 && r.both == 9);
	g_assert_true(r.weight == 1e-3 && r.automatic == -2.5 && r.kind == FANCY);
	g_assert_cmpstr(r.text, ==, "");
	g_assert_cmpstr(r.many[1], ==, "b");
	g_assert_null(r.many[2]);
	options_clear(table, &r);
}

static void sizes_are_binary(void)
{
	const struct { const char *text; int64_t bytes; } sizes[] = {
		{ "4096", 4096 }, { "2K", 2048 }, { "300M", 300 << 20 }, { "1.5G", 1610612736 },
		{ "2GiB", (int64_t)2 << 30 }, { "1T", (int64_t)1 << 40 }, { "7B", 7 },
	};
	own_options r = { 0 };
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_assert_true(option_set(options_find(table, "bytes"), &r, sizes[i].text, NULL));
		g_assert_cmpint(r.bytes, ==, sizes[i].bytes);
	}
}

/* Each wrong value is refused, leaves the record alone, and the message has this word in it. */
static void wrong_values_are_refused(void)
{
	const struct { const char *option, *text, *word; } wrong[] = {
		{ "rounds", "0", "1 to 1000 (rounds)" }, { "rounds", "1001", "out of range" },
		{ "rounds", "12x", "whole number" }, { "rounds", "", "whole number" },
		{ "rounds", "99999999999999999999", "out of range" }, { "rounds", "1.5", "whole" },
		{ "rounds", NULL, "needs a value" }, { "weight", "nan", "finite" },
		{ "weight", "inf", "finite" }, { "weight", "1e999", "finite" },
		{ "weight", "0x1", "finite" }, { "weight", " 1", "finite" }, { "weight", "1,5", "finite" },
		{ "weight", "1.01", "0 to 1" }, { "bytes", "3Q", "unit" }, { "bytes", "-1", "range" },
		{ "bytes", "9e30", "range" }, { "kind", "fanci", "'fancy'" }, { "kind", "", "choice" },
		{ "flag", "yes", "no value" }, { "picture", "", "empty" }, { "both", "al", "whole" },
	};
	own_options r = { .rounds = 5, .weight = 0.5, .bytes = 7, .both = 3 };
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_false(option_set(options_find(table, wrong[i].option), &r, wrong[i].text, &err));
		g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
		g_assert_nonnull(strstr(err->message, wrong[i].word));
		g_assert_true(g_str_has_prefix(err->message, "--"));
	}
	g_assert_true(r.rounds == 5 && r.weight == 0.5 && r.bytes == 7 && r.both == 3 && !r.flag);
}

static void unknown_option_names_the_nearest(void)
{
	g_autoptr(relumine_job) job = own_job();
	g_autoptr(GError) err = NULL;
	g_assert_false(relumine_job_set(job, "roundz", "3", &err));
	g_assert_nonnull(strstr(err->message, "did you mean --rounds?"));
}

/* --- jobs ----------------------------------------------------------------------------------- */

static void picture_in_memory(void)
{
	g_autoptr(relumine_job) job = own_job();
	g_autoptr(relumine_image) more = test_image(10);
	g_assert_true(relumine_job_set_image(job, "picture", more, NULL));
	g_assert_null(relumine_job_result(job));
	g_assert_true(relumine_job_run(job, NULL));
	g_autoptr(relumine_image) result = relumine_job_result(job);
	float values[6];
	int64_t size[4];
	relumine_image_values(result, values);
	relumine_image_size(result, size);
	g_assert_true(size[0] == 1 && size[1] == 2 && size[2] == 3 && size[3] == 1);
	for (int i = 0; i < 6; i++)
		g_assert_cmpfloat(values[i], ==, 10 + 2 * i);
	g_assert_nonnull(strstr(relumine_job_json(job), "\"rounds\":10.0"));
}

static void assert_depth(const char *path, double nm)
{
	g_autoptr(relumine_image) im = relumine_image_read(path, NULL);
	g_assert_cmpfloat_with_epsilon(im->scale->voxel[2], nm, 1e-6);
}

/* From a file into the job and out of it, and from picture to picture without files. */
static void scale_goes_through(void)
{
	g_autofree char *in = g_build_filename(scratch, "in.ome.tif", NULL);
	g_autofree char *out = g_build_filename(scratch, "out.tif", NULL);
	g_autofree char *beside = g_build_filename(scratch, "beside.ome.tif", NULL);
	g_autofree char *side = g_strconcat(out, ".json", NULL);
	g_autoptr(relumine_image) im = test_image(0);
	im->scale = image_scale_new();
	im->scale->voxel[2] = 300;
	g_assert_true(relumine_image_write(im, in, false, NULL));
	g_autoptr(relumine_job) job = job_new(&own);
	g_assert_true(relumine_job_add_input(job, in, NULL));
	g_assert_true(relumine_job_set(job, "output", out, NULL));
	g_assert_true(relumine_job_set(job, "beside", beside, NULL));
	g_assert_true(relumine_job_run(job, NULL));
	assert_depth(out, 600);
	assert_depth(beside, 300);
	g_autoptr(relumine_job) second = job_new(&own);
	g_autoptr(relumine_image) result = relumine_job_result(job);
	g_assert_true(relumine_job_set_image(second, NULL, result, NULL));
	g_assert_true(relumine_job_run(second, NULL));
	g_autoptr(relumine_image) last = relumine_job_result(second);
	g_assert_cmpfloat(last->scale->voxel[2], ==, 1200);
	const char *all[] = { in, out, beside, side };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		g_unlink(all[i]);
}

/* Channels run fastest outside, slowest inside. */
static void packed_order(void)
{
	float values[24], back[24];
	for (int i = 0; i < 24; i++)
		values[i] = (float)i;
	g_autoptr(relumine_image) im = relumine_image_new(2, 2, 2, 3, values, NULL);
	g_assert_cmpfloat(array_row(im->data, 2, 1, 0)[1], ==, ((1 * 2 + 0) * 2 + 1) * 3 + 2);
	relumine_image_values(im, back);
	g_assert_true(memcmp(back, values, sizeof back) == 0);
}

static bool stop_at_three(const relumine_progress *p, void *data)
{
	(void)data;
	return p->iteration < 3;
}

static void stop_leaves_nothing(void)
{
	g_autofree char *path = g_build_filename(scratch, "stopped.npy", NULL);
	g_autoptr(relumine_job) job = own_job();
	g_assert_true(relumine_job_set(job, "output", path, NULL));
	relumine_job_set_watch(job, stop_at_three, NULL);
	expect_status(job, RELUMINE_STOPPED);
	g_autoptr(relumine_job) early = own_job();
	g_assert_true(relumine_job_set(early, "output", path, NULL));
	relumine_job_stop(early);
	expect_status(early, RELUMINE_STOPPED);
	g_autoptr(GDir) dir = g_dir_open(scratch, 0, NULL);
	g_assert_null(g_dir_read_name(dir));
}

static void bad_numbers_leave_nothing(void)
{
	g_autofree char *path = g_build_filename(scratch, "nan.npy", NULL);
	g_autoptr(relumine_job) job = own_job();
	g_assert_true(relumine_job_set(job, "kind", "nan", NULL));
	g_assert_true(relumine_job_set(job, "output", path, NULL));
	expect_status(job, RELUMINE_BAD_NUMBERS);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

static void input_with_nan_is_refused(void)
{
	const float values[] = { 1, NAN, INFINITY, 2 };
	g_autoptr(relumine_image) im = relumine_image_new(1, 2, 2, 1, values, NULL);
	g_autoptr(relumine_job) job = job_new(&own);
	g_autoptr(GError) err = NULL;
	g_assert_true(relumine_job_set_image(job, NULL, im, NULL));
	g_assert_false(relumine_job_run(job, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_INPUT);
	g_assert_nonnull(strstr(err->message, "2 of 4 values"));
}

static void trace_has_a_row_for_each_iteration(void)
{
	g_autofree char *path = g_build_filename(scratch, "out.npy", NULL);
	g_autofree char *side = g_strconcat(path, ".json", NULL);
	g_autofree char *trace = g_build_filename(scratch, "trace.csv", NULL);
	g_autofree char *text = NULL;
	g_autoptr(relumine_job) job = own_job();
	g_assert_true(relumine_job_set(job, "output", path, NULL));
	g_assert_true(relumine_job_set(job, "trace", trace, NULL));
	g_assert_true(relumine_job_set(job, "rounds", "4", NULL));
	g_assert_true(relumine_job_run(job, NULL));
	g_assert_true(g_file_get_contents(trace, &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	g_assert_cmpint(g_strv_length(lines), ==, 6);
	g_assert_cmpstr(lines[0], ==,
		"iteration,channel,objective,primal,dual,mu1,mu2,mu3,seconds");
	g_assert_true(g_str_has_prefix(lines[2], "2,0,0.5,0.5,,1,2,3,"));
	g_assert_cmpint(g_remove(path) | g_remove(side) | g_remove(trace), ==, 0);
}

static void memory_limit_is_kept(void)
{
	g_autoptr(relumine_image) im = relumine_image_new(1, 600, 600, 1,
		(float[360000]){ 0 }, NULL);
	g_autoptr(relumine_job) job = job_new(&own);
	g_assert_true(relumine_job_set_image(job, NULL, im, NULL));
	g_assert_true(relumine_job_set(job, "device", "cpu", NULL));
	g_assert_true(relumine_job_set(job, "max-memory", "1M", NULL));
	expect_status(job, RELUMINE_OVER_LIMIT);
}

static void forced_device_may_be_missing(void)
{
	g_autoptr(relumine_job) job = own_job();
	g_assert_true(relumine_job_set(job, "device", "opencl:99", NULL));
	expect_status(job, RELUMINE_DEVICE_LOST);
}

/* --- tables --------------------------------------------------------------------------------- */

/* Names are single, defaults sound (options_reset asserts it) and every option has help. */
static void tables_are_sound(void)
{
	for (const relumine_command *const *c = relumine_commands(); *c; c++) {
		g_autoptr(relumine_job) job = relumine_job_new((*c)->name, NULL);
		g_assert_nonnull(job);
		const relumine_option *tables[] = { (*c)->options, relumine_common_options(),
			relumine_output_options(), relumine_render_options() };
		g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
		for (int i = 0; i < ((*c)->writes ? 4 : 2); i++)
			for (const relumine_option *o = tables[i]; o->name; o++) {
				g_assert_true(g_hash_table_add(seen, (char *)(uintptr_t)o->name));
				g_assert_true(o->help && *o->help);
				g_assert_true(!o->many || o->type == RELUMINE_TEXT ||
					o->type == RELUMINE_FILE_OUT);
			}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	scratch = g_dir_make_tmp("relumine-job-XXXXXX", NULL);
	g_test_add_func("/options/read", options_are_read);
	g_test_add_func("/options/sizes", sizes_are_binary);
	g_test_add_func("/options/wrong", wrong_values_are_refused);
	g_test_add_func("/options/unknown", unknown_option_names_the_nearest);
	g_test_add_func("/options/tables", tables_are_sound);
	g_test_add_func("/job/memory-pictures", picture_in_memory);
	g_test_add_func("/job/scale", scale_goes_through);
	g_test_add_func("/job/packed-order", packed_order);
	g_test_add_func("/job/stop", stop_leaves_nothing);
	g_test_add_func("/job/bad-numbers", bad_numbers_leave_nothing);
	g_test_add_func("/job/nan-input", input_with_nan_is_refused);
	g_test_add_func("/job/trace", trace_has_a_row_for_each_iteration);
	g_test_add_func("/job/memory-limit", memory_limit_is_kept);
	g_test_add_func("/job/device-missing", forced_device_may_be_missing);
	int failed = g_test_run();
	g_rmdir(scratch);
	g_free(scratch);
	return failed;
}
