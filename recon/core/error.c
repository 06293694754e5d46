/* SPDX-License-Identifier: BSD-3-Clause */
/* error.c - errors in four parts, and the nearest known word */
#include "core/error.h"

#include <string.h>

GQuark relumine_error_quark(void)
{
	return g_quark_from_static_string("relumine-error");
}

int relumine_exit_status(const GError *err)
{
	if (!err)
		return RELUMINE_DONE;
	return err->domain == relumine_error_quark() ? err->code : RELUMINE_BAD_INPUT;
}

void error_set(GError **err, enum relumine_status status, const char *where, const char *remedy,
	const char *format, ...)
{
	if (!err)
		return;
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_autofree char *message = g_strconcat(where ? where : "", where ? ": " : "", what,
		remedy ? "\n  try:   " : NULL, remedy, NULL);
	g_clear_error(err);
	g_set_error_literal(err, relumine_error_quark(), (int)status, message);
}

void error_while(GError **err, const char *format, ...)
{
	if (!err || !*err || strstr((*err)->message, "\n  while: "))
		return;
	va_list args;
	va_start(args, format);
	g_autofree char *doing = g_strdup_vprintf(format, args);
	va_end(args);
	char *remedy = strstr((*err)->message, "\n  try:   ");
	g_autofree char *tail = g_strdup(remedy ? remedy : "");
	if (remedy)
		*remedy = '\0';
	char *message = g_strconcat((*err)->message, "\n  while: ", doing, tail, NULL);
	g_free((*err)->message);
	(*err)->message = message;
}

/* Optimal string alignment distance: insertions, deletions, changes, swaps of neighbours. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	g_autofree size_t *d = g_new(size_t, (n + 1) * (m + 1));
#define D(i, j) d[(i) * (m + 1) + (j)]
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j <= m; j++) {
			if (i == 0 || j == 0) {
				D(i, j) = i + j;
				continue;
			}
			size_t change = D(i - 1, j - 1) + (a[i - 1] != b[j - 1]);
			D(i, j) = MIN(change, MIN(D(i - 1, j), D(i, j - 1)) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				D(i, j) = MIN(D(i, j), D(i - 2, j - 2) + 1);
		}
	}
	return D(n, m);
#undef D
}

const char *error_nearest(const char *word, const char *const known[], size_t n_known)
{
	size_t length = strlen(word);
	if (length > 64)
		return NULL;
	const char *best = NULL;
	size_t best_distance = MAX(length / 3, 1) + 1;
	for (size_t i = 0; i < n_known; i++) {
		size_t distance = edit_distance(word, known[i]);
		if (distance < best_distance) {
			best = known[i];
			best_distance = distance;
		}
	}
	return best;
}
