/* SPDX-License-Identifier: BSD-3-Clause */
/* opencl.c - the OpenCL device against the CPU, its limits, its errors and its program cache */
#include <glib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include "core/error.h"
#include "core/opencl-inside.h"
#include "math/vec.h"
#include "forms.cl"

extern const char forms_text[];

static const shape shapes[] = {
	{ 1, 1, 1, 1 }, { 1, 1, 1, 7 }, { 2, 1, 5, 1 }, { 1, 3, 16, 30 }, { 3, 2, 13, 17 },
	{ 2, 1, 31, 64 }, { 1, 1, 3, 257 },
};

/* --- helpers --------------------------------------------------------------------------------- */

/* NULL, and the test skipped, on a machine without OpenCL. */
static device *open_any(const char *cache)
{
	g_autoptr(GError) err = NULL;
	device *dev = device_new("opencl", 1, cache, &err);
	if (dev)
		return dev;
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_DEVICE_LOST);
	g_test_skip("no OpenCL device on this machine");
	return NULL;
}

static int64_t count(enum array_type type, shape s)
{
	return shape_count(s) * (type == COMPLEX ? 2 : 1);
}

static array *make(device *dev, enum array_type type, shape s, guint32 seed)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	g_autofree float *values = g_new(float, count(type, s));
	for (int64_t i = 0; i < count(type, s); i++)
		values[i] = (float)g_rand_double_range(rand, -2, 2);
	array *a = array_new(dev, type, s);
	array_upload(a, values);
	return a;
}

static void assert_near(double a, double b)
{
	if (!(fabs(a - b) <= 1e-5 * (1 + fabs(b))))
		g_error("%.9g is not %.9g", a, b);
}

static void assert_same(const array *a, const array *b)
{
	int64_t n = count(a->type, a->shape);
	g_autofree float *x = g_new0(float, n), *y = g_new0(float, n);
	array_download(a, x);
	array_download(b, y);
	for (int64_t i = 0; i < n; i++)
		assert_near((double)x[i], (double)y[i]);
	g_assert_true(device_ok(a->dev, NULL));
	g_assert_true(device_ok(b->dev, NULL));
}

/* --- every vec_* function -------------------------------------------------------------------- */

static void do_fill(array *y, const array *x) { (void)x; vec_fill(y, 3); }
static void do_scale(array *y, const array *x) { (void)x; vec_scale(y, -3); }
static void do_shift(array *y, const array *x) { (void)x; vec_shift(y, 0.25f); }
static void do_divide(array *y, const array *x) { vec_divide(y, x, 0.1f); }
static void do_axpy(array *y, const array *x) { vec_axpy(y, 0.3f, x); }
static void do_xpay(array *y, const array *x) { vec_xpay(y, 0.3f, x); }
static void do_clamp(array *y, const array *x) { (void)x; vec_clamp(y, -0.5f, 0.75f); }
static void do_soft(array *y, const array *x) { (void)x; vec_soft(y, 0.5f); }

static void do_extrapolate(array *y, const array *x)
{
	g_autoptr(array) old = array_copy(y);
	vec_extrapolate(y, x, old, 0.7f);
}

static void (*const functions[])(array *y, const array *x) = {
	do_fill, vec_copy, do_scale, do_shift, vec_add, vec_subtract, vec_multiply, do_divide, do_axpy,
	do_xpay, do_extrapolate, do_clamp, do_soft,
};

static void compare_vectors(device *cpu, device *cl, enum array_type type, shape s)
{
	for (size_t f = 0; f < G_N_ELEMENTS(functions); f++) {
		g_autoptr(array) y = make(cpu, type, s, 1), x = make(cpu, type, s, 2);
		g_autoptr(array) cl_y = array_move(y, cl), cl_x = array_move(x, cl);
		functions[f](y, x);
		functions[f](cl_y, cl_x);
		assert_same(cl_y, y);
		array part = array_channel(y, s.c - 1), cl_part = array_channel(cl_y, s.c - 1);
		array from = array_channel(x, 0), cl_from = array_channel(cl_x, 0);
		functions[f](&part, &from);
		functions[f](&cl_part, &cl_from);
		assert_same(cl_y, y);
	}
}

static void compare_sums(const array *a, const array *b)
{
	float low[2], high[2];
	g_autoptr(array) a_half = array_copy(a), b_half = array_copy(b);
	vec_shift(a_half, 0.5f);
	vec_shift(b_half, 0.5f);
	assert_near(vec_dot(a, a_half), vec_dot(b, b_half));
	assert_near(vec_norm(a), vec_norm(b));
	assert_near(vec_sum(a), vec_sum(b));
	assert_near(vec_sum_abs(a), vec_sum_abs(b));
	g_assert_true(vec_max_abs(a) == vec_max_abs(b));
	vec_range(a, &low[0], &high[0]);
	vec_range(b, &low[1], &high[1]);
	g_assert_true(low[0] == low[1] && high[0] == high[1]);
	g_assert_true(vec_finite(a) && vec_finite(b));
}

static void vectors(void)
{
	g_autoptr(device) cl = open_any(NULL);
	g_autoptr(device) cpu = device_new("cpu", 2, NULL, NULL);
	for (size_t i = 0; cl && i < G_N_ELEMENTS(shapes); i++) {
		for (enum array_type type = REAL; type <= COMPLEX; type++) {
			g_autoptr(array) x = make(cpu, type, shapes[i], 3), cl_x = array_move(x, cl);
			array part = array_channel(x, shapes[i].c - 1);
			array cl_part = array_channel(cl_x, shapes[i].c - 1);
			compare_vectors(cpu, cl, type, shapes[i]);
			compare_sums(cl_x, x);
			compare_sums(&cl_part, &part);
		}
	}
}

static void not_finite(void)
{
	g_autoptr(device) cl = open_any(NULL);
	if (!cl)
		return;
	const float bad[] = { NAN, INFINITY, -INFINITY };
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		float values[2 * 105] = { 0 };
		values[209] = bad[i];
		g_autoptr(array) x = array_new(cl, COMPLEX, (shape){ 1, 3, 5, 7 });
		array_upload(x, values);
		g_assert_false(vec_finite(x));
	}
	g_assert_true(device_ok(cl, NULL));
}

/* --- every form of kernel -------------------------------------------------------------------- */

static void use_forms(device *dev)
{
	opencl *cl = dev->opencl;
	const char *text = forms_text;
	clReleaseProgram(cl->program);
	cl->program = clCreateProgramWithSource(cl->context, 1, &text, NULL, NULL);
	g_assert_cmpint(clBuildProgram(cl->program, 1, &cl->id, "-cl-std=CL1.2", NULL, NULL), ==, 0);
}

static void run_forms(array *y, array *x, array *wide, array *narrow, array *result)
{
	RUN(y, k_test_conj, y, x, 0.5f);
	RUN(narrow, k_test_widen, wide, wide->pitch, narrow, narrow->pitch, wide->shape.x);
	RUN(y, k_test_weigh, y, y->pitch, wide, wide->pitch, y->shape.x);
	RUN_PART(y, 0, 2, k_test_weigh, y, y->pitch, wide, wide->pitch, y->shape.x);
	RUN(y, k_test_energy, result, y, y->pitch, y->shape.x);
}

static void forms(void)
{
	g_autoptr(device) cl = open_any(NULL);
	g_autoptr(device) cpu = device_new("cpu", 2, NULL, NULL);
	if (!cl)
		return;
	use_forms(cl);
	shape s = { 2, 3, 13, 84 }, half = { 2, 3, 13, 42 };
	g_autoptr(array) y = make(cpu, COMPLEX, s, 1), x = make(cpu, COMPLEX, s, 2);
	g_autoptr(array) wide = make(cpu, REAL, s, 3), narrow = make(cpu, REAL, half, 4);
	g_autoptr(array) rows = make(cpu, REAL, (shape){ 1, 1, 1, array_rows(y) }, 5);
	g_autoptr(array) cl_y = array_move(y, cl), cl_x = array_move(x, cl);
	g_autoptr(array) cl_wide = array_move(wide, cl), cl_narrow = array_move(narrow, cl);
	g_autoptr(array) cl_rows = array_move(rows, cl);
	run_forms(y, x, wide, narrow, rows);
	run_forms(cl_y, cl_x, cl_wide, cl_narrow, cl_rows);
	assert_same(cl_y, y);
	assert_same(cl_wide, wide);
	g_autofree float *a = g_new(float, rows->shape.x), *b = g_new(float, rows->shape.x);
	array_download(rows, a);
	array_download(cl_rows, b);
	for (int64_t r = 0; r < rows->shape.x; r++)
		if (r % y->plane_rows < s.y)    /* halo rows hold nothing */
			assert_near((double)b[r], (double)a[r]);
	array channel = array_channel(y, 1), cl_channel = array_channel(cl_y, 1);
	array of = array_channel(x, 1), cl_of = array_channel(cl_x, 1);
	RUN(&channel, k_test_conj, &channel, &of, 2.0f);
	RUN(&cl_channel, k_test_conj, &cl_channel, &cl_of, 2.0f);
	assert_same(cl_y, y);
}

/* --- moving, limits, errors ------------------------------------------------------------------ */

static void moves(void)
{
	g_autoptr(device) cl = open_any(NULL);
	g_autoptr(device) cpu = device_new("cpu", 1, NULL, NULL);
	for (size_t i = 0; cl && i < G_N_ELEMENTS(shapes); i++) {
		for (enum array_type type = REAL; type <= COMPLEX; type++) {
			int64_t n = count(type, shapes[i]);
			g_autofree float *values = g_new(float, n), *back = g_new0(float, n);
			for (int64_t k = 0; k < n; k++)
				values[k] = (float)k;
			g_autoptr(array) a = array_new(cpu, type, shapes[i]);
			array_upload(a, values);
			g_autoptr(array) b = array_move(a, cl), c = array_copy(b), d = array_move(c, cpu);
			array_download(d, back);
			g_assert_true(!memcmp(values, back, (gsize)n * sizeof(float)));
		}
	}
	g_assert_true(!cl || device_ok(cl, NULL));
	g_assert_true(!cl || cl->memory_used == 0);
}

static void assert_over_limit(device *dev)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(array) large = array_new(dev, REAL, (shape){ 1, 1, 1000, 1000 });
	vec_fill(large, 1);     /* no effect */
	g_assert_false(device_ok(dev, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_OVER_LIMIT);
	g_assert_nonnull(strstr(err->message, "\n  try:   "));
	g_assert_cmpint(dev->memory_used, ==, 0);
	g_autoptr(array) small = array_new(dev, REAL, (shape){ 1, 1, 10, 10 });
	g_assert_nonnull(small->buffer);
	g_assert_true(device_ok(dev, NULL));
}

static void limits(void)
{
	g_autoptr(device) cl = open_any(NULL);
	if (!cl)
		return;
	int64_t largest = cl->opencl->largest_buffer, memory = cl->opencl->memory;
	g_assert_cmpint(largest, >, 0);
	g_assert_cmpint(memory, >=, largest);
	cl->memory_limit = 1 << 20;
	assert_over_limit(cl);
	cl->memory_limit = 0;
	cl->opencl->largest_buffer = 1 << 20;
	assert_over_limit(cl);
	cl->opencl->largest_buffer = largest;
	cl->opencl->memory = 1 << 20;
	assert_over_limit(cl);
	cl->opencl->memory = memory;
	g_autoptr(array) large = array_new(cl, REAL, (shape){ 1, 1, 1000, 1000 });
	g_assert_nonnull(large->buffer);
	g_assert_true(device_ok(cl, NULL));
}

static void failures_stick(void)
{
	g_autoptr(device) cl = open_any(NULL);
	if (!cl)
		return;
	float value = 0;
	g_autoptr(array) y = array_new(cl, REAL, (shape){ 1, 1, 1, 1 });
	vec_fill(y, 1);
	static const struct kernel unknown = { "k_unknown", NULL, KERNEL_LINEAR, 0, NULL };
	launch(y, 0, INT64_MAX, &unknown, NULL);
	g_assert_nonnull(cl->error);
	vec_fill(y, 2);
	array_upload(y, (float[]){ 3 });
	array_download(y, &value);
	g_assert_true(value == 0);
	g_autoptr(GError) err = NULL;
	g_assert_false(device_ok(cl, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_DEVICE_LOST);
	g_assert_nonnull(strstr(err->message, "k_unknown"));
	g_assert_true(device_ok(cl, NULL));
	array_download(y, &value);
	g_assert_true(value == 1);
	g_clear_error(&err);
	g_assert_null(device_new("opencl:999", 1, NULL, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_DEVICE_LOST);
}

/* --- choosing -------------------------------------------------------------------------------- */

static void auto_passes_over_cpus(void)
{
	g_autoptr(GPtrArray) devices = opencl_devices();
	bool gpu = false;
	for (guint i = 0; i < devices->len; i++)
		gpu |= opencl_type(devices->pdata[i]) != CL_DEVICE_TYPE_CPU;
	g_autoptr(device) dev = device_new("auto", 1, NULL, NULL);
	g_assert_nonnull(dev);
	g_assert_true(gpu || !dev->opencl);
	g_autoptr(GError) err = NULL;
	g_assert_null(device_new("opencl:x", 1, NULL, &err));
	g_assert_cmpint(relumine_exit_status(err), ==, RELUMINE_BAD_USAGE);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/opencl/auto-passes-over-cpus", auto_passes_over_cpus);
	g_test_add_func("/opencl/vectors", vectors);
	g_test_add_func("/opencl/not-finite", not_finite);
	g_test_add_func("/opencl/forms", forms);
	g_test_add_func("/opencl/moves", moves);
	g_test_add_func("/opencl/limits", limits);
	g_test_add_func("/opencl/failures-stick", failures_stick);
	return g_test_run();
}
