/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-places.c - where laser and detector look, as the options say */
#include <string.h>

#include "core/error.h"
#include "core/numbers.h"
#include "mode/nlos.h"
#include "mode/places.h"

static bool bad_text(const char *option, const char *text, const char *how, GError **err)
{
	g_autofree char *remedy = g_strconcat("write it as ", how, NULL);
	error_set(err, RELUMINE_BAD_USAGE, option, remedy, "'%s' is not that many numbers, of m", text);
	return false;
}

bool nlos_take_wall(const nlos_options *o, transient *f, GError **err)
{
	if (!o->wall)
		return true;
	int n = numbers_read(o->wall, 1e-6, 1e6, 2, f->wall);
	if (n == 0)
		return bad_text("--wall", o->wall, "0.5 or 0.5,0.4, sizes above 0", err);
	f->wall[1] = n == 1 ? f->wall[0] : f->wall[1];
	transient_set_points(f, 0, NULL);
	return true;
}

bool nlos_take_detector(const nlos_options *o, transient *f, GError **err)
{
	double place[3] = { 0, 0, 0 };
	if (!o->detector)
		return true;
	if (numbers_read(o->detector, -1e6, 1e6, 3, place) < 2)
		return bad_text("--detector", o->detector, "0.1,-0.2 or 0.1,-0.2,0", err);
	transient_set_fixed(f, 1, place);
	f->confocal = f->paired = false;
	return true;
}

/* --- from files ------------------------------------------------------------------------------- */

/* One end of the light's paths. */
typedef struct {
	const input *file;              /* NULL: not given */
	double *places;
	int64_t n;
} path_end;

static void path_end_clear(path_end *e)
{
	g_free(e->places);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(path_end, path_end_clear)

static bool read_end(const task *t, const char *option, path_end *e, GError **err)
{
	e->file = task_picture(t, option);
	e->places = e->file ? input_places(e->file, &e->n, err) : NULL;
	return !e->file || e->places;
}

static bool do_not_fit(const path_end *e, int64_t traces, int64_t sets, GError **err)
{
	error_set(err, RELUMINE_MISMATCH, e->file->path, "give a row for each trace at one end of the "
		"light's paths, and one row or as many at the other", "has %d places, and there are %d "
		"traces%s: it takes %d rows, or %d for the other end", (int)e->n, (int)(traces * sets),
		sets > 1 ? " in sets" : "", (int)traces, (int)sets);
	return false;
}

static bool same_places(const path_end *a, const path_end *b)
{
	return a->n == b->n && !memcmp(a->places, b->places, (size_t)(3 * a->n) * sizeof(double));
}

static bool twice_said(const nlos_options *o, const path_end *e, GError **err)
{
	if (!o->detector)
		return false;
	error_set(err, RELUMINE_BAD_USAGE, "--detector", "leave one of them out", "%s has the other end "
		"of the light's paths already", e->file->path);
	return true;
}

/* The end that moves from trace to trace, and the fixed one; either may have been given alone. */
static bool take_ends(const nlos_options *o, const path_end *scanned, const path_end *fixed,
	transient *f, GError **err)
{
	if (scanned->file)
		transient_set_points(f, scanned->n, scanned->places);
	if (!fixed->file)
		return true;
	if (twice_said(o, fixed, err))
		return false;
	f->confocal = scanned->file && same_places(scanned, fixed);
	transient_set_fixed(f, f->confocal ? 0 : fixed->n, fixed->places);
	return true;
}

bool nlos_take_places(const task *t, transient *f, shape counts, GError **err)
{
	g_auto(path_end) lit = { 0 }, seen = { 0 };
	int64_t traces = counts.y * counts.x, sets = counts.c;
	if (!read_end(t, "laser-positions", &lit, err) || !read_end(t, "detector-positions", &seen, err))
		return false;
	bool lit_fixed = lit.file && lit.n != traces && lit.n == sets;
	bool seen_scanned = lit_fixed || (!lit.file && seen.n == traces);
	const path_end *scanned = seen_scanned ? &seen : &lit, *fixed = seen_scanned ? &lit : &seen;
	if (scanned->file && scanned->n != traces)
		return do_not_fit(scanned, traces, sets, err);
	if (fixed->file && fixed->n != sets &&
	    !(scanned->file && sets == 1 && fixed->n == traces))
		return do_not_fit(fixed, traces, sets, err);
	if (fixed->file)
		f->fixed_lit = fixed == &lit;
	if (!take_ends(t->options, scanned, fixed, f, err))
		return false;
	if (fixed->file)
		f->paired = !f->confocal && fixed->n > sets;
	return true;
}
