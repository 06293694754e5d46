/* SPDX-License-Identifier: BSD-3-Clause */
/* npz.c - archives of NumPy arrays: one of them is the picture */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>
#include "io/capture.h"
#include "io/npy-header.h"
#include "io/npz-write.h"

#define NAMES_SHOWN 20
#define EXPANSION_MOST 1100             /* deflate's limit is 1032:1 */
#define EXPANSION_FREE (1 << 20)        /* bytes that need no such question */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_t, zip_discard)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_file_t, zip_fclose)

static bool npz_matches(const uint8_t *start, size_t size)
{
	return size >= 4 && (!memcmp(start, "PK\3\4", 4) || !memcmp(start, "PK\5\6", 4));
}

/* libzip closes what it is given. */
static zip_t *open_archive(const struct reading *r, GError **err)
{
	int number = 0, fd = dup(r->fd);
	zip_t *archive = fd < 0 ? NULL : zip_fdopen(fd, ZIP_CHECKCONS, &number);
	if (archive)
		return archive;
	if (fd >= 0)
		close(fd);
	zip_error_t cause;
	zip_error_init_with_code(&cause, number);
	reading_refuse(r, err, "copy or save it again", "cannot be read as an NPZ archive: %s",
		zip_error_strerror(&cause));
	zip_error_fini(&cause);
	return NULL;
}

static bool is_array(const char *name)
{
	return name && g_str_has_suffix(name, ".npy");
}

/* The names without ".npy", as numpy shows them. */
static char *list_arrays(zip_t *archive, int64_t *count)
{
	GString *all = g_string_new(NULL);
	*count = 0;
	for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); i++) {
		const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
		if (!is_array(name) || (*count)++ >= NAMES_SHOWN)
			continue;
		g_string_append_printf(all, "%s%.*s", all->len ? ", " : "", (int)(strlen(name) - 4), name);
	}
	if (*count > NAMES_SHOWN)
		g_string_append_printf(all, " and %d more", (int)(*count - NAMES_SHOWN));
	return g_string_free(all, FALSE);
}

/* The entry to read, or -1 with *err set. */
static int64_t choose(const struct reading *r, zip_t *archive, GError **err)
{
	int64_t count, chosen = -1;
	g_autofree char *all = list_arrays(archive, &count);
	for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); i++) {
		const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
		size_t length = is_array(name) ? strlen(name) - 4 : 0;
		if (is_array(name) && (r->member ?
		    strlen(r->member) == length && !strncmp(name, r->member, length) : count == 1))
			chosen = i;
	}
	if (chosen >= 0)
		return chosen;
	g_autofree char *remedy = g_strdup_printf("choose one of %s, as in FILE.npz:%.*s", all,
		(int)strcspn(all, ","), all);
	if (count == 0)
		reading_refuse(r, err, "save it with np.savez", "is an archive without a NumPy array");
	else if (r->member)
		reading_refuse(r, err, remedy, "there is no array of that name in it");
	else
		reading_refuse(r, err, remedy, "holds %" G_GINT64_FORMAT " arrays, and none was chosen",
			count);
	return -1;
}

static bool check_entry(const struct reading *r, const zip_stat_t *st, GError **err)
{
	zip_uint64_t need = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_ENCRYPTION_METHOD;
	if ((st->valid & need) != need || st->size > INT64_MAX / 2)
		return reading_refuse(r, err, NULL, "has an array of unknown size");
	if (st->encryption_method != ZIP_EM_NONE)
		return reading_refuse(r, err, "save it without a password", "is encrypted");
	if (st->comp_size > (zip_uint64_t)r->file_bytes ||
	    (st->size > EXPANSION_FREE && st->size / EXPANSION_MOST > st->comp_size))
		return reading_refuse(r, err, NULL, "claims %" G_GUINT64_FORMAT " bytes packed into %"
			G_GUINT64_FORMAT, (guint64)st->size, (guint64)st->comp_size);
	return true;
}

struct member {
	const struct reading *r;
	zip_file_t *file;
};

static int64_t read_member(void *handle, void *to, int64_t size, GError **err)
{
	struct member *m = handle;
	zip_int64_t n = zip_fread(m->file, to, (zip_uint64_t)size);
	if (n < 0)
		reading_refuse(m->r, err, "copy or save it again", "is damaged: %s",
			zip_file_strerror(m->file));
	return n;
}

/* The check sum is known to be right only at the end; what follows the array is read for it. */
static bool read_rest(struct member *m, GError **err)
{
	uint8_t rest[4096];
	int64_t n;
	do
		n = read_member(m, rest, sizeof(rest), err);
	while (n > 0);
	return n == 0;
}

/* One array, and nothing else. */
static bool read_array(struct reading *r, zip_t *archive, GError **err)
{
	int64_t entry = choose(r, archive, err);
	if (entry < 0)
		return false;
	zip_stat_t st;
	zip_stat_init(&st);
	if (zip_stat_index(archive, (zip_uint64_t)entry, 0, &st) != 0)
		return reading_refuse(r, err, NULL, "is damaged: %s", zip_strerror(archive));
	if (!check_entry(r, &st, err))
		return false;
	g_autoptr(zip_file_t) file = zip_fopen_index(archive, (zip_uint64_t)entry, 0);
	if (!file)
		return reading_refuse(r, err, NULL, "cannot be read: %s", zip_strerror(archive));
	struct member m = { r, file };
	struct npy_source s = { read_member, &m, (int64_t)st.size };
	json_object_set_new(r->facts, "array", json_string(st.name));
	json_object_set_new(r->facts, "compression",
		json_string(st.comp_method == ZIP_CM_STORE ? "none" : "deflate"));
	return npy_read_stream(r, &s, err) && (!r->dev || read_rest(&m, err));
}

/* --- as a container --------------------------------------------------------------------------- */

/* A member opened up to its first number. */
struct opened {
	struct member member;
	zip_file_t *file;
	struct npy_source source;
	struct npy_header header;
};

static void opened_clear(struct opened *o)
{
	if (o->file)
		zip_fclose(o->file);
}
typedef struct opened opened;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(opened, opened_clear)

static bool open_member(const struct reading *r, zip_t *archive, int64_t entry, struct opened *o,
	GError **err)
{
	zip_stat_t st;
	int64_t header_bytes;
	zip_stat_init(&st);
	if (zip_stat_index(archive, (zip_uint64_t)entry, 0, &st) != 0)
		return reading_refuse(r, err, NULL, "is damaged: %s", zip_strerror(archive));
	if (!check_entry(r, &st, err))
		return false;
	o->file = zip_fopen_index(archive, (zip_uint64_t)entry, 0);
	if (!o->file)
		return reading_refuse(r, err, NULL, "cannot be read: %s", zip_strerror(archive));
	o->member = (struct member){ r, o->file };
	o->source = (struct npy_source){ read_member, &o->member, (int64_t)st.size };
	return npy_read_header(r, &o->source, &o->header, &header_bytes, err);
}

/* Text is numbers of 32 bits along one more axis; other strangers stay what they are. */
static void describe_member(struct variable *v, struct npy_header *h)
{
	const char *remedy;
	v->rank = h->rank;
	memcpy(v->n, h->n, sizeof(v->n));
	v->first_fastest = h->fortran;
	v->stranger = npy_find_type(h) ? NULL : npy_stranger(h, &remedy);
	v->kind = h->kind;
	v->bits = h->bits;
	v->text = strchr(h->descr, 'U') && h->rank == 0 && h->size > 0;
	if (v->text) {
		v->n[v->rank++] = h->size;
		v->kind = SAMPLE_UNSIGNED;
		v->bits = 32;
	} else if (!v->bits && !v->stranger) {
		v->stranger = "numbers of an unknown type";
	}
	if (v->text)
		v->stranger = NULL;
}

static bool read_member_header(struct container *c, struct variable *v, GError **err)
{
	g_auto(opened) o = { .header = { .rank = 0 } };
	if (!open_member(c->r, c->inside, v->place, &o, err))
		return false;
	describe_member(v, &o.header);
	return v->stranger || size_product(variable_count(v), (int64_t)v->bits / 8, (int64_t)-1) <=
		o.source.bytes || reading_refuse(c->r, err, "copy or save it again",
		"is cut off: array '%s' is smaller than its header claims", v->name);
}

static bool npz_fetch(struct container *c, const struct variable *v, number_sink *put, void *data,
	GError **err)
{
	g_auto(opened) o = { .header = { .rank = 0 } };
	if (!open_member(c->r, c->inside, v->place, &o, err))
		return false;
	npy_find_type(&o.header);
	o.header.size = v->bits / 8;
	o.header.rank = v->rank;
	memcpy(o.header.n, v->n, sizeof(v->n));
	return npy_put_numbers(c->r, &o.source, &o.header, put, data, err) &&
		read_rest(&o.member, err);
}

/* Names alone; the headers are read where these make a capture. */
static struct container *npz_open(struct reading *r, zip_t *archive)
{
	struct container *c = container_new(r);
	c->fetch = npz_fetch;
	c->inside = archive;
	for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); i++) {
		const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
		if (!is_array(name))
			continue;
		g_autofree char *bare = g_strndup(name, strlen(name) - 4);
		container_add(c, bare)->place = i;
	}
	return c;
}

static bool read_capture(struct container *c, GError **err)
{
	for (guint i = 0; i < c->variables->len; i++)
		if (!read_member_header(c, c->variables->pdata[i], err))
			return false;
	return container_read(c, err);
}

static bool npz_read(struct reading *r, GError **err)
{
	g_autoptr(zip_t) archive = open_archive(r, err);
	if (!archive)
		return false;
	g_autoptr(container) c = npz_open(r, archive);
	return capture_named(c) ? read_capture(c, err) :
		read_array(r, archive, err);
}

static const char *const extensions[] = { ".npz", NULL };

const struct format format_npz = { "NPZ", extensions, npz_matches, npz_read, npz_write };
