/* SPDX-License-Identifier: BSD-3-Clause */
/* devices.c - the command `devices`: what can compute here, and what is missing */
#include <jansson.h>
#include <string.h>
#include "core/opencl.h"
#include "job/commands.h"
#include "job/text.h"

/* The widest of the three instruction sets that kernels are compiled for. */
static const char *instruction_set(void)
{
#if defined(__x86_64__) && defined(HAVE_TARGET_CLONES)
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512cd"))
		return "x86-64-v4";
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return "x86-64-v3";
#endif
	return "baseline";
}

static bool run(task *t, GError **err)
{
	(void)err;
	g_autofree char *text = opencl_survey(false), *survey = opencl_survey(true);
	g_autofree char *cpu = device_name(t->cpu);
	json_t *opencl = json_loads(survey, 0, NULL);
	json_t *facts = json_object();
	g_string_append_printf(t->text, "cpu: %s, kernels for %s\n%s", cpu, instruction_set(), text);
	json_object_set_new(facts, "threads", json_integer(device_threads(t->cpu)));
	json_object_set_new(facts, "instruction_set", json_string(instruction_set()));
	json_object_set_new(t->facts, "cpu", facts);
	json_object_set_new(t->facts, "opencl", opencl ? opencl : json_array());
	return true;
}

static const relumine_option own_options[] = { { 0 } };

const modality command_devices = {
	.command = {
		.name = "devices",
		.summary = "what can compute here, and what is missing",
		.inputs = "",
		.options = own_options,
		.examples = "relumine devices",
		.description =
			"Lists the CPU and the OpenCL devices as --device counts them, and what would have "
			"to be installed for those that are missing. A machine without OpenCL is normal: the "
			"CPU needs nothing.",
	},
	.on_cpu = true,
	.run = run,
};
