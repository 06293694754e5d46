/* SPDX-License-Identifier: BSD-3-Clause */
/* main-generate.c - the manual page and the shells' completions, from the tables */
#include "main.h"

#include <string.h>

/* Replace each character of `from` by the text of the same place in `to`. */
static char *escape(const char *text, const char *from, const char *const to[])
{
	g_autoptr(GString) out = g_string_new(NULL);
	for (; *text; text++) {
		const char *found = strchr(from, *text);
		if (found)
			g_string_append(out, to[found - from]);
		else
			g_string_append_c(out, *text);
	}
	return g_strdup(out->str);
}

typedef void each_option(GString *out, const relumine_command *c, const relumine_option *o);

static void for_options(GString *out, const relumine_command *c, each_option *body)
{
	option_section sections[MAX_SECTIONS];
	int n = option_sections(c, sections);
	for (int i = 0; i < n; i++)
		for (const relumine_option *o = sections[i].options; o->name; o++)
			body(out, c, o);
}

static bool takes_file(const relumine_option *o)
{
	return o->type == RELUMINE_FILE_IN || o->type == RELUMINE_FILE_OUT;
}

/* "one two three"; empty when any value goes */
static char *choice_words(const relumine_option *o)
{
	char *words = g_strdup(o->choices ? o->choices : "");
	g_strdelimit(words, "|", ' ');
	return words;
}

/* --- man ------------------------------------------------------------------------------------- */

static char *roff(const char *text)
{
	static const char *const to[] = { "\\e", "\\-", "\\(aq", "\\(dq" };
	g_autofree char *plain = escape(text, "\\-'\"", to);
	return plain[0] == '.' ? g_strconcat("\\&", plain, NULL) : g_steal_pointer(&plain);
}

static void man_option(GString *out, const relumine_command *c, const relumine_option *o)
{
	(void)c;
	g_autofree char *name = roff(o->name), *help = roff(o->help), *bare = help_range(o);
	g_autofree char *range = roff(bare);
	g_string_append(out, ".TP\n\\fB");
	if (o->letter)
		g_string_append_printf(out, "\\-%c\\fR, \\fB", o->letter);
	g_string_append_printf(out, "\\-\\-%s\\fR", name);
	if (o->type != RELUMINE_FLAG)
		g_string_append_printf(out, " \\fI%s\\fR", o->unit ? o->unit : "WORD");
	g_string_append_printf(out, "\n%s%s%s%s\n", help, *range ? " [" : "", range, *range ? "]" : "");
}

static void man_table(GString *out, const char *title, const relumine_option *table)
{
	g_string_append_printf(out, ".SH %s\n", title);
	for (const relumine_option *o = table; o->name; o++)
		man_option(out, NULL, o);
}

static void man_command(GString *out, const relumine_command *c)
{
	g_autofree char *name = roff(c->name), *summary = roff(c->summary);
	g_autofree char *description = roff(c->description ? c->description : "");
	g_autofree char *examples = roff(c->examples ? c->examples : "");
	g_string_append_printf(out, ".SS relumine %s\n%s.\n.PP\nUsage: \\fBrelumine %s\\fR [options] "
		"%s%s\n.PP\n%s\n", name, summary, name, c->inputs, c->writes ? " \\-o OUTPUT" : "",
		description);
	for (const relumine_option *o = c->options; o->name; o++)
		man_option(out, c, o);
	if (*examples)
		g_string_append_printf(out, ".PP\nExamples:\n.PP\n.nf\n%s\n.fi\n", examples);
}

static void generate_man(GString *out)
{
	g_string_append_printf(out, ".\\\" SPDX-License-Identifier: BSD-3-Clause\n"
		".TH RELUMINE 1 \"\" \"relumine %s\" \"User Commands\"\n.SH NAME\n"
		"relumine \\- computational imaging reconstruction\n.SH SYNOPSIS\n"
		".B relumine\n\\fIcommand\\fR [\\fIoptions\\fR] \\fIINPUT\\fR... \\-o \\fIOUTPUT\\fR\n"
		".SH DESCRIPTION\nTurns what a sensor recorded into the picture that a lens could not "
		"give. "
		"Beside each output stands OUTPUT.json, which says how it was made; "
		"\\fBrelumine run\\fR does it again.\n.SH COMMANDS\n", relumine_version());
	for (const relumine_command *const *c = relumine_commands(); *c; c++)
		man_command(out, *c);
	man_table(out, "OPTIONS OF EVERY COMMAND", relumine_common_options());
	man_table(out, "OPTIONS OF COMMANDS THAT WRITE", relumine_output_options());
	man_table(out, "PICTURES FOR THE EYE (.png)", relumine_render_options());
	man_table(out, "OPTIONS FOR TALK", talk_options);
	g_string_append(out, ".SH EXIT STATUS\n"
		"0 done; 1 a comparison over its threshold, or some files of many failed; 2 wrong usage; "
		"3 an input cannot be read or is invalid; 4 inputs do not fit together; 5 an output cannot "
		"be written; 6 a memory or size limit would be passed; 7 the device that was asked for is "
		"missing or lost; 8 the numbers failed (NaN, divergence); 9 interrupted.\n"
		".SH FILES\n\\fB$XDG_CACHE_HOME/relumine\\fR, by default \\fB~/.cache/relumine\\fR: "
		"compiled OpenCL programs; may be deleted at any time.\n");
}

/* --- bash ------------------------------------------------------------------------------------ */

static void bash_name(GString *out, const relumine_command *c, const relumine_option *o)
{
	(void)c;
	g_string_append_printf(out, " --%s", o->name);
	if (o->letter)
		g_string_append_printf(out, " -%c", o->letter);
}

/* "    'compare --align') words='none scale shift both' ;;" */
static void bash_value(GString *out, const relumine_command *c, const relumine_option *o)
{
	g_autofree char *words = choice_words(o);
	if (o->type != RELUMINE_FLAG && !takes_file(o))
		g_string_append_printf(out, "\t'%s --%s') COMPREPLY=($(compgen -W '%s' -- \"$cur\")); "
			"return ;;\n", c->name, o->name, words);
}

/* Whether a command of two words is the first with its first word. */
static bool begins_group(const relumine_command *const *c)
{
	size_t n = strcspn((*c)->name, " ") + 1;
	if (!strchr((*c)->name, ' '))
		return false;
	for (const relumine_command *const *d = relumine_commands(); d < c; d++)
		if (!strncmp((*d)->name, (*c)->name, n))
			return false;
	return true;
}

/* The first words of all commands, each once. */
static void first_words(GString *out)
{
	for (const relumine_command *const *c = relumine_commands(); *c; c++)
		if (!strchr((*c)->name, ' ') || begins_group(c))
			g_string_append_printf(out, "%.*s ", (int)strcspn((*c)->name, " "), (*c)->name);
	g_string_append(out, "help");
}

/* What may follow the first word of `*c`. */
static void second_words(GString *out, const relumine_command *const *c)
{
	size_t n = strcspn((*c)->name, " ") + 1;
	for (const relumine_command *const *d = c; *d; d++)
		if (!strncmp((*d)->name, (*c)->name, n))
			g_string_append_printf(out, "%s ", (*d)->name + n);
}

static void bash_group(GString *out, const relumine_command *const *c)
{
	g_string_append_printf(out, "\t%.*s)\n\t\tif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
		"\t\t\tCOMPREPLY=($(compgen -W '", (int)strcspn((*c)->name, " "), (*c)->name);
	second_words(out, c);
	g_string_append(out, "' -- \"$cur\")); return\n\t\tfi\n"
		"\t\tcommand=\"$command ${COMP_WORDS[2]}\" ;;\n");
}

static void generate_bash(GString *out)
{
	g_string_append(out, "# bash completion for relumine; generated\n_relumine()\n{\n"
		"\tlocal cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
		"\tlocal command=\"${COMP_WORDS[1]}\"\n"
		"\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tCOMPREPLY=($(compgen -W '");
	first_words(out);
	g_string_append(out, " --help --version' -- \"$cur\")); return\n\tfi\n"
		"\tcase \"$command\" in\n");
	for (const relumine_command *const *c = relumine_commands(); *c; c++)
		if (begins_group(c))
			bash_group(out, c);
	g_string_append(out, "\tesac\n\tcase \"$command $prev\" in\n");
	for (const relumine_command *const *c = relumine_commands(); *c; c++)
		for_options(out, *c, bash_value);
	g_string_append(out, "\tesac\n\tif [ \"${cur#-}\" = \"$cur\" ]; then\n"
		"\t\tCOMPREPLY=($(compgen -f -- \"$cur\")); return\n\tfi\n\tcase \"$command\" in\n");
	for (const relumine_command *const *c = relumine_commands(); *c; c++) {
		g_string_append_printf(out, "\t'%s') COMPREPLY=($(compgen -W '", (*c)->name);
		for_options(out, *c, bash_name);
		g_string_append(out, "' -- \"$cur\")) ;;\n");
	}
	g_string_append(out, "\tesac\n}\ncomplete -o filenames -F _relumine relumine\n");
}

/* --- zsh ------------------------------------------------------------------------------------- */

/* Inside '...' and [...] of an _arguments specification. */
static char *zsh_text(const char *text)
{
	static const char *const to[] = { "'\\''", "\\[", "\\]", "\\:", "\\\\" };
	return escape(text, "'[]:\\", to);
}

static void zsh_option(GString *out, const relumine_command *c, const relumine_option *o)
{
	(void)c;
	g_autofree char *help = zsh_text(o->help), *words = choice_words(o);
	g_autofree char *value = o->type == RELUMINE_FLAG ? g_strdup("") :
		takes_file(o) ? g_strdup(":file:_files") : g_strdup_printf(":%s:(%s)", o->name, words);
	const char *again = o->many ? "*" : "";
	g_string_append_printf(out, "\t\t'%s--%s[%s]%s' \\\n", again, o->name, help, value);
	if (o->letter)
		g_string_append_printf(out, "\t\t'%s-%c[%s]%s' \\\n", again, o->letter, help, value);
}

static void zsh_group(GString *out, const relumine_command *const *c)
{
	g_string_append_printf(out, "\t%.*s)\n\t\tif (( CURRENT == 3 )); then compadd -- ",
		(int)strcspn((*c)->name, " "), (*c)->name);
	second_words(out, c);
	g_string_append(out, "; return; fi\n\t\tcommand=\"$command $words[3]\"\n"
		"\t\tshift words; (( CURRENT-- )) ;;\n");
}

static void generate_zsh(GString *out)
{
	g_string_append(out, "#compdef relumine\n# generated\nlocal command=$words[2]\n"
		"if (( CURRENT == 2 )); then\n\tcompadd -- ");
	first_words(out);
	g_string_append(out, " --help --version\n\treturn\nfi\ncase \"$command\" in\n");
	for (const relumine_command *const *c = relumine_commands(); *c; c++)
		if (begins_group(c))
			zsh_group(out, c);
	g_string_append(out, "esac\nshift words; (( CURRENT-- ))\ncase \"$command\" in\n");
	for (const relumine_command *const *c = relumine_commands(); *c; c++) {
		g_string_append_printf(out, "\t'%s')\n\t\t_arguments \\\n", (*c)->name);
		for_options(out, *c, zsh_option);
		g_string_append(out, "\t\t'*:file:_files' ;;\n");
	}
	g_string_append(out, "esac\n");
}

/* --- fish ------------------------------------------------------------------------------------ */

static char *fish_text(const char *text)
{
	static const char *const to[] = { "\\'", "\\\\" };
	return escape(text, "'\\", to);
}

/* The words of the command must have been typed, in order. */
static char *fish_condition(const relumine_command *c)
{
	g_auto(GStrv) words = g_strsplit(c->name, " ", 2);
	return words[1] ?
		g_strdup_printf("__fish_seen_subcommand_from %s; and __fish_seen_subcommand_from %s",
			words[0], words[1]) :
		g_strdup_printf("__fish_seen_subcommand_from %s", words[0]);
}

static void fish_option(GString *out, const relumine_command *c, const relumine_option *o)
{
	g_autofree char *help = fish_text(o->help), *words = choice_words(o);
	g_autofree char *condition = fish_condition(c);
	g_string_append_printf(out, "complete -c relumine -n '%s' -l %s", condition, o->name);
	if (o->letter)
		g_string_append_printf(out, " -s %c", o->letter);
	if (takes_file(o))
		g_string_append(out, " -r -F");
	else if (o->type != RELUMINE_FLAG)
		g_string_append_printf(out, " -x -a '%s'", words);
	g_string_append_printf(out, " -d '%s'\n", help);
}

static void generate_fish(GString *out)
{
	g_string_append(out, "# fish completion for relumine; generated\n"
		"complete -c relumine -n __fish_use_subcommand -f -a '");
	first_words(out);
	g_string_append(out, "'\n");
	for (const relumine_command *const *c = relumine_commands(); *c; c++) {
		if (begins_group(c)) {
			g_string_append_printf(out, "complete -c relumine -f -n '__fish_seen_subcommand_from "
				"%.*s; and test (count (commandline -opc)) -eq 2' -a '",
				(int)strcspn((*c)->name, " "), (*c)->name);
			second_words(out, c);
			g_string_append(out, "'\n");
		}
		for_options(out, *c, fish_option);
	}
}

bool generate(GString *out, const char *what)
{
	static const struct { const char *name; void (*make)(GString *out); } kinds[] = {
		{ "man", generate_man }, { "bash", generate_bash }, { "zsh", generate_zsh },
		{ "fish", generate_fish },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (!strcmp(kinds[i].name, what)) {
			kinds[i].make(out);
			return true;
		}
	}
	return false;
}
