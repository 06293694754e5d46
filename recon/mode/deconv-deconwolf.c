/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-deconwolf.c - counts and PSF as deconwolf 0.4.7 takes them (github.com/elgw/deconwolf) */
#include <math.h>

#include "core/error.h"
#include "math/vec.h"
#include "mode/deconv.h"

/* Its --offset, added before and taken off the result; the least of --bg; its --xyfactor. */
#define OFFSET 5.0
#define LEAST_BACKGROUND 0.01
#define LATERAL_SHARE 0.001

bool deconwolf_take_counts(const task *t, deconv_data *d, GError **err)
{
	const input *in = &t->inputs[0];
	float least, most;
	d->y = input_take(&t->inputs[0]);
	d->frames = in->scale && in->scale->frames > 0 && d->y->shape.z % in->scale->frames == 0 ?
		in->scale->frames : 1;
	vec_range(d->y, &least, &most);
	if (!(least >= 0 && most > 0)) {
		error_set(err, RELUMINE_BAD_INPUT, in->path, "look at it: relumine inspect", "with --compat "
			"deconwolf values go from 0 up, these from %g to %g", (double)least, (double)most);
		return false;
	}
	d->scale = 1;
	d->shift = OFFSET;
	vec_shift(d->y, (float)OFFSET);
	d->background = NAN;
	d->least = g_new(double, d->y->shape.c);
	for (int64_t k = 0; k < d->y->shape.c; k++) {
		array channel = array_channel(d->y, k);
		vec_range(&channel, &least, &most);
		d->least[k] = fmax((double)least, LEAST_BACKGROUND);
	}
	report_number(t->report, "least", d->least[0]);
	return device_ok(t->cpu, err);
}

/* The light of column x. */
static double column(const array *psf, int64_t x)
{
	double sum = 0;
	for (int64_t row = 0; row < psf->shape.z * psf->shape.y; row++)
		sum += (double)array_row(psf, 0, row / psf->shape.y, row % psf->shape.y)[x];
	return sum;
}

/* Columns with next to no light are cut off, and as many rows. */
void deconwolf_crop(deconv_spread *a)
{
	shape s = a->psf->shape;
	double most = 0;
	int64_t dark = 0, side = MIN(s.x, s.y);
	for (int64_t x = 0; x < s.x; x++)
		most = fmax(most, column(a->psf, x));
	while (2 * dark + 1 < side && column(a->psf, dark) < LATERAL_SHARE * most)
		dark++;
	g_autoptr(array) whole = a->psf;
	a->psf = deconv_part(whole, (position){ 0, dark, dark },
		(position){ s.z, s.y - dark, s.x - dark });
	a->centre.y -= dark;
	a->centre.x -= dark;
}
