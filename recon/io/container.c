/* SPDX-License-Identifier: BSD-3-Clause */
/* container.c - files that hold arrays with names */
#include "io/container.h"

#include <math.h>
#include <string.h>

#define NAMES_SHOWN 20
#define NAME_MOST 64
#define TEXT_MOST 4096

static void variable_free(void *p)
{
	struct variable *v = p;
	g_free(v->name);
	g_free(v->key);
	g_free(v);
}

struct container *container_new(struct reading *r)
{
	struct container *c = g_new0(struct container, 1);
	c->r = r;
	c->variables = g_ptr_array_new_with_free_func(variable_free);
	return c;
}

void container_free(struct container *c)
{
	if (!c)
		return;
	if (c->close && c->inside)
		c->close(c->inside);
	g_ptr_array_unref(c->variables);
	g_free(c);
}

struct variable *container_add(struct container *c, const char *name)
{
	struct variable *v = g_new0(struct variable, 1);
	v->name = g_strdup(name);
	g_ptr_array_add(c->variables, v);
	return v;
}

/* --- names ------------------------------------------------------------------------------------ */

static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !(strchr("./", *a) && strchr("./", *b)))
			return false;
	return *a == *b;
}

const struct variable *container_find(const struct container *c, const char *name)
{
	for (guint i = 0; i < c->variables->len; i++) {
		const struct variable *v = c->variables->pdata[i];
		if (same_name(v->name, name))
			return v;
	}
	return NULL;
}

bool container_has(const struct container *c, const char *names)
{
	g_auto(GStrv) each = g_strsplit(names, " ", -1);
	for (char **name = each; *name; name++)
		if (!container_find(c, *name))
			return false;
	return true;
}

char *container_list(const struct container *c)
{
	GString *all = g_string_new(NULL);
	guint count = 0;
	for (guint i = 0; i < c->variables->len; i++) {
		const struct variable *v = c->variables->pdata[i];
		if (v->stranger || v->text || count++ >= NAMES_SHOWN)
			continue;
		g_autofree char *valid = g_utf8_make_valid(v->name, MIN((gssize)strlen(v->name), NAME_MOST));
		g_string_append_printf(all, "%s%s", all->len ? ", " : "", valid);
	}
	if (count > NAMES_SHOWN)
		g_string_append_printf(all, " and %u more", count - NAMES_SHOWN);
	return g_string_free(all, FALSE);
}

/* --- sizes ------------------------------------------------------------------------------------ */

int64_t variable_count(const struct variable *v)
{
	int64_t count = 1;
	for (int i = 0; i < MIN(v->rank, VARIABLE_RANK_MOST); i++)
		if (__builtin_mul_overflow(count, v->n[i], &count))
			return INT64_MAX;
	return v->rank > VARIABLE_RANK_MOST ? INT64_MAX : count;
}

char *variable_size_text(const struct variable *v)
{
	GString *text = g_string_new(v->rank == 0 ? "1" : NULL);
	for (int i = 0; i < MIN(v->rank, VARIABLE_RANK_MOST); i++)
		g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? " x " : "", v->n[i]);
	if (v->rank > VARIABLE_RANK_MOST)
		g_string_append(text, " x ...");
	return g_string_free(text, FALSE);
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* Axes as stored, slowest first, and steps of what each goes to. */
struct walk {
	int rank;
	int64_t n[VARIABLE_RANK_MOST + 1], step[VARIABLE_RANK_MOST + 1];
	int64_t done;           /* numbers so far */
};

static void walk_push(struct walk *w, int64_t n, int64_t step)
{
	if (n == 1)
		return;
	w->n[w->rank] = n;
	w->step[w->rank++] = step;
}

static struct walk walk_of(const struct variable *v, const struct scatter *s)
{
	struct walk w = { .rank = 0 };
	for (int i = 0; i < v->rank; i++) {
		int axis = v->first_fastest ? v->rank - 1 - i : i;
		if (axis == s->split) {
			walk_push(&w, v->n[axis] / s->inner, s->steps[axis]);
			walk_push(&w, s->inner, s->inner_step);
		} else {
			walk_push(&w, v->n[axis], s->steps[axis]);
		}
	}
	if (w.rank == 0) {
		w.n[0] = 1;
		w.rank = 1;
	}
	return w;
}

/* Where the next number goes, and how many follow it by the last step. */
static int64_t walk_place(const struct walk *w, int64_t *run)
{
	int64_t rest = w->done, place = 0;
	for (int i = w->rank - 1; i >= 0; i--) {
		int64_t index = rest % w->n[i];
		if (i == w->rank - 1)
			*run = w->n[i] - index;
		place += index * w->step[i];
		rest /= w->n[i];
	}
	return place;
}

struct float_target {
	struct walk walk;
	const struct scatter *scatter;
	sample_unpack *unpack;
	int size;               /* bytes of a number */
	int64_t count;
};

static void add_run(struct float_target *t, float *to, int64_t step, const uint8_t *bytes,
	int64_t n)
{
	float some[256];
	for (int64_t i = 0; i < n; i += (int64_t)G_N_ELEMENTS(some)) {
		int64_t part = MIN((int64_t)G_N_ELEMENTS(some), n - i);
		t->unpack(some, 1, bytes, i, 1, part);
		for (int64_t k = 0; k < part; k++)
			to[(i + k) * step] += some[k];
	}
}

static bool put_floats(void *data, const uint8_t *bytes, int64_t n, GError **err)
{
	(void)err;
	struct float_target *t = data;
	struct walk *w = &t->walk;
	int64_t step = w->step[w->rank - 1], run = 0;
	n = MIN(n, t->count - w->done);
	for (; n > 0; n -= run, bytes += run * t->size) {
		float *to = t->scatter->origin + walk_place(w, &run);
		run = MIN(run, n);
		if (t->scatter->sums)
			add_run(t, to, step, bytes, run);
		else
			t->unpack(to, step, bytes, 0, 1, run);
		w->done += run;
	}
	return true;
}

static bool refuse_short(const struct container *c, const struct variable *v, GError **err)
{
	return reading_refuse(c->r, err, "copy or save it again", "is cut off: variable '%s' has fewer "
		"numbers than its size says", v->name);
}

static bool is_real(const struct container *c, const struct variable *v, GError **err)
{
	if (!v->stranger)
		return true;
	return reading_refuse(c->r, err, "save it as an array of real numbers",
		"variable '%s' holds %s, not real numbers", v->name, v->stranger);
}

bool container_scatter(struct container *c, const struct variable *v, const struct scatter *s,
	GError **err)
{
	struct float_target t = { walk_of(v, s), s, sample_unpacker(v->kind, v->bits), v->bits / 8,
		variable_count(v) };
	if (!is_real(c, v, err) || !c->fetch(c, v, put_floats, &t, err))
		return false;
	return t.walk.done == t.count || refuse_short(c, v, err);
}

struct double_target {
	struct walk walk;
	const struct variable *v;
	double *values;
	int64_t count;
};

static bool put_doubles(void *data, const uint8_t *bytes, int64_t n, GError **err)
{
	(void)err;
	struct double_target *t = data;
	int64_t run;
	for (int64_t i = 0; i < n && t->walk.done < t->count; i++, t->walk.done++)
		t->values[walk_place(&t->walk, &run)] = sample_number(t->v->kind, t->v->bits,
			bytes + i * (t->v->bits / 8));
	return true;
}

double *container_numbers(struct container *c, const struct variable *v, GError **err)
{
	int64_t count = variable_count(v);
	if (!is_real(c, v, err))
		return NULL;
	if (count > NUMBERS_MOST) {
		g_autofree char *size = variable_size_text(v);
		reading_refuse(c->r, err, NULL, "variable '%s' is too large (%s) for what it stands for",
			v->name, size);
		return NULL;
	}
	g_autofree double *values = g_new0(double, MAX(count, 1));
	struct scatter s = { .split = -1 };
	int64_t step = 1;
	for (int i = v->rank - 1; i >= 0; step *= v->n[i--])
		s.steps[i] = step;
	struct double_target t = { walk_of(v, &s), v, values, count };
	if (count > 0 && !c->fetch(c, v, put_doubles, &t, err))
		return NULL;
	if (t.walk.done != count) {
		refuse_short(c, v, err);
		return NULL;
	}
	return g_steal_pointer(&values);
}

bool container_get(struct container *c, const char *name, int64_t n, double *to, GError **err)
{
	const struct variable *v = container_find(c, name);
	if (!v)
		return true;
	bool fits = variable_count(v) == n;
	g_autofree double *values = fits ? container_numbers(c, v, err) : NULL;
	if (fits && !values)
		return false;
	for (int64_t i = 0; i < n && fits; i++)
		fits = isfinite(values[i]);
	if (!fits)
		return reading_refuse(c->r, err, NULL, "variable '%s' is not %s", v->name,
			n == 1 ? "one finite number" : n == 2 ? "two finite numbers" : "three finite numbers");
	memcpy(to, values, (size_t)n * sizeof(*to));
	return true;
}

char *container_text(struct container *c, const char *name)
{
	const struct variable *v = container_find(c, name);
	if (!v || !v->text || variable_count(v) > TEXT_MOST)
		return NULL;
	g_autofree double *letters = container_numbers(c, v, NULL);
	if (!letters)
		return NULL;
	GString *text = g_string_new(NULL);
	for (int64_t i = 0; i < variable_count(v) && letters[i] > 0; i++)
		if (letters[i] < 128)
			g_string_append_c(text, (char)letters[i]);
	return g_string_free(text, FALSE);
}

/* (3, ...) to (..., 3) */
static double *coordinates_last(const double *from, int64_t n)
{
	double *to = g_new(double, 3 * n);
	for (int64_t i = 0; i < n; i++)
		for (int64_t k = 0; k < 3; k++)
			to[3 * i + k] = from[k * n + i];
	return to;
}

double *container_places(struct container *c, const char *name, int64_t *n, int64_t axes[2],
	GError **err)
{
	const struct variable *v = container_find(c, name);
	if (!v)
		return NULL;
	bool last = v->rank > 0 && v->rank <= 3 && v->n[v->rank - 1] == 3;
	bool first = !last && v->rank > 0 && v->rank <= 3 && v->n[0] == 3;
	int64_t others[3] = { 1, 1, 1 };
	if (!last && !first) {
		g_autofree char *size = variable_size_text(v);
		reading_refuse(c->r, err, NULL, "variable '%s' holds no places of three coordinates (%s)",
			v->name, size);
		return NULL;
	}
	for (int i = 0; i < v->rank - 1; i++)
		others[i] = v->n[first ? i + 1 : i];
	g_autofree double *values = container_numbers(c, v, err);
	*n = others[0] * others[1];
	memcpy(axes, others, 2 * sizeof(*axes));
	for (int64_t i = 0; values && i < 3 * *n; i++)
		if (!isfinite(values[i])) {
			reading_refuse(c->r, err, NULL, "variable '%s' has a place that is not finite", v->name);
			return NULL;
		}
	return values && first ? coordinates_last(values, *n) : g_steal_pointer(&values);
}
