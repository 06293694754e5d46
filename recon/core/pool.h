/* SPDX-License-Identifier: BSD-3-Clause */
/* pool.h - threads that sleep between jobs (an OpenMP runtime spins, which starves neighbours) */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include <glib.h>
#include <stdint.h>

struct pool;

/* threads >= 1, the caller's own included.  NULL with *err set when they can't be started. */
struct pool *pool_new(int threads, GError **err);
void pool_free(struct pool *p);
int pool_threads(const struct pool *p);

/* See device_each. */
void pool_each(struct pool *p, int64_t n, int64_t grain,
	void (*body)(int64_t first, int64_t end, void *data), void *data);

#endif
