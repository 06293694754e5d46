/* SPDX-License-Identifier: BSD-3-Clause */
/* progress.c - how far a job is, its trace, and whether it is to stop */
#include "job/job.h"

#include <math.h>
#include "core/error.h"

bool job_stopped(const relumine_job *job, GError **err)
{
	if (!g_atomic_int_get(job->stopped_by))
		return false;
	error_set(err, RELUMINE_STOPPED, NULL, NULL, "interrupted; nothing was written");
	return true;
}

static double seconds_since(gint64 start)
{
	return (double)(g_get_monotonic_time() - start) / 1e6;
}

/* Tell whoever watches; a "no" of theirs counts as a stop. */
static bool tell(relumine_job *job, relumine_progress *p)
{
	p->step = job->step;
	p->elapsed = seconds_since(job->started);
	if (job->watch && !job->watch(p, job->watch_data))
		g_atomic_int_set(job->stopped_by, 1);
	return !g_atomic_int_get(job->stopped_by);
}

static relumine_job *job_of(watch *w)
{
	return (relumine_job *)(void *)((char *)w - offsetof(relumine_job, ticker));
}

static bool begin_step(watch *w, const char *step)
{
	relumine_job *job = job_of(w);
	relumine_progress p = { .objective = NAN, .remaining = -1 };
	job->step = step;
	job->step_started = g_get_monotonic_time();
	return tell(job, &p);
}

/* What has no value is an empty field. */
static void append_number(GString *row, double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];
	g_string_append_c(row, ',');
	if (isfinite(value))
		g_string_append(row, g_ascii_formatd(text, sizeof text, "%.9g", value));
}

static void append_trace(relumine_job *job, const iteration_note *n)
{
	const double values[] = { n->objective, n->primal, n->dual, n->mu1, n->mu2, n->mu3,
		seconds_since(job->step_started) };
	g_string_append_printf(job->trace, "%" G_GINT64_FORMAT ",%" G_GINT64_FORMAT, n->iteration,
		n->channel);
	for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
		append_number(job->trace, values[i]);
	g_string_append_c(job->trace, '\n');
}

static bool tick(watch *w, const iteration_note *n)
{
	relumine_job *job = job_of(w);
	if (job->out.trace)
		append_trace(job, n);
	double channels = (double)MAX(n->channels, 1), most = (double)MAX(n->iterations, 1);
	double share = ((double)n->channel + (double)n->iteration / most) / channels;
	double spent = seconds_since(job->step_started);
	relumine_progress p = {
		.iteration = n->iteration, .iterations = n->iterations,
		.channel = n->channel, .channels = n->channels,
		.objective = n->objective,
		.remaining = share > 0 ? spent * (1 - share) / share : -1,
	};
	return tell(job, &p);
}

void progress_start(relumine_job *job)
{
	job->started = job->step_started = g_get_monotonic_time();
	job->ticker = (watch){ tick, begin_step, job->out.trace || job->watch };
	g_string_assign(job->trace,
		"iteration,channel,objective,primal,dual,mu1,mu2,mu3,seconds\n");
}
