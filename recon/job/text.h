/* SPDX-License-Identifier: BSD-3-Clause */
/* text.h - small texts that several files of a job need */
#ifndef JOB_TEXT_H
#define JOB_TEXT_H

#include <glib.h>
#include <jansson.h>
#include "core/array.h"
#include "relumine.h"

/* A JSON string of any bytes (what is no UTF-8 is replaced); null for NULL. */
json_t *text_to_json(const char *text);

/* "480 x 270, 3 channels": width and height as people say them; volumes with their planes. */
char *shape_text(shape s);

/* The axes as a NumPy array of the output would have them: [y, x], [z, y, x], [y, x, c]. */
json_t *shape_json(shape s);

/* "1 to 1000 iterations, or auto"; NULL where anything goes. */
char *option_range_text(const relumine_option *o);

#endif
