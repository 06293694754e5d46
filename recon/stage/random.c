/* SPDX-License-Identifier: BSD-3-Clause */
/* random.c - random numbers that belong to an item, not to the order in which items are done */
#include "stage/random.h"

#include <math.h>

void random_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
	uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];
	for (int round = 0; round < 10; round++) {
		uint64_t p0 = (uint64_t)0xd2511f53u * c0, p1 = (uint64_t)0xcd9e8d57u * c2;
		c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)p1;
		c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)p0;
		k0 += 0x9e3779b9u;
		k1 += 0xbb67ae85u;
	}
	out[0] = c0;
	out[1] = c1;
	out[2] = c2;
	out[3] = c3;
}

random_stream random_at(uint64_t seed, uint32_t purpose, uint64_t item)
{
	return (random_stream){
		.key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
		.counter = { 0, purpose, (uint32_t)item, (uint32_t)(item >> 32) },
	};
}

uint32_t random_word(random_stream *s)
{
	if (s->left == 0) {
		random_philox(s->block, s->counter, s->key);
		s->counter[0]++;
		s->left = 4;
	}
	return s->block[--s->left];
}

double random_uniform(random_stream *s)
{
	uint64_t high = random_word(s), low = random_word(s);
	/* 52 bits and a half: neither 0 nor 1 can come out */
	return ((double)((high << 32 | low) >> 12) + 0.5) * 0x1p-52;
}

double random_gauss(random_stream *s)
{
	double radius = sqrt(-2 * log(random_uniform(s)));
	return radius * cos(2 * M_PI * random_uniform(s));
}

/* Exact for any mean, quick for small ones: how many exponential waits fit (Knuth, TAOCP 3.4.1). */
static double poisson_by_product(random_stream *s, double mean)
{
	double limit = exp(-mean), product = random_uniform(s), k = 0;
	while (product > limit) {
		product *= random_uniform(s);
		k++;
	}
	return k;
}

/* Transformed rejection with squeeze (PTRS; Hoermann, Insurance: Math. and Economics 12, 1993). */
static double poisson_by_rejection(random_stream *s, double mean)
{
	double b = 0.931 + 2.53 * sqrt(mean), a = -0.059 + 0.02483 * b;
	double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_r = 0.9277 - 3.6224 / (b - 2);
	for (;;) {
		double u = random_uniform(s) - 0.5, v = random_uniform(s), us = 0.5 - fabs(u);
		double k = floor((2 * a / us + b) * u + mean + 0.43);
		if (us >= 0.07 && v <= v_r)
			return k;
		if (k < 0 || (us < 0.013 && v > us))
			continue;
		int sign;
		double accept = log(v * inverse_alpha / (a / (us * us) + b));
		if (accept <= k * log(mean) - mean - lgamma_r(k + 1, &sign))
			return k;
	}
}

double random_poisson(random_stream *s, double mean)
{
	if (!(mean > 0))
		return 0;
	return mean < 10 ? poisson_by_product(s, mean) : poisson_by_rejection(s, mean);
}
