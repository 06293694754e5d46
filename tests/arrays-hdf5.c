/* SPDX-License-Identifier: BSD-3-Clause */
/* arrays-hdf5.c - named arrays as HDF5, plain or as MATLAB 7.3 has them */
#include <hdf5.h>
#include <string.h>
#include "arrays.h"
#include "io.h"

static hid_t type_of(char type)
{
	return type == 'H' ? H5T_NATIVE_UINT16 : type == 'f' ? H5T_NATIVE_FLOAT :
		type == 'd' ? H5T_NATIVE_DOUBLE : H5T_NATIVE_UINT8;
}

/* Packed in chunks of odd sizes, so that slabs and chunks do not meet. */
static hid_t plan_of(int rank, const hsize_t *n)
{
	hsize_t chunk[AXES_MOST];
	hid_t plan = H5Pcreate(H5P_DATASET_CREATE);
	for (int i = 0; i < rank; i++)
		chunk[i] = MIN(n[i], (hsize_t)(i ? 2 : 3));
	if (rank > 0) {
		H5Pset_chunk(plan, rank, chunk);
		H5Pset_deflate(plan, 1);
	}
	return plan;
}

static void put_class(hid_t data, char type)
{
	const char *class = type == 'f' ? "single" : type == 'b' ? "logical" : "double";
	hid_t text = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
	H5Tset_size(text, strlen(class));
	hid_t attribute = H5Acreate2(data, "MATLAB_class", text, space, H5P_DEFAULT, H5P_DEFAULT);
	H5Awrite(attribute, text, class);
	H5Aclose(attribute);
	H5Sclose(space);
	H5Tclose(text);
}

static void put_array(hid_t file, const named_array *a, bool matlab)
{
	hsize_t n[AXES_MOST];
	int rank = matlab ? MAX(a->rank, 2) : a->rank;
	for (int i = 0; i < rank; i++) {
		int axis = matlab ? rank - 1 - i : i;
		n[i] = axis < a->rank ? (hsize_t)a->n[axis] : 1;
	}
	g_autofree char *name = g_strdelimit(g_strdup(a->name), ".", '/');
	g_autoptr(GByteArray) numbers = array_bytes_of(a, matlab);
	hid_t space = H5Screate_simple(rank, n, NULL), plan = plan_of(rank, n);
	hid_t links = H5Pcreate(H5P_LINK_CREATE);
	H5Pset_create_intermediate_group(links, 1);
	hid_t data = H5Dcreate2(file, name, type_of(a->type), space, links, plan, H5P_DEFAULT);
	g_assert_cmpint(H5Dwrite(data, type_of(a->type), H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers->data),
		>=, 0);
	if (matlab)
		put_class(data, a->type);
	H5Dclose(data);
	H5Pclose(links);
	H5Pclose(plan);
	H5Sclose(space);
}

void write_hdf5_arrays(const char *path, const named_array *arrays, int n, bool matlab)
{
	hid_t creation = H5Pcreate(H5P_FILE_CREATE);
	if (matlab)
		H5Pset_userblock(creation, 512);
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, H5P_DEFAULT);
	g_assert_cmpint(file, >=, 0);
	for (int i = 0; i < n; i++)
		put_array(file, arrays + i, matlab);
	H5Fclose(file);
	H5Pclose(creation);
	if (!matlab)
		return;
	g_autofree char *bytes = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
	memcpy(bytes, "MATLAB 7.3 MAT-file, made by a test", 35);
	g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
}
