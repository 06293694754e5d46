/* SPDX-License-Identifier: BSD-3-Clause */
/* main-help.c - help texts from the tables */
#include "main.h"

#include <string.h>

#define HELP_COLUMN 26  /* where the explanation of an option begins */
#define HELP_WIDTH 96   /* of a whole line */

/* Words of `text` from column `indent` on, in lines of HELP_WIDTH; the cursor stands at `at`. */
static void wrap(GString *out, const char *text, int indent, int at)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	if (at >= indent && indent > 0) {
		g_string_append_c(out, '\n');
		at = 0;
	}
	g_string_append_printf(out, "%*s", indent - at, "");
	at = indent;
	for (char **w = words; *w; w++) {
		int length = (int)g_utf8_strlen(*w, -1);
		if (at > indent && at + 1 + length > HELP_WIDTH) {
			g_string_append_printf(out, "\n%*s", indent, "");
			at = indent;
		}
		g_string_append_printf(out, "%s%s", at > indent ? " " : "", *w);
		at += length + (at > indent);
	}
	g_string_append_c(out, '\n');
}

/* A number, or a file that has one for each pixel. */
static bool number_or_file(const relumine_option *o)
{
	return o->type == RELUMINE_FILE_IN && (o->least < o->most || o->least > o->most);
}

static void append_numbers(GString *t, const relumine_option *o)
{
	if (o->type == RELUMINE_INTEGER || o->type == RELUMINE_NUMBER || number_or_file(o)) {
		if (o->least != o->most)
			g_string_append_printf(t, "%.12g to %.12g", o->least, o->most);
		if (o->unit && strcmp(o->unit, "N") != 0)
			g_string_append_printf(t, "%s%s", t->len ? " " : "", o->unit);
	}
	if (number_or_file(o))
		g_string_append(t, ", or a file");
	if (o->choices) {
		g_auto(GStrv) words = g_strsplit(o->choices, "|", -1);
		g_autofree char *list = g_strjoinv(", ", words);
		g_string_append_printf(t, "%s%s", t->len ? ", or " : "", list);
	}
}

char *help_range(const relumine_option *o)
{
	g_autoptr(GString) t = g_string_new(NULL);
	append_numbers(t, o);
	if (o->value)
		g_string_append_printf(t, "%sdefault %s", t->len ? "; " : "", o->value);
	return g_strdup(t->str);
}

static void help_option(GString *out, const relumine_option *o)
{
	g_autoptr(GString) head = g_string_new("  ");
	g_autofree char *range = help_range(o);
	g_autofree char *help = *range ? g_strdup_printf("%s [%s]", o->help, range) :
		g_strdup(o->help);
	if (o->letter)
		g_string_append_printf(head, "-%c, ", o->letter);
	g_string_append_printf(head, "--%s", o->name);
	if (o->type != RELUMINE_FLAG)
		g_string_append_printf(head, " %s", o->type == RELUMINE_CHOICE ? "WORD" :
			number_or_file(o) ? "N|FILE" :
			o->unit && g_ascii_isupper(*o->unit) ? o->unit : "N");
	g_string_append(out, head->str);
	wrap(out, help, HELP_COLUMN, (int)head->len + 1);
}

static void help_section(GString *out, const option_section *section)
{
	if (!section->options->name)
		return;
	g_string_append_printf(out, "\n%s:\n", section->title);
	for (const relumine_option *o = section->options; o->name; o++)
		help_option(out, o);
}

static void help_examples(GString *out, const char *examples)
{
	g_auto(GStrv) lines = g_strsplit(examples ? examples : "", "\n", -1);
	if (*lines)
		g_string_append(out, "\nExamples:\n");
	for (char **line = lines; *line; line++)
		if (**line)
			g_string_append_printf(out, "  %s\n", *line);
}

void help_command(GString *out, const relumine_command *c)
{
	option_section sections[MAX_SECTIONS];
	int n = option_sections(c, sections);
	g_string_append_printf(out, "relumine %s - %s\n\nUsage: relumine %s [options]%s%s%s\n\n",
		c->name, c->summary, c->name, *c->inputs ? " " : "", c->inputs,
		c->writes ? " -o OUTPUT" : "");
	if (c->description)
		wrap(out, c->description, 0, 0);
	for (int i = 0; i < n; i++)
		help_section(out, &sections[i]);
	help_examples(out, c->examples);
}

static void help_list(GString *out, const char *first_word)
{
	for (const relumine_command *const *c = relumine_commands(); *c; c++) {
		size_t n = first_word ? strlen(first_word) : 0;
		if (!n || (!strncmp((*c)->name, first_word, n) && (*c)->name[n] == ' '))
			g_string_append_printf(out, "  %-18s %s\n", (*c)->name, (*c)->summary);
	}
}

void help_usage(GString *out)
{
	g_string_append(out, "Usage: relumine <command> [options] INPUT... -o OUTPUT\n\n");
	help_list(out, NULL);
	g_string_append(out, "\nrelumine <command> --help tells more.\n");
}

void help_group(GString *out, const char *word)
{
	g_string_append_printf(out, "Usage: relumine %s <command> [options] ...\n\n", word);
	help_list(out, word);
	g_string_append(out, "\nrelumine <command> --help tells more.\n");
}

void help_program(GString *out)
{
	static const char statuses[] =
		"\nExit status: 0 done; 1 a comparison over its threshold, or some files of many failed;\n"
		"2 wrong usage; 3 an input cannot be read or is invalid; 4 inputs do not fit together;\n"
		"5 an output cannot be written; 6 a memory or size limit would be passed;\n"
		"7 the device that was asked for is missing or lost; 8 the numbers failed;\n"
		"9 interrupted.\n";
	option_section common = { "Options of every command", relumine_common_options() };
	option_section output = { "Options of commands that write", relumine_output_options() };
	option_section render = { "Pictures for the eye (.png)", relumine_render_options() };
	option_section talk = { "Talk", talk_options };
	g_string_append_printf(out, "relumine %s - computational imaging reconstruction\n\n",
		relumine_version());
	help_usage(out);
	help_section(out, &common);
	help_section(out, &output);
	help_section(out, &render);
	help_section(out, &talk);
	g_string_append(out, statuses);
}
