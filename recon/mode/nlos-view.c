/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-view.c - pictures of a hidden scene, and what cannot have been resolved in it */
#include <math.h>

#include "math/vec.h"
#include "mode/nlos.h"
#include "stage/projections.h"

#define COARSE 10               /* parts of the wall: what cannot tell so many apart is warned of */

/* How deep the brightest voxel is, m. */
static double brightest_depth(const array *volume, const nlos_grid *g)
{
	int64_t best = 0;
	float most = 0;
	for (int64_t z = 0; z < volume->shape.z; z++) {
		array plane = array_plane(volume, 0, z);
		float here = vec_max_abs(&plane);
		best = here > most ? z : best;
		most = fmaxf(most, here);
	}
	return g->first[2] + g->step[2] * (double)(best % g->n[2]);
}

/*
 * Timing of a width T tells depths c T / 2 apart, and places across c T sqrt(w^2 + z^2) / (2 w), w
 * half of the wall (O'Toole 2018, eq. 4).
 */
static void tell_resolution(task *t, const nlos_capture *c, const nlos_grid *g)
{
	double width = fmax(c->jitter, c->bin), z = brightest_depth(t->result, g);
	double wall = g->step[0] * (double)(g->n[0] - 1), w = wall / 2;
	double depth = c->speed * width / 2, lateral = depth * hypot(w, z) / w;
	report_number(t->report, "depth_of_brightest_m", z);
	report_number(t->report, "resolution_depth_m", depth);
	report_number(t->report, "resolution_lateral_m", lateral);
	if (lateral > wall / COARSE)
		report_warn(t->report, "at %.2f m, where the scene is brightest, a timing of %.0f ps tells "
			"places %.3f m apart, and the wall is %.2f m: detail is not to be expected", z,
			width * 1e12, lateral, wall);
}

bool nlos_show(task *t, const nlos_capture *c, const nlos_grid *g, GError **err)
{
	const nlos_options *o = t->options;
	if (!device_ok(t->cpu, err))
		return false;
	if (c->regular && g->n[0] > 1)
		tell_resolution(t, c, g);
	t->view = o->frames > 1 ? projections_film(t->result, o->frames) :
		projections_sheet(t->result, g->step);
	if (o->frames > 1)
		return device_ok(t->cpu, err);
	array *depth = projection_depth(t->result, g->first[2], g->step[2], (double)NLOS_SEEN);
	task_add_picture(t, "depth-map", depth);
	task_show_picture(t, "depth-map", projection_depth_shown(depth, g->step));
	return device_ok(t->cpu, err);
}
