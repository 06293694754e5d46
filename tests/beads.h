/* SPDX-License-Identifier: BSD-3-Clause */
/* beads.h - stacks of beads whose PSF, places and light are known */
#ifndef TESTS_BEADS_H
#define TESTS_BEADS_H

#include "math/vec.h"
#include "stage/random.h"
#include "tests/microscope.h"

enum { FINER = 5, BOX_XY = 31, BOX_Z = 25, BACKGROUND = 100 };

/* Of 80 x 80 x 200 nm, a voxel's mean. */
static inline array *true_psf(void)
{
	lens l = oil(LENS_BORN_WOLF);
	psf_grid g = { { BOX_XY, BOX_XY, BOX_Z }, { 80, 80, 200 }, 0, PSF_OVER_VOXELS };
	array *psf = psf_widefield(cpu, &l, &g, NULL, NULL);
	g_assert_nonnull(psf);
	return psf;
}

/* The same in fifths of a voxel, with a margin: sums of 5 x 5 x 5 stand at any fifth. */
static inline const array *fine_psf(void)
{
	static array *psf;
	lens l = oil(LENS_BORN_WOLF);
	psf_grid g = { { 205, 205, 175 }, { 16, 16, 40 }, 0, PSF_OVER_VOXELS };
	if (!psf)
		psf = psf_widefield(cpu, &l, &g, NULL, NULL);
	g_assert_nonnull(psf);
	return psf;
}

/* Centre in fifths of a voxel, from the middle of voxel 0; the light of all of it. */
typedef struct { int64_t fifths[3]; double light; } source;

static inline void add_source(array *stack, const source *s)
{
	const array *fine = fine_psf();
	const int64_t n[3] = { fine->shape.x, fine->shape.y, fine->shape.z };
	const int64_t side[3] = { stack->shape.x, stack->shape.y, stack->shape.z };
	for (int64_t i = 0; i < n[0] * n[1] * n[2]; i++) {
		const int64_t place[3] = { i % n[0], i / n[0] % n[1], i / n[0] / n[1] };
		int64_t to[3];
		bool inside = true;
		for (int k = 0; k < 3; k++) {
			/* (fifth 0 is the middle one of voxel 0, whose fifths are -2 to 2) */
			int64_t fifth = s->fifths[k] + place[k] - n[k] / 2 + FINER / 2;
			to[k] = fifth / FINER;
			inside = inside && fifth >= 0 && to[k] < side[k];
		}
		if (inside)
			array_row(stack, 0, to[2], to[1])[to[0]] +=
				(float)(s->light * at(fine, 0, place[2], place[1], place[0]));
	}
}

/* Counts: Poisson noise for a seed above 0. */
static inline array *stack_of(const int64_t size[3], const source *all, size_t n, uint64_t seed)
{
	array *stack = array_new(cpu, REAL, (shape){ 1, size[2], size[1], size[0] });
	vec_fill(stack, BACKGROUND);
	for (size_t i = 0; i < n; i++)
		add_source(stack, &all[i]);
	for (int64_t i = 0; seed && i < size[0] * size[1] * size[2]; i++) {
		random_stream r = random_at(seed, RANDOM_PHOTONS, (uint64_t)i);
		float *v = array_row(stack, 0, i / size[0] / size[1], i / size[0] % size[1]) + i % size[0];
		*v = (float)random_poisson(&r, (double)*v);
	}
	return stack;
}

/* Nine of them well apart, at different parts of a voxel, of different brightness. */
enum { APART = 9 };
static const int64_t wide[3] = { 150, 150, 35 };

static inline void nine_sources(source s[APART])
{
	for (int i = 0; i < APART; i++)
		s[i] = (source){ { 5 * (27 + 46 * (i % 3)) + i % 5 - 2, 5 * (27 + 46 * (i / 3)) + i * 2 % 5 - 2,
			5 * 17 + i * 3 % 5 - 2 }, 200000 + 50000 * i };
}

#endif
