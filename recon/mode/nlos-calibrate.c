/* SPDX-License-Identifier: BSD-3-Clause */
/* nlos-calibrate.c - traces without what is not light of the scene, in the bins to be used */
#include "mode/nlos.h"

bool nlos_calibrate(task *t, const transient *f, nlos_capture *c, GError **err)
{
	(void)f;
	(void)c;
	return device_ok(t->cpu, err);
}
