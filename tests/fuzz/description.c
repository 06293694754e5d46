/* SPDX-License-Identifier: BSD-3-Clause */
/* description.c - any text as the description of a TIFF with some pages (libFuzzer) */
#include <math.h>
#include <stdlib.h>
#include "io/planes.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void require(bool fine)
{
	if (!fine)
		abort();
}

/* Whatever the text: each plane has one page at most, and the numbers are possible ones. */
static void check(const struct page_list *list, const image_scale *s)
{
	int64_t planes = list->channels * list->planes;
	g_autofree bool *taken = g_new0(bool, planes);
	require(list->place[list->first] >= 0 && s->frames >= 1 && list->planes % s->frames == 0);
	for (guint i = 0; i < list->pages->len; i++) {
		int64_t place = list->place[i];
		require(place < planes && (place < 0 || !taken[place]));
		if (place >= 0)
			taken[place] = true;
	}
	for (int64_t i = 0; i < planes; i++)
		require(taken[i]);
	for (int i = 0; i < 3; i++)
		require(isnan(s->voxel[i]) || voxel_plausible(s->voxel[i]));
	require(isnan(s->interval) || (isfinite(s->interval) && s->interval > 0));
}

/* The first byte says how many pages there are, the second bits of what they are like. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size < 2)
		return 0;
	g_autofree char *raw = g_strndup((const char *)bytes + 2, size - 2);
	g_autofree char *text = g_utf8_make_valid(raw, -1);
	struct page_list list = { .pages = g_array_new(FALSE, FALSE, sizeof(struct tiff_page)) };
	for (int i = 0; i < 1 + bytes[0]; i++) {
		struct tiff_page p = { .directory = i * (1 + bytes[1] % 2), .width = 5, .height = 4,
			.resolution = { bytes[1], 0.01 }, .resolution_unit = bytes[1] % 4,
			.samples = 1 + bytes[1] / 2 % 4, .channels = 1 };
		g_array_append_val(list.pages, p);
	}
	g_autoptr(image) im = image_new(NULL);
	struct reading r = { .path = "fuzz", .im = im };
	g_autoptr(GPtrArray) claims =
		g_ptr_array_new_with_free_func((GDestroyNotify)plane_claim_free);
	struct plane_claim *k = imagej_read(&r, text, &g_array_index(list.pages, struct tiff_page, 0));
	if (k)
		g_ptr_array_add(claims, k);
	else
		ome_read(&r, text, claims);
	g_autoptr(image_scale) s = planes_arrange(&r, claims, &list);
	check(&list, s);
	tiff_pages_clear(&list);
	return 0;
}
