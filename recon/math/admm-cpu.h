/* SPDX-License-Identifier: BSD-3-Clause */
/* admm-cpu.h - what the two passes of the fused ADMM on the CPU share */
#ifndef MATH_ADMM_CPU_H
#define MATH_ADMM_CPU_H

#include "math/admm-inside.h"

struct admm_cpu {
	struct admm *s;
	fft_line *x, *y;
	int64_t chunks;
	array *halo;                    /* COMPLEX: HALO_ROWS a chunk */
	array *v;                       /* a strip a chunk, with two rows carried on */
	array *work;                    /* a strip a thread, of anything else */
	array *scratch;                 /* one row a thread */
	int64_t scratch_floats;
	array *e_block;                 /* COMPLEX: sixteen columns a thread, padding included */
	int slot;
};

void admm_cpu_spectrum(void *schedule);

#endif
