/* SPDX-License-Identifier: BSD-3-Clause */
/* hdf5.c - HDF5 files, MATLAB's of version 7.3 among them, as containers (libhdf5) */
#include <hdf5.h>
#include <string.h>
#include "io/capture.h"
#include "io/hdf5-inside.h"

#define VARIABLES_MOST 1000
#define DEPTH_MOST 4                    /* groups in groups */
#define BLOCK_BYTES ((int64_t)4 << 20)
#define CHUNK_FREE ((int64_t)64 << 20)  /* bytes of one chunk that need no question */
#define CHUNK_RATIO 4096                /* times the file's bytes that a larger one may have */
#define CLASS_BYTES 32

/* libhdf5 as packaged is not for two threads at once. */
static GRecMutex one_thread;

void hdf5_enter(struct hdf5_quiet *q)
{
	g_rec_mutex_lock(&one_thread);
	H5Eget_auto2(H5E_DEFAULT, &q->print, &q->data);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

void hdf5_leave(struct hdf5_quiet *q)
{
	H5Eset_auto2(H5E_DEFAULT, q->print, q->data);
	g_rec_mutex_unlock(&one_thread);
}

struct hdf5_file {
	struct hdf5_quiet quiet;
	hid_t file;
	bool matlab;            /* version 7.3: axes are the other way round, and classes have names */
};

static void file_close(void *inside)
{
	struct hdf5_file *f = inside;
	if (f->file >= 0)
		H5Fclose(f->file);
	hdf5_leave(&f->quiet);
	g_free(f);
}

/* --- what a data set is ----------------------------------------------------------------------- */

/* The type to read numbers as: the machine's own, of the same width. */
static hid_t type_in_memory(hid_t type)
{
	if (H5Tget_class(type) == H5T_FLOAT)
		return H5Tcopy(H5Tget_size(type) <= 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE);
	return H5Tget_native_type(type, H5T_DIR_ASCEND);
}

static const char *find_kind(hid_t type, struct variable *v)
{
	H5T_class_t class = H5Tget_class(type);
	v->kind = SAMPLE_FLOAT;
	v->bits = 64;
	if (class == H5T_FLOAT) {
		v->bits = H5Tget_size(type) <= 4 ? 32 : 64;
		return NULL;
	}
	if (class == H5T_STRING)
		return "text";
	if (class == H5T_COMPOUND)
		return "complex numbers or records";
	if (class != H5T_INTEGER && class != H5T_ENUM)
		return "something else";
	hid_t base = class == H5T_ENUM ? H5Tget_super(type) : H5Tcopy(type);
	hid_t native = H5Tget_native_type(base, H5T_DIR_ASCEND);
	v->kind = H5Tget_sign(base) == H5T_SGN_NONE ? SAMPLE_UNSIGNED : SAMPLE_SIGNED;
	v->bits = (int)H5Tget_size(native) * 8;
	H5Tclose(native);
	H5Tclose(base);
	return sample_unpacker(v->kind, v->bits) ? NULL : "numbers of an unknown width";
}

/* Filters that the library brings itself; others would be looked for in the system's folders. */
static const char *find_filters(hid_t plan)
{
	for (int i = 0; i < H5Pget_nfilters(plan); i++) {
		unsigned flags, config;
		size_t n = 0;
		H5Z_filter_t filter = H5Pget_filter2(plan, (unsigned)i, &flags, &n, NULL, 0, NULL, &config);
		if (filter < H5Z_FILTER_DEFLATE || filter > H5Z_FILTER_SCALEOFFSET ||
		    H5Zfilter_avail(filter) <= 0)
			return "numbers packed by a filter that is not there";
	}
	return NULL;
}

static const char *find_storage(const struct reading *r, hid_t data, const struct variable *v)
{
	hsize_t chunk[H5S_MAX_RANK];
	int64_t bytes = v->bits / 8;
	const char *stranger = NULL;
	hid_t plan = H5Dget_create_plist(data);
	if (plan < 0)
		return "something damaged";
	if (H5Pget_external_count(plan) != 0 || H5Pget_layout(plan) == H5D_VIRTUAL)
		stranger = "numbers that are in another file";
	int rank = H5Pget_layout(plan) == H5D_CHUNKED ? H5Pget_chunk(plan, H5S_MAX_RANK, chunk) : 0;
	for (int i = 0; i < rank; i++)
		bytes = chunk[i] > INT32_MAX ? INT64_MAX :
			size_product(bytes, (int64_t)chunk[i], (int64_t)-1);
	if (bytes > CHUNK_FREE && bytes / CHUNK_RATIO > r->file_bytes)
		stranger = "numbers in chunks larger than can be";
	stranger = stranger ? stranger : find_filters(plan);
	H5Pclose(plan);
	return stranger;
}

/* Sizes as h5py shows them; or, in MATLAB's files, as MATLAB does. */
static bool find_size(hid_t data, struct variable *v)
{
	hsize_t n[H5S_MAX_RANK];
	hid_t space = H5Dget_space(data);
	bool numbers = space >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL;
	v->rank = numbers ? H5Sget_simple_extent_dims(space, n, NULL) : 0;
	for (int i = 0; i < MIN(v->rank, VARIABLE_RANK_MOST); i++) {
		uint64_t size = n[v->first_fastest ? v->rank - 1 - i : i];
		v->n[i] = size > INT64_MAX ? INT64_MAX : (int64_t)size;
	}
	if (space >= 0)
		H5Sclose(space);
	return numbers && v->rank >= 0;
}

/* The attribute MATLAB_class; "" where there is none. */
static void matlab_class(hid_t object, char class[CLASS_BYTES])
{
	memset(class, 0, CLASS_BYTES);
	if (H5Aexists(object, "MATLAB_class") <= 0)
		return;
	hid_t attribute = H5Aopen(object, "MATLAB_class", H5P_DEFAULT);
	hid_t type = H5Aget_type(attribute);
	if (H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) <= 0 &&
	    H5Tget_size(type) < CLASS_BYTES && H5Aget_storage_size(attribute) < CLASS_BYTES)
		H5Aread(attribute, type, class);
	H5Tclose(type);
	H5Aclose(attribute);
}

static const struct {
	const char *class, *what;
} matlab_strangers[] = {
	{ "char", "text" }, { "cell", "cells" }, { "function_handle", "a function" },
};

static const char *find_matlab(hid_t data)
{
	char class[CLASS_BYTES];
	matlab_class(data, class);
	for (size_t i = 0; i < G_N_ELEMENTS(matlab_strangers); i++)
		if (!strcmp(class, matlab_strangers[i].class))
			return matlab_strangers[i].what;
	return H5Aexists(data, "MATLAB_empty") > 0 ? "nothing" : NULL;
}

static void add_data(struct container *c, hid_t data, const char *name)
{
	const struct hdf5_file *f = c->inside;
	struct variable *v = container_add(c, name);
	hid_t type = H5Dget_type(data);
	v->first_fastest = f->matlab;
	v->key = g_strdup(name);
	bool there = find_size(data, v);
	v->stranger = find_kind(type, v);
	if (!v->stranger)
		v->stranger = find_storage(c->r, data, v);
	if (!v->stranger && f->matlab)
		v->stranger = find_matlab(data);
	H5Tclose(type);
	if (!there)             /* what is written for None: as if it were not there */
		g_ptr_array_remove(c->variables, v);
}

/* --- what is in the file ---------------------------------------------------------------------- */

struct visit {
	struct container *c;
	const char *prefix;
	int depth;
};

static void visit_group(struct container *c, hid_t group, const char *prefix, int depth);

/* Hard links alone: the others may lead out of the file, or nowhere. */
static herr_t visit_link(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
	const struct visit *v = data;
	if (info->type != H5L_TYPE_HARD || *name == '#' || strlen(name) > 200)
		return 0;
	if (v->c->variables->len >= VARIABLES_MOST)
		return 1;
	hid_t object = H5Oopen(group, name, H5P_DEFAULT);
	if (object < 0)
		return 0;
	g_autofree char *path = g_strconcat(v->prefix, *v->prefix ? "/" : "", name, NULL);
	H5I_type_t type = H5Iget_type(object);
	if (type == H5I_DATASET)
		add_data(v->c, object, path);
	else if (type == H5I_GROUP && v->depth < DEPTH_MOST)
		visit_group(v->c, object, path, v->depth + 1);
	H5Oclose(object);
	return 0;
}

static void visit_group(struct container *c, hid_t group, const char *prefix, int depth)
{
	struct visit v = { c, prefix, depth };
	hsize_t at = 0;
	H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &at, visit_link, &v);
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* A data set being read: slabs of whole rows along its slowest axis. */
struct slabs {
	hid_t data, type, space;
	int rank;
	hsize_t n[H5S_MAX_RANK];
	hsize_t rows;           /* of a slab */
	int64_t row_numbers;
};

/* As many rows as a chunk has, so that none is unpacked twice; but not more than needed. */
static void plan_slabs(struct slabs *s, int size)
{
	hsize_t chunk[H5S_MAX_RANK] = { 1 };
	hid_t plan = H5Dget_create_plist(s->data);
	int64_t rows = 1;
	if (plan >= 0 && H5Pget_layout(plan) == H5D_CHUNKED && H5Pget_chunk(plan, H5S_MAX_RANK, chunk) > 0)
		rows = (int64_t)MIN(chunk[0], s->n[0]);
	H5Pclose(plan);
	s->row_numbers = 1;
	for (int i = 1; i < s->rank; i++)
		s->row_numbers *= (int64_t)s->n[i];
	int64_t row_bytes = MAX(s->row_numbers, 1) * size;
	int64_t few = MAX(BLOCK_BYTES / row_bytes, 1), many = MAX(CHUNK_FREE / row_bytes, 1);
	s->rows = (hsize_t)MIN(MIN(MAX(rows, few / rows * rows), many), (int64_t)s->n[0]);
}

static bool put_slab(struct slabs *s, hsize_t first, uint8_t *block, number_sink *put, void *data,
	GError **err)
{
	hsize_t start[H5S_MAX_RANK] = { first }, count[H5S_MAX_RANK];
	memcpy(count, s->n, sizeof(count));
	count[0] = MIN(s->rows, s->n[0] - first);
	hid_t memory = H5Screate_simple(s->rank, count, NULL);
	bool done = H5Sselect_hyperslab(s->space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
		H5Dread(s->data, s->type, memory, s->space, H5P_DEFAULT, block) >= 0;
	H5Sclose(memory);
	return done && put(data, block, (int64_t)count[0] * s->row_numbers, err);
}

static bool put_all(struct slabs *s, const struct variable *v, number_sink *put, void *data,
	GError **err)
{
	int size = v->bits / 8;
	if (s->rank == 0) {
		uint8_t one[8];
		return H5Dread(s->data, s->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, one) >= 0 &&
			put(data, one, 1, err);
	}
	if (variable_count(v) > INT64_MAX / 64)         /* no file holds so much */
		return false;
	plan_slabs(s, size);
	g_autofree uint8_t *block = g_try_malloc((gsize)((int64_t)s->rows * s->row_numbers * size));
	bool done = block != NULL;
	for (hsize_t i = 0; done && i < s->n[0]; i += s->rows)
		done = put_slab(s, i, block, put, data, err);
	return done;
}

static bool hdf5_fetch(struct container *c, const struct variable *v, number_sink *put, void *data,
	GError **err)
{
	const struct hdf5_file *f = c->inside;
	struct slabs s = { .data = H5Dopen2(f->file, v->key, H5P_DEFAULT) };
	GError *cause = NULL;
	bool done = false;
	if (s.data >= 0) {
		hid_t type = H5Dget_type(s.data);
		s.type = type_in_memory(type);
		s.space = H5Dget_space(s.data);
		s.rank = H5Sget_simple_extent_dims(s.space, s.n, NULL);
		done = s.rank >= 0 && H5Tget_size(s.type) == (size_t)v->bits / 8 &&
			put_all(&s, v, put, data, &cause);
		H5Sclose(s.space);
		H5Tclose(s.type);
		H5Tclose(type);
		H5Dclose(s.data);
	}
	if (cause)
		g_propagate_error(err, cause);
	else if (!done)
		reading_refuse(c->r, err, "copy or save it again", "is damaged: variable '%s' cannot be read",
			v->name);
	return done;
}

/* --- the file --------------------------------------------------------------------------------- */

struct container *hdf5_open(struct reading *r, GError **err)
{
	char start[10] = { 0 };
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", r->fd);
	g_autoptr(container) c = container_new(r);
	struct hdf5_file *f = c->inside = g_new0(struct hdf5_file, 1);
	c->close = file_close;
	c->fetch = hdf5_fetch;
	hdf5_enter(&f->quiet);
	hid_t access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_file_locking(access, false, true);
	f->matlab = pread(r->fd, start, 10, 0) == 10 && !memcmp(start, "MATLAB 7.3", 10);
	f->file = H5Fopen(path, H5F_ACC_RDONLY, access);
	H5Pclose(access);
	if (f->file < 0) {
		reading_refuse(r, err, "copy or save it again", "is damaged or cut off: libhdf5 cannot open it");
		return NULL;
	}
	hid_t root = H5Gopen2(f->file, "/", H5P_DEFAULT);
	if (root >= 0) {
		visit_group(c, root, "", 0);
		H5Gclose(root);
	}
	return g_steal_pointer(&c);
}
