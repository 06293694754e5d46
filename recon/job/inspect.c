/* SPDX-License-Identifier: BSD-3-Clause */
/* inspect.c - the command `inspect`: what is in a file */
#include <jansson.h>
#include <math.h>
#include "core/error.h"
#include "io/image.h"
#include "job/commands.h"
#include "job/text.h"

/* What the values of a picture are like; NaN and infinities stand aside. */
typedef struct {
	double least, most, sum;
	int64_t finite, nan, infinite;
} value_summary;

static void add_value(value_summary *v, double x)
{
	if (isnan(x)) {
		v->nan++;
	} else if (isinf(x)) {
		v->infinite++;
	} else {
		v->least = fmin(v->least, x);
		v->most = fmax(v->most, x);
		v->sum += x;
		v->finite++;
	}
}

static value_summary summarise(const array *a)
{
	value_summary v = { .least = INFINITY, .most = -INFINITY };
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t y = 0; y < a->shape.y; y++)
			for (int64_t x = 0; x < a->shape.x; x++)
				add_value(&v, (double)array_row(a, 0, p, y)[x]);
	return v;
}

static json_t *number_or_null(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static void add_values(json_t *facts, const array *a)
{
	value_summary v = summarise(a);
	json_object_set_new(facts, "shape", shape_json(a->shape));
	json_object_set_new(facts, "min", number_or_null(v.least));
	json_object_set_new(facts, "max", number_or_null(v.most));
	json_object_set_new(facts, "mean",
		v.finite ? json_real(v.sum / (double)v.finite) : json_null());
	json_object_set_new(facts, "nan", json_integer(v.nan));
	json_object_set_new(facts, "infinite", json_integer(v.infinite));
}

#define TEXT_MOST 160   /* letters of a text that people see; --json has more */

/* In one line, cut where it gets long. */
static char *one_line(const char *text)
{
	bool whole = g_utf8_strlen(text, -1) <= TEXT_MOST;
	g_autofree char *part = whole ? g_strdup(text) : g_utf8_substring(text, 0, TEXT_MOST);
	g_strdelimit(part, "\r\n\t", ' ');
	return g_strconcat(g_strchomp(part), whole ? "" : " ...", NULL);
}

/* "  compression    lzw" for every fact; lists in one line */
static void print_facts(GString *text, json_t *facts)
{
	const char *name;
	json_t *value;
	json_object_foreach(facts, name, value) {
		if (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0))
			continue;
		char *dump = json_is_string(value) ? NULL :
			json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
		g_autofree char *line = dump ? NULL : one_line(json_string_value(value));
		g_string_append_printf(text, "  %-14s %s\n", name, dump ? dump : line);
		free(dump);
	}
}

/* A new reference to all that can be said of one file. */
static json_t *facts_of(task *t, const char *path, GError **err)
{
	json_auto_t *facts = image_describe(path, err);
	g_autoptr(image) im = facts ? image_read(t->cpu, path, err) : NULL;
	if (!im)
		return NULL;
	json_t *warnings = json_array();
	for (guint i = 0; i < im->warnings->len; i++) {
		const char *warning = im->warnings->pdata[i];
		json_array_append_new(warnings, text_to_json(warning));
		report_warn(t->report, "%s: %s", path, warning);
	}
	add_values(facts, im->data);
	json_object_set_new(facts, "warnings", warnings);
	return json_incref(facts);
}

static bool inspect_one(task *t, const char *path, json_t *files, GError **err)
{
	g_autoptr(GError) cause = NULL;
	json_t *entry = json_object(), *facts = facts_of(t, path, &cause);
	json_object_set_new(entry, "path", text_to_json(path));
	json_array_append_new(files, entry);
	if (facts) {
		g_string_append_printf(t->text, "%s\n", path);
		print_facts(t->text, facts);
		json_object_update(entry, facts);
		json_decref(facts);
		return true;
	}
	json_object_set_new(entry, "error", text_to_json(cause->message));
	if (t->n_inputs > 1)
		report_warn(t->report, "%s", cause->message);
	g_propagate_error(err, g_steal_pointer(&cause));
	return false;
}

/* Goes on after a file that cannot be read. */
static bool run(task *t, GError **err)
{
	json_t *files = json_array();
	int failed = 0;
	json_object_set_new(t->facts, "files", files);
	for (int i = 0; i < t->n_inputs && task_step(t, "read"); i++) {
		g_autoptr(GError) cause = NULL;
		if (inspect_one(t, t->inputs[i].path, files, &cause))
			continue;
		if (++failed == 1)
			g_propagate_error(err, g_steal_pointer(&cause));
	}
	if (failed == 0 || failed == t->n_inputs)
		return failed == 0;
	g_clear_error(err);
	error_set(err, RELUMINE_OVER_THRESHOLD, NULL, NULL, "%d of %d files cannot be read", failed,
		t->n_inputs);
	return false;
}

static const relumine_option own_options[] = { { 0 } };

const modality command_inspect = {
	.command = {
		.name = "inspect",
		.summary = "what is in a file",
		.inputs = "FILE...",
		.inputs_least = 1, .inputs_most = 100000,
		.options = own_options,
		.examples =
			"relumine inspect psf.tif\n"
			"relumine inspect --json capture.png psf.tif",
		.description =
			"Prints what the header of each file says, and the least and largest value, the mean "
			"and how many values are NaN or infinite. Of several files those that cannot be read "
			"are named, and the exit status is 1. Of a microscope's stack it tells the size of "
			"voxels in nm (voxel_nm: x, y, z), channels, slices, points of time (frames), the "
			"seconds between them, numerical aperture, refractive index and wavelengths, as far as "
			"the file does. Of a time-of-flight capture it tells the layout, grid (y, x), bins and "
			"their width, what time is counted from, the wall and the points on it, what was taken "
			"from the layout's publication, and what is missing with the option of nlos that "
			"supplies it.",
	},
	.on_cpu = true,
	.run = run,
};
