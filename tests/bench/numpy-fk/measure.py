# SPDX-License-Identifier: BSD-3-Clause
"""measure.py - f-k migration in NumPy (Lindell, Wetzstein and O'Toole 2019: transforms of the padded
cube, linear interpolation) and by Relumine, one thread each: milliseconds, in turns."""
import json
import os
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

program = os.path.abspath(sys.argv[1])
bins, points = [int(a) for a in sys.argv[2:4]] + [512, 64][len(sys.argv) - 2:]
TURNS = 3


def migrate(counts, ratio):
    m, n = counts.shape[0], counts.shape[1]
    weight = (np.arange(m, dtype=np.float32) / (m - 1)) ** 2
    wave = np.zeros((2 * m, 2 * n, 2 * n), np.complex64)
    wave[:m, :n, :n] = np.sqrt(np.maximum(counts * weight[:, None, None], 0))
    spectrum = np.fft.fftshift(np.fft.fftn(wave))
    x = (np.arange(-n, n) / n).astype(np.float32)
    across = (ratio * ratio * (x[:, None] ** 2 + x[None] ** 2)).astype(np.float32)
    rows, columns = np.indices(across.shape)
    scene = np.zeros_like(spectrum)
    for k in range(1, m):
        f = np.sqrt(across + np.float32((k / m) ** 2)) * m
        below = np.minimum(f.astype(np.int32), m - 2)
        part = f - below
        value = (1 - part) * spectrum[m + below, rows, columns] + \
            part * spectrum[m + 1 + below, rows, columns]
        scene[m + k] = np.where(f <= m - 1, value * (k / f), 0)
    return np.abs(np.fft.ifftn(np.fft.ifftshift(scene)))[:m, :n, :n] ** 2


def main():
    counts = np.random.default_rng(1).integers(0, 9, (bins, points, points)).astype(np.float32)
    theirs, ours = [], []
    for _ in range(TURNS):
        start = time.process_time()
        migrate(counts, 0.3)
        theirs.append((time.process_time() - start) * 1e3)
        line = subprocess.run([program, "1", str(bins), str(points), str(points)], check=True,
                              capture_output=True, text=True).stdout
        ours.append(json.loads(line))
    best = min(ours, key=lambda o: o["ms_per_iteration"])
    print(json.dumps({
        "bench": "numpy-fk", "numpy": np.__version__, "size": best["size"], "threads": 1,
        "ms_per_iteration": best["ms_per_iteration"], "numpy_ms": round(min(theirs), 1),
        "ratio": round(best["ms_per_iteration"] / min(theirs), 3), "peak_mb": best["peak_mb"]}))


main()
