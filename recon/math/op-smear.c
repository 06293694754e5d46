/* SPDX-License-Identifier: BSD-3-Clause */
/* op-smear.c - a Gaussian along z: the timing's jitter, where planes are bins of time */
#include <math.h>

#include "math/op.h"
#include "math/vec.h"

struct smear {
	linop base;
	int64_t reach;
	float *weight;                  /* of the plane i away, i = 0 .. reach */
};

/* Symmetric, and nothing comes from beyond the ends: its own adjoint. */
static void smear(const linop *a, array *y, const array *x)
{
	const struct smear *s = (const struct smear *)a;
	for (int64_t p = 0; p < shape_planes(x->shape); p++) {
		int64_t z = p % x->shape.z, c = p / x->shape.z;
		array to = array_plane(y, c, z), own = array_plane(x, c, z);
		vec_copy(&to, &own);
		vec_scale(&to, s->weight[0]);
		for (int64_t i = 1; i <= s->reach; i++)
			for (int64_t other = z - i; other <= z + i; other += 2 * i) {
				if (other < 0 || other >= x->shape.z)
					continue;
				array from = array_plane(x, c, other);
				vec_axpy(&to, s->weight[i], &from);
			}
	}
}

static void smear_free(linop *a)
{
	g_free(((struct smear *)a)->weight);
}

linop *linop_smear(device *dev, shape size, double sigma)
{
	static const linop_class class = { "smear", smear, smear, smear_free };
	const space same = { REAL, size };
	struct smear *s = linop_new(&class, sizeof(*s), dev, same, same);
	s->reach = MIN((int64_t)ceil(4 * sigma), size.z - 1);
	s->weight = g_new(float, s->reach + 1);
	double sum = 0;
	for (int64_t i = 0; i <= s->reach; i++)
		sum += (i ? 2 : 1) * exp(-0.5 * (double)(i * i) / (sigma * sigma));
	for (int64_t i = 0; i <= s->reach; i++)
		s->weight[i] = (float)(exp(-0.5 * (double)(i * i) / (sigma * sigma)) / sum);
	s->base.norm2 = 1;
	return &s->base;
}
