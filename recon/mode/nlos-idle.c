/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-idle.c - options that do not go together, and those that a method passes over */
#include <math.h>

#include "core/error.h"
#include "mode/nlos.h"
#include "stage/diffuse-slab.h"

bool nlos_options_fit(const void *options, GError **err)
{
	static const char one_capture[] = "take one of them: --frames 1 --bins FIRST,END";
	const nlos_options *o = options;
	const struct { bool wrong; const char *option, *remedy, *what; } rules[] = {
		{ o->normals && o->method != NLOS_AUTO && o->method != NLOS_DIRECTIONAL, "--normals",
			"use --method directional, or leave it out",
			"no other method than directional finds out where a surface faces" },
		{ o->normals && o->frames > 1, "--normals", one_capture,
			"is one picture, and the captures are many" },
		{ o->depth_map && o->frames > 1, "--depth-map", one_capture,
			"is one picture, and the captures are many" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rules); i++)
		if (rules[i].wrong) {
			error_set(err, RELUMINE_BAD_USAGE, rules[i].option, rules[i].remedy, "%s", rules[i].what);
			return false;
		}
	return true;
}

#define LATE 2                  /* bins: what published programs may take for time 0 */

bool nlos_compat_fits(const task *t, const nlos_capture *c, int method, GError **err)
{
	const nlos_options *o = t->options;
	shape s = c->counts->shape;
	bool cone = method == NLOS_LCT, square = s.x == s.y && c->pitch[0] == c->pitch[1];
	const struct { bool wrong; const char *what; } rules[] = {
		{ method == NLOS_LCT_TV || method == NLOS_DIRECTIONAL,
			"lct and fk alone are there as their authors have them" },
		{ (cone || method == NLOS_FK) && fabs(c->start) > LATE * c->bin,
			"published programs count from time 0, and this capture begins elsewhere" },
		{ cone && !square, "the published light cone is that of a square wall of N x N points" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rules) && o->compat == NLOS_PUBLISHED; i++)
		if (rules[i].wrong) {
			error_set(err, RELUMINE_MISMATCH, "--compat", "leave it out", "%s", rules[i].what);
			return false;
		}
	if (o->compat == NLOS_PUBLISHED && cone && c->beam > 0)
		report_warn(t->report, "the laser's spot has no effect with --compat published");
	return true;
}

void nlos_warn_of_idle(const task *t, int method, const char *name)
{
	enum { LCT = 1 << NLOS_LCT, FK = 1 << NLOS_FK, PHASOR = 1 << NLOS_PHASOR,
		VOTES = 1 << NLOS_BACKPROJECTION | 1 << NLOS_FILTERED, TV = 1 << NLOS_LCT_TV,
		FACING = 1 << NLOS_DIRECTIONAL, SLAB = 1 << NLOS_DIFFUSE, CONE = LCT | TV | FACING };
	const nlos_options *o = t->options;
	const struct { const char *name; bool set; int methods; } all[] = {
		{ "surface", o->surface >= 0, CONE }, { "beam", !isnan(o->beam), CONE },
		{ "slab", !isnan(o->slab) && o->slab > 0, SLAB },
		/* (what the table of options has if nobody says) */
		{ "scattering", o->scattering != scatterer_foam.scattering, SLAB },
		{ "depth-step", !isnan(o->depth_step), PHASOR | VOTES },
		{ "noise", !isnan(o->noise), CONE | SLAB }, { "power", !isnan(o->power), ~SLAB },
		{ "wavelength", !isnan(o->wavelength), PHASOR }, { "cycles", !isnan(o->cycles), PHASOR },
		{ "iterations", o->iterations > 0, TV }, { "tv-weight", !isnan(o->tv_weight), TV },
		{ "l1-weight", !isnan(o->l1_weight), TV },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		if (all[i].set && !(all[i].methods & 1 << method))
			report_warn(t->report, "--%s has no effect with --method %s", all[i].name, name);
}
