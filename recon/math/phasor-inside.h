/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-inside.h - what the files of the phasor field share */
#ifndef MATH_PHASOR_INSIDE_H
#define MATH_PHASOR_INSIDE_H

#include "math/phasor-field.h"

/* Depths that are seen through the same part of the time, and so at the same frequencies. */
typedef struct {
	int64_t first, n;               /* depths */
	int64_t from, bins;             /* bins whose light can come from there */
	int64_t low, frequencies;       /* f = (low + k) step, k < frequencies */
	double step;                    /* cycles in a metre */
} phasor_block;

/* Standard deviation of the pulse's envelope, m of path. */
double phasor_envelope(const phasor_setup *s);

/* How much of frequency f the pulse has. */
double phasor_weight(const phasor_setup *s, double f);

/* Blocks of at most `most` depths, with least work; the caller's: g_free.  held: kernels are. */
phasor_block *phasor_blocks(const phasor_setup *s, bool held, int64_t most, int64_t *n_blocks);

/* --- kernels' spectra ------------------------------------------------------------------------- */

typedef struct phasor_kernel phasor_kernel;

/* grid: of the transforms, one plane.  Never NULL; a failure sticks to the device. */
phasor_kernel *phasor_kernel_new(device *dev, const phasor_setup *s, shape grid);
void phasor_kernel_free(phasor_kernel *p);

/* What one depth at one frequency takes. */
int64_t phasor_kernel_bytes(const phasor_kernel *p);

/* Room for that many kernels, depths times frequencies; the caller's. */
array *phasor_kernel_table(const phasor_kernel *p, int64_t kernels);

/*
 * The kernels of `depths` depths from plane `depth` on, at n frequencies (low + k) step.  table:
 * COMPLEX, rows of the half spectrum are its planes, in which depths and, within them, frequencies
 * are the first rows; its real and imaginary parts are the spectra of those of the kernel.
 */
void phasor_kernel_fill(phasor_kernel *p, array *table, int64_t depth, int64_t depths,
	int64_t low, int64_t n, double step);

#endif
