/* SPDX-License-Identifier: BSD-3-Clause */
/* demosaic.cl - colour from a sensor with a Bayer filter */
#include "kern.h"

/*
 * Colour from a Bayer plane that is framed by two more pixels on every side.  red_y and red_x say
 * where red stands in each 2 x 2 cell.  gain 0: bilinear; 1: with the gradient correction of
 * Malvar, He and Cutler (ICASSP 2004), alpha = 1/2, beta = 5/8, gamma = 3/4.
 */
ROW_KERNEL(k_demosaic, OUT(red), OUT(green), OUT(blue), IN(bayer), INT(pitch), INT(width),
	INT(in_pitch), INT(red_y), INT(red_x), NUM(gain))
{
	EACH_ROW(r)
		EACH_COLUMN(x, width) {
			idx i = (r + 2) * in_pitch + x + 2, o = r * pitch + x;
			float c = bayer[i];
			float ns = bayer[i - in_pitch] + bayer[i + in_pitch];
			float ew = bayer[i - 1] + bayer[i + 1];
			float ns2 = bayer[i - 2 * in_pitch] + bayer[i + 2 * in_pitch];
			float ew2 = bayer[i - 2] + bayer[i + 2];
			float diagonal = bayer[i - in_pitch - 1] + bayer[i - in_pitch + 1]
				+ bayer[i + in_pitch - 1] + bayer[i + in_pitch + 1];
			float cross2 = 0.25f * (ns2 + ew2);
			float g = 0.25f * (ns + ew) + gain * 0.5f * (c - cross2);
			float h = 0.5f * ew + gain * 0.125f * (5.0f * c - diagonal - ew2 + 0.5f * ns2);
			float v = 0.5f * ns + gain * 0.125f * (5.0f * c - diagonal - ns2 + 0.5f * ew2);
			float d = 0.25f * diagonal + gain * 0.75f * (c - cross2);
			int row = ((r ^ red_y) & 1) == 0, column = ((x ^ red_x) & 1) == 0;
			red[o] = row ? (column ? c : h) : (column ? v : d);
			green[o] = row == column ? g : c;
			blue[o] = row ? (column ? d : v) : (column ? h : c);
		}
}
