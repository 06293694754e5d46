/* SPDX-License-Identifier: BSD-3-Clause */
/* sidecar.c - what a job tells of itself: beside each output, and on standard output */
#include "job/job.h"

#include <jansson.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <tiffio.h>
#include <zip.h>
#include "job/text.h"

#define SIDECAR_VERSION 1

static json_t *inputs_json(const relumine_job *job)
{
	json_t *list = json_array();
	for (guint i = 0; i < job->sources->len; i++) {
		const source *s = job->sources->pdata[i];
		json_t *one = json_object();
		json_object_set_new(one, "option", text_to_json(s->option));
		json_object_set_new(one, "path", text_to_json(s->path));
		json_object_set_new(one, "sha256", text_to_json(s->sha256));
		json_object_set_new(one, "bytes", json_integer(s->bytes));
		if (s->shape.c > 0)
			json_object_set_new(one, "shape", shape_json(s->shape));
		json_array_append_new(list, one);
	}
	return list;
}

static json_t *outputs_json(const relumine_job *job)
{
	json_t *list = json_array();
	for (guint i = 0; i < job->targets->len; i++) {
		const target *t = job->targets->pdata[i];
		if (t->kind != TARGET_PICTURE)
			continue;
		json_t *one = json_object();
		json_object_set_new(one, "path", text_to_json(t->path));
		json_object_set_new(one, "option", text_to_json(t->option));
		json_object_set_new(one, "shape", shape_json(target_array(job, t)->shape));
		json_object_set_new(one, "sha256", text_to_json(t->sha256));
		json_object_set_new(one, "bytes", json_integer(t->bytes));
		json_array_append_new(list, one);
	}
	return list;
}

/*
 * Every option as it was in the end.  "auto" becomes the kind of device it came to; the number of
 * threads stays as asked for, as it has no effect on the result.
 */
static json_t *options_as_run(const relumine_job *job)
{
	json_t *all = json_object();
	options_json(job->mode->command.options, job->own, all);
	options_json(common_table, &job->common, all);
	if (job->mode->command.writes)
		options_json(render_options, &job->out.render, all);
	if (!g_strcmp0(job->common.device, "auto"))
		json_object_set_new(all, "device", json_string(job->dev->opencl ? "opencl" : "cpu"));
	return all;
}

/* The first line of libtiff's text is "LIBTIFF, Version 4.5.0". */
static char *tiff_version(void)
{
	g_auto(GStrv) lines = g_strsplit(TIFFGetVersion(), "\n", 2);
	const char *last = lines[0] ? strrchr(lines[0], ' ') : NULL;
	return g_strdup(last ? last + 1 : "unknown");
}

static json_t *versions_json(void)
{
	g_autofree char *glib = g_strdup_printf("%u.%u.%u", glib_major_version, glib_minor_version,
		glib_micro_version);
	g_autofree char *tiff = tiff_version();
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "relumine", relumine_version(), "glib", glib,
		"libtiff", tiff, "libpng", png_get_libpng_ver(NULL), "libzip", zip_libzip_version(),
		"jansson", jansson_version_str());
}

static int64_t process_peak_bytes(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_SELF, &usage) == 0 ? (int64_t)usage.ru_maxrss * 1024 : 0;
}

static json_t *memory_json(const relumine_job *job)
{
	int64_t arrays = job->cpu->memory_peak;
	if (job->dev != job->cpu)
		arrays += job->dev->memory_peak;
	json_t *memory = json_object();
	json_object_set_new(memory, "arrays", json_integer(arrays));
	json_object_set_new(memory, "process", json_integer(process_peak_bytes()));
	json_object_set_new(memory, "limit", json_integer(job->cpu->memory_limit));
	return memory;
}

/* What the sidecar and the result on standard output have in common. */
static void add_findings(const relumine_job *job, json_t *to)
{
	g_autofree char *device_text = device_name(job->dev);
	double seconds = (double)(g_get_monotonic_time() - job->started) / 1e6;
	json_object_set_new(to, "outputs", outputs_json(job));
	json_object_set_new(to, "device", text_to_json(device_text));
	json_object_set(to, "metrics", report_metrics(job->report));
	json_object_set(to, "warnings", report_warnings(job->report));
	json_object_set_new(to, "seconds", json_real(seconds));
	json_object_set_new(to, "peak_memory", memory_json(job));
}

/* Digits with which every number among the options reads back as it was; 0.1 needs 15, not 17. */
static size_t digits_needed(json_t *options)
{
	const char *name;
	json_t *value;
	size_t digits = 15;
	json_object_foreach(options, name, value) {
		double x = json_real_value(value);
		char text[40];
		for (; json_is_real(value) && digits < 17; digits++) {
			g_ascii_formatd(text, sizeof text, digits == 15 ? "%.15g" : "%.16g", x);
			if (!(g_ascii_strtod(text, NULL) < x) && !(g_ascii_strtod(text, NULL) > x))
				break;
		}
	}
	return digits;
}

char *sidecar_text(const relumine_job *job)
{
	json_auto_t *all = json_object();
	g_autofree char *folder = g_get_current_dir();
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *date = g_date_time_format_iso8601(now);
	json_object_set_new(all, "sidecar", json_integer(SIDECAR_VERSION));
	json_object_set_new(all, "command", json_string(job->mode->command.name));
	json_object_set_new(all, "words", text_to_json(job->words));
	json_object_set_new(all, "folder", text_to_json(folder));
	json_object_set_new(all, "date", json_string(date));
	json_object_set_new(all, "inputs", inputs_json(job));
	json_object_set_new(all, "options", options_as_run(job));
	json_object_set_new(all, "versions", versions_json());
	json_object_update(all, job->task.facts);
	add_findings(job, all);
	size_t digits = digits_needed(json_object_get(all, "options"));
	char *dump = json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(digits));
	char *text = g_strconcat(dump, "\n", NULL);
	free(dump);
	return text;
}

/* --- standard output ------------------------------------------------------------------------- */

/* "hand.png and hand.tif: 400 x 300, 1.52 s" */
static void append_last_line(const relumine_job *job, GString *text)
{
	const target *first = NULL;
	for (guint i = 0; i < job->targets->len; i++) {
		const target *t = job->targets->pdata[i];
		if (t->kind != TARGET_PICTURE)
			continue;
		g_string_append_printf(text, "%s%s", first ? ", " : "", t->path);
		first = first ? first : t;
	}
	if (!first)
		return;
	g_autofree char *size = shape_text(target_array(job, first)->shape);
	g_string_append_printf(text, ": %s, %.2f s\n", size,
		(double)(g_get_monotonic_time() - job->started) / 1e6);
}

static char *join_warnings(const relumine_job *job)
{
	GString *all = g_string_new(NULL);
	size_t i;
	json_t *one;
	json_array_foreach((json_t *)report_warnings(job->report), i, one)
		g_string_append_printf(all, "%s%s", i ? "\n" : "", json_string_value(one));
	return g_string_free(all, FALSE);
}

void result_texts(relumine_job *job)
{
	g_autoptr(GString) text = g_string_new(job->task.text->str);
	append_last_line(job, text);
	json_auto_t *all = json_object();
	json_object_set_new(all, "command", json_string(job->mode->command.name));
	json_object_update(all, job->task.facts);
	add_findings(job, all);
	char *dump = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(15));
	g_free(job->text);
	g_free(job->json);
	g_free(job->warnings);
	job->text = g_strdup(text->str);
	job->json = g_strdup(dump);
	job->warnings = join_warnings(job);
	free(dump);
}
