/* SPDX-License-Identifier: BSD-3-Clause */
/* image.c - picture files: the table of formats, and what they share */
#include "io/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "io/file.h"
#include "io/format.h"

#define WARNINGS_MOST 12

/* What takes more bytes than this, and more than so many times its file, is not a picture. */
#define PLAUSIBLE_BYTES ((int64_t)64 << 20)
#define PLAUSIBLE_RATIO 4096            /* 8-bit zeros deflate 1032:1, and grow 4:1 as floats */

static const struct format *const formats[] = {
	&format_tiff, &format_png, &format_npy, &format_npz, &format_mat, &format_mat73, &format_hdf5,
};

/* --- pictures ------------------------------------------------------------------------------- */

image *image_new(array *data)
{
	image *im = g_new0(image, 1);
	im->data = data;
	im->kind = SAMPLE_FLOAT;
	im->bits = 32;
	im->has_z = data && data->shape.z > 1;
	im->scale = image_scale_new();
	im->warnings = g_ptr_array_new_with_free_func(g_free);
	return im;
}

void image_free(image *im)
{
	if (!im)
		return;
	array_free(im->data);
	g_free(im->transfer);
	g_clear_pointer(&im->icc, g_bytes_unref);
	image_scale_free(im->scale);
	g_ptr_array_unref(im->warnings);
	g_free(im);
}

void image_set_scale(image *im, const image_scale *scale)
{
	if (!scale)
		return;
	image_scale_free(im->scale);
	im->scale = image_scale_copy(scale);
}

void image_warn(image *im, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	if (im->warnings->len < WARNINGS_MOST &&
	    !g_ptr_array_find_with_equal_func(im->warnings, text, g_str_equal, NULL))
		g_ptr_array_add(im->warnings, g_steal_pointer(&text));
}

bool palette_put(const struct palette *p, const struct layout *to, float *first, int64_t x_step,
	const float *index, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		int64_t colour = (int64_t)index[i];
		if (colour >= p->n_colours)
			return false;
		for (int64_t c = 0; c < 3; c++)
			first[c * to->dc + i * x_step * to->dx] = p->values[c * p->n_colours + colour];
	}
	return true;
}

/* --- sizes ---------------------------------------------------------------------------------- */

int64_t size_product(int64_t first, ...)
{
	int64_t product = first, next;
	va_list args;
	va_start(args, first);
	while ((next = va_arg(args, int64_t)) >= 0)
		if (__builtin_mul_overflow(product, next, &product))
			product = INT64_MAX;
	va_end(args);
	return product;
}

bool reading_refuse(const struct reading *r, GError **err, const char *remedy, const char *format,
	...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	error_set(err, RELUMINE_BAD_INPUT, r->path, remedy, "%s", what);
	return false;
}

static bool plausible(const struct reading *r, GError **err)
{
	shape s = r->shape;
	int64_t bytes = array_bytes(REAL, s);
	if (bytes <= PLAUSIBLE_BYTES || bytes / PLAUSIBLE_RATIO <= r->file_bytes)
		return true;
	g_autofree char *held = g_format_size_full((guint64)r->file_bytes, G_FORMAT_SIZE_IEC_UNITS);
	error_set(err, RELUMINE_OVER_LIMIT, r->path, "if this is a true picture, save it again without "
		"compression", "claims %" G_GINT64_FORMAT " x %" G_GINT64_FORMAT " pixels (%"
		G_GINT64_FORMAT " planes) in a file of %s", s.x, s.y, shape_planes(s), held);
	return false;
}

bool reading_allocate(struct reading *r, struct layout *l, GError **err)
{
	shape s = reading_upright(r);
	if (s.x < 1 || s.y < 1 || s.z < 1 || s.c < 1)
		return reading_refuse(r, err, NULL, "holds no pixels (%" G_GINT64_FORMAT " x %"
			G_GINT64_FORMAT ")", s.x, s.y);
	if (!plausible(r, err))
		return false;
	if (!r->dev->spill && !array_would_fit(r->dev, array_bytes(REAL, s), r->path, err))
		return false;
	array *a = r->im->data = array_new_picture(r->dev, s);
	if (!device_ok(r->dev, err)) {
		error_while(err, "reading %s", r->path);
		return false;
	}
	int64_t row = a->pitch, flip_x, flip_y, o = r->orientation;
	*l = (struct layout){ a->mem, s.z * a->plane_rows * row, a->plane_rows * row, row, 1 };
	if (o >= 5)
		*l = (struct layout){ a->mem, l->dc, l->dz, 1, row };
	flip_x = o == 2 || o == 3 || o == 7 || o == 8;
	flip_y = o == 3 || o == 4 || o == 6 || o == 7;
	l->origin += flip_x * (r->shape.x - 1) * l->dx + flip_y * (r->shape.y - 1) * l->dy;
	l->dx = flip_x ? -l->dx : l->dx;
	l->dy = flip_y ? -l->dy : l->dy;
	return true;
}

/* --- reading -------------------------------------------------------------------------------- */

static bool known_formats(const struct reading *r, GError **err)
{
	g_autoptr(GString) all = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
		g_string_append_printf(all, "%s%s", i ? ", " : "", formats[i]->name);
	g_autofree char *remedy = g_strdup_printf("give one of these: %s", all->str);
	return reading_refuse(r, err, remedy, "is not a picture of a known format");
}

static bool read_start(struct reading *r, GError **err)
{
	uint8_t start[FORMAT_START_BYTES];
	ssize_t n = pread(r->fd, start, sizeof(start), 0);
	if (n < 0)
		return reading_refuse(r, err, NULL, "cannot be read: %s", g_strerror(errno));
	if (n == 0)
		return reading_refuse(r, err, NULL, "is empty");
	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (formats[i]->matches(start, (size_t)n)) {
			r->im->format = formats[i]->name;
			return formats[i]->read(r, err);
		}
	}
	return known_formats(r, err);
}

/* The colon in "file.npz:name" or "file.tif:2"; NULL: there is none. */
static char *before_member(char *path)
{
	static const char *const ends[] = { ".npz", ".tif", ".tiff", ".mat", ".h5", ".hdf5" };
	char *colon = strrchr(path, ':');
	for (size_t i = 0; colon && i < G_N_ELEMENTS(ends); i++) {
		size_t n = strlen(ends[i]);
		if ((size_t)(colon - path) >= n && !g_ascii_strncasecmp(colon - n, ends[i], n))
			return colon;
	}
	return NULL;
}

/* path, or the part before the colon where only that part exists */
static int open_input(struct reading *r, GError **err)
{
	g_autofree char *file = g_strdup(r->path);
	char *colon = before_member(file);
	if (colon && access(r->path, F_OK) != 0) {
		*colon = '\0';
		r->member = r->path + (colon + 1 - file);
	}
	struct stat st;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0) {
		reading_refuse(r, err, errno == ENOENT ? "check the path" : NULL, "cannot be read: %s",
			g_strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		reading_refuse(r, err, "save it to a file first", S_ISDIR(st.st_mode) ?
			"is a folder, not a picture" : "is not an ordinary file");
	} else {
		r->file_bytes = st.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

image *image_read_any(struct reading *r, GError **err)
{
	g_autoptr(image) im = r->im = image_new(NULL);
	r->orientation = 1;
	r->fd = open_input(r, err);
	bool done = r->fd >= 0 && read_start(r, err);
	if (r->fd >= 0)
		close(r->fd);
	if (!done)
		return NULL;
	im->has_z = im->has_z || r->shape.z > 1;
	return g_steal_pointer(&im);
}

image *image_read(device *dev, const char *path, GError **err)
{
	json_auto_t *facts = json_object();
	struct reading r = { .path = path, .dev = dev, .facts = facts };
	return image_read_any(&r, err);
}

/* --- writing -------------------------------------------------------------------------------- */

static void unknown_extension(const char *path, const char *extension, GError **err)
{
	const char *known[16];
	size_t n = 0;
	g_autoptr(GString) all = g_string_new(NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
		for (const char *const *e = formats[i]->extensions; formats[i]->write && *e; e++)
			known[n++] = *e;
	for (size_t i = 0; i < n; i++)
		g_string_append_printf(all, "%s%s", i ? " " : "", known[i]);
	const char *near = extension ? error_nearest(extension, known, n) : NULL;
	g_autofree char *remedy = near ?
		g_strdup_printf("did you mean %s?  The known extensions are %s", near, all->str) :
		g_strdup_printf("use one of these extensions: %s", all->str);
	if (extension)
		error_set(err, RELUMINE_BAD_USAGE, path, remedy, "pictures cannot be written as %s",
			extension);
	else
		error_set(err, RELUMINE_BAD_USAGE, path, remedy, "the name has no extension");
}

static const struct format *format_for(const char *path, GError **err)
{
	g_autofree char *name = g_path_get_basename(path);
	const char *extension = strrchr(name, '.');
	for (size_t i = 0; extension && i < G_N_ELEMENTS(formats); i++)
		for (const char *const *e = formats[i]->extensions; formats[i]->write && *e; e++)
			if (!g_ascii_strcasecmp(*e, extension))
				return formats[i];
	unknown_extension(path, extension, err);
	return NULL;
}

bool image_writable(const char *path, bool overwrite, GError **err)
{
	return format_for(path, err) && file_out_possible(path, overwrite, err);
}

bool image_write(const image *im, const char *path, bool overwrite, GError **err)
{
	const struct format *format = format_for(path, err);
	if (!format)
		return false;
	g_autoptr(file_out) f = file_out_new(path, overwrite, err);
	return f && format->write(im, file_out_fd(f), path, err) && file_out_commit(f, err);
}
