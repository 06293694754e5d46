/* SPDX-License-Identifier: BSD-3-Clause */
/* render.h - linear light made fit to look at */
#ifndef STAGE_RENDER_H
#define STAGE_RENDER_H

#include "core/array.h"
#include "relumine.h"

enum render_tone {
	RENDER_SRGB,            /* stretched between two percentiles, sRGB tone curve */
	RENDER_GAMMA,           /* the same with v^(1 / gamma) */
	RENDER_LINEAR,          /* stretched, no curve */
	RENDER_RAW,             /* 0..1 as it is, clipped: no stretch, no curve */
	RENDER_INPUT            /* 0..white as it is, clipped: no stretch, no curve */
};

typedef struct {
	int tone;               /* enum render_tone; -1: not yet decided */
	double low, high;       /* percentiles that become black and white, 0..100 */
	double gamma;
	bool balance;           /* gray-world white balance first */
	double white;           /* of RENDER_INPUT, > 0; no option */
} render_settings;

/* Rows for a command's table; offsets are in render_settings.  Ended by a NULL name. */
extern const relumine_option render_options[];

/*
 * Values 0..1 to show: a new array (c, 1, y, x), c = 1 or 3, on the device of `linear`, which is
 * on the CPU.  Volumes give their maximum along z; other than 1 or 3 channels their mean.  Colour
 * is stretched in common, so hues stay.  A constant picture is black where it is <= 0, else white.
 * NULL and *err without memory.
 */
array *render_display(const array *linear, const render_settings *s, GError **err);

#endif
