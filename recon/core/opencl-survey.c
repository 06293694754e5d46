/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-survey.c - `relumine devices`: what OpenCL has here, what is missing, what mends it */
#include "core/opencl-inside.h"

#include <jansson.h>
#include <stdlib.h>

static const struct opencl_machine this_machine = { "/sys/bus/pci/devices", "/etc/OpenCL/vendors" };

/* Who makes GPUs: the PCI and OpenCL number, and Debian's package with the driver. */
static const struct {
	uint64_t id;
	const char *name, *remedy;
} vendors[] = {
	{ 0x10de, "NVIDIA", "apt install nvidia-opencl-icd (and the NVIDIA driver, from non-free)" },
	{ 0x1002, "AMD", "apt install mesa-opencl-icd, or AMD's ROCm" },
	{ 0x8086, "Intel", "apt install intel-opencl-icd" },
};

/* --- what was found -------------------------------------------------------------------------- */

static const char *type_name(cl_device_id id)
{
	cl_device_type type = opencl_type(id);
	return type & CL_DEVICE_TYPE_GPU ? "GPU" : type & CL_DEVICE_TYPE_CPU ? "CPU" : "accelerator";
}

static json_t *describe(const GPtrArray *devices, guint index)
{
	cl_device_id id = devices->pdata[index];
	g_autofree char *place = g_strdup_printf("opencl:%u", index);
	g_autofree char *name = opencl_text(id, CL_DEVICE_NAME);
	g_autofree char *driver = opencl_text(id, CL_DRIVER_VERSION);
	g_autofree char *platform = opencl_platform_text(id, CL_PLATFORM_NAME);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b}", "device", place, "name", name,
		"type", type_name(id), "platform", platform, "driver", driver,
		"memory_bytes", (json_int_t)opencl_number(id, CL_DEVICE_GLOBAL_MEM_SIZE),
		"auto", id == opencl_pick(devices, OPENCL_AUTO));
}

/* --- what is missing ------------------------------------------------------------------------- */

static void add_missing(json_t *missing, const char *remedy, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
static void add_missing(json_t *missing, const char *remedy, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	json_array_append_new(missing, json_pack("{s:s, s:s}", "what", what, "try", remedy));
}

/* A number as the kernel writes it: "0x10de\n"; 0 where there is none. */
static uint64_t read_number(const char *folder, const char *entry, const char *file)
{
	g_autofree char *path = g_build_filename(folder, entry, file, NULL);
	g_autofree char *text = NULL;
	return g_file_get_contents(path, &text, NULL, NULL) ? strtoull(text, NULL, 16) : 0;
}

/* How many GPUs of a maker are plugged in (PCI class 3, display). */
static int count_gpus(const char *pci, uint64_t vendor)
{
	int n = 0;
	g_autoptr(GDir) dir = g_dir_open(pci, 0, NULL);
	for (const char *entry; dir && (entry = g_dir_read_name(dir));)
		n += read_number(pci, entry, "vendor") == vendor &&
			read_number(pci, entry, "class") >> 16 == 3;
	return n;
}

static int count_drivers(const char *folder)
{
	int n = 0;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	for (const char *entry; dir && (entry = g_dir_read_name(dir));)
		n += g_str_has_suffix(entry, ".icd");
	return n;
}

static bool has_gpu(const GPtrArray *devices, uint64_t vendor)
{
	for (guint i = 0; i < devices->len; i++)
		if (opencl_type(devices->pdata[i]) & CL_DEVICE_TYPE_GPU &&
		    opencl_number(devices->pdata[i], CL_DEVICE_VENDOR_ID) == vendor)
			return true;
	return false;
}

static json_t *find_missing(const struct opencl_machine *machine, const GPtrArray *devices)
{
	json_t *missing = json_array();
	for (size_t i = 0; i < G_N_ELEMENTS(vendors); i++)
		if (count_gpus(machine->pci, vendors[i].id) > 0 && !has_gpu(devices, vendors[i].id))
			add_missing(missing, vendors[i].remedy, "this machine has a GPU by %s, but no OpenCL "
				"driver answers for it", vendors[i].name);
	int drivers = count_drivers(machine->vendors);
	if (devices->len == 0 && drivers == 0)
		add_missing(missing, "apt install pocl-opencl-icd (OpenCL on the CPU, for tests)",
			"no OpenCL driver is installed: no .icd file in %s", machine->vendors);
	else if (devices->len == 0)
		add_missing(missing, "clinfo says more; apt install pocl-opencl-icd (OpenCL on the CPU)",
			"OpenCL drivers in %s: %d, but none of them offers a device", machine->vendors, drivers);
	else if (!opencl_pick(devices, OPENCL_AUTO))
		add_missing(missing, "nothing, unless there is a GPU: --device cpu is faster than these",
			"OpenCL has CPU devices only; --device auto passes them over");
	return missing;
}

/* --- telling it ------------------------------------------------------------------------------ */

static const char *word(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static char *as_text(const json_t *survey)
{
	GString *text = g_string_new(NULL);
	size_t i;
	json_t *one;
	json_array_foreach(json_object_get(survey, "devices"), i, one) {
		g_autofree char *memory = g_format_size_full((guint64)json_integer_value(
			json_object_get(one, "memory_bytes")), G_FORMAT_SIZE_IEC_UNITS);
		g_string_append_printf(text, "%-10s %s, %s, %s (%s, driver %s)%s\n", word(one, "device"),
			word(one, "name"), word(one, "type"), memory, word(one, "platform"),
			word(one, "driver"), json_is_true(json_object_get(one, "auto")) ? " <- auto" : "");
	}
	json_array_foreach(json_object_get(survey, "missing"), i, one)
		g_string_append_printf(text, "missing:   %s\n  try:     %s\n", word(one, "what"),
			word(one, "try"));
	return g_string_free(text, FALSE);
}

char *opencl_survey_of(const struct opencl_machine *machine, const GPtrArray *devices, bool json)
{
	json_t *found = json_array();
	for (guint i = 0; i < devices->len; i++)
		json_array_append_new(found, describe(devices, i));
	json_t *survey = json_pack("{s:o, s:o}", "devices", found, "missing",
		find_missing(machine, devices));
	char *dump = json ? json_dumps(survey, JSON_COMPACT) : NULL;
	char *text = json ? g_strdup(dump) : as_text(survey);
	free(dump);
	json_decref(survey);
	return text;
}

char *opencl_survey(bool json)
{
	g_autoptr(GPtrArray) devices = opencl_devices();
	return opencl_survey_of(&this_machine, devices, json);
}
