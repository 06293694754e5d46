/* SPDX-License-Identifier: BSD-3-Clause */
/* mat-stream.c - the bytes of one element of a MAT file, packed or not */
#include "io/mat-stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool mat_stream_start(struct mat_stream *s, const struct reading *r, int64_t at, int64_t bytes,
	bool packed, GError **err)
{
	s->r = r;
	s->at = at;
	s->end = at + bytes;
	s->done = 0;
	s->packed = packed;
	memset(&s->z, 0, sizeof(s->z));
	return !packed || inflateInit(&s->z) == Z_OK ||
		reading_refuse(r, err, NULL, "cannot be unpacked: no memory");
}

void mat_stream_clear(struct mat_stream *s)
{
	if (s->packed)
		inflateEnd(&s->z);
	s->packed = false;
}

static bool refuse_end(const struct mat_stream *s, GError **err)
{
	return reading_refuse(s->r, err, "copy or save it again", "ends early: it is cut off");
}

/* Up to `size` bytes of the file; 0 at the end, -1 and *err on failure. */
static int64_t file_get(struct mat_stream *s, void *to, int64_t size, GError **err)
{
	ssize_t n;
	do
		n = pread(s->r->fd, to, (size_t)MIN(size, s->end - s->at), (off_t)s->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		reading_refuse(s->r, err, NULL, "cannot be read: %s", g_strerror(errno));
	else
		s->at += n;
	return n;
}

/* As many bytes as there are, at most `size`; 0 at the end, -1 and *err on failure. */
static int64_t unpack(struct mat_stream *s, uint8_t *to, int64_t size, GError **err)
{
	int64_t piece = MIN(size, 1 << 30);
	s->z.next_out = to;
	s->z.avail_out = (uInt)piece;
	while (s->z.avail_out == (uInt)piece) {
		if (s->z.avail_in == 0) {
			int64_t n = file_get(s, s->in, MAT_BLOCK, err);
			if (n < 0)
				return -1;
			s->z.next_in = s->in;
			s->z.avail_in = (uInt)n;
		}
		int status = inflate(&s->z, Z_NO_FLUSH);
		if (status == Z_STREAM_END)
			break;
		if (status == Z_BUF_ERROR && s->z.avail_in == 0 && s->at >= s->end) {
			refuse_end(s, err);
			return -1;
		}
		if (status != Z_OK && status != Z_BUF_ERROR) {
			reading_refuse(s->r, err, "copy or save it again", "is damaged: %s",
				s->z.msg ? s->z.msg : "it cannot be unpacked");
			return -1;
		}
	}
	return piece - (int64_t)s->z.avail_out;
}

static int64_t some(struct mat_stream *s, void *to, int64_t size, GError **err)
{
	int64_t n = s->packed ? unpack(s, to, size, err) : file_get(s, to, size, err);
	s->done += MAX(n, 0);
	return n;
}

bool mat_get(struct mat_stream *s, void *to, int64_t size, GError **err)
{
	for (int64_t got = 0; got < size;) {
		int64_t n = some(s, (uint8_t *)to + got, size - got, err);
		if (n < 0)
			return false;
		if (n == 0)
			return refuse_end(s, err);
		got += n;
	}
	return true;
}

bool mat_skip(struct mat_stream *s, int64_t size, GError **err)
{
	uint8_t waste[4096];
	if (!s->packed) {
		if (size < 0 || size > s->end - s->at)
			return refuse_end(s, err);
		s->at += size;
		s->done += size;
		return true;
	}
	for (int64_t n; size > 0; size -= n) {
		n = MIN(size, (int64_t)sizeof(waste));
		if (!mat_get(s, waste, n, err))
			return false;
	}
	return size == 0 || refuse_end(s, err);
}

bool mat_get_words(struct mat_stream *s, uint32_t *to, int64_t n, GError **err)
{
	if (!mat_get(s, to, n * (int64_t)sizeof(*to), err))
		return false;
	if (s->swap)
		sample_swap((uint8_t *)to, n, sizeof(*to));
	return true;
}

bool mat_finish(struct mat_stream *s, GError **err)
{
	uint8_t waste[4096];
	int64_t n = 1;
	while (s->packed && n > 0)
		n = some(s, waste, sizeof(waste), err);
	return n >= 0;
}
