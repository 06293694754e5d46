/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-view.c - pictures of a hidden scene, and what cannot have been resolved in it */
#include "math/vec.h"
#include "mode/nlos.h"
#include "stage/projections.h"

/* A column whose brightest voxel is below this share of the brightest of all shows nothing. */
#define SEEN 0.1

bool nlos_show(task *t, const nlos_grid *g, GError **err)
{
	if (!device_ok(t->cpu, err))
		return false;
	t->view = projections_sheet(t->result, g->step);
	task_add_picture(t, "depth-map", projection_depth(t->result, g->first[2], g->step[2], SEEN));
	return device_ok(t->cpu, err);
}
