/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-blind.c - a photograph's own blur, as the PSF of all its channels */
#include <math.h>

#include "core/error.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/geometry.h"
#include "stage/kernel.h"
#include "stage/resample.h"

/* As much of a picture as tells its blur: the middle, pixels a side. */
enum { SEEN_MOST = 1024 };
/* Of the picture's shorter side: a kernel larger than that has too little to learn from. */
#define SIZE_OF_SIDE 4
/* Noise over the standard deviation of the picture: from here on there is nothing but noise. */
#define NOISY 0.6

bool deconv_has_start(const task *t)
{
	const deconv_options *o = t->options;
	const image_scale *f = t->inputs[0].scale;
	return o->psf || o->gaussian || !isnan(o->disk) || o->motion || !isnan(o->na) ||
		(f && !isnan(f->aperture));
}

bool deconv_finds_kernel(const task *t)
{
	return ((const deconv_options *)t->options)->blind && !deconv_has_start(t);
}

static bool refuse(const task *t, GError **err, const char *remedy, const char *what)
{
	error_set(err, RELUMINE_BAD_INPUT, t->inputs[0].path, remedy, "%s", what);
	return false;
}

static bool suitable(const task *t, shape s, GError **err)
{
	if (s.z > 1) {
		error_set(err, RELUMINE_BAD_USAGE, "--blind", "give a PSF to start from: --na 1.4 "
			"--wavelength 520 --voxel 100,100,300, --gaussian 2,4 or --psf FILE",
			"a stack needs a PSF to start from");
		return false;
	}
	return MIN(s.y, s.x) >= KERNEL_PICTURE_LEAST || refuse(t, err, "give a larger part of it, or the "
		"PSF", "is too small to find its blur: it takes 64 x 64 pixels");
}

/* --- what the kernel is told from ------------------------------------------------------------- */

/* The middle of all channels' mean, on the device. */
static array *middle_of(const task *t, const array *a)
{
	g_autoptr(array) gray = resample_gray(a);
	int64_t height = MIN(a->shape.y, SEEN_MOST), width = MIN(a->shape.x, SEEN_MOST);
	g_autoptr(array) part = geometry_centred(gray, height, width);
	return array_move(part, t->dev);
}

/*
 * White noise, from the mean of |Laplacian-like differences| that straight edges do not move
 * (Immerkaer, Comput. Vis. Image Underst. 64, 1996), over the deviation of the picture.
 */
static double noise_share(const array *a)
{
	int64_t n = (a->shape.y - 2) * (a->shape.x - 2);
	double sum = 0, first = 0, second = 0;
	for (int64_t i = 0; i < n; i++) {
		int64_t y = i / (a->shape.x - 2), x = i % (a->shape.x - 2);
		const float *p = array_row(a, 0, 0, y) + x, *q = array_row(a, 0, 0, y + 1) + x;
		const float *r = array_row(a, 0, 0, y + 2) + x;
		sum += (double)fabsf(p[0] - 2 * p[1] + p[2] - 2 * (q[0] - 2 * q[1] + q[2]) +
			r[0] - 2 * r[1] + r[2]);
		first += (double)q[1];
		second += (double)q[1] * (double)q[1];
	}
	double mean = first / (double)n, variance = second / (double)n - mean * mean;
	return variance > 1e-12 * mean * mean ? sqrt(G_PI / 2) * sum / (6 * (double)n) / sqrt(variance) :
		NAN;
}

static bool sound(const task *t, const array *picture, GError **err)
{
	g_autoptr(array) here = array_move(picture, t->cpu);
	if (!device_ok(t->dev, err) || !device_ok(t->cpu, err))
		return false;
	double noise = noise_share(here);
	if (isnan(noise))
		return refuse(t, err, "check that this is the right file: relumine inspect",
			"is even in its middle: without edges there is no blur to be found");
	report_number(t->report, "noise_share", noise);
	return noise < NOISY || refuse(t, err, "average several exposures, or give the PSF",
		"holds next to nothing but noise in its middle: no blur can be found in it");
}

/* --- what is told of it ----------------------------------------------------------------------- */

/* Effective pixels: 1 over the sum of squares, 1 for a picture that is sharp. */
static void tell(const task *t, const array *k, double rim, int64_t box)
{
	double squares = vec_dot(k, k);
	report_integer(t->report, "blur_box", box);
	report_integer(t->report, "blur_height", k->shape.y);
	report_integer(t->report, "blur_width", k->shape.x);
	report_number(t->report, "blur_energy", squares);
	report_number(t->report, "blur_rim", rim);
	if (1 / squares < 1.5)
		report_warn(t->report, "no blur was found: the picture is as sharp as its pixels");
	if (rim >= KERNEL_RIM_EMPTY)
		report_warn(t->report, "the blur that was found fills its box of %d pixels: it may be larger "
			"(--blind-size), or the picture may not tell it", (int)box);
}

static array *without_rim(const array *k)
{
	int64_t y, x, n = k->shape.x;
	kernel_reach(k, &y, &x);
	return geometry_crop(k, n / 2 - y, n / 2 - x, 2 * y + 1, 2 * x + 1);
}

static int64_t box_limit(shape s)
{
	return (MIN(MIN(s.y, s.x) / SIZE_OF_SIDE, KERNEL_SIDE_MOST) - 1) / 2 * 2 + 1;
}

static array *find(const task *t, const deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	g_autoptr(array) picture = middle_of(t, d->y);
	g_autoptr(array) believed = d->weights ? middle_of(t, d->weights) : NULL;
	if (!sound(t, picture, err))
		return NULL;
	const kernel_problem p = { picture, believed, t->cpu, t->watch };
	int64_t limit = box_limit(picture->shape);
	if (o->blind_size == INT64_MIN)
		return kernel_find(&p, limit, err);
	if (o->blind_size <= limit)
		return kernel_estimate(&p, o->blind_size / 2 * 2 + 1, err);
	error_set(err, RELUMINE_MISMATCH, "--blind-size", "a blur may be a quarter of what is looked at: "
		"the middle, 1024 pixels at most", "%d pixels are too many for this picture: it has room for %d",
		(int)o->blind_size, (int)limit);
	return NULL;
}

bool deconv_blind_kernel(const task *t, deconv_data *d, GError **err)
{
	if (!suitable(t, d->y->shape, err))
		return false;
	g_autoptr(array) k = find(t, d, err);
	if (!k) {
		error_while(err, "deconv, finding the blur of %s", t->inputs[0].path);
		return false;
	}
	d->n_spreads = 1;
	d->spreads = g_new0(deconv_spread, 1);
	array *psf = d->spreads[0].psf = without_rim(k);
	d->spreads[0].size = psf->shape;
	d->spreads[0].centre = (position){ 0, psf->shape.y / 2, psf->shape.x / 2 };
	vec_scale(psf, (float)(1 / vec_sum(psf)));
	tell(t, psf, kernel_rim(k), k->shape.x);
	return device_ok(t->cpu, err);
}

/* --- into a file ------------------------------------------------------------------------------ */

/* How far the PSFs reach from their centres along an axis, as an odd size. */
static int64_t odd_around(int64_t size, int64_t centre)
{
	return 2 * MAX(centre, size - 1 - centre) + 1;
}

static shape room_for(const deconv_data *d)
{
	shape s = { d->n_spreads, 1, 1, 1 };
	for (int64_t i = 0; i < d->n_spreads; i++) {
		const deconv_spread *a = &d->spreads[i];
		s.z = MAX(s.z, odd_around(a->psf->shape.z, a->centre.z));
		s.y = MAX(s.y, odd_around(a->psf->shape.y, a->centre.y));
		s.x = MAX(s.x, odd_around(a->psf->shape.x, a->centre.x));
	}
	return s;
}

/* Channels alike in size, each centred on its middle. */
static void give_psf(task *t, const deconv_data *d)
{
	shape s = room_for(d);
	array *all = array_new(t->cpu, REAL, s);
	vec_fill(all, 0);
	for (int64_t i = 0; i < d->n_spreads; i++) {
		const deconv_spread *a = &d->spreads[i];
		array to = array_channel(all, i);
		g_autoptr(linop) pad = linop_pad(t->cpu, a->psf->shape, to.shape, (position){
			s.z / 2 - a->centre.z, s.y / 2 - a->centre.y, s.x / 2 - a->centre.x });
		linop_apply(pad, &to, a->psf);
	}
	task_add_picture(t, "save-psf", all);
	image_scale *scale = image_scale_new();
	for (int i = 0; t->inputs[0].scale && i < 3; i++)
		scale->voxel[i] = t->inputs[0].scale->voxel[i];
	task_scale_picture(t, "save-psf", scale);
}

bool deconv_blind(task *t, deconv_data *d, GError **err)
{
	const deconv_options *o = t->options;
	if (o->blind && deconv_has_start(t) && !deconv_alternate(t, d, err))
		return false;
	if (o->save_psf)
		give_psf(t, d);
	return device_ok(t->cpu, err);
}
