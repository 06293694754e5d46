/* SPDX-License-Identifier: BSD-3-Clause */
/* psf-words.c - what the numbers of a PSF mean */
#include "stage/psf.h"

#include <math.h>

/* Above these a fault is told of; set by looking at PSFs known to be good and spoilt ones. */
#define DARK_SHARE 0.005          /* of the mean, in the darkest hundredth */
#define SATURATED_SHARE 1e-3    /* of the pixels */
#define CUT_SHARE 0.5           /* light per pixel at the border over that of the picture */
#define COARSE_SHARE 0.2        /* autocorrelation width over picture size */

int psf_faults(const psf_facts *f, shape s)
{
	double coarse = fmin(f->width_y / (double)s.y, f->width_x / (double)s.x);
	return (f->floor_level > DARK_SHARE * f->mean ? PSF_DARK : 0) |
		(f->saturated > SATURATED_SHARE ? PSF_SATURATED : 0) |
		(f->border_light > CUT_SHARE ? PSF_CUT : 0) | (coarse > COARSE_SHARE ? PSF_COARSE : 0);
}

static const struct { int fault; const char *words, *remedy; } faults[] = {
	{ PSF_DARK, "dark level not subtracted", "its darkest parts are not 0: take the dark level away "
		"before use (lensless does so with --dark)" },
	{ PSF_SATURATED, "saturated", "its brightest parts are cut off: expose it shorter" },
	{ PSF_CUT, "PSF cut by the border", "light reaches the border, so part of the pattern is missing: "
		"use a smaller aperture, or a larger part of the sensor" },
	{ PSF_COARSE, "no fine structure", "its autocorrelation is wide, so details cannot be told apart" },
};

char *psf_verdict(int found)
{
	g_autoptr(GString) words = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
		if (found & faults[i].fault)
			g_string_append_printf(words, "%s%s", words->len ? ", " : "", faults[i].words);
	return words->len ? g_string_free(g_steal_pointer(&words), FALSE) : g_strdup("usable");
}

void psf_tell(const psf_facts *f, shape s, report *r)
{
	const struct { const char *name; double value; } numbers[] = {
		{ "least", f->least }, { "most", f->most }, { "mean", f->mean }, { "dark_level", f->dark },
		{ "floor_level", f->floor_level }, { "saturated_share", f->saturated },
		{ "border_light", f->border_light }, { "border_energy_share", f->border_energy },
		{ "offset_y", f->offset_y }, { "offset_x", f->offset_x },
		{ "autocorrelation_fwhm_y", f->width_y }, { "autocorrelation_fwhm_x", f->width_x },
		{ "autocorrelation_side_peak", f->side_peak }, { "transfer_condition", f->condition },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
		report_number(r, numbers[i].name, numbers[i].value);
	int found = psf_faults(f, s);
	for (size_t i = 0; i < G_N_ELEMENTS(faults); i++)
		if (found & faults[i].fault)
			report_warn(r, "%s: %s", faults[i].words, faults[i].remedy);
	g_autofree char *verdict = psf_verdict(found);
	report_word(r, "verdict", verdict);
}
