/* SPDX-License-Identifier: BSD-3-Clause */
/* describe-capture.h - a capture's times and places as JSON; for the files of io only */
#ifndef IO_DESCRIBE_CAPTURE_H
#define IO_DESCRIBE_CAPTURE_H

#include <jansson.h>
#include "core/array.h"
#include "core/transient.h"

/*
 * Adds layout, grid (y, x), bins, bin_ps, start_ps, clock, wall_m (x, y), wall_extent, confocal,
 * fixed_m (a place, or how many), points, laser_m, camera_m, first_bounce, jitter_ps, beam_m,
 * gate_ps, slab_m, surface, taken and missing, the last two lists of texts; null: not known.
 */
void describe_capture(json_t *all, const transient *t, shape s);

#endif
