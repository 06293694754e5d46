/* SPDX-License-Identifier: BSD-3-Clause */
/* commands.c - the table of all commands, in the order of help */
#include "job/commands.h"

#include <string.h>
#include "core/error.h"

/* Each command once: LIST(m) is m(first) m(second) ... */
#define LIST(m) \
	m(command_lensless) \
	m(command_deconv) \
	m(command_nlos) \
	m(command_psf_info) \
	m(command_psf_make) \
	m(command_psf_estimate) \
	m(command_psf_beads) \
	m(command_simulate_lensless) \
	m(command_simulate_blur) \
	m(command_simulate_nlos) \
	m(command_convert) \
	m(command_inspect) \
	m(command_compare) \
	m(command_devices) \
	m(command_run)

#define MODALITY(name) &name,
#define COMMAND(name) &name.command,

static const modality *const modalities[] = { LIST(MODALITY) };

const relumine_command *const *relumine_commands(void)
{
	static const relumine_command *const commands[] = { LIST(COMMAND) NULL };
	return commands;
}

const char *relumine_version(void)
{
	return PACKAGE_VERSION;
}

const modality *command_find(const char *name, GError **err)
{
	const char *names[G_N_ELEMENTS(modalities)];
	for (size_t i = 0; i < G_N_ELEMENTS(modalities); i++) {
		if (!strcmp(modalities[i]->command.name, name))
			return modalities[i];
		names[i] = modalities[i]->command.name;
	}
	const char *near = error_nearest(name, names, G_N_ELEMENTS(names));
	g_autofree char *remedy = near ? g_strdup_printf("did you mean `%s`?", near) :
		g_strdup("relumine --help lists the commands");
	error_set(err, RELUMINE_BAD_USAGE, name, remedy, "there is no such command");
	return NULL;
}
