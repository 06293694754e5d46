/* SPDX-License-Identifier: BSD-3-Clause */
/* io-write.c - files that appear whole or not at all */
#include "io.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "io/file.h"

/* --- careful writing ----------------------------------------------------------------------- */

static void expect_unwritten(const image *im, const char *path, bool overwrite,
	enum relumine_status status, const char *word)
{
	g_autoptr(GError) err = NULL;
	g_assert_false(image_write(im, path, overwrite, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, status);
	if (!strstr(err->message, word))
		g_error("'%s' is not in: %s", word, err->message);
}

static int files_in(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	int n = 0;
	while (g_dir_read_name(dir))
		n++;
	return n;
}

static void write_refusals(void)
{
	g_autofree char *folder = scratch_path("refusals");
	g_assert_cmpint(g_mkdir(folder, 0777), ==, 0);
	g_autofree char *old = g_build_filename(folder, "old.tif", NULL), *text = NULL;
	g_autofree char *missing = g_build_filename(folder, "absent", "a.tif", NULL);
	g_autofree char *below = g_build_filename(old, "a.tif", NULL);
	g_autofree char *strange = g_build_filename(folder, "a.tfi", NULL);
	g_autofree char *bare = g_build_filename(folder, "picture", NULL);
	g_autofree char *is_folder = g_build_filename(folder, "folder.tif", NULL);
	g_autoptr(image) im = numbered(1, 1, 20, 20, 1);
	g_assert_true(g_file_set_contents(old, "precious", -1, NULL));
	g_assert_cmpint(g_mkdir(is_folder, 0777), ==, 0);
	expect_unwritten(im, old, false, RELUMINE_BAD_OUTPUT, "--overwrite");
	expect_unwritten(im, missing, true, RELUMINE_BAD_OUTPUT, "no such folder");
	expect_unwritten(im, below, true, RELUMINE_BAD_OUTPUT, "not a folder");
	expect_unwritten(im, strange, true, RELUMINE_BAD_USAGE, ".tif .tiff .png .npy");
	expect_unwritten(im, bare, true, RELUMINE_BAD_USAGE, ".npy");
	expect_unwritten(im, is_folder, true, RELUMINE_BAD_OUTPUT, "folder");
	g_assert_false(image_writable(old, false, NULL));
	g_assert_true(image_writable(old, true, NULL));
	g_assert_true(g_file_get_contents(old, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "precious");
	g_assert_cmpint(files_in(folder), ==, 2);
}

static void overwrite_keeps_permissions_and_links(void)
{
	g_autofree char *path = scratch_path("secret.npy"), *name = scratch_path("link.npy");
	g_autoptr(image) im = numbered(1, 1, 2, 2, 1);
	struct stat st;
	g_assert_true(g_file_set_contents(path, "old", -1, NULL));
	g_assert_cmpint(chmod(path, 0600), ==, 0);
	g_assert_cmpint(symlink("secret.npy", name), ==, 0);
	g_assert_true(image_write(im, name, true, NULL));
	g_assert_cmpint(lstat(name, &st), ==, 0);
	g_assert_true(S_ISLNK(st.st_mode));
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 0777, ==, 0600);
	g_autoptr(image) back = read_good(path);
	assert_same(back, im, 0);
}

static void read_only_folder(void)
{
	if (geteuid() == 0) {
		g_test_skip("root may write everywhere");
		return;
	}
	g_autofree char *folder = scratch_path("read-only");
	g_autofree char *path = g_build_filename(folder, "a.tif", NULL);
	g_autoptr(image) im = numbered(1, 1, 2, 2, 1);
	g_assert_cmpint(g_mkdir(folder, 0555), ==, 0);
	expect_unwritten(im, path, true, RELUMINE_BAD_OUTPUT, "no permission");
	g_assert_cmpint(files_in(folder), ==, 0);
}

/* Somebody else makes the file while we write. */
static void late_comer_stays(void)
{
	g_autofree char *path = scratch_path("late.txt"), *text = NULL;
	g_autoptr(GError) err = NULL;
	{
		g_autoptr(file_out) f = file_out_new(path, false, &err);
		g_assert_no_error(err);
		g_assert_true(file_put(file_out_fd(f), "ours", 4, path, &err));
		g_assert_true(g_file_set_contents(path, "theirs", -1, NULL));
		g_autofree char *folder = g_path_get_dirname(path);
		int before = files_in(folder);
		g_assert_false(file_out_commit(f, &err));
		g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_OUTPUT);
		g_assert_cmpint(before, ==, files_in(folder));
	}
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "theirs");
	g_assert_true(file_write_whole(path, "new", 3, true, NULL));
	g_autofree char *after = NULL;
	g_assert_true(g_file_get_contents(path, &after, NULL, NULL));
	g_assert_cmpstr(after, ==, "new");
}

enum { DISK = 3000, NO_LIMIT = 98, OTHER_WORDS = 99 };

/* Noise: whatever packs the samples, they take more than DISK bytes. */
static bool write_noise(const char *path, GError **err)
{
	int64_t planes = g_str_has_suffix(path, ".png") ? 1 : 2;
	g_autoptr(device) own = device_new("cpu", 1, NULL, NULL);
	g_autoptr(image) im = image_new(array_new(own, REAL, (shape){ 1, planes, 100, 100 }));
	for (int64_t i = 0; i < planes * 10000; i++)
		array_row(im->data, 0, i / 10000, i / 100 % 100)[i % 100] = (float)(i * i * 7919 % 65521) /
			65521;
	return image_write(im, path, true, err);
}

/* In a child: a limit on the file size stands for a full disk. */
static int write_limited(const char *path)
{
	struct rlimit limit = { DISK, DISK };
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return NO_LIMIT;
	g_autoptr(GError) err = NULL;
	if (write_noise(path, &err))
		return 0;
	return strstr(err->message, "larger than allowed") ? relumine_exit_status(err) : OTHER_WORDS;
}

static void full_disk(void)
{
	static const char *const names[] = { "full.tif", "full.ome.tif", "full.npy", "full.png" };
	g_autofree char *folder = scratch_path("full");
	g_assert_cmpint(g_mkdir(folder, 0777), ==, 0);
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL), *text = NULL;
		GStatBuf whole;
		g_assert_true(write_noise(path, NULL));
		g_assert_cmpint(g_stat(path, &whole), ==, 0);
		g_assert_cmpint(whole.st_size, >, 2 * DISK);
		g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
		pid_t child = fork();
		g_assert_cmpint(child, >=, 0);
		if (child == 0)
			_exit(write_limited(path));
		int status;
		waitpid(child, &status, 0);
		g_assert_true(WIFEXITED(status));
		g_assert_cmpint(WEXITSTATUS(status), ==, RELUMINE_BAD_OUTPUT);
		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, "precious");
		g_assert_cmpint(files_in(folder), ==, (int)i + 1);
	}
}

void add_write_tests(void)
{
	g_test_add_func("/io/write/refusals", write_refusals);
	g_test_add_func("/io/write/permissions-and-links", overwrite_keeps_permissions_and_links);
	g_test_add_func("/io/write/read-only-folder", read_only_folder);
	g_test_add_func("/io/write/late-comer", late_comer_stays);
	g_test_add_func("/io/write/full-disk", full_disk);
}
