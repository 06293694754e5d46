/* SPDX-License-Identifier: BSD-3-Clause */
/* deconv-stack.c - a method run on each channel and point of time, one by one */
#include "mode/deconv.h"

static void stack_clear(deconv_stack *s)
{
	array_free(s->y);
	array_free(s->weights);
	array_free(s->offset);
	array_free(s->psf);
	array_free(s->result);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(deconv_stack, stack_clear)

static bool stack_load(deconv_stack *s, const task *t, const deconv_data *d, GError **err)
{
	int64_t channel = s->number / d->frames, frame = s->number % d->frames;
	deconv_spread *spread = deconv_spread_of(d, channel);
	s->y_here = deconv_frame(d->y, channel, frame, d->frames);
	s->y = array_lend(&s->y_here, t->dev);
	if (d->weights) {
		s->weights_here = deconv_frame(d->weights, channel, frame, d->frames);
		s->weights = array_lend(&s->weights_here, t->dev);
	}
	if (d->offset) {
		array o = deconv_frame(d->offset, channel, frame, d->frames);
		s->offset = array_lend(&o, t->dev);
	}
	s->spread = spread;
	s->psf = spread->psf ? array_lend(spread->psf, t->dev) : NULL;
	s->centre = spread->centre;
	return device_ok(t->dev, err);
}

void deconv_tell_end(const task *t, int64_t iterations)
{
	const deconv_options *o = t->options;
	report_integer(t->report, "iterations", iterations);
	report_word(t->report, "ended_by", iterations >= o->iterations ? "--iterations" :
		o->stop == STOP_AUTO ? "light held back" : "small change");
}

bool deconv_each(task *t, const deconv_data *d, array *result, const deconv_method *method,
	GError **err)
{
	int64_t stacks = d->y->shape.c * d->frames;
	for (int64_t i = 0; i < stacks; i++) {
		g_auto(deconv_stack) s = { .number = i, .count = stacks };
		array to = deconv_frame(result, i / d->frames, i % d->frames, d->frames);
		if (!stack_load(&s, t, d, err))
			return false;
		s.result = t->dev == to.dev ? array_lend(&to, to.dev) : array_new(t->dev, REAL, to.shape);
		if (!method->solve(t, d, &s, method->tally, err) || !device_ok(t->dev, err))
			return false;
		if (s.result->dev != to.dev)
			array_assign(&to, s.result);
	}
	return device_ok(t->cpu, err);
}
