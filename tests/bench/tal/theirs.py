# SPDX-License-Identifier: BSD-3-Clause
# theirs.py - one reconstruction by tal in a process of its own; seconds as JSON, the volume as .npy
#
# usage: theirs.py CAPTURE METHOD THREADS FIRST STEP PLANES WAVELENGTH OUTPUT
import json
import sys
import time

began = time.perf_counter()

import numpy as np
import tal
from tal.enums import CameraSystem

CYCLES = 5
CHUNKS = 64             # of the wall's points: the fastest of 1, 8, 64, 256 for backprojection


def plane_by_plane(solve, volume):
    """All planes at once take 24 bytes for each voxel and point of the wall, whatever the chunks."""
    return np.concatenate([solve(volume[:, :, i:i + 1]) for i in range(volume.shape[2])], axis=2)


def reconstruct(data, method, depths, wavelength):
    """(x, y, z), as their own documentation has it for hidden scenes: camera system DIRECT_LIGHT."""
    how = dict(camera_system=CameraSystem.DIRECT_LIGHT)
    volume = tal.reconstruct.get_volume_project_rw(data, list(depths))
    sigma = CYCLES * wavelength / 6
    if method == "fk":
        return np.moveaxis(tal.reconstruct.fk.solve(data), 0, -1)
    if method == "pf":
        return np.abs(tal.reconstruct.pf.solve(data, wavelength, CYCLES, volume=volume, **how)) ** 2
    how["progress"] = False
    if method == "bp":
        return plane_by_plane(lambda v: tal.reconstruct.bp.solve(data, volume_xyz=v, **how), volume)
    if method == "fbp":
        # what fbp.solve does, but filtering once and not for every plane
        data.H = tal.reconstruct.filter_H(data, "pf", wl_mean=wavelength, wl_sigma=sigma,
                                          progress=False)
        return np.abs(plane_by_plane(
            lambda v: tal.reconstruct.bp.solve(data, volume_xyz=v, **how), volume))
    # any other start fails there in 0.20.0; it is half a bin
    data.t_start = 0.0
    return np.abs(plane_by_plane(
        lambda v: tal.reconstruct.pf_dev.solve(data, wavelength, sigma, volume_xyz=v,
                                               nt=data.H.shape[0], **how), volume)) ** 2


def main():
    capture, method, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    first, step, planes = float(sys.argv[4]), float(sys.argv[5]), int(sys.argv[6])
    if threads > 1:
        tal.set_resources(cpu_processes=threads, downscale=CHUNKS if "bp" in method else None)
    data = tal.io.read_capture(capture)
    start, start_cpu = time.perf_counter(), time.process_time()
    volume = reconstruct(data, method, first + step * np.arange(planes), float(sys.argv[7]))
    times = {"solve_s": time.perf_counter() - start, "solve_cpu_s": time.process_time() - start_cpu,
             "start_s": start - began}
    if method == "fk":
        at = (first + step * np.arange(planes)) * 2 / data.delta_t
        volume = volume[:, :, np.rint(at).astype(int)]
    np.save(sys.argv[8], np.ascontiguousarray(volume.transpose(2, 1, 0), np.float32))
    print(json.dumps(times))


main()
