/* SPDX-License-Identifier: BSD-3-Clause */
/* prox-nlm.c - non-local means as the step of a prior */
#include <assert.h>
#include <math.h>
#include "math/prox.h"
#include "math/vec.h"
#include "nlm.cl"

struct nlm {
	prox base;
	nlm_settings set;
};

/* What one step works on: planes with a margin, one channel more for the sum of weights. */
typedef struct {
	array *x, *sum;         /* pictures and 1; sums of weights times those */
	array *d, *w;           /* of one shift */
	int64_t margin;
	nlm_settings set;
	float scale, free;      /* see k_nlm_weight */
} work;

static void work_clear(work *k)
{
	array_free(k->x);
	array_free(k->sum);
	array_free(k->d);
	array_free(k->w);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(work, work_clear)

static void work_load(work *k, const array *y)
{
	shape s = y->shape;
	k->margin = k->set.search + k->set.patch;
	shape wide = { s.c + 1, 1, s.y + 2 * k->margin, s.x + 2 * k->margin };
	k->x = array_new(y->dev, REAL, wide);
	wide.c = 1;
	k->d = array_new(y->dev, REAL, wide);
	k->w = array_new(y->dev, REAL, wide);
	array pictures = channel_range(k->x, 0, s.c), ones = array_channel(k->x, s.c);
	RUN(&pictures, k_nlm_extend, &pictures, y, k->x->pitch, k->x->plane_rows, y->pitch,
		y->plane_rows, s.y, s.x, k->margin, k->set.border == BORDER_PERIODIC);
	vec_fill(&ones, 1);
	k->sum = array_copy(k->x);      /* each pixel counts for itself with weight 1 */
}

/* Weights of pixel i with i + shift, for i and i - shift inside the picture. */
static void weigh(const work *k, shape s, int64_t down, int64_t right)
{
	int64_t p = k->set.patch, m = k->margin, pitch = k->x->pitch;
	int64_t top = m - down, bottom = m + s.y;
	int64_t left = m - MAX(right, 0), width = m + s.x - MIN(right, 0) - left;
	int64_t shift = down * pitch + right;
	RUN_PART(k->d, top - p, bottom + p, k_nlm_difference, k->d, k->x, pitch, left - p,
		width + 2 * p, shift, s.c, channel_stride(k->x));
	RUN_PART(k->d, top - p, bottom + p, k_nlm_box, k->w, k->d, pitch, left, width, p);
	RUN_PART(k->d, top, bottom, k_nlm_weight, k->d, k->w, pitch, left, width, p, k->scale, k->free);
}

static void gather(const work *k, shape s, int64_t down, int64_t right)
{
	int64_t m = k->margin, rows = k->x->plane_rows, pitch = k->x->pitch;
	for (int64_t c = 0; c <= s.c; c++)
		RUN_PART(k->x, c * rows + m, c * rows + m + s.y, k_nlm_gather, k->sum, k->d, k->x, pitch,
			rows, m, s.x, down * pitch + right);
}

static void nlm_step(prox *p, array *y, float t)
{
	g_auto(work) k = { .set = ((struct nlm *)p)->set };
	shape s = y->shape;
	int64_t reach = k.set.search, side = 2 * k.set.patch + 1;
	float h2 = k.set.strength * k.set.strength * t;         /* t = sigma^2 */
	assert(s.z == 1);
	if (!(h2 > 0))
		return;
	k.scale = 1 / ((float)(side * side * s.c) * h2);
	k.free = 2 * t / h2;
	work_load(&k, y);
	for (int64_t down = 0; down <= reach; down++)
		for (int64_t right = down ? -reach : 1; right <= reach; right++) {
			weigh(&k, s, down, right);
			gather(&k, s, down, right);
		}
	array weights = array_channel(k.sum, s.c);
	RUN(y, k_nlm_mean, y, k.sum, &weights, y->pitch, y->plane_rows, k.x->pitch, k.x->plane_rows,
		s.x, k.margin * k.x->pitch + k.margin);
}

/* Not the step of any function that could be told. */
static double nlm_value(prox *p, const array *x)
{
	(void)p, (void)x;
	return 0;
}

prox *prox_nlm(const nlm_settings *settings)
{
	static const prox_class class = { "non-local means", nlm_step, nlm_value, NULL };
	struct nlm *n = prox_new(&class, sizeof(struct nlm));
	n->set = *settings;
	return &n->base;
}
