/* SPDX-License-Identifier: BSD-3-Clause */
/* nlm.c - non-local means against the plain double loop, symmetries, noise of known size */
#include <glib.h>
#include <math.h>
#include "math/prox.h"
#include "math/uniform.h"
#include "math/vec.h"
#include "stage/geometry.h"
#include "tests/stage.h"

device *cpu;

static const nlm_settings normal = { 1, 4, 0.55f, BORDER_PERIODIC };

static array *denoised(const array *a, double sigma, const nlm_settings *settings)
{
	g_autoptr(prox) p = prox_nlm(settings);
	array *y = array_copy(a);
	prox_step(p, y, (float)(sigma * sigma));
	return y;
}

static array *random_picture(shape s, uint64_t seed)
{
	array *a = array_new(cpu, REAL, s);
	array_fill_uniform(a, seed);
	return a;
}

static double largest_gap(const array *a, const array *b)
{
	g_autoptr(array) d = array_copy(a);
	g_assert_true(shape_equal(a->shape, b->shape));
	vec_subtract(d, b);
	return (double)vec_max_abs(d);
}

/* --- the plain double loop, in double -------------------------------------------------------- */

static int64_t inside(int64_t i, int64_t n, enum border border)
{
	return border == BORDER_PERIODIC ? ((i % n) + n) % n : CLAMP(i, 0, n - 1);
}

static double pixel(const array *a, int64_t c, int64_t y, int64_t x, enum border border)
{
	return at(a, c, 0, inside(y, a->shape.y, border), inside(x, a->shape.x, border));
}

typedef struct { int64_t y, x; } place;

static double patch_distance(const array *a, place p, place q, const nlm_settings *s)
{
	double sum = 0;
	for (int64_t c = 0; c < a->shape.c; c++)
		for (int dy = -s->patch; dy <= s->patch; dy++)
			for (int dx = -s->patch; dx <= s->patch; dx++) {
				double d = pixel(a, c, p.y + dy, p.x + dx, s->border) -
					pixel(a, c, q.y + dy, q.x + dx, s->border);
				sum += d * d;
			}
	return sum / (double)((2 * s->patch + 1) * (2 * s->patch + 1) * a->shape.c);
}

static double plain_mean(const array *a, int64_t c, place p, double sigma, const nlm_settings *s)
{
	double sum = 0, weights = 0, h = (double)s->strength * sigma;
	for (int dy = -s->search; dy <= s->search; dy++)
		for (int dx = -s->search; dx <= s->search; dx++) {
			place q = { p.y + dy, p.x + dx };
			double d2 = dy || dx ? patch_distance(a, p, q, s) : 0;
			double w = exp(-fmax(d2 - 2 * sigma * sigma, 0) / (h * h));
			sum += w * pixel(a, c, q.y, q.x, s->border);
			weights += w;
		}
	return sum / weights;
}

static void double_loop(void)
{
	static const struct { shape s; nlm_settings set; double sigma; } rows[] = {
		{ { 1, 1, 9, 11 }, { 1, 2, 0.55f, BORDER_PERIODIC }, 0.3 },
		{ { 3, 1, 12, 7 }, { 1, 3, 0.4f, BORDER_PERIODIC }, 0.5 },
		{ { 3, 1, 8, 10 }, { 2, 3, 0.8f, BORDER_REPLICATE }, 0.4 },
		{ { 2, 1, 3, 2 }, { 2, 5, 1, BORDER_PERIODIC }, 0.6 },
		{ { 1, 1, 1, 13 }, { 0, 4, 0.7f, BORDER_REPLICATE }, 0.5 },
		{ { 1, 1, 1, 1 }, { 1, 1, 0.5f, BORDER_REPLICATE }, 0.5 },
	};
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(array) a = random_picture(rows[i].s, i + 1);
		g_autoptr(array) y = denoised(a, rows[i].sigma, &rows[i].set);
		for (int64_t k = 0; k < shape_count(a->shape); k++) {
			int64_t x = k % a->shape.x, row = k / a->shape.x % a->shape.y;
			int64_t c = k / (a->shape.x * a->shape.y);
			g_assert_cmpfloat_with_epsilon(at(y, c, 0, row, x),
				plain_mean(a, c, (place){ row, x }, rows[i].sigma, &rows[i].set), 1e-5);
		}
	}
}

/* --- what stays ------------------------------------------------------------------------------ */

static double three_tones(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z;
	return 0.25 + (y < 20) * 0.5 + (x > 25) * 0.2 * (double)c;
}

static double one_tone(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z, (void)y, (void)x;
	return 0.3 + (double)c;
}

/* Patches that hold an edge differ from those without by a third of it at least: many sigma. */
static void clean_pictures_stay(void)
{
	recipe *const all[] = { one_tone, three_tones };
	for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
		g_autoptr(array) a = make((shape){ 3, 1, 40, 50 }, all[i]);
		g_autoptr(array) y = denoised(a, 0.02, &normal);
		g_assert_cmpfloat(largest_gap(a, y), <, 1e-6);
	}
	g_autoptr(array) noise = random_picture((shape){ 2, 1, 15, 16 }, 3);
	g_autoptr(array) same_noise = denoised(noise, 0, &normal);
	g_assert_true(same(noise, same_noise));
}

/* --- symmetries ------------------------------------------------------------------------------ */

static array *rolled(const array *a, int64_t down, int64_t right)
{
	array *b = array_like(a);
	for (int64_t c = 0; c < a->shape.c; c++)
		for (int64_t y = 0; y < a->shape.y; y++)
			for (int64_t x = 0; x < a->shape.x; x++)
				array_row(b, c, 0, y)[x] =
					(float)pixel(a, c, y - down, x - right, BORDER_PERIODIC);
	return b;
}

static array *shift(const array *a)
{
	return rolled(a, 5, -3);
}

static array *quarter(const array *a)
{
	return geometry_rotate(a, 1);
}

/* What is done to the picture before may as well be done after. */
static void symmetries(void)
{
	array *(*const turns[])(const array *) = {
		shift, geometry_flip_y, geometry_flip_x, quarter, geometry_swap_channels
	};
	g_autoptr(array) a = random_picture((shape){ 3, 1, 17, 22 }, 7);
	g_autoptr(array) y = denoised(a, 0.4, &normal);
	for (size_t i = 0; i < G_N_ELEMENTS(turns); i++) {
		g_autoptr(array) turned = turns[i](a);
		g_autoptr(array) after = denoised(turned, 0.4, &normal);
		g_autoptr(array) expected = turns[i](y);
		g_assert_cmpfloat(largest_gap(after, expected), <, 1e-5);
	}
	g_assert_cmpfloat(largest_gap(a, y), >, 0.05);
}

/* --- noise ----------------------------------------------------------------------------------- */

/* sigma times the sum of 12 uniform numbers of variance 1/3, over 2: nearly Gaussian, variance 1 */
static void add_noise(array *a, double sigma)
{
	g_autoptr(array) u = array_like(a);
	for (uint64_t i = 0; i < 12; i++) {
		array_fill_uniform(u, 100 + i);
		vec_axpy(a, (float)(sigma / 2), u);
	}
}

static double mean_square(const array *a, const array *b)
{
	g_autoptr(array) d = array_copy(a);
	vec_subtract(d, b);
	return vec_dot(d, d) / (double)shape_count(a->shape);
}

static double ramp(int64_t c, int64_t z, int64_t y, int64_t x)
{
	(void)z;
	return 0.004 * (double)y + 0.01 * (double)c + (x + y > 60 ? 0.5 : 0);
}

/*
 * The mean of 81 pixels of independent noise has 19 dB less of it.  Most of that is gained where
 * one tone reaches far; at edges and on a slope fewer pixels are alike.
 */
static void noise_goes(void)
{
	static const struct { recipe *picture; double least; } rows[] = {
		{ one_tone, 12 }, { three_tones, 9 }, { ramp, 7 }
	};
	const double sigma = 0.1;
	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(array) clean = make((shape){ 3, 1, 64, 64 }, rows[i].picture);
		g_autoptr(array) noisy = array_copy(clean);
		add_noise(noisy, sigma);
		g_autoptr(array) y = denoised(noisy, sigma, &normal);
		double gain = 10 * log10(mean_square(noisy, clean) / mean_square(y, clean));
		g_test_message("picture %d: %.2f dB", (int)i, gain);
		g_assert_cmpfloat_with_epsilon(sqrt(mean_square(noisy, clean)), sigma, 0.02 * sigma);
		g_assert_cmpfloat(gain, >, rows[i].least);
	}
}

/* An edge in one channel alone, lost in its noise, is saved by the weights that channels share. */
static void channels_share_weights(void)
{
	const double sigma = 0.15;
	g_autoptr(array) clean = make((shape){ 3, 1, 64, 64 }, ramp);
	g_autoptr(array) noisy = array_copy(clean);
	add_noise(noisy, sigma);
	g_autoptr(array) together = denoised(noisy, sigma, &normal);
	array one = array_channel(noisy, 1), one_clean = array_channel(clean, 1);
	array one_together = array_channel(together, 1);
	g_autoptr(array) alone = denoised(&one, sigma, &normal);
	g_assert_cmpfloat(mean_square(&one_together, &one_clean), <,
		0.9 * mean_square(alone, &one_clean));
}

/* --- machines -------------------------------------------------------------------------------- */

static array *denoised_on(device *dev, const array *a)
{
	g_autoptr(array) moved = array_move(a, dev);
	g_autoptr(array) y = denoised(moved, 0.4, &normal);
	return array_move(y, cpu);
}

static void any_number_of_threads(void)
{
	g_autoptr(array) a = random_picture((shape){ 3, 1, 61, 83 }, 5);
	g_autoptr(array) y = denoised(a, 0.4, &normal);
	for (int threads = 1; threads <= 5; threads++) {
		g_autoptr(device) dev = device_new("cpu", threads, NULL, NULL);
		g_autoptr(array) other = denoised_on(dev, a);
		g_assert_true(same(y, other));
	}
}

static void on_opencl(void)
{
	g_autoptr(device) dev = device_new("opencl", 2, NULL, NULL);
	if (!dev) {
		g_test_skip("no OpenCL device");
		return;
	}
	g_autoptr(array) a = random_picture((shape){ 3, 1, 61, 83 }, 5);
	g_autoptr(array) y = denoised(a, 0.4, &normal);
	g_autoptr(array) other = denoised_on(dev, a);
	g_assert_true(device_ok(dev, NULL));
	g_assert_cmpfloat(largest_gap(y, other), <, 1e-5);
}

/* Out of memory is an error of the device, and nothing worse. */
static void failure(void)
{
	g_autoptr(device) dev = device_new("cpu", 1, NULL, NULL);
	g_autoptr(array) a = array_new(dev, REAL, (shape){ 1, 1, 20, 20 });
	vec_fill(a, 1);
	dev->memory_limit = dev->memory_used + 5000;
	array_free(denoised(a, 0.4, &normal));
	g_assert_false(device_ok(dev, NULL));
}

int main(int argc, char **argv)
{
	static const stage_test tests[] = {
		{ "/nlm/double-loop", double_loop }, { "/nlm/clean-pictures-stay", clean_pictures_stay },
		{ "/nlm/symmetries", symmetries }, { "/nlm/noise-goes", noise_goes },
		{ "/nlm/channels-share-weights", channels_share_weights },
		{ "/nlm/any-number-of-threads", any_number_of_threads },
		{ "/nlm/on-opencl", on_opencl }, { "/nlm/failure", failure },
	};
	return run_tests(argc, argv, tests, G_N_ELEMENTS(tests));
}
