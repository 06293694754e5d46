/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-inside.h - what the OpenCL files share; no other file includes it but math/fft-vk.c */
#ifndef CORE_OPENCL_INSIDE_H
#define CORE_OPENCL_INSIDE_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include "core/opencl.h"

typedef struct opencl opencl;
struct opencl {
	cl_device_id id;
	char *name;
	cl_context context;
	cl_command_queue queue;         /* in order */
	cl_program program;             /* every kernel of kernels/all.cl */
	GHashTable *kernels;            /* name -> cl_kernel */
	int64_t largest_buffer, memory; /* bytes */
};
G_DEFINE_AUTOPTR_CLEANUP_FUNC(opencl, opencl_free)

/* --- opencl-devices.c ------------------------------------------------------------------------ */

/* All devices of all platforms, in the order that opencl:N counts; cl_device_id.  Never NULL. */
GPtrArray *opencl_devices(void);
/* The one that `index` (a number or OPENCL_AUTO, OPENCL_ANY) means; NULL: none. */
cl_device_id opencl_pick(const GPtrArray *devices, int index);
cl_device_type opencl_type(cl_device_id id);
/* A string property, stripped; "" where the driver has none.  Free with g_free. */
char *opencl_text(cl_device_id id, cl_device_info what);
/* The same of the device's platform. */
char *opencl_platform_text(cl_device_id id, cl_platform_info what);
/* An unsigned property of 4 or 8 bytes; 0 where the driver has none. */
uint64_t opencl_number(cl_device_id id, cl_device_info what);

/* --- opencl-program.c ------------------------------------------------------------------------ */

/* The preprocessed text of kernels/all.cl, embedded by the build. */
extern const char opencl_kernel_text[];
/* Builds cl->program, from the cache where that is possible. */
bool opencl_build(opencl *cl, const char *cache, GError **err);

/* --- opencl-survey.c ------------------------------------------------------------------------- */

/* Where to look for what the machine has: folders of its PCI devices and of its OpenCL drivers. */
struct opencl_machine {
	const char *pci, *vendors;
};
char *opencl_survey_of(const struct opencl_machine *machine, const GPtrArray *devices, bool json);

/* --- opencl-error.c -------------------------------------------------------------------------- */

/* "CL_OUT_OF_RESOURCES", or "unknown error" */
const char *opencl_error_name(cl_int code);
/* Set *err for a code other than CL_SUCCESS. */
bool opencl_succeeded(cl_int code, const char *device_name, const char *doing, GError **err);
/* The same, noted on the device. */
bool opencl_check(device *dev, cl_int code, const char *doing);

#endif
