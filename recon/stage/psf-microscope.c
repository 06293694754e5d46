/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-microscope.c - volumes of voxels of widefield, confocal and light sheet microscopes */
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "stage/psf-pupil.h"
#include "stage/psf-radial.h"

#define ROWS_PER_WAVE 20        /* of the table, per period of the finest structure */
#define NODES_MOST 24           /* a side of a voxel, which is then wider than the focus by far */

/* --- the grid --------------------------------------------------------------------------------- */

static bool check_side(const psf_grid *g, int i, GError **err)
{
	if (g->size[i] >= 1 && g->size[i] <= PSF_SIDE_MOST && g->size[i] % 2 == 1)
		return true;
	int64_t near = CLAMP(g->size[i], 1, PSF_SIDE_MOST) | 1;
	g_autofree char *remedy = g_strdup_printf("%" G_GINT64_FORMAT " has a middle", near);
	error_set(err, RELUMINE_BAD_USAGE, "--size", remedy, "%" G_GINT64_FORMAT " along %c: each side "
		"is an odd number from 1 to %d, so that one voxel is the middle", g->size[i], "xyz"[i],
		PSF_SIDE_MOST);
	return false;
}

static int64_t nodes_for(double band, double width_nm)
{
	return 3 + (int64_t)ceil(fmin(band * width_nm / 2, 1e6));
}

static bool check_voxel(const psf_grid *g, int i, double band, GError **err)
{
	if (i == 2 && g->size[2] == 1 && !(g->voxel_nm[2] > 0))
		return true;
	if (!(g->voxel_nm[i] > 0 && g->voxel_nm[i] <= 1e9)) {
		error_set(err, RELUMINE_BAD_USAGE, "--voxel", "give it in nm, as 100,100,200",
			"a voxel is above 0 nm along each axis, not %g along %c", g->voxel_nm[i], "xyz"[i]);
		return false;
	}
	if (nodes_for(band, g->voxel_nm[i]) <= NODES_MOST)
		return true;
	error_set(err, RELUMINE_BAD_USAGE, "--voxel", "give it in nm; is it the pixel of the camera? "
		"Divide that by the magnification", "%g nm along %c is many times the width of the focus",
		g->voxel_nm[i], "xyz"[i]);
	return false;
}

bool psf_grid_check(const psf_grid *g, const lens *l, GError **err)
{
	for (int i = 0; i < 3; i++)
		if (!check_side(g, i, err) ||
		    !check_voxel(g, i, i == 2 ? lens_band_z(l) : lens_band_r(l), err))
			return false;
	return true;
}

/* --- from table to volume --------------------------------------------------------------------- */

typedef struct {
	const psf_grid *grid;
	slices *slices;
	double step_nm, band_r;
	int64_t rows;
} plan;

static bool plan_fits(device *dev, const plan *p, GError **err)
{
	shape table = { 1, 1, p->rows, p->slices->planes * p->slices->nodes };
	shape psf = { 1, p->grid->size[2], p->grid->size[1], p->grid->size[0] };
	return array_would_fit(dev, 2 * array_bytes(REAL, table) + array_bytes(REAL, psf),
		"the PSF and its table", err);
}

/* finest: the largest frequency across the axis of all that is multiplied, radians per nm. */
static bool plan_make(plan *p, device *dev, const lens *l, const psf_grid *g, double finest,
	GError **err)
{
	if (!lens_check(l, err) || !psf_grid_check(g, l, err))
		return false;
	p->grid = g;
	p->band_r = finest;
	p->step_nm = 2 * M_PI / finest / ROWS_PER_WAVE;
	p->rows = radial_rows(g, p->step_nm);
	/* twice the band, for confocal products */
	p->slices = slices_new(g, l->model != LENS_GIBSON_LANNI, 2 * lens_band_z(l));
	bool fits = plan_fits(dev, p, err);
	if (!fits)
		g_clear_pointer(&p->slices, slices_free);
	return fits;
}

/* Takes nothing; the sum of the volume before it became 1 goes to *sum. */
static array *finish(const plan *p, const array *table, double *sum, GError **err)
{
	g_autoptr(array) planes = radial_planes(table, p->slices);
	if (!device_ok(table->dev, err))
		return NULL;
	int64_t nodes = 1;
	if (p->grid->over != PSF_OVER_POINTS)
		nodes = nodes_for(p->band_r, fmax(p->grid->voxel_nm[0], p->grid->voxel_nm[1]));
	g_autoptr(array) psf = radial_volume(planes, p->grid, p->step_nm, p->slices->mirrored, nodes);
	*sum = vec_sum(psf);
	if (!device_ok(table->dev, err))
		return NULL;
	if (!(*sum > 0 && isfinite(*sum))) {
		error_set(err, RELUMINE_BAD_NUMBERS, NULL, "look at its focus: is the light on this grid?",
			"the PSF sums to %g", *sum);
		return NULL;
	}
	vec_scale(psf, (float)(1 / *sum));
	return device_ok(table->dev, err) ? g_steal_pointer(&psf) : NULL;
}

/* --- kinds of microscopes --------------------------------------------------------------------- */

array *psf_widefield(device *dev, const lens *l, const psf_grid *g, double *inside, GError **err)
{
	plan p = { 0 };
	double sum;
	if (!plan_make(&p, dev, l, g, lens_band_r(l), err))
		return NULL;
	g_autoptr(slices) s = p.slices;
	g_autoptr(array) table = radial_table(dev, l, p.rows, p.step_nm, s, g->focus_nm, err);
	g_autoptr(array) psf = table ? finish(&p, table, &sum, err) : NULL;
	if (psf && inside) {
		double wide = hypot((double)g->size[0] * g->voxel_nm[0],
			(double)g->size[1] * g->voxel_nm[1]);
		g_autoptr(pupil) light = pupil_new(l, wide / 2, g->focus_nm, g->focus_nm, NULL);
		*inside = light ? sum * g->voxel_nm[0] * g->voxel_nm[1] /
			((double)g->size[2] * light->energy) : NAN;
	}
	return g_steal_pointer(&psf);
}

array *psf_light_sheet(device *dev, const lens *l, double sheet_nm, const psf_grid *g,
	GError **err)
{
	plan p = { 0 };
	double sum, sigma = sheet_nm / (2 * sqrt(2 * M_LN2));
	if (!(sheet_nm >= 1 && sheet_nm <= 1e9)) {
		error_set(err, RELUMINE_BAD_USAGE, "--sheet", "give its full width at half maximum in nm",
			"a sheet of light is 1 to 1e9 nm thick, not %g", sheet_nm);
		return NULL;
	}
	if (!plan_make(&p, dev, l, g, lens_band_r(l), err))
		return NULL;
	g_autoptr(slices) s = p.slices;
	g_autoptr(array) table = radial_table(dev, l, p.rows, p.step_nm, s, g->focus_nm, err);
	for (int64_t i = 0; table && i < p.rows; i++)
		for (int64_t j = 0; j < table->shape.x; j++)
			array_row(table, 0, 0, i)[j] *= (float)exp(-0.5 * pow(s->z_nm[j] / sigma, 2));
	return table ? finish(&p, table, &sum, err) : NULL;
}

double psf_pinhole_nm(const lens *l, double airy_units)
{
	return airy_units * 0.61 * l->wavelength_nm / l->aperture;
}

/* Emission as the detector behind the pinhole sees it. */
static array *detected(device *dev, const lens *l, const plan *p, double pinhole_nm, GError **err)
{
	double radius = pinhole_nm / p->step_nm;
	g_autoptr(array) wide = radial_table(dev, l, p->rows + (int64_t)ceil(radius) + 4, p->step_nm,
		p->slices, p->grid->focus_nm, err);
	if (!wide)
		return NULL;
	g_autoptr(array) out = radial_averaged(wide, p->rows, radius, lens_band_r(l) * p->step_nm);
	return device_ok(dev, err) ? g_steal_pointer(&out) : NULL;
}

array *psf_confocal(device *dev, const lens *emission, double excitation_nm, double pinhole_nm,
	const psf_grid *g, GError **err)
{
	plan p = { 0 };
	double sum;
	lens excitation = *emission;
	excitation.wavelength_nm = excitation_nm;
	if (!(pinhole_nm >= 0 && pinhole_nm <= 40 * lens_width_nm(emission))) {
		error_set(err, RELUMINE_BAD_USAGE, "--pinhole", "1 is usual; a pinhole that is wide open "
			"makes a widefield microscope", "a pinhole of %g nm radius at the specimen is none",
			pinhole_nm);
		return NULL;
	}
	if (!lens_check(&excitation, err) || !plan_make(&p, dev, emission, g,
	    lens_band_r(emission) + lens_band_r(&excitation), err))
		return NULL;
	g_autoptr(slices) s = p.slices;
	g_autoptr(array) seen = detected(dev, emission, &p, pinhole_nm, err);
	g_autoptr(array) lit = seen ? radial_table(dev, &excitation, p.rows, p.step_nm, s, g->focus_nm,
		err) : NULL;
	if (!lit)
		return NULL;
	vec_multiply(lit, seen);
	return finish(&p, lit, &sum, err);
}

void psf_gaussian_sigma(const lens *l, double sigma_nm[3])
{
	double k = 2 * M_PI / l->wavelength_nm;
	sigma_nm[0] = sigma_nm[1] = M_SQRT2 / (k * l->aperture);
	sigma_nm[2] = 2 * sqrt(6) * l->ni / (k * l->aperture * l->aperture);
}

void psf_flip_z(array *psf)
{
	for (int64_t i = 0; i < psf->shape.z / 2; i++)
		for (int64_t y = 0; y < psf->shape.y; y++)
			for (int64_t x = 0; x < psf->shape.x; x++) {
				float *a = array_row(psf, 0, i, y) + x;
				float *b = array_row(psf, 0, psf->shape.z - 1 - i, y) + x, keep = *a;
				*a = *b;
				*b = keep;
			}
}
