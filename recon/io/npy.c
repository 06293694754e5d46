/* SPDX-License-Identifier: BSD-3-Clause */
/* npy.c - arrays of NumPy: any real dtype, byte order and axis order; written as float32
 * (the format: numpy.lib.format, NEP 1) */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "io/file.h"
#include "io/format.h"
#include "io/npy-header.h"

#define HEADER_MOST 65536       /* bytes; a real one is about 120 */
#define BLOCK_BYTES 65536
#define WRITE_BYTES ((int64_t)1 << 20)
#define RANK_MOST 4             /* axes of a picture */

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define NATIVE_ORDER '<'
#else
#define NATIVE_ORDER '>'
#endif

static const char signature[6] = { '\x93', 'N', 'U', 'M', 'P', 'Y' };

bool npy_matches(const uint8_t *start, size_t size)
{
	return size >= sizeof(signature) && !memcmp(start, signature, sizeof(signature));
}

/* --- number types --------------------------------------------------------------------------- */

static const struct {
	char letter;
	int size;
	enum sample_kind kind;
	int bits;
} types[] = {
	{ 'b', 1, SAMPLE_UNSIGNED, 8 },         /* truth values, a byte each */
	{ 'u', 1, SAMPLE_UNSIGNED, 8 }, { 'u', 2, SAMPLE_UNSIGNED, 16 },
	{ 'u', 4, SAMPLE_UNSIGNED, 32 }, { 'u', 8, SAMPLE_UNSIGNED, 64 },
	{ 'i', 1, SAMPLE_SIGNED, 8 }, { 'i', 2, SAMPLE_SIGNED, 16 },
	{ 'i', 4, SAMPLE_SIGNED, 32 }, { 'i', 8, SAMPLE_SIGNED, 64 },
	{ 'f', 2, SAMPLE_FLOAT, 16 }, { 'f', 4, SAMPLE_FLOAT, 32 }, { 'f', 8, SAMPLE_FLOAT, 64 },
};

static const struct {
	char letter;
	const char *what, *remedy;
} strangers[] = {
	{ 'c', "complex numbers", "save the magnitude: np.save(\"magnitude.npy\", np.abs(a))" },
	{ 'O', "Python objects", "save a plain array: np.save(\"plain.npy\", a.astype(np.float32))" },
	{ 'U', "text", "save numbers" },
	{ 'S', "text", "save numbers" },
	{ 'M', "dates", "save numbers" },
	{ 'm', "time spans", "save numbers" },
	{ 'V', "raw bytes", "save numbers" },
};

bool npy_find_type(struct npy_header *h)
{
	const char *d = h->descr;
	h->order = strchr("<>", *d) && *d ? *d : NATIVE_ORDER;
	d += *d && strchr("<>|=", *d) ? 1 : 0;
	h->size = (int)g_ascii_strtoll(*d ? d + 1 : d, NULL, 10);
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (types[i].letter == *d && types[i].size == h->size) {
			h->kind = types[i].kind;
			h->bits = types[i].bits;
			return true;
		}
	}
	return false;
}

const char *npy_stranger(const struct npy_header *h, const char **remedy)
{
	const char *d = h->descr + (*h->descr && strchr("<>|=", *h->descr) ? 1 : 0);
	for (size_t i = 0; i < G_N_ELEMENTS(strangers); i++) {
		if (strangers[i].letter == *d) {
			*remedy = strangers[i].remedy;
			return strangers[i].what;
		}
	}
	return NULL;
}

static bool find_type(const struct reading *r, struct npy_header *h, GError **err)
{
	if (npy_find_type(h)) {
		r->im->kind = h->kind;
		r->im->bits = h->bits;
		return true;
	}
	const char *remedy = NULL, *what = npy_stranger(h, &remedy);
	if (what)
		return reading_refuse(r, err, remedy, "holds %s (%s), not real numbers", what, h->descr);
	return reading_refuse(r, err, "save it as np.float32", "holds numbers of an unknown type '%s'",
		h->descr);
}

/* --- axes ----------------------------------------------------------------------------------- */

/* Which axis of the picture each axis of the array is: letters of "zyxc". */
static const char *axes_of(const struct npy_header *h)
{
	static const char *const by_rank[] = { "", "x", "yx", "zyx", "zyxc" };
	const int64_t *n = h->n;
	if (h->rank == 3 && n[2] >= 1 && n[2] <= 4 && n[0] > n[2] && n[1] > n[2])
		return "yxc";
	return by_rank[h->rank];
}

static bool find_shape(struct reading *r, const struct npy_header *h, GError **err)
{
	r->shape = (shape){ 1, 1, 1, 1 };
	if (h->rank > RANK_MOST)
		return reading_refuse(r, err, "save a part of it, or take a mean over some axes",
			"has %d axes; pictures have at most %d (z, y, x, channel)", h->rank, RANK_MOST);
	const char *axes = axes_of(h);
	for (int i = 0; i < h->rank; i++) {
		int64_t *n = axes[i] == 'z' ? &r->shape.z : axes[i] == 'y' ? &r->shape.y :
			axes[i] == 'x' ? &r->shape.x : &r->shape.c;
		*n = h->n[i];
		if (h->n[i] < 1)
			return reading_refuse(r, err, NULL, "is an array without elements (axis %d)", i);
	}
	r->im->has_z = strchr(axes, 'z') && (h->rank == 3 || r->shape.z > 1);
	return true;
}

/* Lengths of the axes and steps between their elements, in the order of the file, slowest first. */
static void stored_steps(const struct npy_header *h, const struct layout *l,
	int64_t n[RANK_MOST], int64_t step[RANK_MOST])
{
	const char *axes = axes_of(h);
	for (int i = 0; i < RANK_MOST; i++) {
		n[i] = 1;
		step[i] = 0;
	}
	for (int i = 0; i < h->rank; i++) {
		int to = h->fortran ? RANK_MOST - 1 - i : RANK_MOST - h->rank + i;
		n[to] = h->n[i];
		step[to] = axes[i] == 'z' ? l->dz : axes[i] == 'y' ? l->dy : axes[i] == 'x' ? l->dx : l->dc;
	}
}

/* --- reading -------------------------------------------------------------------------------- */

static bool fetch(const struct reading *r, const struct npy_source *s, void *to, int64_t size,
	GError **err)
{
	for (int64_t done = 0; done < size;) {
		int64_t n = s->read(s->handle, (char *)to + done, size - done, err);
		if (n < 0)
			return false;
		if (n == 0)
			return reading_refuse(r, err, "copy or save it again", "ends early: it is cut off");
		done += n;
	}
	return true;
}

bool npy_read_header(const struct reading *r, const struct npy_source *s, struct npy_header *h,
	int64_t *header_bytes, GError **err)
{
	uint8_t start[12];
	if (!fetch(r, s, start, 10, err))
		return false;
	if (!npy_matches(start, 10) || start[6] < 1 || start[6] > 3)
		return reading_refuse(r, err, "save it with np.save", "is no NPY array of version 1 to 3");
	int64_t length = start[8] | start[9] << 8;
	*header_bytes = 10;
	if (start[6] > 1) {
		if (!fetch(r, s, start + 10, 2, err))
			return false;
		length |= (int64_t)start[10] << 16 | (int64_t)start[11] << 24;
		*header_bytes = 12;
	}
	if (length > HEADER_MOST)
		return reading_refuse(r, err, NULL, "has a header of %" G_GINT64_FORMAT " bytes", length);
	g_autofree char *text = g_malloc0((gsize)length + 1);
	if (!fetch(r, s, text, length, err))
		return false;
	*header_bytes += length;
	if (strstr(text, "[(") || strstr(text, "[ ("))
		return reading_refuse(r, err, "save one field: np.save(\"field.npy\", a[\"name\"])",
			"is an array of records, not of numbers");
	return npy_header_parse(text, h) ||
		reading_refuse(r, err, "save it with np.save", "has a header that cannot be understood");
}

/* n numbers, at most a block of them, in the machine's byte order. */
static bool fetch_numbers(const struct reading *r, const struct npy_source *s,
	const struct npy_header *h, uint8_t *block, int64_t n, GError **err)
{
	if (!fetch(r, s, block, n * h->size, err))
		return false;
	if (h->order != NATIVE_ORDER)
		sample_swap(block, n, h->size);
	return true;
}

bool npy_put_numbers(const struct reading *r, const struct npy_source *s,
	const struct npy_header *h, number_sink *put, void *data, GError **err)
{
	uint8_t block[BLOCK_BYTES];
	int64_t count = 1;
	for (int i = 0; i < MIN(h->rank, NPY_RANK_MOST); i++)
		count = size_product(count, h->n[i], (int64_t)-1);
	for (int64_t n; count > 0; count -= n) {
		n = MIN(count, BLOCK_BYTES / h->size);
		if (!fetch_numbers(r, s, h, block, n, err) || !put(data, block, n, err))
			return false;
	}
	return true;
}

/*
 * The file is a sequence of lines along the fastest stored axis; whole lines, or parts of a long
 * one, are read a block at a time.
 */
static bool read_numbers(const struct reading *r, const struct npy_source *s,
	const struct npy_header *h, const struct layout *l, GError **err)
{
	uint8_t block[BLOCK_BYTES];
	int64_t n[RANK_MOST], step[RANK_MOST], most = BLOCK_BYTES / h->size;
	sample_unpack *unpack = sample_unpacker(r->im->kind, r->im->bits);
	stored_steps(h, l, n, step);
	int64_t total = n[0] * n[1] * n[2] * n[3], group = n[3] < most ? most / n[3] * n[3] : most;
	for (int64_t i = 0, held = 0; i < total; i += held) {
		int64_t line_left = n[3] - i % n[3];
		held = n[3] < most ? MIN(group, total - i) : MIN(most, line_left);
		if (!fetch_numbers(r, s, h, block, held, err))
			return false;
		for (int64_t k = 0; k < held; k += MIN(n[3], held)) {
			int64_t at = i + k, line = at / n[3];
			float *to = l->origin + line / (n[1] * n[2]) * step[0] +
				line / n[2] % n[1] * step[1] + line % n[2] * step[2] + at % n[3] * step[3];
			unpack(to, step[3], block, k, 1, MIN(n[3], held));
		}
	}
	return true;
}

bool npy_read_stream(struct reading *r, const struct npy_source *s, GError **err)
{
	struct npy_header h = { .rank = 0 };
	int64_t header_bytes = 0;
	if (!npy_read_header(r, s, &h, &header_bytes, err) ||
	    !find_type(r, &h, err) || !find_shape(r, &h, err))
		return false;
	json_object_set_new(r->facts, "dtype", json_string(h.descr));
	json_object_set_new(r->facts, "fortran_order", json_boolean(h.fortran));
	shape t = r->shape;
	int64_t claim = size_product(t.c, t.z, t.y, t.x, (int64_t)h.size, (int64_t)-1);
	int64_t held = s->bytes - header_bytes;
	if (claim > held)
		return reading_refuse(r, err, "copy or save it again", "is cut off: the header claims %"
			G_GINT64_FORMAT " bytes of numbers, %" G_GINT64_FORMAT " are there", claim, held);
	if (claim < held)
		image_warn(r->im, "%" G_GINT64_FORMAT " bytes after the array are ignored", held - claim);
	struct layout l;
	return !r->dev || (reading_allocate(r, &l, err) && read_numbers(r, s, &h, &l, err));
}

static int64_t read_file(void *handle, void *to, int64_t size, GError **err)
{
	const struct reading *r = handle;
	ssize_t n;
	do
		n = read(r->fd, to, (size_t)size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		reading_refuse(r, err, NULL, "cannot be read: %s", g_strerror(errno));
	return n;
}

static bool npy_read(struct reading *r, GError **err)
{
	struct npy_source s = { read_file, r, r->file_bytes };
	return npy_read_stream(r, &s, err);
}

/* --- writing -------------------------------------------------------------------------------- */

char *npy_header_text(const char *descr, const char *dims, size_t *size)
{
	GString *text = g_string_new(NULL);
	g_string_append_len(text, signature, sizeof(signature));
	g_string_append_len(text, "\1\0??", 4);
	g_string_append_printf(text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (%s), }",
		NATIVE_ORDER, descr, dims);
	while (text->len % 64 != 63)            /* the numbers begin at a multiple of 64 bytes */
		g_string_append_c(text, ' ');
	g_string_append_c(text, '\n');
	text->str[8] = (char)((text->len - 10) & 255);
	text->str[9] = (char)((text->len - 10) >> 8);
	*size = text->len;
	return g_string_free(text, FALSE);
}

static char *header_of(const image *im, size_t *size)
{
	shape s = im->data->shape;
	g_autoptr(GString) dims = g_string_new(NULL);
	if (s.z > 1 || im->has_z)
		g_string_append_printf(dims, "%" G_GINT64_FORMAT ", ", s.z);
	g_string_append_printf(dims, "%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT, s.y, s.x);
	if (s.c > 1)
		g_string_append_printf(dims, ", %" G_GINT64_FORMAT, s.c);
	return npy_header_text("f4", dims->str, size);
}

/* Row i of all planes' rows, the channels of a pixel together. */
static void gather_row(float *to, const array *a, int64_t i)
{
	shape s = a->shape;
	for (int64_t c = 0; c < s.c; c++) {
		const float *from = array_row(a, c, i / s.y, i % s.y);
		for (int64_t x = 0; x < s.x; x++)
			to[x * s.c + c] = from[x];
	}
}

static bool npy_write(const image *im, int fd, const char *path, GError **err)
{
	shape s = im->data->shape;
	int64_t rows = s.z * s.y, numbers = s.x * s.c;
	int64_t group = CLAMP(WRITE_BYTES / (numbers * (int64_t)sizeof(float)), 1, rows);
	size_t size;
	g_autofree char *header = header_of(im, &size);
	g_autofree float *block = g_try_malloc((size_t)(group * numbers) * sizeof(float));
	if (!block) {
		file_write_error(path, ENOMEM, err);
		return false;
	}
	bool done = file_put(fd, header, size, path, err);
	for (int64_t i = 0, held; done && i < rows; i += held) {
		held = MIN(group, rows - i);
		for (int64_t k = 0; k < held; k++)
			gather_row(block + k * numbers, im->data, i + k);
		done = file_put(fd, block, (size_t)(held * numbers) * sizeof(float), path, err);
	}
	return done;
}

static const char *const extensions[] = { ".npy", NULL };

const struct format format_npy = { "NPY", extensions, npy_matches, npy_read, npy_write };
