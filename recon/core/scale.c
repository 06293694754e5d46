/* SPDX-License-Identifier: BSD-3-Clause */
/* scale.c - how large the voxels of a picture are, and how its planes were taken */
#include "core/scale.h"

#include <math.h>
#include "core/error.h"
#include "core/numbers.h"

image_scale *image_scale_new(void)
{
	image_scale *s = g_new0(image_scale, 1);
	s->voxel[0] = s->voxel[1] = s->voxel[2] = NAN;
	s->interval = s->aperture = s->refraction = NAN;
	s->frames = 1;
	return s;
}

void image_scale_set_channels(image_scale *s, int64_t n)
{
	for (int64_t c = 0; c < s->n_channels; c++)
		g_free(s->channels[c].name);
	g_free(s->channels);
	s->n_channels = n;
	s->channels = g_new0(channel_light, n);
	for (int64_t c = 0; c < n; c++)
		s->channels[c].emission = s->channels[c].excitation = NAN;
}

image_scale *image_scale_copy(const image_scale *s)
{
	if (!s)
		return NULL;
	image_scale *copy = g_memdup2(s, sizeof *s);
	copy->channels = g_memdup2(s->channels, (gsize)s->n_channels * sizeof *s->channels);
	for (int64_t c = 0; c < s->n_channels; c++)
		copy->channels[c].name = g_strdup(s->channels[c].name);
	copy->transient = transient_copy(s->transient);
	return copy;
}

void image_scale_free(image_scale *s)
{
	if (!s)
		return;
	image_scale_set_channels(s, 0);
	g_free(s->channels);
	transient_free(s->transient);
	g_free(s);
}

bool image_scale_known(const image_scale *s)
{
	if (!s)
		return false;
	const double all[] = { s->voxel[0], s->voxel[1], s->voxel[2], s->interval, s->aperture,
		s->refraction };
	bool known = s->frames > 1 || s->planes_named || s->n_channels > 0 || s->transient;
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
		known = known || !isnan(all[i]);
	return known;
}

int64_t image_scale_slices(const image_scale *s, int64_t z)
{
	return s && s->frames > 1 && z % s->frames == 0 ? z / s->frames : z;
}

#define VOXEL_LEAST 1e-3
#define VOXEL_MOST 1e9

bool voxel_plausible(double nm)
{
	return nm >= VOXEL_LEAST && nm <= VOXEL_MOST;
}

bool voxel_parse(const char *option, const char *text, double voxel[3], GError **err)
{
	double found[3] = { voxel[0], voxel[1], voxel[2] };
	if (numbers_read(text, VOXEL_LEAST, VOXEL_MOST, 3, found) >= 2) {
		for (int i = 0; i < 3; i++)
			voxel[i] = found[i];
		return true;
	}
	g_autofree char *where = g_strconcat("--", option, NULL);
	error_set(err, RELUMINE_BAD_USAGE, where, "give X,Y,Z or X,Y in nanometres: 100,100,300",
		"'%s' is no size of a voxel", text);
	return false;
}
