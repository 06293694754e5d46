/* SPDX-License-Identifier: BSD-3-Clause */
/* render.c - linear light made fit to look at */
#include "stage/render.h"

#include <math.h>
#include "math/vec.h"
#include "stage/calibrate.h"
#include "stage/demosaic.h"
#include "render.cl"

#define AT(field) ((int)offsetof(render_settings, field))

const relumine_option render_options[] = {
	{ "render", 0, RELUMINE_CHOICE, NULL, 0, 0, "srgb|gamma|linear|raw|input", NULL,
		"tone curve of PNG output; raw: 0..1 as it is, not stretched; input: 0 to the input's white; "
		"not given: srgb, or linear (nlos), or input for photographs (deconv)", false, AT(tone) },
	{ "render-low", 0, RELUMINE_NUMBER, "0.1", 0, 100, NULL, "percent",
		"this percentile of the pixels becomes black", false, AT(low) },
	{ "render-high", 0, RELUMINE_NUMBER, "99.9", 0, 100, NULL, "percent",
		"this percentile of the pixels becomes white", false, AT(high) },
	{ "render-gamma", 0, RELUMINE_NUMBER, "2.2", 0.1, 10, NULL, NULL,
		"with --render gamma: shown as value^(1/gamma)", false, AT(gamma) },
	{ "render-balance", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"white balance first: the mean becomes gray", false, AT(balance) },
	{ 0 }
};

/* (c, z, y, x) to (c, 1, y, x), c = 1 or 3 */
static array *project(const array *a)
{
	shape s = a->shape;
	bool colour = s.c == 3;
	array *to = array_new(a->dev, REAL, (shape){ colour ? 3 : 1, 1, s.y, s.x });
	g_autoptr(array) most = array_new(a->dev, REAL, (shape){ 1, 1, s.y, s.x });
	vec_fill(to, 0);
	for (int64_t c = 0; c < s.c; c++) {
		array first = array_plane(a, c, 0), into = array_channel(to, colour ? c : 0);
		vec_copy(most, &first);
		for (int64_t z = 1; z < s.z; z++) {
			array next = array_plane(a, c, z);
			RUN(most, k_project, most, &next);
		}
		vec_axpy(&into, colour ? 1.0f : 1.0f / (float)s.c, most);
	}
	return to;
}

static void apply_tone(array *a, const render_settings *s, double low, double high)
{
	float scale = high > low ? (float)(1 / (high - low)) : 1.0f;
	float exponent = s->tone == RENDER_GAMMA ? (float)(1 / s->gamma) : 1.0f;
	if (s->tone == RENDER_SRGB)
		RUN(a, k_render_srgb, a, a->pitch, a->shape.x, (float)low, scale);
	else
		RUN(a, k_render_gamma, a, a->pitch, a->shape.x, (float)low, scale, exponent);
}

/* What becomes black and what white. */
static bool find_range(const array *shown, const render_settings *s, double range[2], GError **err)
{
	range[0] = 0;
	range[1] = s->tone == RENDER_INPUT ? s->white : 1;
	if (s->tone == RENDER_RAW || s->tone == RENDER_INPUT)
		return true;
	range[0] = calibrate_percentile(shown, -1, s->low, err);
	if (isnan(range[0]))
		return false;
	range[1] = calibrate_percentile(shown, -1, s->high, err);
	if (isnan(range[1]))
		return false;
	if (range[1] <= range[0])       /* few bright points on an even ground */
		range[1] = calibrate_percentile(shown, -1, 100, err);
	if (range[1] <= range[0] && range[0] > 0)
		range[0] = 0;
	return true;
}

array *render_display(const array *linear, const render_settings *s, GError **err)
{
	g_autoptr(array) shown = project(linear);
	if (s->balance && shown->shape.c == 3) {
		double gains[3];
		balance_gray_world(shown, gains);
		balance_apply(shown, gains);
	}
	double range[2];
	if (!device_ok(linear->dev, err) || !find_range(shown, s, range, err))
		return NULL;
	apply_tone(shown, s, range[0], range[1]);
	return g_steal_pointer(&shown);
}
