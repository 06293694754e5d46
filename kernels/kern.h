/* SPDX-License-Identifier: BSD-3-Clause */
/* kern.h - the dialect that lets one kernel text compile as C and as OpenCL C 1.2 */
#ifndef KERN_H
#define KERN_H

/*
 * A kernel is a body over a range of items.  Its parameters are written as
 *   OUT(y)  IN(x)    planes of float: written (and read, when in place) / only read
 *   OUT2(y) IN2(x)   planes of complex numbers, touched by GET2 and PUT2 alone
 *   NUM(t)  INT(n)   a float, a 64-bit integer
 * and it takes one of three forms:
 *   KERNEL      EACH(i): every element of an array, padding included
 *   ROW_KERNEL  EACH_ROW(r) EACH_COLUMN(x, width): the rows of all planes, halo rows included
 *   SUM_KERNEL  EACH_ROW(r), and inside it SUM_COLUMN(x, width, s...) or MAX_COLUMN(x, width, s):
 *               one result a row, or one for each s
 * C sees the body, a record of its arguments and a table that describes them (core/launch.h
 * starts it from those); OpenCL sees the body and an entry that applies the offsets.  On the
 * CPU a complex plane is split into a real and an imaginary one; in OpenCL it is float2.
 *
 * No `return` inside EACH, no double literals, no size_t or bool, no name OpenCL reserves.
 */

/* MAP(m, a, b) is m##a m##b: `a` is written IN(x), so m##a is the macro m_IN applied to x */
#define EMPTY_
#define EXPAND1_(...) __VA_ARGS__
#define EXPAND2_(...) EXPAND1_(EXPAND1_(EXPAND1_(EXPAND1_(__VA_ARGS__))))
#define EXPAND_(...) EXPAND2_(EXPAND2_(EXPAND2_(EXPAND2_(__VA_ARGS__))))
#define MAP(m, ...) __VA_OPT__(EXPAND_(MAP_STEP_(m, __VA_ARGS__)))
#define MAP_STEP_(m, a, ...) m##a __VA_OPT__(MAP_NEXT_ EMPTY_ ()(m, __VA_ARGS__))
#define MAP_NEXT_() MAP_STEP_

#ifdef __OPENCL_C_VERSION__

typedef long idx;
#define GLOBAL __global
#define CONSTANT __constant
#define MAKE2(a, b) ((float2)((a), (b)))
#define bits_of(x) as_int(x)
#define of_bits(i) as_float(i)
#define GET2(a, i) a[i]
#define PUT2(a, i, v) (a[i] = (v))

#define BODY_OUT(y) , GLOBAL float *restrict y
#define BODY_IN(x) , GLOBAL const float *restrict x
#define BODY_OUT2(y) , GLOBAL float2 *restrict y
#define BODY_IN2(x) , GLOBAL const float2 *restrict x
#define BODY_NUM(t) , float t
#define BODY_INT(n) , idx n
#define ENTRY_OUT(y) BODY_OUT(y), idx y##_origin
#define ENTRY_IN(x) BODY_IN(x), idx x##_origin
#define ENTRY_OUT2(y) BODY_OUT2(y), idx y##_origin
#define ENTRY_IN2(x) BODY_IN2(x), idx x##_origin
#define ENTRY_NUM(t) BODY_NUM(t)
#define ENTRY_INT(n) BODY_INT(n)
#define PASS_OUT(y) , y + y##_origin
#define PASS_IN(x) , x + x##_origin
#define PASS_OUT2(y) , y + y##_origin
#define PASS_IN2(x) , x + x##_origin
#define PASS_NUM(t) , t
#define PASS_INT(n) , n

#define KERNEL(k, ...) \
	void k##_body(idx first_, idx end_ MAP(BODY_, __VA_ARGS__)); \
	__kernel void k(idx first_, idx end_ MAP(ENTRY_, __VA_ARGS__)) \
	{ \
		k##_body(first_, end_ MAP(PASS_, __VA_ARGS__)); \
	} \
	void k##_body(idx first_, idx end_ MAP(BODY_, __VA_ARGS__))
#define ROW_KERNEL KERNEL
#define SUM_KERNEL KERNEL

#define ONCE_(i, start, end) \
	for (idx i = (start), once_##i = 1; once_##i && i < (end); once_##i = 0)
#define EACH(i) ONCE_(i, first_ + (idx)get_global_id(0), end_)
#define EACH_ROW(r) ONCE_(r, first_ + (idx)get_global_id(1), end_)
#define EACH_COLUMN(x, width) \
	for (idx x = (idx)get_global_id(0); x < (width); x += (idx)get_global_size(0))
#define SUM_COLUMN(x, width, ...) for (idx x = 0; x < (width); x++)
#define MAX_COLUMN(x, width, s) for (idx x = 0; x < (width); x++)

#else

#include <stdint.h>
#include <tgmath.h>
#include "core/launch.h"

#ifdef HAVE_TARGET_CLONES
#define KERNEL_CLONES \
	__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KERNEL_CLONES
#endif

typedef int64_t idx;
typedef struct { float x, y; } float2;
#define GLOBAL
#define CONSTANT static const
#define MAKE2(a, b) ((float2){ (a), (b) })
#define GET2(a, i) ((float2){ a##_re[i], a##_im[i] })
#define PUT2(a, i, v) put2(a##_re + (i), a##_im + (i), (v))

static inline int bits_of(float x)
{
	union { float f; int i; } u = { .f = x };
	return u.i;
}

static inline float of_bits(int i)
{
	union { float f; int i; } u = { .i = i };
	return u.f;
}

static inline void put2(float *re, float *im, float2 v)
{
	*re = v.x;
	*im = v.y;
}

#define BODY_OUT(y) , float *restrict y
#define BODY_IN(x) , const float *restrict x
#define BODY_OUT2(y) , float *restrict y##_re, float *restrict y##_im
#define BODY_IN2(x) , const float *restrict x##_re, const float *restrict x##_im
#define BODY_NUM(t) , float t
#define BODY_INT(n) , idx n
#define FIELD_OUT(y) array *y;
#define FIELD_IN(x) const array *x;
#define FIELD_OUT2(y) array *y;
#define FIELD_IN2(x) const array *x;
#define FIELD_NUM(t) float t;
#define FIELD_INT(n) idx n;
#define PASS_OUT(y) , a_->y->mem
#define PASS_IN(x) , a_->x->mem
#define PASS_OUT2(y) , a_->y->mem, a_->y->mem + a_->y->imag
#define PASS_IN2(x) , a_->x->mem, a_->x->mem + a_->x->imag
#define PASS_NUM(t) , a_->t
#define PASS_INT(n) , a_->n
#define PARAM_OUT(y) { KERNEL_ARRAY, offsetof(struct args_, y) },
#define PARAM_IN(x) { KERNEL_ARRAY, offsetof(struct args_, x) },
#define PARAM_OUT2(y) { KERNEL_COMPLEX, offsetof(struct args_, y) },
#define PARAM_IN2(x) { KERNEL_COMPLEX, offsetof(struct args_, x) },
#define PARAM_NUM(t) { KERNEL_FLOAT, offsetof(struct args_, t) },
#define PARAM_INT(n) { KERNEL_INT, offsetof(struct args_, n) },

#define DEFINE_KERNEL_(k, form, ...) \
	struct k##_args { MAP(FIELD_, __VA_ARGS__) }; \
	KERNEL_CLONES static void k(idx first_, idx end_ MAP(BODY_, __VA_ARGS__)); \
	static void k##_call(idx first_, idx end_, const void *args_) \
	{ \
		const struct k##_args *a_ = args_; \
		k(first_, end_ MAP(PASS_, __VA_ARGS__)); \
	} \
	static const struct kernel *k##_kernel(void) \
	{ \
		struct args_ { MAP(FIELD_, __VA_ARGS__) }; \
		static const struct kernel_param params[] = { MAP(PARAM_, __VA_ARGS__) }; \
		static const struct kernel self = { \
			#k, k##_call, form, sizeof(params) / sizeof(params[0]), params \
		}; \
		return &self; \
	} \
	KERNEL_CLONES static void k(idx first_, idx end_ MAP(BODY_, __VA_ARGS__))
#define KERNEL(k, ...) DEFINE_KERNEL_(k, KERNEL_LINEAR, __VA_ARGS__)
#define ROW_KERNEL(k, ...) DEFINE_KERNEL_(k, KERNEL_ROWS, __VA_ARGS__)
#define SUM_KERNEL(k, ...) DEFINE_KERNEL_(k, KERNEL_SUMS, __VA_ARGS__)

#define PRAGMA_(...) _Pragma(#__VA_ARGS__)
#define EACH(i) PRAGMA_(omp simd) for (idx i = first_; i < end_; i++)
#define EACH_ROW(r) for (idx r = first_; r < end_; r++)
#define EACH_COLUMN(x, width) PRAGMA_(omp simd) for (idx x = 0; x < (width); x++)
#define SUM_COLUMN(x, width, ...) \
	PRAGMA_(omp simd reduction(+:__VA_ARGS__)) for (idx x = 0; x < (width); x++)
#define MAX_COLUMN(x, width, s) PRAGMA_(omp simd reduction(max:s)) for (idx x = 0; x < (width); x++)

#endif

static inline float pick_max(float a, float b)
{
	return a > b ? a : b;
}

static inline float pick_min(float a, float b)
{
	return a < b ? a : b;
}

static inline float clamp_to(float a, float low, float high)
{
	return pick_min(pick_max(a, low), high);
}

static inline float2 add2(float2 a, float2 b)
{
	return MAKE2(a.x + b.x, a.y + b.y);
}

static inline float2 scale2(float2 a, float t)
{
	return MAKE2(a.x * t, a.y * t);
}

static inline float2 mul2(float2 a, float2 b)
{
	return MAKE2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

/* conj(a) b */
static inline float2 conj_mul2(float2 a, float2 b)
{
	return MAKE2(a.x * b.x + a.y * b.y, a.x * b.y - a.y * b.x);
}

static inline float norm2(float2 a)
{
	return a.x * a.x + a.y * a.y;
}

#endif
