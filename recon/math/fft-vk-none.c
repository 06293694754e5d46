/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-vk-none.c - what a build without OpenCL has in place of VkFFT: no plan for any size */
#include "math/fft-vk.h"

vkfft_plan *vkfft_plan_new(device *dev, shape s, int axes)
{
	(void)dev;
	(void)s;
	(void)axes;
	return NULL;
}

void vkfft_plan_free(vkfft_plan *plan)
{
	(void)plan;
}

bool vkfft_forward(vkfft_plan *plan, array *spectrum, const array *image)
{
	(void)plan;
	(void)spectrum;
	(void)image;
	return false;
}

bool vkfft_inverse(vkfft_plan *plan, array *image, array *spectrum)
{
	(void)plan;
	(void)image;
	(void)spectrum;
	return false;
}
