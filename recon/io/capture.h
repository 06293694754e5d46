/* SPDX-License-Identifier: BSD-3-Clause */
/* capture.h - time-of-flight captures in files of named arrays: who lays them out how; for the
 * files of io only */
#ifndef IO_CAPTURE_H
#define IO_CAPTURE_H

#include "core/transient.h"
#include "io/container.h"

/*
 * What a layout's `read` fills in.  axes: a letter for each axis of the traces,
 *   c t y x  an axis of the picture; C Y X: the slower of two that make up one
 *   +        summed over (colours, bounces)
 *   p P      scanned points in a row: y, x of a grid with x (p) or y (P) faster, as `inner` says
 */
struct capture {
	struct container *c;
	transient *t;           /* the picture's */
	const struct variable *traces;
	char axes[VARIABLE_RANK_MOST + 1];
	int64_t inner;          /* of p and P; 0: all in one row */
	/*
	 * x runs against the file's index.  Scans are counted as one sees them who faces the wall; he
	 * has its left where light that comes out of it, into the scene, has its right.
	 */
	bool mirrored;
};

struct capture_layout {
	const char *name;
	const char *needs;      /* names of variables, spaces between */
	/* NULL: whenever these are there */
	bool (*fits)(const struct container *c);
	bool (*read)(struct capture *k, GError **err);
	const char *choices;    /* variables of which FILE:NAME chooses one, or NULL */
};

extern const struct capture_layout layout_own, layout_points, layout_lct, layout_fk, layout_cdt,
	layout_long_range, layout_tal, layout_zaragoza, layout_phasor_2019, layout_phasor_2020,
	layout_phasor_pairs, layout_phasor_spectra, layout_general, layout_klein, layout_consumer;

/* Whether a file with these variables may be a capture, by their names and r->member alone. */
bool capture_named(const struct container *c);

/* The picture in a container: a capture of a known layout, or the variable r->member. */
bool container_read(struct container *c, GError **err);

/* Lengths of ways of light in files turn to times by this, m/s. */
#define PATH_SPEED 299792458.0

/* Write a picture whose scale has a transient as tal does; without libhdf5: an error. */
bool hdf5_write(const image *im, int fd, const char *path, GError **err);

/* --- steps that layouts share (capture-steps.c) ----------------------------------------------- */

/* A scalar in units of `unit`; not there: NaN stays. */
bool capture_number(struct capture *k, const char *name, double unit, double *to, GError **err);

/* The same, but it has to be positive. */
bool capture_positive(struct capture *k, const char *name, double unit, double *to, GError **err);

/* The traces are this variable, which has these axes; false: it has not. */
bool capture_traces(struct capture *k, const char *name, const char *axes, GError **err);

/* Sizes of the picture of traces and axes. */
shape capture_shape(const struct capture *k);

/* Times of bins that are equally far apart: bin and start.  False: they are not. */
bool capture_times(struct capture *k, const char *name, double unit, GError **err);

/*
 * n places in the order of p or P: where they lie on a lattice, `inner` and the letter are chosen
 * for it and t->points are sorted with x faster.  axis: which of k->axes.
 */
bool capture_points(struct capture *k, int64_t n, const double *places, int axis, GError **err);

/* Places in one run of the lattice that they lie on, or 0: they lie on none. */
int64_t lattice_run(const double *places, int64_t n);

/* The other ends of the paths by way of these, in the same order: of pairs. */
bool capture_others(struct capture *k, int64_t n, const double *places, int axis, GError **err);

/* A grid of n0 x n1 places, n1 faster; first_is_x: n0 is the picture's x. */
bool capture_grid(struct capture *k, const double *places, const int64_t n[2], bool first_is_x,
	GError **err);

/* Wall size and extent, where t->points lie on a lattice of at least 2 x 2 along x and y. */
void capture_measure_wall(struct capture *k);

/* Turn all places about so that the wall's normals, n of them, point to +z. */
void capture_turn_to_wall(struct capture *k, int64_t n, const double *normals, int64_t nx);

/* A file of the same folder, as a container; NULL without *err: there is none. */
struct container *capture_sibling(const struct capture *k, const char *name, GError **err);
void sibling_close(struct container *c);

#endif
