/* SPDX-License-Identifier: BSD-3-Clause */
/* bad-readers.c - broken and hostile picture files, each read in a process of its own with 2 GiB of
 * address space and 10 s of CPU; what is to happen stands in the README of their folder */
#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/error.h"
#include "io/image.h"

#define MEMORY_MOST ((rlim_t)2 << 30)   /* bytes */
#define CPU_MOST 10                     /* seconds */
#define WAIT_MOST 50                    /* seconds by the clock: others may use the machine too */
#define NOT_FOUND (-1)

/* a sanitizer's shadow memory alone is larger than the limit */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

enum { SAID_NOTHING = 100, DESCRIBED_WRONG = 101, NOT_DECODED = 102 };

static char *folder_of_data(void)
{
	const char *set = g_getenv("RELUMINE_DATA"), *source = g_getenv("RELUMINE_SOURCE");
	return set ? g_build_filename(set, "bad", NULL) :
		g_build_filename(source ? source : ".", "..", "shared", "data", "bad", NULL);
}

/* --- in the child ---------------------------------------------------------------------------- */

/* An error names the file and stays short. */
static int status_of(const GError *err, const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	if (!err || !strstr(err->message, name) || strlen(err->message) > 1000)
		return SAID_NOTHING;
	return relumine_exit_status(err);
}

static bool all_written(const image *im)
{
	const array *a = im->data;
	shape s = a->shape;
	const float *last = array_row(a, s.c - 1, s.z - 1, s.y - 1);
	return im->format && im->bits > 0 && s.x > 0 && (im->kind == SAMPLE_FLOAT ||
		(isfinite(last[s.x - 1]) && isfinite(*array_row(a, 0, 0, 0))));
}

static int read_one(const char *path)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(GError) err = NULL, described = NULL;
	json_auto_t *facts = image_describe(path, &described);
	g_autoptr(image) im = image_read(dev, path, &err);
	if (!facts && im)
		return DESCRIBED_WRONG;
	if (!facts && status_of(described, path) == SAID_NOTHING)
		return SAID_NOTHING;
	if (im)
		return err ? SAID_NOTHING : all_written(im) ? 0 : NOT_DECODED;
	return status_of(err, path);
}

static int run_limited(const char *path)
{
	pid_t child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		struct rlimit memory = { MEMORY_MOST, MEMORY_MOST }, cpu = { CPU_MOST, CPU_MOST };
		if (!SANITIZED)
			setrlimit(RLIMIT_AS, &memory);
		setrlimit(RLIMIT_CPU, &cpu);
		alarm(WAIT_MOST);
		_exit(read_one(path));
	}
	int status;
	waitpid(child, &status, 0);
	return status;
}

/* --- the table ------------------------------------------------------------------------------- */

/* What these files are wrong in is not for the reader to see: a PSF's sum, a value of NaN. */
static bool is_readable_here(const char *name)
{
	return g_str_has_prefix(name, "sem_psf_") || g_str_has_prefix(name, "sem_float_");
}

/* Formats of other readers: no picture for this one, whatever the table says. */
static bool is_foreign(const char *name)
{
	static const char *const endings[] = { ".dng", ".dcm", ".jsonl" };
	for (size_t i = 0; i < G_N_ELEMENTS(endings); i++)
		if (g_str_has_suffix(name, endings[i]))
			return true;
	return false;
}

static void check(const char *path, const char *name, const char *expect)
{
	int status = run_limited(path);
	bool exited = WIFEXITED(status), sane = exited &&
		(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == RELUMINE_BAD_INPUT ||
		WEXITSTATUS(status) == RELUMINE_OVER_LIMIT);
	bool accepted = exited && WEXITSTATUS(status) == 0, right = sane;
	if (is_foreign(name))
		expect = "refuse";
	if (!strcmp(expect, "accept") || is_readable_here(name))
		right = sane && accepted;
	else if (!strcmp(expect, "refuse"))
		right = sane && !accepted;
	if (g_test_verbose())
		g_test_message("%s %s: %d", name, expect, exited ? WEXITSTATUS(status) : -WTERMSIG(status));
	if (right)
		return;
	g_test_message("%s: expected %s, %s %d", name, expect, exited ? "exit" : "signal",
		exited ? WEXITSTATUS(status) : WTERMSIG(status));
	g_test_fail();
}

static int column_named(char **cells, const char *name)
{
	for (int i = 0; cells[i]; i++)
		if (!strcmp(g_strstrip(cells[i]), name))
			return i;
	return NOT_FOUND;
}

/* Rows of every table of the page that has the columns "file" and "expect". */
static int check_table(const char *folder, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	int file = NOT_FOUND, expect = NOT_FOUND, n = 0;
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) cells = g_strsplit(*line, "|", -1);
		int width = (int)g_strv_length(cells);
		if (column_named(cells, "file") != NOT_FOUND) {
			file = column_named(cells, "file");
			expect = column_named(cells, "expect");
			continue;
		}
		if (file == NOT_FOUND || expect == NOT_FOUND || file >= width || expect >= width)
			continue;
		const char *name = g_strstrip(cells[file]);
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) || strchr(name, '/'))
			continue;
		check(path, name, g_strstrip(cells[expect]));
		n++;
	}
	return n;
}

static void every_bad_file(void)
{
	g_autofree char *folder = folder_of_data();
	g_autofree char *readme = g_build_filename(folder, "README.md", NULL), *text = NULL;
	if (!g_file_get_contents(readme, &text, NULL, NULL)) {
		g_test_skip("no folder of bad files (set RELUMINE_DATA)");
		return;
	}
	g_assert_cmpint(check_table(folder, text), >, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bad-readers/every-file", every_bad_file);
	return g_test_run();
}
