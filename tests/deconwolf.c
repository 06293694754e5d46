/* SPDX-License-Identifier: BSD-3-Clause */
/* deconwolf.c - `relumine deconv --compat deconwolf` against its scheme in plain loops */
#include <math.h>
#include "core/error.h"
#include "math/vec.h"
#include "relumine.h"
#include "tests/stage.h"

device *cpu;

static const shape window = { 1, 7, 12, 14 }, size = { 1, 5, 9, 9 };
/* what is left of the PSF, whose outermost rows and columns hold next to nothing */
enum { EDGE = 1, LEFT = 7 };

static double counts(int64_t c, int64_t z, int64_t y, int64_t x)
{
	return 2 + floor(scrambled(c, z, y, x) / 65521 * 20) + (y == 5 && x % 4 == 1 ? 300 : 0);
}

static double bump(int64_t c, int64_t z, int64_t y, int64_t x)
{
	double v = (double)(y - 4), u = (double)(x - 4), w = (double)(z - 2);
	(void)c;
	return MAX(ABS(y - 4), ABS(x - 4)) == 4 ? 1e-6 : exp(-(u * u + 0.7 * v * v + w * w) / 4);
}

/* --- the scheme: a cyclic grid of M + P - 1 voxels, flat start, heavy ball -------------------- */

static const shape grid = { 1, 7 + 5 - 1, 12 + LEFT - 1, 14 + LEFT - 1 };

static int64_t on_grid(int64_t z, int64_t y, int64_t x)
{
	z = (z + grid.z) % grid.z;
	y = (y + grid.y) % grid.y;
	return (z * grid.y + y) * grid.x + (x + grid.x) % grid.x;
}

/* to(i + sign j) += from(i) psf(j), j from the PSF's peak */
static void spread(double *to, const double *from, int64_t sign)
{
	double sum = 0;
	memset(to, 0, (size_t)shape_count(grid) * sizeof(double));
	for (int64_t j = 0; j < size.z * LEFT * LEFT; j++) {
		int64_t z = j / (LEFT * LEFT), y = j / LEFT % LEFT, x = j % LEFT;
		double h = (double)(float)bump(0, z, y + EDGE, x + EDGE);
		sum += h;
		for (int64_t i = 0; i < shape_count(grid); i++)
			to[on_grid(i / (grid.y * grid.x) + sign * (z - 2), i / grid.x % grid.y + sign * (y - 3),
				i % grid.x + sign * (x - 3))] += h * from[i];
	}
	for (int64_t i = 0; i < shape_count(grid); i++)
		to[i] /= sum;
}

static bool is_seen(int64_t i)
{
	return i / (grid.y * grid.x) < window.z && i / grid.x % grid.y < window.y &&
		i % grid.x < window.x;
}

static double counts_at(int64_t i)
{
	return is_seen(i) ? 5 + counts(0, i / (grid.y * grid.x), i / grid.x % grid.y, i % grid.x) : 0;
}

typedef struct { double *x, *before, *p, *weight, *model, *back; double least; } state;

static void start(state *s)
{
	double light = 0;
	s->least = INFINITY;
	for (int64_t i = 0; i < shape_count(grid); i++) {
		light += counts_at(i);
		s->least = is_seen(i) ? fmin(s->least, counts_at(i)) : s->least;
		s->model[i] = is_seen(i);
	}
	spread(s->weight, s->model, -1);
	for (int64_t i = 0; i < shape_count(grid); i++) {
		s->weight[i] = s->weight[i] > 0.01 ? 1 / s->weight[i] : 0;
		s->x[i] = s->before[i] = light / (double)shape_count(grid);
	}
}

/* k: 0, 1, ... */
static void iterate(state *s, int k)
{
	double alpha = fmax((double)(k - 1) / (k + 2), 0);
	for (int64_t i = 0; i < shape_count(grid); i++)
		s->p[i] = fmax(s->x[i] + alpha * (s->x[i] - s->before[i]), s->least);
	spread(s->model, s->p, 1);
	for (int64_t i = 0; i < shape_count(grid); i++)
		s->model[i] = counts_at(i) / s->model[i];
	spread(s->back, s->model, -1);
	for (int64_t i = 0; i < shape_count(grid); i++) {
		s->before[i] = s->x[i];
		s->x[i] = fmax(s->p[i] * s->weight[i] * s->back[i], s->least);
	}
}

/* --- the command ------------------------------------------------------------------------------ */

static relumine_image *image_of(shape s, recipe *values)
{
	g_autoptr(array) a = make(s, values);
	g_autofree float *packed = g_new(float, shape_count(s));
	array_download(a, packed);
	return relumine_image_new(s.z, s.y, s.x, 1, packed, NULL);
}

static relumine_image *sharp(const char *iterations)
{
	relumine_job *job = relumine_job_new("deconv", NULL);
	relumine_image *picture = image_of(window, counts), *psf = image_of(size, bump);
	g_assert_true(relumine_job_set_image(job, NULL, picture, NULL));
	g_assert_true(relumine_job_set_image(job, "psf", psf, NULL));
	g_assert_true(relumine_job_set(job, "compat", "deconwolf", NULL));
	g_assert_true(relumine_job_set(job, "stop", "fixed", NULL));
	g_assert_true(relumine_job_set(job, "iterations", iterations, NULL));
	g_autoptr(GError) err = NULL;
	relumine_job_run(job, &err);
	g_assert_no_error(err);
	relumine_image *result = relumine_job_result(job);
	relumine_image_free(picture);
	relumine_image_free(psf);
	relumine_job_free(job);
	return result;
}

static void against_the_scheme(void)
{
	enum { ITERATIONS = 15 };
	double *fields[6], worst = 0, most = 0;
	g_autofree float *ours = g_new(float, shape_count(window));
	for (int i = 0; i < 6; i++)
		fields[i] = g_new0(double, shape_count(grid));
	state s = { fields[0], fields[1], fields[2], fields[3], fields[4], fields[5], 0 };
	start(&s);
	for (int k = 0; k < ITERATIONS; k++)
		iterate(&s, k);
	relumine_image *result = sharp(G_STRINGIFY(15));
	relumine_image_values(result, ours);
	for (int64_t i = 0; i < shape_count(window); i++) {
		int64_t z = i / (window.y * window.x), y = i / window.x % window.y;
		double theirs = fmax(s.x[on_grid(z, y, i % window.x)] - 5, 0);
		worst = fmax(worst, fabs((double)ours[i] - theirs));
		most = fmax(most, theirs);
	}
	g_test_message("gap %g", worst / most);
	g_assert_cmpfloat(worst / most, <, 1e-4);
	relumine_image_free(result);
	for (int i = 0; i < 6; i++)
		g_free(fields[i]);
}

static const stage_test tests[] = {
	{ "/deconwolf/scheme", against_the_scheme },
};

int main(int argc, char **argv)
{
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
