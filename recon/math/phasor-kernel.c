/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-kernel.c - spectra of the Rayleigh-Sommerfeld kernel exp(i k r) / r, sampled on a wall's
 * own grid: cosine transforms along both axes, as products with small matrices */
#include "math/phasor-inside.h"

#include <math.h>
#include "math/halo.h"
#include "phasor-kernel.cl"

struct phasor_kernel {
	device *dev;
	phasor_setup s;
	shape grid;
	array *cosine_y, *cosine_x;     /* rows are outputs; rows are inputs */
	int64_t together;               /* planes a thread works on at a time, to stay in cache */
	array *samples, *between;       /* that many for each thread, before and after y */
	int slot;                       /* threads that have taken theirs */
};

/* Rows and columns are worked on four at a time. */
static int64_t fours(int64_t n)
{
	return (n + 3) / 4 * 4;
}

/*
 * c(q, j): what the samples at offsets j and -j count for frequency q of a period.  At offset 0 and
 * at half of the period there is one sample and not two; beyond the last one there is none.
 */
static array *cosines(device *dev, int64_t n, int64_t period, bool rows_are_outputs)
{
	int64_t inputs = fours(n), outputs = fours(period / 2 + 1);
	int64_t height = rows_are_outputs ? outputs : inputs;
	int64_t width = rows_are_outputs ? inputs : outputs;
	array *a = array_new_bare(dev, REAL, (shape){ 1, 1, height, width });
	g_autofree float *packed = g_new0(float, height * width);
	for (int64_t i = 0; i < height * width; i++) {
		int64_t q = rows_are_outputs ? i / width : i % width;
		int64_t j = rows_are_outputs ? i % width : i / width;
		if (j >= n)
			continue;
		double twice = j == 0 || 2 * j == period ? 1 : 2;
		packed[i] = (float)(twice * cos(2 * G_PI * (double)(q * j % period) / (double)period));
	}
	if (!dev->error)
		array_upload(a, packed);
	return a;
}

/* Samples and what comes of them along y, in half of a usual second-level cache of 1 MiB. */
#define CACHED (256 << 10)

phasor_kernel *phasor_kernel_new(device *dev, const phasor_setup *s, shape grid)
{
	phasor_kernel *p = g_new0(phasor_kernel, 1);
	int64_t plane = s->n[0] * s->n[1] * (int64_t)(2 * sizeof(float));
	int64_t threads = dev->opencl ? 1 : device_threads(dev);
	p->dev = dev;
	p->s = *s;
	p->grid = grid;
	p->cosine_y = cosines(dev, s->n[1], grid.y, true);
	p->cosine_x = cosines(dev, s->n[0], grid.x, false);
	p->together = CLAMP(CACHED / plane, 1, 32);
	shape from = { 1, threads * p->together, fours(s->n[1]), fours(s->n[0]) }, to = from;
	to.y = fours(grid.y / 2 + 1);
	p->samples = array_new_bare(dev, COMPLEX, from);
	p->between = array_new_bare(dev, COMPLEX, to);
	return p;
}

void phasor_kernel_free(phasor_kernel *p)
{
	if (!p)
		return;
	array_free(p->cosine_y);
	array_free(p->cosine_x);
	array_free(p->samples);
	array_free(p->between);
	g_free(p);
}

array *phasor_kernel_table(const phasor_kernel *p, int64_t kernels)
{
	return array_new_bare(p->dev, COMPLEX,
		(shape){ 1, fours(p->grid.y / 2 + 1), kernels, p->grid.x / 2 + 1 });
}

int64_t phasor_kernel_bytes(const phasor_kernel *p)
{
	int64_t width = (p->grid.x / 2 + ARRAY_PITCH_MULTIPLE) / ARRAY_PITCH_MULTIPLE;
	return fours(p->grid.y / 2 + 1) * width * ARRAY_PITCH_MULTIPLE * (int64_t)(2 * sizeof(float));
}

struct fill {
	phasor_kernel *p;
	array *table;
	int64_t depth, depths;
	int64_t low, n, groups;         /* groups: of frequencies, for each depth */
	double step;
};

/* Of frequencies low + k .. + n - 1, at depth z of the table. */
static void fill_some(const struct fill *j, int64_t z, int64_t k, int64_t n, int64_t slot)
{
	phasor_kernel *p = j->p;
	const phasor_setup *s = &p->s;
	array samples = array_slices(p->samples, 0, slot * p->together, n);
	array between = array_slices(p->between, 0, slot * p->together, n);
	double ways = s->n_fixed ? 1 : 2, depth = s->depth + (double)(j->depth + z) * s->step;
	double first = (double)(j->low + k) * j->step * ways, step = j->step * ways;
	int64_t height = samples.shape.y, width = samples.shape.x, groups = between.shape.y / 4;
	RUN_PART(&samples, 0, height, k_phasor_samples, &samples, &between, n, height, width,
		samples.pitch, (float)s->pitch[1], (float)s->pitch[0], (float)depth, (float)first, (float)step,
		(float)fmod(first * depth, 1), (float)fmod(step * depth, 1));
	RUN_PART(&between, 0, n * groups, k_phasor_cosine_y, &between, &samples, p->cosine_y, groups,
		height, width, samples.pitch, p->cosine_y->pitch);
	RUN_PART(j->table, 0, n * groups, k_phasor_cosine_x, j->table, &between, p->cosine_x, groups,
		width, between.pitch, j->table->shape.x, j->table->pitch, p->cosine_x->pitch,
		j->table->plane_rows, z * j->n + k);
}

static void fill_body(int64_t first, int64_t end, void *data)
{
	const struct fill *j = data;
	int64_t slot = g_atomic_int_add(&j->p->slot, 1);
	for (int64_t i = first; i < end; i++) {
		int64_t k = i % j->groups * j->p->together;
		fill_some(j, i / j->groups, k, MIN(j->n - k, j->p->together), slot);
	}
}

void phasor_kernel_fill(phasor_kernel *p, array *table, int64_t depth, int64_t depths,
	int64_t low, int64_t n, double step)
{
	struct fill j = { p, table, depth, depths, low, n, (n + p->together - 1) / p->together, step };
	p->slot = 0;
	if (p->dev->error)
		return;
	if (p->dev->opencl)
		fill_body(0, depths * j.groups, &j);
	else
		device_each(p->dev, depths * j.groups, 1, fill_body, &j);
}
