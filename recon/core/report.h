/* SPDX-License-Identifier: BSD-3-Clause */
/* report.h - what a job found out: numbers, words and warnings, in the order they came */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <glib.h>
#include <stdint.h>

typedef struct report report;

report *report_new(void);
void report_free(report *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(report, report_free)

/* Metrics; a name given again replaces the value.  NaN and infinities become null in JSON. */
void report_number(report *r, const char *name, double value);
void report_integer(report *r, const char *name, int64_t value);
void report_word(report *r, const char *name, const char *value);

/* Something the user should know, though the job goes on. */
void report_warn(report *r, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The metrics as a jansson object (json_t *), borrowed; the warnings as an array of strings. */
void *report_metrics(const report *r);
void *report_warnings(const report *r);

#endif
