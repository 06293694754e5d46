/* SPDX-License-Identifier: BSD-3-Clause */
/* all.cl - the whole OpenCL program: every kernel text once */
#pragma OPENCL FP_CONTRACT OFF
#include "vec.cl"
#include "halo.cl"
#include "window.cl"
#include "gradient.cl"
#include "resample.cl"
#include "matrix.cl"
#include "prox.cl"
#include "wavelet.cl"
#include "spectral.cl"
