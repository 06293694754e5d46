/* SPDX-License-Identifier: BSD-3-Clause */
/* light-cone-table.c - what the light-cone transform works out beforehand: its resampling between
 * time and its square, and its cone */
#include "math/light-cone-inside.h"

#include <math.h>
#include "math/convolve-pass.h"
#include "math/vec.h"
#include "cone-draw.cl"

/* --- sizes ------------------------------------------------------------------------------------ */

static int64_t power_of_two(int64_t n)
{
	int64_t size = 2;
	while (size < n)
		size *= 2;
	return size;
}

int64_t cone_rows_of(const light_cone_geometry *g)
{
	if (g->published)
		return g->data.z;
	return power_of_two((int64_t)ceil(g->start + (double)g->data.z - 0.5));
}

/* (path / 2)^2 of a row, m^2 */
static double row_height(const light_cone_geometry *g, int64_t rows)
{
	return (double)rows * g->path * g->path / 4;
}

/*
 * Twice the wall, so that nothing wraps around; and so far along v that the cone's shifts, where
 * they reach beyond what was recorded, come back on no row of the scene.
 */
shape cone_grid(const light_cone_geometry *g, int64_t rows)
{
	shape s = g->data;
	if (g->published)
		return (shape){ 1, 2 * s.z, 2 * s.y, 2 * s.x };
	int64_t rows_y = power_of_two(s.y), rows_x = power_of_two(s.x);
	double x = (double)(rows_x - 1) * g->pitch[0], y = (double)(rows_y - 1) * g->pitch[1];
	int64_t farthest = (int64_t)ceil((x * x + y * y) / row_height(g, rows)) + 1;
	int64_t most = 2 * rows;        /* beyond, aliases are of shifts larger than the record */
	return (shape){ 1, power_of_two(rows + CLAMP(farthest, rows, most)), 2 * rows_y, 2 * rows_x };
}

/* --- resampling ------------------------------------------------------------------------------- */

/* One number of P. */
typedef struct { int64_t row, bin; double weight; } entry;

double cone_bin_weight(const light_cone_geometry *g, int64_t bin)
{
	double t = g->published ? (double)bin / (double)MAX(g->data.z - 1, 1) :
		MAX((double)bin + g->start, 0) / (double)cone_rows_of(g);
	return pow(t, g->power);
}

/*
 * Row k of v lasts in time, in bins, from sqrt(k rows) to sqrt((k + 1) rows); R_t has a density of
 * v^(-1/2) there, so a bin counts by how long it is in the row, 2 / rows a bin.
 */
static GArray *exact_entries(const light_cone_geometry *g, int64_t rows)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(entry));
	int64_t bin = 0;
	for (int64_t k = 0; k < rows; k++) {
		double from = sqrt((double)k * (double)rows), to = sqrt((double)(k + 1) * (double)rows);
		while (bin > 0 && (double)bin - 0.5 + g->start > from)
			bin--;
		for (; bin < g->data.z && (double)bin - 0.5 + g->start < to; bin++) {
			double middle = (double)bin + g->start;
			double length = fmin(to, middle + 0.5) - fmax(from, middle - 0.5);
			if (length > 0)
				g_array_append_val(all, ((entry){ k, bin, 2 * length / (double)rows }));
		}
	}
	return all;
}

/* The published sum: q = 1 .. rows^2 adds 1 / (rows sqrt q) at row (q - 1) / rows, bin sqrt q. */
static GArray *published_entries(int64_t rows)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(entry));
	for (int64_t q = 1, bin = 0; q <= rows * rows; q++) {
		while ((bin + 1) * (bin + 1) < q)
			bin++;
		entry *last = all->len ? &g_array_index(all, entry, all->len - 1) : NULL;
		double weight = 1 / ((double)rows * sqrt((double)q));
		if (last && last->row == (q - 1) / rows && last->bin == bin)
			last->weight += weight;
		else
			g_array_append_val(all, ((entry){ (q - 1) / rows, bin, weight }));
	}
	return all;
}

static cone_runs runs_new(int64_t rows, int64_t entries)
{
	return (cone_runs){ rows, g_new0(int64_t, rows), g_new0(int64_t, rows + 1),
		g_new0(float, entries) };
}

/* Entries come in the order of rows and of bins: each row and each bin has a run of the other. */
void cone_resampling(const light_cone_geometry *g, int64_t rows, cone_runs *spread,
	cone_runs *gather)
{
	g_autoptr(GArray) all = g->published ? published_entries(rows) : exact_entries(g, rows);
	*spread = runs_new(rows, all->len);
	*gather = runs_new(g->data.z, all->len);
	for (guint i = 0; i < all->len; i++) {
		const entry *e = &g_array_index(all, entry, i);
		spread->at[e->row + 1]++;
		gather->at[e->bin + 1]++;
	}
	for (int64_t i = 0; i < rows; i++)
		spread->at[i + 1] += spread->at[i];
	for (int64_t i = 0; i < g->data.z; i++)
		gather->at[i + 1] += gather->at[i];
	g_autofree int64_t *filled = g_new0(int64_t, g->data.z);
	for (guint i = 0; i < all->len; i++) {
		const entry *e = &g_array_index(all, entry, i);
		if ((int64_t)i == spread->at[e->row])
			spread->first[e->row] = e->bin;
		spread->weight[i] = (float)e->weight;
		if (!filled[e->bin])
			gather->first[e->bin] = e->row;
		gather->weight[gather->at[e->bin] + filled[e->bin]++] = (float)e->weight;
	}
}

void cone_runs_clear(cone_runs *r)
{
	g_clear_pointer(&r->first, g_free);
	g_clear_pointer(&r->at, g_free);
	g_clear_pointer(&r->weight, g_free);
}

/* --- the cone --------------------------------------------------------------------------------- */

/*
 * The response of a row of v, and of the scene's rows: each a box, together a triangle.  None at
 * the highest frequency, where a shift cannot be told from its opposite.
 */
static double row_response(int64_t kv, int64_t n)
{
	double f = G_PI * (double)kv / (double)n;
	return 2 * kv == n ? 0 : kv == 0 ? 1 : pow(sin(f) / f, 2);
}

/*
 * One number is measured for three unknowns, and the solution of least length shares it out by the
 * kernels' energies.  Measured by a quarter of the wall the sideways parts get what is theirs: of
 * simulated spots before its middle, directions come out within 8 degrees (tests/light-cone.c).
 */
double cone_length(const light_cone_geometry *g, int axis)
{
	int64_t n = axis ? g->data.y : g->data.x;
	return g->pitch[axis] * (double)MAX(n - 1, 1) / 4;
}

/* One row of the table: frequency kv, all k; wave: cos or sin of 2 pi i / n. */
struct axis {
	int64_t n, half;
	double pitch, beam, length;
	double turn;                    /* of the phase, for a frequency and a squared metre */
	const double *wave;
	int moment;
};

static void table_row(const struct axis *a, int64_t kv, double scale, double (*out)[2])
{
	g_autofree double *re = g_new(double, a->half + 1), *im = g_new(double, a->half + 1);
	for (int64_t i = 0; i <= a->half; i++) {
		double x = (double)i * a->pitch, phase = a->turn * (double)kv * x * x;
		double twice = (i == 0 || i == a->half ? 1 : 2) * (a->moment ? x / a->length : 1);
		re[i] = twice * cos(phase);
		im[i] = -twice * sin(phase);
	}
	for (int64_t k = 0; k <= a->half; k++) {
		double sum[2] = { 0, 0 }, f = 2 * G_PI * (double)k * a->beam / ((double)a->n * a->pitch);
		for (int64_t i = 0; i <= a->half; i++) {
			double w = a->wave[k * i % a->n];
			sum[0] += w * re[i];
			sum[1] += w * im[i];
		}
		double gain = scale * exp(-f * f / 2);
		out[k][0] = gain * (a->moment ? sum[1] : sum[0]);       /* -i times the sum of sines */
		out[k][1] = gain * (a->moment ? -sum[0] : sum[1]);
	}
}

array *cone_table(device *cpu, const light_cone_geometry *g, int64_t rows, int axis, int moment)
{
	shape grid = cone_grid(g, rows);
	struct axis a = { .n = axis ? grid.y : grid.x, .pitch = g->pitch[axis], .beam = g->beam,
		.turn = 2 * G_PI / ((double)grid.z * row_height(g, rows)), .moment = moment,
		.length = cone_length(g, axis) };
	a.half = a.n / 2;
	int64_t frequencies = grid.z / 2 + 1, waves = a.half + 1;
	array *table = array_new(cpu, COMPLEX, (shape){ 1, 1, axis ? waves : frequencies,
		axis ? frequencies : waves });
	g_autofree double *wave = g_new(double, a.n);
	g_autofree double (*row)[2] = g_malloc_n((gsize)waves, sizeof(*row));
	for (int64_t i = 0; i < a.n; i++)
		wave[i] = moment ? sin(2 * G_PI * (double)i / (double)a.n) :
			cos(2 * G_PI * (double)i / (double)a.n);
	a.wave = wave;
	for (int64_t kv = 0; kv < frequencies && table->mem; kv++) {
		double response = axis ? 1 : row_response(kv, grid.z);
		table_row(&a, kv, response / sqrt((double)a.n), row);
		for (int64_t k = 0; k < waves; k++) {
			float *to = axis ? array_row(table, 0, 0, k) + kv : array_row(table, 0, 0, kv) + k;
			to[0] = (float)row[k][0];
			to[table->imag] = (float)row[k][1];
		}
	}
	return table;
}

/* --- as published ----------------------------------------------------------------------------- */

static double on_axis(int64_t i, int64_t n)
{
	int64_t rolled = (i + n / 2) % n;       /* the circular shift by half the grid */
	return -1 + 2 * (double)rolled / (double)(n - 1);
}

/* The row of v, of linspace(0, 2, n), nearest to each place's shift: whole numbers, one plane. */
static array *shifts(device *dev, const light_cone_geometry *g, shape grid, GError **err)
{
	g_autoptr(device) cpu = device_new("cpu", 1, NULL, err);
	g_autoptr(array) a = cpu ? array_new(cpu, REAL, (shape){ 1, 1, grid.y, grid.x }) : NULL;
	double slope = 4 * g->half_wall / ((double)g->data.z * g->path);
	if (!cpu || !device_ok(cpu, err))
		return NULL;
	for (int64_t y = 0; y < grid.y; y++)
		for (int64_t x = 0; x < grid.x; x++) {
			double gx = on_axis(x, grid.x), gy = on_axis(y, grid.y);
			double at = slope * slope * (gx * gx + gy * gy) * (double)(grid.z - 1) / 2;
			array_row(a, 0, 0, y)[x] = (float)fmin(ceil(at - 0.5), (double)(grid.z - 1));
		}
	return array_move(a, dev);
}

static void draw_rows(void *data, array *strip, array *spare, int64_t z, int64_t y, int64_t rows)
{
	array from = array_from_row(data, 0, y);
	(void)spare;
	RUN_PART(strip, 0, rows, k_cone_draw, strip, strip->pitch, &from, from.pitch, strip->shape.x,
		(float)z);
}

array *cone_published(device *dev, const light_cone_geometry *g, shape grid)
{
	GError *cause = NULL;
	g_autoptr(array) drawn = shifts(dev, g, grid, &cause);
	if (cause)
		device_fail(dev, cause);
	array *h = array_new(dev, COMPLEX, (shape){ 1, grid.z, grid.y, grid.x / 2 + 1 });
	g_autoptr(convolve_pass) passes = convolve_pass_new(dev, grid);
	convolve_pass_rows(passes, h, grid, CONVOLVE_FORWARD, draw_rows, drawn);
	convolve_pass_finish(passes, h);
	vec_scale(h, (float)(1 / sqrt((double)grid.y * (double)grid.x)));
	return h;
}
