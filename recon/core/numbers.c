/* SPDX-License-Identifier: BSD-3-Clause */
/* numbers.c - numbers with commas between, as options get them */
#include "core/numbers.h"

#include <glib.h>

enum { NUMBERS_MOST = 8 };

int numbers_read(const char *text, double low, double high, int most, double *to)
{
	double found[NUMBERS_MOST];
	g_auto(GStrv) parts = g_strsplit(text, ",", NUMBERS_MOST + 1);
	int n = (int)g_strv_length(parts);
	g_assert(most <= NUMBERS_MOST);
	if (n < 1 || n > most)
		return 0;
	for (int i = 0; i < n; i++) {
		char *rest;
		found[i] = g_ascii_strtod(parts[i], &rest);
		if (rest == parts[i] || *rest || !(found[i] >= low && found[i] <= high))
			return 0;
	}
	for (int i = 0; i < n; i++)
		to[i] = found[i];
	return n;
}
