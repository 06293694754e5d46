/* SPDX-License-Identifier: BSD-3-Clause */
/* sources.c - the pictures that go into a job */
#include "job/job.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/error.h"

#define READ_BLOCK (1 << 18)    /* bytes at a time when a file is hashed */

source *source_new(const char *option, const char *path)
{
	source *s = g_new0(source, 1);
	s->option = g_strdup(option);
	s->path = g_strdup(path);
	return s;
}

void source_free(source *s)
{
	g_free(s->option);
	g_free(s->path);
	g_free(s->sha256);
	relumine_image_free(s->memory);
	array_free(s->copy);
	image_free(s->file);
	g_free(s);
}

static bool given_in_memory(const relumine_job *job, const char *option)
{
	for (guint i = 0; i < job->sources->len; i++) {
		const source *s = job->sources->pdata[i];
		if (s->option && !strcmp(s->option, option))
			return true;
	}
	return false;
}

static void add_option_files(relumine_job *job)
{
	for (const relumine_option *o = job->mode->command.options; o->name; o++) {
		if (o->type != RELUMINE_FILE_IN)
			continue;
		const char *path = *(char **)option_place(o, job->own);
		if (path && !option_is_no_file(o, path) && !given_in_memory(job, o->name))
			g_ptr_array_add(job->sources, source_new(o->name, path));
	}
}

/* "FILE.npz:NAME" is one array of FILE.npz, "FILE.tif:2" one picture of FILE.tif. */
char *picture_file(const char *path)
{
	const char *colon = strrchr(path, ':');
	return colon && !g_file_test(path, G_FILE_TEST_EXISTS) ?
		g_strndup(path, (gsize)(colon - path)) : g_strdup(path);
}

static bool readable(const source *s, GError **err)
{
	struct stat st;
	g_autofree char *file = picture_file(s->path);
	if (stat(file, &st) != 0 || access(file, R_OK) != 0) {
		error_set(err, RELUMINE_BAD_INPUT, s->path, NULL, "%s", g_strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		error_set(err, RELUMINE_BAD_INPUT, s->path, NULL, S_ISDIR(st.st_mode) ?
			"is a folder, not a file" : "is not a regular file");
		return false;
	}
	return true;
}

/* Commands that open their files themselves (inspect) go on after one that is missing. */
bool sources_check(relumine_job *job, GError **err)
{
	add_option_files(job);
	if (job->mode->run && !job->mode->reads_pictures)
		return true;
	for (guint i = 0; i < job->sources->len; i++) {
		const source *s = job->sources->pdata[i];
		if (!s->memory && !readable(s, err)) {
			if (s->option)
				error_while(err, "%s, reading --%s", job->mode->command.name, s->option);
			return false;
		}
	}
	return true;
}

char *file_sha256(const char *path, int64_t *bytes, GError **err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree guchar *block = g_malloc(READ_BLOCK);
	ssize_t n = -1;
	*bytes = 0;
	while (fd >= 0 && (n = read(fd, block, READ_BLOCK)) > 0) {
		g_checksum_update(sum, block, n);
		*bytes += n;
	}
	if (n < 0)
		error_set(err, RELUMINE_BAD_INPUT, path, NULL, "cannot be read: %s", g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return n < 0 ? NULL : g_strdup(g_checksum_get_string(sum));
}

static int64_t count_not_finite(const array *a)
{
	int64_t n = 0;
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t y = 0; y < a->shape.y; y++) {
			const float *row = array_row(a, 0, p, y);
			for (int64_t x = 0; x < a->shape.x; x++)
				n += !isfinite(row[x]);
		}
	return n;
}

double image_white(const image *im)
{
	if (im->kind == SAMPLE_FLOAT)
		return 0;
	return ldexp(1, im->kind == SAMPLE_SIGNED ? im->bits - 1 : im->bits) - 1;
}

static bool read_file(relumine_job *job, source *s, GError **err)
{
	g_autofree char *file = picture_file(s->path);
	s->sha256 = file_sha256(file, &s->bytes, err);
	if (!s->sha256)
		return false;
	s->file = image_read(job->cpu, s->path, err);
	if (!s->file)
		return false;
	for (guint i = 0; i < s->file->warnings->len; i++)
		report_warn(job->report, "%s: %s", s->path, (char *)s->file->warnings->pdata[i]);
	s->picture = (input){
		s->path, s->file->data, &s->file->data, image_white(s->file), s->file->scale,
		s->file->has_z
	};
	return true;
}

/* A picture in memory: a copy on the job's own device, and the hash of its packed values. */
static bool take_memory(relumine_job *job, source *s, GError **err)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	array *copy = s->copy = array_move(s->memory->data, job->cpu);
	if (!device_ok(job->cpu, err))
		return false;
	size_t row_bytes = (size_t)copy->shape.x * sizeof(float);
	for (int64_t p = 0; p < shape_planes(copy->shape); p++)
		for (int64_t y = 0; y < copy->shape.y; y++)
			g_checksum_update(sum, (const guchar *)array_row(copy, 0, p, y), (gssize)row_bytes);
	s->sha256 = g_strdup(g_checksum_get_string(sum));
	s->bytes = shape_count(copy->shape) * (int64_t)sizeof(float);
	s->picture = (input){ s->path, copy, &s->copy, s->memory->white, s->memory->scale,
		copy->shape.z > 1 };
	return true;
}

static bool read_one(relumine_job *job, source *s, GError **err)
{
	if (!(s->memory ? take_memory(job, s, err) : read_file(job, s, err)))
		return false;
	s->shape = s->picture.data->shape;
	int64_t bad = job->mode->takes_holes ? 0 : count_not_finite(s->picture.data);
	if (bad)
		error_set(err, RELUMINE_BAD_INPUT, s->path, "replace them first; `relumine inspect` counts "
			"them", "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " values are NaN or infinite", bad,
			shape_count(s->shape));
	return bad == 0;
}

bool sources_read(relumine_job *job, GError **err)
{
	for (guint i = 0; i < job->sources->len; i++) {
		source *s = job->sources->pdata[i];
		s->picture.path = s->path;
		if (!job->mode->reads_pictures)
			continue;
		watch_step(&job->ticker, "read");
		if (job_stopped(job, err))
			return false;
		if (!read_one(job, s, err)) {
			error_while(err, "%s, reading %s%s", job->mode->command.name,
				s->option ? "--" : "the input", s->option ? s->option : "");
			return false;
		}
	}
	return true;
}
