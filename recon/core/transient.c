/* SPDX-License-Identifier: BSD-3-Clause */
/* transient.c - what is known of a time-of-flight capture */
#include "core/transient.h"

#include <math.h>

transient *transient_new(void)
{
	transient *t = g_new0(transient, 1);
	t->bin = t->start = t->jitter = t->beam = t->gate = t->slab = NAN;
	for (int i = 0; i < 3; i++)
		t->laser[i] = t->camera[i] = NAN;
	t->wall[0] = t->wall[1] = NAN;
	t->taken = g_ptr_array_new_with_free_func(g_free);
	return t;
}

static double *copied(const double *values, int64_t n)
{
	return values ? g_memdup2(values, (gsize)n * sizeof(double)) : NULL;
}

transient *transient_copy(const transient *t)
{
	if (!t)
		return NULL;
	transient *c = g_memdup2(t, sizeof(*t));
	c->layout = g_strdup(t->layout);
	c->points = copied(t->points, 3 * t->n_points);
	c->normals = copied(t->normals, 3 * t->n_points);
	c->fixed = copied(t->fixed, 3 * t->n_fixed);
	c->first_bounce = copied(t->first_bounce, t->n_bounce);
	c->taken = g_ptr_array_copy(t->taken, (GCopyFunc)(void (*)(void))g_strdup, NULL);
	g_ptr_array_set_free_func(c->taken, g_free);
	return c;
}

void transient_free(transient *t)
{
	if (!t)
		return;
	g_free(t->layout);
	g_free(t->points);
	g_free(t->normals);
	g_free(t->fixed);
	g_free(t->first_bounce);
	g_ptr_array_unref(t->taken);
	g_free(t);
}

void transient_take(transient *t, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_ptr_array_add(t->taken, g_strdup_vprintf(format, args));
	va_end(args);
}

static void replace(double **kept, int64_t *count, int64_t n, int64_t each, const double *values)
{
	g_free(*kept);
	*kept = copied(values, each * n);
	*count = n;
}

void transient_set_points(transient *t, int64_t n, const double *places)
{
	replace(&t->points, &t->n_points, n, 3, places);
}

void transient_set_fixed(transient *t, int64_t n, const double *places)
{
	replace(&t->fixed, &t->n_fixed, n, 3, places);
}

void transient_set_normals(transient *t, int64_t n, const double *places)
{
	int64_t as_points = n;
	replace(&t->normals, &as_points, n, 3, places);
}

void transient_set_bounces(transient *t, int64_t n, const double *seconds)
{
	replace(&t->first_bounce, &t->n_bounce, n, 1, seconds);
}
