/* SPDX-License-Identifier: BSD-3-Clause */
/* npz-write.c - captures as an archive of NumPy arrays, in our own layout (the archive: PKWARE's
 * APPNOTE, members stored as they are) */
#include "io/npz-write.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "core/error.h"
#include "io/file.h"
#include "io/npy-header.h"
#include "io/own.h"

#define ARCHIVE_MOST ((int64_t)UINT32_MAX - (1 << 20))  /* bytes: its fields have 32 bits */
#define LOCAL_BYTES 30
#define CENTRAL_BYTES 46
#define DATE_1980 0x21          /* no clock: the same capture gives the same bytes */

const transient *capture_to_write(const image *im, const char *path, const char *format,
	GError **err)
{
	if (im->scale->transient)
		return im->scale->transient;
	error_set(err, RELUMINE_BAD_USAGE, path, "write a picture as .tif or .npy", "%s files hold "
		"time-of-flight captures, and this is none: no times and places are known of it", format);
	return NULL;
}

/* --- the archive ------------------------------------------------------------------------------ */

struct archive {
	int fd;
	const char *path;
	GByteArray *directory;
	int64_t at;             /* end of the file */
	int64_t entry;          /* where the one being written begins */
	uLong sum;
	int count;
};

static void put_short(uint8_t *to, uint32_t value)
{
	to[0] = value & 255;
	to[1] = value >> 8 & 255;
}

static void put_long(uint8_t *to, int64_t value)
{
	put_short(to, (uint32_t)(value & 0xffff));
	put_short(to + 2, (uint32_t)(value >> 16 & 0xffff));
}

static bool put(struct archive *a, const void *bytes, size_t size, GError **err)
{
	a->at += (int64_t)size;
	a->sum = crc32_z(a->sum, bytes, size);
	return file_put(a->fd, bytes, size, a->path, err);
}

/* What both headers of an entry share, from "version needed" to "extra field length": 26 bytes. */
static void describe_entry(uint8_t *to, int64_t sum, int64_t size, size_t name_length)
{
	memset(to, 0, 26);
	put_short(to, 20);
	put_short(to + 8, DATE_1980);
	put_long(to + 10, sum);
	put_long(to + 14, size);
	put_long(to + 18, size);
	put_short(to + 22, (uint32_t)name_length);
}

static bool begin(struct archive *a, const char *name, int64_t size, GError **err)
{
	uint8_t local[LOCAL_BYTES] = { 'P', 'K', 3, 4 };
	if (a->at + size > ARCHIVE_MOST) {
		error_set(err, RELUMINE_BAD_USAGE, a->path, "write .hdf5, or fewer bins or points",
			"would have more than 4 GiB, which an .npz cannot");
		return false;
	}
	a->entry = a->at;
	describe_entry(local + 4, 0, size, strlen(name));
	if (!put(a, local, LOCAL_BYTES, err) || !put(a, name, strlen(name), err))
		return false;
	a->sum = crc32_z(0, NULL, 0);
	return true;
}

/* The check sum is known now: it goes into the header before, and into the directory. */
static bool end(struct archive *a, const char *name, int64_t size, GError **err)
{
	uint8_t central[CENTRAL_BYTES] = { 'P', 'K', 1, 2, 20, 0 }, sum[4];
	describe_entry(central + 6, (int64_t)a->sum, size, strlen(name));
	put_long(central + 42, a->entry);
	g_byte_array_append(a->directory, central, CENTRAL_BYTES);
	g_byte_array_append(a->directory, (const guint8 *)name, (guint)strlen(name));
	a->count++;
	put_long(sum, (int64_t)a->sum);
	if (pwrite(a->fd, sum, 4, (off_t)a->entry + 14) == 4)
		return true;
	file_write_error(a->path, errno, err);
	return false;
}

static bool finish(struct archive *a, GError **err)
{
	uint8_t last[22] = { 'P', 'K', 5, 6 };
	put_short(last + 8, (uint32_t)a->count);
	put_short(last + 10, (uint32_t)a->count);
	put_long(last + 12, a->directory->len);
	put_long(last + 16, a->at);
	return put(a, a->directory->data, a->directory->len, err) && put(a, last, sizeof(last), err);
}

/* --- arrays ----------------------------------------------------------------------------------- */

static bool put_array(struct archive *a, const char *name, const char *descr, const char *dims,
	const void *bytes, size_t size, GError **err)
{
	g_autofree char *file = g_strconcat(name, ".npy", NULL);
	size_t header_size;
	g_autofree char *header = npy_header_text(descr, dims, &header_size);
	int64_t all = (int64_t)(header_size + size);
	return begin(a, file, all, err) && put(a, header, header_size, err) &&
		put(a, bytes, size, err) && end(a, file, all, err);
}

static bool put_traces(struct archive *a, const array *data, GError **err)
{
	shape s = data->shape;
	g_autofree char *dims = g_strdup_printf("%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ", %"
		G_GINT64_FORMAT, s.z, s.y, s.x);
	g_autofree char *more = g_strdup_printf("%" G_GINT64_FORMAT ", %s", s.c, dims);
	size_t header_size, row = (size_t)s.x * sizeof(float), rows = (size_t)s.y;
	g_autofree char *plane = g_malloc(rows * row);
	g_autofree char *header = npy_header_text("f4", s.c > 1 ? more : dims, &header_size);
	int64_t all = size_product(s.c, s.z, s.y, s.x, (int64_t)sizeof(float), (int64_t)-1);
	all = all > ARCHIVE_MOST ? ARCHIVE_MOST + 1 : all + (int64_t)header_size;
	if (!begin(a, OWN_TRACES ".npy", all, err) || !put(a, header, header_size, err))
		return false;
	for (int64_t p = 0; p < shape_planes(s); p++) {
		for (int64_t y = 0; y < s.y; y++)
			memcpy(plane + (size_t)y * row, array_row(data, 0, p, y), row);
		if (!put(a, plane, rows * row, err))
			return false;
	}
	return end(a, OWN_TRACES ".npy", all, err);
}

static bool put_numbers(struct archive *a, const transient *t, GError **err)
{
	for (const struct own_number *o = own_numbers; o->name; o++) {
		const double *from = (const double *)(const void *)((const char *)t + o->offset);
		bool known = true;
		for (int i = 0; i < o->n; i++)
			known = known && isfinite(from[i]);
		g_autofree char *dims = o->n > 1 ? g_strdup_printf("%d,", o->n) : g_strdup("");
		if (known && !put_array(a, o->name, "f8", dims, from, (size_t)o->n * sizeof(*from), err))
			return false;
	}
	return true;
}

static bool put_text(struct archive *a, const char *name, const char *text, GError **err)
{
	glong n;
	g_autofree gunichar *letters = g_utf8_to_ucs4_fast(text, -1, &n);
	g_autofree char *descr = g_strdup_printf("U%ld", n);
	return put_array(a, name, descr, "", letters, (size_t)n * sizeof(*letters), err);
}

static bool put_words(struct archive *a, const transient *t, GError **err)
{
	for (const struct own_word *w = own_words; w->name; w++) {
		int i = *(const int *)(const void *)((const char *)t + w->offset);
		if (i > 0 && !put_text(a, w->name, w->words[i], err))
			return false;
	}
	g_autoptr(GString) taken = g_string_new(NULL);
	for (guint i = 0; i < t->taken->len; i++)
		g_string_append_printf(taken, "%s%s", i ? "; " : "", (char *)t->taken->pdata[i]);
	return !taken->len || put_text(a, OWN_TAKEN, taken->str, err);
}

static bool put_list(struct archive *a, const char *name, int64_t n, const double *places,
	GError **err)
{
	g_autofree char *dims = g_strdup_printf("%" G_GINT64_FORMAT ", 3", n);
	return !n || !places ||
		put_array(a, name, "f8", dims, places, (size_t)n * 3 * sizeof(*places), err);
}

static bool put_bounces(struct archive *a, const transient *t, shape s, GError **err)
{
	g_autofree char *dims = g_strdup_printf("%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT, s.y, s.x);
	return t->n_bounce != s.y * s.x || !t->first_bounce || put_array(a, OWN_BOUNCE, "f8", dims,
		t->first_bounce, (size_t)t->n_bounce * sizeof(double), err);
}

static bool put_truth(struct archive *a, const char *name, bool truth, GError **err)
{
	uint8_t one = 1;
	return !truth || put_array(a, name, "u1", "", &one, 1, err);
}

/* As many as the planes are divided into evenly. */
static bool put_frames(struct archive *a, const image *im, GError **err)
{
	int64_t z = im->data->shape.z, frames = z / image_scale_slices(im->scale, z);
	return frames == 1 || put_array(a, OWN_FRAMES, "i8", "", &frames, sizeof(frames), err);
}

bool npz_write(const image *im, int fd, const char *path, GError **err)
{
	const transient *t = capture_to_write(im, path, "NPZ", err);
	if (!t)
		return false;
	g_autoptr(GByteArray) directory = g_byte_array_new();
	struct archive a = { .fd = fd, .path = path, .directory = directory };
	uint8_t confocal = t->confocal;
	return put_traces(&a, im->data, err) && put_numbers(&a, t, err) && put_words(&a, t, err) &&
		put_array(&a, OWN_CONFOCAL, "u1", "", &confocal, 1, err) &&
		put_list(&a, OWN_POINTS, t->n_points, t->points, err) &&
		put_list(&a, OWN_NORMALS, t->n_points, t->normals, err) &&
		put_list(&a, OWN_FIXED, t->n_fixed, t->fixed, err) &&
		put_truth(&a, OWN_PAIRED, t->paired, err) &&
		put_truth(&a, OWN_FIXED_LIT, t->fixed_lit, err) && put_frames(&a, im, err) &&
		put_bounces(&a, t, im->data->shape, err) && finish(&a, err);
}
