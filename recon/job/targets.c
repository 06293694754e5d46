/* SPDX-License-Identifier: BSD-3-Clause */
/* targets.c - the files that come out of a job: all of them or none */
#include "job/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/error.h"

void target_free(target *t)
{
	if (t->staged && !t->placed)
		unlink(t->staged);
	g_free(t->staged);
	g_free(t->path);
	free(t->file);
	g_free(t->key);
	g_free(t->sha256);
	g_free(t);
}

static bool refuse(const target *t, GError **err, const char *remedy, const char *what)
{
	error_set(err, RELUMINE_BAD_OUTPUT, t->path, remedy, "%s", what);
	return false;
}

/* Where the file really goes: a symbolic link is followed. */
static const char *target_file(const target *t)
{
	return t->file ? t->file : t->path;
}

/* --- before anything is computed ------------------------------------------------------------- */

/* The folder there is and may be written in; the target's key is its name in the real folder. */
static bool check_folder(target *t, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(target_file(t));
	g_autofree char *base = g_path_get_basename(target_file(t));
	char *real = realpath(folder, NULL);
	bool sound = real && g_file_test(real, G_FILE_TEST_IS_DIR) && access(real, W_OK | X_OK) == 0;
	if (sound)
		t->key = g_build_filename(real, base, NULL);
	else
		error_set(err, RELUMINE_BAD_OUTPUT, t->path, "choose a folder that exists and may be "
			"written in", "its folder %s %s", folder, !real ? "does not exist" :
			access(real, F_OK) == 0 && !g_file_test(real, G_FILE_TEST_IS_DIR) ? "is a file" :
			"cannot be written in");
	free(real);
	return sound;
}

/* What stands under the name already may be replaced: a regular file, if the user says so. */
static bool check_standing(const relumine_job *job, target *t, GError **err)
{
	struct stat st;
	if (lstat(t->path, &st) != 0)
		return true;
	t->was_there = true;
	if (S_ISLNK(st.st_mode))
		t->file = realpath(t->path, NULL);
	bool there = stat(t->path, &st) == 0;   /* not so for a link to nowhere */
	if (there && !S_ISREG(st.st_mode))
		return refuse(t, err, NULL, S_ISDIR(st.st_mode) ? "is a folder" : "is not a regular file");
	t->mode = there ? st.st_mode & 0777 : 0;
	return job->out.overwrite ||
		refuse(t, err, "--overwrite replaces it", "exists already");
}

static bool same_file(const char *a, const char *b)
{
	struct stat s, t;
	return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino;
}

/* Inputs are never written, whatever they are called. */
static bool check_inputs(const relumine_job *job, const target *t, GError **err)
{
	static const char remedy[] = "choose another name";
	static const char what[] = "is an input, which is never written";
	for (guint i = 0; i < job->sources->len; i++) {
		const source *s = job->sources->pdata[i];
		g_autofree char *file = picture_file(s->path);
		if (!s->memory && same_file(t->path, file))
			return refuse(t, err, remedy, what);
	}
	return !job->guarded || !same_file(t->path, job->guarded) || refuse(t, err, remedy, what);
}

static bool check_twins(const relumine_job *job, const target *t, GError **err)
{
	for (guint i = 0; i < job->targets->len; i++) {
		const target *other = job->targets->pdata[i];
		if (other == t)
			return true;
		if (!strcmp(other->key, t->key)) {
			error_set(err, RELUMINE_BAD_USAGE, t->path, "give each output a name of its "
				"own; beside NAME the job writes NAME.json", "is the name of two outputs");
			return false;
		}
	}
	return true;
}

static bool check(const relumine_job *job, target *t, GError **err)
{
	return check_inputs(job, t, err) && check_standing(job, t, err) && check_folder(t, err) &&
		check_twins(job, t, err) &&
		(t->kind != TARGET_PICTURE || image_writable(t->path, true, err));
}

static void add(relumine_job *job, enum target_kind kind, const char *option, char *path)
{
	target *t = g_new0(target, 1);
	t->kind = kind;
	t->option = option;
	t->path = path;
	g_ptr_array_add(job->targets, t);
}

/* Pictures beside the result, which the command's own FILE_OUT options name. */
static void add_extras(relumine_job *job)
{
	for (const relumine_option *o = job->mode->command.options; o->name; o++) {
		char *const *path = option_place(o, job->own);
		if (o->type == RELUMINE_FILE_OUT && *path)
			add(job, TARGET_PICTURE, o->name, g_strdup(*path));
	}
}

#define MAP "-map"

/*
 * The picture beside the result that an output asks for by its name: --depth-map's of depth.png and
 * scene-depth.tif, where the command has that option.  NULL: the result is what is asked for.
 */
static const char *named_option(const relumine_job *job, const char *path)
{
	g_autofree char *base = g_path_get_basename(path);
	base[strcspn(base, ".")] = '\0';
	for (const relumine_option *o = job->mode->command.options; o->name; o++) {
		if (o->type != RELUMINE_FILE_OUT || !g_str_has_suffix(o->name, MAP))
			continue;
		g_autofree char *name = g_strndup(o->name, strlen(o->name) - strlen(MAP));
		if (g_str_has_suffix(base, name) && (strlen(base) == strlen(name) ||
		    strchr("-_", base[strlen(base) - strlen(name) - 1])))
			return o->name;
	}
	return NULL;
}

bool targets_check(relumine_job *job, GError **err)
{
	for (char **path = job->out.output; path && *path; path++)
		add(job, TARGET_PICTURE, named_option(job, *path), g_strdup(*path));
	add_extras(job);
	if (job->out.trace)
		add(job, TARGET_TRACE, NULL, g_strdup(job->out.trace));
	for (char **path = job->out.output; path && *path; path++)
		add(job, TARGET_SIDECAR, NULL, g_strconcat(*path, ".json", NULL));
	for (guint i = 0; i < job->targets->len; i++)
		if (!check(job, job->targets->pdata[i], err))
			return false;
	return true;
}

/* --- writing --------------------------------------------------------------------------------- */

const char *picture_extension(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	if (dot && dot - base >= 4 && !g_ascii_strncasecmp(dot - 4, ".ome", 4))
		dot -= 4;
	return dot ? dot : "";
}

/* A name in the same folder, with the same extension, that nobody has. */
static char *stage_name(const target *t)
{
	g_autofree char *folder = g_path_get_dirname(target_file(t));
	struct stat st;
	for (;;) {
		g_autofree char *base = g_strdup_printf(".relumine-%08x%08x%s", g_random_int(),
			g_random_int(), picture_extension(t->path));
		g_autofree char *name = g_build_filename(folder, base, NULL);
		if (lstat(name, &st) != 0)
			return g_steal_pointer(&name);
	}
}

char *targets_folder(const relumine_job *job)
{
	return job->targets->len ? g_path_get_dirname(target_file(job->targets->pdata[0])) : NULL;
}

static bool is_png(const char *path)
{
	size_t n = strlen(path);
	return n > 4 && !g_ascii_strcasecmp(path + n - 4, ".png");
}

/* What stands for a picture where it is looked at; NULL: the picture itself. */
static const array *shown_for(const relumine_job *job, const target *t)
{
	if (!t->option)
		return job->task.view;
	return job->task.extra_views ? g_hash_table_lookup(job->task.extra_views, t->option) : NULL;
}

/* The input's scale is that of the result, and of no picture beside it. */
static bool write_png(relumine_job *job, const target *t, const array *a, GError **err)
{
	render_settings s = job->out.render;
	if (t->option && s.tone == RENDER_INPUT)
		s.tone = RENDER_SRGB;
	const array *shown = shown_for(job, t);
	if (t->option && shown)
		s.tone = RENDER_RAW;
	array *display = render_display(shown ? shown : a, &s, err);
	g_autoptr(image) im = display ? image_new(display) : NULL;
	return im && device_ok(job->cpu, err) && image_write(im, t->staged, true, err);
}

/* Values as they are, lent to the writer.  scale: may be NULL. */
static bool write_linear(array *a, const image_scale *scale, const char *path, GError **err)
{
	g_autoptr(image) im = image_new(a);
	image_set_scale(im, scale);
	bool done = image_write(im, path, true, err);
	im->data = NULL;
	return done;
}

array *target_array(const relumine_job *job, const target *t)
{
	if (!t->option)
		return job->task.result;
	return job->task.extras ? g_hash_table_lookup(job->task.extras, t->option) : NULL;
}

static const image_scale *target_scale(const relumine_job *job, const target *t)
{
	if (!t->option)
		return job->task.scale;
	return job->task.extra_scales ? g_hash_table_lookup(job->task.extra_scales, t->option) : NULL;
}

static bool stage_picture(relumine_job *job, target *t, GError **err)
{
	array *a = target_array(job, t);
	if (!a) {
		error_set(err, RELUMINE_BAD_USAGE, t->path, "leave it out", "this call makes no picture for it "
			"(--%s)", t->option);
		return false;
	}
	bool done = is_png(t->path) ? write_png(job, t, a, err) :
		write_linear(a, target_scale(job, t), t->staged, err);
	if (!done)
		return false;
	t->sha256 = file_sha256(t->staged, &t->bytes, err);
	return t->sha256 != NULL;
}

static bool stage_trace(relumine_job *job, target *t, GError **err)
{
	return file_write_whole(t->staged, job->trace->str, job->trace->len, true, err);
}

static bool stage_sidecar(relumine_job *job, target *t, GError **err)
{
	g_autofree char *text = sidecar_text(job);
	return file_write_whole(t->staged, text, strlen(text), true, err);
}

static bool (*const stage_as[])(relumine_job *job, target *t, GError **err) = {
	[TARGET_PICTURE] = stage_picture,
	[TARGET_TRACE] = stage_trace,
	[TARGET_SIDECAR] = stage_sidecar,
};

/* The error names the file the user asked for, not the one it is staged as. */
static bool stage(relumine_job *job, target *t, GError **err)
{
	g_autoptr(GError) cause = NULL;
	t->staged = stage_name(t);
	if (stage_as[t->kind](job, t, &cause))
		return true;
	g_autoptr(GString) message = g_string_new(cause->message);
	g_string_replace(message, t->staged, t->path, 0);
	g_set_error_literal(err, cause->domain, cause->code, message->str);
	return false;
}

/*
 * Rename, but never onto a file that has come up since the check.  What replaces an old file has
 * its permissions.
 */
static bool place(target *t, GError **err)
{
	int failed = 0;
	if (t->was_there) {
		failed = t->mode ? chmod(t->staged, t->mode) : 0;
		failed = failed ? failed : rename(t->staged, target_file(t));
	} else if (renameat2(AT_FDCWD, t->staged, AT_FDCWD, t->path, RENAME_NOREPLACE) != 0) {
		/* some file systems cannot promise; then look and rename */
		struct stat st;
		failed = errno != EINVAL || lstat(t->path, &st) == 0 ? -1 : rename(t->staged, t->path);
	}
	t->placed = failed == 0;
	return t->placed || refuse(t, err, NULL, g_strerror(errno));
}

/* After a failure half-way: take back the new names; what they replaced is gone. */
static void take_back(const relumine_job *job)
{
	for (guint i = 0; i < job->targets->len; i++) {
		const target *t = job->targets->pdata[i];
		if (t->placed && !t->was_there)
			unlink(t->path);
	}
}

bool targets_write(relumine_job *job, GError **err)
{
	if (job->targets->len == 0)
		return true;
	watch_step(&job->ticker, "write");
	for (guint i = 0; i < job->targets->len && !job_stopped(job, NULL); i++)
		if (!stage(job, job->targets->pdata[i], err))
			return false;
	if (job_stopped(job, err))
		return false;
	for (guint i = 0; i < job->targets->len; i++) {
		if (!place(job->targets->pdata[i], err)) {
			take_back(job);
			return false;
		}
	}
	return true;
}
