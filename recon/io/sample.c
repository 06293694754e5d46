/* SPDX-License-Identifier: BSD-3-Clause */
/* sample.c - stored numbers of every kind and width to float */
#include "io/sample.h"

#include <string.h>

static float half_value(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, fraction = h & 0x3ff;
	uint32_t bits = sign | (exponent + 127 - 15) << 23 | fraction << 13;
	float value;
	if (exponent == 31)
		bits |= 0x7f800000;
	if (exponent == 0) {
		value = (float)fraction * 0x1p-24f;     /* zero and the subnormal */
		return sign ? -value : value;
	}
	memcpy(&value, &bits, sizeof(value));
	return value;
}

#define AS_FLOAT(v) ((float)(v))

#define UNPACK(name, type, value)                                                               \
static void name(float *to, int64_t to_step, const uint8_t *from, int64_t first, int64_t step,  \
	int64_t n)                                                                              \
{                                                                                               \
	from += first * (int64_t)sizeof(type);                                                  \
	step *= (int64_t)sizeof(type);                                                          \
	for (int64_t i = 0; i < n; i++) {                                                       \
		type v;                                                                         \
		memcpy(&v, from + i * step, sizeof(v));                                         \
		to[i * to_step] = value(v);                                                     \
	}                                                                                       \
}

UNPACK(unpack_u8, uint8_t, AS_FLOAT)
UNPACK(unpack_u16, uint16_t, AS_FLOAT)
UNPACK(unpack_u32, uint32_t, AS_FLOAT)
UNPACK(unpack_u64, uint64_t, AS_FLOAT)
UNPACK(unpack_i8, int8_t, AS_FLOAT)
UNPACK(unpack_i16, int16_t, AS_FLOAT)
UNPACK(unpack_i32, int32_t, AS_FLOAT)
UNPACK(unpack_i64, int64_t, AS_FLOAT)
UNPACK(unpack_f16, uint16_t, half_value)
UNPACK(unpack_f32, float, AS_FLOAT)
UNPACK(unpack_f64, double, AS_FLOAT)

static uint32_t packed_value(const uint8_t *from, int64_t bit, int bits)
{
	uint32_t v = 0;
	for (int left = bits; left > 0;) {
		int here = 8 - (int)(bit & 7), take = MIN(here, left);
		uint32_t part = (uint32_t)from[bit >> 3] >> (here - take) & ((1u << take) - 1);
		v = v << take | part;
		bit += take;
		left -= take;
	}
	return v;
}

#define UNPACK_BITS(bits)                                                                       \
static void unpack_bits_##bits(float *to, int64_t to_step, const uint8_t *from, int64_t first,  \
	int64_t step, int64_t n)                                                                \
{                                                                                               \
	for (int64_t i = 0; i < n; i++)                                                         \
		to[i * to_step] = (float)packed_value(from, (first + i * step) * bits, bits);   \
}

UNPACK_BITS(1)
UNPACK_BITS(2)
UNPACK_BITS(4)
UNPACK_BITS(6)
UNPACK_BITS(10)
UNPACK_BITS(12)
UNPACK_BITS(14)

static const struct {
	enum sample_kind kind;
	int bits;
	sample_unpack *unpack;
} unpackers[] = {
	{ SAMPLE_UNSIGNED, 1, unpack_bits_1 },
	{ SAMPLE_UNSIGNED, 2, unpack_bits_2 },
	{ SAMPLE_UNSIGNED, 4, unpack_bits_4 },
	{ SAMPLE_UNSIGNED, 6, unpack_bits_6 },
	{ SAMPLE_UNSIGNED, 8, unpack_u8 },
	{ SAMPLE_UNSIGNED, 10, unpack_bits_10 },
	{ SAMPLE_UNSIGNED, 12, unpack_bits_12 },
	{ SAMPLE_UNSIGNED, 14, unpack_bits_14 },
	{ SAMPLE_UNSIGNED, 16, unpack_u16 },
	{ SAMPLE_UNSIGNED, 32, unpack_u32 },
	{ SAMPLE_UNSIGNED, 64, unpack_u64 },
	{ SAMPLE_SIGNED, 8, unpack_i8 },
	{ SAMPLE_SIGNED, 16, unpack_i16 },
	{ SAMPLE_SIGNED, 32, unpack_i32 },
	{ SAMPLE_SIGNED, 64, unpack_i64 },
	{ SAMPLE_FLOAT, 16, unpack_f16 },
	{ SAMPLE_FLOAT, 32, unpack_f32 },
	{ SAMPLE_FLOAT, 64, unpack_f64 },
};

sample_unpack *sample_unpacker(enum sample_kind kind, int bits)
{
	for (size_t i = 0; i < G_N_ELEMENTS(unpackers); i++)
		if (unpackers[i].kind == kind && unpackers[i].bits == bits)
			return unpackers[i].unpack;
	return NULL;
}

/* Those that float would round. */
static const struct {
	enum sample_kind kind;
	int bits;
} wide[] = {
	{ SAMPLE_UNSIGNED, 32 }, { SAMPLE_UNSIGNED, 64 }, { SAMPLE_SIGNED, 32 }, { SAMPLE_SIGNED, 64 },
	{ SAMPLE_FLOAT, 64 },
};

static double wide_value(size_t i, const uint8_t *from)
{
	uint32_t u;
	uint64_t w;
	double d;
	memcpy(&u, from, sizeof(u));
	if (wide[i].bits == 32)
		return wide[i].kind == SAMPLE_SIGNED ? (double)(int32_t)u : (double)u;
	memcpy(&w, from, sizeof(w));
	memcpy(&d, from, sizeof(d));
	return wide[i].kind == SAMPLE_FLOAT ? d : wide[i].kind == SAMPLE_SIGNED ?
		(double)(int64_t)w : (double)w;
}

double sample_number(enum sample_kind kind, int bits, const uint8_t *from)
{
	float value;
	for (size_t i = 0; i < G_N_ELEMENTS(wide); i++)
		if (wide[i].kind == kind && wide[i].bits == bits)
			return wide_value(i, from);
	sample_unpacker(kind, bits)(&value, 1, from, 0, 1, 1);
	return (double)value;
}

void sample_swap(uint8_t *bytes, int64_t n, int size)
{
	for (int64_t i = 0; i < n; i++, bytes += size) {
		for (int k = 0; k < size / 2; k++) {
			uint8_t b = bytes[k];
			bytes[k] = bytes[size - 1 - k];
			bytes[size - 1 - k] = b;
		}
	}
}

const char *sample_kind_name(enum sample_kind kind)
{
	static const char *const names[] = { "unsigned", "signed", "float" };
	return names[kind];
}
