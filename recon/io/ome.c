/* SPDX-License-Identifier: BSD-3-Clause */
/* ome.c - reading OME-XML, the description of OME-TIFF (openmicroscopy.org, schema 2016-06) */
#include <math.h>
#include <string.h>
#include "io/planes.h"

/* No true description comes near these; what is beyond is not kept. */
#define DEPTH_MOST 100
#define PICTURES_MOST 1000
#define CHANNELS_MOST 4096
#define OBJECTIVES_MOST 1000
#define LOOK_FOR_ROOT 4096      /* bytes; a comment may stand before <OME> */

struct ome {
	struct reading *r;
	GPtrArray *claims;      /* struct plane_claim * */
	struct plane_claim *now;        /* inside its Image; or NULL */
	int depth;
	bool in_uuid;
	char *uuid;             /* of this file, or NULL */
	GHashTable *apertures;  /* ID of an objective -> double * */
	GArray *lights;         /* channel_light: of the Image at hand */
};

struct attributes { const char **names, **values; };

static const char *attribute(const struct attributes *a, const char *name)
{
	for (int i = 0; a->names[i]; i++)
		if (!strcmp(a->names[i], name))
			return a->values[i];
	return NULL;
}

/* --- one function for each element ------------------------------------------------------------ */

static void on_root(struct ome *o, const struct attributes *a)
{
	g_free(o->uuid);
	o->uuid = g_strdup(attribute(a, "UUID"));
}

static void on_objective(struct ome *o, const struct attributes *a)
{
	const char *id = attribute(a, "ID");
	if (!id || g_hash_table_size(o->apertures) >= OBJECTIVES_MOST)
		return;
	double value = claim_number(o->r, "LensNA", attribute(a, "LensNA"), 1, claim_aperture);
	g_hash_table_replace(o->apertures, g_strdup(id), g_memdup2(&value, sizeof value));
}

static void on_image(struct ome *o, const struct attributes *a)
{
	if (o->claims->len >= PICTURES_MOST)
		return;
	o->now = plane_claim_new();
	o->now->name = g_strdup(attribute(a, "Name"));
	g_array_set_size(o->lights, 0);
	g_ptr_array_add(o->claims, o->now);
}

static void on_settings(struct ome *o, const struct attributes *a)
{
	if (!o->now->objective)
		o->now->objective = g_strdup(attribute(a, "ID"));
	o->now->scale->refraction = claim_number(o->r, "RefractiveIndex",
		attribute(a, "RefractiveIndex"), 1, claim_refraction);
}

/* A length under `name`, its unit under nameUnit: OME's own default is the micrometre. */
static double length_under(struct ome *o, const struct attributes *a, const char *name,
	const char *usual, const double range[2])
{
	g_autofree char *key = g_strconcat(name, "Unit", NULL);
	const char *unit = attribute(a, key), *text = attribute(a, name);
	double nm = unit_nm(unit ? unit : usual);
	if (text && isnan(nm) && !unit_is_none(unit))
		image_warn(o->r->im, "its unit of length, '%.20s', is not known here", unit);
	return claim_number(o->r, name, text, nm, range);
}

static void read_order(struct ome *o, const struct attributes *a)
{
	static const char *const sizes[PLANE_AXES] = { "SizeC", "SizeZ", "SizeT" };
	const char *order = attribute(a, "DimensionOrder");
	struct plane_claim *k = o->now;
	for (int i = 0; i < PLANE_AXES; i++)
		k->size[i] = claim_count(attribute(a, sizes[i]), 1);
	claim_order(k->order, "zct");
	if (order && (!g_str_has_prefix(order, "XY") || !claim_order(k->order, order + 2))) {
		image_warn(o->r->im, "orders its planes by '%.20s', which means nothing", order);
		k->size[AXIS_C] = 0;
	}
}

/* Every Pixels has a width and a height; one that no page can have stands for nonsense. */
static int64_t size_or_none(const char *text)
{
	int64_t size = claim_count(text, 0);
	return size ? size : -1;
}

static void on_pixels(struct ome *o, const struct attributes *a)
{
	static const char *const voxel[3] = { "PhysicalSizeX", "PhysicalSizeY", "PhysicalSizeZ" };
	struct plane_claim *k = o->now;
	image_scale *s = k->scale;
	const char *unit = attribute(a, "PhysicalSizeXUnit");
	const char *time = attribute(a, "TimeIncrementUnit");
	read_order(o, a);
	k->width = size_or_none(attribute(a, "SizeX"));
	k->height = size_or_none(attribute(a, "SizeY"));
	for (int i = 0; i < 3; i++)
		s->voxel[i] = length_under(o, a, voxel[i], "um", claim_voxel);
	if (!isnan(s->voxel[0]))
		g_strlcpy(s->unit, unit ? unit : "\302\265m", sizeof s->unit);
	s->interval = claim_number(o->r, "TimeIncrement", attribute(a, "TimeIncrement"),
		unit_seconds(time ? time : "s"), claim_time);
}

static void on_channel(struct ome *o, const struct attributes *a)
{
	channel_light light = { g_strdup(attribute(a, "Name")),
		length_under(o, a, "EmissionWavelength", "nm", claim_light),
		length_under(o, a, "ExcitationWavelength", "nm", claim_light) };
	if (o->lights->len < CHANNELS_MOST)
		g_array_append_val(o->lights, light);
	else
		g_free(light.name);
}

/* A plane's first page without a count is one plane; neither of them: all planes. */
static void on_tiff_data(struct ome *o, const struct attributes *a)
{
	static const char *const firsts[PLANE_AXES] = { "FirstC", "FirstZ", "FirstT" };
	const char *page = attribute(a, "IFD"), *count = attribute(a, "PlaneCount");
	struct plane_run run = { .page = page ? g_ascii_strtoll(page, NULL, 10) : 0,
		.count = count ? claim_count(count, 0) : page ? 1 : -1 };
	for (int i = 0; i < PLANE_AXES; i++) {
		const char *first = attribute(a, firsts[i]);
		run.at[i] = first ? g_ascii_strtoll(first, NULL, 10) : 0;
	}
	if (o->now->runs->len < PAGES_MOST)
		g_array_append_val(o->now->runs, run);
}

static void on_uuid(struct ome *o, const struct attributes *a)
{
	(void)a;
	o->in_uuid = true;
}

static const struct {
	const char *name;
	int depth;
	bool in_image;
	void (*enter)(struct ome *o, const struct attributes *a);
} elements[] = {
	{ "OME", 1, false, on_root },
	{ "Image", 2, false, on_image },
	{ "Objective", 3, false, on_objective },
	{ "ObjectiveSettings", 3, true, on_settings },
	{ "Pixels", 3, true, on_pixels },
	{ "Channel", 4, true, on_channel },
	{ "TiffData", 4, true, on_tiff_data },
	{ "UUID", 5, true, on_uuid },
};

/* --- the parser's calls ----------------------------------------------------------------------- */

static void on_start(GMarkupParseContext *context, const char *name, const char **names,
	const char **values, void *data, GError **err)
{
	struct ome *o = data;
	const char *colon = strchr(name, ':');
	(void)context;
	if (++o->depth > DEPTH_MOST) {
		g_set_error_literal(err, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "too deep");
		return;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(elements); i++)
		if (elements[i].depth == o->depth && (o->now || !elements[i].in_image) &&
		    !strcmp(elements[i].name, colon ? colon + 1 : name))
			elements[i].enter(o, &(struct attributes){ names, values });
}

/* The Image is whole: its channels are known. */
static void close_image(struct ome *o)
{
	image_scale *s = o->now->scale;
	bool known = false;
	for (guint i = 0; i < o->lights->len; i++) {
		const channel_light *l = &g_array_index(o->lights, channel_light, i);
		known = known || l->name || !isnan(l->emission) || !isnan(l->excitation);
	}
	if (known) {
		image_scale_set_channels(s, o->lights->len);
		memcpy(s->channels, o->lights->data, o->lights->len * sizeof *s->channels);
		memset(o->lights->data, 0, o->lights->len * sizeof *s->channels);
	}
	g_array_set_size(o->lights, 0);
	o->now = NULL;
}

static void on_end(GMarkupParseContext *context, const char *name, void *data, GError **err)
{
	struct ome *o = data;
	(void)context;
	(void)name;
	(void)err;
	if (o->depth == 2 && o->now)
		close_image(o);
	o->in_uuid = false;
	o->depth--;
}

/* A plane of another UUID than this file's is in another file. */
static void on_text(GMarkupParseContext *context, const char *text, gsize size, void *data,
	GError **err)
{
	struct ome *o = data;
	(void)context;
	(void)err;
	if (!o->in_uuid || !o->uuid)
		return;
	g_autofree char *uuid = g_strstrip(g_strndup(text, size));
	if (strcmp(uuid, o->uuid) != 0)
		o->now->elsewhere = true;
}

/* --- the whole -------------------------------------------------------------------------------- */

/* The aperture of the objective that was used, or of the only one there is. */
static void join_objectives(struct ome *o)
{
	for (guint i = 0; i < o->claims->len; i++) {
		struct plane_claim *k = o->claims->pdata[i];
		GHashTableIter only;
		void *aperture = k->objective ? g_hash_table_lookup(o->apertures, k->objective) : NULL;
		g_hash_table_iter_init(&only, o->apertures);
		if (!k->objective && g_hash_table_size(o->apertures) == 1)
			g_hash_table_iter_next(&only, NULL, &aperture);
		if (aperture)
			k->scale->aperture = *(double *)aperture;
	}
}

static void free_name(void *light)
{
	g_free(((channel_light *)light)->name);
}

static bool looks_like_it(const char *text)
{
	const char *start = text + strspn(text, " \t\r\n\357\273\277");
	return *start == '<' && (g_strstr_len(start, LOOK_FOR_ROOT, "<OME") ||
		g_strstr_len(start, LOOK_FOR_ROOT, ":OME"));
}

bool ome_read(struct reading *r, const char *text, GPtrArray *claims)
{
	static const GMarkupParser parser = { .start_element = on_start, .end_element = on_end,
		.text = on_text };
	if (!looks_like_it(text))
		return false;
	struct ome o = { .r = r, .claims = claims };
	o.apertures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	o.lights = g_array_new(FALSE, FALSE, sizeof(channel_light));
	g_array_set_clear_func(o.lights, free_name);
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, G_MARKUP_PREFIX_ERROR_POSITION,
		&o, NULL);
	g_autoptr(GError) cause = NULL;
	const char *start = text + strspn(text, "\357\273\277");
	if (!g_markup_parse_context_parse(context, start, -1, &cause) ||
	    !g_markup_parse_context_end_parse(context, &cause)) {
		image_warn(r->im, "its OME-XML is damaged and is not used: %.200s", cause->message);
		g_ptr_array_set_size(claims, 0);
	}
	join_objectives(&o);
	g_markup_parse_context_free(context);
	g_array_unref(o.lights);
	g_hash_table_unref(o.apertures);
	g_free(o.uuid);
	return true;
}
