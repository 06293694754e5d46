/* SPDX-License-Identifier: BSD-3-Clause */
/* command.h - commands run on arrays, as from the command line */
#ifndef TESTS_COMMAND_H
#define TESTS_COMMAND_H

#include "job/job.h"
#include "relumine.h"
#include "tests/stage.h"

/* A picture for a command: its input (option NULL), or that of an option.  data NULL: none. */
typedef struct {
	const char *option;
	const array *data;
	double white;                   /* the largest integer a sample can hold; 0: float */
	const image_scale *scale;       /* or NULL */
} given;

/* options: name, value, ..., NULL */
static inline relumine_job *command_job(const char *name, const given *pictures,
	const char *const *options)
{
	relumine_job *job = relumine_job_new(name, NULL);
	g_assert_nonnull(job);
	g_assert_true(relumine_job_set(job, "device", "cpu", NULL));
	for (int i = 0; options[i]; i += 2)
		g_assert_true(relumine_job_set(job, options[i], options[i + 1], NULL));
	for (const given *g = pictures; g->data; g++) {
		relumine_image *im = image_from(g->data, g->white, g->scale, NULL);
		g_assert_true(relumine_job_set_image(job, g->option, im, NULL));
		relumine_image_free(im);
	}
	return job;
}

static inline array *command_result(const relumine_job *job)
{
	relumine_image *im = relumine_job_result(job);
	g_assert_nonnull(im);
	array *a = array_move(im->data, cpu);
	relumine_image_free(im);
	return a;
}

/* The result of a job that must succeed.  warnings: takes them, to be freed; or NULL. */
static inline array *command_run(const char *name, const given *pictures,
	const char *const *options, char **warnings)
{
	g_autoptr(GError) err = NULL;
	relumine_job *job = command_job(name, pictures, options);
	relumine_job_run(job, &err);
	g_assert_no_error(err);
	array *a = command_result(job);
	if (warnings)
		*warnings = g_strdup(relumine_job_warnings(job));
	relumine_job_free(job);
	return a;
}

/* The message of a job that must fail with that status; to be freed. */
static inline char *command_refused(const char *name, const given *pictures,
	const char *const *options, int status)
{
	GError *err = NULL;
	relumine_job *job = command_job(name, pictures, options);
	bool done = relumine_job_run(job, &err);
	g_assert_false(done);
	g_assert_cmpint(relumine_exit_status(err), ==, status);
	char *message = g_strdup(err->message);
	g_error_free(err);
	relumine_job_free(job);
	return message;
}

#endif
