/* SPDX-License-Identifier: BSD-3-Clause */
/* mat.c - MATLAB's files up to version 7 ("Level 5"); those of 7.3 are HDF5
 * (the format: MathWorks, MAT-File Format, "Level 5 MAT-File Format") */
#include <string.h>
#include "io/capture.h"
#include "io/mat-stream.h"

#define HEADER_BYTES 128
#define VARIABLES_MOST 1000
#define NAME_MOST 256           /* bytes; MATLAB's own limit is 63 letters */
#define FIELDS_MOST 200
#define DEPTH_MOST 3            /* structures in structures */

enum { MI_UINT32 = 6, MI_INT32 = 5, MI_INT8 = 1, MI_MATRIX = 14, MI_PACKED = 15 };
enum { CLASS_STRUCT = 2, CLASS_NUMBERS_FIRST = 6, CLASS_NUMBERS_LAST = 15 };
enum { FLAG_COMPLEX = 0x800 };

static const char version_5[] = "MATLAB 5.0 MAT-f";

static const struct {
	uint32_t type;
	enum sample_kind kind;
	int bits;
} numbers[] = {
	{ 1, SAMPLE_SIGNED, 8 }, { 2, SAMPLE_UNSIGNED, 8 }, { 3, SAMPLE_SIGNED, 16 },
	{ 4, SAMPLE_UNSIGNED, 16 }, { MI_INT32, SAMPLE_SIGNED, 32 },
	{ MI_UINT32, SAMPLE_UNSIGNED, 32 }, { 7, SAMPLE_FLOAT, 32 }, { 9, SAMPLE_FLOAT, 64 },
	{ 12, SAMPLE_SIGNED, 64 }, { 13, SAMPLE_UNSIGNED, 64 },
};

/* By MATLAB's number of the class of an array. */
static const char *const strangers[] = {
	[1] = "cells", [CLASS_STRUCT] = "structures", [3] = "an object", [4] = "text",
	[5] = "a sparse matrix", [16] = "a function", [17] = "an object",
};

static bool mat_matches(const uint8_t *start, size_t size)
{
	return size >= 16 && !memcmp(start, version_5, 16);
}

/* --- elements --------------------------------------------------------------------------------- */

struct tag {
	uint32_t type;
	int64_t bytes;          /* of the data */
	int64_t padded;         /* to the next tag */
};

/* Up to four bytes of data stand in the tag itself; the upper half of the type is their number. */
static bool get_tag(struct mat_stream *s, struct tag *t, GError **err)
{
	uint32_t words[2];
	if (!mat_get_words(s, words, 1, err))
		return false;
	if (words[0] >> 16) {
		*t = (struct tag){ words[0] & 0xffff, words[0] >> 16, 4 };
		return t->bytes <= 4 || reading_refuse(s->r, err, NULL, "is damaged (short element)");
	}
	if (!mat_get_words(s, words + 1, 1, err))
		return false;
	*t = (struct tag){ words[0], words[1], ((int64_t)words[1] + 7) / 8 * 8 };
	return true;
}

/* An element of `type` and at most `most` bytes; what is longer, or another, is damage. */
static bool get_element(struct mat_stream *s, uint32_t type, void *to, int64_t most, int64_t *bytes,
	GError **err)
{
	struct tag t;
	if (!get_tag(s, &t, err))
		return false;
	if (t.type != type || t.bytes > most)
		return reading_refuse(s->r, err, "save it again", "is damaged (element of type %u, %"
			G_GINT64_FORMAT " bytes)", t.type, t.bytes);
	*bytes = t.bytes;
	return mat_get(s, to, t.bytes, err) && mat_skip(s, t.padded - t.bytes, err);
}

/* --- one variable ----------------------------------------------------------------------------- */

struct header {
	uint32_t class, flags;
	int rank;
	int64_t n[VARIABLE_RANK_MOST];
	char name[NAME_MOST + 1];
};

static bool get_dims(struct mat_stream *s, struct header *h, GError **err)
{
	int32_t dims[64];
	int64_t bytes = 0;
	if (!get_element(s, MI_INT32, dims, sizeof(dims), &bytes, err))
		return false;
	if (s->swap)
		sample_swap((uint8_t *)dims, bytes / 4, 4);
	h->rank = (int)(bytes / 4);
	for (int i = 0; i < h->rank; i++) {
		if (dims[i] < 0)
			return reading_refuse(s->r, err, NULL, "is damaged (size %d)", (int)dims[i]);
		if (i < VARIABLE_RANK_MOST)
			h->n[i] = dims[i];
	}
	return true;
}

static bool get_header(struct mat_stream *s, struct header *h, GError **err)
{
	uint32_t flags[2];
	int64_t bytes = 0;
	if (!get_element(s, MI_UINT32, flags, sizeof(flags), &bytes, err))
		return false;
	if (bytes != sizeof(flags))
		return reading_refuse(s->r, err, NULL, "is damaged (flags)");
	if (s->swap)
		sample_swap((uint8_t *)flags, 2, 4);
	h->class = flags[0] & 0xff;
	h->flags = flags[0];
	if (!get_dims(s, h, err) || !get_element(s, MI_INT8, h->name, NAME_MOST, &bytes, err))
		return false;
	h->name[bytes] = '\0';
	return true;
}

/* The file's place of an element, and what kind it is. */
struct element {
	int64_t at, bytes;
	bool packed;
};

static const char *stranger_of(const struct header *h)
{
	if (h->class >= CLASS_NUMBERS_FIRST && h->class <= CLASS_NUMBERS_LAST)
		return h->flags & FLAG_COMPLEX ? "complex numbers" : NULL;
	const char *known = h->class < G_N_ELEMENTS(strangers) ? strangers[h->class] : NULL;
	return known ? known : "something unknown";
}

/* Numbers stand in the file in the smallest type that holds them, whatever their class. */
static bool find_numbers(struct mat_stream *s, struct variable *v, GError **err)
{
	struct tag t;
	if (!get_tag(s, &t, err))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		if (numbers[i].type != t.type)
			continue;
		v->kind = numbers[i].kind;
		v->bits = numbers[i].bits;
		v->offset = s->done;
		int64_t count = variable_count(v);
		if (count > INT64_MAX / 8 || count * (v->bits / 8) != t.bytes)
			return reading_refuse(s->r, err, "save it again", "is damaged: variable '%s' has %"
				G_GINT64_FORMAT " bytes of numbers, which is not its size", v->name, t.bytes);
		if (!s->packed && t.bytes > s->end - s->at)
			return reading_refuse(s->r, err, "copy or save it again", "is cut off in variable '%s'",
				v->name);
		return true;
	}
	v->stranger = "numbers of an unknown type";
	return true;
}

static struct variable *add_variable(struct container *c, const struct mat_stream *s,
	const struct header *h, const char *name)
{
	struct variable *v = container_add(c, name);
	v->first_fastest = true;
	v->rank = h->rank;
	memcpy(v->n, h->n, sizeof(v->n));
	v->stranger = stranger_of(h);
	v->swap = s->swap;
	v->kind = SAMPLE_UNSIGNED;
	v->bits = 8;
	return v;
}

static bool add_matrix(struct container *c, struct mat_stream *s, const struct element *e,
	const char *prefix, int depth, GError **err);

/* One structure, not a list of them: its fields become variables. */
static bool add_fields(struct container *c, struct mat_stream *s, const struct element *e,
	const char *name, int depth, GError **err)
{
	int32_t length = 0;
	int64_t bytes = 0;
	g_autofree char *names = g_malloc0(FIELDS_MOST * 64);
	if (!get_element(s, MI_INT32, &length, 4, &bytes, err))
		return false;
	if (s->swap)
		sample_swap((uint8_t *)&length, 1, 4);
	if (bytes != 4 || length < 1 || length > 64)
		return reading_refuse(s->r, err, NULL, "is damaged (names of fields)");
	if (!get_element(s, MI_INT8, names, (int64_t)FIELDS_MOST * length, &bytes, err))
		return false;
	for (int64_t i = 0; i < bytes / length; i++) {
		g_autofree char *field = g_strndup(names + i * length, (gsize)length);
		g_autofree char *whole = g_strconcat(name, ".", field, NULL);
		if (!add_matrix(c, s, e, whole, depth + 1, err))
			return false;
	}
	return true;
}

/* From the tag of the matrix on.  prefix: the name of a field, which does not have its own. */
static bool add_matrix(struct container *c, struct mat_stream *s, const struct element *e,
	const char *prefix, int depth, GError **err)
{
	struct tag t;
	struct header h = { .rank = 0 };
	if (!get_tag(s, &t, err))
		return false;
	int64_t end = s->done + t.bytes;
	if (t.type != MI_MATRIX)
		return reading_refuse(s->r, err, NULL, "is damaged (element of type %u)", t.type);
	if (t.bytes == 0)
		return true;
	if (!get_header(s, &h, err))
		return false;
	const char *name = prefix ? prefix : h.name;
	struct variable *v = add_variable(c, s, &h, name);
	v->place = e->at;
	v->size = e->bytes;
	v->packed = e->packed;
	if (!v->stranger && !find_numbers(s, v, err))
		return false;
	if (h.class == CLASS_STRUCT && variable_count(v) == 1 && depth < DEPTH_MOST &&
	    c->variables->len < VARIABLES_MOST && !add_fields(c, s, e, name, depth, err))
		return false;
	return depth == 0 || mat_skip(s, end - s->done, err);
}

/* --- the file --------------------------------------------------------------------------------- */

static bool add_element(struct container *c, const struct element *e, bool swap, GError **err)
{
	g_auto(mat_stream) s = { .swap = swap };
	return mat_stream_start(&s, c->r, e->at, e->bytes, e->packed, err) &&
		add_matrix(c, &s, e, NULL, 0, err);
}

static bool add_all(struct container *c, bool swap, GError **err)
{
	int64_t at = HEADER_BYTES, end = c->r->file_bytes;
	while (at < end && c->variables->len < VARIABLES_MOST) {
		g_auto(mat_stream) s = { .swap = swap };
		uint32_t tag[2];
		if (!mat_stream_start(&s, c->r, at, end - at, false, err) ||
		    !mat_get_words(&s, tag, 2, err))
			return false;
		/* the packed element begins behind its tag, the plain one with it */
		struct element e = { tag[0] == MI_PACKED ? at + 8 : at, tag[1], tag[0] == MI_PACKED };
		if (tag[1] > end - at - 8)
			return reading_refuse(c->r, err, "copy or save it again", "is cut off: an element of %u "
				"bytes begins %" G_GINT64_FORMAT " bytes before the end", tag[1], end - at);
		e.bytes += e.packed ? 0 : 8;
		if ((tag[0] == MI_PACKED || tag[0] == MI_MATRIX) && !add_element(c, &e, swap, err))
			return false;
		at += 8 + (int64_t)tag[1];
	}
	return true;
}

static bool put_blocks(struct mat_stream *s, const struct variable *v, number_sink *put, void *data,
	GError **err)
{
	uint8_t block[MAT_BLOCK];
	int size = v->bits / 8;
	for (int64_t left = variable_count(v), n; left > 0; left -= n) {
		n = MIN(left, MAT_BLOCK / size);
		if (!mat_get(s, block, n * size, err))
			return false;
		if (v->swap)
			sample_swap(block, n, size);
		if (!put(data, block, n, err))
			return false;
	}
	return true;
}

static bool mat_fetch(struct container *c, const struct variable *v, number_sink *put, void *data,
	GError **err)
{
	g_auto(mat_stream) s = { .swap = v->swap };
	return mat_stream_start(&s, c->r, v->place, v->size, v->packed, err) &&
		mat_skip(&s, v->offset, err) && put_blocks(&s, v, put, data, err) && mat_finish(&s, err);
}

struct container *mat_open(struct reading *r, GError **err)
{
	uint8_t mark[4];
	g_auto(mat_stream) s = { .swap = false };
	if (!mat_stream_start(&s, r, HEADER_BYTES - 4, r->file_bytes - (HEADER_BYTES - 4), false, err) ||
	    !mat_get(&s, mark, 4, err))
		return NULL;
	bool little = mark[2] == 'I' && mark[3] == 'M', big = mark[2] == 'M' && mark[3] == 'I';
	if (!little && !big) {
		reading_refuse(r, err, "save it again", "is damaged: no byte order is marked");
		return NULL;
	}
	g_autoptr(container) c = container_new(r);
	c->fetch = mat_fetch;
	return add_all(c, big == (G_BYTE_ORDER == G_LITTLE_ENDIAN), err) ? g_steal_pointer(&c) : NULL;
}

static bool mat_read(struct reading *r, GError **err)
{
	g_autoptr(container) c = mat_open(r, err);
	return c && container_read(c, err);
}

static const char *const extensions[] = { ".mat", NULL };

const struct format format_mat = { "MAT", extensions, mat_matches, mat_read, NULL };
