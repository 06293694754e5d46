/* SPDX-License-Identifier: BSD-3-Clause */
/* fft-vk.h - real Fourier transforms on an OpenCL device, by VkFFT; for math/fft.c alone */
#ifndef MATH_FFT_VK_H
#define MATH_FFT_VK_H

#include "core/array.h"

typedef struct vkfft_plan vkfft_plan;

/*
 * Semantics, shapes and axes as in math/fft.h.  The plan has compared itself with a direct sum
 * and found itself right.  NULL: this size or this device will not do (nothing is noted on the
 * device, take the CPU and say so), or memory was short (noted on the device).
 */
vkfft_plan *vkfft_plan_new(device *dev, shape s, int axes);
void vkfft_plan_free(vkfft_plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(vkfft_plan, vkfft_plan_free)

/* Any number of channels (and of planes with axes 2).  false: the failure is on the device. */
bool vkfft_forward(vkfft_plan *plan, array *spectrum, const array *image);
bool vkfft_inverse(vkfft_plan *plan, array *image, array *spectrum);

#endif
