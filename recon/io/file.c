/* SPDX-License-Identifier: BSD-3-Clause */
/* file.c - files that appear under their name only when complete */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/error.h"
#include "io/image.h"

#define NAME_TRIES 100
#define WRITE_PIECE ((size_t)1 << 30)   /* bytes; Linux takes at most 2 GiB at once */

struct file_out {
	char *path;             /* as the user wrote it */
	char *target;           /* where it goes: symbolic links followed */
	char *temporary;        /* NULL once it has its name */
	int fd;
	bool overwrite;
};

static const struct {
	int number;
	const char *what, *remedy;
} causes[] = {
	{ ENOSPC, "the disk is full", "free some space, or write elsewhere" },
	{ EDQUOT, "the disk quota is used up", "free some space, or write elsewhere" },
	{ EFBIG, "the file would be larger than allowed here", "raise the limit (ulimit -f)" },
	{ EACCES, "no permission to write in this folder", "write elsewhere" },
	{ EPERM, "no permission to write in this folder", "write elsewhere" },
	{ EROFS, "the file system is read-only", "write elsewhere" },
	{ ENOENT, "there is no such folder", "make the folder first (mkdir -p)" },
	{ ENOTDIR, "a part of the path is not a folder", "check the path" },
	{ EISDIR, "this is a folder", "name a file" },
	{ ENAMETOOLONG, "the name is too long", "choose a shorter one" },
	{ EEXIST, "the file exists", "choose another name, or --overwrite" },
};

void file_write_error(const char *path, int number, GError **err)
{
	const char *what = NULL, *remedy = NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(causes) && !what; i++) {
		if (causes[i].number == number) {
			what = causes[i].what;
			remedy = causes[i].remedy;
		}
	}
	error_set(err, RELUMINE_BAD_OUTPUT, path, remedy, "cannot be written: %s",
		what ? what : number ? g_strerror(number) : "the reason is not known");
}

static bool fail(const char *path, int number, GError **err)
{
	file_write_error(path, number, err);
	return false;
}

bool file_put(int fd, const void *bytes, size_t size, const char *path, GError **err)
{
	const char *from = bytes;
	while (size > 0) {
		ssize_t n = write(fd, from, MIN(size, WRITE_PIECE));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(path, n < 0 ? errno : ENOSPC, err);
		from += n;
		size -= (size_t)n;
	}
	return true;
}

bool file_out_possible(const char *path, bool overwrite, GError **err)
{
	struct stat st;
	g_autofree char *folder = g_path_get_dirname(path);
	if (lstat(path, &st) == 0 && !overwrite)
		return fail(path, EEXIST, err);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		error_set(err, RELUMINE_BAD_OUTPUT, path, "name a file", S_ISDIR(st.st_mode) ?
			"cannot be written: this is a folder" :
			"cannot be written: this is not an ordinary file");
		return false;
	}
	if (stat(folder, &st) != 0)
		return fail(path, errno, err);
	if (!S_ISDIR(st.st_mode))
		return fail(path, ENOTDIR, err);
	return access(folder, W_OK | X_OK) == 0 || fail(path, errno, err);
}

/* A file of ours with a name that nobody has; its permissions follow the user's mask. */
static bool open_temporary(file_out *f, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(f->target);
	for (int i = 0; i < NAME_TRIES; i++) {
		g_autofree char *name = g_strdup_printf(".relumine-%08x.part", g_random_int());
		g_autofree char *path = g_build_filename(folder, name, NULL);
		f->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (f->fd >= 0) {
			f->temporary = g_steal_pointer(&path);
			return true;
		}
		if (errno != EEXIST)
			break;
	}
	return fail(f->path, errno, err);
}

file_out *file_out_new(const char *path, bool overwrite, GError **err)
{
	if (!file_out_possible(path, overwrite, err))
		return NULL;
	g_autoptr(file_out) f = g_new0(file_out, 1);
	f->fd = -1;
	f->overwrite = overwrite;
	f->path = g_strdup(path);
	char *real = realpath(path, NULL);
	f->target = g_strdup(real ? real : path);
	free(real);
	if (!open_temporary(f, err))
		return NULL;
	struct stat old;
	if (stat(f->target, &old) == 0)         /* what replaces a file keeps its permissions */
		(void)!fchmod(f->fd, old.st_mode & 0777);
	return g_steal_pointer(&f);
}

int file_out_fd(const file_out *f)
{
	return f->fd;
}

/* 0 or an errno.  Some file systems know only one of these two ways. */
static int rename_if_free(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	if (link(from, to) != 0)
		return errno;
	(void)!unlink(from);
	return 0;
}

/* So that the name survives a power cut too; not every file system can, and the data are safe. */
static void flush_folder(const char *path)
{
	g_autofree char *folder = g_path_get_dirname(path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!fsync(fd);
	close(fd);
}

bool file_out_commit(file_out *f, GError **err)
{
	if (fsync(f->fd) != 0 && errno != EINVAL && errno != EROFS)
		return fail(f->path, errno, err);
	int fd = f->fd, number = 0;
	f->fd = -1;
	if (close(fd) != 0)
		return fail(f->path, errno, err);
	if (!f->overwrite)
		number = rename_if_free(f->temporary, f->target);
	else if (rename(f->temporary, f->target) != 0)
		number = errno;
	if (number)
		return fail(f->path, number, err);
	g_clear_pointer(&f->temporary, g_free);
	flush_folder(f->target);
	return true;
}

void file_out_free(file_out *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		close(f->fd);
	if (f->temporary)
		(void)!unlink(f->temporary);
	g_free(f->temporary);
	g_free(f->target);
	g_free(f->path);
	g_free(f);
}

bool file_write_whole(const char *path, const void *bytes, size_t size, bool overwrite,
	GError **err)
{
	g_autoptr(file_out) f = file_out_new(path, overwrite, err);
	return f && file_put(f->fd, bytes, size, path, err) && file_out_commit(f, err);
}
