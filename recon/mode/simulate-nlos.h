/* SPDX-License-Identifier: BSD-3-Clause */
/* simulate-nlos.h - options of `relumine simulate nlos`, and what its parts hand to each other */
#ifndef MODE_SIMULATE_NLOS_H
#define MODE_SIMULATE_NLOS_H

#include "mode/modality.h"
#include "stage/transient-simulate.h"

enum { CONFOCAL, SINGLE, EXHAUSTIVE, PAIRS };
enum { AT_WALL, AT_DEVICES };
enum { DIFFUSE, RETRO };
enum { SHADING_AUTO, FLAT, LAMBERT };

typedef struct {
	char *grid, *wall, *detector, *detectors, *scene, *depth, *laser, *camera, *laser_positions;
	char *detector_positions, *truth_out, *depth_out;
	int geometry, clock, surface, shading;
	int64_t bins, frames, seed;
	double bin, start, later, jitter, photons, background, direct, scene_size, speed;
} nlos_scan;

#define PICOSECOND 1e-12

/* All that the options say of places; `scan` borrows from it. */
typedef struct {
	int64_t rows, columns;
	int64_t n_fixed;                /* sets of traces: 1 of pairs, whose `fixed` are rows x columns */
	double wall[2], pitch[2];       /* m, x and y */
	double laser[3], camera[3];
	double *scanned, *fixed;
	scanner scan;
} nlos_layout;

/*
 * Where points are, of which --laser-positions and --detector-positions, each or NULL, know more.
 * BAD_USAGE, BAD_INPUT, MISMATCH.
 */
bool nlos_layout_make(const nlos_scan *o, const input *lasers, const input *detectors,
	nlos_layout *l, GError **err);
void nlos_layout_clear(nlos_layout *l);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(nlos_layout, nlos_layout_clear)

/* The earliest light of the wall itself, s. */
double nlos_first_light(const nlos_scan *o, const nlos_layout *l);

/* The longer side of the scene's picture, m. */
double nlos_scene_size(const nlos_scan *o, const nlos_layout *l);

/* The scene that the options name, as pieces.  NULL and *err: BAD_USAGE, MISMATCH, BAD_INPUT. */
array *nlos_scene(const task *t, const nlos_layout *l, GError **err);

/* Where it is in that frame: it goes around once. */
void nlos_scene_move(array *pieces, const nlos_scan *o, int64_t frame, double size);

#endif
