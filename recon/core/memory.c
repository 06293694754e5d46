/* SPDX-License-Identifier: BSD-3-Clause */
/* memory.c - room for arrays on the CPU, in memory or in a file */
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/error.h"

#define ALIGNMENT 64            /* bytes: a cache line, the widest vector */
#define HUGE_PAGE (2 << 20)     /* bytes */

static size_t whole_pages(int64_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return ((size_t)bytes + page - 1) / page * page;
}

/*
 * Large arrays are mapped one by one: what is freed goes back to the system at once, and huge pages
 * spare the walks along columns most of their address look-ups.
 */
static bool is_large(int64_t bytes)
{
	return bytes >= 2 * HUGE_PAGE;
}

void *memory_new(int64_t bytes)
{
	void *buffer = NULL;
	if (!is_large(bytes))
		return posix_memalign(&buffer, ALIGNMENT, (size_t)bytes) == 0 ? buffer : NULL;
	size_t used = whole_pages(bytes), all = used + HUGE_PAGE;
	char *room = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t)room % HUGE_PAGE;
	if (before > 0)
		munmap(room, before);
	if (all > before + used)
		munmap(room + before + used, all - before - used);
	madvise(room + before, used, MADV_HUGEPAGE);
	return room + before;
}

void memory_free(void *buffer, int64_t bytes)
{
	if (is_large(bytes))
		munmap(buffer, whole_pages(bytes));
	else
		free(buffer);
}

void *memory_new_in_file(const char *folder, int64_t bytes, GError **err)
{
	g_autofree char *path = g_build_filename(folder, ".relumine-XXXXXX", NULL);
	int file = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
	void *room = MAP_FAILED;
	int failed = errno;
	if (file >= 0) {
		g_unlink(path);
		/* reserved beforehand: a full disk must not be found out by writing to the mapping */
		failed = posix_fallocate(file, 0, (off_t)whole_pages(bytes));
		if (!failed)
			room = mmap(NULL, whole_pages(bytes), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		close(file);
	}
	if (room != MAP_FAILED) {
		/* else a touch may bring in 2 MiB, of which few are wanted */
		madvise(room, whole_pages(bytes), MADV_RANDOM);
		return room;
	}
	g_autofree char *need = g_format_size_full((guint64)bytes, G_FORMAT_SIZE_IEC_UNITS);
	error_set(err, RELUMINE_OVER_LIMIT, folder, "make room there, write the output to another folder, "
		"or raise --max-memory", "no %s for what memory may not hold: %s", need,
		g_strerror(failed ? failed : errno));
	return NULL;
}

void memory_free_in_file(void *buffer, int64_t bytes)
{
	munmap(buffer, whole_pages(bytes));
}

void memory_forget(const void *start, int64_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)start / page * page;
	madvise((void *)first, (size_t)((uintptr_t)start - first) + (size_t)bytes, MADV_DONTNEED);
}
