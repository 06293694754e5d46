/* SPDX-License-Identifier: BSD-3-Clause */
/* linop.h - linear operators: what they are and how they combine */
#ifndef MATH_LINOP_H
#define MATH_LINOP_H

#include "core/array.h"

typedef struct linop linop;

/* The arrays an operator takes or makes: kind and shape, no memory. */
typedef struct {
	enum array_type type;
	shape shape;
} space;

typedef struct {
	const char *name;
	void (*apply)(const linop *a, array *y, const array *x);        /* y = A x */
	void (*adjoint)(const linop *a, array *x, const array *y);      /* x = A' y */
	void (*free)(linop *a);         /* the operator's own parts; NULL: it has none */
} linop_class;

/*
 * Operators with memory of their own embed this as their first member.  They may hold scratch
 * arrays, so one operator serves one thread at a time.  Failures stick to the device.
 */
struct linop {
	const linop_class *class;
	device *dev;                    /* borrowed */
	space domain, range;
	double norm2;                   /* a bound on |A|^2; < 0: not known, see linop_norm2 */
	int refs;
};

/* Allocates `size` >= sizeof(linop) zeroed bytes with the base filled in and norm2 unknown. */
void *linop_new(const linop_class *class, size_t size, device *dev, space domain, space range);
linop *linop_ref(linop *a);             /* one more owner; each calls linop_free */
void linop_free(linop *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(linop, linop_free)

void linop_apply(const linop *a, array *y, const array *x);
void linop_adjoint(const linop *a, array *x, const array *y);

array *linop_new_domain(const linop *a);        /* an array that A takes; the caller's */
array *linop_new_range(const linop *a);         /* an array that A makes; the caller's */
bool space_equal(space a, space b);

/*
 * |A|^2: the bound the operator knows, else 1.02 times an estimate by 60 power iterations
 * (seeded; from below, hence the factor), kept for the next call.
 */
double linop_norm2(linop *a);

/*
 * |<A x, y> - <x, A' y>| / (|A x| |y| + |x| |A' y|) for random x and y; 0 when all vanish, NaN
 * when a number is not finite.  Rounding leaves some 1e-7.
 */
double linop_adjoint_gap(const linop *a, uint32_t seed);

/* Combinations.  All take their operators; use linop_ref to keep one. */
linop *linop_chain(linop *outer, linop *inner); /* x -> outer(inner(x)) */
linop *linop_add(linop *a, linop *b);           /* x -> a(x) + b(x) */
linop *linop_scale(linop *a, float factor);     /* x -> factor a(x) */
linop *linop_transpose(linop *a);               /* A' */
linop *linop_normal(linop *a);                  /* A' A */
/* x -> (a(x), b(x)): channels of a, then those of b; their ranges share depth, height, width. */
linop *linop_stack(linop *a, linop *b);

#endif
