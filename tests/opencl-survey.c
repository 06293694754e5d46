/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-survey.c - the cache of compiled programs, and what `relumine devices` says is missing */
#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/opencl-inside.h"
#include "math/vec.h"

/* --- the program cache ----------------------------------------------------------------------- */

static void assert_works(const char *cache)
{
	g_autoptr(device) dev = device_new("opencl", 1, cache, NULL);
	g_assert_nonnull(dev);
	g_autoptr(array) x = array_new(dev, REAL, (shape){ 1, 1, 10, 10 });
	vec_fill(x, 2);
	g_assert_true(vec_sum(x) == 200);
	g_assert_true(device_ok(dev, NULL));
}

/* The one file in the folder; its number in the file system tells whether it was written anew. */
static char *only_file(const char *folder, GStatBuf *state)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	char *path = g_build_filename(folder, g_dir_read_name(dir), NULL);
	g_assert_null(g_dir_read_name(dir));
	g_assert_cmpint(g_stat(path, state), ==, 0);
	return path;
}

static void cache(void)
{
	g_autoptr(GPtrArray) devices = opencl_devices();
	if (devices->len == 0) {
		g_test_skip("no OpenCL device on this machine");
		return;
	}
	g_autofree char *folder = g_dir_make_tmp("relumine-XXXXXX", NULL);
	g_autofree char *inner = g_build_filename(folder, "made", "at-need", NULL);
	GStatBuf first, second, third;
	assert_works(inner);
	g_autofree char *path = only_file(inner, &first);
	g_autofree char *linked = g_build_filename(folder, "linked", NULL);
	g_assert_cmpint(link(path, linked), ==, 0);     /* keeps its number from being taken again */
	assert_works(inner);
	g_autofree char *same = only_file(inner, &second);
	g_assert_cmpstr(same, ==, path);
	g_assert_true(first.st_ino == second.st_ino);
	g_autofree char *content = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &content, &size, NULL));
	const gsize damaged[] = { 0, 10, size / 2, size };
	for (size_t i = 0; i < G_N_ELEMENTS(damaged); i++) {
		g_autofree char *bad = g_memdup2(content, size);
		bad[size - 1] ^= 1;
		g_assert_true(g_file_set_contents(path, bad, (gssize)damaged[i], NULL));
		assert_works(inner);
		g_autofree char *again = only_file(inner, &third);
		g_assert_cmpstr(again, ==, path);
		g_assert_true((gsize)third.st_size > size / 2);
		g_assert_true(third.st_ino != first.st_ino);
		GStatBuf kept;
		assert_works(inner);
		g_autofree char *still = only_file(inner, &kept);
		g_assert_cmpstr(still, ==, path);
		g_assert_true(kept.st_ino == third.st_ino);
	}
	assert_works("/dev/null/not-a-folder");
	g_autofree char *made = g_build_filename(folder, "made", NULL);
	g_assert_true(!g_remove(path) && !g_remove(linked) && !g_rmdir(inner) && !g_rmdir(made) &&
		!g_rmdir(folder));
}

/* --- what is missing ------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void remove_all(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	for (const char *entry; dir && (entry = g_dir_read_name(dir));) {
		g_autofree char *inner = g_build_filename(path, entry, NULL);
		remove_all(inner);
	}
	g_assert_cmpint(g_remove(path), ==, 0);
}

static json_t *survey(const char *root, const GPtrArray *devices)
{
	g_autofree char *pci = g_build_filename(root, "pci", NULL);
	g_autofree char *vendors = g_build_filename(root, "vendors", NULL);
	const struct opencl_machine machine = { pci, vendors };
	g_autofree char *text = opencl_survey_of(&machine, devices, true);
	g_autofree char *lines = opencl_survey_of(&machine, devices, false);
	json_t *found = json_loads(text, 0, NULL), *one;
	size_t i;
	g_assert_nonnull(found);
	json_array_foreach(json_object_get(found, "missing"), i, one) {
		g_assert_nonnull(strstr(lines, json_string_value(json_object_get(one, "what"))));
		g_assert_nonnull(strstr(lines, json_string_value(json_object_get(one, "try"))));
	}
	return found;
}

static const char *missing(const json_t *found, size_t i, const char *key)
{
	const json_t *list = json_object_get(found, "missing");
	g_assert_cmpuint(json_array_size(list), >, i);
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

/* A machine with one GPU, two other PCI devices, and no driver; then with a driver of no use. */
static void what_is_missing(void)
{
	g_autofree char *root = g_dir_make_tmp("relumine-XXXXXX", NULL);
	g_autofree char *gpu = g_build_filename(root, "pci", "0000:01:00.0", NULL);
	g_autofree char *sound = g_build_filename(root, "pci", "0000:01:00.1", NULL);
	g_autofree char *bridge = g_build_filename(root, "pci", "0000:00:00.0", NULL);
	g_autofree char *vendors = g_build_filename(root, "vendors", NULL);
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_mkdir_with_parents(gpu, 0700);
	g_mkdir_with_parents(sound, 0700);
	g_mkdir_with_parents(bridge, 0700);
	write_file(gpu, "vendor", "0x10de\n");
	write_file(gpu, "class", "0x030000\n");
	write_file(sound, "vendor", "0x1002\n");
	write_file(sound, "class", "0x040300\n");
	write_file(bridge, "vendor", "0x8086\n");
	json_t *found = survey(root, none);
	g_assert_cmpuint(json_array_size(json_object_get(found, "devices")), ==, 0);
	g_assert_cmpuint(json_array_size(json_object_get(found, "missing")), ==, 2);
	g_assert_nonnull(strstr(missing(found, 0, "what"), "NVIDIA"));
	g_assert_nonnull(strstr(missing(found, 0, "try"), "apt install nvidia-opencl-icd"));
	g_assert_nonnull(strstr(missing(found, 1, "what"), vendors));
	g_assert_nonnull(strstr(missing(found, 1, "try"), "apt install pocl-opencl-icd"));
	json_decref(found);
	g_mkdir_with_parents(vendors, 0700);
	write_file(vendors, "broken.icd", "libbroken.so\n");
	found = survey(root, none);
	g_assert_nonnull(strstr(missing(found, 1, "what"), "none of them offers a device"));
	json_decref(found);
	remove_all(root);
}

static void this_machine(void)
{
	g_autoptr(GPtrArray) devices = opencl_devices();
	g_autofree char *text = opencl_survey(true);
	json_t *found = json_loads(text, 0, NULL);
	const json_t *list = json_object_get(found, "devices");
	g_assert_cmpuint(json_array_size(list), ==, devices->len);
	for (guint i = 0; i < devices->len; i++) {
		g_autofree char *name = g_strdup_printf("opencl:%u", i);
		json_t *one = json_array_get(list, i);
		g_assert_cmpstr(json_string_value(json_object_get(one, "device")), ==, name);
		g_assert_cmpint(json_integer_value(json_object_get(one, "memory_bytes")), >, 0);
		g_assert_cmpint(json_is_true(json_object_get(one, "auto")), ==,
			devices->pdata[i] == opencl_pick(devices, OPENCL_AUTO));
	}
	json_decref(found);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/opencl/cache", cache);
	g_test_add_func("/opencl/survey/what-is-missing", what_is_missing);
	g_test_add_func("/opencl/survey/this-machine", this_machine);
	return g_test_run();
}
