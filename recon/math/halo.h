/* SPDX-License-Identifier: BSD-3-Clause */
/* halo.h - what stands just outside a plane */
#ifndef MATH_HALO_H
#define MATH_HALO_H

#include "core/array.h"

/* ZERO: nothing; REPLICATE: the border pixel again; PERIODIC: the opposite side. */
enum border { BORDER_ZERO, BORDER_REPLICATE, BORDER_PERIODIC };

/*
 * Fill rows -1 and height, columns -1 and width and the four corners of every plane of a REAL
 * array.  The array's own values do not change, hence the const: its halo is scratch space.
 */
void array_fill_halo(const array *a, enum border border);

/* Channels [first, first + n) of `a`, all depths: a view (see array_channel). */
static inline array channel_range(const array *a, int64_t first, int64_t n)
{
	array v = array_channel(a, first);
	v.shape.c = n;
	return v;
}

/* Elements from plane to plane, and from channel to channel. */
static inline int64_t plane_stride(const array *a)
{
	return a->plane_rows * a->pitch;
}

static inline int64_t channel_stride(const array *a)
{
	return a->shape.z * plane_stride(a);
}

#endif
