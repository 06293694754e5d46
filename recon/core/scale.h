/* SPDX-License-Identifier: BSD-3-Clause */
/* scale.h - how large the voxels of a picture are, and how its planes were taken */
#ifndef CORE_SCALE_H
#define CORE_SCALE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/transient.h"

#define SCALE_UNIT_BYTES 24

typedef struct {
	char *name;             /* owned; NULL: unknown */
	double emission, excitation;    /* wavelengths, nm; NaN: unknown */
} channel_light;

/* Numbers are NaN where they are not known. */
typedef struct image_scale {
	double voxel[3];        /* x, y, z: nm */
	char unit[SCALE_UNIT_BYTES];    /* the file's own word for the unit of x; "": none */
	double interval;        /* from one point of time to the next, s */
	double aperture;        /* numerical aperture of the objective */
	double refraction;      /* index of refraction between objective and sample */
	/* Points of time, at least 1.  Planes are ordered by time first: z = frame * slices + slice. */
	int64_t frames;
	bool planes_named;      /* the file said which planes are channels, slices, points of time */
	int64_t n_channels;     /* 0: nothing is known of them; else as many as the picture has */
	channel_light *channels;        /* owned */
	transient *transient;   /* of a time-of-flight capture, whose planes are bins; owned; NULL: none */
} image_scale;

image_scale *image_scale_new(void);     /* nothing known, one frame */
image_scale *image_scale_copy(const image_scale *s);    /* NULL gives NULL */
void image_scale_free(image_scale *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(image_scale, image_scale_free)

/* Whether there is anything to be kept.  False for NULL. */
bool image_scale_known(const image_scale *s);

/* n channels that nothing is known of yet, in place of those before; 0: none. */
void image_scale_set_channels(image_scale *s, int64_t n);

/* Slices of each point of time in a picture of z planes; z itself where the frames do not fit. */
int64_t image_scale_slices(const image_scale *s, int64_t z);

/* A length in nm that voxels can have: 0.001 nm (atoms) to 1 m. */
bool voxel_plausible(double nm);

/*
 * "X,Y,Z" or "X,Y" in nm, as `--option` got it; what is not given stays.
 * Errors: BAD_USAGE.
 */
bool voxel_parse(const char *option, const char *text, double voxel[3], GError **err);

#endif
