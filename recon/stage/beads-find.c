/* SPDX-License-Identifier: BSD-3-Clause */
/* beads-find.c - where the beads of a stack are, and which of them will do */
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/beads.h"
#include "stage/calibrate.h"

#define LEAST_NOISE 1e-3        /* of the brightest peak, where a stack is computed or coarse */
#define FAINT 0.1               /* of the brightest bead; in its box: its own rings */
#define DIP 0.75                /* two beads are apart where the line between sinks below that */
#define PLATEAU 4               /* voxels of one value at a peak: the sensor went no further */
#define ENOUGH 5                /* beads, for which boxes are made smaller, down to half */
#define MANY 10000              /* maxima: a picture, not beads */
/* Half sides of the box in full widths at half maximum: across, and along the axis. */
static const double half_box[3] = { 5, 5, 4 };

static double value(const array *a, const int64_t at[3])
{
	return (double)array_row(a, 0, at[2], at[1])[at[0]];
}

/* --- smoothing -------------------------------------------------------------------------------- */

enum { REACH = 3 };     /* of the Gaussian, standard deviations */

typedef struct {
	const array *from;
	array *to;
	int axis;
	float weight[REACH + 1];
} smoothing;

static void smooth_row(const smoothing *s, int64_t z, int64_t y)
{
	shape n = s->from->shape;
	float *to = array_row(s->to, 0, z, y);
	memset(to, 0, (size_t)n.x * sizeof *to);
	for (int64_t k = -REACH; k <= REACH; k++) {
		float w = s->weight[ABS(k)];
		const float *from = array_row(s->from, 0, s->axis == 2 ? CLAMP(z + k, 0, n.z - 1) : z,
			s->axis == 1 ? CLAMP(y + k, 0, n.y - 1) : y);
		for (int64_t x = 0; x < n.x; x++)
			to[x] += w * from[s->axis == 0 ? CLAMP(x + k, 0, n.x - 1) : x];
	}
}

static void smooth_rows(int64_t first, int64_t end, void *data)
{
	const smoothing *s = data;
	for (int64_t i = first; i < end; i++)
		smooth_row(s, i / s->from->shape.y, i % s->from->shape.y);
}

array *beads_smoothed(const array *a)
{
	smoothing s = { 0 };
	double sum = 1;
	int64_t n[3];
	beads_sides(a, n);
	for (int k = 1; k <= REACH; k++)
		sum += 2 * exp(-0.5 * k * k);
	for (int k = 0; k <= REACH; k++)
		s.weight[k] = (float)(exp(-0.5 * k * k) / sum);
	array *out = array_copy(a);
	g_autoptr(array) other = array_like(a);
	for (s.axis = 0; s.axis < 3; s.axis++) {
		if (n[s.axis] == 1 || !out->mem || !other->mem)
			continue;
		s.from = out;
		s.to = other;
		device_each(a->dev, n[1] * n[2], 16, smooth_rows, &s);
		array *keep = out;
		out = other;
		other = keep;
	}
	return out;
}

/* --- levels ----------------------------------------------------------------------------------- */

/* The spread about `level`: the noise, where most voxels are empty. */
static double noise_of(const array *a, double level, GError **err)
{
	g_autoptr(array) away = array_copy(a);
	vec_shift(away, (float)-level);
	if (!device_ok(a->dev, err))
		return NAN;
	for (int64_t i = 0; i < a->shape.z * a->shape.y; i++) {
		float *row = array_row(away, 0, i / a->shape.y, i % a->shape.y);
		for (int64_t x = 0; x < a->shape.x; x++)
			row[x] = fabsf(row[x]);
	}
	return BEADS_MAD_TO_SIGMA * calibrate_percentile(away, -1, 50, err);
}

/* --- maxima ----------------------------------------------------------------------------------- */

/* Of equal neighbours the first one counts. */
static bool is_peak(const array *a, const int64_t at[3])
{
	int64_t n[3];
	beads_sides(a, n);
	double here = value(a, at);
	for (int i = 0; i < 27; i++) {
		int64_t other[3] = { at[0] + i % 3 - 1, at[1] + i / 3 % 3 - 1, at[2] + i / 9 - 1 };
		bool inside = true;
		for (int k = 0; k < 3; k++)
			inside = inside && other[k] >= 0 && other[k] < n[k];
		if (i == 13 || !inside)
			continue;
		double there = value(a, other);
		if (there > here || (there >= here && i < 13))
			return false;
	}
	return true;
}

static int by_height(const void *a, const void *b)
{
	const bead *p = a, *q = b;
	if (p->height < q->height || p->height > q->height)
		return p->height < q->height ? 1 : -1;
	for (int k = 2; k >= 0; k--)
		if (p->peak[k] != q->peak[k])
			return p->peak[k] < q->peak[k] ? -1 : 1;
	return 0;
}

/* Sorted, the brightest first; stops when there are too many. */
static GArray *maxima(const array *smooth, double level, double limit)
{
	int64_t n[3];
	beads_sides(smooth, n);
	GArray *all = g_array_new(false, true, sizeof(bead));
	for (int64_t i = 0; i < n[1] * n[2] && all->len <= MANY; i++) {
		const float *row = array_row(smooth, 0, i / n[1], i % n[1]);
		for (int64_t x = 0; x < n[0]; x++) {
			bead b = { .peak = { x, i % n[1], i / n[1] }, .height = (double)row[x] - level };
			if (b.height > limit && is_peak(smooth, b.peak))
				g_array_append_val(all, b);
		}
	}
	g_array_sort(all, by_height);
	return all;
}

/* --- one bead --------------------------------------------------------------------------------- */

/* From the peak to half of it along an axis; NaN where the stack ends before. */
static double half_width(const array *smooth, const bead *b, double level, int axis, int sign)
{
	int64_t n[3], at[3] = { b->peak[0], b->peak[1], b->peak[2] };
	double before = b->height;
	beads_sides(smooth, n);
	for (int64_t i = 1; ; i++) {
		at[axis] += sign;
		if (at[axis] < 0 || at[axis] >= n[axis])
			return NAN;
		double here = value(smooth, at) - level;
		if (here < b->height / 2)
			return (double)(i - 1) + (before - b->height / 2) / (before - here);
		before = here;
	}
}

/* Full widths at half maximum; where neither half ends, half the stack. */
static void width_of(const array *smooth, const bead *b, double level, double fwhm[3])
{
	int64_t n[3];
	beads_sides(smooth, n);
	for (int k = 0; k < 3; k++) {
		double down = half_width(smooth, b, level, k, -1), up = half_width(smooth, b, level, k, 1);
		fwhm[k] = isnan(down) && isnan(up) ? 0.5 * (double)n[k] :
			isnan(down) ? 2 * up : isnan(up) ? 2 * down : down + up;
	}
}

/* The peak and its neighbours hold the largest sample, or a plateau of the stack's largest. */
static bool is_saturated(const array *stack, const bead *b, double white, double most)
{
	int64_t n[3], equal = 0;
	beads_sides(stack, n);
	if (!(white > 0))
		return false;
	for (int i = 0; i < 125; i++) {
		int64_t at[3] = { b->peak[0] + i % 5 - 2, b->peak[1] + i / 5 % 5 - 2,
			b->peak[2] + i / 25 - 2 };
		bool inside = true;
		for (int k = 0; k < 3; k++)
			inside = inside && at[k] >= 0 && at[k] < n[k];
		equal += inside && value(stack, at) >= most;
	}
	return equal >= (most >= white ? 1 : PLATEAU);
}

/* --- several ---------------------------------------------------------------------------------- */

static bool boxes_meet(const bead *a, const bead *b, const int64_t size[3])
{
	for (int k = 0; k < 3; k++)
		if (ABS(a->peak[k] - b->peak[k]) >= size[k])
			return false;
	return true;
}

/* The smoothed stack on the straight line between two peaks, at its lowest, above the level. */
static double lowest_between(const array *smooth, double level, const bead *a, const bead *b)
{
	int64_t steps = 1;
	double least = fmin(a->height, b->height);
	for (int k = 0; k < 3; k++)
		steps = MAX(steps, ABS(a->peak[k] - b->peak[k]));
	for (int64_t i = 1; i < steps; i++) {
		int64_t at[3];
		for (int k = 0; k < 3; k++)
			at[k] = a->peak[k] + llround((double)(i * (b->peak[k] - a->peak[k])) / (double)steps);
		least = fmin(least, value(smooth, at) - level);
	}
	return least;
}

/* Whether the fainter maximum b is of bead a: noise on its top, or one of its rings. */
static bool belongs(const array *smooth, double level, const bead *a, const bead *b,
	const int64_t size[3])
{
	return boxes_meet(a, b, size) && (b->height < FAINT * a->height ||
		lowest_between(smooth, level, a, b) > DIP * b->height);
}

/* Leaves one maximum for each bead. */
static void unite(GArray *all, const array *smooth, double level, const int64_t size[3])
{
	guint kept = 0;
	bead *b = (bead *)all->data;
	for (guint i = 0; i < all->len; i++) {
		bool part = false;
		for (guint j = 0; j < kept && !part; j++)
			part = belongs(smooth, level, &b[j], &b[i], size);
		if (!part)
			b[kept++] = b[i];
	}
	g_array_set_size(all, kept);
}

static int by_number(const void *a, const void *b)
{
	int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
	return (p > q) - (p < q);
}

/* How far it is from beads to the nearer end of the stack: their median along this axis. */
static int64_t usual_room(const GArray *all, const array *stack, int axis)
{
	int64_t n[3];
	g_autofree int64_t *room = g_new(int64_t, all->len);
	beads_sides(stack, n);
	for (guint i = 0; i < all->len; i++) {
		int64_t at = g_array_index(all, bead, i).peak[axis];
		room[i] = MIN(at, n[axis] - 1 - at);
	}
	qsort(room, all->len, sizeof *room, by_number);
	return room[all->len / 2];
}

static void judge(GArray *all, const array *stack, double white, beads_facts *f)
{
	int64_t n[3];
	float least, most;
	beads_sides(stack, n);
	vec_range(stack, &least, &most);
	double brightest = 0;
	f->used = 0;
	for (guint i = 0; i < all->len; i++) {
		bead *b = &g_array_index(all, bead, i);
		bool border = false, overlap = false;
		for (int k = 0; k < 3; k++)
			border = border || b->peak[k] < f->size[k] / 2 || b->peak[k] + f->size[k] / 2 >= n[k];
		for (guint j = 0; j < all->len && !overlap; j++)
			overlap = j != i && boxes_meet(&g_array_index(all, bead, j), b, f->size);
		bool saturated = is_saturated(stack, b, white, (double)most);
		brightest = saturated ? brightest : fmax(brightest, b->height);
		b->fate = saturated ? BEAD_SATURATED : border ? BEAD_BORDER : overlap ? BEAD_OVERLAP :
			b->height < FAINT * brightest ? BEAD_FAINT : BEAD_USED;
		f->used += b->fate == BEAD_USED;
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

static bool refuse(const GArray *all, const beads_rule *rule, const char *path, GError **err)
{
	int n[BEAD_FAINT + 1] = { 0 };
	for (guint i = 0; i < all->len; i++)
		n[g_array_index(all, bead, i).fate]++;
	g_autofree char *lower = g_strdup_printf("look at it with `relumine inspect`; lower --threshold "
		"(now %g) if beads are faint", rule->threshold);
	if (!all->len)
		error_set(err, RELUMINE_BAD_INPUT, path, lower, "there are no beads: nothing rises above "
			"the background and its noise");
	else if (all->len > MANY)
		error_set(err, RELUMINE_BAD_INPUT, path, "raise --threshold, if these are beads at all",
			"there are more than %d bright spots", MANY);
	else
		error_set(err, RELUMINE_BAD_INPUT, path, n[BEAD_SATURATED] == (int)all->len ?
			"take them again with less light" : n[BEAD_OVERLAP] || n[BEAD_BORDER] ?
			"a smaller --size makes smaller boxes" : lower,
			"of %u bead%s none can be used: %d saturated, %d with boxes across the border, %d with "
			"boxes that overlap, %d too faint", all->len, all->len == 1 ? "" : "s",
			n[BEAD_SATURATED], n[BEAD_BORDER], n[BEAD_OVERLAP], n[BEAD_FAINT]);
	return false;
}

/* The brightest bead that is not saturated, else the brightest. */
static const bead *model_bead(const GArray *all, const array *stack, double white)
{
	float least, most;
	vec_range(stack, &least, &most);
	for (guint i = 0; i < all->len; i++) {
		const bead *b = &g_array_index(all, bead, i);
		if (!is_saturated(stack, b, white, (double)most))
			return b;
	}
	return &g_array_index(all, bead, 0);
}

/* share: of the usual box.  all: NULL, or beads whose boxes are to fit into the stack. */
static void choose_size(const GArray *all, const array *stack, const beads_rule *rule, double share,
	beads_facts *f)
{
	int64_t n[3];
	beads_sides(stack, n);
	for (int k = 0; k < 3; k++) {
		int64_t half = MIN((int64_t)ceil(share * half_box[k] * f->fwhm[k]), (n[k] - 1) / 2);
		if (all)
			half = MIN(half, MAX(usual_room(all, stack, k), (int64_t)f->fwhm[k]));
		f->size[k] = rule->size[k] ? rule->size[k] : 2 * half + 1;
	}
}

/* The largest box with enough beads, else that with the most. */
static void choose(GArray *all, const array *stack, const beads_rule *rule, beads_facts *f)
{
	double best = 1;
	int64_t most = -1;
	for (int tenths = 10; tenths >= 5 && most < ENOUGH; tenths--) {
		choose_size(all, stack, rule, tenths / 10.0, f);
		judge(all, stack, rule->white, f);
		if (f->used > most) {
			most = f->used;
			best = tenths / 10.0;
		}
	}
	choose_size(all, stack, rule, best, f);
	judge(all, stack, rule->white, f);
}

/* *limit: what peaks rise above the background. */
static bool levels(const array *smooth, double threshold, beads_facts *f, double *limit,
	GError **err)
{
	float least, most;
	vec_range(smooth, &least, &most);
	f->background = calibrate_percentile(smooth, -1, 50, err);
	f->noise = isnan(f->background) ? NAN : noise_of(smooth, f->background, err);
	*limit = fmax(f->noise, LEAST_NOISE * ((double)most - f->background)) * threshold;
	return !isnan(f->noise);
}

GArray *beads_find(const array *stack, const beads_rule *rule, beads_facts *facts,
	const char *path, GError **err)
{
	g_autoptr(array) smooth = beads_smoothed(stack);
	double limit;
	if (!device_ok(stack->dev, err) || !levels(smooth, rule->threshold, facts, &limit, err))
		return NULL;
	g_autoptr(GArray) all = maxima(smooth, facts->background, limit);
	facts->used = 0;
	if (all->len && all->len <= MANY) {
		width_of(smooth, model_bead(all, stack, rule->white), facts->background, facts->fwhm);
		/* (rings do not end where a small box does) */
		choose_size(NULL, stack, &(beads_rule){ 0 }, 1, facts);
		for (int k = 0; k < 3; k++)
			facts->size[k] = MAX(facts->size[k], rule->size[k]);
		unite(all, smooth, facts->background, facts->size);
		choose(all, stack, rule, facts);
	}
	if (!facts->used && !refuse(all, rule, path, err))
		return NULL;
	return g_steal_pointer(&all);
}
