/* SPDX-License-Identifier: BSD-3-Clause */
/* transient.h - what is known of a time-of-flight capture: when its bins are, where its points */
#ifndef CORE_TRANSIENT_H
#define CORE_TRANSIENT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A pulsed laser lights a point of a visible wall, a detector looks at a point of it, and counts
 * photons over time: a trace.  The picture of such a capture is (c, t, y, x): a trace for each
 * scanned point (y, x) of the wall and each of c fixed points at the other end of the light's path;
 * confocal captures have c = 1 and no fixed point: laser and detector share the scanned one.  In
 * captures of pairs nothing stands still: c = 1, and each trace has two places of its own.
 *
 * Places are (x, y, z) in metres.  Numbers are NaN where they are not known.
 */
enum transient_clock {
	CLOCK_UNKNOWN,
	CLOCK_AT_WALL,          /* time 0: light leaves the wall; ends when it is back at the wall */
	CLOCK_AT_DEVICES        /* the ways laser - wall and wall - detector are counted too */
};

enum transient_extent {
	EXTENT_UNKNOWN,
	EXTENT_SPAN,            /* from the first point to the last one: n - 1 pitches */
	EXTENT_CELLS            /* from edge to edge: n pitches */
};

enum transient_surface { SURFACE_UNKNOWN, SURFACE_DIFFUSE, SURFACE_RETROREFLECTIVE };

typedef struct transient {
	char *layout;           /* what the file is, for people; owned */
	double bin;             /* s */
	double start;           /* s: when light of bin 0 arrives, in the middle of the bin */
	enum transient_clock clock;
	double wall[2];         /* size of the scanned wall along x and y, m, of a regular grid */
	enum transient_extent extent;
	int64_t n_points;       /* y * x, or 0: a regular grid */
	double *points;         /* n_points places, x fastest; owned; may be a regular grid all the same */
	double *normals;        /* of the wall at these, or NULL; owned */
	int64_t n_fixed;        /* c; paired: n_points; 0: confocal or not known */
	double *fixed;          /* n_fixed places; owned */
	bool paired;            /* place i of fixed is the other end of the paths by way of point i */
	bool fixed_lit;         /* the fixed points are lit and the scanned ones looked at; else the
				 * other way round */
	double laser[3], camera[3];     /* where the devices stand */
	double *first_bounce;   /* s, y * x: when the wall itself is seen; NULL: not known; owned */
	int64_t n_bounce;       /* y * x where there is first_bounce, else 0 */
	double jitter;          /* s, full width at half maximum of the timing */
	double beam;            /* m, radius of the spot on the wall */
	double gate;            /* s: until then only the wall itself is seen */
	double slab;            /* m: thickness of a scattering slab in front of the scene; 0: none */
	enum transient_surface surface;
	bool confocal;          /* is known to be so */
	/* What the file does not say and was taken from its layout's publication: "bin 4 ps (--bin)" */
	GPtrArray *taken;       /* char *, owned; never NULL */
} transient;

transient *transient_new(void);         /* nothing known */
transient *transient_copy(const transient *t);  /* NULL gives NULL */
void transient_free(transient *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(transient, transient_free)

void transient_take(transient *t, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* n x 3 numbers, copied; they take the place of those before. */
void transient_set_points(transient *t, int64_t n, const double *places);
void transient_set_fixed(transient *t, int64_t n, const double *places);
void transient_set_normals(transient *t, int64_t n, const double *places);
void transient_set_bounces(transient *t, int64_t n, const double *seconds);

#endif
