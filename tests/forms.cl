/* SPDX-License-Identifier: BSD-3-Clause */
/* forms.cl - kernels of every form and parameter, for tests/opencl.c alone */
#include "kern.h"

/* elements that are complex numbers: y = t conj(x) y */
KERNEL(k_test_conj, OUT2(y), IN2(x), NUM(t))
{
	EACH(i)
		PUT2(y, i, scale2(conj_mul2(GET2(x, i), GET2(y, i)), t));
}

/* rows whose width is told apart from the width of the array they run over */
ROW_KERNEL(k_test_widen, OUT(y), INT(y_pitch), IN(x), INT(x_pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			y[r * y_pitch + i] = 2.0f * x[r * x_pitch + i / 2] + (float)(i & 1);
	}
}

/* complex rows times real ones, and their energy */
ROW_KERNEL(k_test_weigh, OUT2(y), INT(y_pitch), IN(w), INT(w_pitch), INT(width))
{
	EACH_ROW(r) {
		EACH_COLUMN(i, width)
			PUT2(y, r * y_pitch + i, scale2(GET2(y, r * y_pitch + i), w[r * w_pitch + i]));
	}
}

SUM_KERNEL(k_test_energy, OUT(result), IN2(x), INT(pitch), INT(width))
{
	EACH_ROW(r) {
		float sum = 0.0f;
		SUM_COLUMN(i, width, sum)
			sum += norm2(GET2(x, r * pitch + i));
		result[r] = sum;
	}
}
