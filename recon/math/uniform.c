/* SPDX-License-Identifier: BSD-3-Clause */
/* uniform.c - a counter-based generator: no state, so no order of evaluation matters */
#include "math/uniform.h"

#include "core/error.h"

/* the finaliser of splitmix64 (Steele, Lea, Flood 2014) */
static uint64_t scramble(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

float uniform_at(uint64_t seed, uint64_t i)
{
	uint64_t bits = scramble(scramble(seed + 0x9e3779b97f4a7c15u) + i * 0x9e3779b97f4a7c15u);
	return (float)(int32_t)(bits >> 40) * 0x1p-23f - 1.0f;  /* 24 bits: exact in float */
}

void array_fill_uniform(array *a, uint64_t seed)
{
	int64_t n = shape_count(a->shape) * (a->type == COMPLEX ? 2 : 1);
	if (a->dev->error)
		return;
	g_autofree float *packed = g_try_new(float, (gsize)n);
	if (!packed) {
		GError *err = NULL;
		error_set(&err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory is left for random numbers");
		device_fail(a->dev, err);
		return;
	}
	for (int64_t i = 0; i < n; i++)
		packed[i] = uniform_at(seed, (uint64_t)i);
	array_upload(a, packed);
}
