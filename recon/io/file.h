/* SPDX-License-Identifier: BSD-3-Clause */
/* file.h - files that appear under their name only when complete */
#ifndef IO_FILE_H
#define IO_FILE_H

#include <glib.h>
#include <stdbool.h>

typedef struct file_out file_out;

/*
 * Start a file beside `path` under a temporary name.  Errors: BAD_OUTPUT (no such folder, not
 * writable, there already and not `overwrite`).
 */
file_out *file_out_new(const char *path, bool overwrite, GError **err);

/* To write to; owned by `f`. */
int file_out_fd(const file_out *f);

/*
 * Flush it to the disk and give it its name.  Without `overwrite` a file that has appeared there
 * meanwhile stays, and this fails.
 */
bool file_out_commit(file_out *f, GError **err);

/* Without a commit before, nothing of it stays. */
void file_out_free(file_out *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(file_out, file_out_free)

/* Whether file_out_new could succeed; nothing is made. */
bool file_out_possible(const char *path, bool overwrite, GError **err);

/* Set *err to BAD_OUTPUT for the failure `number` (an errno) of writing `path`. */
void file_write_error(const char *path, int number, GError **err);

/* write() until done. */
bool file_put(int fd, const void *bytes, size_t size, const char *path, GError **err);

#endif
