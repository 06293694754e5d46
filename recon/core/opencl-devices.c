/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-devices.c - which OpenCL devices there are, and what they say of themselves */
#include "core/opencl-inside.h"

enum { MOST_PLATFORMS = 64, MOST_DEVICES = 64 };        /* of one platform */

/* No driver registered (CL_PLATFORM_NOT_FOUND_KHR) or a broken one: an empty list. */
GPtrArray *opencl_devices(void)
{
	GPtrArray *devices = g_ptr_array_new();
	cl_platform_id platforms[MOST_PLATFORMS];
	cl_uint n_platforms = 0;
	if (clGetPlatformIDs(MOST_PLATFORMS, platforms, &n_platforms) != CL_SUCCESS)
		return devices;
	for (cl_uint p = 0; p < MIN(n_platforms, MOST_PLATFORMS); p++) {
		cl_device_id ids[MOST_DEVICES];
		cl_uint n = 0;
		if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, MOST_DEVICES, ids, &n) != CL_SUCCESS)
			continue;
		for (cl_uint i = 0; i < MIN(n, MOST_DEVICES); i++)
			g_ptr_array_add(devices, ids[i]);
	}
	return devices;
}

cl_device_type opencl_type(cl_device_id id)
{
	return opencl_number(id, CL_DEVICE_TYPE);
}

cl_device_id opencl_pick(const GPtrArray *devices, int index)
{
	if (index >= 0)
		return (guint)index < devices->len ? devices->pdata[index] : NULL;
	for (guint i = 0; i < devices->len; i++)
		if (opencl_type(devices->pdata[i]) & (CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_ACCELERATOR))
			return devices->pdata[i];
	return index == OPENCL_ANY && devices->len > 0 ? devices->pdata[0] : NULL;
}

char *opencl_text(cl_device_id id, cl_device_info what)
{
	char text[1024] = "";
	if (clGetDeviceInfo(id, what, sizeof(text) - 1, text, NULL) != CL_SUCCESS)
		text[0] = '\0';
	return g_strstrip(g_utf8_make_valid(text, -1));
}

char *opencl_platform_text(cl_device_id id, cl_platform_info what)
{
	char text[1024] = "";
	cl_platform_id platform;
	if (clGetDeviceInfo(id, CL_DEVICE_PLATFORM, sizeof(platform), &platform, NULL) != CL_SUCCESS ||
	    clGetPlatformInfo(platform, what, sizeof(text) - 1, text, NULL) != CL_SUCCESS)
		text[0] = '\0';
	return g_strstrip(g_utf8_make_valid(text, -1));
}

uint64_t opencl_number(cl_device_id id, cl_device_info what)
{
	cl_ulong wide = 0;
	cl_uint narrow = 0;
	size_t size = 0;
	if (clGetDeviceInfo(id, what, 0, NULL, &size) != CL_SUCCESS)
		return 0;
	if (size == sizeof(narrow))
		return clGetDeviceInfo(id, what, size, &narrow, NULL) == CL_SUCCESS ? narrow : 0;
	if (size == sizeof(wide))
		return clGetDeviceInfo(id, what, size, &wide, NULL) == CL_SUCCESS ? wide : 0;
	return 0;
}
