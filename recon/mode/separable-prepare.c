/* SPDX-License-Identifier: BSD-3-Clause */
/* separable-prepare.c - a capture and the two matrices of its mask: options, planes, size, scale */
#include <math.h>

#include "core/error.h"
#include "math/svd.h"
#include "math/vec.h"
#include "mode/lensless-separable.h"
#include "stage/calibrate.h"
#include "stage/demosaic.h"
#include "stage/geometry.h"
#include "stage/separable.h"

/* --- options ---------------------------------------------------------------------------------- */

typedef struct {
	bool wrong;
	const char *option, *what, *remedy;
} rule;

static bool obey(const rule *rules, size_t n, GError **err)
{
	for (size_t i = 0; i < n; i++) {
		if (!rules[i].wrong)
			continue;
		error_set(err, RELUMINE_BAD_USAGE, rules[i].option, rules[i].remedy, "%s", rules[i].what);
		return false;
	}
	return true;
}

static bool check_without(const lensless_options *o, GError **err)
{
	const char *needs = "is for separable masks", *give = "give their matrices: --left, --right";
	const rule rules[] = {
		{ o->method == METHOD_TIKHONOV, "--method tikhonov", needs, give },
		{ o->compat == COMPAT_FLATCAM, "--compat flatcam", needs, give },
		{ !isnan(o->tikhonov), "--tikhonov", needs, "--wiener K does the like with a PSF" },
		{ o->means >= 0, "--means", needs, "--background concerns captures with a PSF" },
	};
	return obey(rules, G_N_ELEMENTS(rules), err);
}

static bool check_with(const lensless_options *o, GError **err)
{
	const char *needs = "needs a PSF, and a separable mask has none", *leave = "leave it out";
	const rule rules[] = {
		{ !o->left, "--left", "is missing: a separable mask has two matrices",
			"relumine lensless capture.png --left left.npy --right right.npy -o picture.png" },
		{ !o->right, "--right", "is missing: a separable mask has two matrices",
			"relumine lensless capture.png --left left.npy --right right.npy -o picture.png" },
		{ o->psf != NULL, "--psf", "is given beside --left and --right",
			"give the one or the others: they are two models of a camera" },
		{ o->method == METHOD_WIENER, "--method wiener", needs, "use --method tikhonov" },
		{ o->compat == COMPAT_TUTORIAL || o->compat == COMPAT_LENSLESSPICAM, "--compat", needs,
			"the published program for separable masks is --compat flatcam" },
		{ o->dark == DARK_CORNER, "--dark corner", needs, "use --dark-level or --dark-frame" },
		{ !isnan(o->psf_threshold), "--psf-threshold", needs, leave },
		{ o->downsample > 1, "--downsample", "is for captures with a PSF",
			"a matrix belongs to one size of pixel" },
		{ o->background == 1, "--background fit", "is for captures with a PSF",
			"--means subtract takes out what falls on every pixel alike" },
		{ o->mu >= 0 || !isnan(o->mu1) || !isnan(o->mu2) || !isnan(o->mu3), "--mu", needs, leave },
		{ !isnan(o->tikhonov) && o->method >= 0 && o->method != METHOD_TIKHONOV, "--tikhonov",
			"is the weight of --method tikhonov", "--tv-weight is that of the others" },
	};
	return obey(rules, G_N_ELEMENTS(rules), err);
}

bool separable_check(const lensless_options *o, GError **err)
{
	return o->left || o->right ? check_with(o, err) : check_without(o, err);
}

/* --- matrices --------------------------------------------------------------------------------- */

/* A stack of pages is a matrix for each channel. */
static array *matrix_of(const input *in)
{
	array pages = *in->data;
	pages.shape.c *= pages.shape.z;
	pages.shape.z = 1;
	pages.buffer = NULL;
	return array_copy(&pages);
}

static bool all_stand_out(const array *m, const double *before, const char *path, GError **err)
{
	for (int64_t c = 0; c < m->shape.c; c++) {
		array channel = array_channel(m, c);
		if (vec_norm(&channel) > 1e-6 * before[c])
			continue;
		error_set(err, RELUMINE_BAD_INPUT, path, before[c] > 0 ? "try --means keep" : "check that "
			"this is a matrix of the mask: relumine inspect says what it holds", before[c] > 0 ?
			"matrix %d of %d is nothing but the means of its columns" :
			"matrix %d of %d holds only zeros", (int)c + 1, (int)m->shape.c);
		return false;
	}
	return true;
}

/*
 * Ready for use, and multiplied by 1 / *scale.  Columns lose their means as the capture does, so
 * that the model holds for matrices that were not measured so; --compat flatcam leaves them alone.
 */
static array *load_matrix(const task *t, const char *option, double *scale, GError **err)
{
	const lensless_options *o = t->options;
	const input *in = task_picture(t, option);
	g_autoptr(array) m = matrix_of(in);
	g_autofree double *norms = g_new0(double, (gsize)m->shape.c);
	float most = vec_max_abs(m);
	if (most > 0)
		vec_scale(m, 1 / most);
	for (int64_t c = 0; c < m->shape.c; c++) {
		array channel = array_channel(m, c);
		norms[c] = vec_norm(&channel);
	}
	if (o->means != MEANS_KEEP && o->compat != COMPAT_FLATCAM)
		separable_centre_columns(m);
	if (!device_ok(t->cpu, err) || !all_stand_out(m, norms, in->path, err))
		return NULL;
	*scale = vec_norm(m);
	vec_scale(m, (float)(1 / *scale));
	*scale *= (double)most;
	return g_steal_pointer(&m);
}

static GPtrArray *decompose(const array *m, GError **err)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)svd_free);
	for (int64_t c = 0; c < m->shape.c; c++) {
		svd *found = svd_of_plane(m, c, 0, err);
		if (!found)
			return NULL;
		g_ptr_array_add(all, found);
	}
	return g_steal_pointer(&all);
}

static double condition(const GPtrArray *all)
{
	const svd *first = all->pdata[0];
	return first->s[0] / first->s[first->rank - 1];
}

static bool find_values(const task *t, lensless_data *d, GError **err)
{
	d->left_svd = decompose(d->left, err);
	d->right_svd = d->left_svd ? decompose(d->right, err) : NULL;
	if (!d->right_svd)
		return false;
	for (int64_t c = 0; c < d->b->shape.c; c++)
		d->gain = fmax(d->gain, separable_gain(d, c));
	report_number(t->report, "left_condition", condition(d->left_svd));
	report_number(t->report, "right_condition", condition(d->right_svd));
	return true;
}

/* --- the capture ------------------------------------------------------------------------------ */

static array *develop(const task *t, GError **err)
{
	const lensless_options *o = t->options;
	const input *in = &t->inputs[0], *frame = task_picture(t, "dark-frame");
	g_autoptr(array) raw = o->bgr && in->data->shape.c == 3 ? geometry_swap_channels(in->data) :
		array_copy(in->data);
	if (frame && !calibrate_subtract_frame(raw, frame->data, false, frame->path, err))
		return NULL;
	if (!frame && !isnan(o->dark_level))
		calibrate_subtract(raw, o->dark_level, false);
	if (!lensless_even(t, raw, err))
		return NULL;
	return o->bayer > 0 && raw->shape.c == 1 ?
		demosaic_split(raw, (enum bayer)(o->bayer - 1), in->path, err) : g_steal_pointer(&raw);
}

static bool refuse_matrix(const task *t, const char *option, const char *remedy, const array *b,
	const array *m, GError **err)
{
	error_set(err, RELUMINE_MISMATCH, task_picture(t, option)->path, remedy, "%d matri%s of %d rows "
		"do%s not fit a capture of %d plane%s of %d x %d pixels", (int)m->shape.c,
		m->shape.c == 1 ? "x" : "ces", (int)m->shape.y, m->shape.c == 1 ? "es" : "",
		(int)b->shape.c, b->shape.c == 1 ? "" : "s", (int)b->shape.x, (int)b->shape.y);
	return false;
}

static bool check_fit(const task *t, const lensless_data *d, GError **err)
{
	const array *b = d->b, *l = d->left, *r = d->right;
	const char *channels = "give one matrix, or as many as the capture has planes (four with --bayer)";
	const char *left_rows = "--left has a row for each row of pixels of a plane of the capture, or "
		"for fewer in its middle", *right_rows = "--right has a row for each column of pixels of a "
		"plane of the capture, or for fewer in its middle";
	if (b->shape.z != 1)
		return refuse_matrix(t, "left", "give a capture of one page", b, l, err);
	if (l->shape.c != 1 && l->shape.c != b->shape.c)
		return refuse_matrix(t, "left", channels, b, l, err);
	if (r->shape.c != 1 && r->shape.c != b->shape.c)
		return refuse_matrix(t, "right", channels, b, r, err);
	if (l->shape.y > b->shape.y)
		return refuse_matrix(t, "left", left_rows, b, l, err);
	if (r->shape.y > b->shape.x)
		return refuse_matrix(t, "right", right_rows, b, r, err);
	return true;
}

/* To the middle that the matrices speak of. */
static void crop(const task *t, lensless_data *d)
{
	g_autoptr(array) whole = d->b;
	int64_t y = d->left->shape.y, x = d->right->shape.y;
	d->b = geometry_centred(whole, y, x);
	if (y < whole->shape.y || x < whole->shape.x)
		report_warn(t->report, "of %d x %d pixels of the capture%s, the middle %d x %d are used",
			(int)whole->shape.x, (int)whole->shape.y, whole->shape.c == 4 ? " (in each Bayer plane)" :
			"", (int)x, (int)y);
}

bool separable_prepare(const task *t, lensless_data *d, GError **err)
{
	const lensless_options *o = t->options;
	double left, right;
	d->b = develop(t, err);
	d->left = d->b ? load_matrix(t, "left", &left, err) : NULL;
	d->right = d->left ? load_matrix(t, "right", &right, err) : NULL;
	if (!d->right || !device_ok(t->cpu, err) || !check_fit(t, d, err))
		return false;
	crop(t, d);
	double before = (double)vec_max_abs(d->b);
	if (o->means != MEANS_KEEP)
		separable_take_means(d->b);
	lensless_scale(t, d, fmax(LEAST_LIGHT, 1e-6 * before));
	d->psf_sum = 1 / (left * right);
	d->grid = (shape){ 1, 1, d->left->shape.x, d->right->shape.x };
	return device_ok(t->cpu, err) && find_values(t, d, err);
}
