/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.c - threads that sleep between jobs */
#include "core/pool.h"

#include <stdbool.h>
#include "core/error.h"
#ifdef __SSE__
#include <xmmintrin.h>
#endif

struct pool {
	int n_workers;
	GThread **workers;
	GMutex mutex;
	GCond wake, done;
	uint64_t turn;                  /* counts jobs; a worker waits for the next */
	bool stop;
	int running;
	/* the job */
	int64_t n, grain;
	void (*body)(int64_t first, int64_t end, void *data);
	void *data;
};

struct worker {
	struct pool *pool;
	int lane;
};

static _Thread_local bool inside_job;

/*
 * Denormals: dark smooth regions decay into them, and each costs a hundred cycles.  Kernels run
 * with flush-to-zero; the caller's own mode is put back afterwards.
 */
static unsigned flush_denormals(void)
{
#ifdef __SSE__
	unsigned mode = _mm_getcsr();
	_mm_setcsr(mode | 0x8040u);     /* FTZ and DAZ */
	return mode;
#else
	return 0;
#endif
}

static void restore_denormals(unsigned mode)
{
#ifdef __SSE__
	_mm_setcsr(mode);
#else
	(void)mode;
#endif
}

/* Lane k of `lanes` takes this part: whole grains, as equal as they come. */
static void run_lane(const struct pool *p, int lane, int lanes)
{
	int64_t grains = (p->n + p->grain - 1) / p->grain;
	int64_t first = grains * lane / lanes * p->grain;
	int64_t end = MIN(grains * (lane + 1) / lanes * p->grain, p->n);
	if (first < end)
		p->body(first, end, p->data);
}

static gpointer work(gpointer argument)
{
	g_autofree struct worker *me = argument;
	struct pool *p = me->pool;
	uint64_t seen = 0;
	flush_denormals();
	inside_job = true;
	g_mutex_lock(&p->mutex);
	for (;;) {
		while (p->turn == seen && !p->stop)
			g_cond_wait(&p->wake, &p->mutex);
		if (p->stop)
			break;
		seen = p->turn;
		g_mutex_unlock(&p->mutex);
		run_lane(p, me->lane, p->n_workers + 1);
		g_mutex_lock(&p->mutex);
		if (--p->running == 0)
			g_cond_signal(&p->done);
	}
	g_mutex_unlock(&p->mutex);
	return NULL;
}

struct pool *pool_new(int threads, GError **err)
{
	struct pool *p = g_new0(struct pool, 1);
	g_mutex_init(&p->mutex);
	g_cond_init(&p->wake);
	g_cond_init(&p->done);
	p->workers = g_new0(GThread *, (size_t)MAX(threads, 1));
	for (int i = 1; i < threads; i++) {
		struct worker *me = g_new(struct worker, 1);
		*me = (struct worker){ p, i };
		g_autoptr(GError) cause = NULL;
		p->workers[p->n_workers] = g_thread_try_new("relumine", work, me, &cause);
		if (!p->workers[p->n_workers]) {
			g_free(me);
			error_set(err, RELUMINE_OVER_LIMIT, "--threads", "ask for fewer threads",
				"thread %d of %d cannot be started: %s", i + 1, threads, cause->message);
			pool_free(p);
			return NULL;
		}
		p->n_workers++;
	}
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	g_mutex_lock(&p->mutex);
	p->stop = true;
	g_cond_broadcast(&p->wake);
	g_mutex_unlock(&p->mutex);
	for (int i = 0; i < p->n_workers; i++)
		g_thread_join(p->workers[i]);
	g_mutex_clear(&p->mutex);
	g_cond_clear(&p->wake);
	g_cond_clear(&p->done);
	g_free(p->workers);
	g_free(p);
}

int pool_threads(const struct pool *p)
{
	return p->n_workers + 1;
}

void pool_each(struct pool *p, int64_t n, int64_t grain,
	void (*body)(int64_t first, int64_t end, void *data), void *data)
{
	if (n <= 0)
		return;
	if (inside_job) {
		body(0, n, data);
		return;
	}
	unsigned mode = flush_denormals();
	inside_job = true;
	if (p->n_workers == 0 || n <= grain) {
		body(0, n, data);
	} else {
		g_mutex_lock(&p->mutex);
		p->n = n;
		p->grain = grain;
		p->body = body;
		p->data = data;
		p->running = p->n_workers;
		p->turn++;
		g_cond_broadcast(&p->wake);
		g_mutex_unlock(&p->mutex);
		run_lane(p, 0, p->n_workers + 1);
		g_mutex_lock(&p->mutex);
		while (p->running > 0)
			g_cond_wait(&p->done, &p->mutex);
		g_mutex_unlock(&p->mutex);
	}
	inside_job = false;
	restore_denormals(mode);
}
