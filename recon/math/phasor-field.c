/* SPDX-License-Identifier: BSD-3-Clause */
/* phasor-field.c - virtual waves from a scanned wall into the scene, by Rayleigh-Sommerfeld sums
 *
 * Block by block of depths: waves of some frequencies at a time from the traces, and their spectra;
 * kernels' spectra, made or kept (phasor-kernel.c); then, confocal, the sum over frequencies in the
 * spectrum and one transform back for each depth; with fixed points one for each frequency, as each
 * then has a phase of its own at every voxel.
 *
 * The kernel is even in x and y: its spectrum is two cosine transforms, real ones of its real and
 * of its imaginary part, and a quarter of it is enough.  As both are real, real and imaginary parts
 * of all waves stay apart, and all transforms are real ones. */
#include "math/phasor-field.h"

#include <math.h>
#include "math/fft.h"
#include "math/halo.h"
#include "math/phasor-inside.h"
#include "math/vec.h"
#include "phasor.cl"

struct phasor_field {
	device *dev;
	phasor_setup s;
	shape grid, half;               /* of one plane; of the kernel's quarter of a spectrum */
	phasor_kernel *kernel;
	phasor_block *blocks;
	int64_t n_blocks, longest;      /* depths of the longest block */
	fft *fft;
	int64_t together;               /* frequencies that go through together */
	array **tables, **kept;         /* for each block's each part: of waves; kernels */
	int64_t n_parts;
	bool keep, ran;
	array *planes, *spectra;        /* of 2 * together waves, on the grid */
	array *waves;                   /* spectra as k_phasor_gather leaves them */
	array *sums;                    /* confocal: spectra of all depths of a block, two each */
	array *spare;                   /* kernels that are not kept */
	array *field;                   /* fixed points: the same of what comes of them */
};

/* --- plans ------------------------------------------------------------------------------------ */

static int64_t parts_of(const phasor_field *f, const phasor_block *b)
{
	return (b->frequencies + f->together - 1) / f->together;
}

/* A row a frequency: what each bin counts towards its wave, real and imaginary part. */
static array *wave_table(const phasor_field *f, const phasor_block *b, int64_t part)
{
	int64_t low = part * f->together, n = MIN(b->frequencies - low, f->together);
	int64_t width = (b->bins + 3) / 4 * 8;
	array *table = array_new(f->dev, REAL, (shape){ 1, 1, n, width });
	g_autofree float *packed = g_new0(float, n * width);
	for (int64_t i = 0; i < n * b->bins; i++) {
		double path = f->s.start + f->s.bin * (double)(b->from + i % b->bins);
		double q = (double)(b->low + low + i / b->bins) * b->step;
		double size = phasor_weight(&f->s, q) * b->step * pow(MAX(path, 0), f->s.power);
		float *pair = packed + i / b->bins * width + i % b->bins * 2;
		pair[0] = (float)(size * cos(2 * G_PI * q * path));
		pair[1] = (float)(-size * sin(2 * G_PI * q * path));
	}
	if (!f->dev->error)
		array_upload(table, packed);
	return table;
}

static void plan_parts(phasor_field *f, int64_t keep)
{
	int64_t bytes = 0, part = 0;
	f->longest = 0;
	for (int64_t i = 0; i < f->n_blocks; i++) {
		const phasor_block *b = &f->blocks[i];
		f->n_parts += parts_of(f, b);
		f->longest = MAX(f->longest, b->n);
		bytes += b->n * b->frequencies * phasor_kernel_bytes(f->kernel);
	}
	f->keep = bytes <= keep;
	f->tables = g_new0(array *, f->n_parts);
	f->kept = g_new0(array *, f->n_parts);
	for (int64_t i = 0; i < f->n_blocks; i++)
		for (int64_t p = 0; p < parts_of(f, &f->blocks[i]); p++)
			f->tables[part++] = wave_table(f, &f->blocks[i], p);
}

/* Room for work, 0: as it comes. */
#define ROOM (512 << 20)

/* Both of them at most, and what one more of them takes is a plane or some of each array. */
static void plan_room(phasor_field *f)
{
	int64_t plane = array_bytes(COMPLEX, f->half) * 2, limit = f->dev->memory_limit;
	int64_t room = limit ? MIN(limit / 2, ROOM) : ROOM;
	f->together = CLAMP(room / 2 / (plane * 8) / 4 * 4, 4, 32);
	f->longest = CLAMP(room / 2 / (plane * 2), 1, 64);
}

/* Kernels made at a time, if they are not kept: few enough to stay in a large cache. */
#define AT_A_TIME (8 << 20)

/* Depths for which kernels of n frequencies are made at a time. */
static int64_t at_a_time(const phasor_field *f, const phasor_block *b, int64_t n)
{
	int64_t few = AT_A_TIME / (phasor_kernel_bytes(f->kernel) * n);
	return f->s.n_fixed > 1 ? b->n : CLAMP(few, 1, b->n);
}

static void make_room(phasor_field *f)
{
	shape planes = f->grid, field = { 1, 2 * f->longest, f->s.n[1], f->s.n[0] };
	planes.z = 2 * f->together;
	f->planes = array_new(f->dev, REAL, planes);
	f->spectra = array_new(f->dev, COMPLEX, fft_spectrum_shape(planes));
	f->waves = array_new_bare(f->dev, COMPLEX,
		(shape){ 1, f->half.y, 4 * f->together, f->half.x });
	planes.z = 2 * f->longest;
	int64_t kernels = MAX(AT_A_TIME / phasor_kernel_bytes(f->kernel), f->together);
	if (f->s.n_fixed > 1)
		kernels = f->longest * f->together;
	f->spare = phasor_kernel_table(f->kernel, kernels);
	if (f->s.n_fixed)
		f->field = array_new(f->dev, REAL, field);
	else
		f->sums = array_new(f->dev, COMPLEX, fft_spectrum_shape(planes));
}

phasor_field *phasor_field_new(device *dev, const phasor_setup *s, int64_t keep)
{
	phasor_field *f = g_new0(phasor_field, 1);
	*f = (phasor_field){ .dev = dev, .s = *s };
	f->s.fixed = g_memdup2(s->fixed, (gsize)s->n_fixed * 3 * sizeof(double));
	/* offsets n - 1 and 1 - n may share an element: the kernel is the same at both */
	f->grid = (shape){ 1, 1, fft_good_size(MAX(2 * s->n[1] - 2, 1)),
		fft_good_size(MAX(2 * s->n[0] - 2, 1)) };
	f->half = (shape){ 1, 1, f->grid.y / 2 + 1, f->grid.x / 2 + 1 };
	f->kernel = phasor_kernel_new(dev, &f->s, f->grid);
	f->fft = fft_new(dev, f->grid, 2);
	fft_window(f->fft, s->n[1]);
	plan_room(f);
	f->blocks = phasor_blocks(s, keep > 0, f->longest, &f->n_blocks);
	plan_parts(f, keep);
	make_room(f);
	return f;
}

void phasor_field_free(phasor_field *f)
{
	if (!f)
		return;
	for (int64_t i = 0; i < f->n_parts; i++) {
		array_free(f->tables[i]);
		array_free(f->kept[i]);
	}
	phasor_kernel_free(f->kernel);
	fft_free(f->fft);
	array_free(f->planes);
	array_free(f->spectra);
	array_free(f->waves);
	array_free(f->sums);
	array_free(f->field);
	array_free(f->spare);
	g_free(f->tables);
	g_free(f->kept);
	g_free(f->blocks);
	g_free((double *)f->s.fixed);
	g_free(f);
}

int64_t phasor_field_kernels(const phasor_field *f)
{
	int64_t n = 0;
	for (int64_t i = 0; i < f->n_blocks; i++)
		n += f->blocks[i].n * f->blocks[i].frequencies;
	return n;
}

/* Kernels are kept from the second capture on: for a single one that would be a waste. */
static bool keeps(const phasor_field *f)
{
	return f->keep && f->ran;
}

/* --- one part of a block: some frequencies ---------------------------------------------------- */

struct part {
	phasor_field *f;
	const phasor_block *b;
	const array *table;
	array **kept;                   /* where the kernels are kept, if they are */
	int64_t low, n;                 /* frequencies */
	bool add;                       /* to what is in f->sums */
	const array *kernels;           /* of `depths` depths of the block from `first` on */
	int64_t first, depths, at;      /* at: the one of them being done */
	array counts;                   /* of one fixed point, those bins alone that count */
};

/* Rows are long work: launches share them out themselves on OpenCL, here each thread does. */
static void each_row(struct part *p, int64_t rows, device_body *body)
{
	if (p->f->dev->opencl)
		body(0, rows, p);
	else
		device_each(p->f->dev, rows, 1, body, p);
}

static void waves_body(int64_t first, int64_t end, void *data)
{
	struct part *p = data;
	array *to = p->f->planes;
	RUN_PART(to, first, end, k_phasor_waves, to, &p->counts, p->table, p->n / 4, p->f->s.n[0],
		p->b->bins, to->pitch, plane_stride(to), p->counts.pitch, plane_stride(&p->counts),
		p->table->pitch);
}

static void gather_body(int64_t first, int64_t end, void *data)
{
	struct part *p = data;
	array *to = p->f->waves, *from = p->f->spectra;
	RUN_PART(to, first, end, k_phasor_gather, to, from, p->n, to->shape.x, to->pitch, p->f->grid.y,
		from->pitch, plane_stride(from));
}

/* Spectra of the waves on the wall. */
static void make_waves(struct part *p, const array *counts, int64_t fixed)
{
	phasor_field *f = p->f;
	array planes = array_slices(f->planes, 0, 0, 2 * p->n);
	array spectra = array_slices(f->spectra, 0, 0, planes.shape.z);
	p->counts = array_slices(counts, fixed, p->b->from, p->b->bins);
	vec_fill(&planes, 0);
	each_row(p, f->s.n[1] * (p->n / 4), waves_body);
	fft_forward(f->fft, &spectra, &planes);
	each_row(p, f->half.y * 4 * p->n, gather_body);
}

/* Confocal: all frequencies of the part at depths `first` .. of the block. */
static void sums_body(int64_t first, int64_t end, void *data)
{
	const struct part *p = data;
	const array *h = p->kernels;
	array to = array_slices(p->f->sums, 0, 2 * p->first, 2 * p->depths);
	RUN_PART(&to, first, end, k_phasor_sum, &to, h, p->f->waves, p->depths, p->n, p->f->half.x,
		p->f->grid.y, to.pitch, plane_stride(&to), h->pitch, h->plane_rows, 4 * p->n, p->add);
}

/* The waves of all frequencies at depth p->at of the kernels. */
static void products_body(int64_t first, int64_t end, void *data)
{
	const struct part *p = data;
	const array *h = p->kernels, *to = p->f->spectra;
	RUN_PART(to, first, end, k_phasor_products, p->f->spectra, h, p->f->waves, p->n, p->f->half.x,
		p->f->grid.y, to->pitch, plane_stride(to), h->pitch, h->plane_rows, p->at * p->n, 4 * p->n);
}

struct focus {
	const struct part *p;
	array *to;                      /* real and imaginary plane */
	double place[3];                /* of the fixed point, as seen from voxel (0, 0) of the depth */
};

static void focus_body(int64_t first, int64_t end, void *data)
{
	const struct focus *j = data;
	const struct part *p = j->p;
	const phasor_setup *s = &p->f->s;
	const array *from = p->f->planes;
	RUN_PART(j->to, first, end, k_phasor_focus, j->to, from, p->n, s->n[0], j->to->pitch,
		plane_stride(j->to), from->pitch, plane_stride(from), (float)s->pitch[1],
		(float)s->pitch[0], (float)-j->place[1], (float)-j->place[0], (float)j->place[2],
		(float)((double)p->low * p->b->step), (float)p->b->step);
}

/* From depth p->at of the kernels on to a fixed point. */
static void focus(struct part *p, const double place[3])
{
	const phasor_setup *s = &p->f->s;
	int64_t z = p->first + p->at;
	double depth = s->depth + (double)(p->b->first + z) * s->step;
	array to = array_slices(p->f->field, 0, 2 * z, 2);
	struct focus j = { p, &to, { place[0], place[1], place[2] - depth } };
	if (p->f->dev->opencl)
		focus_body(0, s->n[1], &j);
	else
		device_each(p->f->dev, s->n[1], 1, focus_body, &j);
}

/* Planes of the grid, from spectra. */
static void go_back(phasor_field *f, const array *spectra, int64_t first, int64_t n)
{
	array from = array_slices(spectra, 0, first, n), to = array_slices(f->planes, 0, 0, n);
	fft_inverse(f->fft, &to, &from);
}

/* --- a block ---------------------------------------------------------------------------------- */

static void take_kernels(struct part *p)
{
	phasor_field *f = p->f;
	if (*p->kept) {
		p->kernels = *p->kept;
		return;
	}
	array *table = f->spare;
	if (keeps(f))
		table = *p->kept = phasor_kernel_table(f->kernel, p->depths * p->n);
	phasor_kernel_fill(f->kernel, table, p->b->first + p->first, p->depths, p->low, p->n,
		p->b->step);
	p->kernels = table;
}

/* Waves of each fixed point to each depth, and from there on to the fixed point. */
static void go_to_depths(struct part *p, const array *counts)
{
	const phasor_setup *s = &p->f->s;
	for (int64_t i = 0; i < s->n_fixed; i++) {
		if (s->n_fixed > 1 || p->first == 0)
			make_waves(p, counts, i);
		for (p->at = 0; p->at < p->depths; p->at++) {
			each_row(p, p->f->half.y, products_body);
			go_back(p->f, p->f->spectra, 0, 2 * p->n);
			focus(p, s->fixed + 3 * i);
		}
	}
}

static void one_part(struct part *p, const array *counts)
{
	phasor_field *f = p->f;
	int64_t most = keeps(f) ? p->b->n : at_a_time(f, p->b, p->n);
	if (!f->s.n_fixed)
		make_waves(p, counts, 0);
	for (p->first = 0; p->first < p->b->n; p->first += p->depths) {
		p->depths = MIN(most, p->b->n - p->first);
		take_kernels(p);
		if (f->s.n_fixed)
			go_to_depths(p, counts);
		else
			each_row(p, f->half.y, sums_body);
	}
}

/* --- all of it -------------------------------------------------------------------------------- */

/* |V|^2 of depths from `first` on, from their real and imaginary planes. */
static void take_power(const phasor_field *f, const array *from, array *volume, int64_t first,
	int64_t depths)
{
	double scale = 1 / (double)(f->s.n[0] * f->s.n[1]), grid = 1 / (double)shape_count(f->grid);
	g_autoptr(array) power = array_new(f->dev, REAL, (shape){ 1, depths, f->s.n[1], f->s.n[0] });
	array to = array_slices(volume, 0, first, depths);
	RUN_PART(power, 0, depths * f->s.n[1], k_phasor_power, power, from, f->s.n[1], f->s.n[0],
		power->pitch, plane_stride(power), from->pitch, plane_stride(from),
		(float)(scale * scale * grid * grid), (float)(f->s.depth + f->s.step * (double)first),
		(float)f->s.step);
	array_assign(&to, power);
}

static void take_block(phasor_field *f, const phasor_block *b, array *volume)
{
	if (f->s.n_fixed)
		take_power(f, f->field, volume, b->first, b->n);
	for (int64_t z = 0, n; z < b->n && !f->s.n_fixed; z += n) {
		n = MIN(f->together, b->n - z);
		go_back(f, f->sums, 2 * z, 2 * n);
		take_power(f, f->planes, volume, b->first + z, n);
	}
}

static void one_block(phasor_field *f, int64_t block, int64_t part, const array *counts)
{
	const phasor_block *b = &f->blocks[block];
	if (f->field)
		vec_fill(f->field, 0);
	for (int64_t i = 0; i < parts_of(f, b); i++) {
		int64_t low = i * f->together;
		struct part p = {
			.f = f, .b = b, .table = f->tables[part + i], .kept = &f->kept[part + i],
			.low = b->low + low, .n = MIN(b->frequencies - low, f->together), .add = i > 0
		};
		one_part(&p, counts);
	}
}

bool phasor_field_run(phasor_field *f, const array *counts, array *volume, watch *w, GError **err)
{
	int64_t part = 0;
	array *lent = array_lend(counts, f->dev);
	bool going = true;
	for (int64_t i = 0; i < f->n_blocks && going && !f->dev->error; i++) {
		one_block(f, i, part, lent);
		take_block(f, &f->blocks[i], volume);
		part += parts_of(f, &f->blocks[i]);
		going = watch_tick(w, &(iteration_note){
			.iteration = i + 1, .iterations = f->n_blocks, .channels = 1,
			.objective = NAN, .primal = NAN, .dual = NAN, .mu1 = NAN, .mu2 = NAN, .mu3 = NAN
		});
	}
	array_free(lent);
	f->ran = true;
	return device_ok(f->dev, err) && going;
}
