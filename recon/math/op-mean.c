/* SPDX-License-Identifier: BSD-3-Clause */
/* op-mean.c - what is left when a constant is taken out */
#include "math/op.h"
#include "math/vec.h"

static void centre(const linop *a, array *y, const array *x)
{
	(void)a;
	if (y != x)
		vec_copy(y, x);
	vec_shift(y, (float)(-vec_sum(x) / (double)shape_count(x->shape)));
}

linop *linop_without_mean(device *dev, shape s)
{
	static const linop_class class = { "without mean", centre, centre, NULL };
	space same = { REAL, s };
	linop *a = linop_new(&class, sizeof(linop), dev, same, same);
	a->norm2 = 1;
	return a;
}
