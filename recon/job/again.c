/* SPDX-License-Identifier: BSD-3-Clause */
/* again.c - the command `run`: do again what a sidecar says */
#include "job/job.h"

#include <string.h>
#include "core/error.h"
#include "job/commands.h"

#define SIDECAR_MAX_BYTES (64 << 20)

typedef struct {
	bool force;
} again_options;

static const relumine_option own_options[] = {
	{ "force", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"go on although an input has changed since", false, OPTION_AT(again_options, force) },
	{ 0 }
};

static bool bad_sidecar(const char *path, GError **err, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
static bool bad_sidecar(const char *path, GError **err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	error_set(err, RELUMINE_BAD_INPUT, path, "give the .json file that stands beside an output",
		"%s", what);
	return false;
}

/* A new reference, or NULL. */
static json_t *read_sidecar(const char *path, GError **err)
{
	int64_t bytes;
	json_error_t where;
	g_autofree char *sum = file_sha256(path, &bytes, err);
	if (!sum)
		return NULL;
	if (bytes > SIDECAR_MAX_BYTES) {
		bad_sidecar(path, err, "is too long for a sidecar");
		return NULL;
	}
	json_auto_t *all = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	if (!all) {
		bad_sidecar(path, err, "is not JSON: line %d, %s", where.line, where.text);
		return NULL;
	}
	if (!json_is_string(json_object_get(all, "command")) ||
	    !json_is_object(json_object_get(all, "options")) ||
	    !json_is_array(json_object_get(all, "inputs"))) {
		bad_sidecar(path, err, "is JSON, but no sidecar");
		return NULL;
	}
	return json_incref(all);
}

/* --- finding the inputs ---------------------------------------------------------------------- */

/* Whether the file at `path` holds what it held then. */
static bool holds(const char *path, const char *sha256)
{
	int64_t bytes;
	g_autofree char *file = picture_file(path);
	g_autofree char *sum = file_sha256(file, &bytes, NULL);
	return sum && !strcmp(sum, sha256);
}

/*
 * Where an input is now: under its name as it was written, seen from the folder of then, from
 * here, or from beside the sidecar.  The first of them that has not changed; NULL if none.
 */
static char *find_input(const char *name, const char *sha256, const char *folder,
	const char *sidecar, char **changed)
{
	g_autofree char *beside = g_path_get_dirname(sidecar);
	const char *folders[] = { folder ? folder : ".", ".", beside };
	for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *path = g_path_is_absolute(name) || !strcmp(folders[i], ".") ?
			g_strdup(name) : g_build_filename(folders[i], name, NULL);
		if (holds(path, sha256))
			return g_steal_pointer(&path);
		if (!*changed && g_file_test(path, G_FILE_TEST_EXISTS))
			*changed = g_steal_pointer(&path);
	}
	return NULL;
}

static bool use_input(relumine_job *job, relumine_job *inner, const json_t *sidecar,
	const json_t *entry, GError **err)
{
	const source *self = job->sources->pdata[0];
	const again_options *own = job->own;
	const char *name = json_string_value(json_object_get(entry, "path"));
	const char *sha256 = json_string_value(json_object_get(entry, "sha256"));
	const char *option = json_string_value(json_object_get(entry, "option"));
	const char *folder = json_string_value(json_object_get(sidecar, "folder"));
	if (!name || !sha256)
		return bad_sidecar(self->path, err, "an input lacks its path or sha256");
	g_autofree char *changed = NULL;
	g_autofree char *path = find_input(name, sha256, folder, self->path, &changed);
	if (!path && !changed) {
		error_set(err, RELUMINE_BAD_INPUT, name, NULL, "the input that the sidecar names is gone");
		return false;
	}
	if (!path && !own->force) {
		error_set(err, RELUMINE_MISMATCH, changed, "--force goes on all the same",
			"has changed since the sidecar was written");
		return false;
	}
	if (!path)
		report_warn(inner->report, "%s: has changed since the sidecar was written", changed);
	const char *use = path ? path : changed;
	return option ? relumine_job_set(inner, option, use, err) :
		relumine_job_add_input(inner, use, err);
}

/* --- the options of then, and those given now ------------------------------------------------ */

static bool set_value(relumine_job *inner, const char *name, const json_t *value, GError **err)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	if (json_is_null(value) || json_is_false(value))
		return true;
	if (json_is_true(value))
		return relumine_job_set(inner, name, NULL, err);
	if (json_is_string(value))
		return relumine_job_set(inner, name, json_string_value(value), err);
	if (json_is_integer(value))
		g_snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		g_ascii_dtostr(number, sizeof number, json_real_value(value));
	return relumine_job_set(inner, name, number, err);
}

/* Whether the option's picture was a file, which its hash finds; else it was a word. */
static bool was_file(json_t *sidecar, const char *option)
{
	size_t i;
	json_t *entry;
	json_array_foreach(json_object_get(sidecar, "inputs"), i, entry)
		if (!g_strcmp0(json_string_value(json_object_get(entry, "option")), option))
			return true;
	return false;
}

static bool set_options(relumine_job *inner, json_t *sidecar, GError **err)
{
	json_t *options = json_object_get(sidecar, "options");
	const char *name;
	json_t *value, *one;
	size_t i;
	json_object_foreach(options, name, value) {
		if (was_file(sidecar, name))
			continue;
		if (json_is_array(value)) {
			json_array_foreach(value, i, one)
				if (!set_value(inner, name, one, err))
					return false;
		} else if (!set_value(inner, name, value, err)) {
			return false;
		}
	}
	return true;
}

/* What was said on this command line goes over what the sidecar says. */
static bool set_given(relumine_job *job, relumine_job *inner, GError **err)
{
	for (guint i = 0; i + 1 < job->given->len; i += 2) {
		const char *name = job->given->pdata[i], *text = job->given->pdata[i + 1];
		if (!options_find(own_options, name) && !relumine_job_set(inner, name, text, err))
			return false;
	}
	return true;
}

static bool prepare(relumine_job *job, relumine_job *inner, json_t *sidecar, GError **err)
{
	const source *self = job->sources->pdata[0];
	size_t i;
	json_t *entry;
	if (!inner->mode->command.writes)
		return bad_sidecar(self->path, err, "its command `%s` writes nothing",
			inner->mode->command.name);
	if (!set_options(inner, sidecar, err)) {
		error_while(err, "taking options from %s", self->path);
		return false;
	}
	json_array_foreach(json_object_get(sidecar, "inputs"), i, entry)
		if (!use_input(job, inner, sidecar, entry, err))
			return false;
	inner->guarded = g_strdup(self->path);
	relumine_job_set_cache(inner, job->cache);
	relumine_job_set_words(inner, job->words);
	relumine_job_set_watch(inner, job->watch, job->watch_data);
	inner->stopped_by = job->stopped_by;
	return set_given(job, inner, err);
}

/* --- the same bytes? ------------------------------------------------------------------------- */

/* Outputs of one kind, by their extension, can be held against each other. */
static void compare_outputs(relumine_job *inner, const json_t *sidecar)
{
	size_t i;
	json_t *entry;
	json_array_foreach(json_object_get(sidecar, "outputs"), i, entry) {
		const char *path = json_string_value(json_object_get(entry, "path"));
		const char *sha256 = json_string_value(json_object_get(entry, "sha256"));
		bool result = json_is_null(json_object_get(entry, "option"));
		const char *extension = result && path ? picture_extension(path) : NULL;
		for (guint k = 0; extension && sha256 && k < inner->targets->len; k++) {
			const target *t = inner->targets->pdata[k];
			if (t->sha256 && !t->option && !strcmp(picture_extension(t->path), extension) &&
			    strcmp(t->sha256, sha256) != 0)
				report_warn(inner->report, "%s: differs from what the sidecar describes", t->path);
		}
	}
}

bool again_run(relumine_job *job, GError **err)
{
	if (job->sources->len != 1 || !job->out.output) {
		error_set(err, RELUMINE_BAD_USAGE, "run", "relumine run --help",
			"takes one sidecar and -o OUTPUT");
		return false;
	}
	const source *self = job->sources->pdata[0];
	json_auto_t *sidecar = sources_check(job, err) ? read_sidecar(self->path, err) : NULL;
	if (!sidecar)
		return false;
	const char *command = json_string_value(json_object_get(sidecar, "command"));
	g_autoptr(GError) cause = NULL;
	g_autoptr(relumine_job) inner = relumine_job_new(command, &cause);
	if (!inner)
		return bad_sidecar(self->path, err, "there is no command `%s` in this version", command);
	bool done = prepare(job, inner, sidecar, err) && relumine_job_run(inner, err);
	if (done) {
		compare_outputs(inner, sidecar);
		result_texts(inner);
		job->cpu = g_steal_pointer(&inner->cpu);
		job->dev = g_steal_pointer(&inner->dev);
		job->task.result = g_steal_pointer(&inner->task.result);
		job->task.scale = g_steal_pointer(&inner->task.scale);
		job->text = g_steal_pointer(&inner->text);
		job->json = g_steal_pointer(&inner->json);
		job->warnings = g_steal_pointer(&inner->warnings);
	}
	return done;
}

const modality command_run = {
	.command = {
		.name = "run",
		.summary = "do again what a sidecar says",
		.inputs = "OUTPUT.json",
		.inputs_least = 1, .inputs_most = 1,
		.writes = true,
		.options = own_options,
		.examples =
			"relumine run hand.tif.json -o again.tif\n"
			"relumine run hand.tif.json -o again.png --device opencl",
		.description =
			"Beside each output stands a sidecar, OUTPUT.json, with the inputs and their SHA-256, "
			"every option as it was, and what came of it. This command does the same once more "
			"and gives the same bytes on the same machine. An input that has changed is refused "
			"unless --force is given. Options given here go over those of the sidecar.",
	},
	.options_size = sizeof(again_options),
};
