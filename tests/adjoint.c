/* SPDX-License-Identifier: BSD-3-Clause */
/* adjoint.c - every operator against its adjoint, and OpenCL against the CPU, at random shapes */
#include <glib.h>
#include <math.h>
#include "core/array.h"
#include "math/op.h"
#include "math/uniform.h"
#include "math/vec.h"

enum { SHAPES = 200, SOME = 30, FEW = 5 };

static uint64_t counter;

/* a whole number in [low, high] */
static int64_t pick(int64_t low, int64_t high)
{
	double u = ((double)uniform_at(77, counter++) + 1) / 2;
	return low + (int64_t)(u * (double)(high - low + 1));
}

/* 1-pixel, prime, odd and even sizes */
static int64_t pick_size(void)
{
	static const int64_t odd_ones[] = { 1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37 };
	return pick(0, 1) ? odd_ones[pick(0, G_N_ELEMENTS(odd_ones) - 1)] : pick(1, 40);
}

static shape pick_shape(void)
{
	return (shape){ pick(1, 3), pick(1, 3), pick_size(), pick_size() };
}

static array *uniform(device *dev, shape s, uint64_t seed)
{
	array *a = array_new(dev, REAL, s);
	array_fill_uniform(a, seed);
	return a;
}

static linop *make_identity(device *dev, shape s)
{
	return linop_scale(linop_identity(dev, s), 0.3f);
}

static linop *make_mask(device *dev, shape s)
{
	shape weights = s;
	weights.c = pick(0, 1) ? 1 : s.c;
	return linop_mask(uniform(dev, weights, 5), s);
}

static shape pick_part(shape s, position *at)
{
	shape part = { s.c, pick(1, s.z), pick(1, s.y), pick(1, s.x) };
	*at = (position){ pick(0, s.z - part.z), pick(0, s.y - part.y), pick(0, s.x - part.x) };
	return part;
}

static linop *make_crop(device *dev, shape s)
{
	position at;
	shape part = pick_part(s, &at);
	return linop_crop(dev, part, s, at);
}

static linop *make_pad(device *dev, shape s)
{
	position at;
	shape part = pick_part(s, &at);
	return linop_pad(dev, part, s, at);
}

/* Powers of 2: where a single pixel has no difference, no rounding is left to be a gap. */
static distances pick_spacing(void)
{
	double z = ldexp(1, (int)pick(-2, 2)), y = ldexp(1, (int)pick(-2, 2));
	return (distances){ z, y, ldexp(1, (int)pick(-2, 2)) };
}

static linop *make_periodic(device *dev, shape s)
{
	const distances d = pick_spacing();
	return linop_gradient(dev, s, (int)pick(2, 3), BORDER_PERIODIC, &d);
}

static linop *make_replicate(device *dev, shape s)
{
	const distances d = pick_spacing();
	return linop_gradient(dev, s, (int)pick(2, 3), BORDER_REPLICATE, &d);
}

static linop *make_area(device *dev, shape s)
{
	return linop_area(dev, s, pick_size(), pick_size());
}

static linop *make_downsample(device *dev, shape s)
{
	return linop_downsample(dev, s, pick(1, MIN(s.y, s.x)));
}

static linop *make_separable(device *dev, shape s)
{
	s.z = pick(0, 1) ? 1 : s.z;
	shape l = { s.z == 1 ? s.c : 1, 1, pick_size(), s.y }, r = { 1, 1, pick_size(), s.x };
	g_autoptr(array) left = uniform(dev, l, 1);
	g_autoptr(array) right = uniform(dev, r, 2);
	return linop_separable(s, left, right);
}

/* sum and stack and chain in one */
static linop *make_compound(device *dev, shape s)
{
	linop *d = linop_gradient(dev, s, 2, BORDER_PERIODIC, NULL);
	linop *ridge = linop_scale(linop_identity(dev, s), 0.5f);
	linop *normal = linop_add(linop_normal(linop_ref(d)), linop_ref(ridge));
	return linop_stack(linop_chain(d, normal), ridge);
}

static position pick_origin(shape psf)
{
	return (position){ pick(0, psf.z - 1), pick(0, psf.y - 1), pick(0, psf.x - 1) };
}

static linop *make_convolve(device *dev, shape s)
{
	int axes = (int)pick(2, 3);
	shape size = { pick(0, 1) ? 1 : s.c, axes == 3 ? pick(1, s.z) : s.z, pick(1, s.y),
		pick(1, s.x) };
	g_autoptr(array) psf = uniform(dev, size, 8);
	return linop_convolve(dev, s, psf, pick_origin(size), axes);
}

static linop *make_convolve_sum(device *dev, shape s)
{
	shape size = { pick(0, 1) ? 1 : s.c, s.z, pick(1, s.y), pick(1, s.x) };
	g_autoptr(array) psf = uniform(dev, size, 8);
	return linop_convolve_sum(dev, s, psf, pick_origin(size));
}

static linop *make_inverse(device *dev, shape s)
{
	g_autoptr(linop) m = make_convolve(dev, s);
	const distances d = pick_spacing();
	return linop_convolve_inverse(m, 0.3, 0.4, 0.5, &d);
}

/* a lensless camera: the window of a convolution on a grid of at least twice its size */
static linop *make_lensless(device *dev, shape s)
{
	shape grid = { s.c, s.z, 2 * s.y + pick(0, 3), 2 * s.x + pick(0, 3) };
	shape window = { s.c, 1, s.y, s.x }, large = { s.c, 1, grid.y, grid.x };
	g_autoptr(array) psf = uniform(dev, s, 8);
	return linop_chain(linop_crop(dev, window, large, window_centre(window, large)),
		linop_convolve_sum(dev, grid, psf, psf_origin(s, grid)));
}

static const struct maker {
	const char *name;
	linop *(*make)(device *dev, shape s);
	uint32_t opencl_shapes;         /* few where each shape means a transform to compile; with
					 * "-m slow" as many as on the CPU */
} makers[] = {
	{ "scaled-identity", make_identity, SOME },
	{ "mask", make_mask, SOME },
	{ "crop", make_crop, SOME },
	{ "pad", make_pad, SOME },
	{ "gradient-periodic", make_periodic, SOME },
	{ "gradient-replicate", make_replicate, SOME },
	{ "sum-depth", linop_sum_depth, SOME },
	{ "area", make_area, SOME },
	{ "downsample", make_downsample, SOME },
	{ "separable", make_separable, SOME },
	{ "compound", make_compound, SOME },
	{ "convolve", make_convolve, FEW },
	{ "convolve-sum", make_convolve_sum, FEW },
	{ "inverse", make_inverse, FEW },
	{ "lensless", make_lensless, FEW },
};

/* The gap, and that the stated bound of the norm holds. */
static void check_operator(linop *a, uint32_t seed)
{
	double gap = linop_adjoint_gap(a, seed);
	if (!(gap <= 1e-5))
		g_error("%s: gap %g, from %dx%d to %dx%d", a->class->name, gap, (int)a->domain.shape.y,
			(int)a->domain.shape.x, (int)a->range.shape.y, (int)a->range.shape.x);
	if (a->norm2 < 0)
		return;
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	array_fill_uniform(x, seed);
	linop_apply(a, y, x);
	g_assert_cmpfloat(vec_dot(y, y), <=, a->norm2 * vec_dot(x, x) * (1 + 1e-5));
}

static void adjoint(gconstpointer data)
{
	const struct maker *m = data;
	g_autoptr(device) dev = device_new("cpu", 2, NULL, NULL);
	counter = 0;
	for (uint32_t i = 0; i < SHAPES; i++) {
		g_autoptr(linop) a = m->make(dev, pick_shape());
		check_operator(a, i);
	}
	g_assert_true(device_ok(dev, NULL));
}

/* --- OpenCL ---------------------------------------------------------------------------------- */

static void expect_same(const array *a, const array *b, const char *name)
{
	g_autoptr(array) other = array_move(b, a->dev);
	vec_subtract(other, a);
	double off = vec_norm(other), size = vec_norm(a);
	if (!(off <= 1e-5 * size))
		g_error("%s: OpenCL differs by %g of %g", name, off, size);
}

static void compare(const linop *a, const linop *b)
{
	g_autoptr(array) x = linop_new_domain(a);
	g_autoptr(array) y = linop_new_range(a);
	array_fill_uniform(x, 1);
	array_fill_uniform(y, 2);
	g_autoptr(array) other_x = array_move(x, b->dev);
	g_autoptr(array) other_y = array_move(y, b->dev);
	linop_apply(a, y, x);
	linop_apply(b, other_y, other_x);
	expect_same(y, other_y, a->class->name);
	array_fill_uniform(y, 3);
	array_fill_uniform(other_y, 3);
	linop_adjoint(a, x, y);
	linop_adjoint(b, other_x, other_y);
	expect_same(x, other_x, a->class->name);
}

static void opencl(gconstpointer data)
{
	const struct maker *m = data;
	g_autoptr(device) cpu = device_new("cpu", 2, NULL, NULL);
	g_autoptr(device) dev = device_new("opencl", 1, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device on this machine");
		return;
	}
	counter = 1000;
	uint32_t shapes = g_test_slow() ? SHAPES : m->opencl_shapes;
	for (uint32_t i = 0; i < shapes; i++) {
		shape s = pick_shape();
		uint64_t before = counter;
		g_autoptr(linop) a = m->make(cpu, s);
		counter = before;       /* the same operator again */
		g_autoptr(linop) b = m->make(dev, s);
		check_operator(b, i);
		compare(a, b);
		if (a->norm2 >= 0)
			g_assert_cmpfloat_with_epsilon(b->norm2 / a->norm2, 1, 1e-5);
	}
	g_assert_true(device_ok(cpu, NULL));
	g_assert_true(device_ok(dev, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(makers); i++) {
		g_autofree char *name = g_strdup_printf("/adjoint/%s", makers[i].name);
		g_autofree char *both = g_strdup_printf("/adjoint/opencl/%s", makers[i].name);
		g_test_add_data_func(name, &makers[i], adjoint);
		g_test_add_data_func(both, &makers[i], opencl);
	}
	return g_test_run();
}
