/* SPDX-License-Identifier: BSD-3-Clause */
/* prox-power.c - the step of |x|^(1/2) and |x|^(2/3), as gradients of photographs are spread */
#include <assert.h>
#include <math.h>
#include "math/group.h"
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
	if (!(edge > 0))
		return;
	g_autoptr(array) keep = group_lengths(y, s->n);
	RUN(keep, k_power_keep, keep, s->root == 2 ? 1.0f : 0.0f, (float)(step * (1 - 1 / n)),
		(float)edge, (float)pow(edge, 1 / n));
	group_multiply(y, keep, s->n);
}

static double power_value(prox *p, const array *x)
{
	const struct power *s = (const struct power *)p;
	g_autoptr(array) all = group_lengths(x, s->n);
	RUN(all, k_power_up, all, 1 - 1 / (float)s->root);
	return (double)s->weight * vec_sum(all);
}

prox *prox_power(float weight, int root, int n)
{
	static const prox_class class = { "power", power_step, power_value, NULL };
	assert((root == 2 || root == 3) && n >= 1 && n <= 3);
	struct power *s = prox_new(&class, sizeof(struct power));
	s->weight = weight;
	s->root = root;
	s->n = n;
	return &s->base;
}
