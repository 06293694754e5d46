/* SPDX-License-Identifier: BSD-3-Clause */
/* all.cl - the whole OpenCL program: every kernel text once */
#pragma OPENCL FP_CONTRACT OFF
#include "vec.cl"
#include "fused.cl"
#include "calibrate.cl"
#include "geometry.cl"
#include "resample.cl"
#include "demosaic.cl"
#include "render.cl"
#include "fourier.cl"
#include "psf.cl"
#include "spectrum.cl"
