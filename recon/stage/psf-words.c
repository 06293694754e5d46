/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-words.c - what the numbers of a PSF mean */
#include "stage/psf.h"

#include <math.h>
#include <stdarg.h>

/* Above these a fault is told of; set by looking at PSFs known to be good and spoilt ones. */
#define DARK_SHARE 0.005          /* of the mean, in the darkest hundredth */
#define SATURATED_SHARE 1e-3    /* of the pixels */
#define CUT_SHARE 0.5           /* light per pixel at the border over that of the picture */
#define COARSE_SHARE 0.2        /* autocorrelation width over picture size */
/* of compact ones: */
#define BACKGROUND_SHARE 0.2    /* of the mean, in the darkest hundredth */
#define EDGE_SHARE 0.02         /* of the peak, at the outermost voxels */
#define NEGATIVE_SHARE 0.02     /* of the peak */

int psf_faults(const psf_facts *f, shape s)
{
	double coarse = fmin(f->width_y / (double)s.y, f->width_x / (double)s.x);
	return (f->floor_level > DARK_SHARE * f->mean ? PSF_DARK : 0) |
		(f->saturated > SATURATED_SHARE ? PSF_SATURATED : 0) |
		(f->border_light > CUT_SHARE ? PSF_CUT : 0) | (coarse > COARSE_SHARE ? PSF_COARSE : 0);
}

int spot_faults(const psf_facts *f, const spot_facts *spot, shape s)
{
	int64_t size[3] = { s.x, s.y, s.z };
	bool off = false;
	for (int k = 0; k < 3; k++)     /* a voxel beside the middle of an even size is in it */
		off = off || ABS(2 * spot->peak[k] - size[k] + 1) > 1;
	return (f->floor_level > BACKGROUND_SHARE * f->mean ? PSF_BACKGROUND : 0) |
		(f->saturated > 0 ? PSF_SATURATED : 0) | (off ? PSF_OFF_CENTRE : 0) |
		(spot->edge_most > EDGE_SHARE ? PSF_EDGE : 0) |
		(f->least < -NEGATIVE_SHARE * f->most ? PSF_NEGATIVE : 0);
}

static const struct { int fault; const char *words, *remedy; } faults[] = {
	{ PSF_DARK, "dark level not subtracted", "its darkest parts are not 0: take the dark level "
		"away before use (lensless does so with --dark)" },
	{ PSF_SATURATED, "saturated", "its brightest parts are cut off: expose it shorter" },
	{ PSF_CUT, "PSF cut by the border", "light reaches the border, so part of the pattern is "
		"missing: use a smaller aperture, or a larger part of the sensor" },
	{ PSF_COARSE, "no fine structure", "its autocorrelation is wide, so details merge" },
	{ PSF_BACKGROUND, "background not subtracted", "its darkest parts are not 0, and there are "
		"many of them: subtract their level" },
	{ PSF_OFF_CENTRE, "peak off centre", "a result would be shifted by as much: cut the PSF so "
		"that the peak is in the middle" },
	{ PSF_EDGE, "cut by the edge", "it is still bright at the outermost voxels: make or cut it "
		"larger" },
	{ PSF_NEGATIVE, "negative values", "light is never negative: set them to 0" },
};

char *psf_verdict(int found)
{
	g_autoptr(GString) words = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
		if (found & faults[i].fault)
			g_string_append_printf(words, "%s%s", words->len ? ", " : "", faults[i].words);
	return words->len ? g_string_free(g_steal_pointer(&words), FALSE) : g_strdup("usable");
}

/* --- into a report ---------------------------------------------------------------------------- */

typedef struct { const char *name, *words; double value; } number;

static void tell_numbers(const number *numbers, size_t n, report *r, GString *text)
{
	for (size_t i = 0; i < n; i++) {
		report_number(r, numbers[i].name, numbers[i].value);
		if (text && isnan(numbers[i].value))
			g_string_append_printf(text, "%-32s none\n", numbers[i].words);
		else if (text)
			g_string_append_printf(text, "%-32s %.6g\n", numbers[i].words, numbers[i].value);
	}
}

static void tell_faults(int found, report *r, GString *text)
{
	g_autofree char *verdict = psf_verdict(found);
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
		if (found & faults[i].fault)
			report_warn(r, "%s: %s", faults[i].words, faults[i].remedy);
	report_word(r, "verdict", verdict);
	if (text)
		g_string_append_printf(text, "%-32s %s\n", "verdict", verdict);
}

static void tell_levels(const psf_facts *f, report *r, GString *text)
{
	const number numbers[] = {
		{ "least", "smallest value", f->least }, { "most", "largest value", f->most },
		{ "mean", "mean", f->mean },
		{ "dark_level", "dark level (mean of the corner)", f->dark },
		{ "floor_level", "darkest hundredth", f->floor_level },
		{ "saturated_share", "saturated share", f->saturated },
		{ "border_light", "light at the border over mean", f->border_light },
		{ "border_energy_share", "energy share at the border", f->border_energy },
		{ "offset_y", "centre of mass, pixels down", f->offset_y },
		{ "offset_x", "centre of mass, pixels right", f->offset_x },
	};
	tell_numbers(numbers, G_N_ELEMENTS(numbers), r, text);
}

static void tell_waves(const psf_facts *f, report *r, GString *text)
{
	const number numbers[] = {
		{ "autocorrelation_fwhm_y", "autocorrelation height, pixels", f->width_y },
		{ "autocorrelation_fwhm_x", "autocorrelation width, pixels", f->width_x },
		{ "autocorrelation_side_peak", "its highest side peak", f->side_peak },
		{ "transfer_condition", "condition of |H|", f->condition },
	};
	tell_numbers(numbers, G_N_ELEMENTS(numbers), r, text);
}

/* All by name; in words see tell_in_words(). */
static void report_spot(const spot_facts *f, report *r)
{
	const number numbers[] = {
		{ "spread", "", f->spread }, { "peak_x", "", (double)f->peak[0] },
		{ "peak_y", "", (double)f->peak[1] }, { "peak_z", "", (double)f->peak[2] },
		{ "offset_z", "", f->offset[2] }, { "fwhm_x", "", f->fwhm[0] }, { "fwhm_y", "", f->fwhm[1] },
		{ "fwhm_z", "", f->fwhm[2] }, { "asymmetry_x", "", f->asymmetry[0] },
		{ "asymmetry_y", "", f->asymmetry[1] }, { "asymmetry_z", "", f->asymmetry[2] },
		{ "edge_light_share", "", f->edge_light }, { "end_light_share", "", f->end_light },
		{ "edge_brightness", "", f->edge_most },
	};
	tell_numbers(numbers, G_N_ELEMENTS(numbers), r, NULL);
}

static void say(GString *text, const char *what, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void say(GString *text, const char *what, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_string_append_printf(text, "%-32s ", what);
	g_string_append_vprintf(text, format, args);
	g_string_append_c(text, '\n');
	va_end(args);
}

/* Rounding is no distance. */
static double snapped(double v)
{
	return fabs(v) < 5e-4 ? 0 : v;
}

static void say_width(GString *text, const spot_facts *f, int axis, double voxel_nm)
{
	g_autofree char *what = g_strdup_printf("width at half maximum, %c", "xyz"[axis]);
	if (isnan(f->fwhm[axis]))
		say(text, what, "not reached");
	else if (isnan(voxel_nm))
		say(text, what, "%.4g voxels", f->fwhm[axis]);
	else
		say(text, what, "%.4g voxels, %.4g nm", f->fwhm[axis], f->fwhm[axis] * voxel_nm);
}

/* x, y, z, or x, y of one plane. */
static void tell_in_words(const psf_facts *f, const spot_facts *spot, const spot_of *of,
	GString *text)
{
	shape s = of->size;
	const int64_t n[3] = { s.x, s.y, s.z };
	int axes = s.z > 1 ? 3 : 2;
	say(text, "size (x, y, z)", "%d x %d x %d voxels", (int)s.x, (int)s.y, (int)s.z);
	if (isnan(of->voxel_nm[0]))
		say(text, "size of a voxel", "not in the file");
	else if (isnan(of->voxel_nm[2]))
		say(text, "size of a pixel", "%.6g x %.6g nm", of->voxel_nm[0], of->voxel_nm[1]);
	else
		say(text, "size of a voxel", "%.6g x %.6g x %.6g nm", of->voxel_nm[0], of->voxel_nm[1],
			of->voxel_nm[2]);
	say(text, "sum of all values", "%.6g", of->sum);
	say(text, "smallest, largest value", "%.6g, %.6g", f->least, f->most);
	say(text, "darkest hundredth, mean", "%.6g, %.6g", f->floor_level, f->mean);
	say(text, "share of saturated pixels", "%.6g", f->saturated);
	say(text, "brightest voxel (from 0)", "%d, %d, %d", (int)spot->peak[0], (int)spot->peak[1],
		(int)spot->peak[2]);
	say(text, "middle voxel", "%d, %d, %d", (int)(n[0] / 2), (int)(n[1] / 2), (int)(n[2] / 2));
	say(text, "centre of light from the middle", "%.3g, %.3g, %.3g", snapped(spot->offset[0]),
		snapped(spot->offset[1]), snapped(spot->offset[2]));
	for (int k = 0; k < axes; k++)
		say_width(text, spot, k, of->voxel_nm[k]);
	say(text, "asymmetry (0 none to 2)", axes == 3 ? "%.3g, %.3g, %.3g" : "%.3g, %.3g",
		snapped(spot->asymmetry[0]), snapped(spot->asymmetry[1]), snapped(spot->asymmetry[2]));
	say(text, "light at the sides", "%.3g %% of all", 100 * spot->edge_light);
	if (axes == 3)
		say(text, "light at the ends", "%.3g %% of all", 100 * spot->end_light);
	say(text, "brightest of that", "%.3g %% of the peak", 100 * spot->edge_most);
}

void psf_tell(const psf_facts *f, shape s, report *r, GString *text)
{
	tell_levels(f, r, text);
	tell_waves(f, r, text);
	tell_faults(psf_faults(f, s), r, text);
}

void spot_tell(const psf_facts *f, const spot_facts *spot, const spot_of *of, report *r,
	GString *text)
{
	tell_levels(f, r, NULL);
	report_spot(spot, r);
	report_number(r, "sum", of->sum);
	if (of->size.z == 1)    /* else they are of the first plane, which is out of focus */
		tell_waves(f, r, NULL);
	if (text)
		tell_in_words(f, spot, of, text);
	tell_faults(spot_faults(f, spot, of->size), r, text);
}

void spot_tell_widths(const array *psf, const double voxel_nm[3], report *r)
{
	spot_facts f;
	spot_measure(psf, 0, &f);
	for (int i = 0; i < 3; i++) {
		g_autofree char *name = g_strdup_printf("fwhm_%c", "xyz"[i]);
		g_autofree char *nm = g_strdup_printf("fwhm_%c_nm", "xyz"[i]);
		report_number(r, name, f.fwhm[i]);
		if (voxel_nm[i] > 0)
			report_number(r, nm, f.fwhm[i] * voxel_nm[i]);
	}
	report_number(r, "peak", f.most);
	report_number(r, "edge_brightness", f.edge_most);
}
