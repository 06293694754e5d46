/* SPDX-License-Identifier: BSD-3-Clause */
/* numbers.c - X,Y,Z as options get them */
#include "mode/numbers.h"

#include "core/error.h"
#include "core/numbers.h"
#include "stage/microscope.h"

bool numbers_parse(const char *option, const char *text, double least, double most, double to[3],
	GError **err)
{
	int n = numbers_read(text, least, most, 3, to);
	if (n == 0) {
		g_autofree char *remedy = g_strdup_printf("write it as X,Y,Z, each %g to %g", least, most);
		error_set(err, RELUMINE_BAD_USAGE, option, remedy, "'%s' is not one to three numbers in "
			"range", text);
	}
	if (n == 1)
		to[1] = to[0];
	return n > 0;
}

bool numbers_parse_counts(const char *option, const char *text, int64_t to[3], GError **err)
{
	double number[3] = { 1, 1, (double)to[2] };
	if (!numbers_parse(option, text, 1, PSF_SIDE_MOST, number, err))
		return false;
	for (int i = 0; i < 3; i++) {
		to[i] = (int64_t)number[i];
		if (number[i] > (double)to[i]) {
			error_set(err, RELUMINE_BAD_USAGE, option, "write it as X,Y,Z",
				"sizes are whole numbers of voxels");
			return false;
		}
	}
	return true;
}

bool numbers_parse_size(const char *option, const char *text, int64_t most, int64_t *height,
	int64_t *width, GError **err)
{
	g_auto(GStrv) parts = g_strsplit(text, "x", -1);
	guint n = g_strv_length(parts);
	gint64 h, w;
	if ((n == 1 || n == 2) && g_ascii_string_to_signed(parts[0], 10, 1, most, &h, NULL) &&
	    g_ascii_string_to_signed(parts[n - 1], 10, 1, most, &w, NULL)) {
		*height = h;
		*width = w;
		return true;
	}
	error_set(err, RELUMINE_BAD_USAGE, option, "write it as 300x400",
		"'%s' is not HEIGHTxWIDTH, each 1 to %" G_GINT64_FORMAT, text, most);
	return false;
}
