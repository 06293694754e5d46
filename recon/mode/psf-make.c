/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-make.c - relumine psf make: the PSF of a microscope, of defocus or of motion, from numbers */
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "mode/modality.h"
#include "mode/numbers.h"
#include "stage/microscope.h"
#include "stage/psf.h"

/* The first four are those of enum lens_model. */
enum model { CONFOCAL = 4, LIGHT_SHEET, GAUSSIAN, DISC, MOTION };
#define MODELS "born-wolf|scalar|gibson-lanni|richards-wolf"
static const enum psf_over overs[] = { PSF_OVER_VOXELS, PSF_OVER_PIXELS, PSF_OVER_POINTS };
enum focus { FOCUS_BRIGHTEST, FOCUS_NOMINAL };

typedef struct {
	int model, lens, integrate, focus;
	double na, wavelength, excitation, pinhole, pinhole_radius, sheet, ni, ns, ni0, ng, ng0, depth;
	double ti0, tg, tg0, radius, length, angle;
	char *voxel, *size, *stack, *sigma;
	bool flip_z;
} make_options;

#define AT(field) OPTION_AT(make_options, field)
#define NM_MOST 1e8

static const relumine_option options[] = {
	{ "model", 0, RELUMINE_CHOICE, "born-wolf", 0, 0,
		MODELS "|confocal|light-sheet|gaussian|disk|motion", NULL, "what blurs", false,
		AT(model) },
	{ "lens", 0, RELUMINE_CHOICE, NULL, 0, 0, MODELS, NULL,
		"of confocal and light-sheet; not given: born-wolf", false, AT(lens) },
	{ "na", 0, RELUMINE_NUMBER, NULL, 0.001, 4, NULL, "NA", "numerical aperture of the objective",
		false, AT(na) },
	{ "wavelength", 0, RELUMINE_NUMBER, NULL, 1, 1e6, NULL, "nm", "of the emitted light", false,
		AT(wavelength) },
	{ "excitation", 0, RELUMINE_NUMBER, NULL, 1, 1e6, NULL, "nm", "wavelength, of confocal", false,
		AT(excitation) },
	{ "pinhole", 0, RELUMINE_NUMBER, NULL, 0, 20, NULL, "Airy units",
		"diameter, of confocal; 0: a point; not given: 1", false, AT(pinhole) },
	{ "pinhole-radius", 0, RELUMINE_NUMBER, NULL, 0, 1e6, NULL, "nm",
		"the same as the specimen sees it: the pinhole's radius over the magnification", false,
		AT(pinhole_radius) },
	{ "sheet", 0, RELUMINE_NUMBER, NULL, 1, NM_MOST, NULL, "nm",
		"thickness of the light sheet, full width at half maximum", false, AT(sheet) },
	{ "ni", 0, RELUMINE_NUMBER, "1.515", 1, 4, NULL, "index", "refractive index of the immersion",
		false, AT(ni) },
	{ "voxel", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z",
		"size of a voxel in nm; without Z one plane", false, AT(voxel) },
	{ "size", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z",
		"voxels, odd; not given: what the light and --stack need", false, AT(size) },
	{ "stack", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z",
		"voxels of the stack that the PSF is for", false, AT(stack) },
	{ "integrate", 0, RELUMINE_CHOICE, "all", 0, 0, "all|xy|none", NULL,
		"a value is the mean of its voxel, of its pixel, or a point", false, AT(integrate) },
	{ "ns", 0, RELUMINE_NUMBER, "1.33", 1, 4, NULL, "index",
		"refractive index of the specimen (this and the next: gibson-lanni)", false, AT(ns) },
	{ "depth", 0, RELUMINE_NUMBER, "0", 0, NM_MOST, NULL, "nm",
		"of the point below the cover glass", false, AT(depth) },
	{ "ni0", 0, RELUMINE_NUMBER, "ni", 1, 4, "ni", "index",
		"refractive index of the immersion that the objective was made for", false, AT(ni0) },
	{ "ng", 0, RELUMINE_NUMBER, "1.515", 1, 4, NULL, "index", "refractive index of the cover glass",
		false, AT(ng) },
	{ "ng0", 0, RELUMINE_NUMBER, "1.515", 1, 4, NULL, "index", "the same, as designed", false,
		AT(ng0) },
	{ "ti0", 0, RELUMINE_NUMBER, "150000", 0, NM_MOST, NULL, "nm",
		"working distance: thickness of the immersion, as designed", false, AT(ti0) },
	{ "tg", 0, RELUMINE_NUMBER, "170000", 0, NM_MOST, NULL, "nm", "thickness of the cover glass",
		false, AT(tg) },
	{ "tg0", 0, RELUMINE_NUMBER, "170000", 0, NM_MOST, NULL, "nm", "the same, as designed", false,
		AT(tg0) },
	{ "focus", 0, RELUMINE_CHOICE, "brightest", 0, 0, "brightest|nominal", NULL,
		"the middle plane is where the axis is brightest, or where the stage is at 0", false,
		AT(focus) },
	{ "flip-z", 0, RELUMINE_FLAG, NULL, 0, 0, NULL, NULL,
		"the first plane is nearest to the lens, not the last: for stacks that go from the cover glass "
		"into the depth", false, AT(flip_z) },
	{ "sigma", 0, RELUMINE_TEXT, NULL, 0, 0, NULL, "X,Y,Z",
		"standard deviation of gaussian, in voxels; or give --na, --wavelength, --voxel", false,
		AT(sigma) },
	{ "radius", 0, RELUMINE_NUMBER, NULL, 0.1, 2000, NULL, "pixels", "of disk", false, AT(radius) },
	{ "length", 0, RELUMINE_NUMBER, NULL, 0.01, 4000, NULL, "pixels", "of motion", false,
		AT(length) },
	{ "angle", 0, RELUMINE_NUMBER, NULL, -360, 360, NULL, "degrees",
		"of motion, from right towards the top; not given: 0", false, AT(angle) },
	{ 0 }
};

/* --- what goes together ----------------------------------------------------------------------- */

static bool is_lens(const make_options *o)
{
	return o->model <= LIGHT_SHEET || (o->model == GAUSSIAN && !o->sigma);
}

static bool refuse(GError **err, const char *option, const char *remedy, const char *what)
{
	error_set(err, RELUMINE_BAD_USAGE, option, remedy, "%s", what);
	return false;
}

/* Numbers that a model cannot do without. */
static bool check_needed(const make_options *o, GError **err)
{
	const struct { const char *option, *what, *remedy; bool missing; } needs[] = {
		{ "--radius", "the model disk needs its radius", "--radius 3: of the blur, in pixels",
			o->model == DISC && isnan(o->radius) },
		{ "--length", "the model motion needs its length", "--length 9: of the blur, in pixels",
			o->model == MOTION && isnan(o->length) },
		{ "--na", "the model needs the numerical aperture",
			"it is written on the objective: 60x/1.40 means --na 1.4", is_lens(o) && isnan(o->na) },
		{ "--wavelength", "the model needs the wavelength of the emitted light",
			"--wavelength 520, in nm", is_lens(o) && isnan(o->wavelength) },
		{ "--voxel", "the model needs the size of a voxel", "--voxel 100,100,200, in nm: the "
			"camera's pixel over the magnification, and the step from plane to plane",
			is_lens(o) && !o->voxel },
		{ "--excitation", "the model confocal needs the wavelength of the excitation",
			"--excitation 488, in nm", o->model == CONFOCAL && isnan(o->excitation) },
		{ "--sheet", "the model light-sheet needs the sheet's thickness", "--sheet 3000: full "
			"width at half maximum, in nm", o->model == LIGHT_SHEET && isnan(o->sheet) },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(needs); i++)
		if (needs[i].missing)
			return refuse(err, needs[i].option, needs[i].remedy, needs[i].what);
	return true;
}

/* Options of another model were meant for something. */
static bool check_strays(const make_options *o, GError **err)
{
	const struct { const char *option; bool stray; const char *model; } strays[] = {
		{ "--radius", !isnan(o->radius) && o->model != DISC, "disk" },
		{ "--length", !isnan(o->length) && o->model != MOTION, "motion" },
		{ "--angle", !isnan(o->angle) && o->model != MOTION, "motion" },
		{ "--sigma", o->sigma && o->model != GAUSSIAN, "gaussian" },
		{ "--excitation", !isnan(o->excitation) && o->model != CONFOCAL, "confocal" },
		{ "--pinhole", !isnan(o->pinhole) && o->model != CONFOCAL, "confocal" },
		{ "--pinhole-radius", !isnan(o->pinhole_radius) && o->model != CONFOCAL, "confocal" },
		{ "--sheet", !isnan(o->sheet) && o->model != LIGHT_SHEET, "light-sheet" },
		{ "--lens", o->lens >= 0 && o->model != CONFOCAL && o->model != LIGHT_SHEET,
			"confocal or light-sheet" },
		{ "--depth", o->depth > 0 && o->model != LENS_GIBSON_LANNI &&
			o->lens != LENS_GIBSON_LANNI, "gibson-lanni" },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(strays); i++) {
		if (!strays[i].stray)
			continue;
		g_autofree char *remedy = g_strdup_printf("leave it out, or --model %s", strays[i].model);
		return refuse(err, strays[i].option, remedy, "the model has no such thing");
	}
	return isnan(o->pinhole) || isnan(o->pinhole_radius) || refuse(err, "--pinhole",
		"leave one out", "the pinhole is given twice: with --pinhole-radius too");
}

static lens lens_of(const make_options *o)
{
	return (lens){ .model = o->model < CONFOCAL ? (enum lens_model)o->model :
			o->lens >= 0 ? (enum lens_model)o->lens : LENS_BORN_WOLF,
		.aperture = o->na, .wavelength_nm = o->wavelength, .ni = o->ni, .ns = o->ns,
		.ni0 = isnan(o->ni0) ? o->ni : o->ni0, .ng = o->ng, .ng0 = o->ng0, .depth_nm = o->depth,
		.ti0_nm = o->ti0, .tg_nm = o->tg, .tg0_nm = o->tg0 };
}

/* --- sizes ------------------------------------------------------------------------------------ */

/* Of the shapes: all of it in a dark frame, and of a Gaussian four standard deviations. */
static void size_of_shape(const make_options *o, const double sigma[3], int64_t size[3])
{
	double half[3] = { 0 };
	for (int i = 0; i < 3; i++)
		half[i] = o->model == GAUSSIAN ? 4 * sigma[i] : i == 2 ? 0 : o->model == DISC ?
			o->radius + 0.5 : o->length / 2 + 0.5;
	for (int i = 0; i < 3; i++)
		size[i] = 2 * (int64_t)fmin(fmax(ceil(half[i]), 0), PSF_SIDE_MOST / 2) + 1;
}

/* The grid of a lens, all but its focus. */
static bool grid_of(const make_options *o, const lens *l, psf_grid *g, GError **err)
{
	int64_t stack[3] = { 1, 1, 1 };
	*g = (psf_grid){ .over = overs[o->integrate] };
	if (!lens_check(l, err) || !numbers_parse("--voxel", o->voxel, 1e-3, NM_MOST, g->voxel_nm, err) ||
	    (o->stack && !numbers_parse_counts("--stack", o->stack, stack, err)))
		return false;
	/* (a Z of 0 is a sole plane) */
	bool flat = !(g->voxel_nm[2] > 0);
	int64_t one[3] = { PSF_SIDE_MOST, PSF_SIDE_MOST, 1 };
	if (!o->size || g_strrstr(o->size, ",") == strchr(o->size, ','))        /* not all three */
		psf_size_for(l, g->voxel_nm, o->stack ? stack : flat ? one : NULL, g->size);
	if (o->size && !numbers_parse_counts("--size", o->size, g->size, err))
		return false;
	if (flat && g->size[2] > 1)
		return refuse(err, "--voxel", "--voxel 100,100,200, in nm", "several planes need the step "
			"from plane to plane as third number");
	return psf_grid_check(g, l, err);
}

static bool sigma_of(const make_options *o, double sigma[3], GError **err)
{
	if (o->sigma)
		return numbers_parse("--sigma", o->sigma, 0, 500, sigma, err);
	double voxel[3] = { 0 };
	lens l = lens_of(o);
	if (!lens_check(&l, err) || !numbers_parse("--voxel", o->voxel, 1e-3, NM_MOST, voxel, err))
		return false;
	psf_gaussian_sigma(&l, sigma);
	for (int i = 0; i < 3; i++)
		sigma[i] = voxel[i] > 0 ? fmin(sigma[i] / voxel[i], 500) : 0;
	return true;
}

static bool check(const void *own, GError **err)
{
	const make_options *o = own;
	double sigma[3] = { 0 };
	int64_t size[3] = { 1, 1, 1 };
	psf_grid g;
	if (!check_strays(o, err) || !check_needed(o, err))
		return false;
	lens l = lens_of(o);
	if (o->model <= LIGHT_SHEET)
		return grid_of(o, &l, &g, err);
	return (o->model != GAUSSIAN || sigma_of(o, sigma, err)) &&
		(!o->size || numbers_parse_counts("--size", o->size, size, err));
}

/* --- the work --------------------------------------------------------------------------------- */

static void warn(const make_options *o, const lens *l, const psf_grid *g, report *r)
{
	double finest = l->wavelength_nm / (o->model == CONFOCAL ? 8 : 4) / l->aperture;
	double cosine = sqrt(fmax(1 - pow(l->aperture / l->ni, 2), 0));
	double thinnest = l->wavelength_nm / l->ni / (o->model == CONFOCAL ? 4 : 2) / (1 - cosine);
	double open = lens_open(l), coarse = fmax(g->voxel_nm[0], g->voxel_nm[1]);
	if (coarse > 1.25 * finest)
		report_warn(r, "voxels of %g nm across are coarser than the light's finest structure: up "
			"to %.4g nm would record it all", coarse, finest);
	if (g->size[2] > 1 && g->voxel_nm[2] > 1.25 * thinnest)
		report_warn(r, "planes %g nm apart are coarser than the light's finest structure: up to "
			"%.4g nm would record it all", g->voxel_nm[2], thinnest);
	if (open < 1)
		report_warn(r, "a layer of refractive index %.4g lets no more through than that: of the "
			"aperture %g the outer part stays dark", open * l->aperture, l->aperture);
}

static array *of_lens(const task *t, psf_grid *g, GError **err)
{
	const make_options *o = t->options;
	lens l = lens_of(o);
	double inside = NAN;
	if (!grid_of(o, &l, g, err))
		return NULL;
	g->focus_nm = o->focus == FOCUS_NOMINAL ? 0 : lens_focus_nm(&l);
	if (isnan(g->focus_nm)) {
		refuse(err, "--focus", "--focus nominal, with smaller --depth or thicknesses",
			"no focus can be found: the aberrations are too large");
		return NULL;
	}
	double pinhole = isnan(o->pinhole_radius) ?
		psf_pinhole_nm(&l, isnan(o->pinhole) ? 1 : o->pinhole) : o->pinhole_radius;
	array *psf = o->model == CONFOCAL ? psf_confocal(t->cpu, &l, o->excitation, pinhole, g, err) :
		o->model == LIGHT_SHEET ? psf_light_sheet(t->cpu, &l, o->sheet, g, err) :
		psf_widefield(t->cpu, &l, g, &inside, err);
	warn(o, &l, g, t->report);
	report_number(t->report, "focus_nm", g->focus_nm);
	report_number(t->report, "light_inside", inside);
	if (o->model == CONFOCAL)
		report_number(t->report, "pinhole_radius_nm", pinhole);
	if (psf && o->flip_z)
		psf_flip_z(psf);
	return psf;
}

static array *of_shape(const task *t, psf_grid *g, GError **err)
{
	const make_options *o = t->options;
	double sigma[3] = { 0 };
	if (o->model == GAUSSIAN && !sigma_of(o, sigma, err))
		return NULL;
	if (o->voxel && !numbers_parse("--voxel", o->voxel, 1e-3, NM_MOST, g->voxel_nm, err))
		return NULL;
	size_of_shape(o, sigma, g->size);
	if (o->size && !numbers_parse_counts("--size", o->size, g->size, err))
		return NULL;
	return o->model == GAUSSIAN ? psf_gaussian(t->cpu, sigma, g->size, err) :
		o->model == DISC ? psf_disc(t->cpu, o->radius, g->size, err) :
		psf_motion(t->cpu, o->length, isnan(o->angle) ? 0 : o->angle, g->size, err);
}

/* For the file: `deconv` compares the voxels with those of its picture. */
static image_scale *scale_of(const make_options *o, const psf_grid *g)
{
	image_scale *s = image_scale_new();
	for (int i = 0; i < 3; i++)
		s->voxel[i] = voxel_plausible(g->voxel_nm[i]) ? g->voxel_nm[i] : NAN;
	if (is_lens(o)) {
		s->aperture = o->na;
		s->refraction = o->ni;
	}
	return s;
}

static bool run(task *t, GError **err)
{
	const make_options *o = t->options;
	psf_grid g = { 0 };
	if (!task_step(t, "compute"))
		return false;
	t->result = o->model <= LIGHT_SHEET ? of_lens(t, &g, err) : of_shape(t, &g, err);
	if (!t->result)
		return false;
	spot_tell_widths(t->result, g.voxel_nm, t->report);
	t->scale = scale_of(o, &g);
	return true;
}

const modality command_psf_make = {
	.command = {
		.name = "psf make",
		.summary = "the point spread function of a microscope, of defocus or of motion",
		.inputs = "",
		.inputs_least = 0,
		.inputs_most = 0,
		.writes = true,
		.options = options,
		.examples =
			"relumine psf make --na 1.4 --wavelength 520 --voxel 100,100,200 --stack 64,64,20 \\\n"
			"    -o psf.tif -o psf.png\n"
			"relumine psf make --model gibson-lanni --na 1.4 --wavelength 520 --voxel 100,100,200 \\\n"
			"    --depth 5000 --ns 1.38 --size 65,65,81 -o deep.tif\n"
			"relumine psf make --model motion --length 9 --angle 30 -o shaken.tif\n",
		.description =
			"The sum of all voxels is 1, the middle one is where a point of light would be. "
			"`born-wolf`, `scalar`, `gibson-lanni` and `richards-wolf` are widefield microscopes, "
			"`confocal` and `light-sheet` use one of them as --lens; `gaussian`, `disk` (a camera "
			"out of focus) and `motion` need no lens. Of --size and --voxel, Y is X when not given. "
			"Planes follow the stage: with each the immersion gets thicker, so they come out of "
			"the depth towards the cover glass, which matters for gibson-lanni alone; --flip-z "
			"turns them round. The sidecar has the full width at half maximum along each axis in "
			"voxels and nm, the stage's position at focus, and the share of the light of these "
			"planes that falls inside.",
	},
	.options_size = sizeof(make_options),
	.reads_pictures = false,
	.on_cpu = true,
	.check = check,
	.run = run,
};
