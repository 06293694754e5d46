/* SPDX-License-Identifier: BSD-3-Clause */
/* lensless-separable.c - separable masks solved by their singular values */
#include "mode/lensless-separable.h"

#include <math.h>
#include "math/op.h"
#include "math/svd.h"
#include "math/vec.h"

/*
 * Relative to the largest of the squared products of singular values.  Of 1e-6 to 1, in steps of
 * ten, this or the next gave the best picture of simulated captures of 1e4 to 1e6 photons.
 */
#define DEFAULT_TIKHONOV 0.01
#define FLATCAM_TIKHONOV 3e-4   /* absolute: the authors' own program (tanjasper/flatcam) */

/*
 * ADMM's penalty in those units.  On a simulated capture of 512 x 640 pixels the objective was
 * within 6e-6 of the minimum after 20 iterations; with 0.2 within 4e-5, with 0.01 within 1e-3.
 */
#define SPLIT_PENALTY 0.05

/* --- in the bases of the singular vectors ----------------------------------------------------- */

/* The decompositions that serve a channel. */
typedef struct { const svd *left, *right; } bases;

static bases bases_of(const lensless_data *d, int64_t channel)
{
	guint l = d->left_svd->len == 1 ? 0 : (guint)channel;
	guint r = d->right_svd->len == 1 ? 0 : (guint)channel;
	return (bases){ d->left_svd->pdata[l], d->right_svd->pdata[r] };
}

double separable_gain(const lensless_data *d, int64_t channel)
{
	bases k = bases_of(d, channel);
	double most = k.left->s[0] * k.right->s[0];
	return most * most;
}

/* `rank` vectors as the rows of a matrix. */
static array *rows_of(device *dev, const double *vectors, int64_t rank, int64_t length)
{
	array *a = array_new(dev, REAL, (shape){ 1, 1, rank, length });
	g_autofree float *packed = g_new(float, (gsize)(rank * length));
	for (int64_t i = 0; i < rank * length; i++)
		packed[i] = (float)vectors[i];
	array_upload(a, packed);
	return a;
}

/* Y -> UL' Y UR */
static linop *into_ranges(device *dev, bases k)
{
	g_autoptr(array) l = rows_of(dev, k.left->u, k.left->rank, k.left->rows);
	g_autoptr(array) r = rows_of(dev, k.right->u, k.right->rank, k.right->rows);
	return linop_separable((shape){ 1, 1, k.left->rows, k.right->rows }, l, r);
}

/* X -> VL' X VR */
static linop *into_domains(device *dev, bases k)
{
	g_autoptr(array) l = rows_of(dev, k.left->v, k.left->rank, k.left->columns);
	g_autoptr(array) r = rows_of(dev, k.right->v, k.right->rank, k.right->columns);
	return linop_separable((shape){ 1, 1, k.left->columns, k.right->columns }, l, r);
}

/* of a singular value of A, and what is added to its square */
typedef double weight(double s, double ridge);

static double inverse_weight(double s, double ridge)
{
	return s / (s * s + ridge);
}

static double data_weight(double s, double ridge)
{
	return -s * s / (s * s + ridge);
}

/* Singular values of A are the products of those of L and R. */
static linop *weights(device *dev, bases k, weight *f, double ridge)
{
	shape s = { 1, 1, k.left->rank, k.right->rank };
	array *w = array_new(dev, REAL, s);
	g_autofree float *packed = g_new(float, (gsize)(s.y * s.x));
	for (int64_t i = 0; i < s.y * s.x; i++)
		packed[i] = (float)f(k.left->s[i / s.x] * k.right->s[i % s.x], ridge);
	array_upload(w, packed);
	return linop_mask(w, s);
}

/* (A'A + ridge)^-1 A' */
static linop *tikhonov(device *dev, bases k, double ridge)
{
	return linop_chain(linop_transpose(into_domains(dev, k)),
		linop_chain(weights(dev, k, inverse_weight, ridge), into_ranges(dev, k)));
}

/* mu (A'A + mu)^-1 = 1 - V S^2 / (S^2 + mu) V': so nothing large is subtracted from its like. */
static linop *pull(device *dev, bases k, double mu)
{
	linop *v = into_domains(dev, k);
	linop *data = linop_chain(linop_transpose(linop_ref(v)),
		linop_chain(weights(dev, k, data_weight, mu), v));
	return linop_add(linop_identity(dev, data->domain.shape), data);
}

/* --- the methods ------------------------------------------------------------------------------ */

/* y = (A'A + ridge)^-1 A'b for one channel, on `dev` */
static array *solve_channel(const lensless_data *d, int64_t channel, device *dev, double ridge)
{
	array b = array_channel(d->b, channel);
	g_autoptr(array) moved = array_move(&b, dev);
	g_autoptr(linop) a = tikhonov(dev, bases_of(d, channel), ridge);
	array *x = linop_new_range(a);
	linop_apply(a, x, moved);
	return x;
}

bool lensless_tikhonov(task *t, const lensless_data *d, array *result, GError **err)
{
	const lensless_options *o = t->options;
	bool absolute = o->compat == COMPAT_FLATCAM;
	double given = !isnan(o->tikhonov) ? o->tikhonov : absolute ? FLATCAM_TIKHONOV : DEFAULT_TIKHONOV;
	/* the matrices are scaled: so is a number that was meant for them as they came */
	double unit = 1 / (d->psf_sum * d->psf_sum);
	double ridge = absolute ? given / unit : given * d->gain;
	report_number(t->report, "tikhonov", ridge / d->gain);
	report_number(t->report, "tikhonov_absolute", ridge * unit);
	for (int64_t c = 0; c < d->b->shape.c; c++) {
		g_autoptr(array) x = solve_channel(d, c, t->dev, ridge);
		array to = array_channel(result, c);
		vec_clamp(x, 0, INFINITY);
		if (!device_ok(t->dev, err))
			return false;
		array_assign(&to, x);
	}
	return device_ok(t->dev, err);
}

double separable_penalty(const lensless_data *d)
{
	return SPLIT_PENALTY * d->gain;
}

bool separable_split_load(separable_split *s, const lensless_data *d, int64_t channel, device *dev,
	GError **err)
{
	double mu = separable_penalty(d);
	s->start = solve_channel(d, channel, dev, mu);
	s->pull = pull(dev, bases_of(d, channel), mu);
	s->step = (data_step){ s->start, s->pull, mu };
	return device_ok(dev, err);
}

void separable_split_clear(separable_split *s)
{
	array_free(s->start);
	linop_free(s->pull);
}

array *separable_colour(array *taken)
{
	g_autoptr(array) planes = taken;
	shape s = planes->shape;
	array *colour = array_new(planes->dev, REAL, (shape){ 3, s.z, s.y, s.x });
	for (int64_t c = 0; c < 3; c++) {
		array from = array_channel(planes, c + (c == 2)), to = array_channel(colour, c);
		vec_copy(&to, &from);
	}
	array second = array_channel(planes, 2), green = array_channel(colour, 1);
	vec_add(&green, &second);
	vec_scale(&green, 0.5f);
	return colour;
}
