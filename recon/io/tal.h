/* SPDX-License-Identifier: BSD-3-Clause */
/* tal.h - numbers that files of tal have for their axes; for the files of io only */
#ifndef IO_TAL_H
#define IO_TAL_H

enum tal_h_format { TAL_T_SX_SY = 1, TAL_T_LX_LY_SX_SY = 2, TAL_T_SI = 3, TAL_T_LI_SI = 4 };
enum tal_grid_format { TAL_N_3 = 1, TAL_X_Y_3 = 2 };

#endif
