/* SPDX-License-Identifier: BSD-3-Clause */
/* launch.h - start a kernel over an array, on the CPU's threads or on an OpenCL device */
#ifndef CORE_LAUNCH_H
#define CORE_LAUNCH_H

#include <stddef.h>
#include <stdint.h>
#include "core/array.h"

enum kernel_form { KERNEL_LINEAR, KERNEL_ROWS, KERNEL_SUMS };
/* KERNEL_ARRAY: float elements, also of a complex array; KERNEL_COMPLEX: complex elements */
enum kernel_type { KERNEL_ARRAY, KERNEL_COMPLEX, KERNEL_FLOAT, KERNEL_INT };

struct kernel_param {
	enum kernel_type type;
	size_t offset;          /* of the argument in the record of arguments */
};

/* What kernels/kern.h leaves for each kernel. */
struct kernel {
	const char *name;       /* its name in the OpenCL program */
	void (*call)(int64_t first, int64_t end, const void *args);
	enum kernel_form form;
	size_t n_params;
	const struct kernel_param *params;
};

/*
 * RUN(over, k_name, arguments...): the kernel over every item of `over`, whose device it runs on.
 * The compiler checks the arguments against the kernel's parameters.  A failure sticks to the
 * device: this and later launches do nothing, and device_ok() tells.
 *
 * Items of `over`: KERNEL, its elements, padding included - a complex array's complex numbers
 * where the kernel takes any, else the floats of both parts (all array arguments being complex
 * then); ROW_KERNEL and SUM_KERNEL, array_rows().  On OpenCL a KERNEL starts one work-item an
 * element, a SUM_KERNEL one a row, a ROW_KERNEL a rectangle of over->shape.x columns and the
 * rows; EACH_COLUMN there goes on in strides of that rectangle, so that a kernel may count more
 * or fewer columns than `over` has.
 */
#define RUN(over, k, ...) RUN_PART(over, 0, INT64_MAX, k, __VA_ARGS__)

/* The same for items [first, end) alone: elements for KERNEL, rows for the two others. */
#define RUN_PART(over, first, end, k, ...) \
	launch(over, first, end, k##_kernel(), &(struct k##_args){ __VA_ARGS__ })

void launch(const array *over, int64_t first, int64_t end, const struct kernel *k,
	const void *args);

#endif
