/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-psf.c - where the PSF comes from: a file, a shape, or the microscope's own numbers */
#include <math.h>

#include "core/error.h"
#include "core/numbers.h"
#include "math/vec.h"
#include "mode/deconv.h"
#include "stage/microscope.h"

/* --- shapes ----------------------------------------------------------------------------------- */

/* "2.1" or "2.1,3.5": across, and along z. */
static bool parse_pair(const char *option, const char *text, double least, double most,
	double to[2], GError **err)
{
	if (numbers_read(text, least, most, 2, to) > 0)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, option, "one or two numbers with a comma between",
		"'%s' is not one or two numbers from %g to %g", text, least, most);
	return false;
}

static int64_t odd_side(double reach)
{
	return 2 * (int64_t)ceil(reach) + 1;
}

static array *gaussian(const task *t, const shape *s, GError **err)
{
	const deconv_options *o = t->options;
	double sigma[2] = { 0, 0 };
	if (!parse_pair("--gaussian", o->gaussian, 0, 500, sigma, err))
		return NULL;
	const double all[3] = { sigma[0], sigma[0], s->z > 1 ? sigma[1] : 0 };
	const int64_t size[3] = { odd_side(4 * all[0] + 0.5), odd_side(4 * all[1] + 0.5),
		all[2] > 0 ? odd_side(4 * all[2] + 0.5) : 1 };
	return psf_gaussian(t->cpu, all, size, err);
}

static array *disc(const task *t, const shape *s, GError **err)
{
	(void)s;
	const deconv_options *o = t->options;
	const int64_t size[3] = { odd_side(o->disk + 0.5), odd_side(o->disk + 0.5), 1 };
	return psf_disc(t->cpu, o->disk, size, err);
}

#define MOTION_LEAST 0.01       /* pixels */

static array *motion(const task *t, const shape *s, GError **err)
{
	(void)s;
	const deconv_options *o = t->options;
	double way[2] = { 0, 0 };
	if (!parse_pair("--motion", o->motion, -4000, 4000, way, err))
		return NULL;
	if (way[0] < MOTION_LEAST) {
		error_set(err, RELUMINE_BAD_USAGE, "--motion", "for the other direction add 180 to the angle",
			"a movement of %g pixels has no length", way[0]);
		return NULL;
	}
	int64_t side = odd_side(way[0] / 2 + 1);
	return psf_motion(t->cpu, way[0], way[1], (const int64_t[3]){ side, side, 1 }, err);
}

/* --- a microscope ----------------------------------------------------------------------------- */

typedef struct { double least, most; const char *what; } range;

/* Given, else from the file, else NaN: what no lens has is told, and not taken. */
static double known(const task *t, double given, double in_file, const range *r)
{
	if (!isnan(given) || isnan(in_file))
		return given;
	if (in_file >= r->least && in_file <= r->most)
		return in_file;
	report_warn(t->report, "%s says that %s is %g: not believed", t->inputs[0].path, r->what, in_file);
	return NAN;
}

static double emission_of(const image_scale *scale, int64_t channel)
{
	return scale && channel < scale->n_channels ? scale->channels[channel].emission : NAN;
}

static bool missing(const char *option, const char *what, const char *example, GError **err)
{
	error_set(err, RELUMINE_BAD_USAGE, option, example, "%s is not in the file", what);
	return false;
}

#define WATER 1.33              /* refractive index of a specimen, where none is given */

/* The numbers that a lens needs; what is taken from the file is told. */
static bool find_lens(const task *t, int64_t channel, lens *l, GError **err)
{
	const deconv_options *o = t->options;
	const image_scale *f = t->inputs[0].scale;
	static const range apertures = { 0.001, 4, "the numerical aperture" },
		waves = { 1, 1e6, "the wavelength in nm" }, indices = { 1, 4, "the refractive index" };
	double aperture = known(t, o->na, f ? f->aperture : NAN, &apertures);
	double wavelength = known(t, o->wavelength, emission_of(f, channel), &waves);
	double ni = known(t, o->ni, f ? f->refraction : NAN, &indices);
	if (isnan(aperture))
		return missing("--na", "the numerical aperture", "it is written on the objective: --na 1.4; "
			"or give the PSF with --psf, --gaussian, --disk or --motion", err);
	if (isnan(wavelength))
		return missing("--wavelength", "the wavelength of the light", "--wavelength 520, in nm", err);
	if (isnan(ni)) {
		ni = lens_likely_index(aperture);
		report_warn(t->report, "the refractive index of the immersion is not known: %g is taken, as "
			"the aperture suggests; --ni says what it is", ni);
	}
	*l = lens_ideal((enum lens_model)(o->model < 0 ? LENS_BORN_WOLF : o->model), aperture, wavelength,
		ni);
	if (l->model == LENS_GIBSON_LANNI) {
		l->ns = isnan(o->ns) ? WATER : o->ns;
		l->depth_nm = o->depth;
	}
	return lens_check(l, err);
}

bool deconv_voxel(const task *t, double voxel[3], GError **err)
{
	const deconv_options *o = t->options;
	const image_scale *f = t->inputs[0].scale;
	for (int i = 0; i < 3; i++)
		voxel[i] = f && voxel_plausible(f->voxel[i]) ? f->voxel[i] : NAN;
	return !o->voxel || voxel_parse("voxel", o->voxel, voxel, err);
}

bool deconv_psf_voxel(const task *t, const image_scale *of_file, double voxel[3], GError **err)
{
	const deconv_options *o = t->options;
	for (int i = 0; i < 3; i++)
		voxel[i] = of_file && voxel_plausible(of_file->voxel[i]) ? of_file->voxel[i] : NAN;
	return !o->psf_voxel || voxel_parse("psf-voxel", o->psf_voxel, voxel, err);
}

static bool find_voxel(const task *t, shape s, double voxel[3], GError **err)
{
	if (!deconv_voxel(t, voxel, err))
		return false;
	if (isnan(voxel[0]) || isnan(voxel[1]) || (s.z > 1 && isnan(voxel[2])))
		return missing("--voxel", "the size of a voxel", "--voxel 100,100,200, in nm: the camera's "
			"pixel over the magnification, and the step from plane to plane", err);
	if (isnan(voxel[2]))
		voxel[2] = voxel[0];
	return true;
}

static array *microscope(const task *t, shape s, int64_t channel, GError **err)
{
	lens l;
	psf_grid g = { .over = PSF_OVER_VOXELS };
	const int64_t stack[3] = { s.x, s.y, s.z };
	double inside;
	if (!find_lens(t, channel, &l, err) || !find_voxel(t, s, g.voxel_nm, err))
		return NULL;
	psf_size_for(&l, g.voxel_nm, stack, g.size);
	if (s.z == 1)
		g.size[2] = 1;
	g.focus_nm = lens_focus_nm(&l);
	if (isnan(g.focus_nm)) {
		error_set(err, RELUMINE_BAD_USAGE, "--depth", "try a smaller one", "no focus can be found: the "
			"aberrations are too large");
		return NULL;
	}
	if (!psf_grid_check(&g, &l, err))
		return NULL;
	array *psf = psf_widefield(t->cpu, &l, &g, &inside, err);
	if (!psf)
		return NULL;
	if (((const deconv_options *)t->options)->flip_z)
		psf_flip_z(psf);
	report_number(t->report, "aperture", l.aperture);
	report_number(t->report, "wavelength_nm", l.wavelength_nm);
	report_number(t->report, "refractive_index", l.ni);
	report_number(t->report, "voxel_x_nm", g.voxel_nm[0]);
	report_number(t->report, "voxel_y_nm", g.voxel_nm[1]);
	report_number(t->report, "voxel_z_nm", g.voxel_nm[2]);
	report_number(t->report, "psf_share_inside", inside);
	return psf;
}

/* Channels have wavelengths, and so PSFs, of their own where the file says so. */
static bool microscopes(const task *t, shape s, GPtrArray *all, GError **err)
{
	const deconv_options *o = t->options;
	const image_scale *f = t->inputs[0].scale;
	bool each = isnan(o->wavelength) && f && f->n_channels == s.c;
	for (int64_t c = 0; c < (each ? s.c : 1); c++) {
		array *psf = microscope(t, s, c, err);
		if (!psf)
			return false;
		g_ptr_array_add(all, psf);
	}
	return true;
}

/* One channel's, the usual case, is taken from the task, which has no more use for it. */
static bool from_file(input *file, GPtrArray *all, GError **err)
{
	if (file->data->shape.c == 1) {
		g_ptr_array_add(all, input_take(file));
		return true;
	}
	for (int64_t c = 0; c < file->data->shape.c; c++) {
		array one = array_channel(file->data, c);
		g_ptr_array_add(all, array_copy(&one));
	}
	return device_ok(file->data->dev, err);
}

bool deconv_check_psf(const deconv_options *o, GError **err)
{
	int given = (o->psf != NULL) + (o->gaussian != NULL) + !isnan(o->disk) + (o->motion != NULL);
	bool deep = o->model == (int)LENS_GIBSON_LANNI;
	if (given > 1) {
		error_set(err, RELUMINE_BAD_USAGE, "--psf", "leave out all but one of --psf, --gaussian, "
			"--disk and --motion", "the PSF is given %d times", given);
		return false;
	}
	if (deep && isnan(o->depth)) {
		error_set(err, RELUMINE_BAD_USAGE, "--depth", "--depth 5000, in nm, and --ns 1.38 for what the "
			"specimen is in", "the model gibson-lanni needs to know how deep the object is");
		return false;
	}
	if (!deep && (!isnan(o->depth) || !isnan(o->ns) || o->flip_z)) {
		const char *stray = !isnan(o->depth) ? "--depth" : o->flip_z ? "--flip-z" : "--ns";
		error_set(err, RELUMINE_BAD_USAGE, stray, "leave it out, or --model "
			"gibson-lanni", "the model has no such thing");
		return false;
	}
	return true;
}

GPtrArray *deconv_psfs(const task *t, shape s, GError **err)
{
	const deconv_options *o = t->options;
	input *file = g_hash_table_lookup(t->pictures, "psf");
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)array_free);
	bool shaped = o->gaussian || !isnan(o->disk) || o->motion;
	if (file && !from_file(file, all, err))
		return NULL;
	if (!file && shaped) {
		array *psf = o->gaussian ? gaussian(t, &s, err) : o->motion ? motion(t, &s, err) :
			disc(t, &s, err);
		if (!psf)
			return NULL;
		g_ptr_array_add(all, psf);
	}
	if (!file && !shaped && !microscopes(t, s, all, err))
		return NULL;
	return g_steal_pointer(&all);
}
