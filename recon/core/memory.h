/* SPDX-License-Identifier: BSD-3-Clause */
/* memory.h - room for arrays on the CPU, in memory or in a file; core/array.c alone asks for it */
#ifndef CORE_MEMORY_H
#define CORE_MEMORY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* NULL when there is none; aligned to cache lines.  free: with the same number of bytes. */
void *memory_new(int64_t bytes);
void memory_free(void *buffer, int64_t bytes);

/*
 * Room in a file of `folder` that has no name and ends with the process: the system keeps as much
 * of it in memory as it can spare.  NULL and *err (OVER_LIMIT) when the folder has not that much.
 */
void *memory_new_in_file(const char *folder, int64_t bytes, GError **err);
void memory_free_in_file(void *buffer, int64_t bytes);

/* Let go of what the process holds of bytes from `start` on; they stay in the file. */
void memory_forget(const void *start, int64_t bytes);

#endif
