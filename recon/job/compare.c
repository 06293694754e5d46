/* SPDX-License-Identifier: BSD-3-Clause */
/* compare.c - the command `compare`: how far a picture is from the truth */
#include <math.h>
#include "core/error.h"
#include "job/commands.h"
#include "job/text.h"
#include "math/vec.h"
#include "stage/metric.h"

enum { ALIGN_NONE, ALIGN_SCALE, ALIGN_SHIFT, ALIGN_BOTH };
enum { NORMALIZE_NONE, NORMALIZE_MAX };

typedef struct {
	int align, normalize, window;
	int64_t max_shift;
	bool clip;
	double peak, min_psnr, min_ssim, max_nrmse, max_difference;
} compare_options;

#define AT(field) OPTION_AT(compare_options, field)

static const relumine_option own_options[] = {
	{ "align", 0, RELUMINE_CHOICE, "none", 0, 0, "none|scale|shift|both", NULL,
		"first bring the picture nearest to the reference, by one factor, by whole pixels, or both",
		false, AT(align) },
	{ "max-shift", 0, RELUMINE_INTEGER, "8", 0, 256, NULL, "pixels",
		"how far --align shift looks in each direction", false, AT(max_shift) },
	{ "normalize", 0, RELUMINE_CHOICE, "none", 0, 0, "none|max", NULL,
		"max: divide each of the two by its largest value first, so that the peak is 1", false,
		AT(normalize) },
	{ "clip", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"cut both to the range 0 to peak before they are compared", false, AT(clip) },
	{ "peak", 0, RELUMINE_NUMBER, "auto", 1e-30, 1e30, "auto", "value",
		"largest value there can be; auto: that of integer samples, 1 for floats within 0.5 to 1, "
		"else the reference's largest", false, AT(peak) },
	{ "window", 0, RELUMINE_CHOICE, "uniform", 0, 0, "uniform|gaussian", NULL,
		"of SSIM: 7 x 7 pixels alike, or Gaussian weights of sigma 1.5", false, AT(window) },
	{ "min-psnr", 0, RELUMINE_NUMBER, NULL, -1000, 1000, NULL, "dB",
		"exit with status 1 when PSNR is below", false, AT(min_psnr) },
	{ "min-ssim", 0, RELUMINE_NUMBER, NULL, -1, 1, NULL, "value",
		"exit with status 1 when SSIM is below", false, AT(min_ssim) },
	{ "max-nrmse", 0, RELUMINE_NUMBER, NULL, 0, 1e30, NULL, "value",
		"exit with status 1 when NRMSE is above", false, AT(max_nrmse) },
	{ "max-difference", 0, RELUMINE_NUMBER, NULL, 0, 1e30, NULL, "value",
		"exit with status 1 when some pixel differs by more", false, AT(max_difference) },
	{ 0 }
};

/* The two pictures as they are compared: copies, changed step by step. */
typedef struct {
	const compare_options *own;
	array *picture, *reference;
	double peak;
	double scale;
	int64_t dy, dx;
} pair;

static void pair_clear(pair *p)
{
	array_free(p->picture);
	array_free(p->reference);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pair, pair_clear)

static bool check_shapes(const task *t, GError **err)
{
	shape a = t->inputs[0].data->shape, b = t->inputs[1].data->shape;
	if (shape_equal(a, b))
		return true;
	g_autofree char *sa = shape_text(a), *sb = shape_text(b);
	error_set(err, RELUMINE_MISMATCH, t->inputs[0].path, "relumine inspect shows both",
		"is %s, but %s is %s", sa, t->inputs[1].path, sb);
	return false;
}

/* Samples of two kinds meet on the scale 0 to 1. */
static void to_one_scale(pair *p, const input *picture, const input *reference)
{
	p->peak = reference->white;
	if (picture->white == reference->white)
		return;
	if (picture->white > 0)
		vec_scale(p->picture, (float)(1 / picture->white));
	if (reference->white > 0)
		vec_scale(p->reference, (float)(1 / reference->white));
	p->peak = 1;
}

static double largest(const array *a)
{
	float least, most;
	vec_range(a, &least, &most);
	return (double)most;
}

/* A reference of floats: 0.5 to 1 is taken for a picture on the scale 0 to 1. */
static double float_peak(const array *reference)
{
	double most = largest(reference);
	return most > 0.5 && most <= 1 ? 1 : most > 0 ? most : 1;
}

static void normalize(pair *p)
{
	array *both[] = { p->picture, p->reference };
	for (int i = 0; i < 2; i++) {
		double most = largest(both[i]);
		if (most > 0)
			vec_scale(both[i], (float)(1 / most));
	}
	p->peak = 1;
}

/* The part of `a` from (y, x) on; a new array. */
static array *cut(const array *a, int64_t y, int64_t x, int64_t height, int64_t width)
{
	shape s = { a->shape.c, a->shape.z, height, width };
	array *part = array_new(a->dev, REAL, s);
	for (int64_t p = 0; part->mem && p < shape_planes(s); p++)
		for (int64_t j = 0; j < height; j++)
			for (int64_t i = 0; i < width; i++)
				array_row(part, 0, p, j)[i] = array_row(a, 0, p, y + j)[x + i];
	return part;
}

/* Both to where they overlap after the shift. */
static void shift(pair *p)
{
	metric_best_shift(p->picture, p->reference, p->own->max_shift, &p->dy, &p->dx);
	int64_t height = p->picture->shape.y - ABS(p->dy), width = p->picture->shape.x - ABS(p->dx);
	array *a = cut(p->picture, MAX(p->dy, 0), MAX(p->dx, 0), height, width);
	array *b = cut(p->reference, MAX(-p->dy, 0), MAX(-p->dx, 0), height, width);
	pair_clear(p);
	p->picture = a;
	p->reference = b;
}

static bool prepare(pair *p, const task *t, GError **err)
{
	const compare_options *own = p->own;
	p->picture = array_copy(t->inputs[0].data);
	p->reference = array_copy(t->inputs[1].data);
	if (!device_ok(t->cpu, err))
		return false;
	to_one_scale(p, &t->inputs[0], &t->inputs[1]);
	if (own->normalize == NORMALIZE_MAX)
		normalize(p);
	if (!isnan(own->peak))
		p->peak = own->peak;
	else if (p->peak == 0)
		p->peak = float_peak(p->reference);
	if (own->align == ALIGN_SHIFT || own->align == ALIGN_BOTH)
		shift(p);
	if (!device_ok(t->cpu, err))
		return false;
	if (own->align == ALIGN_SCALE || own->align == ALIGN_BOTH) {
		p->scale = metric_best_scale(p->picture, p->reference);
		vec_scale(p->picture, (float)p->scale);
	}
	if (own->clip) {
		vec_clamp(p->picture, 0, (float)p->peak);
		vec_clamp(p->reference, 0, (float)p->peak);
	}
	return true;
}

/* --- results --------------------------------------------------------------------------------- */

typedef struct {
	const char *name, *label, *unit;
	double value;
	double limit;           /* NaN: none */
	bool at_least;          /* the limit is a minimum */
} measure;

static void tell(task *t, const measure *m)
{
	g_string_append_printf(t->text, "%-15s %.6g%s%s\n", m->label, m->value, *m->unit ? " " : "",
		m->unit);
	report_number(t->report, m->name, m->value);
}

static bool within(const measure *m)
{
	return isnan(m->limit) || (m->at_least ? m->value >= m->limit : m->value <= m->limit);
}

/* Every measure over its threshold in one message. */
static bool judge(const measure *m, size_t n, GError **err)
{
	g_autoptr(GString) broken = g_string_new(NULL);
	for (size_t i = 0; i < n; i++)
		if (!within(&m[i]))
			g_string_append_printf(broken, "%s%s %.6g is %s %.6g", broken->len ? "; " : "",
				m[i].label, m[i].value, m[i].at_least ? "below" : "above", m[i].limit);
	if (broken->len)
		error_set(err, RELUMINE_OVER_THRESHOLD, NULL, NULL, "%s", broken->str);
	return broken->len == 0;
}

static void tell_alignment(task *t, const pair *p)
{
	int align = p->own->align;
	report_number(t->report, "peak", p->peak);
	g_string_append_printf(t->text, "%-15s %.6g\n", "peak", p->peak);
	if (align == ALIGN_SCALE || align == ALIGN_BOTH) {
		report_number(t->report, "scale", p->scale);
		g_string_append_printf(t->text, "%-15s %.9g\n", "scale", p->scale);
	}
	if (align == ALIGN_SHIFT || align == ALIGN_BOTH) {
		report_integer(t->report, "shift_y", p->dy);
		report_integer(t->report, "shift_x", p->dx);
		g_string_append_printf(t->text, "%-15s %" G_GINT64_FORMAT " down, %" G_GINT64_FORMAT
			" right\n", "shift", p->dy, p->dx);
	}
}

static bool run(task *t, GError **err)
{
	const compare_options *own = t->options;
	g_auto(pair) p = { .own = own, .scale = 1 };
	g_autoptr(GError) cause = NULL;
	if (!check_shapes(t, err) || !prepare(&p, t, err) || !task_step(t, "compare"))
		return false;
	double ssim = metric_ssim(p.picture, p.reference, p.peak, (enum metric_window)own->window,
		&cause);
	if (cause) {
		g_propagate_error(err, g_steal_pointer(&cause));
		return false;
	}
	double mse = metric_mse(p.picture, p.reference);
	const measure measures[] = {
		{ "psnr", "PSNR", "dB", metric_psnr(mse, p.peak), own->min_psnr, true },
		{ "ssim", "SSIM", "", ssim, own->min_ssim, true },
		{ "nrmse", "NRMSE", "", metric_nrmse(p.picture, p.reference), own->max_nrmse, false },
		{ "max_difference", "max difference", "",
			metric_max_difference(p.picture, p.reference), own->max_difference, false },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(measures); i++)
		tell(t, &measures[i]);
	report_number(t->report, "mse", mse);
	tell_alignment(t, &p);
	if (isnan(ssim))
		report_warn(t->report, "SSIM needs pictures at least as large as its window");
	return judge(measures, G_N_ELEMENTS(measures), err);
}

const modality command_compare = {
	.command = {
		.name = "compare",
		.summary = "PSNR, SSIM, NRMSE of two images",
		.inputs = "PICTURE REFERENCE",
		.inputs_least = 2, .inputs_most = 2,
		.options = own_options,
		.examples =
			"relumine compare hand.tif truth.tif\n"
			"relumine compare hand.tif truth.png --normalize max --min-psnr 20 --min-ssim 0.5\n"
			"relumine compare hand.tif truth.tif --align both --json",
		.description =
			"PSNR and NRMSE (the norm of the difference over that of the reference) are taken over "
			"all values together. SSIM is that of scikit-image's structural_similarity with its "
			"defaults, the mean over channels; volumes are taken plane by plane. Integer samples "
			"of one kind are compared as stored; of two kinds, or against floats, on the scale "
			"0 to 1.",
	},
	.options_size = sizeof(compare_options),
	.reads_pictures = true,
	.on_cpu = true,
	.run = run,
};
