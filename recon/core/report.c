/* SPDX-License-Identifier: BSD-3-Clause */
/* report.c - what a job found out: numbers, words and warnings, in the order they came */
#include "core/report.h"

#include <jansson.h>
#include <math.h>

struct report {
	json_t *metrics, *warnings;
};

report *report_new(void)
{
	report *r = g_new(report, 1);
	r->metrics = json_object();
	r->warnings = json_array();
	return r;
}

void report_free(report *r)
{
	if (!r)
		return;
	json_decref(r->metrics);
	json_decref(r->warnings);
	g_free(r);
}

void report_number(report *r, const char *name, double value)
{
	json_object_set_new(r->metrics, name, isfinite(value) ? json_real(value) : json_null());
}

void report_integer(report *r, const char *name, int64_t value)
{
	json_object_set_new(r->metrics, name, json_integer(value));
}

void report_word(report *r, const char *name, const char *value)
{
	g_autofree char *valid = g_utf8_make_valid(value, -1);
	json_object_set_new(r->metrics, name, json_string(valid));
}

void report_warn(report *r, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	json_array_append_new(r->warnings, json_string(valid));
}

void *report_metrics(const report *r)
{
	return r->metrics;
}

void *report_warnings(const report *r)
{
	return r->warnings;
}
