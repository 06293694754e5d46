/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - the command: words in, one job done, an exit status out */
#include "main.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRESS_INTERVAL 0.1   /* seconds between two updates of the progress line */

const relumine_option talk_options[] = {
	{ "json", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"print the result as one JSON object on standard output", false, 0 },
	{ "quiet", 'q', RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"no progress, no warnings, no closing line", false, 0 },
	{ "verbose", 'v', RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"say each step, on standard error", false, 0 },
	{ "help", 'h', RELUMINE_FLAG, NULL, 0, 0, NULL, NULL, "print this and exit", false, 0 },
	{ 0 }
};

int option_sections(const relumine_command *c, option_section sections[MAX_SECTIONS])
{
	int n = 0;
	sections[n++] = (option_section){ "Options", c->options };
	if (c->writes) {
		sections[n++] = (option_section){ "Output", relumine_output_options() };
		sections[n++] = (option_section){ "For the eye (.png)", relumine_render_options() };
	}
	sections[n++] = (option_section){ "Computing", relumine_common_options() };
	sections[n++] = (option_section){ "Talk", talk_options };
	return n;
}

/* One call of the program. */
typedef struct {
	const relumine_command *command;
	relumine_job *job;
	bool json, quiet, verbose, help;
	bool has_output;
	/* the progress line */
	bool terminal;
	int line_length;                /* what stands on the terminal now */
	double last_update;             /* seconds since the job began */
	const char *step;
} call;

/* --- talking --------------------------------------------------------------------------------- */

static int complain(GError *err)
{
	int status = relumine_exit_status(err);
	fprintf(stderr, "relumine: %s\n", err->message);
	g_error_free(err);
	return status;
}

static int wrong_usage(const char *what, const char *remedy)
{
	fprintf(stderr, "relumine: %s\n  try:   %s\n", what, remedy);
	return RELUMINE_BAD_USAGE;
}

/* A pipe that was closed on purpose is no failure; a full disk is. */
static int print_text(const char *text)
{
	if (fputs(text, stdout) != EOF && fflush(stdout) == 0)
		return RELUMINE_DONE;
	if (errno == EPIPE)
		return RELUMINE_DONE;
	fprintf(stderr, "relumine: standard output: %s\n", g_strerror(errno));
	return RELUMINE_BAD_OUTPUT;
}

/* --- the progress line, on a terminal only --------------------------------------------------- */

static void show_line(call *c, const char *text)
{
	int length = (int)strlen(text);
	fprintf(stderr, "\r%s%*s\r", text, MAX(c->line_length - length, 0), "");
	fflush(stderr);
	c->line_length = length;
}

static void clear_line(call *c)
{
	if (c->line_length > 0)
		show_line(c, "");
}

static char *progress_text(const relumine_progress *p)
{
	g_autoptr(GString) t = g_string_new(p->step);
	if (p->iterations > 0)
		g_string_append_printf(t, "  %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, p->iteration,
			p->iterations);
	if (p->channels > 1)
		g_string_append_printf(t, "  channel %" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
			p->channel + 1, p->channels);
	if (!isnan(p->objective))
		g_string_append_printf(t, "  objective %.4e", p->objective);
	if (p->remaining >= 0)
		g_string_append_printf(t, "  %.0f s left", ceil(p->remaining));
	return g_strdup(t->str);
}

static bool watch(const relumine_progress *p, void *data)
{
	call *c = data;
	bool new_step = p->step != c->step;
	c->step = p->step;
	if (c->verbose && new_step) {
		clear_line(c);
		fprintf(stderr, "%8.3f s  %s\n", p->elapsed, p->step);
	}
	if (c->terminal && (new_step || p->elapsed >= c->last_update + PROGRESS_INTERVAL)) {
		g_autofree char *text = progress_text(p);
		show_line(c, text);
		c->last_update = p->elapsed;
	}
	return true;
}

/* --- signals --------------------------------------------------------------------------------- */

/* The job to stop; a handler has no other way to know it. */
static relumine_job *volatile running;

static void stop_running(int number)
{
	(void)number;
	if (running)
		relumine_job_stop(running);
}

/* The first signal asks the job to stop and leave nothing; a second one ends the program. */
static void catch_signals(void)
{
	struct sigaction stop = { .sa_handler = stop_running, .sa_flags = (int)SA_RESETHAND };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);      /* a write then fails with EFBIG */
}

/* --- words ----------------------------------------------------------------------------------- */

const relumine_command *find_command(const char *name)
{
	for (const relumine_command *const *c = relumine_commands(); *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

static bool is_group(const char *word)
{
	size_t n = strlen(word);
	for (const relumine_command *const *c = relumine_commands(); *c; c++)
		if (!strncmp((*c)->name, word, n) && (*c)->name[n] == ' ')
			return true;
	return false;
}

/* The option that -x or --name means; NULL: none. */
static const relumine_option *find_option(const relumine_command *c, const char *name, char letter)
{
	option_section sections[MAX_SECTIONS];
	int n = option_sections(c, sections);
	for (int i = 0; i < n; i++)
		for (const relumine_option *o = sections[i].options; o->name; o++)
			if (name ? !strcmp(o->name, name) : o->letter == letter)
				return o;
	return NULL;
}

/* Options that are the command's own, not the job's.  False: it is none of these. */
static bool take_talk(call *c, const char *name)
{
	const struct { const char *name; bool *place; } own[] = {
		{ "json", &c->json }, { "quiet", &c->quiet }, { "verbose", &c->verbose },
		{ "help", &c->help },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
		if (!strcmp(own[i].name, name))
			return *own[i].place = true;
	return false;
}

/* words[0] is an option.  Returns how many words it took, 0 after an error. */
static int take_option(call *c, char **words, GError **err)
{
	bool is_long = words[0][1] == '-';
	char *equals = is_long ? strchr(words[0], '=') : NULL;
	g_autofree char *name = is_long ? g_strndup(words[0] + 2, strcspn(words[0] + 2, "=")) : NULL;
	const relumine_option *o = find_option(c->command, name, words[0][1]);
	const char *value = equals ? equals + 1 : !is_long && words[0][2] ? words[0] + 2 : NULL;
	int used = 1;
	if (!o && !is_long)
		name = g_strndup(words[0] + 1, 1);      /* the job refuses it by this name */
	if (o && o->type != RELUMINE_FLAG && !value && words[1]) {
		value = words[1];
		used = 2;
	}
	if (o && !value && take_talk(c, o->name))
		return used;
	if (o && !strcmp(o->name, "output"))
		c->has_output = true;
	return relumine_job_set(c->job, o ? o->name : name, value, err) ? used : 0;
}

static bool take_words(call *c, char **words, GError **err)
{
	bool options = true;
	while (*words) {
		int used = 1;
		if (options && !strcmp(*words, "--"))
			options = false;
		else if (options && (*words)[0] == '-' && (*words)[1])
			used = take_option(c, words, err);
		else if (!relumine_job_add_input(c->job, *words, err))
			used = 0;
		if (!used)
			return false;
		words += used;
	}
	return true;
}

/* --help wins over everything that may be wrong beside it. */
static bool asks_help(char **words)
{
	for (; *words && strcmp(*words, "--") != 0; words++)
		if (!strcmp(*words, "--help") || !strcmp(*words, "-h"))
			return true;
	return false;
}

/* --- one job --------------------------------------------------------------------------------- */

static char *words_as_typed(char **words)
{
	g_autoptr(GString) all = g_string_new("relumine");
	for (; *words; words++) {
		bool plain = **words && strspn(*words, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS
			"-_./=:,+%@") == strlen(*words);
		g_autofree char *quoted = plain ? g_strdup(*words) : g_shell_quote(*words);
		g_string_append_printf(all, " %s", quoted);
	}
	return g_strdup(all->str);
}

static void show_warnings(const call *c)
{
	if (c->quiet)
		return;
	g_auto(GStrv) lines = g_strsplit(relumine_job_warnings(c->job), "\n", -1);
	for (char **line = lines; *line; line++)
		if (**line)
			fprintf(stderr, "relumine: warning: %s\n", *line);
}

static int show_result(const call *c)
{
	const char *text = c->json ? relumine_job_json(c->job) : relumine_job_text(c->job);
	if (!*text || (c->quiet && c->command->writes && !c->json))
		return RELUMINE_DONE;
	g_autofree char *line = c->json ? g_strconcat(text, "\n", NULL) : g_strdup(text);
	return print_text(line);
}

static int run(call *c)
{
	GError *err = NULL;
	g_autofree char *cache = g_build_filename(g_get_user_cache_dir(), "relumine", NULL);
	relumine_job_set_cache(c->job, cache);
	c->terminal = !c->quiet && isatty(STDERR_FILENO);
	if (c->terminal || c->verbose)
		relumine_job_set_watch(c->job, watch, c);
	running = c->job;
	catch_signals();
	bool done = relumine_job_run(c->job, &err);
	running = NULL;
	clear_line(c);
	show_warnings(c);
	int printed = show_result(c);
	return done ? printed : complain(err);
}

static int run_command(const relumine_command *command, char **words, char **all_words)
{
	GError *err = NULL;
	call c = { .command = command };
	if (asks_help(words)) {
		g_autoptr(GString) text = g_string_new(NULL);
		help_command(text, command);
		return print_text(text->str);
	}
	c.job = relumine_job_new(command->name, &err);
	if (!c.job)
		return complain(err);
	g_autofree char *typed = words_as_typed(all_words);
	relumine_job_set_words(c.job, typed);
	g_autofree char *usage = g_strdup_printf("relumine %s --help", command->name);
	int status;
	if (!take_words(&c, words, &err))
		status = complain(err);
	else if (command->writes && !c.has_output)
		status = wrong_usage("-o: no output is given; where should the result go?", usage);
	else
		status = run(&c);
	relumine_job_free(c.job);
	return status;
}

/* --- words that are no command of the library ------------------------------------------------ */

static int unknown_command(const char *name)
{
	GError *err = NULL;
	relumine_job_free(relumine_job_new(name, &err));        /* says which name is near */
	return complain(err);
}

static int help_about(const char *first, const char *second)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *both = second ? g_strconcat(first, " ", second, NULL) : NULL;
	const relumine_command *c = !first ? NULL : find_command(both ? both : first);
	if (!first)
		help_program(text);
	else if (c)
		help_command(text, c);
	else if (!second && is_group(first))
		help_group(text, first);
	else
		return unknown_command(both ? both : first);
	return print_text(text->str);
}

static int run_generate(const char *what)
{
	g_autoptr(GString) text = g_string_new(NULL);
	if (!what || !generate(text, what))
		return wrong_usage("--generate: takes man, bash, zsh or fish", "relumine --generate man");
	return print_text(text->str);
}

static int run_group(char **words)
{
	g_autoptr(GString) text = g_string_new(NULL);
	if (words[1] && words[1][0] != '-') {
		g_autofree char *name = g_strconcat(words[0], " ", words[1], NULL);
		const relumine_command *c = find_command(name);
		return c ? run_command(c, words + 2, words) : unknown_command(name);
	}
	help_group(text, words[0]);
	if (words[1] && asks_help(words + 1))
		return print_text(text->str);
	fputs(text->str, stderr);
	return RELUMINE_BAD_USAGE;
}

int main(int argc, char **argv)
{
	char **words = argv + (argc > 0);
	catch_signals();
	if (!*words) {
		g_autoptr(GString) text = g_string_new(NULL);
		help_usage(text);
		fputs(text->str, stderr);
		return RELUMINE_BAD_USAGE;
	}
	if (!strcmp(words[0], "--help") || !strcmp(words[0], "-h") || !strcmp(words[0], "help"))
		return help_about(words[1], words[1] ? words[2] : NULL);
	if (!strcmp(words[0], "--version")) {
		g_autofree char *text = g_strdup_printf("relumine %s\n", relumine_version());
		return print_text(text);
	}
	if (!strcmp(words[0], "--generate"))
		return run_generate(words[1]);
	const relumine_command *c = find_command(words[0]);
	if (c)
		return run_command(c, words + 1, words);
	return is_group(words[0]) ? run_group(words) : unknown_command(words[0]);
}
