/* SPDX-License-Identifier: BSD-3-Clause */
/* describe.c - what a picture file says of itself, without its pixels, as JSON */
#include <math.h>
#include "io/describe-capture.h"
#include "io/format.h"

void *image_shape_json(shape s, bool has_z)
{
	json_t *list = json_array();
	if (has_z)
		json_array_append_new(list, json_integer(s.z));
	json_array_append_new(list, json_integer(s.y));
	json_array_append_new(list, json_integer(s.x));
	if (s.c > 1)
		json_array_append_new(list, json_integer(s.c));
	return list;
}

/* Text from a file need not be UTF-8. */
static json_t *text_json(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	return json_string(valid);
}

static json_t *number_or_null(double x)
{
	return isnan(x) ? json_null() : json_real(x);
}

/* Of every channel; null where none of them has it. */
static json_t *lights(const image_scale *s, json_t *(*one)(const channel_light *l))
{
	json_t *list = json_array();
	bool any = false;
	for (int64_t c = 0; c < s->n_channels; c++) {
		json_t *value = one(&s->channels[c]);
		any = any || !json_is_null(value);
		json_array_append_new(list, value);
	}
	if (any)
		return list;
	json_decref(list);
	return json_null();
}

static json_t *name_of(const channel_light *l)
{
	return l->name ? text_json(l->name) : json_null();
}

static json_t *emission_of(const channel_light *l)
{
	return number_or_null(l->emission);
}

static json_t *excitation_of(const channel_light *l)
{
	return number_or_null(l->excitation);
}

static void describe_scale(json_t *all, const image_scale *s, int64_t planes)
{
	bool any = false;
	json_t *voxel = json_array();
	for (int i = 0; i < 3; i++) {
		json_array_append_new(voxel, number_or_null(s->voxel[i]));
		any = any || !isnan(s->voxel[i]);
	}
	json_object_set_new(all, "slices", json_integer(image_scale_slices(s, planes)));
	json_object_set_new(all, "frames", json_integer(s->frames));
	json_object_set(all, "voxel_nm", any ? voxel : json_null());
	json_decref(voxel);
	json_object_set_new(all, "unit", *s->unit ? text_json(s->unit) : json_null());
	json_object_set_new(all, "interval_s", number_or_null(s->interval));
	json_object_set_new(all, "numerical_aperture", number_or_null(s->aperture));
	json_object_set_new(all, "refractive_index", number_or_null(s->refraction));
	json_object_set_new(all, "channel_names", lights(s, name_of));
	json_object_set_new(all, "emission_nm", lights(s, emission_of));
	json_object_set_new(all, "excitation_nm", lights(s, excitation_of));
}

void *image_describe(const char *path, GError **err)
{
	json_auto_t *facts = json_object();
	struct reading r = { .path = path, .facts = facts };
	g_autoptr(image) im = image_read_any(&r, err);
	if (!im)
		return NULL;
	shape s = reading_upright(&r);
	json_t *warnings = json_array(), *all = json_object();
	for (guint i = 0; i < im->warnings->len; i++)
		json_array_append_new(warnings, text_json(im->warnings->pdata[i]));
	json_object_set_new(all, "format", json_string(im->format));
	json_object_set_new(all, "shape", image_shape_json(s, im->has_z));
	json_object_set_new(all, "width", json_integer(s.x));
	json_object_set_new(all, "height", json_integer(s.y));
	json_object_set_new(all, "pages", json_integer(s.z));
	json_object_set_new(all, "channels", json_integer(s.c));
	json_object_set_new(all, "samples", json_string(sample_kind_name(im->kind)));
	json_object_set_new(all, "bits", json_integer(im->bits));
	json_object_set_new(all, "alpha", json_boolean(im->alpha));
	json_object_set_new(all, "transfer", im->transfer ? text_json(im->transfer) : json_null());
	json_object_set_new(all, "icc_bytes",
		json_integer(im->icc ? (json_int_t)g_bytes_get_size(im->icc) : 0));
	json_object_set_new(all, "orientation", json_integer(r.orientation));
	json_object_set_new(all, "file_bytes", json_integer(r.file_bytes));
	describe_scale(all, im->scale, s.z);
	if (im->scale->transient)
		describe_capture(all, im->scale->transient, s);
	json_object_update(all, facts);
	json_object_set_new(all, "warnings", warnings);
	return all;
}
