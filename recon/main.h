/* SPDX-License-Identifier: BSD-3-Clause */
/* main.h - the command's own texts, all made from the tables of commands and options */
#ifndef MAIN_H
#define MAIN_H

#include <glib.h>
#include "relumine.h"

/* Options that concern how the command talks; ended by a NULL name. */
extern const relumine_option talk_options[];

/* The tables a command takes options from, with a title for each; returns how many. */
#define MAX_SECTIONS 5
typedef struct {
	const char *title;
	const relumine_option *options;
} option_section;
int option_sections(const relumine_command *c, option_section sections[MAX_SECTIONS]);

const relumine_command *find_command(const char *name);

/* main-help.c */
void help_usage(GString *out);          /* the short one */
void help_program(GString *out);
void help_command(GString *out, const relumine_command *c);
void help_group(GString *out, const char *word);        /* `psf`: the commands that begin so */
/* "1 to 1000 iterations, default 100"; empty where there is nothing to say.  Free with g_free. */
char *help_range(const relumine_option *o);

/* main-generate.c: "man", "bash", "zsh" or "fish"; false: no such thing */
bool generate(GString *out, const char *what);

#endif
