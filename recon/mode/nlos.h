/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos.h - options of `relumine nlos`, and what its parts hand to each other */
#ifndef MODE_NLOS_H
#define MODE_NLOS_H

#include "core/transient.h"
#include "math/backproject.h"
#include "math/light-cone.h"
#include "mode/modality.h"

enum nlos_method_choice {
	NLOS_AUTO, NLOS_LCT, NLOS_FK, NLOS_PHASOR, NLOS_BACKPROJECTION, NLOS_FILTERED, NLOS_LCT_TV,
	NLOS_DIRECTIONAL, NLOS_DIFFUSE
};
enum nlos_compat { NLOS_EXACT, NLOS_PUBLISHED };

typedef struct {
	/* geometry, where the file does not tell it or is to be overruled */
	char *axes, *wall, *detector;
	char *laser_positions, *detector_positions, *first_bounce;
	int wall_extent, clock, surface;
	double bin, start, light_speed;
	/* calibration */
	char *gate, *background, *bins;
	int64_t bin_time, bin_space;
	double jitter, beam, slab, scattering, pulses;
	/* the scene */
	int method, compat;
	char *depth;
	double depth_step;
	double noise, wavelength, cycles, power, tv_weight, l1_weight;
	int64_t iterations, frames;
	char *depth_map, *normals;
} nlos_options;

/* --- a capture made ready -------------------------------------------------------------------- */

/*
 * The wall is the plane z = 0, the scene has z > 0; x goes right and y down in pictures.  Points
 * that are no regular grid have y = 1 and stand in a row.
 */
typedef struct {
	array *counts;          /* (c, t, y, x), REAL, CPU, owned: bin m at start + m bin */
	double bin, start;      /* s; start: of bin 0's middle, from wall to wall */
	double speed;           /* of light, m/s */
	bool confocal, regular;
	double first[2], pitch[2];      /* x, y, m: place of point (0, 0), and the step; if regular */
	double *points;         /* places of all points, x fastest, m; owned; never NULL */
	double *depths;         /* how far points stood before the plane they are taken to be in, m;
				 * owned; NULL: they are where `points` are */
	double *fixed;          /* c places, m; owned; NULL: confocal */
	bool paired;            /* each trace has its own: one for each point, c is 1; never regular */
	double jitter, beam;    /* FWHM in s, radius in m; 0: not to be reckoned with */
	double slab;            /* m; 0: none */
	bool retroreflective;
	double noise;           /* power of the counts' noise over that of their signal, both weighted by
				 * time as for the scene; NaN: not known */
} nlos_capture;

/* Where the voxels of a scene are, m: voxel (z, y, x) at first + index step on each axis. */
typedef struct {
	double first[3], step[3];       /* x, y, z */
	int64_t n[3];
	double last;            /* z: as deep as was asked for; NaN: all that was recorded */
} nlos_grid;

/* The speed of light in vacuum, m/s. */
#define LIGHT_SPEED 299792458.0

/*
 * A way from traces to a scene.  `plan` does what can be done before counts are there, for the
 * geometry and options alone, and fills in or corrects the grid asked for (n 0: up to the method);
 * `solve` may then be called for any number of captures of that geometry.
 */
typedef struct {
	const char *name;
	void *(*plan)(task *t, const nlos_capture *c, nlos_grid *g, GError **err);
	/* counts: as the capture's, CPU, may be used up; volume: (1, z, y, x), CPU, >= 0 */
	bool (*solve)(task *t, void *plan, array *counts, array *volume, GError **err);
	void (*free)(void *plan);
} nlos_method;

extern const nlos_method nlos_lct, nlos_fk, nlos_phasor, nlos_backprojection, nlos_filtered,
	nlos_lct_tv, nlos_directional, nlos_diffuse;

/*
 * Steps of preparing: geometry from file and options, calibration.  Errors BAD_USAGE (geometry is
 * missing: says which option supplies it), MISMATCH, BAD_INPUT.  The capture is that of the first
 * frame; *frames: all raw frames where there are more than one, else NULL; the caller's.
 */
typedef struct nlos_calibration nlos_calibration;
nlos_calibration *nlos_prepare(task *t, nlos_capture *c, array **frames, GError **err);

/*
 * What options say of places, in place of what the file does.  counts: in order.  BAD_USAGE,
 * BAD_INPUT, MISMATCH.
 */
bool nlos_take_wall(const nlos_options *o, transient *f, GError **err);
bool nlos_take_detector(const nlos_options *o, transient *f, GError **err);
bool nlos_take_places(const task *t, transient *f, shape counts, GError **err);

/* Whether options go together (BAD_USAGE); warnings of those that the method passes over. */
bool nlos_options_fit(const void *options, GError **err);

/* Whether the capture is one that --compat published can do: MISMATCH. */
bool nlos_compat_fits(const task *t, const nlos_capture *c, int method, GError **err);
void nlos_warn_of_idle(const task *t, int method, const char *name);

/*
 * The second half of nlos_prepare(): counts and times.  The points are there, and one frame's raw
 * counts, by which it is settled what is done to every frame; c->counts become the first frame's.
 */
nlos_calibration *nlos_calibration_new(task *t, const transient *f, nlos_capture *c, GError **err);
void nlos_calibration_free(nlos_calibration *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nlos_calibration, nlos_calibration_free)

/* Raw counts of a frame to those of the capture.  Takes and gives; NULL on failure. */
array *nlos_calibrate(const nlos_calibration *k, array *raw, GError **err);
void nlos_capture_clear(nlos_capture *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(nlos_capture, nlos_capture_clear)

/* Two distances from the wall, m, the second larger.  BAD_USAGE. */
bool nlos_depths(const char *text, double range[2], GError **err);

/* Tell what nobody said, and how it is taken. */
void nlos_tell_taken(const task *t, const transient *f);

/* Whether the timing's jitter is to be undone. */
bool nlos_undoes_jitter(const task *t, const nlos_capture *c);

/* Planes [from, end) of a grid that lie between two depths; from >= end: none. */
void nlos_planes_between(const nlos_grid *g, const double range[2], int64_t *from, int64_t *end);

/* --- what the methods share ------------------------------------------------------------------ */

/* The scene's voxels below the wall's points, at the depths of the bins. */
nlos_grid nlos_grid_of_bins(const nlos_capture *c);

/*
 * Voxels for methods that may choose them: across, the wall's points, or as many over points that
 * are no grid; in depth, what was recorded and asked for, not nearer than `nearest` m, planes
 * `step` m apart if nobody says how far and they are not too many.  BAD_USAGE.
 */
void nlos_grid_of_points(const nlos_capture *c, nlos_grid *g);
bool nlos_grid_depths(const task *t, const nlos_capture *c, nlos_grid *g, double nearest,
	double step, GError **err);

/*
 * The phasor field's wavelength, m: the one asked for, or the shortest that points and bins allow
 * and that stands out of the noise.  Warns with numbers of what is asked too much of the capture;
 * NaN and BAD_USAGE of what cannot be there at all.
 */
double nlos_wavelength(task *t, const nlos_capture *c, const nlos_grid *g, GError **err);

/* Points of the wall, voxels and bins as projections have them; places are borrowed. */
backproject_setup nlos_projection(const nlos_capture *c, const nlos_grid *g);

/* MISMATCH unless the capture is confocal and on a regular grid; method: for the message. */
bool nlos_needs_confocal(const nlos_capture *c, const char *method, GError **err);

/* The same, and unless its record begins not too late for the light-cone transform. */
bool nlos_needs_cone(const nlos_capture *c, const char *method, GError **err);

/* The end of `solve`: volume = scene, which was lent from it to the task's device. */
bool nlos_deliver(task *t, array *volume, array *scene, GError **err);

/* The light-cone transform of a capture, as the options have it, and the noise of its filters. */
light_cone_geometry nlos_cone(const task *t, const nlos_capture *c);
double nlos_noise(const task *t, const nlos_capture *c);

/* --- what one sees --------------------------------------------------------------------------- */

/* A column whose brightest voxel is below this share of the brightest of all shows nothing. */
#define NLOS_SEEN 0.2f

/*
 * The pictures beside the volume t->result: projections for the eye, and how far away what they
 * show is; warns of what cannot have been resolved.
 */
bool nlos_show(task *t, const nlos_capture *c, const nlos_grid *g, GError **err);

#endif
