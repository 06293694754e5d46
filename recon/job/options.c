/* SPDX-License-Identifier: BSD-3-Clause */
/* options.c - texts into an options record and back, by the table that describes it */
#include "job/options.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/error.h"
#include "job/text.h"

void *option_place(const relumine_option *o, const void *record)
{
	return (char *)(uintptr_t)record + o->offset;
}

const relumine_option *options_find(const relumine_option *table, const char *name)
{
	for (const relumine_option *o = table; o->name; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

/* --- what is wrong with a value -------------------------------------------------------------- */

/* "--iterations: ..." with the range, or the words, as the remedy */
static bool refuse(const relumine_option *o, GError **err, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
static bool refuse(const relumine_option *o, GError **err, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *where = g_strconcat("--", o->name, NULL);
	g_autofree char *range = option_range_text(o);
	g_autofree char *remedy = range ? g_strconcat("give ", range, NULL) : NULL;
	error_set(err, RELUMINE_BAD_USAGE, where, remedy, "%s", what);
	return false;
}

static bool in_range(const relumine_option *o, double value)
{
	return o->least == o->most || (value >= o->least && value <= o->most);
}

/* The index of `text` among "one|two|three", or -1. */
static int choice_index(const char *choices, const char *text)
{
	g_auto(GStrv) words = g_strsplit(choices ? choices : "", "|", -1);
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], text))
			return i;
	return -1;
}

static bool refuse_word(const relumine_option *o, const char *text, GError **err)
{
	g_auto(GStrv) words = g_strsplit(o->choices, "|", -1);
	const char *near = error_nearest(text, (const char *const *)words, g_strv_length(words));
	if (near)
		return refuse(o, err, "'%s' is not a choice; did you mean '%s'?", text, near);
	return refuse(o, err, "'%s' is not a choice", text);
}

/* --- one parser for each type ---------------------------------------------------------------- */

static bool parse_flag(const relumine_option *o, void *place, const char *text, GError **err)
{
	if (text)
		return refuse(o, err, "takes no value, but got '%s'", text);
	*(bool *)place = true;
	return true;
}

/* A finite decimal number at the start of `text`; *rest is what follows it. */
static bool read_number(const char *text, double *value, char **rest)
{
	if (strpbrk(text, "xXnN") || g_ascii_isspace(text[0]))      /* hexadecimal, nan, inf */
		return false;
	*value = g_ascii_strtod(text, rest);
	return *rest != text && isfinite(*value);
}

static bool is_number(const char *text, double *value)
{
	char *rest;
	return read_number(text, value, &rest) && !*rest;
}

bool option_takes_number_or_file(const relumine_option *o)
{
	return o->type == RELUMINE_FILE_IN && (o->least < o->most || o->least > o->most);
}

bool option_is_no_file(const relumine_option *o, const char *text)
{
	double value;
	return choice_index(o->choices, text) >= 0 ||
		(option_takes_number_or_file(o) && is_number(text, &value));
}

static bool parse_number(const relumine_option *o, void *place, const char *text, GError **err)
{
	double value;
	if (o->choices && choice_index(o->choices, text) >= 0) {
		*(double *)place = NAN;
		return true;
	}
	if (!is_number(text, &value))
		return refuse(o, err, "'%s' is not a finite number", text);
	if (!in_range(o, value))
		return refuse(o, err, "%s is out of range", text);
	*(double *)place = value;
	return true;
}

static bool parse_integer(const relumine_option *o, void *place, const char *text, GError **err)
{
	gint64 value;
	g_autoptr(GError) cause = NULL;
	if (o->choices && choice_index(o->choices, text) >= 0) {
		*(int64_t *)place = INT64_MIN;
		return true;
	}
	if (!g_ascii_string_to_signed(text, 10, INT64_MIN + 1, INT64_MAX, &value, &cause))
		return cause->code == G_NUMBER_PARSER_ERROR_OUT_OF_BOUNDS ?
			refuse(o, err, "%s is out of range", text) :
			refuse(o, err, "'%s' is not a whole number", text);
	if (!in_range(o, (double)value))
		return refuse(o, err, "%s is out of range", text);
	*(int64_t *)place = value;
	return true;
}

/* Bytes: 4096, 300M, 1.5G, 2GiB; the letters stand for powers of 1024. */
static bool parse_size(const relumine_option *o, void *place, const char *text, GError **err)
{
	static const char letters[] = "kMGT";
	double value;
	char *rest;
	if (!read_number(text, &value, &rest))
		return refuse(o, err, "'%s' is not a size", text);
	if (*rest) {
		const char *letter = strchr(letters, *rest == 'K' ? 'k' : *rest);
		if (letter) {
			value = ldexp(value, 10 * (int)(letter - letters + 1));
			rest++;
		}
		if (*rest && strcmp(rest, "B") != 0 && strcmp(rest, "iB") != 0)
			return refuse(o, err, "'%s' is not a size: its unit is not one of k, M, G, T", text);
	}
	if (value > 9e18 || !in_range(o, value))
		return refuse(o, err, "%s is out of range", text);
	*(int64_t *)place = (int64_t)value;
	return true;
}

static bool parse_choice(const relumine_option *o, void *place, const char *text, GError **err)
{
	int index = choice_index(o->choices, text);
	if (index < 0)
		return refuse_word(o, text, err);
	*(int *)place = index;
	return true;
}

static bool parse_text(const relumine_option *o, void *place, const char *text, GError **err)
{
	if (!*text && o->type != RELUMINE_TEXT)
		return refuse(o, err, "the file name is empty");
	double value;
	if (option_takes_number_or_file(o) && is_number(text, &value) && !in_range(o, value))
		return refuse(o, err, "%s is out of range", text);
	if (o->many) {
		char ***list = place;
		guint n = *list ? g_strv_length(*list) : 0;
		*list = g_renew(char *, *list, n + 2);
		(*list)[n] = g_strdup(text);
		(*list)[n + 1] = NULL;
		return true;
	}
	g_free(*(char **)place);
	*(char **)place = g_strdup(text);
	return true;
}

/* --- and one way back ------------------------------------------------------------------------ */

static json_t *first_word(const relumine_option *o)
{
	if (!o->choices)
		return json_null();
	g_auto(GStrv) words = g_strsplit(o->choices, "|", 2);
	return json_string(words[0]);
}

static json_t *flag_json(const relumine_option *o, const void *place)
{
	(void)o;
	return json_boolean(*(const bool *)place);
}

static json_t *number_json(const relumine_option *o, const void *place)
{
	double value = *(const double *)place;
	return isnan(value) ? first_word(o) : json_real(value);
}

static json_t *integer_json(const relumine_option *o, const void *place)
{
	int64_t value = *(const int64_t *)place;
	return value == INT64_MIN ? first_word(o) : json_integer(value);
}

static json_t *choice_json(const relumine_option *o, const void *place)
{
	int index = *(const int *)place;
	if (index < 0)
		return json_null();
	g_auto(GStrv) words = g_strsplit(o->choices, "|", -1);
	return json_string(words[index]);
}

static json_t *text_json(const relumine_option *o, const void *place)
{
	const char *text = o->many ? NULL : *(char *const *)place;
	double value;
	if (text && option_takes_number_or_file(o) && is_number(text, &value))
		return json_real(value);
	if (!o->many)
		return text_to_json(text);
	json_t *list = json_array();
	for (char *const *s = *(char **const *)place; s && *s; s++)
		json_array_append_new(list, text_to_json(*s));
	return list;
}

/* --- the types ------------------------------------------------------------------------------- */

static void unset_flag(void *place)
{
	*(bool *)place = false;
}

static void unset_number(void *place)
{
	*(double *)place = NAN;
}

static void unset_integer(void *place)
{
	*(int64_t *)place = INT64_MIN;
}

static void unset_choice(void *place)
{
	*(int *)place = -1;
}

static void unset_text(void *place)
{
	*(char **)place = NULL;
}

static const struct {
	bool (*parse)(const relumine_option *o, void *place, const char *text, GError **err);
	json_t *(*json)(const relumine_option *o, const void *place);
	void (*unset)(void *place);
} types[] = {
	[RELUMINE_FLAG] = { parse_flag, flag_json, unset_flag },
	[RELUMINE_INTEGER] = { parse_integer, integer_json, unset_integer },
	[RELUMINE_NUMBER] = { parse_number, number_json, unset_number },
	[RELUMINE_SIZE] = { parse_size, integer_json, unset_integer },
	[RELUMINE_CHOICE] = { parse_choice, choice_json, unset_choice },
	[RELUMINE_TEXT] = { parse_text, text_json, unset_text },
	[RELUMINE_FILE_IN] = { parse_text, text_json, unset_text },
	[RELUMINE_FILE_OUT] = { parse_text, text_json, unset_text },
};

void options_reset(const relumine_option *table, void *record)
{
	for (const relumine_option *o = table; o->name; o++) {
		types[o->type].unset(option_place(o, record));
		if (!o->value)
			continue;
		bool sound = option_set(o, record, o->value, NULL);
		g_assert(sound);        /* a default that its own table refuses */
	}
}

void options_clear(const relumine_option *table, void *record)
{
	for (const relumine_option *o = table; o->name; o++) {
		if (o->type < RELUMINE_TEXT)
			continue;
		char **place = option_place(o, record);
		if (o->many)
			g_strfreev(*(char ***)place);
		else
			g_free(*place);
		*place = NULL;
	}
}

bool option_set(const relumine_option *o, void *record, const char *text, GError **err)
{
	if (!text && o->type != RELUMINE_FLAG)
		return refuse(o, err, "needs a value");
	return types[o->type].parse(o, option_place(o, record), text, err);
}

void options_json(const relumine_option *table, const void *record, void *object)
{
	for (const relumine_option *o = table; o->name; o++)
		if (o->type != RELUMINE_FILE_OUT)
			json_object_set_new(object, o->name, types[o->type].json(o, option_place(o, record)));
}
