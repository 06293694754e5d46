/* SPDX-License-Identifier: BSD-3-Clause */
/* commands.h - the table of all commands */
#ifndef JOB_COMMANDS_H
#define JOB_COMMANDS_H

#include "mode/modality.h"

extern const modality command_lensless, command_deconv, command_nlos, command_simulate_lensless;
extern const modality command_psf_info, command_psf_estimate, command_psf_make;
extern const modality command_psf_beads, command_simulate_blur, command_simulate_nlos;
extern const modality command_convert, command_inspect, command_compare, command_devices,
	command_run;

/* NULL and BAD_USAGE with the nearest name when there is none. */
const modality *command_find(const char *name, GError **err);

#endif
