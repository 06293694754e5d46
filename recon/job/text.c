/* SPDX-License-Identifier: BSD-3-Clause */
/* text.c - small texts that several files of a job need */
#include "job/text.h"

#include <string.h>
#include "io/image.h"
#include "job/options.h"

json_t *text_to_json(const char *text)
{
	if (!text)
		return json_null();
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return json_string(valid);
}

char *shape_text(shape s)
{
	g_autoptr(GString) t = g_string_new(NULL);
	g_string_append_printf(t, "%" G_GINT64_FORMAT " x %" G_GINT64_FORMAT, s.x, s.y);
	if (s.z > 1)
		g_string_append_printf(t, " x %" G_GINT64_FORMAT, s.z);
	if (s.c > 1)
		g_string_append_printf(t, ", %" G_GINT64_FORMAT " channels", s.c);
	return g_strdup(t->str);
}

json_t *shape_json(shape s)
{
	return image_shape_json(s, s.z > 1);
}

/* "one|two|three" as "one, two, three" */
static char *listed(const char *choices)
{
	g_auto(GStrv) words = g_strsplit(choices, "|", -1);
	return g_strjoinv(", ", words);
}

char *option_range_text(const relumine_option *o)
{
	bool file = option_takes_number_or_file(o);
	bool number = o->type == RELUMINE_INTEGER || o->type == RELUMINE_NUMBER ||
		o->type == RELUMINE_SIZE || file;
	g_autofree char *words = o->choices ? listed(o->choices) : NULL;
	if (!number)
		return g_steal_pointer(&words);
	g_autoptr(GString) t = g_string_new(NULL);
	if (o->type == RELUMINE_SIZE)
		g_string_append(t, "bytes, or with k, M, G, T: 300M");
	else if (o->least != o->most)
		g_string_append_printf(t, "%.12g to %.12g", o->least, o->most);
	else
		g_string_append(t, "a number");
	if (o->unit && o->type != RELUMINE_SIZE && strcmp(o->unit, "N") != 0)
		g_string_append_printf(t, " (%s)", o->unit);
	if (words)
		g_string_append_printf(t, ", or %s", words);
	if (file)
		g_string_append(t, ", or a file");
	return g_strdup(t->str);
}
