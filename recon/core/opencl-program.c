/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-program.c - the kernels built for one device, and the cache of what was built */
#include "core/opencl-inside.h"

#include <string.h>
#include "core/error.h"

/* Denormals as on the CPU (core/pool.c); nothing that changes results beyond that. */
static const char options[] = "-cl-std=CL1.2 -cl-denorms-are-zero";

/* --- the cache: a file per program, its own SHA-256 before the driver's binary ---------------- */

enum { HASH_BYTES = 32 };

static void hash(const void *data, size_t size, guint8 digest[HASH_BYTES])
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize length = HASH_BYTES;
	g_checksum_update(sum, data, (gssize)size);
	g_checksum_get_digest(sum, digest, &length);
}

/* What a binary depends on, as a file name in the cache folder. */
static char *cache_path(const opencl *cl, const char *cache)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree char *vendor = opencl_text(cl->id, CL_DEVICE_VENDOR);
	g_autofree char *version = opencl_text(cl->id, CL_DEVICE_VERSION);
	g_autofree char *driver = opencl_text(cl->id, CL_DRIVER_VERSION);
	const char *parts[] = { opencl_kernel_text, options, cl->name, vendor, version, driver };
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		g_checksum_update(sum, (const guint8 *)parts[i], (gssize)strlen(parts[i]) + 1);
	g_autofree char *name = g_strconcat(g_checksum_get_string(sum), ".opencl", NULL);
	return g_build_filename(cache, name, NULL);
}

/* Damaged files never reach the driver: some crash on them. */
static cl_program load(const opencl *cl, const char *path)
{
	g_autofree char *content = NULL;
	gsize size;
	guint8 digest[HASH_BYTES];
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
	    !g_file_get_contents(path, &content, &size, NULL) || size <= HASH_BYTES)
		return NULL;
	const unsigned char *binary = (const unsigned char *)content + HASH_BYTES;
	size -= HASH_BYTES;
	hash(binary, size, digest);
	if (memcmp(digest, content, HASH_BYTES) != 0)
		return NULL;
	cl_int state = CL_SUCCESS, code;
	cl_program program = clCreateProgramWithBinary(cl->context, 1, &cl->id, &size, &binary, &state,
		&code);
	if (code == CL_SUCCESS && state == CL_SUCCESS &&
	    clBuildProgram(program, 1, &cl->id, options, NULL, NULL) == CL_SUCCESS)
		return program;
	if (program)
		clReleaseProgram(program);
	return NULL;
}

/* A cache that cannot be written costs time, no more: failures are passed over. */
static void save(const opencl *cl, const char *path)
{
	size_t size = 0;
	if (clGetProgramInfo(cl->program, CL_PROGRAM_BINARY_SIZES, sizeof(size), &size, NULL) ||
	    size == 0 || size > G_MAXINT32)
		return;
	g_autofree guint8 *content = g_try_malloc(HASH_BYTES + size);
	if (!content)
		return;
	unsigned char *binary = content + HASH_BYTES;
	if (clGetProgramInfo(cl->program, CL_PROGRAM_BINARIES, sizeof(binary), &binary, NULL))
		return;
	hash(binary, size, content);
	g_autofree char *folder = g_path_get_dirname(path);
	if (g_mkdir_with_parents(folder, 0700) == 0)
		(void)g_file_set_contents_full(path, (const char *)content, (gssize)(HASH_BYTES + size),
			G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
}

/* --- building -------------------------------------------------------------------------------- */

static void explain(const opencl *cl, cl_program program, GError **err)
{
	size_t size = 0;
	clGetProgramBuildInfo(program, cl->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
	g_autofree char *log = g_try_malloc0(size + 1);
	if (!log || clGetProgramBuildInfo(program, cl->id, CL_PROGRAM_BUILD_LOG, size, log, NULL))
		return;
	g_strstrip(log);
	g_autofree char *text = g_utf8_make_valid(log, (gssize)MIN(strlen(log), 500));
	error_set(err, RELUMINE_DEVICE_LOST, cl->name, "use --device cpu, or another driver: "
		"`relumine devices` lists them", "its OpenCL compiler refuses our kernels: %s", text);
	error_while(err, "compiling the kernels");
}

static cl_program compile(const opencl *cl, GError **err)
{
	const char *text = opencl_kernel_text;
	cl_int code;
	cl_program program = clCreateProgramWithSource(cl->context, 1, &text, NULL, &code);
	if (!opencl_succeeded(code, cl->name, "reading the kernels", err))
		return NULL;
	code = clBuildProgram(program, 1, &cl->id, options, NULL, NULL);
	if (opencl_succeeded(code, cl->name, "compiling the kernels", err))
		return program;
	if (code == CL_BUILD_PROGRAM_FAILURE)
		explain(cl, program, err);
	clReleaseProgram(program);
	return NULL;
}

bool opencl_build(opencl *cl, const char *cache, GError **err)
{
	g_autofree char *path = cache ? cache_path(cl, cache) : NULL;
	if (path)
		cl->program = load(cl, path);
	if (cl->program)
		return true;
	cl->program = compile(cl, err);
	if (cl->program && path)
		save(cl, path);
	return cl->program != NULL;
}
