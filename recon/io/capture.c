/* SPDX-License-Identifier: BSD-3-Clause */
/* capture.c - the table of layouts of time-of-flight captures, and any other named array */
#include "io/capture.h"

#include <string.h>

/* The first that fits is taken. */
static const struct capture_layout *const layouts[] = {
	&layout_own, &layout_points, &layout_lct, &layout_phasor_2020, &layout_long_range, &layout_fk,
	&layout_cdt, &layout_tal, &layout_zaragoza, &layout_phasor_2019, &layout_phasor_pairs,
	&layout_phasor_spectra, &layout_general, &layout_klein, &layout_consumer,
};

static const struct capture_layout *layout_named(const struct container *c)
{
	for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++)
		if (container_has(c, layouts[i]->needs))
			return layouts[i];
	return NULL;
}

/* A name chooses within a layout that has choices; else it is that array and nothing more. */
static bool names_capture(const struct capture_layout *layout, const char *member)
{
	if (!member)
		return true;
	g_auto(GStrv) choices = g_strsplit(layout->choices ? layout->choices : "", " ", -1);
	return g_strv_contains((const char *const *)choices, member);
}

bool capture_named(const struct container *c)
{
	const struct capture_layout *layout = layout_named(c);
	return layout && names_capture(layout, c->r->member);
}

static const struct capture_layout *layout_of(const struct container *c)
{
	for (size_t i = 0; i < G_N_ELEMENTS(layouts); i++)
		if (container_has(c, layouts[i]->needs) && (!layouts[i]->fits || layouts[i]->fits(c)))
			return layouts[i];
	return NULL;
}

/* --- from axes to the picture ----------------------------------------------------------------- */

/* The size that a letter stands for; NULL: it is summed over. */
static int64_t *size_of(shape *s, char letter)
{
	static const char letters[] = "ctyx";
	int64_t *const sizes[] = { &s->c, &s->z, &s->y, &s->x };
	const char *at = strchr(letters, g_ascii_tolower(letter));
	return at ? sizes[at - letters] : NULL;
}

shape capture_shape(const struct capture *k)
{
	shape s = { 1, 1, 1, 1 };
	for (int i = 0; k->axes[i]; i++) {
		int64_t n = k->traces->n[i], inner = k->inner ? k->inner : n;
		int64_t *size = size_of(&s, k->axes[i]);
		if (size)
			*size = size_product(*size, n, (int64_t)-1);
		else if (k->axes[i] == 'p')
			s = (shape){ s.c, s.z, n / inner, inner };
		else if (k->axes[i] == 'P')
			s = (shape){ s.c, s.z, inner, n / inner };
	}
	return s;
}

/* How many of the same axis' faster part there are. */
static int64_t faster_part(const struct capture *k, char letter)
{
	const char *at = g_ascii_isupper(letter) ? strchr(k->axes, g_ascii_tolower(letter)) : NULL;
	return at ? k->traces->n[at - k->axes] : 1;
}

static struct scatter scatter_of(const struct capture *k, const struct layout *l)
{
	struct scatter s = { .origin = l->origin, .split = -1 };
	shape steps = { l->dc, l->dz, l->dy, l->dx };
	for (int i = 0; k->axes[i]; i++) {
		char letter = k->axes[i];
		const int64_t *step = size_of(&steps, letter);
		if (step) {
			s.steps[i] = *step * faster_part(k, letter);
		} else if (letter == '+') {
			s.sums = s.sums || k->traces->n[i] > 1;
		} else {
			s.split = i;
			s.inner = k->inner ? k->inner : k->traces->n[i];
			s.steps[i] = letter == 'P' ? l->dx : l->dy;
			s.inner_step = letter == 'P' ? l->dy : l->dx;
		}
	}
	return s;
}

static void zero(array *a)
{
	for (int64_t p = 0; p < shape_planes(a->shape); p++)
		for (int64_t y = 0; y < a->shape.y; y++)
			memset(array_row(a, 0, p, y), 0, (size_t)a->shape.x * sizeof(float));
}

/* Shape, kind and numbers of the traces. */
static bool read_traces(struct capture *k, GError **err)
{
	struct reading *r = k->c->r;
	const struct variable *v = k->traces;
	struct layout l;
	if (v->stranger || v->text)
		return reading_refuse(r, err, "save it as an array of real numbers", "variable '%s' holds %s, "
			"not real numbers", v->name, v->text ? "text" : v->stranger);
	if (variable_count(v) == INT64_MAX || variable_count(v) < 1) {
		g_autofree char *size = variable_size_text(v);
		return reading_refuse(r, err, NULL, "variable '%s' has no possible size (%s)", v->name, size);
	}
	r->shape = capture_shape(k);
	r->im->kind = v->kind;
	r->im->bits = v->bits;
	r->im->has_z = r->shape.z > 1;
	json_object_set_new(r->facts, "array", json_string(v->name));
	json_object_set_new(r->facts, "axes", json_string(k->axes));
	if (k->mirrored)
		json_object_set_new(r->facts, "mirrored", json_true());
	if (!r->dev)
		return true;
	if (!reading_allocate(r, &l, err))
		return false;
	if (k->mirrored) {
		l.origin += (r->shape.x - 1) * l.dx;
		l.dx = -l.dx;
	}
	struct scatter s = scatter_of(k, &l);
	if (s.sums)
		zero(r->im->data);
	return container_scatter(k->c, v, &s, err);
}

/* --- captures --------------------------------------------------------------------------------- */

/* What the layouts' own checks may have left open. */
static bool check_geometry(const struct capture *k, GError **err)
{
	const transient *t = k->t;
	shape s = capture_shape(k);
	if (t->n_points && t->n_points != s.y * s.x)
		return reading_refuse(k->c->r, err, NULL, "has %" G_GINT64_FORMAT " places for %"
			G_GINT64_FORMAT " traces", t->n_points, s.y * s.x);
	if (t->paired && (s.c != 1 || t->n_points != t->n_fixed))
		return reading_refuse(k->c->r, err, NULL, "has %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
			" places of pairs of points for %" G_GINT64_FORMAT " sets of traces", t->n_points,
			t->n_fixed, s.c);
	if (t->n_fixed && !t->paired && t->n_fixed != s.c)
		return reading_refuse(k->c->r, err, NULL, "has %" G_GINT64_FORMAT " fixed points for %"
			G_GINT64_FORMAT " sets of traces", t->n_fixed, s.c);
	if (t->n_bounce && t->n_bounce != s.y * s.x)
		return reading_refuse(k->c->r, err, NULL, "has %" G_GINT64_FORMAT " times of the wall for %"
			G_GINT64_FORMAT " traces", t->n_bounce, s.y * s.x);
	return true;
}

static bool read_capture(struct container *c, const struct capture_layout *layout, GError **err)
{
	g_autoptr(transient) t = transient_new();
	struct capture k = { .c = c, .t = t };
	t->layout = g_strdup(layout->name);
	if (!layout->read(&k, err) || !check_geometry(&k, err) || !read_traces(&k, err)) {
		error_while(err, "reading a capture laid out as %s", layout->name);
		return false;
	}
	c->r->im->scale->transient = g_steal_pointer(&t);
	return true;
}

/* --- any array -------------------------------------------------------------------------------- */

static const struct variable *only_one(const struct container *c)
{
	const struct variable *found = NULL;
	for (guint i = 0; i < c->variables->len; i++) {
		const struct variable *v = c->variables->pdata[i];
		if (v->stranger || v->text || variable_count(v) < 2)
			continue;
		if (found)
			return NULL;
		found = v;
	}
	return found;
}

static const struct variable *choose(const struct container *c, GError **err)
{
	const struct reading *r = c->r;
	const struct variable *v = r->member ? container_find(c, r->member) : only_one(c);
	if (v)
		return v;
	g_autofree char *all = container_list(c);
	g_autofree char *remedy = *all ? g_strdup_printf("choose one of %s, as in FILE:%.*s", all,
		(int)strcspn(all, ","), all) : NULL;
	if (!*all)
		reading_refuse(r, err, NULL, "holds no array of real numbers");
	else if (r->member)
		reading_refuse(r, err, remedy, "there is no variable of that name in it");
	else
		reading_refuse(r, err, remedy, "is laid out in no way that is known here");
	return NULL;
}

/* MATLAB's A(rows, columns); longer ones with the index that runs fastest as x: (x, y, z). */
static bool read_plain(struct container *c, GError **err)
{
	static const char *const in_c[] = { "", "x", "yx", "tyx", "tyxc" };
	static const char *const in_matlab[] = { "", "x", "yx", "xyt", "cxyt" };
	struct capture k = { .c = c, .traces = choose(c, err) };
	const struct variable *v = k.traces;
	if (!v)
		return false;
	if (v->rank > 4) {
		g_autofree char *size = variable_size_text(v);
		return reading_refuse(c->r, err, "save a part of it, or sum over some axes", "variable '%s' "
			"has %d axes (%s); pictures have at most 4", v->name, v->rank, size);
	}
	g_strlcpy(k.axes, (v->first_fastest ? in_matlab : in_c)[v->rank], sizeof(k.axes));
	return read_traces(&k, err);
}

bool container_read(struct container *c, GError **err)
{
	const struct capture_layout *layout = layout_of(c);
	return layout && names_capture(layout, c->r->member) ? read_capture(c, layout, err) :
		read_plain(c, err);
}
