/* SPDX-License-Identifier: BSD-3-Clause */
/* options.h - texts into an options record and back, by the table that describes it */
#ifndef JOB_OPTIONS_H
#define JOB_OPTIONS_H

#include <glib.h>
#include "relumine.h"

/* Fill a zeroed record with the defaults; options without one become "not set". */
void options_reset(const relumine_option *table, void *record);

/* Free what the record owns. */
void options_clear(const relumine_option *table, void *record);

/* NULL: there is none of that name. */
const relumine_option *options_find(const relumine_option *table, const char *name);

/* Where the option's value stands. */
void *option_place(const relumine_option *o, const void *record);

/* FILE_IN with a range: a number in it, for all pixels alike, or a file. */
bool option_takes_number_or_file(const relumine_option *o);

/* Of a FILE_IN: whether the text is no file's name, but a number or one of its words. */
bool option_is_no_file(const relumine_option *o, const char *text);

/* Set one option; text NULL for a FLAG.  On failure the record is untouched.  BAD_USAGE. */
bool option_set(const relumine_option *o, void *record, const char *text, GError **err);

/*
 * The options as a jansson object (json_t *), to be added to `object`: every option by name, not
 * set as null.  FILE_OUT is left out: where a result goes is no part of what it is.
 */
void options_json(const relumine_option *table, const void *record, void *object);

#endif
