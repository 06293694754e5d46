/* SPDX-License-Identifier: BSD-3-Clause */
/* planes.h - what a TIFF's description says of its pages, and whether that is so; for io only */
#ifndef IO_PLANES_H
#define IO_PLANES_H

#include "core/scale.h"
#include "io/tiff-page.h"

enum plane_axis { AXIS_C, AXIS_Z, AXIS_T, PLANE_AXES };

/* Planes in the claim's order, the first at `at`, that stand in the pages from `page` on. */
struct plane_run {
	int64_t page;           /* number of the directory */
	int64_t at[PLANE_AXES];
	int64_t count;          /* negative: all that are left */
};

/* A picture that a description tells of. */
struct plane_claim {
	image_scale *scale;     /* owned; `frames` is not set yet */
	char *name;             /* or NULL; owned */
	char *objective;        /* ID, or NULL; owned */
	int64_t width, height;  /* 0: not said */
	int64_t size[PLANE_AXES];       /* 0: nonsense */
	enum plane_axis order[PLANE_AXES];      /* which runs fastest, then the next */
	GArray *runs;           /* struct plane_run; empty: the pages in their order */
	bool elsewhere;         /* some planes are in other files */
};

struct plane_claim *plane_claim_new(void);
void plane_claim_free(struct plane_claim *k);

/* The pages of a file that count, and where each belongs. */
struct page_list {
	GArray *pages;          /* struct tiff_page */
	int64_t *place;         /* of each page: z * channels + c among the planes, or -1: not read */
	int64_t channels;       /* that pages of their own make; those in one page come on top */
	int64_t planes;         /* z, all points of time */
	int64_t first;          /* the first page that is read */
};

/*
 * Fill in `place` to `first` by the first of `claims` (struct plane_claim *) that agrees with the
 * pages, else all pages in one stack, with a warning.  Returns a new record of the scale; NULL: no
 * such picture as r->member asks for.
 */
image_scale *planes_arrange(struct reading *r, GPtrArray *claims, struct page_list *list);

/* --- what the readers of descriptions share --------------------------------------------------- */

/* nm, or seconds, in one such unit; NaN: not known as such a unit. */
double unit_nm(const char *unit);
double unit_seconds(const char *unit);

/* A word for "no unit", as opposed to one that is not known here. */
bool unit_is_none(const char *unit);

/*
 * text as a number times `factor`, if that is within [least, most]; else NaN and a warning that
 * names `what`.  NULL gives NaN.
 */
double claim_number(struct reading *r, const char *what, const char *text, double factor,
	const double range[2]);

extern const double claim_voxel[2], claim_time[2], claim_aperture[2], claim_refraction[2],
	claim_light[2];

/* "czt" or "ZCT" to an order; false: not these three letters. */
bool claim_order(enum plane_axis order[PLANE_AXES], const char *text);

/* A count of 1 or more; `other` when text is NULL, 0 when it is not one. */
int64_t claim_count(const char *text, int64_t other);

/* ImageJ's description.  A claim, or NULL when the text is not of this kind. */
struct plane_claim *imagej_read(struct reading *r, const char *text, const struct tiff_page *p);
/* OME-XML: appends claims.  False when the text is not of this kind. */
bool ome_read(struct reading *r, const char *text, GPtrArray *claims);

/*
 * nm of a pixel, by pixels a unit; NaN where that is no voxel.  In 7 digits, as libtiff gives
 * resolutions as floats: 130, not 130.0000037.
 */
double resolution_nm(double unit_in_nm, double resolution);

/* Voxel sizes by the resolution tags alone, which mostly tell of paper instead. */
void resolution_read(image_scale *s, const struct tiff_page *p);

/* The descriptions for a picture whose channels are pages; free with g_free. */
char *imagej_text(const image *im);
char *ome_text(const image *im);

#endif
