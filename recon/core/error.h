/* SPDX-License-Identifier: BSD-3-Clause */
/* error.h - errors in four parts: where, what, while doing what, and what to try */
#ifndef CORE_ERROR_H
#define CORE_ERROR_H

#include <glib.h>
#include "relumine.h"

/*
 * Set *err (when err is not NULL).  The message becomes
 *
 *   WHERE: FORMAT...
 *     while: ...          (added by error_while as the error travels up)
 *     try:   REMEDY
 *
 * where  the file or option at fault, or NULL
 * remedy what to do next, or NULL
 */
void error_set(GError **err, enum relumine_status status, const char *where, const char *remedy,
	const char *format, ...) G_GNUC_PRINTF(5, 6);

/* Add the line that says what was being done; the innermost one wins.  No error set: no effect. */
void error_while(GError **err, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The known word nearest to `word` (at most a third of its letters wrong), or NULL; borrowed. */
const char *error_nearest(const char *word, const char *const known[], size_t n_known);

#endif
