/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel.c - the blur of a photograph: from coarse to fine, in boxes that grow */
#include "stage/kernel.h"

#include <math.h>
#include "core/error.h"
#include "math/fft.h"
#include "math/vec.h"
#include "stage/resample.h"
#include "stage/select.h"
#include "mirror.cl"

/* From level to level pictures shrink by the root of 2 until kernels are this small. */
#define SMALLEST 5.0
/* Rounds of picture and kernel at each level. */
enum { ROUNDS = 5 };
/* Of the number of pixels with a gradient, for values from 0 to 1; falls to the least. */
#define WEIGHT 4e-3
#define WEIGHT_LEAST 1e-4
/* What the weight and the least length of an edge are divided by after each round. */
#define RELAX 1.1

typedef struct {
	kernel_problem whole;   /* values from 0 to 1 */
	array *picture, *believed;      /* of this level; owned */
	kernel_problem level;
	double weight, least;
} search;

static void search_clear(search *s)
{
	array_free(s->picture);
	array_free(s->believed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(search, search_clear)

static bool no_edges(GError **err)
{
	error_set(err, RELUMINE_BAD_INPUT, NULL, "give a picture, or the part of it, that has edges in "
		"many directions", "there are no edges to tell a blur by");
	return false;
}

/* --- edges to begin with ---------------------------------------------------------------------- */

/* Directions of edges that all must have their share. */
enum { DIRECTIONS = 4 };

static int direction_of(float y, float x)
{
	double turn = atan2((double)y, (double)x) / G_PI;
	turn -= floor(turn);
	return MIN((int)(turn * DIRECTIONS), DIRECTIONS - 1);
}

/* Lengths of the gradients of one direction, where believed, into `lengths`; how many. */
static int64_t lengths_of(const array *a, const array *believed, int direction, float *lengths)
{
	int64_t n = 0;
	for (int64_t y = 1; y < a->shape.y; y++)
		for (int64_t x = 1; x < a->shape.x; x++) {
			const float *row = array_row(a, 0, 0, y), *above = array_row(a, 0, 0, y - 1);
			float down = row[x] - above[x], right = row[x] - row[x - 1];
			bool counts = !believed || array_row(believed, 0, 0, y)[x] > 0;
			if (counts && direction_of(down, right) == direction)
				lengths[n++] = sqrtf(down * down + right * right);
		}
	return n;
}

/*
 * How long gradients must be so that of each direction twice as many are longer as a kernel has
 * rows: few edges, the longest, tell most of it (Cho and Lee, ACM Trans. Graph. 28, 2009).
 */
static double first_least(const kernel_problem *p, int64_t size, GError **err)
{
	device *cpu = p->cpu;
	g_autoptr(array) here = array_move(p->picture, cpu);
	g_autoptr(array) believed = p->believed ? array_move(p->believed, cpu) : NULL;
	int64_t count = here->shape.y * here->shape.x;
	double least = INFINITY;
	if (!device_ok(p->picture->dev, err) || !device_ok(cpu, err))
		return NAN;
	g_autofree float *lengths = g_try_new(float, (gsize)count);
	if (!lengths) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory is left to sort edges");
		return NAN;
	}
	for (int i = 0; i < DIRECTIONS; i++) {
		int64_t n = lengths_of(here, believed, i, lengths);
		if (n > 0)
			least = fmin(least, (double)select_nth(lengths, n, MAX(n - 1 - 2 * size, 0)));
	}
	return least;
}

/* --- one level -------------------------------------------------------------------------------- */

/*
 * Left and right of a pixel that is not believed, as far as a kernel reaches; the same upwards and
 * downwards when step and count are those of columns.
 */
static void widen_line(float *line, int64_t step, int64_t count, int64_t reach)
{
	g_autofree bool *bad = g_new(bool, count);
	for (int64_t i = 0; i < count; i++)
		bad[i] = line[i * step] < 0.999f;
	for (int64_t i = 0; i < count; i++)
		for (int64_t j = MAX(i - reach, 0); bad[i] && j <= MIN(i + reach, count - 1); j++)
			line[j * step] = 0;
}

/* 1 for edges whose blurred image is believed all over, else 0; on the picture's device. */
static array *sound_edges(const kernel_problem *p, shape s, int64_t reach)
{
	g_autoptr(array) small = resample_area(p->believed, s.y, s.x);
	g_autoptr(array) here = array_move(small, p->cpu);
	for (int64_t y = 0; here->mem && y < s.y; y++)
		widen_line(array_row(here, 0, 0, y), 1, s.x, reach);
	for (int64_t x = 0; here->mem && x < s.x; x++)
		widen_line(array_row(here, 0, 0, 0) + x, here->pitch, s.y, reach);
	if (here->mem)
		vec_cut_below(here, 0.999f);
	return array_move(here, p->picture->dev);
}

static void load_level(search *s, double scale, int64_t size)
{
	const kernel_problem *p = &s->whole;
	shape w = p->picture->shape;
	shape to = { 1, 1, (int64_t)((double)w.y * scale + 0.5), (int64_t)((double)w.x * scale + 0.5) };
	search_clear(s);
	s->believed = NULL;
	s->picture = resample_area(p->picture, to.y, to.x);
	if (p->believed)
		s->believed = sound_edges(p, to, size / 2);
	s->level = (kernel_problem){ s->picture, s->believed, p->cpu, p->watch };
}

static array *with_mirror_images(const array *y, int64_t size)
{
	shape s = y->shape;
	shape grid = { 1, 1, fft_good_size(s.y + size - 1), fft_good_size(s.x + size - 1) };
	array *wide = array_new(y->dev, REAL, grid);
	RUN(wide, k_mirror, wide, y, wide->pitch, wide->plane_rows, 1, grid.y, grid.x, y->pitch,
		y->plane_rows, 1, s.y, s.x);
	return wide;
}

/* Picture and kernel in turns; takes k. */
static array *refine(search *s, array *k, GError **err)
{
	g_autoptr(array) kernel = k;
	int64_t size = k->shape.x;
	g_autoptr(array) wide = with_mirror_images(s->picture, size);
	for (int i = 0; i < ROUNDS; i++) {
		g_autoptr(array) x = kernel_sharpen(wide, kernel, s->weight);
		array *better = kernel_fit(&s->level, x, size, s->least, err);
		if (!better)
			return NULL;
		array_free(kernel);
		kernel = better;
		if (!kernel_tidy(kernel)) {
			no_edges(err);
			return NULL;
		}
		s->weight = fmax(s->weight / RELAX, WEIGHT_LEAST);
		s->least /= RELAX;
	}
	return kernel_centred(kernel);
}

/* --- all levels ------------------------------------------------------------------------------- */

/* Two pixels side by side: which way it goes on the picture decides. */
static array *first_kernel(device *cpu, int64_t size)
{
	array *k = array_new(cpu, REAL, (shape){ 1, 1, size, size });
	vec_fill(k, 0);
	if (k->mem)
		array_row(k, 0, 0, size / 2)[size / 2 - 1] = array_row(k, 0, 0, size / 2)[size / 2] = 0.5f;
	return k;
}

static int64_t odd_at_least(double size)
{
	return MAX((int64_t)ceil(size) / 2 * 2 + 1, KERNEL_SIDE_LEAST);
}

/* Light from 0 to 1 but for the brightest and darkest. */
static array *stretched(const kernel_problem *p, GError **err)
{
	shape s = p->picture->shape;
	int64_t n = s.y * s.x;
	g_autofree float *values = g_try_new(float, (gsize)n);
	if (!values) {
		error_set(err, RELUMINE_OVER_LIMIT, NULL, NULL, "no memory is left to sort pixels");
		return NULL;
	}
	array_download(p->picture, values);
	double low = select_percentile(values, n, 0.5), high = select_percentile(values, n, 99.5);
	if (!(high > low)) {
		low = select_percentile(values, n, 0);
		high = select_percentile(values, n, 100);
	}
	if (!device_ok(p->picture->dev, err) || (!(high > low) && !no_edges(err)))
		return NULL;
	array *to = array_copy(p->picture);
	vec_shift(to, (float)-low);
	vec_scale(to, (float)(1 / (high - low)));
	return to;
}

/* The level's kernel from that of the level before, which it takes; NULL: this is the first. */
static array *next_level(search *s, array *before, double scale, int64_t size, GError **err)
{
	g_autoptr(array) coarse = before;
	load_level(s, scale, size);
	if (!coarse) {
		s->least = first_least(&s->level, size, err);
		if (isnan(s->least))
			return NULL;
	}
	return refine(s, coarse ? kernel_enlarged(coarse, size, M_SQRT2) :
		first_kernel(s->whole.cpu, size), err);
}

array *kernel_estimate(const kernel_problem *p, int64_t size, GError **err)
{
	g_autoptr(array) bright = stretched(p, err);
	if (!bright)
		return NULL;
	g_auto(search) s = { .whole = *p, .weight = WEIGHT };
	s.whole.picture = bright;
	array *k = NULL;
	int level = MAX((int)floor(2 * log2((double)size / SMALLEST)), 0);
	for (; level >= 0; level--) {
		double scale = pow(M_SQRT1_2, level);
		if (!watch_step(p->watch, "find the blur")) {
			array_free(k);
			error_set(err, RELUMINE_STOPPED, NULL, NULL, "stopped while the blur was searched for");
			return NULL;
		}
		k = next_level(&s, k, scale, level ? odd_at_least((double)size * scale) : size, err);
		if (!k)
			return NULL;
	}
	kernel_tidy(k);
	return k;
}

array *kernel_find(const kernel_problem *p, int64_t limit, GError **err)
{
	array *k = NULL;
	for (double size = 9;; size *= M_SQRT2) {
		int64_t n = MIN(odd_at_least(size), limit);
		array_free(k);
		k = kernel_estimate(p, n, err);
		if (!k || n == limit || kernel_rim(k) < KERNEL_RIM_EMPTY)
			return k;
	}
}
