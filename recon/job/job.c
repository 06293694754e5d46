/* SPDX-License-Identifier: BSD-3-Clause */
/* job.c - one job from its command to its result */
#include "job/job.h"

#include <math.h>
#include <string.h>
#include <unistd.h>
#include "core/error.h"
#include "job/commands.h"
#include "job/text.h"
#include "math/vec.h"

#define MAX_THREADS 1024

const relumine_option common_table[] = {
	{ "device", 0, RELUMINE_TEXT, "auto", 0, 0, NULL, "DEVICE",
		"where to compute: auto, cpu, opencl or opencl:N", false,
		OPTION_AT(common_options, device) },
	{ "threads", 0, RELUMINE_INTEGER, "0", 0, MAX_THREADS, NULL, "N",
		"threads of the CPU; 0: as many as it has", false, OPTION_AT(common_options, threads) },
	{ "max-memory", 0, RELUMINE_SIZE, NULL, 1 << 20, 1e18, NULL, "SIZE",
		"memory for pictures, as 300M or 1.5G; not set: 80 % of the machine's", false,
		OPTION_AT(common_options, max_memory) },
	{ 0 }
};

const relumine_option output_table[] = {
	{ "output", 'o', RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE",
		"the result: .tif, .ome.tif, .npy (float32, linear) or .png (16 bit, for the eye); may "
		"repeat",
		true, OPTION_AT(output_options, output) },
	{ "overwrite", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"replace outputs that are there already", false, OPTION_AT(output_options, overwrite) },
	{ "trace", 0, RELUMINE_FILE_OUT, NULL, 0, 0, NULL, "FILE.csv",
		"a table of iterations: objective, residuals, penalties, seconds", false,
		OPTION_AT(output_options, trace) },
	{ 0 }
};

const relumine_option *relumine_common_options(void)
{
	return common_table;
}

const relumine_option *relumine_output_options(void)
{
	return output_table;
}

const relumine_option *relumine_render_options(void)
{
	return render_options;
}

relumine_job *job_new(const modality *mode)
{
	relumine_job *job = g_new0(relumine_job, 1);
	job->mode = mode;
	job->own = g_malloc0(MAX(mode->options_size, 1));
	options_reset(mode->command.options, job->own);
	options_reset(common_table, &job->common);
	options_reset(output_table, &job->out);
	options_reset(render_options, &job->out.render);
	job->given = g_ptr_array_new_with_free_func(g_free);
	job->sources = g_ptr_array_new_with_free_func((GDestroyNotify)source_free);
	job->targets = g_ptr_array_new_with_free_func((GDestroyNotify)target_free);
	job->stopped_by = &job->stop;
	job->trace = g_string_new(NULL);
	job->report = report_new();
	job->task.text = g_string_new(NULL);
	job->task.facts = json_object();
	return job;
}

relumine_job *relumine_job_new(const char *command, GError **err)
{
	const modality *mode = command_find(command, err);
	return mode ? job_new(mode) : NULL;
}

void relumine_job_free(relumine_job *job)
{
	if (!job)
		return;
	options_clear(job->mode->command.options, job->own);
	options_clear(common_table, &job->common);
	options_clear(output_table, &job->out);
	options_clear(render_options, &job->out.render);
	g_free(job->own);
	g_ptr_array_unref(job->given);
	g_ptr_array_unref(job->sources);
	g_ptr_array_unref(job->targets);
	g_string_free(job->trace, TRUE);
	report_free(job->report);
	g_string_free(job->task.text, TRUE);
	json_decref(job->task.facts);
	g_free(job->task.inputs);
	g_clear_pointer(&job->task.pictures, g_hash_table_unref);
	array_free(job->task.result);
	array_free(job->task.view);
	g_clear_pointer(&job->task.extras, g_hash_table_unref);
	image_scale_free(job->task.scale);
	g_clear_pointer(&job->task.extra_scales, g_hash_table_unref);
	g_clear_pointer(&job->task.extra_views, g_hash_table_unref);
	if (job->dev != job->cpu)
		device_free(job->dev);
	device_free(job->cpu);
	g_free(job->cache);
	g_free(job->words);
	g_free(job->guarded);
	g_free(job->text);
	g_free(job->json);
	g_free(job->warnings);
	g_free(job);
}

/* --- options and inputs ---------------------------------------------------------------------- */

struct group {
	const relumine_option *table;
	void *record;
};

enum { N_GROUPS = 4 };

/* The tables the command takes options from; returns how many. */
static int job_groups(relumine_job *job, struct group groups[N_GROUPS])
{
	groups[0] = (struct group){ job->mode->command.options, job->own };
	groups[1] = (struct group){ common_table, &job->common };
	groups[2] = (struct group){ output_table, &job->out };
	groups[3] = (struct group){ render_options, &job->out.render };
	return job->mode->command.writes ? N_GROUPS : 2;
}

static void unknown_option(relumine_job *job, const char *name, GError **err)
{
	struct group groups[N_GROUPS];
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	int n = job_groups(job, groups);
	for (int i = 0; i < n; i++)
		for (const relumine_option *o = groups[i].table; o->name; o++)
			g_ptr_array_add(names, (char *)(uintptr_t)o->name);
	const char *near = error_nearest(name, (const char *const *)names->pdata, names->len);
	const char *command = job->mode->command.name;
	g_autofree char *where = g_strconcat("--", name, NULL);
	g_autofree char *remedy = near ? g_strdup_printf("did you mean --%s?", near) :
		g_strdup_printf("relumine %s --help", command);
	error_set(err, RELUMINE_BAD_USAGE, where, remedy, "`%s` has no such option", command);
}

bool relumine_job_set(relumine_job *job, const char *option, const char *value, GError **err)
{
	struct group groups[N_GROUPS];
	int n = job_groups(job, groups);
	for (int i = 0; i < n; i++) {
		const relumine_option *o = options_find(groups[i].table, option);
		if (!o)
			continue;
		if (!option_set(o, groups[i].record, value, err))
			return false;
		g_ptr_array_add(job->given, g_strdup(option));
		g_ptr_array_add(job->given, g_strdup(value));
		return true;
	}
	unknown_option(job, option, err);
	return false;
}

bool relumine_job_add_input(relumine_job *job, const char *path, GError **err)
{
	if (!*path) {
		error_set(err, RELUMINE_BAD_USAGE, NULL, NULL, "the name of an input is empty");
		return false;
	}
	g_ptr_array_add(job->sources, source_new(NULL, path));
	return true;
}

void relumine_job_set_cache(relumine_job *job, const char *folder)
{
	g_free(job->cache);
	job->cache = g_strdup(folder);
}

void relumine_job_set_words(relumine_job *job, const char *words)
{
	g_free(job->words);
	job->words = g_strdup(words);
}

void relumine_job_set_watch(relumine_job *job, relumine_watch *watcher, void *data)
{
	job->watch = watcher;
	job->watch_data = data;
}

void relumine_job_stop(relumine_job *job)
{
	g_atomic_int_set(job->stopped_by, 1);
}

/* --- the run --------------------------------------------------------------------------------- */

static bool check_usage(relumine_job *job, GError **err)
{
	const relumine_command *c = &job->mode->command;
	int n = 0;
	for (guint i = 0; i < job->sources->len; i++)
		n += !((source *)job->sources->pdata[i])->option;
	if (n < c->inputs_least || n > c->inputs_most) {
		int limit = n < c->inputs_least ? c->inputs_least : c->inputs_most;
		const char *bound = c->inputs_least == c->inputs_most ? "" :
			n < c->inputs_least ? "at least " : "at most ";
		g_autofree char *remedy = g_strdup_printf("relumine %s --help", c->name);
		error_set(err, RELUMINE_BAD_USAGE, c->name, remedy,
			"takes %s%d input%s%s%s, but %d %s given", bound, limit, limit == 1 ? "" : "s",
			*c->inputs ? ": " : "", c->inputs, n,
			n == 1 ? "was" : "were");
		return false;
	}
	return !job->mode->check || job->mode->check(job->own, err);
}

/* Bytes that arrays may take: what was asked for, or most of the machine's memory. */
static int64_t memory_limit(const relumine_job *job)
{
	if (job->common.max_memory != INT64_MIN)
		return job->common.max_memory;
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	return pages > 0 && size > 0 ? (int64_t)pages * size / 5 * 4 : 0;
}

static bool open_devices(relumine_job *job, GError **err)
{
	bool cpu = job->mode->on_cpu && !strcmp(job->common.device, "auto");
	job->dev = device_new(cpu ? "cpu" : job->common.device, (int)job->common.threads, job->cache,
		err);
	if (!job->dev)
		return false;
	job->cpu = job->dev;
	if (job->dev->opencl)
		job->cpu = device_new("cpu", (int)job->common.threads, NULL, err);
	if (!job->cpu)
		return false;
	job->cpu->memory_limit = memory_limit(job);
	if (job->mode->spills)
		job->cpu->spill = targets_folder(job);
	if (job->common.max_memory != INT64_MIN)
		job->dev->memory_limit = job->common.max_memory;
	return true;
}

static void fill_task(relumine_job *job)
{
	task *t = &job->task;
	t->cpu = job->cpu;
	t->dev = job->dev;
	t->options = job->own;
	t->cache = job->cache;
	t->report = job->report;
	t->watch = &job->ticker;
	t->pictures = g_hash_table_new(g_str_hash, g_str_equal);
	t->inputs = g_new0(input, job->sources->len + 1);
	for (guint i = 0; i < job->sources->len; i++) {
		source *s = job->sources->pdata[i];
		if (s->option)
			g_hash_table_insert(t->pictures, s->option, &s->picture);
		else
			t->inputs[t->n_inputs++] = s->picture;
	}
}

/* Why the command gave up, when it did not say so itself. */
static bool give_up(relumine_job *job, GError **err)
{
	g_autoptr(GError) cause = NULL;
	if (job_stopped(job, &cause) || (err && *err)) {
		if (cause && err) {
			g_clear_error(err);
			g_propagate_error(err, g_steal_pointer(&cause));
		}
		return false;
	}
	if (device_ok(job->dev, err) && device_ok(job->cpu, err))
		error_set(err, RELUMINE_BAD_NUMBERS, job->mode->command.name, NULL, "gave up");
	return false;
}

/* The result onto the CPU, where all of it must be finite. */
/* What an error is about: the first input, or the command where there is none. */
static const char *subject(const relumine_job *job)
{
	return job->task.n_inputs ? job->task.inputs[0].path : job->mode->command.name;
}

static bool fetch_result(relumine_job *job, GError **err)
{
	array *found = job->task.result;
	if (!found)
		return true;
	if (found->dev != job->cpu) {
		job->task.result = array_move(found, job->cpu);
		array_free(found);
	}
	bool finite = vec_finite(job->task.result);
	if (!device_ok(job->dev, err) || !device_ok(job->cpu, err))
		return false;
	if (!finite)
		error_set(err, RELUMINE_BAD_NUMBERS, subject(job), "a smaller step or stronger "
			"weights may keep it stable; `relumine inspect` shows what the inputs hold",
			"the result has values that are NaN or infinite");
	return finite;
}

static bool said_how_to_render(const relumine_job *job)
{
	for (guint i = 0; i < job->given->len; i += 2)
		if (options_find(render_options, job->given->pdata[i]))
			return true;
	return false;
}

static void settle_render(relumine_job *job)
{
	render_settings *s = &job->out.render;
	const task *t = &job->task;
	s->white = t->white;
	if (s->tone == RENDER_INPUT && !(t->white > 0)) {
		report_warn(job->report, "--render input: the result is not on the scale of an input of "
			"integers: rendered as srgb");
		s->tone = RENDER_SRGB;
	}
	if (s->tone < 0)
		s->tone = t->view ? RENDER_LINEAR : t->like_input && t->white > 0 &&
			!said_how_to_render(job) ? RENDER_INPUT : RENDER_SRGB;
}

static bool compute(relumine_job *job, GError **err)
{
	fill_task(job);
	g_autoptr(GError) cause = NULL;
	if (job->mode->settle)
		job->mode->settle(&job->task, job->own);
	bool done = job->mode->run(&job->task, &cause);
	if (!done || job_stopped(job, NULL)) {
		give_up(job, &cause);
		g_propagate_error(err, g_steal_pointer(&cause));
		return false;
	}
	settle_render(job);
	return device_ok(job->dev, err) && device_ok(job->cpu, err) && fetch_result(job, err);
}

bool relumine_job_run(relumine_job *job, GError **err)
{
	if (!job->mode->run)
		return again_run(job, err);
	g_autoptr(GError) cause = NULL;
	progress_start(job);
	bool done = check_usage(job, &cause) && sources_check(job, &cause) &&
		targets_check(job, &cause) && open_devices(job, &cause) && sources_read(job, &cause) &&
		compute(job, &cause) && targets_write(job, &cause);
	if (done || relumine_exit_status(cause) == RELUMINE_OVER_THRESHOLD)
		result_texts(job);
	error_while(&cause, "%s", job->mode->command.name);
	if (!done)
		g_propagate_error(err, g_steal_pointer(&cause));
	return done;
}

/* --- what came of it ------------------------------------------------------------------------- */

const char *relumine_job_text(const relumine_job *job)
{
	return job->text ? job->text : "";
}

const char *relumine_job_json(const relumine_job *job)
{
	return job->json ? job->json : "";
}

const char *relumine_job_warnings(const relumine_job *job)
{
	return job->warnings ? job->warnings : "";
}
