/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-lens.c - a lens that can be, points of its PSF, its focus, and how far its light goes */
#include <math.h>
#include "core/error.h"
#include "stage/psf-pupil.h"

#define LATERAL_SHARE 0.995     /* of the light of all planes */
enum { LATERAL_MOST = 255, PLANES_MOST = 511 };

/* --- is there such a lens? -------------------------------------------------------------------- */

static bool refuse(GError **err, const char *option, const char *remedy, const char *what, double v)
{
	error_set(err, RELUMINE_BAD_USAGE, option, remedy, "%s, not %g", what, v);
	return false;
}

static bool check_index(const char *option, double n, GError **err)
{
	return (n >= 1 && n <= 4) || refuse(err, option, "air 1, water 1.333, glycerol 1.47, oil 1.515",
		"a refractive index is 1 to 4", n);
}

static bool check_layers(const lens *l, GError **err)
{
	const struct { const char *option; double nm; } lengths[] = {
		{ "--depth", l->depth_nm }, { "--ti0", l->ti0_nm }, { "--tg", l->tg_nm },
		{ "--tg0", l->tg0_nm },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++)
		if (!(lengths[i].nm >= 0 && lengths[i].nm <= 1e8))
			return refuse(err, lengths[i].option, "give it in nm",
				"a layer is 0 to 1e8 nm thick", lengths[i].nm);
	return check_index("--ns", l->ns, err) && check_index("--ni0", l->ni0, err) &&
		check_index("--ng", l->ng, err) && check_index("--ng0", l->ng0, err);
}

bool lens_check(const lens *l, GError **err)
{
	if (!(l->wavelength_nm >= 1 && l->wavelength_nm <= 1e6))
		return refuse(err, "--wavelength", "green light has 520", "a wavelength is 1 to 1e6 nm",
			l->wavelength_nm);
	if (!(l->aperture >= 0.001 && l->aperture <= 4))
		return refuse(err, "--na", "it is written on the objective: 60x/1.40 means --na 1.4",
			"a numerical aperture is 0.001 to 4", l->aperture);
	if (!check_index("--ni", l->ni, err))
		return false;
	if (l->aperture > l->ni) {
		error_set(err, RELUMINE_BAD_USAGE, "--na", "give the immersion's refractive index with "
			"--ni: air 1, water 1.333, glycerol 1.47, oil 1.515", "a numerical aperture of %g is "
			"more than the refractive index %g of the immersion lets through", l->aperture, l->ni);
		return false;
	}
	return l->model != LENS_GIBSON_LANNI || check_layers(l, err);
}

double lens_likely_index(double aperture)
{
	return aperture > 1.33 ? 1.515 : aperture > 0.95 ? 1.333 : 1;
}

/* --- points ----------------------------------------------------------------------------------- */

double lens_intensity(const lens *l, double r_nm, double z_nm)
{
	g_autoptr(pupil) p = pupil_new(l, r_nm, z_nm, z_nm, NULL);
	return p ? pupil_intensity(p, r_nm, z_nm) : NAN;
}

/* The defocus that fits the aberrations best: least squares over the pupil, by area. */
static double paraxial_focus(const pupil *p)
{
	double n = 0, s = 0, f = 0, ss = 0, sf = 0;
	for (int64_t i = 0; i < p->rings; i++) {
		double w = p->weight[0][i], slope = p->slope[i], phase = p->phase[i];
		n += w;
		s += w * slope;
		f += w * phase;
		ss += w * slope * slope;
		sf += w * slope * phase;
	}
	return -(n * sf - s * f) / (n * ss - s * s);
}

/* The maximum between two points that enclose but one, by thirds. */
static double climb(const pupil *p, double low, double high)
{
	while (high - low > 1e-3) {
		double a = low + (high - low) / 3, b = high - (high - low) / 3;
		if (pupil_intensity(p, 0, a) < pupil_intensity(p, 0, b))
			low = a;
		else
			high = b;
	}
	return (low + high) / 2;
}

double lens_focus_nm(const lens *l)
{
	if (l->model != LENS_GIBSON_LANNI)
		return 0;
	double reach = 1.5 * (l->depth_nm + fabs(l->tg_nm - l->tg0_nm)) * l->ni +
		8 * lens_height_nm(l);
	g_autoptr(pupil) rough = pupil_new(l, 0, -reach, reach, NULL);
	if (!rough)
		return NAN;
	double middle = paraxial_focus(rough), step = lens_height_nm(l) / 8;
	double span = 0.5 * fabs(middle) + 80 * step, best = middle, most = -1;
	g_autoptr(pupil) p = pupil_new(l, 0, middle - span, middle + span, NULL);
	if (!p || span / step > 1e5)
		return NAN;
	for (double z = middle - span; z <= middle + span; z += step) {
		double here = pupil_intensity(p, 0, z);
		best = here > most ? z : best;
		most = fmax(here, most);
	}
	return climb(p, best - step, best + step);
}

/* --- size ------------------------------------------------------------------------------------- */

enum { SLICES = 9 };

/*
 * The light in the ring number i of width `step`, mean over the slices, over all light.  Midpoints
 * of rings, and Euler and Maclaurin's term at the axis, where r I(r) has a kink.
 */
static double ring_light(const pupil *p, const waves *w, int64_t i, double step)
{
	double re[SLICES], im[SLICES], row[SLICES], sum = 0;
	pupil_row(p, w, ((double)i + 0.5) * step, re, im, row);
	for (int k = 0; k < SLICES; k++)
		sum += ((double)i + 0.5) * row[k] / SLICES;
	if (i == 0) {
		pupil_row(p, w, 0, re, im, row);
		for (int k = 0; k < SLICES; k++)
			sum -= row[k] / 24 / SLICES;
	}
	return sum * 2 * M_PI * step * step / p->energy;
}

/* Half the width, in nm, that holds the share of light up to z_nm from focus; at most `most_nm`. */
static double reach_of_light(const lens *l, double z_nm, double most_nm)
{
	double step = l->wavelength_nm / (8 * l->aperture), focus = lens_focus_nm(l), sum = 0;
	double z[SLICES];
	int64_t n = (int64_t)ceil(fmin(most_nm / step, 1e5));
	for (int k = 0; k < SLICES; k++)
		z[k] = focus + z_nm * (2.0 * k / (SLICES - 1) - 1);
	g_autoptr(pupil) p = pupil_new(l, most_nm + step, z[0], z[SLICES - 1], NULL);
	g_autoptr(waves) w = p ? waves_new(p, SLICES, z) : NULL;
	for (int64_t i = 0; w && i < n; i++) {
		sum += ring_light(p, w, i, step);
		if (sum >= LATERAL_SHARE)
			return (double)(i + 1) * step;
	}
	return most_nm;
}

static int64_t odd(double half, int64_t most)
{
	return 2 * (int64_t)fmin(ceil(half), (double)(most / 2)) + 1;
}

void psf_size_for(const lens *l, const double voxel_nm[3], const int64_t stack[3],
	int64_t size[3])
{
	int64_t most[2];
	for (int i = 0; i < 2; i++)
		most[i] = stack ? CLAMP(2 * stack[i] - 1, 1, LATERAL_MOST) : LATERAL_MOST;
	size[2] = stack ? MIN(2 * stack[2] - 1, PSF_SIDE_MOST) :
		odd(3.5 * lens_height_nm(l) / voxel_nm[2], PLANES_MOST);
	double z_nm = (double)(size[2] / 2) * (size[2] > 1 ? voxel_nm[2] : 0);
	double most_nm = fmax((double)most[0] * voxel_nm[0], (double)most[1] * voxel_nm[1]) / 2;
	double reach = reach_of_light(l, z_nm, most_nm);
	for (int i = 0; i < 2; i++)
		size[i] = odd(reach / voxel_nm[i] - 0.5, most[i]);
}
