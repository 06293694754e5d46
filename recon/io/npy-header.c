/* SPDX-License-Identifier: BSD-3-Clause */
/* npy-header.c - a Python dictionary of a string, a truth value and a tuple of numbers */
#include "io/npy-header.h"

#include <errno.h>
#include <string.h>

static void skip_space(const char **p)
{
	while (g_ascii_isspace(**p))
		(*p)++;
}

static bool take(const char **p, char c)
{
	skip_space(p);
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool parse_string(const char **p, char *to, size_t size)
{
	skip_space(p);
	char quote = **p;
	if (quote != '\'' && quote != '"')
		return false;
	const char *end = strchr(*p + 1, quote);
	if (!end || (size_t)(end - *p) > size)
		return false;
	g_strlcpy(to, *p + 1, (size_t)(end - *p));
	*p = end + 1;
	return true;
}

static bool parse_truth(const char **p, bool *value)
{
	skip_space(p);
	*value = g_str_has_prefix(*p, "True");
	if (!*value && !g_str_has_prefix(*p, "False"))
		return false;
	*p += *value ? 4 : 5;
	return true;
}

/* (2, 3L,): Python 2 wrote an L after large numbers.  Axes beyond the most are counted only. */
static bool parse_shape(const char **p, struct npy_header *h)
{
	if (!take(p, '('))
		return false;
	while (!take(p, ')')) {
		char *end;
		if (!g_ascii_isdigit(**p))
			return false;
		errno = 0;
		int64_t n = g_ascii_strtoll(*p, &end, 10);
		if (errno)
			return false;
		*p = *end == 'L' ? end + 1 : end;
		if (h->rank < NPY_RANK_MOST)
			h->n[h->rank] = n;
		h->rank++;
		if (!take(p, ',') && (skip_space(p), **p != ')'))
			return false;
	}
	return true;
}

static bool parse_pair(const char **p, struct npy_header *h)
{
	char key[32];
	if (!parse_string(p, key, sizeof(key)) || !take(p, ':'))
		return false;
	if (!strcmp(key, "descr"))
		return h->has_descr = parse_string(p, h->descr, sizeof(h->descr));
	if (!strcmp(key, "fortran_order"))
		return h->has_order = parse_truth(p, &h->fortran);
	if (!strcmp(key, "shape") && !h->has_shape)
		return h->has_shape = parse_shape(p, h);
	return false;
}

bool npy_header_parse(const char *text, struct npy_header *h)
{
	const char *p = text;
	if (!take(&p, '{'))
		return false;
	while (!take(&p, '}')) {
		if (!parse_pair(&p, h))
			return false;
		if (!take(&p, ',') && (skip_space(&p), *p != '}'))
			return false;
	}
	skip_space(&p);
	return *p == '\0' && h->has_descr && h->has_order && h->has_shape;
}
