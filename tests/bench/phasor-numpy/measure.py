# SPDX-License-Identifier: BSD-3-Clause
# measure.py - the confocal phasor field as one writes it down: for each depth and frequency the
# kernel, its transform and a product; one transform back for each depth
#
# usage: measure.py tests/bench/phasor [THREADS [POINTS BINS DEPTHS]]
import json
import subprocess
import sys
import time

import numpy as np

BIN = 32e-12 * 3e8          # m of path
WALL, NEAREST, CYCLES = 0.8, 0.3, 5


def phasor(counts, depths):
    bins, n, _ = counts.shape
    pitch = WALL / (n - 1)
    wavelength = 4 * pitch
    sigma = CYCLES * wavelength / 6
    f = np.fft.rfftfreq(2 * bins, BIN)
    weight = np.exp(-0.5 * (2 * np.pi * sigma * (f - 1 / wavelength)) ** 2)
    used = np.flatnonzero(weight > 0.01)
    waves = np.fft.rfft(counts, 2 * bins, axis=0)[used] * weight[used, None, None]
    grid = 2 * n
    spectra = np.fft.fft2(waves, (grid, grid)).astype(np.complex64)
    offset = np.fft.fftfreq(grid, 1 / grid) * pitch
    volume = np.empty((depths, n, n), np.float32)
    for z in range(depths):
        depth = NEAREST + z * pitch
        r = np.sqrt(offset[:, None] ** 2 + offset[None, :] ** 2 + depth ** 2).astype(np.float32)
        total = np.zeros((grid, grid), np.complex64)
        for j, k in enumerate(used):
            kernel = np.exp(np.complex64(4j * np.pi * f[k]) * r) / r
            total += spectra[j] * np.fft.fft2(kernel)
        volume[z] = np.abs(np.fft.ifft2(total)[:n, :n]) ** 2
    return volume, len(used)


def ours(program, words):
    done = subprocess.run([program, *words], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main():
    program, words = sys.argv[1], sys.argv[2:]
    threads, n, bins, depths = [int(w) for w in words + ["2", "64", "512", "84"][len(words):]]
    words = [str(w) for w in (threads, n, bins, depths)]
    counts = np.random.default_rng(0).random((bins, n, n), np.float32)
    best = ours(program, words)
    start, start_cpu = time.perf_counter(), time.process_time()
    _, frequencies = phasor(counts, depths)
    plain = (time.perf_counter() - start) * 1e3
    plain_cpu = (time.process_time() - start_cpu) * 1e3
    again = ours(program, words)
    best["ms_alone"] = min(best["ms_alone"], again["ms_alone"])
    best["cpu_ms_alone"] = min(best["cpu_ms_alone"], again["cpu_ms_alone"])
    best["ms_per_frame"] = min(best["ms_per_frame"], again["ms_per_frame"])
    best.update(bench="phasor-numpy", numpy=np.__version__, numpy_frequencies=frequencies,
                numpy_ms=round(plain, 1), numpy_cpu_ms=round(plain_cpu, 1),
                speedup_cpu=round(plain_cpu / best["cpu_ms_alone"], 1), speedup=round(plain / best["ms_alone"], 1),
                speedup_kept=round(plain / best["ms_per_frame"], 1))
    print(json.dumps(best))


main()
