/* SPDX-License-Identifier: BSD-3-Clause */
/* glyph.h - letters of 5 x 7 dots, for scenes to read */
#ifndef STAGE_GLYPH_H
#define STAGE_GLYPH_H

#include <stdbool.h>
#include <stdint.h>

enum { GLYPH_WIDTH = 5, GLYPH_HEIGHT = 7 };     /* dots */

/*
 * Whether the letter has a dot there, row 0 at the top; outside of it there are none.  Letters:
 * those of "RELUMINE NLOS"; others are blank.
 */
bool glyph_dot(char letter, int64_t row, int64_t column);

#endif
