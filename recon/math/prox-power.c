/* SPDX-License-Identifier: BSD-3-Clause */
/* prox-power.c - the step of |x|^(1/2) and |x|^(2/3), as gradients of photographs are spread */
#include <assert.h>
#include <math.h>
#include "math/prox.h"
#include "math/vec.h"
#include "power.cl"

struct power {
	prox base;
	float weight;
	int root, n;
};

/* Where z = 0 and the other minimum are as good. */
double power_edge(int root, double t)
{
	double n = root;
	return (n + 1) / 2 * pow(2 * t / n, n / (n + 1));
}

double power_step_for(int root, double edge)
{
	double n = root;
	return n / 2 * pow(2 * edge / (n + 1), (n + 1) / n);
}

static void power_step(prox *p, array *y, float t)
{
	const struct power *s = (const struct power *)p;
	double step = (double)(t * s->weight), edge = power_edge(s->root, step), n = s->root;
	array first = channel_range(y, 0, y->shape.c / s->n);
	if (edge > 0)
		RUN(&first, k_power_shrink, y, s->n, first.shape.c * channel_stride(y), s->root,
			(float)(step * (1 - 1 / n)), (float)edge, (float)pow(edge, 1 / n));
}

static double power_value(prox *p, const array *x)
{
	const struct power *s = (const struct power *)p;
	array first = channel_range(x, 0, x->shape.c / s->n);
	g_autoptr(array) all = array_like(&first);
	RUN(all, k_length_power, all, x, s->n, first.shape.c * channel_stride(x), 1 - 1 / (float)s->root);
	return (double)s->weight * vec_sum(all);
}

prox *prox_power(float weight, int root, int n)
{
	static const prox_class class = { "power", power_step, power_value, NULL };
	assert(root == 2 || root == 3);
	struct power *s = prox_new(&class, sizeof(struct power));
	s->weight = weight;
	s->root = root;
	s->n = n;
	return &s->base;
}
