/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl-error.c - what OpenCL's codes mean to the user */
#include "core/opencl-inside.h"

#include "core/error.h"

#define FREE_MEMORY "make the input smaller, or use --device cpu"
#define OTHER_DEVICE "use --device cpu, or another driver: `relumine devices` lists them"

static const struct {
	cl_int code;
	const char *name;
	enum relumine_status status;
	const char *remedy;
} errors[] = {
	{ CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE", RELUMINE_OVER_LIMIT,
		FREE_MEMORY },
	{ CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY", RELUMINE_OVER_LIMIT, FREE_MEMORY },
	{ CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE", RELUMINE_OVER_LIMIT, FREE_MEMORY },
	/* drivers answer this both for too little memory and for a kernel that crashed */
	{ CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES", RELUMINE_DEVICE_LOST, FREE_MEMORY },
	{ CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE", RELUMINE_DEVICE_LOST, OTHER_DEVICE },
	{ CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE", RELUMINE_DEVICE_LOST, OTHER_DEVICE },
	{ CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE", RELUMINE_DEVICE_LOST, OTHER_DEVICE },
	{ CL_INVALID_KERNEL_NAME, "CL_INVALID_KERNEL_NAME", RELUMINE_DEVICE_LOST, OTHER_DEVICE },
	{ CL_INVALID_KERNEL_ARGS, "CL_INVALID_KERNEL_ARGS", RELUMINE_DEVICE_LOST, OTHER_DEVICE },
	{ CL_INVALID_COMMAND_QUEUE, "CL_INVALID_COMMAND_QUEUE", RELUMINE_DEVICE_LOST, OTHER_DEVICE },
	{ CL_INVALID_VALUE, "CL_INVALID_VALUE", RELUMINE_DEVICE_LOST, OTHER_DEVICE },
};

static size_t find(cl_int code)
{
	size_t i = 0;
	while (i < G_N_ELEMENTS(errors) && errors[i].code != code)
		i++;
	return i;
}

const char *opencl_error_name(cl_int code)
{
	size_t i = find(code);
	return i < G_N_ELEMENTS(errors) ? errors[i].name : "unknown error";
}

bool opencl_succeeded(cl_int code, const char *device_name, const char *doing, GError **err)
{
	if (code == CL_SUCCESS)
		return true;
	size_t i = find(code);
	bool known = i < G_N_ELEMENTS(errors);
	error_set(err, known ? errors[i].status : RELUMINE_DEVICE_LOST, device_name,
		known ? errors[i].remedy : OTHER_DEVICE, "the OpenCL driver answered %s (%d)",
		opencl_error_name(code), code);
	error_while(err, "%s", doing);
	return false;
}

bool opencl_check(device *dev, cl_int code, const char *doing)
{
	GError *err = NULL;
	if (opencl_succeeded(code, dev->opencl->name, doing, &err))
		return true;
	device_fail(dev, err);
	return false;
}
