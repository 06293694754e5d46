/* SPDX-License-Identifier: BSD-3-Clause */
/* arrays.c - named arrays as MAT files (MathWorks' "Level 5" format) and NumPy archives */
#include "arrays.h"

#include <string.h>
#include <zip.h>
#include <zlib.h>
#include "io.h"

const char *const kind_names[KINDS] = {
	"MAT", "packed MAT", "MAT of the other byte order", "NPZ", "NPZ in Fortran's order", "HDF5",
	"MAT 7.3",
};

int64_t named_count(const named_array *a)
{
	int64_t count = 1;
	for (int i = 0; i < a->rank; i++)
		count *= a->n[i];
	return count;
}

size_t number_bytes(char type, double value, uint8_t to[8])
{
	uint16_t h = (uint16_t)value;
	float f = (float)value;
	to[0] = (uint8_t)value;
	if (type == 'H')
		memcpy(to, &h, sizeof(h));
	if (type == 'f')
		memcpy(to, &f, sizeof(f));
	if (type == 'd')
		memcpy(to, &value, sizeof(value));
	return type == 'H' ? 2 : type == 'f' ? 4 : type == 'd' ? 8 : 1;
}

GByteArray *array_bytes_of(const named_array *a, bool first_fastest)
{
	GByteArray *bytes = g_byte_array_new();
	int64_t count = named_count(a);
	for (int64_t i = 0; i < count; i++) {
		int64_t rest = i, place = 0, step = count;
		for (int k = 0; k < a->rank && first_fastest; k++) {
			step /= a->n[k];
			place += rest % a->n[k] * step;
			rest /= a->n[k];
		}
		place = first_fastest ? place : i;
		uint8_t number[8];
		double value = a->values ? a->values[place] : array_value(place);
		size_t size = number_bytes(a->type, value, number);
		g_byte_array_append(bytes, number, (guint)size);
	}
	return bytes;
}

/* --- MAT -------------------------------------------------------------------------------------- */

/* `swap`: each number of `size` bytes the other way round. */
static void put_numbers(GByteArray *to, const void *from, size_t count, size_t size, bool swap)
{
	const uint8_t *bytes = from;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < size; k++)
			g_byte_array_append(to, bytes + i * size + (swap ? size - 1 - k : k), 1);
}

static void put_word(GByteArray *to, uint32_t word, bool swap)
{
	put_numbers(to, &word, 1, sizeof(word), swap);
}

/* An element; up to four bytes go into its tag. */
static void put_element(GByteArray *to, uint32_t type, const void *data, size_t count, size_t size,
	bool swap)
{
	guint start = to->len;
	size_t bytes = count * size;
	if (bytes > 0 && bytes <= 4) {
		put_word(to, (uint32_t)bytes << 16 | type, swap);
	} else {
		put_word(to, type, swap);
		put_word(to, (uint32_t)bytes, swap);
	}
	put_numbers(to, data, count, size, swap);
	while ((to->len - start) % 8)
		g_byte_array_append(to, (const guint8 *)"", 1);
}

/* Array flags, dimensions and name. */
static void put_head(GByteArray *to, uint32_t class, const named_array *a, const char *name,
	bool swap)
{
	uint32_t flags[2] = { class, 0 };
	int32_t dims[AXES_MOST] = { 1, 1 };
	for (int i = 0; i < a->rank; i++)
		dims[i] = (int32_t)a->n[i];
	put_element(to, 6, flags, 2, 4, swap);
	put_element(to, 5, dims, (size_t)MAX(a->rank, 2), 4, swap);
	put_element(to, 1, name, strlen(name), 1, swap);
}

static void put_matrix(GByteArray *to, const GByteArray *body, bool swap)
{
	put_word(to, 14, swap);
	put_word(to, body->len, swap);
	g_byte_array_append(to, body->data, body->len);
}

static void put_array(GByteArray *to, const named_array *a, const char *name, bool swap)
{
	static const struct { char type; uint32_t element, class; size_t size; } types[] = {
		{ 'B', 2, 6, 1 }, { 'b', 2, 9, 1 }, { 'H', 4, 6, 2 }, { 'f', 7, 7, 4 }, { 'd', 9, 6, 8 },
	};
	g_autoptr(GByteArray) body = g_byte_array_new();
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
		if (types[i].type != a->type)
			continue;
		g_autoptr(GByteArray) numbers = array_bytes_of(a, true);
		put_head(body, types[i].class, a, name, swap);
		put_element(body, types[i].element, numbers->data, numbers->len / types[i].size,
			types[i].size, swap);
	}
	put_matrix(to, body, swap);
}

/* The fields of one structure, which follow each other; gives how many. */
static int put_structure(GByteArray *to, const named_array *arrays, int n, bool swap)
{
	const char *dot = strchr(arrays[0].name, '.');
	int fields = 0;
	int32_t length = 32;
	g_autofree char *name = g_strndup(arrays[0].name, (gsize)(dot - arrays[0].name));
	g_autofree char *names = g_malloc0((gsize)n * 32);
	while (fields < n && g_str_has_prefix(arrays[fields].name, name)) {
		g_strlcpy(names + fields * 32, strchr(arrays[fields].name, '.') + 1, 32);
		fields++;
	}
	g_autoptr(GByteArray) body = g_byte_array_new();
	put_head(body, 2, &(named_array){ .rank = 0 }, name, swap);
	put_element(body, 5, &length, 1, 4, swap);
	put_element(body, 1, names, (size_t)fields * 32, 1, swap);
	for (int i = 0; i < fields; i++)
		put_array(body, arrays + i, "", swap);
	put_matrix(to, body, swap);
	return fields;
}

static void put_packed(GByteArray *to, const GByteArray *element)
{
	uLongf size = compressBound(element->len);
	g_autofree uint8_t *packed = g_malloc(size);
	g_assert_cmpint(compress(packed, &size, element->data, element->len), ==, Z_OK);
	put_word(to, 15, false);
	put_word(to, (uint32_t)size, false);
	g_byte_array_append(to, packed, (guint)size);
}

static void write_mat(const char *path, const named_array *arrays, int n, int kind)
{
	bool swap = kind == MAT_OTHER_ORDER;
	g_autoptr(GByteArray) file = g_byte_array_new();
	char head[128];
	uint16_t version = 0x0100, mark = 'M' << 8 | 'I';
	memset(head, ' ', sizeof(head));
	memcpy(head, "MATLAB 5.0 MAT-file, made by a test", 35);
	g_byte_array_append(file, (guint8 *)head, 124);
	put_numbers(file, &version, 1, 2, swap);
	put_numbers(file, &mark, 1, 2, swap);
	for (int i = 0; i < n;) {
		g_autoptr(GByteArray) element = g_byte_array_new();
		bool field = strchr(arrays[i].name, '.') != NULL;
		if (!field)
			put_array(element, arrays + i, arrays[i].name, swap);
		i += field ? put_structure(element, arrays + i, n - i, swap) : 1;
		if (kind == MAT_PACKED)
			put_packed(file, element);
		else
			g_byte_array_append(file, element->data, element->len);
	}
	g_assert_true(g_file_set_contents(path, (char *)file->data, file->len, NULL));
}

/* --- NumPy ------------------------------------------------------------------------------------ */

static GByteArray *npy_bytes(const named_array *a, bool fortran)
{
	static const struct { char type; const char *descr; } types[] = {
		{ 'B', "|u1" }, { 'b', "|b1" }, { 'H', "<u2" }, { 'f', "<f4" }, { 'd', "<f8" },
	};
	g_autoptr(GString) text = g_string_new("{'descr': '");
	for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].type == a->type)
			g_string_append(text, types[i].descr);
	g_string_append_printf(text, "', 'fortran_order': %s, 'shape': (", fortran ? "True" : "False");
	for (int i = 0; i < a->rank; i++)
		g_string_append_printf(text, "%d, ", (int)a->n[i]);
	g_string_append(text, "), }\n");
	GByteArray *file = g_byte_array_new();
	uint8_t length[2] = { (uint8_t)text->len, (uint8_t)(text->len >> 8) };
	g_byte_array_append(file, (const guint8 *)"\x93NUMPY\1", 8);
	g_byte_array_append(file, length, 2);
	g_byte_array_append(file, (const guint8 *)text->str, (guint)text->len);
	g_autoptr(GByteArray) numbers = array_bytes_of(a, fortran);
	g_byte_array_append(file, numbers->data, numbers->len);
	return file;
}

static void write_npz(const char *path, const named_array *arrays, int n, bool fortran)
{
	zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	g_assert_nonnull(archive);
	for (int i = 0; i < n; i++) {
		GByteArray *file = npy_bytes(arrays + i, fortran);
		g_autofree char *name = g_strconcat(arrays[i].name, ".npy", NULL);
		gsize size;
		guint8 *bytes = g_byte_array_steal(file, &size);
		g_byte_array_unref(file);
		zip_source_t *source = zip_source_buffer(archive, bytes, size, 1);
		g_assert_cmpint(zip_file_add(archive, name, source, ZIP_FL_OVERWRITE), >=, 0);
	}
	g_assert_cmpint(zip_close(archive), ==, 0);
}

char *write_arrays(int kind, const char *name, const named_array *arrays, int n)
{
	static const char *const endings[KINDS] = {
		".mat", ".mat", ".mat", ".npz", ".npz", ".h5", ".mat"
	};
	g_autofree char *file = g_strconcat(name, endings[kind], NULL);
	char *path = scratch_path(file);
	if (kind <= MAT_OTHER_ORDER)
		write_mat(path, arrays, n, kind);
	else if (kind <= NPZ_FORTRAN)
		write_npz(path, arrays, n, kind == NPZ_FORTRAN);
#ifdef HAVE_HDF5
	else
		write_hdf5_arrays(path, arrays, n, kind == MAT_73);
#else
	else
		g_clear_pointer(&path, g_free);
#endif
	return path;
}
