/* SPDX-License-Identifier: BSD-3-Clause */
/* random.h - random numbers that belong to an item, not to the order in which items are done */
#ifndef STAGE_RANDOM_H
#define STAGE_RANDOM_H

#include <stdint.h>

/*
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011): a block of four words from a counter and a key, with no state between blocks.
 */
void random_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/* The numbers of one item: the same for any thread count and any order of items. */
typedef struct {
	uint32_t key[2], counter[4], block[4];
	int left;               /* words of the block not yet used */
} random_stream;

/* Uses of one seed, told apart. */
enum {
	RANDOM_SCENE = 1, RANDOM_SURFACE, RANDOM_PHOTONS, RANDOM_READ_NOISE, RANDOM_MASK, RANDOM_THINNING,
	RANDOM_PLACES
};

/* seed: the user's; purpose: one of the above or another; item: a pixel's number or the like */
random_stream random_at(uint64_t seed, uint32_t purpose, uint64_t item);

uint32_t random_word(random_stream *s);
double random_uniform(random_stream *s);                /* inside (0, 1), both ends excluded */
double random_gauss(random_stream *s);                  /* mean 0, variance 1 (Box, Muller 1958) */

/* mean >= 0; 0 for a mean that is negative or NaN */
double random_poisson(random_stream *s, double mean);

#endif
